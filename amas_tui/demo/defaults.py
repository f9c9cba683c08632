"""What the API server adds to objects that leave it out.

Sources: pkg/apis/core/v1/defaults.go and pkg/apis/apps/v1/defaults.go.
"""

from collections.abc import Callable
from typing import Any, Final

from amas_tui.demo.resources import (
    DEPLOYMENTS,
    INGRESSES,
    JOBS,
    NAMESPACES,
    PODS,
    REPLICA_SETS,
    ROLLOUTS,
    SERVICES,
    Resource,
)

Json = dict[str, Any]

_PROBE: Final = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
}


def complete(resource: Resource, obj: Json) -> None:
    """Add to an object what it leaves out."""
    add = _DEFAULTS.get(resource)
    if add is not None:
        add(obj)


def _fill(target: Json, **values: Any) -> None:
    for key, value in values.items():
        target.setdefault(key, value)


def _service(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    for port in spec.get("ports", ()):
        _fill(port, protocol="TCP")
        _fill(port, targetPort=port.get("port"))
    _fill(spec, type="ClusterIP", sessionAffinity="None", internalTrafficPolicy="Cluster")
    obj.setdefault("status", {"loadBalancer": {}})


def _namespace(obj: Json) -> None:
    metadata = obj["metadata"]
    label = {"kubernetes.io/metadata.name": metadata["name"]}
    metadata["labels"] = {**metadata.get("labels", {}), **label}
    obj.setdefault("spec", {"finalizers": ["kubernetes"]})
    obj.setdefault("status", {"phase": "Active"})


def _ingress(obj: Json) -> None:
    obj.setdefault("status", {"loadBalancer": {}})


def _workload(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    _fill(spec, replicas=1)
    _pod_spec(spec.get("template", {}).get("spec", {}))


def _deployment(obj: Json) -> None:
    _workload(obj)
    spread = {"maxUnavailable": "25%", "maxSurge": "25%"}
    _fill(
        obj["spec"],
        strategy={"type": "RollingUpdate", "rollingUpdate": spread},
        revisionHistoryLimit=10,
        progressDeadlineSeconds=600,
    )


def _job(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    _fill(spec, backoffLimit=6, completions=1, parallelism=1, suspend=False)
    _pod_spec(spec.get("template", {}).get("spec", {}))


def _pod(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    _pod_spec(spec)
    _fill(spec, enableServiceLinks=True, priority=0, preemptionPolicy="PreemptLowerPriority")
    obj.setdefault("status", {"phase": "Pending"})


def _rollout(obj: Json) -> None:
    """Add the one default that the CustomResourceDefinition has."""
    spec = obj.get("spec", {}).get("template", {}).get("spec", {})
    for field in ("initContainers", "containers"):
        for container in spec.get(field, ()):
            for port in container.get("ports", ()):
                _fill(port, protocol="TCP")


def _pod_spec(spec: Json) -> None:
    for field in ("initContainers", "containers"):
        for container in spec.get(field, ()):
            _container(container)
    _fill(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )


def _container(container: Json) -> None:
    image = str(container.get("image", ""))
    tag = image.rpartition("/")[2].partition(":")[2]
    _fill(
        container,
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy="Always" if tag in ("", "latest") else "IfNotPresent",
    )
    for port in container.get("ports", ()):
        _fill(port, protocol="TCP")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if probe is not None:
            _fill(probe, **_PROBE)
            if "httpGet" in probe:
                _fill(probe["httpGet"], scheme="HTTP")


_DEFAULTS: Final[dict[Resource, Callable[[Json], None]]] = {
    SERVICES: _service,
    INGRESSES: _ingress,
    REPLICA_SETS: _workload,
    DEPLOYMENTS: _deployment,
    NAMESPACES: _namespace,
    JOBS: _job,
    PODS: _pod,
    ROLLOUTS: _rollout,
}
