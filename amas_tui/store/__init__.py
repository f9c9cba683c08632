"""What is known now: immutable snapshots, folded from batches of updates."""
