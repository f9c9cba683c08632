from hypothesis import given
from hypothesis import strategies as st

from amas_tui.store.slo import MAX_POINTS, Gauge, Point, Series, Side, Slo


def test_only_later_points_are_added() -> None:
    series = Series(((1.0, 0.5), (2.0, 0.6)), problem="was down")
    found = series.after(((1.5, 9.9), (2.0, 9.9), (3.0, 0.7)))
    assert found.points == ((1.0, 0.5), (2.0, 0.6), (3.0, 0.7))
    assert (found.newest, found.problem) == (0.7, "")


_points = st.lists(st.tuples(st.floats(0, 1e6), st.floats(allow_nan=False)), max_size=6).map(
    lambda points: tuple(sorted(points))
)


@given(st.lists(_points, max_size=5))
def test_time_never_goes_back(batches: list[tuple[Point, ...]]) -> None:
    series = Series()
    for batch in batches:
        series = series.after(batch)
    times = [at for at, _ in series.points]
    assert times == sorted(times)


def test_the_oldest_points_are_forgotten() -> None:
    series = Series().after(tuple((float(n), 0.0) for n in range(MAX_POINTS + 3)))
    assert len(series.points) == MAX_POINTS
    assert series.points[0][0] == 3.0


def test_a_series_that_is_not_there_is_empty() -> None:
    gauge = Gauge("success-rate", ((Side.CANARY, "up"),))
    slo = Slo((gauge,), {("", "up"): Series(((1.0, 2.0),))})
    assert slo.of(gauge, Side.CANARY).newest == 2.0
    assert slo.of(gauge, Side.STABLE).newest is None
