import math
from typing import Any

import pytest

from amas_tui.rules.condition import Limit
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Gauge, Point, Series, Side, Slo
from amas_tui.store.snapshot import Snapshot
from amas_tui.viewmodel.slo_panel import slo_charts, slo_lines, slo_of
from amas_tui.viewmodel.text import Line, Tone, plain
from tests.builders import NOW, ago, condition, rollout, scene

LIMITS = (Limit(">=", 0.95),)
BOTH = ((Side.CANARY, "a"), (Side.STABLE, "b"))


def slo(
    canary: float | None = None,
    stable: float | None = None,
    *,
    limits: tuple[Limit, ...] = LIMITS,
    problem: str = "",
    seconds: float = 0,
    series_problem: str = "",
) -> Slo:
    gauge = Gauge("success-rate", BOTH, limits)
    series = {
        ("success-rate", side): Series(
            () if value is None else ((NOW.timestamp(), value),), series_problem
        )
        for side, value in ((Side.CANARY, canary), (Side.STABLE, stable))
    }
    return Slo((gauge,), series, at=ago(seconds=seconds), problem=problem)


def text(lines: tuple[Line, ...]) -> list[str]:
    return [plain(line).strip() for line in lines]


@pytest.mark.parametrize(
    ("found", "line"),
    [
        pytest.param(
            slo(0.812, 0.998),
            "success-rate  canary 0.812 ✖  stable 0.998 ✔  >= 0.95",
            id="canary below its limit",
        ),
        pytest.param(
            slo(0.99, 0.99), "success-rate  canary 0.99 ✔  stable 0.99 ✔  >= 0.95", id="both fine"
        ),
        pytest.param(
            slo(math.nan, 0.99),
            "success-rate  canary no traffic  stable 0.99 ✔  >= 0.95",
            id="no traffic",
        ),
        pytest.param(
            slo(None, 0.99), "success-rate  canary no data  stable 0.99 ✔  >= 0.95", id="no data"
        ),
        pytest.param(
            slo(None, None, series_problem="x"),
            "success-rate  canary not known  stable not known  >= 0.95",
            id="not known",
        ),
        pytest.param(
            slo(0.5, 0.5, limits=()),
            "success-rate  canary 0.5  stable 0.5",
            id="no limit, no verdict",
        ),
        pytest.param(
            slo(math.inf, 0.99),
            "success-rate  canary +Inf ✔  stable 0.99 ✔  >= 0.95",
            id="infinite",
        ),
    ],
)
def test_canary_and_stable_stand_beside_the_limit(found: Slo, line: str) -> None:
    assert text(slo_lines(found, NOW, NOW)) == [line]


def test_good_and_bad_have_their_tones() -> None:
    (line,) = slo_lines(slo(0.8, 0.99), NOW, NOW)
    tones = {span.text.strip(): span.tone for span in line}
    assert tones["✖"] is Tone.BAD
    assert tones["✔"] is Tone.GOOD


def test_a_problem_and_an_old_answer_are_said() -> None:
    lines = text(
        slo_lines(slo(0.9, 0.9, problem="Prometheus did not answer", seconds=95), NOW, NOW)
    )
    assert lines[1:] == ["Prometheus did not answer", "the last answer is 1m35s old"]
    assert len(text(slo_lines(slo(0.9, seconds=29), NOW, NOW))) == 1


def test_without_gauges_there_is_no_line() -> None:
    assert slo_lines(Slo(), NOW, NOW) == ()


def test_names_stand_in_one_column() -> None:
    gauges = (Gauge("a", ((Side.ALL, "q"),)), Gauge("longer", ((Side.ALL, "q"),)))
    lines = [plain(line) for line in slo_lines(Slo(gauges), NOW, NOW)]
    assert [line.index("all versions") for line in lines] == [9, 9]


def test_the_series_of_a_rollout_are_found() -> None:
    one, own = rollout(), slo(0.9)
    here = Scene(one, Snapshot(rollouts={one.uid: one}, slos={one.uid: own}))
    assert slo_of(here) is own
    assert slo_of(scene(rollout())) == Slo()


def points(*values: tuple[float, float]) -> tuple[Point, ...]:
    return tuple((NOW.timestamp() + at, value) for at, value in values)


def charts(**fields: Any) -> tuple[Slo, Scene]:
    gauge = Gauge("success-rate", BOTH, LIMITS)
    series = {
        ("success-rate", Side.CANARY): Series(
            points((-60, 0.9), (-55, math.nan), (-50, 0.8), (-45, 0.85))
        ),
        ("success-rate", Side.STABLE): Series(points((-60, 0.99), (-55, 0.98))),
    }
    return Slo((gauge,), series), scene(rollout(**fields))


def test_a_chart_holds_both_sides_the_limit_and_gaps_where_there_is_no_traffic() -> None:
    own, here = charts(conditions=[condition("Completed", "False", since=ago(minutes=2))])
    (chart,) = slo_charts(here, own, NOW, 5)
    assert chart.title == "success-rate >= 0.95"
    assert [(len(curve.points), curve.tone) for curve in chart.curves] == [
        (2, Tone.STABLE),
        (1, Tone.CANARY),
        (2, Tone.CANARY),
    ]
    assert chart.limits == (0.95,)
    assert chart.x[0] == ago(minutes=2).timestamp()
    assert chart.y[0] <= 0.8
    assert chart.y[1] >= 0.99
    assert [label for _, label in chart.y_ticks] == ["0.78", "0.95", "1"]


def test_without_an_update_the_chart_begins_with_the_first_point() -> None:
    own, here = charts()
    (chart,) = slo_charts(here, own, NOW, 5)
    assert chart.x[0] == NOW.timestamp() - 60


def test_a_query_that_cannot_be_separated_says_so() -> None:
    own = Slo((Gauge("x", ((Side.ALL, "q"),), LIMITS),))
    (chart,) = slo_charts(scene(rollout()), own, NOW, 5)
    assert chart.title == "x >= 0.95 (does not tell the versions apart)"
    assert chart.curves == ()


def test_only_finite_numbers_are_drawn() -> None:
    gauge = Gauge("x", ((Side.ALL, "q"),))
    wild = Series(points((-9, math.inf), (-8, -math.inf), (-7, math.nan), (-6, 1e300)))
    (chart,) = slo_charts(scene(rollout()), Slo((gauge,), {("x", Side.ALL): wild}), NOW, 5)
    assert all(math.isfinite(value) for curve in chart.curves for _, value in curve.points)
    assert all(map(math.isfinite, chart.y))
