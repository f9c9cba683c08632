"""The story of a deployment: what happened when, by whom, and its rollback events."""
