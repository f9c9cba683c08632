"""What a run is to measure, and how it is checked before anything is measured.

Source: pkg/apis/rollouts/v1alpha1/analysis_types.go, utils/analysis/factory.go:ValidateMetrics,
utils/analysis/helpers.go.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amas_tui.demo.analysis.durations import seconds
from amas_tui.demo.store import Json

DEFAULT_ERROR_LIMIT: Final = 4
_PLUGIN: Final = "plugin"


class SpecError(Exception):
    """Why a run's spec is refused, in the controller's words."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric with its arguments replaced; times are in seconds.

    Attributes:
        interval: Between the end of one measurement and the next; `None` for none.
        count: How many measurements, errors aside; `None` for without end.
        failure_limit: Below zero it does not apply.
        provider: What is asked, by its kind.
    """

    name: str
    interval: float | None
    initial_delay: float
    count: int | None
    success_condition: str
    failure_condition: str
    failure_limit: int
    inconclusive_limit: int
    error_limit: int
    success_limit: int
    provider: Json


def integer(value: Any) -> int:
    """Return a number or text as an integer; a text that is none is 0, as in Kubernetes."""
    if isinstance(value, int):
        return value
    return int(value) if re.fullmatch(r"[+-]?\d+", str(value)) else 0


def metrics_of(metrics: Sequence[Json]) -> list[Metric]:
    """Return the metrics of a run.

    Raises:
        SpecError: They make no sense.
    """
    if not metrics:
        raise SpecError("no metrics specified")
    seen: set[str] = set()
    made: list[Metric] = []
    for number, metric in enumerate(metrics):
        if metric["name"] in seen:
            raise SpecError(f"metrics[{number}]: duplicate name '{metric['name']}'")
        seen.add(metric["name"])
        try:
            made.append(_metric(metric))
        except SpecError as error:
            raise SpecError(f"metrics[{number}]: {error}") from error
    return made


def _metric(spec: Json) -> Metric:
    count, interval = integer(spec.get("count", 0)), spec.get("interval", "")
    _check_limits(spec, count)
    if count > 1 and not interval:
        raise SpecError("interval must be specified when count > 1")
    metric = Metric(
        name=spec["name"],
        interval=_duration(interval, "interval") if interval else None,
        initial_delay=_duration(spec.get("initialDelay") or "0", "startDelay"),
        count=count or (None if interval else 1),
        success_condition=spec.get("successCondition", ""),
        failure_condition=spec.get("failureCondition", ""),
        failure_limit=integer(spec.get("failureLimit", 0)),
        inconclusive_limit=integer(spec.get("inconclusiveLimit", 0)),
        error_limit=integer(spec.get("consecutiveErrorLimit", DEFAULT_ERROR_LIMIT)),
        success_limit=integer(spec.get("consecutiveSuccessLimit", 0)),
        provider=spec.get("provider") or {},
    )
    _check_provider(metric.provider)
    return metric


def _check_limits(spec: Json, count: int) -> None:
    failure = integer(spec.get("failureLimit", 0))
    success = integer(spec.get("consecutiveSuccessLimit", 0))
    inconclusive = integer(spec.get("inconclusiveLimit", 0))
    if success < 0:
        raise SpecError("consecutiveSuccessLimit must be >= 0")
    if failure < -1:
        raise SpecError("failureLimit must be >= 0, or -1 to be disabled")
    if success == 0 and failure == -1:
        raise SpecError("failureLimit and consecutiveSuccessLimit cannot both be disabled")
    if inconclusive < 0:
        raise SpecError("inconclusiveLimit must be >= 0")
    if integer(spec.get("consecutiveErrorLimit", 0)) < 0:
        raise SpecError("consecutiveErrorLimit must be >= 0")
    if count > 0:
        _check_count(count, failure, success, inconclusive)


def _check_count(count: int, failure: int, success: int, inconclusive: int) -> None:
    if failure >= 0 and count < failure + success:
        raise SpecError(
            f"count ({count}) must be >= failureLimit + consecutiveSuccessLimit"
            f" ({failure} + {success}) if both >= 0"
        )
    if failure < 0 and count < success:
        raise SpecError("count must be >= consecutiveSuccessLimit")
    if count < inconclusive:
        raise SpecError("count must be >= inconclusiveLimit")


def _duration(text: str, what: str) -> float:
    try:
        return seconds(text)
    except ValueError as error:
        raise SpecError(f"invalid {what} string: {error}") from error


def _check_provider(provider: Json) -> None:
    names = [name for name, value in provider.items() if value is not None]
    plugins = provider.get(_PLUGIN) or {}
    count = len([name for name in names if name != _PLUGIN]) + len(plugins)
    if count == 0:
        raise SpecError("no provider specified")
    if count > 1:
        raise SpecError("multiple providers specified")


def dry_run(rules: Sequence[Json], metrics: Sequence[Metric]) -> frozenset[str]:
    """Return the metrics that are measured without effect.

    Raises:
        SpecError: A rule means none of them.
    """
    return frozenset(
        name
        for number, rule in enumerate(rules)
        for name in _matched(rule, metrics, f"dryRun[{number}]")
    )


def retention(rules: Sequence[Json], metrics: Sequence[Metric]) -> Mapping[str, int]:
    """Return how many measurements are kept of some metrics.

    Raises:
        SpecError: A rule means none of them.
    """
    return {
        name: integer(rule.get("limit", 0))
        for number, rule in enumerate(rules)
        for name in _matched(rule, metrics, f"measurementRetention[{number}]")
    }


def _matched(rule: Json, metrics: Sequence[Metric], what: str) -> list[str]:
    try:
        pattern = re.compile(rule.get("metricName", ""))
    except re.error:
        names = []
    else:
        names = [metric.name for metric in metrics if pattern.search(metric.name)]
    if not names:
        raise SpecError(f"{what}: Rule didn't match any metric name(s)")
    return names
