"""What to show: snapshots, a clock and a size in; frozen lines out. No terminal, no widget."""
