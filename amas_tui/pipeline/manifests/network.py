"""Services, Ingress and NetworkPolicy."""

from collections.abc import Iterator

from amas_tui.pipeline.manifests.gates import Json, metadata
from amas_tui.pipeline.manifests.plan import Plan, Strategy
from amas_tui.pipeline.manifests.rollout import (
    active_service,
    canary_service,
    preview_service,
    stable_service,
)

METRICS_LABEL = "amas-tui.io/metrics"
"""On the one Service that Prometheus scrapes: a pod behind two Services would count twice."""


def services(plan: Plan) -> Iterator[Json]:
    """Yield the Services of the two versions, and the one that is scraped."""
    if plan.strategy is Strategy.CANARY:
        names = (stable_service(plan), canary_service(plan))
    else:
        names = (active_service(plan), preview_service(plan))
    for name in names:
        yield _service(plan, name)
    scraped = _service(plan, f"{plan.name}-metrics", {METRICS_LABEL: "true"})
    # Unready pods are scraped too: the health gate must see them.
    scraped["spec"] = {"clusterIP": "None", "publishNotReadyAddresses": True, **scraped["spec"]}
    yield scraped


def _service(plan: Plan, name: str, labels: dict[str, str] | None = None) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(plan, name, labels),
        "spec": {
            "selector": {"app": plan.name},
            "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
        },
    }


def ingress(plan: Plan) -> Json:
    """Return the Ingress of the stable version; the controller writes its canary twin."""
    name = stable_service(plan) if plan.strategy is Strategy.CANARY else active_service(plan)
    backend = {"service": {"name": name, "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata(plan, name),
        "spec": {
            "ingressClassName": plan.ingress_class,
            "rules": [{"host": plan.host_name, "http": {"paths": [path]}}],
        },
    }


def network_policy(plan: Plan) -> Json:
    """Return who may reach the pods: the ingress controller, and Prometheus."""

    def namespace(name: str) -> Json:
        return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}

    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(plan, plan.name),
        "spec": {
            "podSelector": {"matchLabels": {"app": plan.name}},
            "policyTypes": ["Ingress"],
            "ingress": [
                {
                    "from": [
                        namespace(plan.ingress_namespace),
                        namespace(plan.monitoring_namespace),
                    ],
                    "ports": [{"protocol": "TCP", "port": "http"}],
                }
            ],
        },
    }
