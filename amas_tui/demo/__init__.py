"""A small control plane on loopback: enough of Kubernetes, Argo Rollouts and Prometheus to try on.

It imports nothing of the product and runs in a process of its own; the product reaches it like any
cluster. What it does it does in the real words, held to the real controller by `tests/contract`.
"""
