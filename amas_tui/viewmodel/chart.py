"""Charts as values: curves over a time axis that stands still while samples arrive."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Final

from amas_tui.viewmodel.text import Tone


@dataclass(frozen=True, slots=True)
class Curve:
    """Connected points, `(Unix seconds, value)`, oldest first; a gap is two curves."""

    points: tuple[tuple[float, float], ...]
    tone: Tone
    is_planned: bool = False
    is_faint: bool = False
    """Beside the curve that matters: drawn as dots."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a moment, or stands at a height."""

    at: float
    value: float
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart.

    Attributes:
        x: First and last Unix second of the axis.
        y: Lowest and highest value of the axis.
        y_ticks: Heights to label, with their labels.
        x_ticks: Moments to label, with their labels.
        limits: Heights of limit lines.
        steps: What changed when, e.g. the weight, for a line under the axis: moments and words,
            oldest first; each holds until the next, and one without words ends the line.
    """

    title: str
    x: tuple[float, float]
    y: tuple[float, float]
    curves: tuple[Curve, ...] = ()
    y_ticks: tuple[tuple[float, str], ...] = ()
    x_ticks: tuple[tuple[float, str], ...] = ()
    limits: tuple[float, ...] = ()
    marks: tuple[Mark, ...] = ()
    steps: tuple[tuple[float, str], ...] = ()


_NICE: Final = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400)


def time_axis(start: datetime, end: datetime) -> tuple[float, float]:
    """Return an axis that holds the span and seldom changes: its end steps in sixths of it."""
    first, last = start.timestamp(), max(end.timestamp(), start.timestamp() + 60)
    step = next((n for n in _NICE if n * 6 >= last - first), _NICE[-1])
    return first, first + math.ceil((last - first) / step) * step


def time_ticks(
    axis: tuple[float, float], zone: tzinfo | None, most: int
) -> tuple[tuple[float, str], ...]:
    """Return round moments on an axis with their clock times, at most `most`."""
    first, last = axis
    step = next((n for n in _NICE if n * most >= last - first), _NICE[-1])
    style = "%H:%M:%S" if step < 60 else "%H:%M"
    moment = math.ceil(first / step) * step
    ticks = []
    while moment <= last:
        ticks.append((float(moment), datetime.fromtimestamp(moment, zone).strftime(style)))
        moment += step
    return tuple(ticks)


def value_axis(values: Iterable[float], limits: Iterable[float]) -> tuple[float, float]:
    """Return a range that holds finite values and limits with some air, never empty."""
    finite = [value for value in (*values, *limits) if math.isfinite(value)]
    if not finite:
        return 0.0, 1.0
    low, high = min(finite), max(finite)
    air = (high - low) * 0.1 or abs(high) * 0.1 or 0.5
    floor, ceiling = low - air, high + air
    if low >= 0:
        floor = max(0.0, floor)
    if high <= 1 and low >= 0:
        ceiling = min(ceiling, 1.0) if high < 1 else 1.0
    return _rounded(floor, ceiling)


def _rounded(low: float, high: float) -> tuple[float, float]:
    """Widen a range to round numbers, so that it does not move with every sample."""
    span = high - low
    if span <= 0:
        return low - 0.5, high + 0.5
    unit = 10.0 ** math.floor(math.log10(span))
    for part in (0.1, 0.2, 0.5, 1.0):
        if span / (unit * part) <= 20:
            unit *= part
            break
    return math.floor(low / unit + 1e-9) * unit, math.ceil(high / unit - 1e-9) * unit


def curves(
    points: Iterable[tuple[float, float]], tone: Tone, gap: float, *, is_faint: bool = False
) -> tuple[Curve, ...]:
    """Return the points as curves, broken at values that are not finite and at silences.

    Args:
        points: Unix seconds and value.
        tone: Of the curves.
        gap: Seconds between two points above which they are not connected.
        is_faint: Whether they are drawn as dots.
    """
    parts: list[list[tuple[float, float]]] = [[]]
    for at, value in points:
        if not math.isfinite(value):
            parts.append([])
            continue
        if parts[-1] and at - parts[-1][-1][0] > gap:
            parts.append([])
        parts[-1].append((at, value))
    return tuple(Curve(tuple(part), tone, is_faint=is_faint) for part in parts if part)


def stairs(points: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return points joined as steps: each value holds until the next one."""
    drawn: list[tuple[float, float]] = []
    for at, value in points:
        if drawn and drawn[-1][1] != value:
            drawn.append((at, drawn[-1][1]))
        drawn.append((at, value))
    return tuple(drawn)


def spacing(points: tuple[tuple[float, float], ...]) -> float:
    """Return the usual distance of points in seconds: the median; 0 for fewer than two."""
    distances = sorted(b[0] - a[0] for a, b in pairwise(points))
    return distances[len(distances) // 2] if distances else 0.0
