"""The guide's gates as AnalysisTemplates.

Each query selects one version by its pod template hash, and both conditions say what missing data
mean: without that a measurement without data is Inconclusive, neither good nor bad.
"""

import math
from dataclasses import dataclass
from typing import Final

from amas_tui.demo.scenarios.manifests import ARGO, manifest
from amas_tui.demo.scenarios.pace import LEAST_DATA, Pace
from amas_tui.demo.store import Json

SUCCESS_RATE: Final = "success-rate"
LATENCY: Final = "latency-p95"
ERROR_BUDGET: Final = "error-budget"
HEALTH: Final = "health-check"
STRICT: Final = "success-rate-strict"
"""Between its two limits it is neither good nor bad."""
PATIENT: Final = "success-rate-patient"
"""Bears a Prometheus that is away for a minute."""

_SELECTOR: Final = (
    'service="{{args.service}}",namespace="{{args.namespace}}"'
    ',rollouts_pod_template_hash="{{args.hash}}"'
)
_KNOWN: Final = "len(result) > 0 && !isNaN(result[0])"


@dataclass(frozen=True, slots=True)
class Gate:
    """How long the gates of one namespace measure; seconds at speed 1."""

    prometheus: str
    """The address that the templates name."""
    window: float
    interval: float
    pause: float
    """Least pause before a gate: what is missing to enough data is waited for."""
    count: int = 3


def templates(namespace: str, pace: Pace, gate: Gate) -> list[Json]:
    """Return the templates of a namespace."""
    missing = LEAST_DATA - pace.whole(gate.pause)
    delay = {"initialDelay": f"{math.ceil(missing)}s"} if missing > 0 else {}

    def template(name: str, query: str, good: str, bad: str = "", **metric: object) -> Json:
        conditions = {
            "successCondition": f"{_KNOWN} && result[0] {good}",
            "failureCondition": f"{_KNOWN} && {bad or f'!(result[0] {good})'}",
        }
        whole = {
            "name": name.removesuffix("-strict").removesuffix("-patient"),
            "interval": pace.duration(gate.interval),
            "count": gate.count,
            "failureLimit": 1,
            **delay,
            **conditions,
            "provider": {"prometheus": {"address": gate.prometheus, "query": query}},
            **metric,
        }
        arguments = [{"name": name} for name in ("service", "namespace", "hash")]
        spec = {"args": arguments, "metrics": [whole]}
        return manifest(ARGO, "AnalysisTemplate", namespace, name, spec)

    success, p95 = _queries(pace.window(gate.window))
    budget = f"1 - (1 - {success}) / (1 - 0.95)"
    return [
        template(SUCCESS_RATE, success, ">= 0.95"),
        template(LATENCY, p95, "<= 3.0"),
        template(ERROR_BUDGET, budget, ">= 0.05"),
        template(HEALTH, f"avg(up{{{_SELECTOR}}})", ">= 1"),
        template(STRICT, success, ">= 0.99", "result[0] < 0.95", failureLimit=0),
        template(PATIENT, success, ">= 0.95", count=6, consecutiveErrorLimit=20),
    ]


def _queries(window: str) -> tuple[str, str]:
    """Return success rate and 95th percentile in seconds."""
    every = f"rate(http_requests_total{{{_SELECTOR}}}[{window}])"
    good = f'rate(http_requests_total{{{_SELECTOR},status!~"5.."}}[{window}])'
    buckets = f"rate(http_request_duration_seconds_bucket{{{_SELECTOR}}}[{window}])"
    return (
        f"sum({good}) / sum({every})",
        f"histogram_quantile(0.95, sum by (le) ({buckets}))",
    )
