from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from amas_tui.domain.rollout import Rollout
from amas_tui.domain.watch import Applied, Lost
from amas_tui.errors import ForbiddenError, UnreachableError
from amas_tui.rules.traffic import standing
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Fact
from amas_tui.viewmodel.chart import Chart, Curve
from amas_tui.viewmodel.text import Tone, plain
from amas_tui.viewmodel.traffic import planned_length, traffic_chart, truth_lines
from amas_tui.why.diagnosis import diagnose
from tests.builders import (
    NEW,
    NOW,
    OLD,
    Json,
    Thing,
    ago,
    analysis_run,
    condition,
    endpoint_slice,
    gate,
    ingress,
    invalid,
    metric,
    pause,
    pod,
    replica_set,
    rollout,
    scene,
    service,
    snapshot,
    stable_set,
    stamp,
    template,
    weight,
)

STEPS = (weight(20), pause("2m"), weight(50), pause("1m"), weight(75))
BEGAN = ago(minutes=9)
UPDATE: Json = {
    "steps": STEPS,
    "routed": True,
    "conditions": [condition("Completed", "False", since=BEGAN)],
}


def seen(*versions: tuple[datetime, Rollout], things: tuple[Thing, ...] = ()) -> Scene:
    """Return the scene after these versions of a rollout were seen at those moments."""
    (_, newest) = versions[-1]
    picture = snapshot(*things, unknown=[Kind.ROLLOUTS])
    for at, version in versions:
        picture = picture.after([Fact(StreamId(Kind.ROLLOUTS), Applied(version), at)])
    return Scene(newest, picture)


def on_the_way(share: int, step: int, **more: Any) -> Rollout:
    return rollout(**{**UPDATE, "weights": (share, NEW), "step": step, **more})


def values(curve: Curve) -> list[tuple[float, float]]:
    """Return a curve's corners in minutes before now."""
    return [((at - NOW.timestamp()) / 60, value) for at, value in curve.points]


def solid(chart: Chart) -> list[Curve]:
    return [curve for curve in chart.curves if not curve.is_planned]


def planned(chart: Chart) -> list[Curve]:
    return [curve for curve in chart.curves if curve.is_planned]


def test_what_was_seen_is_drawn_as_steps_up_to_now() -> None:
    here = seen((ago(minutes=8), on_the_way(0, 0)), (ago(minutes=6), on_the_way(20, 1)))
    (curve,) = solid(traffic_chart(here, NOW, 5))
    assert values(curve) == [(-8, 0), (-6, 0), (-6, 20), (0, 20)]
    assert curve.tone is Tone.CANARY


def test_what_was_not_seen_for_want_of_a_connection_is_not_drawn() -> None:
    here = seen((ago(minutes=6), on_the_way(20, 1)))
    lost = Fact(StreamId(Kind.ROLLOUTS), Lost(UnreachableError("no route")), NOW)
    word = here.snapshot.streams[StreamId(Kind.ROLLOUTS)].seen_at
    assert word is not None
    later = NOW + timedelta(minutes=3)
    chart = traffic_chart(Scene(here.rollout, here.snapshot.after([lost])), later, 5)
    (curve,) = solid(chart)
    assert curve.points[-1][0] == word.timestamp() < later.timestamp()


def test_before_the_first_sample_nothing_is_claimed() -> None:
    here = seen((ago(minutes=3), on_the_way(20, 1)))
    chart = traffic_chart(here, NOW, 5)
    (curve,) = solid(chart)
    assert chart.x[0] == BEGAN.timestamp()
    assert values(curve)[0] == (-3, 20)


def test_a_sample_from_before_the_update_counts_from_its_start() -> None:
    here = seen((ago(hours=2), on_the_way(0, 0)), (ago(minutes=5), on_the_way(20, 1)))
    (curve,) = solid(traffic_chart(here, NOW, 5))
    assert values(curve)[0] == (-9, 0)


def test_a_gap_in_what_is_known_is_a_gap_in_the_curve() -> None:
    unknown = rollout(**{**UPDATE, "new": NEW, "routed": False, "blue_green": {"status": {}}})
    here = seen(
        (ago(minutes=8), on_the_way(20, 1)),
        (ago(minutes=6), unknown),
        (ago(minutes=4), on_the_way(50, 2)),
    )
    parts = solid(traffic_chart(here, NOW, 5))
    assert [values(part) for part in parts] == [[(-8, 20), (-6, 20)], [(-4, 50), (0, 50)]]


def test_after_its_promotion_the_newest_revision_stays_at_100() -> None:
    done = rollout(steps=STEPS, routed=True, weights=(0, NEW), stable=NEW, step=5, phase="Healthy")
    here = seen((ago(minutes=3), on_the_way(75, 4)), (ago(minutes=1), done))
    (curve,) = solid(traffic_chart(here, NOW, 5))
    assert values(curve)[-1] == (0, 100)


def test_our_clock_is_corrected_by_the_servers() -> None:
    here = seen((ago(minutes=5), on_the_way(20, 1)))
    ahead = Scene(here.rollout, here.snapshot.after([]))
    object.__setattr__(ahead.snapshot, "clock_offset", timedelta(minutes=2))
    (curve,) = solid(traffic_chart(ahead, NOW, 5))
    assert values(curve)[0] == (-3, 20)


def test_what_is_planned_begins_with_the_step_at_hand() -> None:
    paused = on_the_way(20, 1, paused="CanaryPauseStep", paused_at=ago(minutes=1))
    (plan,) = planned(traffic_chart(seen((ago(minutes=1), paused)), NOW, 5))
    # The pause ends in a minute, the next one a minute later; scaling counts as no time.
    assert list(dict.fromkeys(values(plan))) == [
        (-1, 20),
        (1, 20),
        (1, 50),
        (2, 50),
        (2, 75),
        (2, 100),
    ]


def test_the_plan_stands_still_while_the_step_runs() -> None:
    paused = on_the_way(20, 1, paused="CanaryPauseStep", paused_at=ago(minutes=1))
    here = seen((ago(minutes=1), paused))
    later = NOW + timedelta(seconds=30)
    assert planned(traffic_chart(here, NOW, 5)) == planned(traffic_chart(here, later, 5))


def test_a_step_that_takes_longer_pushes_the_plan() -> None:
    paused = on_the_way(20, 1, paused="CanaryPauseStep", paused_at=ago(minutes=7))
    (plan,) = planned(traffic_chart(seen((ago(minutes=7), paused)), NOW, 5))
    assert (0, 50) in values(plan)


def test_where_a_human_must_act_the_plan_ends() -> None:
    steps = (weight(20), pause(), weight(50))
    waiting = rollout(
        **{
            **UPDATE,
            "steps": steps,
            "weights": (20, NEW),
            "step": 1,
            "paused": "CanaryPauseStep",
            "paused_at": ago(minutes=1),
        }
    )
    (plan,) = planned(traffic_chart(seen((ago(minutes=1), waiting)), NOW, 5))
    assert {value for _, value in values(plan)} == {20.0}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(
            {"abort": True, "aborted_at": ago(minutes=1), "weights": (0, NEW)}, id="aborted"
        ),
        pytest.param({"stable": NEW, "step": 5, "weights": (0, NEW)}, id="promoted"),
    ],
)
def test_nothing_is_planned_when_nothing_moves(fields: Json) -> None:
    one = rollout(**{**UPDATE, **fields})
    assert planned(traffic_chart(seen((ago(minutes=1), one)), NOW, 5)) == []


def test_a_halt_is_marked_where_it_happened() -> None:
    halted = on_the_way(0, 0, abort=True, aborted_at=ago(minutes=2))
    here = seen((ago(minutes=5), on_the_way(50, 2)), (ago(minutes=2), halted))
    chart = traffic_chart(here, NOW, 5)
    (mark,) = chart.marks
    assert (mark.at, mark.text, mark.tone) == (ago(minutes=2).timestamp(), "✖ halted", Tone.BAD)
    assert not traffic_chart(seen((ago(minutes=5), on_the_way(50, 2))), NOW, 5).marks


def test_an_axis_reaches_to_the_planned_end() -> None:
    paused = on_the_way(20, 1, paused="CanaryPauseStep", paused_at=ago(minutes=1))
    chart = traffic_chart(seen((ago(minutes=1), paused)), NOW, 5)
    assert chart.x[1] >= (NOW + timedelta(minutes=2)).timestamp()
    assert (chart.title, chart.y) == ("traffic to revision 2, %", (0.0, 100.0))


@pytest.mark.parametrize(
    ("step", "length"),
    [
        pytest.param(weight(20), 0, id="scaling takes as long as it takes"),
        pytest.param(pause("1m30s"), 90, id="pause"),
        pytest.param(pause(), None, id="pause for a human"),
        pytest.param(gate("once"), 0, id="one measurement"),
        pytest.param(gate("slow"), 50, id="the slowest metric"),
        pytest.param(gate("once", "slow"), 50, id="the slowest template"),
        pytest.param(gate("unknown"), 0, id="a template nobody knows"),
        pytest.param({"experiment": {"duration": "2m"}}, 120, id="experiment"),
        pytest.param({"experiment": {}}, None, id="experiment without an end"),
        pytest.param({**weight(20), **pause("10s")}, 10, id="two kinds"),
    ],
)
def test_a_step_has_a_planned_length(step: Json, length: int | None) -> None:
    slow = template(
        "slow",
        metrics=[
            metric("a", count=5, interval="10s", initialDelay="10s"),
            metric("b", count=2, interval="5s"),
        ],
    )
    here = scene(rollout(steps=[step]), template("once"), slow)
    found = planned_length(here, here.rollout.steps[0])
    assert found == (None if length is None else timedelta(seconds=length))


def test_the_plan_of_an_analysis_begins_with_its_run() -> None:
    steps = (weight(20), gate("slow"), weight(50))
    status = {
        "canary": {
            "currentStepAnalysisRunStatus": {"name": "run", "status": "Running"},
            "weights": {"canary": {"weight": 20, "podTemplateHash": NEW}},
        }
    }
    one = rollout(**{**UPDATE, "steps": steps, "step": 1, "status": status})
    things = (
        analysis_run("run", started=ago(seconds=30)),
        template("slow", metrics=[metric(count=7, interval="10s")]),
    )
    (plan,) = planned(traffic_chart(seen((NOW, one), things=things), NOW, 5))
    assert values(plan)[:3] == [(-0.5, 20), (0.5, 20), (0.5, 50)]


def truth(fields: Json, *things: Thing, unknown: tuple[Kind, ...] = ()) -> str:
    lines = truth_lines(scene(rollout(**fields), *things, unknown=unknown), NOW)
    return plain(lines[0]).strip()


ROUTED: Json = {"routed": True, "weights": (20, NEW)}


@pytest.mark.parametrize(
    ("fields", "things", "line"),
    [
        pytest.param(ROUTED, [ingress(weight_=20)], "ingress 20% = status 20% ✔", id="agree"),
        pytest.param(
            ROUTED, [ingress(weight_=50)], "ingress 50%, status 20% …", id="disagree, for a moment"
        ),
        pytest.param(ROUTED, [], "ingress missing, status 20% …", id="no Ingress"),
        pytest.param(
            {"routed": True, "weights": (0, NEW)}, [], "no canary ingress, status 0%", id="none yet"
        ),
        pytest.param(
            {"canary": {"trafficRouting": {"istio": {}}}, "weights": (20, NEW)},
            [],
            "status 20%, istio not read here",
            id="another router",
        ),
        pytest.param({}, [], "", id="no router"),
        pytest.param(
            ROUTED,
            [ingress(weight_=20), service("checkout-stable", NEW), stable_set(replicas=1)],
            "ingress 20% = status 20% ✔  services …  stable 0/1 ready",
            id="the Service selects the wrong one",
        ),
        pytest.param(
            {**ROUTED, "promote_full": True},
            [ingress(weight_=20), service("checkout-stable", NEW)],
            "ingress 20% = status 20% ✔  services ✔",
            id="the Service is being switched",
        ),
        pytest.param(
            ROUTED,
            [ingress(weight_=20), service("checkout-stable", OLD)],
            "ingress 20% = status 20% ✔  services ✔",
            id="the Service is right",
        ),
        pytest.param(
            {**ROUTED, "conditions": [invalid("service not found")]},
            [ingress(weight_=20), service("checkout-canary", NEW)],
            "ingress 20% = status 20% ✔  checkout-stable missing ✖",
            id="a Service is gone",
        ),
        pytest.param(
            {},
            [stable_set(replicas=2), pod("a", of=OLD), pod("b", of=OLD)],
            "stable 2/2 ready",
            id="stable",
        ),
        pytest.param(
            {},
            [
                stable_set(replicas=2),
                replica_set(replicas=3),
                pod("a", of=OLD),
                pod("b"),
                pod("c", ready=False),
            ],
            "stable 1/2 ready  canary 1/3",
            id="both",
        ),
        pytest.param(
            {},
            [
                replica_set(
                    replicas=1, annotations={"scale-down-deadline": str(stamp(ago(seconds=-24)))}
                ),
                pod("b"),
            ],
            "canary 1/1, gone in 25s",
            id="canary on its way out",
        ),
        pytest.param(
            {},
            [
                replica_set(
                    replicas=1, annotations={"scale-down-deadline": str(stamp(ago(seconds=4)))}
                ),
                pod("b"),
            ],
            "canary 1/1",
            id="deadline passed",
        ),
        pytest.param(
            {"stable": NEW},
            [replica_set(replicas=1), pod("b")],
            "stable 1/1 ready",
            id="promoted: there is no canary",
        ),
    ],
)
def test_the_truth_line_says_whether_all_agree(
    fields: Json, things: list[Thing], line: str
) -> None:
    assert truth(fields, *things) == line


def test_a_blue_green_rollout_has_a_preview_and_no_canary() -> None:
    found = truth({"blue_green": {"status": {}}}, stable_set(), replica_set(replicas=2), pod("b"))
    assert "preview 1/2" in found
    assert "canary" not in found


def test_what_may_not_be_read_is_said() -> None:
    here = scene(rollout(**ROUTED), unknown=[Kind.INGRESSES])
    assert plain(truth_lines(here, NOW)[0]).strip() == "status 20%, ingress not read yet"
    refused = Fact(StreamId(Kind.INGRESSES), Lost(ForbiddenError("no", status=403)), NOW)
    denied = Scene(here.rollout, here.snapshot.after([refused]))
    assert plain(truth_lines(denied, NOW)[0]).strip() == "status 20%, ingress may not be read"


def test_a_lost_connection_is_not_called_a_missing_right() -> None:
    here = scene(rollout(**ROUTED), unknown=[Kind.INGRESSES])
    lost = Fact(StreamId(Kind.INGRESSES), Lost(UnreachableError("no route")), NOW)
    away = Scene(here.rollout, here.snapshot.after([lost]))
    assert plain(truth_lines(away, NOW)[0]).strip() == "status 20%, ingress cannot be read now"


def test_pods_are_not_counted_before_they_are_known() -> None:
    assert truth({}, stable_set(), replica_set(), unknown=(Kind.PODS,)) == ""


def differing(here: Scene, **ago_: float) -> Scene:
    """Return the scene when all its differences have stood since then."""
    since = standing({}, here.differences, ago(**ago_))
    return Scene(here.rollout, replace(here.snapshot, differing={here.rollout.uid: since}))


def test_a_difference_that_stands_is_a_fault_with_a_line_of_its_own() -> None:
    here = differing(scene(rollout(**ROUTED), ingress(weight_=50)), seconds=5)
    first, second = truth_lines(here, NOW)
    assert plain(first).strip() == "ingress 50%, status 20% ✖"
    assert plain(second).strip() == (
        "✖ ingress/checkout-checkout-stable-canary sends 50%, the status says 20%"
    )
    assert {span.tone for span in (*first, *second) if span.text.strip()} == {Tone.BAD}


def test_a_difference_of_a_moment_is_not_bad() -> None:
    here = differing(scene(rollout(**ROUTED), ingress(weight_=50)), seconds=2)
    (line,) = truth_lines(here, NOW)
    assert Tone.BAD not in {span.tone for span in line}


@pytest.mark.parametrize("seconds", [0, 1, 2, 2.9, 3, 4, 5, 60])
def test_why_and_the_truth_line_call_a_difference_a_fault_at_the_same_moment(
    seconds: float,
) -> None:
    here = differing(scene(rollout(**ROUTED), ingress(weight_=50)), seconds=seconds)
    told = any("sends 50%" in plain(line) for line in truth_lines(here, NOW))
    found = any("sends 50%" in one.finding.sentence for one in diagnose(here, NOW).found)
    assert told is found is (seconds >= 3)


def test_the_canary_service_is_not_judged_while_an_abort_flaps_it() -> None:
    aborted = rollout(
        routed=True, weights=(0, NEW), abort=True, aborted_at=ago(seconds=9), phase="Degraded"
    )
    here = scene(
        aborted,
        ingress(weight_=0),
        service("checkout-canary", "somebody"),
        service("checkout-stable", OLD),
        replica_set(replicas=1),
        stable_set(replicas=1),
        pod("a", of=OLD),
        endpoint_slice("checkout-stable", [True]),
    )
    first, note = truth_lines(differing(here, minutes=1), NOW)
    assert "services ✔" in plain(first)
    assert plain(note).strip().endswith("not judged")
    assert {span.tone for span in note} == {Tone.DIM}


def test_an_old_version_that_waits_out_its_delay_is_counted_down() -> None:
    old = replica_set(
        OLD,
        revision=1,
        replicas=3,
        annotations={"scale-down-deadline": str(stamp(ago(seconds=-70)))},
    )
    line = truth({"stable": NEW}, replica_set(replicas=1), pod("b"), old)
    assert line == "stable 1/1 ready  rev 1 0/3, gone in 1m10s"
