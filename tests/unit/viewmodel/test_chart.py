import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.viewmodel.chart import (
    Curve,
    curves,
    spacing,
    stairs,
    time_axis,
    time_ticks,
    value_axis,
)
from amas_tui.viewmodel.text import Tone
from tests.builders import NOW

_floats = (
    st.floats(-1e300, 1e300)
    | st.sampled_from([math.nan, math.inf, -math.inf])
    | st.floats(0, 1)
    | st.integers(-100, 100).map(float)
)
_points = st.lists(st.tuples(st.integers(0, 500).map(float), _floats), max_size=12).map(sorted)


@given(st.integers(0, 200_000))
def test_a_time_axis_holds_its_span_and_stands_still(seconds: int) -> None:
    first, last = time_axis(NOW, NOW + timedelta(seconds=seconds))
    assert first == NOW.timestamp()
    assert last >= NOW.timestamp() + max(60, seconds)
    assert last - first <= 2 * max(60, seconds)


def test_a_sample_more_leaves_the_axis_where_it_is() -> None:
    ends = {time_axis(NOW, NOW + timedelta(seconds=second)) for second in range(300, 360)}
    assert len(ends) <= 2


@given(st.integers(60, 80_000), st.integers(1, 12), st.integers(0, 3_600))
def test_ticks_are_round_moments_on_the_axis(length: int, most: int, start: int) -> None:
    first = NOW.timestamp() + start
    found = time_ticks((first, first + length), UTC, most)
    assert len(found) <= most + 1
    for at, label in found:
        assert first <= at <= first + length
        assert datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S").startswith(label)
    moments = [at for at, _ in found]
    assert len({b - a for a, b in pairwise(moments)}) <= 1


def test_ticks_carry_the_zones_clock() -> None:
    axis = (NOW.timestamp(), NOW.timestamp() + 3_600)
    assert [label for _, label in time_ticks(axis, UTC, 4)] == ["14:15", "14:30", "14:45", "15:00"]


@given(st.lists(_floats, max_size=6), st.lists(st.floats(-1e6, 1e6), max_size=2))
def test_a_value_axis_holds_what_is_finite_and_is_never_empty(
    values: list[float], limits: list[float]
) -> None:
    low, high = value_axis(values, limits)
    assert low < high
    assert math.isfinite(low)
    assert math.isfinite(high)
    finite = [value for value in (*values, *limits) if math.isfinite(value)]
    assert all(low <= value <= high for value in finite)


@pytest.mark.parametrize(
    ("values", "limits", "axis"),
    [
        pytest.param([], [], (0.0, 1.0), id="nothing"),
        pytest.param([math.nan, math.inf], [], (0.0, 1.0), id="nothing finite"),
        pytest.param([0.0, 1.0], [], (0.0, 1.0), id="a share"),
        pytest.param([0.5], [0.95], (0.45, 1.0), id="a share below its limit"),
        pytest.param([0.0], [], (0.0, 0.5), id="nought"),
        pytest.param([3.0], [], (2.7, 3.3), id="one value"),
    ],
)
def test_a_value_axis_has_round_ends(
    values: list[float], limits: list[float], axis: tuple[float, float]
) -> None:
    assert value_axis(values, limits) == pytest.approx(axis)


@given(_points, st.integers(1, 100))
def test_curves_hold_every_finite_point_and_break_at_gaps(
    points: list[tuple[float, float]], gap: int
) -> None:
    found = curves(points, Tone.CANARY, gap)
    drawn = [point for curve in found for point in curve.points]
    assert drawn == [point for point in points if math.isfinite(point[1])]
    for curve in found:
        assert curve.points
        assert all(b[0] - a[0] <= gap for a, b in pairwise(curve.points))


def test_a_value_that_is_not_finite_is_a_gap() -> None:
    points = [(1.0, 0.5), (2.0, math.nan), (3.0, 0.6), (4.0, 0.7), (90.0, 0.8)]
    assert curves(points, Tone.STABLE, 10.0) == (
        Curve(((1.0, 0.5),), Tone.STABLE),
        Curve(((3.0, 0.6), (4.0, 0.7)), Tone.STABLE),
        Curve(((90.0, 0.8),), Tone.STABLE),
    )


def test_a_value_holds_until_the_next_one() -> None:
    assert stairs([(0.0, 0.0), (10.0, 20.0), (20.0, 20.0)]) == (
        (0.0, 0.0),
        (10.0, 0.0),
        (10.0, 20.0),
        (20.0, 20.0),
    )
    assert stairs([]) == ()


def test_points_are_usually_so_far_apart() -> None:
    assert spacing(((0.0, 1.0), (5.0, 1.0), (10.0, 1.0), (99.0, 1.0))) == 5.0
    assert spacing(((0.0, 1.0),)) == 0.0
