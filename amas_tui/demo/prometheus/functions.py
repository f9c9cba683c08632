"""PromQL's functions on numbers, series and histograms.

Source: prometheus v2.42 promql/functions.go, promql/quantile.go and promql/engine.go.
"""

import math
from typing import Final

from amas_tui.demo.prometheus.labels import METRIC_NAME, Labels, without
from amas_tui.demo.prometheus.tsdb import Series
from amas_tui.demo.prometheus.values import Sample, Vector

_NEAR: Final = 1.1
"""Up to how many average distances from the window's edge a series is taken to reach it."""


def increase(series: Series, start: int, end: int) -> float | None:
    """Return by how much a counter grew in a time, in Unix milliseconds; `None` if unknown.

    Resets are made up for, and what lies between the window's edges and the samples is guessed
    from the samples.
    """
    first, behind = series.window(start, end)
    last = behind - 1
    if last - first < 1:
        return None
    grown = series.values[last] - series.values[first] + series.lost(first, last)
    began, ended = series.times[first] + series.epoch, series.times[last] + series.epoch
    before, after = (began - start) / 1000, (end - ended) / 1000
    sampled = (ended - began) / 1000
    distance = sampled / (last - first)
    if grown > 0 and series.values[first] >= 0:
        # A counter cannot have been below zero.
        before = min(before, sampled * (series.values[first] / grown))
    threshold = distance * _NEAR
    reached = sampled
    reached += before if before < threshold else distance / 2
    reached += after if after < threshold else distance / 2
    return grown * (reached / sampled)


def total(values: list[float]) -> float:
    """Return the sum."""
    made = values[0]
    for value in values[1:]:
        made += value
    return made


def average(values: list[float]) -> float:
    """Return the mean, which does not overflow on the way."""
    mean = values[0]
    for count, value in enumerate(values[1:], start=2):
        if math.isinf(mean) and (
            (math.isinf(value) and (mean > 0) == (value > 0)) or math.isfinite(value)
        ):
            continue
        mean += value / count - mean / count
    return mean


def largest(values: list[float]) -> float:
    """Return the largest; NaN only where there is nothing else."""
    made = values[0]
    for value in values[1:]:
        if made < value or math.isnan(made):
            made = value
    return made


def smallest(values: list[float]) -> float:
    """Return the smallest; NaN only where there is nothing else."""
    made = values[0]
    for value in values[1:]:
        if made > value or math.isnan(made):
            made = value
    return made


def histogram_quantile(quantile: float, buckets: Vector) -> Vector:
    """Return the quantile of each histogram: series that differ in `le` alone are one."""
    histograms: dict[Labels, dict[float, float]] = {}
    for labels, value in buckets.samples:
        limit = _limit(dict(labels).get("le", ""))
        if limit is None:
            continue
        counts = histograms.setdefault(without(labels, (METRIC_NAME, "le")), {})
        # As in Prometheus buckets of the same limit are one.
        counts[limit] = counts.get(limit, 0.0) + value
    return Vector(
        tuple(
            Sample(labels, _bucket_quantile(quantile, sorted(counts.items())))
            for labels, counts in histograms.items()
        )
    )


def _limit(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _bucket_quantile(quantile: float, buckets: list[tuple[float, float]]) -> float:
    if math.isnan(quantile):
        return math.nan
    if quantile < 0:
        return -math.inf
    if quantile > 1:
        return math.inf
    limits = [limit for limit, _ in buckets]
    counts = _rising([count for _, count in buckets])
    if len(buckets) < 2 or limits[-1] != math.inf:
        return math.nan
    if counts[-1] == 0:
        return math.nan
    rank = quantile * counts[-1]
    bucket = _first(counts[:-1], rank)
    if bucket == len(counts) - 1:
        return limits[-2]
    if bucket == 0:
        if limits[0] <= 0:
            return limits[0]
        return limits[0] * (rank / counts[0]) if counts[0] else math.nan
    inside = counts[bucket] - counts[bucket - 1]
    start = limits[bucket - 1]
    return start + (limits[bucket] - start) * ((rank - counts[bucket - 1]) / inside)


def _first(counts: list[float], rank: float) -> int:
    """Return the first count that reaches a rank, or how many there are.

    Halving as Go does, which tells where a count is that is not a number.
    """
    low, high = 0, len(counts)
    while low < high:
        middle = (low + high) // 2
        if counts[middle] >= rank:
            high = middle
        else:
            low = middle + 1
    return low


def _rising(counts: list[float]) -> list[float]:
    """Return counts that never fall: a bucket scraped later than another may hold less."""
    made, highest = [], counts[0]
    for count in counts:
        highest = max(highest, count)
        made.append(max(count, highest))
    return made
