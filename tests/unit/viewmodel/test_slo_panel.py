import math
from dataclasses import replace
from typing import Any

import pytest

from amas_tui.domain.watch import Applied
from amas_tui.rules.condition import Limit
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Gauge, Point, Series, Side, Slo
from amas_tui.store.snapshot import Fact, Snapshot
from amas_tui.viewmodel.slo_panel import (
    rollback_lines,
    short_slo_lines,
    slo_charts,
    slo_lines,
    slo_of,
    source_line,
    weight_steps,
    without_numbers,
)
from amas_tui.viewmodel.text import Line, Tone, plain
from tests.builders import (
    NEW,
    NOW,
    aborted,
    ago,
    condition,
    gate,
    metric,
    rollout,
    scene,
    template,
)

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
    result: tuple[float, ...] | None = None,
) -> Slo:
    gauge = Gauge("success-rate", BOTH, limits)
    series = {
        ("", query): Series(
            () if value is None else ((NOW.timestamp(), value),),
            series_problem,
            result if value is None else None,
        )
        for (_, query), value in zip(BOTH, (canary, stable), strict=True)
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
            slo(None, 0.99, result=()),
            "success-rate  canary no data  stable 0.99 ✔  >= 0.95",
            id="no data",
        ),
        pytest.param(
            slo(None, 0.99),
            "success-rate  canary being asked  stable 0.99 ✔  >= 0.95",
            id="no answer so far",
        ),
        pytest.param(
            slo(None, None, problem="x", series_problem="x"),
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
    assert text(slo_lines(found))[0] == line


def test_what_one_query_lacks_is_said_with_its_name() -> None:
    gauges = (Gauge("success-rate", ((Side.ALL, "a"),)), Gauge("error rate", ((Side.ALL, "b"),)))
    series = {("", "a"): Series(((1.0, 0.5),)), ("", "b"): Series((), "query b: 422 bad data")}
    told = text(slo_lines(Slo(gauges, series)))
    assert told[1:] == [
        "error rate    all versions not known",
        "error rate: query b: 422 bad data",
    ]
    assert len(short_slo_lines(Slo(gauges[:1], series), 3)) == 1


@pytest.mark.parametrize(
    ("here", "found", "words"),
    [
        pytest.param(
            scene(rollout(), unknown=[Kind.ANALYSIS_TEMPLATES]),
            Slo(),
            "reading the analysis templates …",
            id="templates on their way",
        ),
        pytest.param(
            scene(
                rollout(steps=[gate("t")]),
                template("t", metrics=[metric(address="http://prometheus:9090")]),
            ),
            Slo(),
            "asking Prometheus …",
            id="no answer so far",
        ),
        pytest.param(scene(rollout()), Slo(note="asking p …"), "asking p …", id="a given server"),
        pytest.param(
            scene(rollout()),
            Slo(),
            "no template here names a Prometheus; give one with --prometheus-url",
            id="none at all",
        ),
    ],
)
def test_what_is_still_being_read_is_not_called_missing(
    here: Scene, found: Slo, words: str
) -> None:
    assert without_numbers(here, found) == words


def test_good_and_bad_have_their_tones() -> None:
    (line,) = slo_lines(slo(0.8, 0.99))
    tones = {span.text.strip(): span.tone for span in line}
    assert tones["✖"] is Tone.BAD
    assert tones["✔"] is Tone.GOOD


def test_a_problem_is_said_beneath() -> None:
    found = slo(0.9, 0.9, problem="Prometheus did not answer", series_problem="x")
    assert text(slo_lines(found)) == [
        "success-rate  canary 0.9 (old)  stable 0.9 (old)  >= 0.95",
        "Prometheus did not answer",
    ]


@pytest.mark.parametrize(
    ("seconds", "words", "tone"),
    [
        pytest.param(14, "last sample just now", Tone.DIM, id="fresh"),
        pytest.param(19, "last sample 15s ago", Tone.DIM, id="in steps of five seconds"),
        pytest.param(95, "last sample 1m35s ago", Tone.WARN, id="old"),
    ],
)
def test_where_the_numbers_come_from_is_said_with_their_age(
    seconds: float, words: str, tone: Tone
) -> None:
    line = source_line(replace(slo(0.9, seconds=seconds), source="prom:9090 (as given)"), NOW)
    assert plain(line) == f" {words}, from prom:9090 (as given)"
    assert line[0].tone is tone


def test_without_an_answer_the_source_says_so() -> None:
    assert plain(source_line(Slo(source="prom"), NOW)) == " from prom: no answer yet"
    assert source_line(Slo(), NOW) == ()


def many(**bad: float) -> Slo:
    gauges = [Gauge(name, ((Side.ALL, name),), LIMITS) for name in ("a", "b", "c", "d")]
    values = {name: bad.get(name, 0.99) for name in ("a", "b", "c", "d")}
    series = {("", name): Series(((1.0, value),)) for name, value in values.items()}
    return Slo(tuple(gauges), series)


def test_where_room_is_short_what_fails_is_shown_in_its_place() -> None:
    shown = [line.split()[0] for line in text(short_slo_lines(many(d=0.5, b=0.5), 3))]
    assert shown == ["a", "b", "d"]
    assert text(short_slo_lines(many(), 0)) == []


def test_the_verdict_is_the_conditions_own_not_the_limits() -> None:
    gauge = Gauge("x", ((Side.ALL, "q"),), LIMITS, success="result[0] >= 0.95 || true")
    found = Slo((gauge,), {("", "q"): Series(((1.0, 0.5),), result=(0.5,))})
    assert text(slo_lines(found)) == ["x  all versions 0.5 ✔  >= 0.95"]


def test_an_answer_without_data_is_no_old_value() -> None:
    gauge = Gauge("x", ((Side.ALL, "q"),), LIMITS)
    found = Slo((gauge,), {("", "q"): Series(((1.0, 0.99),), result=())})
    assert text(slo_lines(found)) == ["x  all versions no data  >= 0.95"]


def test_without_gauges_there_is_no_line() -> None:
    assert slo_lines(Slo()) == ()


def test_names_stand_in_one_column() -> None:
    gauges = (Gauge("a", ((Side.ALL, "q"),)), Gauge("longer", ((Side.ALL, "q"),)))
    lines = [plain(line) for line in slo_lines(Slo(gauges))]
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
        ("", "a"): Series(points((-60, 0.9), (-55, math.nan), (-50, 0.8), (-45, 0.85))),
        ("", "b"): Series(points((-60, 0.99), (-55, 0.98))),
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
    (chart,) = slo_charts(scene(rollout()), Slo((gauge,), {("", "q"): wild}), NOW, 5)
    assert all(math.isfinite(value) for curve in chart.curves for _, value in curve.points)
    assert all(map(math.isfinite, chart.y))


def percentiles() -> Slo:
    limit = {"p95": (Limit("<=", 3.0),)}
    gauges = tuple(
        Gauge(f"latency {name}", ((Side.ALL, name),), limit.get(name, ()), family="latency")
        for name in ("p50", "p95", "p99")
    )
    values = {"p50": 0.05, "p95": 0.3, "p99": 4.0}
    series = {
        ("", name): Series(points((-9, value), (-5, value))) for name, value in values.items()
    }
    return Slo(gauges, series)


def test_percentiles_share_a_line_and_the_one_with_the_limit_judges() -> None:
    assert text(slo_lines(percentiles())) == [
        "latency p50/p95/p99  all versions .05/.3/4 ✔  <= 3 (p95)"
    ]


def test_percentiles_share_a_chart_in_which_the_judged_one_is_solid() -> None:
    (chart,) = slo_charts(scene(rollout()), percentiles(), NOW, 5)
    assert [curve.is_faint for curve in chart.curves] == [True, True, False]
    assert chart.title.startswith("latency p50/p95/p99 <= 3")


def test_a_gate_that_fails_is_drawn_first() -> None:
    found = slo_charts(scene(rollout()), many(c=0.5), NOW, 5)
    assert [chart.title.split()[0] for chart in found] == ["c", "a", "b", "d"]


def test_the_weight_stands_under_every_chart_up_to_now() -> None:
    versions = [
        (ago(minutes=3), rollout(routed=True, weights=(0, NEW))),
        (ago(minutes=2), rollout(routed=True, weights=(25, NEW))),
    ]
    picture = Snapshot()
    for at, version in versions:
        picture = picture.after([Fact(StreamId(Kind.ROLLOUTS), Applied(version), at)])
    here = Scene(versions[-1][1], picture)
    (chart,) = slo_charts(here, slo(0.9, 0.9), NOW, 5)
    assert chart.steps == (
        (ago(minutes=3).timestamp(), "0"),
        (ago(minutes=2).timestamp(), "25"),
        (NOW.timestamp(), ""),
    )
    assert weight_steps(Scene(here.rollout, Snapshot()), NOW) == ()


def test_rollbacks_are_told_newest_first() -> None:
    cause = "Step-based analysis phase error/failed: why"
    here = scene(
        rollout(
            abort=True,
            aborted_at=ago(minutes=3),
            phase="Degraded",
            conditions=[aborted(cause, at=ago(minutes=3))],
        )
    )
    (line,) = rollback_lines(here, NOW)
    assert plain(line).startswith(" rollback 14:04:21 revision 2 taken back by the controller")
    assert rollback_lines(scene(rollout()), NOW) == ()
