"""The guide's four gates as AnalysisTemplates that are correct.

Each query selects one version by its pod-template hash, and both conditions are given with missing
data spelled out: without it a measurement is Inconclusive, neither good nor bad.
"""

from dataclasses import dataclass
from typing import Final

from tests.controlplane.kinds import Json
from tests.controlplane.manifests import manifest

SUCCESS_RATE: Final = "success-rate"
LATENCY: Final = "latency-p95"
ERROR_BUDGET: Final = "error-budget"
HEALTH: Final = "health-check"
BACKGROUND: Final = "success-rate-background"
"""Like success-rate, but measures for as long as the update lasts."""

MIN_SUCCESS_RATE: Final = 0.95
MAX_P95_SECONDS: Final = 3.0
MIN_ERROR_BUDGET: Final = 0.05

_ARGUMENTS: Final = ("service", "namespace", "hash")
_SELECTOR: Final = (
    'service="{{args.service}}",namespace="{{args.namespace}}"'
    ',rollouts_pod_template_hash="{{args.hash}}"'
)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a canary takes; durations as Argo Rollouts spells them."""

    pauses: tuple[str, str, str, str, str] = ("3s", "3s", "3s", "3s", "2s")
    """At 10, 25, 50 and 75 percent, and before the last gate."""
    interval: str = "2s"
    count: int = 3
    window: str = "10s"
    """Of the queries' rates; a few scrapes at least."""
    failure_limit: int = 1
    inconclusive_limit: int = 0
    """Measurements without data that a gate bears: its pods may not have been scraped yet."""
    delay: str = "0s"
    """Before a gate's first measurement, for gates that start with the pods they judge."""
    background_delay: str = "5s"
    """Likewise of the background analysis."""


GUIDE: Final = Timing(
    pauses=("1m", "1m", "2m", "2m", "1m"), interval="10s", window="2m", background_delay="30s"
)
"""The guide's own durations."""


def analysis_templates(namespace: str, prometheus_url: str, timing: Timing) -> list[Json]:
    """Return the four gates and the background template."""

    gate = {"count": timing.count, "initialDelay": timing.delay}
    endless = {"initialDelay": timing.background_delay}

    def template(name: str, query: str, good: str, extent: Json = gate) -> Json:
        return _template(namespace, prometheus_url, name, query, good, timing, extent)

    rate = f"rate(http_requests_total{{{_SELECTOR}}}[{timing.window}])"
    good_rate = f'rate(http_requests_total{{{_SELECTOR},status!~"5.."}}[{timing.window}])'
    success = f"sum({good_rate}) / sum({rate})"
    buckets = f"rate(http_request_duration_seconds_bucket{{{_SELECTOR}}}[{timing.window}])"
    budget = f"1 - (1 - {success}) / (1 - {MIN_SUCCESS_RATE})"
    enough = f">= {MIN_SUCCESS_RATE}"
    p95 = f"histogram_quantile(0.95, sum by (le) ({buckets}))"
    return [
        template(SUCCESS_RATE, success, enough),
        template(LATENCY, p95, f"<= {MAX_P95_SECONDS}"),
        template(ERROR_BUDGET, budget, f">= {MIN_ERROR_BUDGET}"),
        template(HEALTH, f"avg(up{{{_SELECTOR}}})", ">= 1"),
        template(BACKGROUND, success, enough, endless),
    ]


def analysis(service: str, namespace: str, *templates: str) -> Json:
    """Return what a Rollout says where it wants these templates run on its new version."""
    values: Json = {
        "service": {"value": service},
        "namespace": {"value": namespace},
        "hash": {"valueFrom": {"podTemplateHashValue": "Latest"}},
    }
    return {
        "templates": [{"templateName": name} for name in templates],
        "args": [{"name": name, **values[name]} for name in _ARGUMENTS],
    }


def _template(
    namespace: str,
    prometheus_url: str,
    name: str,
    query: str,
    good: str,
    timing: Timing,
    extent: Json,
) -> Json:
    known = "len(result) > 0 && !isNaN(result[0])"
    metric = {
        "name": name.removesuffix("-background"),
        "interval": timing.interval,
        "failureLimit": timing.failure_limit,
        "inconclusiveLimit": timing.inconclusive_limit,
        "successCondition": f"{known} && result[0] {good}",
        "failureCondition": f"{known} && !(result[0] {good})",
        "provider": {"prometheus": {"address": prometheus_url, "query": query}},
        **extent,
    }
    spec = {"args": [{"name": argument} for argument in _ARGUMENTS], "metrics": [metric]}
    return manifest("argoproj.io/v1alpha1", "AnalysisTemplate", namespace, name, spec=spec)
