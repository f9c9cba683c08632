from datetime import datetime, timedelta
from typing import Any

import pytest

from amas_tui.domain.watch import Applied
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Fact
from amas_tui.viewmodel.pace import Pace, pace, pace_line, step_times
from amas_tui.viewmodel.text import plain
from tests.builders import (
    NEW,
    NOW,
    Thing,
    ago,
    analysis_run,
    condition,
    gate,
    metric,
    pause,
    rollout,
    scene,
    snapshot,
    template,
    weight,
)

STEPS = (weight(10), pause("1m"), weight(25), gate("t"), weight(50), pause(), weight(75))
TEMPLATE = template("t", metrics=[metric(count=3, interval="10s")])


def seen(*versions: tuple[datetime, dict[str, Any]], things: tuple[Thing, ...] = ()) -> Scene:
    """Return the scene after a rollout was seen like this at those moments."""
    picture = snapshot(TEMPLATE, *things, unknown=[Kind.ROLLOUTS])
    newest = rollout()
    for at, fields in versions:
        newest = rollout(**{"steps": STEPS, "routed": True, **fields})
        picture = picture.after([Fact(StreamId(Kind.ROLLOUTS), Applied(newest), at)])
    return Scene(newest, picture)


def at_step(index: int, **more: Any) -> dict[str, Any]:
    return {"step": index, "weights": (index, NEW), **more}


def test_the_time_of_each_step_is_what_was_seen_of_it() -> None:
    here = seen(
        (ago(seconds=100), at_step(0)),
        (ago(seconds=90), at_step(1)),
        (ago(seconds=30), at_step(2)),
        (ago(seconds=18), at_step(3)),
    )
    # Nobody saw when the first one began.
    assert step_times(here) == ((1, timedelta(seconds=60)), (2, timedelta(seconds=12)))


def test_a_step_that_was_skipped_or_taken_back_has_no_time() -> None:
    here = seen(
        (ago(seconds=100), at_step(0)),
        (ago(seconds=90), at_step(1)),
        (ago(seconds=80), at_step(4)),
        (ago(seconds=70), at_step(0)),
    )
    assert step_times(here) == ()


def test_after_an_abort_the_times_begin_anew() -> None:
    here = seen(
        (ago(seconds=100), at_step(0)),
        (ago(seconds=90), at_step(1)),
        (ago(seconds=80), at_step(2)),
        (ago(seconds=70), at_step(0, abort=True)),
        (ago(seconds=60), at_step(0)),
    )
    assert step_times(here) == ()


def test_the_rest_is_a_range_that_ends_where_a_human_must_act() -> None:
    here = seen((ago(seconds=5), at_step(2)))
    found = pace(here, NOW)
    assert found is not None
    # weight 25, gate (20 s), weight 50, then a human.
    assert found.least == timedelta(seconds=20)
    assert found.most > timedelta(seconds=20 + 30)
    assert (found.human, found.is_seen) == (5, False)


def test_the_slowest_change_of_weight_that_was_seen_counts() -> None:
    here = seen(
        (ago(seconds=100), at_step(1)), (ago(seconds=90), at_step(2)), (ago(seconds=50), at_step(3))
    )
    found = pace(here, NOW)
    assert found is not None
    assert (found.slowest, found.is_seen) == (timedelta(seconds=40), True)


def test_what_the_step_at_hand_has_taken_is_not_left() -> None:
    paused = at_step(1, paused="CanaryPauseStep", paused_at=ago(seconds=45))
    early, late = (
        pace(seen((ago(seconds=45), paused)), moment) for moment in (ago(seconds=45), NOW)
    )
    assert early is not None
    assert late is not None
    assert early.least - late.least == timedelta(seconds=45)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"stable": NEW}, id="no update"),
        pytest.param({"abort": True}, id="aborted"),
        pytest.param({"steps": ()}, id="no steps"),
    ],
)
def test_where_nothing_moves_nothing_is_forecast(fields: dict[str, Any]) -> None:
    here = scene(rollout(**{"steps": STEPS, **fields}))
    assert pace(here, NOW) is None
    assert pace_line(here, NOW) == ()


def test_the_line_says_what_it_assumes() -> None:
    here = seen(
        (ago(seconds=100), at_step(1)),
        (ago(seconds=90), at_step(2)),
        (ago(seconds=50), at_step(3)),
    )
    assert plain(pace_line(here, NOW)) == (
        " this step 50s  0s–40s until step 6 waits for you (if gates pass, pods start within 40s)"
        "  took: 25 40s"
    )


def test_at_a_human_nothing_is_guessed() -> None:
    here = seen((ago(minutes=5), at_step(5, paused="CanaryPauseStep", paused_at=ago(minutes=5))))
    assert pace(here, NOW) == Pace(
        timedelta(0), timedelta(0), timedelta(seconds=30), is_seen=False, human=5
    )
    assert pace_line(here, NOW) == ()


def test_the_whole_way_is_to_go_where_no_human_waits() -> None:
    steps = (weight(10), pause("1m"), weight(100))
    here = seen((NOW, at_step(1, steps=steps, paused="CanaryPauseStep", paused_at=NOW)))
    assert plain(pace_line(here, NOW)) == (" 1m–1m30s to go (if gates pass, pods may take 30s)")


def test_a_gate_at_hand_counts_from_its_run() -> None:
    status = {
        "canary": {
            "currentStepAnalysisRunStatus": {"name": "run", "status": "Running"},
            "weights": {"canary": {"weight": 25, "podTemplateHash": NEW}},
        }
    }
    run = analysis_run("run", started=ago(seconds=15))
    here = seen((ago(seconds=15), at_step(3, status=status)), things=(run,))
    found = pace(here, NOW)
    assert found is not None
    assert found.least == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("since", "words"),
    [
        pytest.param(ago(minutes=6), "times out in 4m", id="near"),
        pytest.param(ago(minutes=11), "times out in 0s", id="any moment"),
        pytest.param(ago(minutes=1), None, id="far"),
    ],
)
def test_the_progress_deadline_is_counted_down_once_it_is_near(
    since: datetime, words: str | None
) -> None:
    going = condition("Progressing", reason="ReplicaSetUpdated", since=since)
    line = plain(pace_line(seen((since, at_step(0, conditions=[going]))), NOW))
    assert (words in line) if words else ("times out" not in line)
