"""The Rollout itself: its pods, and how a new version takes over."""

from typing import Final

from amas_tui.pipeline.manifests.gates import ARGO, Json, metadata, run
from amas_tui.pipeline.manifests.plan import (
    BACKGROUND,
    ERROR_BUDGET,
    HEALTH,
    LATENCY,
    SUCCESS_RATE,
    Plan,
    Strategy,
)

_ALL: Final = 100
_HALF: Final = 50


def rollout(plan: Plan) -> Json:
    """Return the Rollout."""
    strategy = (
        {"canary": _canary(plan)}
        if plan.strategy is Strategy.CANARY
        else {"blueGreen": _blue_green(plan)}
    )
    return {
        "apiVersion": ARGO,
        "kind": "Rollout",
        "metadata": metadata(plan, plan.name),
        "spec": {
            "replicas": plan.replicas,
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
            "progressDeadlineAbort": True,
            "rollbackWindow": {"revisions": 3},
            "selector": {"matchLabels": {"app": plan.name}},
            "strategy": strategy,
            "template": _template(plan),
        },
    }


def _canary(plan: Plan) -> Json:
    return {
        "canaryService": canary_service(plan),
        "stableService": stable_service(plan),
        "trafficRouting": {"nginx": {"stableIngress": stable_service(plan)}},
        "maxSurge": "25%",
        "maxUnavailable": 0,
        "scaleDownDelaySeconds": 30,
        "abortScaleDownDelaySeconds": 30,
        "analysis": {"startingStep": 1, **run(BACKGROUND)},
        "steps": steps(plan),
    }


def steps(plan: Plan) -> list[Json]:
    """Return the canary's steps: one kind per step, as the controller wants it."""
    *pauses, last = plan.steps_pauses
    found: list[Json] = []
    below = [weight for weight in plan.weights if weight < _ALL]
    for position, (weight, pause) in enumerate(zip(below, pauses, strict=True)):
        found += [{"setWeight": weight}, {"pause": {"duration": pause}}]
        if position:
            found.append({"analysis": run(*_gates_at(plan, weight))})
    return [
        *found,
        {"pause": {"duration": last}},
        {"analysis": run(HEALTH)},
        {"setWeight": _ALL},
    ]


def _gates_at(plan: Plan, weight: int) -> tuple[str, ...]:
    own = tuple(one.name for one in plan.custom)
    budget = (ERROR_BUDGET,) if weight >= _HALF else ()
    return (SUCCESS_RATE, LATENCY, *budget, *own)


def _blue_green(plan: Plan) -> Json:
    own = tuple(one.name for one in plan.custom)
    return {
        "activeService": active_service(plan),
        "previewService": preview_service(plan),
        "autoPromotionEnabled": False,
        "scaleDownDelaySeconds": 600,
        "abortScaleDownDelaySeconds": 30,
        "prePromotionAnalysis": run(HEALTH),
        "postPromotionAnalysis": run(SUCCESS_RATE, LATENCY, ERROR_BUDGET, *own),
    }


def stable_service(plan: Plan) -> str:
    """Return the name of the stable Service and of its Ingress."""
    return f"{plan.name}-stable"


def canary_service(plan: Plan) -> str:
    """Return the name of the canary Service."""
    return f"{plan.name}-canary"


def active_service(plan: Plan) -> str:
    """Return the name of the active Service and of its Ingress."""
    return f"{plan.name}-active"


def preview_service(plan: Plan) -> str:
    """Return the name of the preview Service."""
    return f"{plan.name}-preview"


def _template(plan: Plan) -> Json:
    def probe(path: str, period: int) -> Json:
        return {
            "httpGet": {"path": path, "port": "http"},
            "periodSeconds": period,
            "timeoutSeconds": 2,
            "failureThreshold": 3,
        }

    container = {
        "name": plan.container_name,
        "image": plan.image,
        "ports": [{"name": "http", "containerPort": plan.port}],
        "readinessProbe": probe("/health/ready", 5),
        "livenessProbe": probe("/health/live", 10),
        "resources": {
            "requests": {"cpu": plan.cpu, "memory": plan.memory},
            "limits": {"memory": plan.memory},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return {
        "metadata": {"labels": {"app": plan.name, "app.kubernetes.io/name": plan.name}},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "terminationGracePeriodSeconds": 30,
            "containers": [container],
        },
    }
