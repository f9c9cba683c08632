"""The parts that every workload of the bed is made of."""

from collections.abc import Mapping
from typing import Any, Final

from tests.controlplane.kinds import Json

REGISTRY: Final = "ghcr.io/example"
TRAFFIC_LABEL: Final = "amas-tui.test/traffic"
"""On an Ingress or a Service: requests per second to send there."""
PORT: Final = 8000
INGRESS_CLASS: Final = "nginx"


def manifest(
    api_version: str,
    kind: str,
    namespace: str,
    name: str,
    *,
    labels: Mapping[str, str] | None = None,
    **more: Any,
) -> Json:
    """Return an object with the usual metadata; `more` are its other top-level fields."""
    metadata: Json = {"name": name, "namespace": namespace, "labels": dict(labels or {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


def image(name: str, tag: str) -> str:
    """Return the image of workload `name`; nobody pulls it."""
    return f"{REGISTRY}/{name}:{tag}"


def pod_template(name: str, tag: str, *, cpu: str = "100m", memory: str = "128Mi") -> Json:
    """Return the pods' template: probes on the guide's health paths, one init container."""

    def probe(path: str) -> Json:
        return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 5}

    hardened = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": name.removeprefix("amas-"),
        "image": image(name, tag),
        "ports": [{"name": "http", "containerPort": PORT}],
        "readinessProbe": probe("/health/ready"),
        "livenessProbe": probe("/health/live"),
        "resources": {"requests": {"cpu": cpu, "memory": memory}},
        "securityContext": hardened,
    }
    migrate = {"name": "migrate", "image": image("amas-migrate", "v1"), "securityContext": hardened}
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {
            "initContainers": [migrate],
            "containers": [container],
            "securityContext": {"runAsNonRoot": True, "runAsUser": 10001},
            "terminationGracePeriodSeconds": 5,
        },
    }


def service(namespace: str, name: str, app: str, *, requests_per_second: float = 0) -> Json:
    """Return a Service of `app`'s pods; with a rate, traffic goes to it directly."""
    return manifest(
        "v1",
        "Service",
        namespace,
        name,
        labels={"app": app} | _traffic(requests_per_second),
        spec={
            "selector": {"app": app},
            "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
        },
    )


def ingress(namespace: str, name: str, service_name: str, *, requests_per_second: float) -> Json:
    """Return the stable Ingress; the rollouts controller makes the canary one after it."""
    backend = {"service": {"name": service_name, "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return manifest(
        "networking.k8s.io/v1",
        "Ingress",
        namespace,
        name,
        labels=_traffic(requests_per_second),
        spec={
            "ingressClassName": INGRESS_CLASS,
            "rules": [{"host": f"{service_name}.{namespace}.test", "http": {"paths": [path]}}],
        },
    )


def _traffic(requests_per_second: float) -> dict[str, str]:
    return {TRAFFIC_LABEL: f"{requests_per_second:g}"} if requests_per_second else {}
