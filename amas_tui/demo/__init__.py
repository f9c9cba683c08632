"""A small control plane on loopback: enough of Kubernetes, Argo Rollouts and Prometheus to try on.

It imports nothing of the product and runs in a process of its own; the product reaches it like any
cluster. What it does it does in the real words, held to the real controller by `tests/contract`.

Left out of Rollouts, and nowhere faked: `experiment`, `setHeaderRoute`, `setMirrorRoute` and
`plugin` steps (a rollout stays at such a step); routers other than nginx; ping-pong Services;
ephemeral metadata and anti-affinity; references to anything but a Deployment, and Deployments'
own pods; PodDisruptionBudgets at a restart; another look at all rollouts every quarter of an
hour. After an abort the real controller lets the canary Service flap between the versions until
the new one has no pods; here it goes over to the stable version once.

Left out of the API server: TLS, so that kubectl, which sends no token over plain HTTP, cannot log
in; Secrets, Leases, quotas and other kinds than those in `resources`; strategic merge patches;
tables, protobuf and compression; watches that begin with `sendInitialEvents`; subresources other
than `status`, `log` and `proxy`; admission; finalizers and grace periods; the syntax of labels and
annotations; the schema of what is below `strategy` and a pod's template; managed fields inside of
lists. Its Services lead to its own Prometheus alone: nothing else is behind their pods.
"""
