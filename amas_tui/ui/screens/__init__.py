"""The terminal: paints view-models and turns keys into commands."""
