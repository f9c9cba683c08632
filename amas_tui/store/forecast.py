"""Whether the next gate would pass: its own queries and conditions, evaluated at this moment."""

from dataclasses import dataclass
from typing import Final

from amas_tui.domain.analysis import AnalysisPhase
from amas_tui.rules.condition import Judgement, judge
from amas_tui.rules.evaluate import Value
from amas_tui.rules.gates import Gate, next_gates
from amas_tui.store.gauges import GateMetric, gate_metrics
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Gauge, Result, Series, Side, Slo

NOT_ASKED: Final = "not asked yet"
"""The reason of a verdict whose query has had no answer so far."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one metric of a gate would say now.

    Attributes:
        phase: The verdict of one measurement; `None` where it cannot be told here.
        reason: Why it cannot be told, or what is wrong with the measurement.
        result: What the query gives, `None` where it was not asked.
        is_canary: Whether the query selects the version that the gate judges.
    """

    metric: GateMetric
    side: Side
    phase: AnalysisPhase | None
    reason: str = ""
    result: Result | None = None
    is_canary: bool = True

    @property
    def counts(self) -> bool:
        """Return whether it has a say in the gate's verdict."""
        return not self.metric.is_dry_run


@dataclass(frozen=True, slots=True)
class GateForecast:
    """What a gate would say if it measured once, now."""

    gate: Gate
    metrics: tuple[Forecast, ...]

    @property
    def phase(self) -> AnalysisPhase | None:
        """Return the worst verdict of the metrics that count; `None` where one is not known.

        A metric that fails settles it, whatever the unknown ones would say.
        """
        counted = [one.phase for one in self.metrics if one.counts]
        if AnalysisPhase.FAILED in counted:
            return AnalysisPhase.FAILED
        if not counted or None in counted:
            return None
        return max(counted, key=lambda phase: _SEVERITY.get(phase or AnalysisPhase.UNKNOWN, 0))

    @property
    def blind(self) -> tuple[str, ...]:
        """Return the metrics whose query does not select the version that the gate judges."""
        return tuple(one.metric.metric.name for one in self.metrics if not one.is_canary)


_SEVERITY = {
    AnalysisPhase.SUCCESSFUL: 0,
    AnalysisPhase.INCONCLUSIVE: 1,
    AnalysisPhase.ERROR: 2,
    AnalysisPhase.FAILED: 3,
}


def forecasts(scene: Scene) -> tuple[GateForecast, ...]:
    """Return what the next gates would say now, the nearest first.

    After an abort nothing is forecast: the version that they would judge gets no traffic.
    """
    if scene.rollout.status.abort:
        return ()
    slo = scene.snapshot.slos.get(scene.rollout.uid, Slo())
    return tuple(
        GateForecast(gate, tuple(_forecast(scene, slo, one) for one in gate_metrics(scene, gate)))
        for gate in next_gates(scene.rollout)
    )


def _forecast(scene: Scene, slo: Slo, metric: GateMetric) -> Forecast:
    gauge = metric.gauge
    if gauge is None:
        return Forecast(metric, Side.ALL, None, metric.problem)
    side = _judged_side(scene, gauge)
    is_canary = not scene.rollout.is_updating or side is Side.CANARY
    if metric.problem:
        return Forecast(metric, side, None, metric.problem, is_canary=is_canary)
    series = slo.of(gauge, side)
    if series.result is None:
        reason = series.problem or NOT_ASKED
        return Forecast(metric, side, None, reason, is_canary=is_canary)
    said = verdict(gauge, series)
    return Forecast(metric, side, said.phase, said.reason, series.result, is_canary)


def _judged_side(scene: Scene, gauge: Gauge) -> Side:
    """Return whom the gate would judge: the new version, or the running one without an update."""
    sides = [side for side, _ in gauge.queries]
    first = Side.CANARY if scene.rollout.is_updating else Side.STABLE
    return first if first in sides else sides[0]


def verdict(gauge: Gauge, series: Series) -> Judgement:
    """Return what the controller would say of the newest answer to a gauge's query."""
    if series.result is None:
        return Judgement(None, series.problem or NOT_ASKED)
    if series.problem:
        return Judgement(None, series.problem)
    said = judge(gauge.success, gauge.failure, value_of(series.result))
    if said.phase is AnalysisPhase.ERROR and series.result == ():
        return Judgement(AnalysisPhase.ERROR, "no data: the controller would call it an error")
    return said


def value_of(result: Result) -> Value:
    """Return what a condition sees as `result`."""
    return list(result) if isinstance(result, tuple) else result
