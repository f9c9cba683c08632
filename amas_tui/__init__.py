"""amas-tui: watch, understand and drive Argo Rollouts from a terminal."""

__version__ = "0.1.0"
