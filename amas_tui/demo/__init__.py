"""A small control plane on loopback: enough of Kubernetes, Argo Rollouts and Prometheus to try on.

It imports nothing of the product and runs in a process of its own; the product reaches it like any
cluster. What it does it does in the real words, held to the real controller by `tests/contract`.

Left out of Rollouts, and nowhere faked: `experiment`, `setHeaderRoute`, `setMirrorRoute` and
`plugin` steps (a rollout stays at such a step); routers other than nginx; ping-pong Services;
ephemeral metadata and anti-affinity; references to anything but a Deployment, and Deployments'
own pods. After an abort the real controller lets the canary Service flap between the versions until
the new one has no pods; here it goes over to the stable version once.
"""
