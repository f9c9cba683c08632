"""The metrics that judge: canary beside stable against the limit, as lines and as charts."""

import math
from datetime import datetime

from amas_tui.rules.duration import clock_duration
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Gauge, Side, Slo
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


def slo_of(scene: Scene) -> Slo:
    """Return the live series of a rollout, empty before the first answer."""
    return scene.snapshot.slos.get(scene.rollout.uid, Slo())


def slo_lines(slo: Slo, now: datetime, local: datetime) -> tuple[Line, ...]:
    """Return one line per gauge: newest values of each side and the limit.

    Args:
        slo: The series.
        now: The server's time.
        local: Our time, by which answers are dated.
    """
    del now
    if not slo.gauges:
        return ()
    name = max(len(gauge.name) for gauge in slo.gauges)
    lines = [_gauge_line(slo, gauge, name) for gauge in slo.gauges]
    if slo.problem:
        lines.append((Span(f" {slo.problem}", Tone.WARN),))
    stale = (local - slo.at).total_seconds() if slo.at else 0.0
    if slo.at is not None and stale > _STALE_SECONDS:
        age = clock_duration(local - slo.at)
        lines.append((Span(f" the last answer is {age} old", Tone.WARN),))
    return tuple(lines)


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
    if math.isnan(value):
        # 0/0: nothing was asked of this version in the query's window.
        return [label, Span("no traffic  ", Tone.DIM)]
    if not gauge.limits:
        return [label, Span(f"{number(value)}  ")]
    limit = broken_limit(value, gauge.limits)
    good = limit is None or limit.holds(value)
    tone = Tone.GOOD if good else Tone.BAD
    return [label, Span(f"{number(value)} "), Span("✔  " if good else "✖  ", tone)]


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
