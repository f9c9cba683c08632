from datetime import timedelta

import pytest

from amas_tui.rules.pause import Pause, Waiting, pauses
from tests.builders import NOW, Json, ago, condition, pause, rollout, weight

_SINCE = ago(seconds=40)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param(
            {"steps": [pause()], "paused": "CanaryPauseStep"},
            [(Waiting.HUMAN, None)],
            id="pause without an end",
        ),
        pytest.param(
            {"steps": [pause("1m")], "paused": "CanaryPauseStep"},
            [(Waiting.TIMER, 20)],
            id="timed pause",
        ),
        pytest.param(
            {"steps": [pause(30)], "paused": "CanaryPauseStep"},
            [(Waiting.TIMER, -10)],
            id="over by now",
        ),
        pytest.param(
            {"steps": [pause("soon")], "paused": "CanaryPauseStep"},
            [(Waiting.HUMAN, None)],
            id="unreadable duration",
        ),
        pytest.param(
            {"steps": [weight(5)], "paused": "CanaryPauseStep"},
            [(Waiting.HUMAN, None)],
            id="the steps were changed",
        ),
        pytest.param(
            {"steps": [pause("1m")], "step": 7, "paused": "CanaryPauseStep"},
            [(Waiting.HUMAN, None)],
            id="the steps were removed",
        ),
        pytest.param(
            {"blue_green": {"autoPromotionEnabled": False}, "paused": "BlueGreenPause"},
            [(Waiting.HUMAN, None)],
            id="blue-green for a human",
        ),
        pytest.param(
            {"blue_green": {"autoPromotionSeconds": 60}, "paused": "BlueGreenPause"},
            [(Waiting.TIMER, 20)],
            id="blue-green timer",
        ),
        pytest.param(
            {
                "blue_green": {"autoPromotionEnabled": False, "autoPromotionSeconds": 60},
                "paused": "BlueGreenPause",
            },
            [(Waiting.HUMAN, None)],
            id="the switch wins over the timer",
        ),
        pytest.param(
            {"blue_green": {}, "paused": "BlueGreenPause"},
            [(Waiting.HUMAN, None)],
            id="blue-green without a timer",
        ),
        pytest.param({"paused": "BlueGreenPause"}, [(Waiting.HUMAN, None)], id="strategy changed"),
        pytest.param(
            {"paused": "InconclusiveAnalysisRun"},
            [(Waiting.INCONCLUSIVE, None)],
            id="inconclusive analysis",
        ),
        pytest.param(
            {"paused": "InconclusiveExperiment"},
            [(Waiting.INCONCLUSIVE, None)],
            id="inconclusive experiment",
        ),
        pytest.param({"paused": "LunchBreak"}, [(Waiting.HUMAN, None)], id="unknown reason"),
        pytest.param({"held": True}, [(Waiting.SPEC, None)], id="held"),
        pytest.param(
            {"held": True, "steps": [pause("1m")], "paused": "CanaryPauseStep"},
            [(Waiting.TIMER, 20), (Waiting.SPEC, None)],
            id="both, the controller's first",
        ),
        pytest.param(
            {"steps": [pause()], "paused": ["CanaryPauseStep", "InconclusiveAnalysisRun"]},
            [(Waiting.HUMAN, None), (Waiting.INCONCLUSIVE, None)],
            id="two conditions",
        ),
    ],
)
def test_every_reason_to_stand_still_is_found(
    fields: Json, expected: list[tuple[Waiting, int | None]]
) -> None:
    found = pauses(rollout(**{"step": 0, "paused_at": _SINCE, **fields}))
    left = [
        (one.waiting, None if one.until is None else (one.until - NOW).total_seconds())
        for one in found
    ]
    assert left == expected


def test_a_pause_began_when_its_condition_says() -> None:
    (found,) = pauses(rollout(paused="CanaryPauseStep", paused_at=_SINCE))
    assert found.since == _SINCE


def test_a_hold_began_when_the_controller_saw_it() -> None:
    (seen,) = pauses(rollout(held=True, conditions=[condition("Paused", since=_SINCE)]))
    (unseen,) = pauses(rollout(held=True))
    assert (seen.since, unseen.since) == (_SINCE, None)


def test_a_timer_without_its_start_has_no_end() -> None:
    raw = {"pauseConditions": [{"reason": "CanaryPauseStep"}]}
    (found,) = pauses(rollout(steps=[pause("1m")], step=0, status=raw))
    assert (found.waiting, found.until) == (Waiting.TIMER, None)


def test_what_is_left_is_never_negative() -> None:
    assert Pause(Waiting.TIMER, None, ago(minutes=1)).remaining(NOW) == timedelta(0)
    assert Pause(Waiting.TIMER, None, NOW).remaining(ago(seconds=9)) == timedelta(seconds=9)
    assert Pause(Waiting.HUMAN).remaining(NOW) is None
