"""Laws that `rate` and `histogram_quantile` follow; the contract tests hold the numbers."""

import math

from hypothesis import given
from hypothesis import strategies as st

from amas_tui.demo.prometheus.functions import histogram_quantile, increase
from amas_tui.demo.prometheus.tsdb import Series
from amas_tui.demo.prometheus.values import Sample, Vector

_GROWTH = st.lists(st.integers(0, 1_000), min_size=2, max_size=40)
_SECOND = 1_000


def _series(values: list[float], every: int = _SECOND) -> Series:
    series = Series((), 0)
    for number, value in enumerate(values):
        series.append((number + 100) * every, value)
    return series


def _counted(growth: list[int], start: int = 0) -> list[float]:
    values = [float(start)]
    for each in growth:
        values.append(values[-1] + each)
    return values


def _whole(series: Series) -> tuple[int, int]:
    return series.times[0], series.times[-1]


@given(_GROWTH)
def test_a_window_that_ends_at_samples_holds_exactly_what_was_counted(growth: list[int]) -> None:
    series = _series(_counted(growth))

    grown = increase(series, *_whole(series))

    assert grown is not None
    assert math.isclose(grown, sum(growth), abs_tol=1e-9)


@given(_GROWTH, st.data())
def test_a_reset_loses_nothing_that_was_scraped(growth: list[int], data: st.DataObject) -> None:
    counted = _counted(growth, start=100_000)
    cut = data.draw(st.integers(1, len(counted) - 1))
    lost = counted[cut - 1]
    # The process starts anew after the scrape `cut - 1` and counts the same as it would have.
    reset = [*counted[:cut], *(value - lost for value in counted[cut:])]

    first, second = _series(counted), _series(reset)

    ours, theirs = increase(second, *_whole(second)), increase(first, *_whole(first))
    assert ours is not None
    assert theirs is not None
    assert math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)


@given(_GROWTH, st.integers(-5_000, 5_000), st.integers(0, 20_000))
def test_a_counter_never_shrinks(growth: list[int], moved: int, wider: int) -> None:
    series = _series(_counted(growth))
    start, end = _whole(series)

    grown = increase(series, start + moved, end + moved + wider)

    assert grown is None or grown >= 0


@given(st.lists(st.integers(0, 100), min_size=3, max_size=8), st.floats(0, 1))
def test_a_quantile_lies_between_the_limits_and_rises(counts: list[int], quantile: float) -> None:
    total, samples = 0, []
    for number, count in enumerate(counts):
        total += count
        limit = "+Inf" if number == len(counts) - 1 else str(number + 1)
        samples.append(Sample((("le", limit),), float(total)))
    histogram = Vector(tuple(samples))

    (found,) = histogram_quantile(quantile, histogram).samples
    (more,) = histogram_quantile((1 + quantile) / 2, histogram).samples

    if total == 0:
        assert math.isnan(found.value)
    elif not math.isnan(found.value):
        assert 0 <= found.value <= len(counts) - 1
        assert more.value >= found.value - 1e-9
