"""The metrics that judge: canary beside stable against the limit, as lines and as charts."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from amas_tui.domain.analysis import AnalysisPhase
from amas_tui.rules.duration import clock_duration
from amas_tui.store.forecast import verdict
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Gauge, Origin, Series, Side, Slo
from amas_tui.viewmodel.chart import (
    Chart,
    Curve,
    curves,
    spacing,
    time_axis,
    time_ticks,
    value_axis,
)
from amas_tui.viewmodel.headline import update_began
from amas_tui.viewmodel.text import Line, Span, Tone, merge, pad
from amas_tui.words import broken_limit, number

_TONE = {Side.CANARY: Tone.CANARY, Side.STABLE: Tone.STABLE, Side.ALL: Tone.NORMAL}
_LABEL = {Side.CANARY: "canary", Side.STABLE: "stable", Side.ALL: "all versions"}
_STALE_SECONDS = 30
_FRESH_SECONDS = 15


def slo_of(scene: Scene) -> Slo:
    """Return the live series of a rollout, empty before the first answer."""
    return scene.snapshot.slos.get(scene.rollout.uid, Slo())


def slo_lines(slo: Slo) -> tuple[Line, ...]:
    """Return one line per gauge: newest values of each side and the limit."""
    lines = _gauge_lines(slo, slo.gauges)
    return (*lines, (Span(f" {slo.problem}", Tone.WARN),)) if slo.problem else lines


def short_slo_lines(slo: Slo, room: int) -> tuple[Line, ...]:
    """Return at most `room` lines: those of the gates, and of these the ones that fail first."""
    judging = [one for one in slo.gauges if one.origin in (Origin.TEMPLATE, Origin.RUN)]
    shown = judging or [one for one in slo.gauges if one.limits]
    told = [(Span(f" {slo.problem}", Tone.WARN),)] if slo.problem and slo.gauges else []
    room -= len(told)
    if len(shown) > room:
        failing = [one for one in shown if is_failing(slo, one)]
        kept = (failing + [one for one in shown if one not in failing])[: max(0, room)]
        shown = [one for one in shown if one in kept]
    return (*_gauge_lines(slo, shown), *told)


def _gauge_lines(slo: Slo, shown: Sequence[Gauge]) -> tuple[Line, ...]:
    name = max((len(gauge.name) for gauge in shown), default=0)
    return tuple(_gauge_line(slo, gauge, name) for gauge in shown)


def is_failing(slo: Slo, gauge: Gauge) -> bool:
    """Return whether a side of a gauge breaks its limit or gives nothing."""
    found = (slo.of(gauge, side) for side, _ in gauge.queries)
    return any(
        one.problem or one.newest is None or _is_good(gauge, one, one.newest) is False
        for one in found
    )


def source_line(slo: Slo, local: datetime) -> Line:
    """Return where the numbers come from, on which way, and how old the last answer is."""
    if not slo.source:
        return ()
    if slo.at is None:
        return (Span(f" from {slo.source}: no answer yet", Tone.DIM),)
    old = max(0, int((local - slo.at).total_seconds()))
    if old < _FRESH_SECONDS:
        return (Span(f" from {slo.source}, last sample just now", Tone.DIM),)
    # In steps of five seconds: a clock that ticks each second costs bytes.
    age = clock_duration(timedelta(seconds=old // 5 * 5))
    tone = Tone.WARN if old > _STALE_SECONDS else Tone.DIM
    return (Span(f" from {slo.source}, last sample {age} ago", tone),)


def _gauge_line(slo: Slo, gauge: Gauge, name: int) -> Line:
    spans = [Span(f" {pad(gauge.name, name)}  ")]
    for side, _ in gauge.queries:
        spans += _side(slo, gauge, side)
    spans.append(Span(", ".join(f"{one.operator} {number(one.value)}" for one in gauge.limits)))
    return merge(spans)


def _side(slo: Slo, gauge: Gauge, side: Side) -> list[Span]:
    series = slo.of(gauge, side)
    value = series.newest
    label = Span(f"{_LABEL[side]} ", _TONE[side])
    if value is None:
        return [label, Span("no data  " if not series.problem else "not known  ", Tone.DIM)]
    if series.problem:
        # The newest value is from before the failure: it must not read as a verdict of now.
        return [label, Span(f"{number(value)} (old)  ", Tone.DIM)]
    if math.isnan(value):
        # 0/0: nothing was asked of this version in the query's window.
        return [label, Span("no traffic  ", Tone.DIM)]
    good = _is_good(gauge, series, value)
    if good is None:
        return [label, Span(f"{number(value)}  ")]
    tone = Tone.GOOD if good else Tone.BAD
    return [label, Span(f"{number(value)} "), Span("✔  " if good else "✖  ", tone)]


def _is_good(gauge: Gauge, series: Series, value: float) -> bool | None:
    """Return what the gate's own conditions say, else its limits; `None` without either."""
    if (gauge.success or gauge.failure) and series.result is not None:
        said = verdict(gauge, series)
        if said.phase is not None:
            return said.phase is AnalysisPhase.SUCCESSFUL
    limit = broken_limit(value, gauge.limits)
    return None if limit is None else limit.holds(value)


def slo_charts(scene: Scene, slo: Slo, now: datetime, ticks: int) -> tuple[Chart, ...]:
    """Return one chart per gauge over the same time axis as the update."""
    return tuple(_chart(scene, slo, gauge, now, ticks) for gauge in slo.gauges)


def _chart(scene: Scene, slo: Slo, gauge: Gauge, now: datetime, ticks: int) -> Chart:
    drawn: list[Curve] = []
    values: list[float] = []
    first = now.timestamp()
    for side, _ in gauge.queries:
        points = slo.of(gauge, side).points
        values += [value for _, value in points]
        first = min([first, *(at for at, _ in points[:1])])
        drawn += curves(points, _TONE[side], gap=max(3.0, 3.0 * spacing(points)))
    heights = tuple(limit.value for limit in gauge.limits)
    low, high = value_axis(values, heights)
    began = update_began(scene.rollout)
    start = began if began is not None else datetime.fromtimestamp(first, now.tzinfo)
    axis = time_axis(start, now)
    return Chart(
        title=_title(gauge),
        x=axis,
        y=(low, high),
        # The canary is drawn last, so that it lies above the stable version.
        curves=tuple(sorted(drawn, key=lambda curve: curve.tone is Tone.CANARY)),
        y_ticks=tuple((height, number(height)) for height in _heights(low, high, heights)),
        x_ticks=time_ticks(axis, now.tzinfo, ticks),
        limits=heights,
    )


def _heights(low: float, high: float, limits: tuple[float, ...]) -> list[float]:
    """Return the heights to label: both ends, and the limits that are not too near to them."""
    apart = (high - low) / 6
    inner = [limit for limit in limits if low + apart <= limit <= high - apart]
    return [low, *inner, high]


def _title(gauge: Gauge) -> str:
    limit = ", ".join(f"{one.operator} {number(one.value)}" for one in gauge.limits)
    sides = {side for side, _ in gauge.queries}
    separated = "" if Side.ALL not in sides else " (does not tell the versions apart)"
    return f"{gauge.name} {limit}{separated}".strip()
