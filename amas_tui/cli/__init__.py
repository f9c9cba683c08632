"""The command line: the composition root, and the same brain without a screen."""
