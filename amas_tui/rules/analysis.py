"""Analysis runs: who judges, what was measured against which limit, what is left.

Source: analysis/analysis.go, utils/analysis/helpers.go.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from amas_tui.domain.analysis import AnalysisPhase, AnalysisRun, Measurement, Metric, MetricResult
from amas_tui.domain.base import IntOrStr
from amas_tui.domain.rollout import DryRun
from amas_tui.rules.arguments import substitute
from amas_tui.rules.condition import Limit, first_number, limits

DEFAULT_CONSECUTIVE_ERRORS = 4
"""Source: utils/defaults/defaults.go."""


@dataclass(frozen=True, slots=True)
class MetricState:
    """One metric of a run with what it was asked and what it answered.

    Attributes:
        limits: What the value must keep; empty where the condition cannot be read as one.
        value: The newest measured number, `None` without one; it may be NaN.
    """

    metric: Metric
    result: MetricResult | None
    is_dry_run: bool
    limits: tuple[Limit, ...]
    value: float | None

    @property
    def name(self) -> str:
        """Return the metric's name."""
        return self.metric.name

    @property
    def phase(self) -> AnalysisPhase:
        """Return its phase; `PENDING` before the first measurement."""
        return AnalysisPhase(self.result.phase) if self.result else AnalysisPhase.PENDING

    @property
    def measured(self) -> int:
        """Return how many measurements count, errors excluded."""
        return self.result.count if self.result else 0

    @property
    def taken(self) -> int:
        """Return how many measurements were taken, errors included; not all are kept."""
        return self.result.count + self.result.error if self.result else 0

    @property
    def wanted(self) -> int | None:
        """Return how many measurements there will be, `None` when it runs until it is stopped."""
        count = whole(self.metric.count)
        if count:
            return count
        return None if self.metric.interval else 1

    @property
    def failure_limit(self) -> int:
        """Return how many failures are tolerated; one more fails the metric."""
        return whole(self.metric.failure_limit) or 0

    @property
    def is_keeping(self) -> bool | None:
        """Return whether the newest value keeps every limit, `None` where that is not known."""
        if self.value is None or not self.limits:
            return None
        return all(limit.holds(self.value) for limit in self.limits)


def whole(value: IntOrStr | None) -> int | None:
    """Return an IntOrString that is a number, `None` where it is absent or not one."""
    if value is None or isinstance(value, int):
        return value
    return int(value) if re.fullmatch(r"-?\d{1,9}", value.strip()) else None


def metric_states(run: AnalysisRun) -> tuple[MetricState, ...]:
    """Return every metric of a run, in the order of its spec, measured or not yet.

    A metric in its initial delay has no result; the run's own arguments are filled in.
    """
    values = {argument.name: argument.value for argument in run.spec.args}
    results = {result.name: result for result in run.status.metric_results}
    return tuple(
        _state(resolved(metric, values), results.get(metric.name), run)
        for metric in run.spec.metrics
    )


def _state(metric: Metric, result: MetricResult | None, run: AnalysisRun) -> MetricState:
    newest = newest_measurement(result)
    return MetricState(
        metric=metric,
        result=result,
        is_dry_run=(result is not None and result.dry_run) or is_dry_run(run, metric.name),
        limits=limits(metric),
        value=first_number(newest.value) if newest else None,
    )


def resolved(metric: Metric, values: dict[str, str | None]) -> Metric:
    """Return the metric with `{{args.x}}` filled in where a value is known."""
    fill = {name: value for name, value in values.items() if value is not None}
    prometheus = metric.provider.prometheus
    provider = metric.provider
    if prometheus is not None:
        provider = replace(
            provider,
            prometheus=replace(
                prometheus,
                address=substitute(prometheus.address, fill),
                query=substitute(prometheus.query, fill),
            ),
        )
    if provider.web is not None:
        url = substitute(provider.web.url, fill)
        provider = replace(provider, web=replace(provider.web, url=url))
    return replace(
        metric,
        success_condition=substitute(metric.success_condition, fill),
        failure_condition=substitute(metric.failure_condition, fill),
        interval=substitute(metric.interval, fill),
        count=_fill(metric.count, fill),
        failure_limit=_fill(metric.failure_limit, fill),
        inconclusive_limit=_fill(metric.inconclusive_limit, fill),
        consecutive_error_limit=_fill(metric.consecutive_error_limit, fill),
        consecutive_success_limit=_fill(metric.consecutive_success_limit, fill),
        provider=provider,
    )


def _fill(value: IntOrStr | None, fill: dict[str, str]) -> IntOrStr | None:
    return substitute(value, fill) if isinstance(value, str) else value


def is_dry_run(run: AnalysisRun, name: str) -> bool:
    """Return whether a metric is measured without influence on the verdict."""
    return is_dry(run.spec.dry_run, name)


def is_dry(rules: Iterable[DryRun], name: str) -> bool:
    """Return whether one of the rules takes a metric out of the verdict."""
    for rule in rules:
        try:
            if re.search(rule.metric_name, name):
                return True
        except re.error:
            continue
    return False


def newest_measurement(result: MetricResult | None) -> Measurement | None:
    """Return the measurement taken last, `None` before the first."""
    return result.measurements[-1] if result and result.measurements else None


def failing_measurement(state: MetricState) -> Measurement | None:
    """Return the newest measurement that did not succeed, `None` where there is none."""
    if state.result is None:
        return None
    bad = (AnalysisPhase.FAILED, AnalysisPhase.ERROR, AnalysisPhase.INCONCLUSIVE)
    found = (m for m in reversed(state.result.measurements) if AnalysisPhase(m.phase) in bad)
    return next(found, None)


_SEVERITY = {
    AnalysisPhase.FAILED: 0,
    AnalysisPhase.ERROR: 1,
    AnalysisPhase.INCONCLUSIVE: 2,
}


def culprit(run: AnalysisRun) -> MetricState | None:
    """Return the metric that decided against the update, the worst first, `None` without one."""
    decisive = [s for s in metric_states(run) if s.phase in _SEVERITY and not s.is_dry_run]
    return min(decisive, key=lambda state: _SEVERITY[state.phase], default=None)


@dataclass(frozen=True, slots=True)
class Counts:
    """Measurements by outcome, over all metrics, dry-run included, as the plugin adds them."""

    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    error: int = 0


def counts(run: AnalysisRun) -> Counts:
    """Return the run's counters. Source: info/analysisrun_info.go."""
    results = run.status.metric_results
    return Counts(
        successful=sum(r.successful for r in results),
        failed=sum(r.failed for r in results),
        inconclusive=sum(r.inconclusive for r in results),
        error=sum(r.error for r in results),
    )


def is_cut_short(run: AnalysisRun) -> bool:
    """Return whether a person or the controller ended it early; its phase then reads Successful."""
    return run.spec.terminate and run.phase is AnalysisPhase.SUCCESSFUL


def passed_without_data(run: AnalysisRun) -> bool:
    """Return whether it reads Successful although no measurement that counts succeeded."""
    if run.phase is not AnalysisPhase.SUCCESSFUL or run.spec.terminate:
        return False
    judged = [r for r in run.status.metric_results if not r.dry_run]
    return not any(result.successful for result in judged)


def newest(runs: Iterable[AnalysisRun]) -> AnalysisRun | None:
    """Return the run created last; of the same second the one whose name sorts last."""
    dated = [run for run in runs if run.metadata.creation_timestamp is not None]
    return max(dated, key=_age_key, default=None)


def _age_key(run: AnalysisRun) -> tuple[float, str]:
    created = run.metadata.creation_timestamp
    return (created.timestamp() if created else 0.0, run.metadata.name)
