"""AnalysisTemplates whose queries are about the new version, and which know missing data.

Source of the semantics: utils/evaluate/evaluate.go, analysis/analysis.go.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from amas_tui.pipeline.manifests.plan import (
    BACKGROUND,
    ERROR_BUDGET,
    HEALTH,
    LATENCY,
    SUCCESS_RATE,
    CustomGate,
    Plan,
    Strategy,
)
from amas_tui.rules.duration import go_duration

Json = dict[str, Any]

ARGO: Final = "argoproj.io/v1alpha1"
_KNOWN: Final = "len(result) > 0 && !isNaN(result[0])"
_IN_A_ROW: Final = 3


def templates(plan: Plan) -> Iterator[Json]:
    """Yield the AnalysisTemplates, each with `namespace` and `hash` as arguments."""
    slo, window = plan.slo, plan.gate.window
    enough = f"result[0] >= {slo.success_rate:g}"
    fast = f"result[0] <= {slo.latency:g}"
    yield _template(plan, SUCCESS_RATE, _gate(plan, success_rate(plan, window), enough))
    yield _template(plan, LATENCY, _gate(plan, latency(plan, window), fast))
    budget = f"result[0] >= {slo.error_budget:g}"
    yield _template(plan, ERROR_BUDGET, _gate(plan, error_budget(plan, window), budget))
    yield _template(plan, HEALTH, _health(plan))
    if plan.strategy is Strategy.CANARY:
        yield _background(plan)
    for one in plan.custom:
        yield _template(plan, one.name, _custom(plan, one))


def labels(plan: Plan, more: str = "") -> str:
    """Return the label matchers that select the new version alone."""
    metrics = plan.metrics
    return (
        f'{metrics.namespace_label}="{{{{args.namespace}}}}",'
        f'{metrics.hash_label}="{{{{args.hash}}}}"{more}'
    )


def success_rate(plan: Plan, window: str) -> str:
    """Return the share of requests without a server error.

    Errors are counted, not successes: a version that answers nothing but errors has no series of
    successes at all, and an empty answer would read as "no data".
    """
    name, bad = plan.metrics.requests, f',{plan.metrics.status_label}=~"5.."'
    return (
        "1 - (\n"
        f"  (sum(rate({name}{{{labels(plan, bad)}}}[{window}])) or vector(0))\n"
        f"  / sum(rate({name}{{{labels(plan)}}}[{window}]))\n"
        ")\n"
    )


def latency(plan: Plan, window: str) -> str:
    """Return the seconds that 95 % of the requests stay below."""
    return (
        "histogram_quantile(0.95,\n"
        f"  sum by (le) (rate({plan.metrics.duration}{{{labels(plan)}}}[{window}]))\n"
        ")\n"
    )


def error_budget(plan: Plan, window: str) -> str:
    """Return the share of the error budget that the window's errors leave over.

    1 - error rate / allowed error rate: 1 without an error, 0 when they use up all that is allowed.
    """
    name, bad = plan.metrics.requests, f',{plan.metrics.status_label}=~"5.."'
    allowed = f"{1 - plan.slo.success_rate:g}"
    return (
        "1 - (\n"
        f"  (sum(rate({name}{{{labels(plan, bad)}}}[{window}])) or vector(0))\n"
        f"  / sum(rate({name}{{{labels(plan)}}}[{window}]))\n"
        f") / {allowed}\n"
    )


def health(plan: Plan) -> str:
    """Return the share of the new version's pods that answer their scrape."""
    return f"sum(up{{{labels(plan)}}}) / count(up{{{labels(plan)}}})\n"


def _metric(plan: Plan, name: str, query: str, good: str, **more: Any) -> Json:
    return {
        "name": name,
        **more,
        "successCondition": f"{_KNOWN} && {good}",
        "failureCondition": f"{_KNOWN} && !({good})",
        "provider": {"prometheus": {"address": plan.metrics.address, "query": query}},
    }


def _gate(plan: Plan, query: str, good: str) -> Json:
    """Return a gate: one failed measurement is borne, missing data needs a human."""
    gate = plan.gate
    borne = min(1, gate.count - 1)
    # After a blue-green switch the new version has had no traffic yet.
    delay = {"initialDelay": gate.background_window} if plan.strategy is Strategy.BLUE_GREEN else {}
    return _metric(
        plan,
        "",
        query,
        good,
        **delay,
        interval=gate.interval,
        count=gate.count,
        failureLimit=borne,
    )


def _health(plan: Plan) -> Json:
    """Return the gate on pods: three good measurements in a row, or it fails after the timeout."""
    interval = go_duration(plan.gate.interval) or timedelta(seconds=10)
    timeout = go_duration(plan.slo.health_timeout) or timedelta(minutes=2)
    borne = max(1, math.floor(timeout / interval))
    in_a_row = min(plan.gate.count, _IN_A_ROW)
    good = "len(result) > 0 && !isNaN(result[0]) && result[0] >= 1"
    return {
        "name": "",
        "interval": plan.gate.interval,
        "count": borne + in_a_row,
        "consecutiveSuccessLimit": in_a_row,
        "failureLimit": borne,
        # Pods that Prometheus does not know of yet are not ready either: no data is a failure here.
        "successCondition": good,
        "failureCondition": "len(result) == 0 || isNaN(result[0]) || result[0] < 1",
        "provider": {
            "prometheus": {"address": plan.metrics.address, "query": health(plan)},
        },
    }


def _background(plan: Plan) -> Json:
    """Return what measures during the whole update and halts it at any moment.

    Without data nothing is breached: the gates are there to ask for data.
    """
    slo, window = plan.slo, plan.gate.background_window
    metrics = []
    for name, query, bad in (
        (SUCCESS_RATE, success_rate(plan, window), f"result[0] < {slo.success_rate:g}"),
        (LATENCY, latency(plan, window), f"result[0] > {slo.latency:g}"),
    ):
        condition = f"{_KNOWN} && {bad}"
        metrics.append(
            {
                "name": name,
                "interval": plan.gate.interval,
                "failureLimit": 2,
                "successCondition": f"!({condition})",
                "failureCondition": condition,
                "provider": {"prometheus": {"address": plan.metrics.address, "query": query}},
            }
        )
    return _object(plan, BACKGROUND, metrics)


def _custom(plan: Plan, one: CustomGate) -> Json:
    query = one.query if one.query.endswith("\n") else f"{one.query}\n"
    return _gate(plan, query, f"({one.condition})")


def _template(plan: Plan, name: str, metric: Json) -> Json:
    return _object(plan, name, [metric | {"name": name}])


def _object(plan: Plan, name: str, metrics: list[Json]) -> Json:
    return {
        "apiVersion": ARGO,
        "kind": "AnalysisTemplate",
        "metadata": metadata(plan, name),
        "spec": {"args": [{"name": "namespace"}, {"name": "hash"}], "metrics": metrics},
    }


def metadata(plan: Plan, name: str, more: Mapping[str, str] | None = None) -> Json:
    """Return the metadata that every object has."""
    return {
        "name": name,
        "namespace": plan.namespace,
        "labels": {"app": plan.name, "app.kubernetes.io/name": plan.name, **(more or {})},
    }


def run(*names: str) -> Json:
    """Return what the Rollout says where it wants these templates, on its new version."""
    return {
        "templates": [{"templateName": name} for name in names],
        "args": [
            {
                "name": "namespace",
                "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}},
            },
            {"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}},
        ],
    }
