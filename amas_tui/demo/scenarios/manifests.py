"""The objects that a rollout of the demo is made of, as lists of manifests."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from amas_tui.demo.store import Json

ARGO: Final = "argoproj.io/v1alpha1"
REGISTRY: Final = "ghcr.io/over7-maker"
PORT: Final = 8000
TRAFFIC_LABEL: Final = "amas-tui.test/traffic"
"""On an Ingress or a Service: requests per second that users send there."""


def manifest(
    api_version: str, kind: str, namespace: str, name: str, spec: Json, **labels: str
) -> Json:
    """Return an object with the usual metadata."""
    metadata: Json = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def image(app: str, tag: str) -> str:
    """Return the image of a version."""
    return f"{REGISTRY}/{app}:{tag}"


def pod_template(app: str, tag: str) -> Json:
    """Return the pods' template, with probes on the guide's health paths."""

    def probe(path: str) -> Json:
        return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 5}

    container = {
        "name": app.removeprefix("amas-"),
        "image": image(app, tag),
        "ports": [{"name": "http", "containerPort": PORT}],
        "env": [{"name": "LOG_LEVEL", "value": "info"}],
        "readinessProbe": probe("/health/ready"),
        "livenessProbe": probe("/health/live"),
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
    }
    return {
        "metadata": {"labels": {"app": app}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 5},
    }


def rollout(
    namespace: str, app: str, tag: str, strategy: Json, *, replicas: int, **spec: Any
) -> Json:
    """Return a Rollout; `spec` holds further fields of its spec."""
    whole = {
        "replicas": replicas,
        "revisionHistoryLimit": 5,
        "selector": {"matchLabels": {"app": app}},
        "template": pod_template(app, tag),
        "strategy": strategy,
        **spec,
    }
    return manifest(ARGO, "Rollout", namespace, app, whole, app=app)


def service(namespace: str, name: str, app: str, requests_per_second: float = 0) -> Json:
    """Return a Service of the pods of `app`; with a rate, users come to it directly."""
    spec = {
        "selector": {"app": app},
        "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
    }
    return manifest("v1", "Service", namespace, name, spec, app=app, **_users(requests_per_second))


def ingress(namespace: str, name: str, backend: str, requests_per_second: float) -> Json:
    """Return the stable Ingress; the controller makes the canary one after it."""
    to = {"service": {"name": backend, "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": to}
    spec = {
        "ingressClassName": "nginx",
        "rules": [{"host": f"{name}.{namespace}.example", "http": {"paths": [path]}}],
    }
    return manifest(
        "networking.k8s.io/v1", "Ingress", namespace, name, spec, **_users(requests_per_second)
    )


def _users(requests_per_second: float) -> dict[str, str]:
    return {TRAFFIC_LABEL: f"{requests_per_second:g}"} if requests_per_second else {}


def nginx_canary(
    namespace: str,
    app: str,
    tag: str,
    steps: Sequence[Json],
    *,
    requests_per_second: float,
    replicas: int = 4,
    strategy: Mapping[str, Any] | None = None,
    **spec: Any,
) -> list[Json]:
    """Return a canary whose traffic ingress-nginx splits, and what it needs."""
    stable, fresh = f"{app}-stable", f"{app}-canary"
    how = {
        "canaryService": fresh,
        "stableService": stable,
        "trafficRouting": {"nginx": {"stableIngress": stable}},
        "steps": list(steps),
        **(strategy or {}),
    }
    return [
        service(namespace, stable, app),
        service(namespace, fresh, app),
        ingress(namespace, stable, stable, requests_per_second),
        rollout(namespace, app, tag, {"canary": how}, replicas=replicas, **spec),
    ]


def basic_canary(
    namespace: str,
    app: str,
    tag: str,
    steps: Sequence[Json],
    *,
    requests_per_second: float,
    replicas: int = 4,
    **spec: Any,
) -> list[Json]:
    """Return a canary whose share of the traffic is its share of the pods."""
    return [
        service(namespace, app, app, requests_per_second),
        rollout(namespace, app, tag, {"canary": {"steps": list(steps)}}, replicas=replicas, **spec),
    ]


def blue_green(
    namespace: str,
    app: str,
    tag: str,
    *,
    requests_per_second: float,
    replicas: int = 3,
    **strategy: Any,
) -> list[Json]:
    """Return a blue-green Rollout with an active and a preview Service."""
    active, preview = f"{app}-active", f"{app}-preview"
    how = {"activeService": active, "previewService": preview, **strategy}
    return [
        service(namespace, active, app, requests_per_second),
        service(namespace, preview, app),
        rollout(namespace, app, tag, {"blueGreen": how}, replicas=replicas),
    ]


def weight(percent: int) -> Json:
    """Return the step that sends this share to the new version."""
    return {"setWeight": percent}


def pause(duration: str | None = None) -> Json:
    """Return a pause; without a duration it waits for a human."""
    return {"pause": {} if duration is None else {"duration": duration}}


def gate(namespace: str, app: str, *templates: str) -> Json:
    """Return the step that runs these templates on the new version and waits for the verdict."""
    return {"analysis": analysis(namespace, app, *templates)}


def analysis(namespace: str, app: str, *templates: str) -> Json:
    """Return what a Rollout says where it wants its new version judged."""
    return {
        "templates": [{"templateName": name} for name in templates],
        "args": [
            {"name": "service", "value": app},
            {"name": "namespace", "value": namespace},
            {"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}},
        ],
    }
