"""The Kubernetes API over the demo's store: what the product and kubectl ask of a cluster."""
