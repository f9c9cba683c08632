"""A live cluster behind `ports.Cluster`: streams, folded into snapshots."""
