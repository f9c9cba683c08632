from datetime import timedelta

import pytest

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.rules.abort import abort_cause, halted_step
from amas_tui.viewmodel.state import (
    NEEDS_HUMAN,
    Standing,
    State,
    halted_weight,
    shown_step,
    state,
)
from amas_tui.why.case import SILENCE
from tests.builders import (
    NEW,
    OLD,
    Json,
    aborted,
    ago,
    analysis_run,
    condition,
    failed_run,
    gate,
    healthy,
    invalid,
    pause,
    rollout,
    stamp,
    weight,
)

STEPS: tuple[Json, ...] = (
    weight(20),
    pause(),
    gate("x"),
    pause("1m"),
    {"experiment": {}},
    weight(50),
    {"plugin": {}},
)
UPDATE: Json = {
    "steps": STEPS,
    "conditions": [condition("Completed", "False", since=ago(minutes=9))],
}
LONG = SILENCE + timedelta(seconds=1)


def _blue(**status: object) -> Json:
    return {"blue_green": {"status": {"activeSelector": OLD, "previewSelector": NEW, **status}}}


STANDINGS = [
    pytest.param({"conditions": [invalid("x")], "abort": True}, Standing.INVALID, id="invalid"),
    pytest.param(
        {"abort": True, "aborted_at": ago(minutes=1), "conditions": [aborted("why")]},
        Standing.HALTED,
        id="halted",
    ),
    pytest.param(
        {"abort": True, "aborted_at": ago(minutes=1), "conditions": [aborted()]},
        Standing.ABORTED,
        id="aborted by a person",
    ),
    pytest.param({"abort": True}, Standing.ABORTING, id="abort not seen yet"),
    pytest.param({"observed": 2, "phase": "Healthy"}, Standing.UNOBSERVED, id="unobserved"),
    pytest.param({"controller_pause": True}, Standing.RESUMING, id="pause lifted"),
    pytest.param(
        {"phase": "Degraded", "message": "ProgressDeadlineExceeded: slow"},
        Standing.TIMED_OUT,
        id="timed out",
    ),
    pytest.param({"phase": "Degraded", "message": "x"}, Standing.DEGRADED, id="degraded"),
    pytest.param(
        {"promote_full": True, "paused": "CanaryPauseStep"}, Standing.PROMOTING, id="promoted fully"
    ),
    pytest.param(
        {**UPDATE, "step": 1, "paused": ["CanaryPauseStep", "InconclusiveAnalysisRun"]},
        Standing.INCONCLUSIVE,
        id="inconclusive before any other pause",
    ),
    pytest.param(
        {**UPDATE, "step": 1, "paused": "CanaryPauseStep", "held": True}, Standing.HELD, id="held"
    ),
    pytest.param(
        {**UPDATE, "step": 1, "paused": "CanaryPauseStep"}, Standing.WAITING, id="waits for a human"
    ),
    pytest.param(
        {**UPDATE, "step": 3, "paused": "CanaryPauseStep"}, Standing.PAUSING, id="timed pause"
    ),
    pytest.param({**_blue(), "paused": "BlueGreenPause"}, Standing.WAITING, id="blue-green waits"),
    pytest.param({"new": "", "stable": "", "phase": None}, Standing.UNKNOWN, id="never seen"),
    pytest.param({"spec": {"restartAt": stamp(ago(minutes=1))}}, Standing.RESTARTING, id="restart"),
    pytest.param({"phase": "Healthy", "stable": NEW}, Standing.HEALTHY, id="healthy"),
    pytest.param({"stable": ""}, Standing.DEPLOYING, id="first deployment"),
    pytest.param({"revision": 1, "stable": NEW}, Standing.DEPLOYING, id="first revision"),
    pytest.param({"stable": NEW}, Standing.PROGRESSING, id="promoted, pods not all there"),
    pytest.param({**UPDATE, "step": 0}, Standing.SCALING, id="weight step"),
    pytest.param({**UPDATE, "step": 2}, Standing.ANALYSING, id="analysis step"),
    pytest.param({**UPDATE, "step": 4}, Standing.EXPERIMENTING, id="experiment step"),
    pytest.param({**UPDATE, "step": 6}, Standing.PROGRESSING, id="plugin step"),
    pytest.param({**UPDATE, "step": 1}, Standing.PAUSING, id="pause not begun"),
    pytest.param({**UPDATE, "step": 7}, Standing.FINISHING, id="steps done"),
    pytest.param({"steps": ()}, Standing.SCALING, id="no steps"),
    pytest.param(
        {**UPDATE, "steps": [{"setCanaryScale": {"replicas": 1}}], "step": 0},
        Standing.SCALING,
        id="scale step",
    ),
    pytest.param(_blue(), Standing.SCALING, id="blue-green scales"),
    pytest.param(
        _blue(prePromotionAnalysisRunStatus={"status": "Running"}),
        Standing.ANALYSING,
        id="before promotion",
    ),
    pytest.param(
        _blue(postPromotionAnalysisRunStatus={"status": "Pending"}),
        Standing.ANALYSING,
        id="after promotion",
    ),
    pytest.param(
        _blue(prePromotionAnalysisRunStatus={"status": "Successful"}), Standing.SCALING, id="judged"
    ),
]


@pytest.mark.parametrize(("fields", "standing"), STANDINGS)
def test_a_rollout_stands_as_it_does(fields: Json, standing: Standing) -> None:
    assert state(rollout(**fields)).standing is standing


def test_every_standing_but_silence_is_told_apart_above() -> None:
    told = {param.values[1] for param in STANDINGS}
    assert told == set(Standing) - {Standing.SILENT, Standing.VERIFYING}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"abort": True}, id="abort"),
        pytest.param({"observed": 2}, id="spec"),
        pytest.param({"controller_pause": True}, id="promote"),
    ],
)
def test_a_controller_that_does_not_react_is_called_silent(fields: Json) -> None:
    assert state(rollout(**fields), untouched=SILENCE).standing is not Standing.SILENT
    silent = state(rollout(**fields), untouched=LONG)
    assert silent.standing is Standing.SILENT
    assert silent.needs_human


def test_what_needs_no_reaction_is_never_silent() -> None:
    assert state(healthy(), untouched=timedelta(days=9)).standing is Standing.HEALTHY


@pytest.mark.parametrize("standing", Standing)
def test_every_standing_has_a_sign_a_word_and_a_tone(standing: Standing) -> None:
    shown = State(standing)
    assert len(shown.glyph) == 1
    assert 0 < len(shown.word) <= 12
    assert shown.tone
    assert shown.needs_human == (standing in NEEDS_HUMAN)


def test_whoever_needs_a_human_comes_before_whoever_does_not() -> None:
    assert max(NEEDS_HUMAN) < min(set(Standing) - NEEDS_HUMAN)


@pytest.mark.parametrize(
    ("fields", "since"),
    [
        pytest.param({"conditions": [invalid("x")]}, ago(minutes=4), id="invalid"),
        pytest.param({"abort": True, "aborted_at": ago(minutes=3)}, ago(minutes=3), id="aborted"),
        pytest.param(
            {
                "steps": [pause()],
                "step": 0,
                "paused": "CanaryPauseStep",
                "paused_at": ago(minutes=7),
            },
            ago(minutes=7),
            id="waiting",
        ),
        pytest.param({**UPDATE, "step": 0}, ago(minutes=9), id="updating"),
        pytest.param(
            {"phase": "Degraded", "conditions": [condition("Progressing", since=ago(minutes=2))]},
            ago(minutes=2),
            id="degraded",
        ),
        pytest.param({"abort": True}, None, id="not known"),
    ],
)
def test_a_state_began_when_the_api_says(fields: Json, since: object) -> None:
    assert state(rollout(**fields)).since == since


def test_a_healthy_rollout_is_so_since_it_completed() -> None:
    assert state(healthy()).since == ago(days=3)


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        pytest.param(
            {"conditions": [aborted("success-rate failed")]}, "success-rate failed", id="condition"
        ),
        pytest.param({"conditions": [aborted()]}, "", id="a person"),
        pytest.param(
            {"message": "RolloutAborted: Rollout aborted update to revision 2: why: so"},
            "why: so",
            id="message",
        ),
        pytest.param(
            {"message": "RolloutAborted: Rollout aborted update to revision 2"},
            "",
            id="message of a person",
        ),
        pytest.param({"message": "something else: entirely"}, "", id="another message"),
        pytest.param(
            {"conditions": [condition("Progressing", reason="x", message="a: b")]},
            "",
            id="another reason",
        ),
        pytest.param({}, "", id="nothing"),
    ],
)
def test_the_cause_of_an_abort_is_what_the_controller_says(fields: Json, cause: str) -> None:
    assert abort_cause(rollout(**fields)) == cause


@pytest.mark.parametrize(
    ("runs", "step"),
    [
        pytest.param([failed_run(step=2)], 2, id="the failed run's"),
        pytest.param(
            [analysis_run("a", phase="Successful", step=5), failed_run(step=2)],
            2,
            id="not the good one's",
        ),
        pytest.param(
            [failed_run(name="a", step=0), failed_run(name="b", step=2)],
            2,
            id="the last of several",
        ),
        pytest.param([analysis_run(phase="Inconclusive", step=2)], 2, id="inconclusive"),
        pytest.param([analysis_run(phase="Successful", step=2)], 2, id="the last good one"),
        pytest.param([failed_run(type_="Background", step=None)], None, id="background"),
        pytest.param([failed_run(step=99)], None, id="beyond the steps"),
        pytest.param([], None, id="no run"),
    ],
)
def test_the_step_of_a_halt_is_known_from_its_run(
    runs: list[AnalysisRun], step: int | None
) -> None:
    assert halted_step(rollout(steps=STEPS), tuple(runs)) == step


def test_the_weight_of_a_halt_is_that_of_its_step() -> None:
    one = rollout(steps=STEPS, abort=True, aborted_at=ago(minutes=1), step=0)
    found = state(one, (failed_run(step=2),))
    assert (halted_weight(one, found), shown_step(one, found)) == (20, 2)
    unknown = state(one)
    assert (halted_weight(one, unknown), shown_step(one, unknown)) == (None, 0)
