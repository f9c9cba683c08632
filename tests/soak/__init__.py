"""Runs that are too long for the suite: `python -m tests.soak rollback --count 50`, or `table`."""
