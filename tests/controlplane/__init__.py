"""A real control plane on one machine: the bed that features are judged on.

etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok (plays the kubelet), the Argo
Rollouts controller, Prometheus and generated traffic; no containers. By hand::

    python -m tests.controlplane up [--workload]    # stays; prints KUBECONFIG and Prometheus
    python -m tests.controlplane status | logs NAME | down | build

From tests (`fixtures.py` has session-wide `bed`, and `api` and `namespace` for each test)::

    with ControlPlane(folder) as bed:               # or start()/stop(); ControlPlane.attach(folder)
        bed.url, bed.ca_file, bed.token("oncall"), bed.prometheus_url
        bed.kubeconfig("oncall", namespace="demo", credentials="token")  # or "certificate"
        bed.binary("kubectl"), bed.binary("kubectl-argo-rollouts")
        bed.processes["rollouts-controller"].pause()    # .resume() .kill() .restart() .pid .log
        with Api(bed, user="admin") as api, api.namespace() as ns:
            api.apply(*workload.orchestrator(ns, prometheus_url=bed.prometheus_url))
            api.wait("rollouts", ns, workload.NAME, states.is_healthy)
            api.set_image(ns, workload.NAME, "v1.5.0-bad")
            api.wait("rollouts", ns, workload.NAME, states.is_aborted)

Where things are: `build` the programs (`why_not()` says why a bed cannot be had here), `bed`, `api`
the tests' own witness, `kinds`, `states` what to wait for, `prometheus` likewise for numbers,
`workload` the guide's orchestrator, `analysis` its gates and `Timing`, `rollouts` every other shape
and steps, `faults`, `showcase` what `up --workload` shows. The programs' command lines are in
`components`, what kwok does with pods in `stages`, the traffic process is `traffic`.

Users (tokens, or certificates): `admin` (system:masters), `oncall` (group oncall, no rights until
`faults.grant`), `viewer` (reads what the dashboard reads), `nobody` (no rights).

A version's fate follows from words in its image tag, which combine (`v2-slowstart-bad`):

- pods: `-crash` `-oom` `-nopull` `-unready` `-slowstart` (5 s) `-creating` `-initfail`
- traffic: `-bad` 20 % errors, `-slow` p95 above 3 s, `-slowbad` both
"""
