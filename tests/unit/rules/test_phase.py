import pytest

from amas_tui.domain.rollout import Phase
from amas_tui.rules.phase import (
    computed_verdict,
    is_observed,
    is_restarting,
    is_unpausing,
    is_workload_observed,
    rollout_verdict,
)
from tests.builders import NEW, OLD, Json, ago, condition, gate, rollout, stamp

_WORKLOAD = {"kind": "Deployment", "name": "checkout"}
_GENERATION = "rollout.argoproj.io/workload-generation"


@pytest.mark.parametrize(
    ("observed", "seen"),
    [
        pytest.param("3", True, id="the same"),
        pytest.param("2", False, id="older"),
        pytest.param("4", True, id="newer"),
        pytest.param("", True, id="absent"),
        pytest.param("abc", True, id="a hash of an old controller"),
        pytest.param("-1", True, id="negative"),
    ],
)
def test_the_spec_is_unobserved_only_while_the_number_is_smaller(
    *, observed: str, seen: bool
) -> None:
    assert is_observed(rollout(generation=3, observed=observed)) is seen


@pytest.mark.parametrize(
    ("wanted", "seen", "observed"),
    [
        pytest.param("2", "2", True, id="the same"),
        pytest.param("2", "1", False, id="older"),
        pytest.param("1", "2", False, id="newer is different too"),
        pytest.param(None, "1", True, id="no annotation"),
        pytest.param("2", "", True, id="nothing observed"),
    ],
)
def test_a_referenced_workload_is_observed_when_the_numbers_agree(
    *, wanted: str | None, seen: str, observed: bool
) -> None:
    fields: Json = {
        "annotations": {} if wanted is None else {_GENERATION: wanted},
        "status": {"workloadObservedGeneration": seen},
    }
    assert is_workload_observed(rollout(spec={"workloadRef": _WORKLOAD}, **fields)) is observed
    assert is_workload_observed(rollout(**fields)), "without a reference there is nothing to see"


@pytest.mark.parametrize(
    ("fields", "phase", "message"),
    [
        pytest.param(
            {"observed": 2, "status": {"controllerPause": True}},
            Phase.PROGRESSING,
            "waiting for rollout spec update to be observed",
            id="C1 before C2",
        ),
        pytest.param(
            {"controller_pause": True, "phase": "Paused"},
            Phase.PROGRESSING,
            "waiting for rollout to unpause",
            id="C2",
        ),
        pytest.param(
            {
                "spec": {"workloadRef": _WORKLOAD},
                "annotations": {_GENERATION: "2"},
                "status": {"workloadObservedGeneration": "1"},
            },
            Phase.PROGRESSING,
            "waiting for rollout spec update to be observed for the reference workload",
            id="C3",
        ),
        pytest.param({"phase": "Degraded", "message": "why"}, Phase.DEGRADED, "why", id="C4"),
        pytest.param({"phase": "Dreaming"}, Phase.UNKNOWN, "", id="C4 unknown"),
        pytest.param({"phase": None, "held": True}, Phase.PAUSED, "manually paused", id="C5"),
    ],
)
def test_the_phase_is_the_plugins(fields: Json, phase: Phase, message: str) -> None:
    verdict = rollout_verdict(rollout(**fields))
    assert (verdict.phase, verdict.message) == (phase, message)


def test_a_lifted_pause_is_a_transition_and_a_pause_is_none() -> None:
    assert is_unpausing(rollout(controller_pause=True))
    assert not is_unpausing(rollout(paused="CanaryPauseStep"))
    assert not is_unpausing(rollout())


_BLUE = {"status": {"activeSelector": NEW}}
_ROUTED = {"trafficRouting": {"nginx": {"stableIngress": "x"}}}
_POST = {"postPromotionAnalysis": gate("x")["analysis"]}


def _post(status: str | None) -> Json:
    run = {} if status is None else {"postPromotionAnalysisRunStatus": {"status": status}}
    return {"blue_green": {**_POST, "status": {"activeSelector": NEW, **run}}}


@pytest.mark.parametrize(
    ("fields", "phase", "message"),
    [
        pytest.param(
            {"conditions": [condition("InvalidSpec", message="no")], "held": True},
            Phase.DEGRADED,
            "InvalidSpec: no",
            id="S1",
        ),
        pytest.param(
            {
                "conditions": [
                    condition("Progressing", "False", reason="RolloutAborted", message="by hand")
                ]
            },
            Phase.DEGRADED,
            "RolloutAborted: by hand",
            id="S1 aborted",
        ),
        pytest.param(
            {
                "conditions": [
                    condition("Progressing", reason="ProgressDeadlineExceeded", message="slow"),
                    condition("InvalidSpec"),
                ]
            },
            Phase.DEGRADED,
            "ProgressDeadlineExceeded: slow",
            id="S1 the first counts",
        ),
        pytest.param(
            {"held": True, "paused": "CanaryPauseStep"}, Phase.PAUSED, "manually paused", id="S2"
        ),
        pytest.param(
            {"paused": ["BlueGreenPause", "CanaryPauseStep"]},
            Phase.PAUSED,
            "BlueGreenPause",
            id="S3",
        ),
        pytest.param(
            {"spec": {"restartAt": stamp(ago(minutes=-5))}, "updated": 0},
            Phase.PROGRESSING,
            "rollout is restarting",
            id="S4",
        ),
        pytest.param(
            {"updated": 4}, Phase.PROGRESSING, "more replicas need to be updated", id="S5"
        ),
        pytest.param(
            {"replicas": None, "updated": 0, "available": 0},
            Phase.PROGRESSING,
            "more replicas need to be updated",
            id="S5 of one",
        ),
        pytest.param(
            {"available": 4},
            Phase.PROGRESSING,
            "updated replicas are still becoming available",
            id="S6",
        ),
        pytest.param(
            {"blue_green": {"status": {"activeSelector": OLD}}},
            Phase.PROGRESSING,
            "active service cutover pending",
            id="S7",
        ),
        pytest.param(
            {"blue_green": {"status": {}}},
            Phase.PROGRESSING,
            "active service cutover pending",
            id="S7 no selector",
        ),
        pytest.param(_post(None), Phase.PROGRESSING, "waiting for analysis to complete", id="S8"),
        pytest.param(
            _post("Running"), Phase.PROGRESSING, "waiting for analysis to complete", id="S8 running"
        ),
        pytest.param(
            _post("Successful"),
            Phase.PROGRESSING,
            "waiting for post-promotion verification to complete",
            id="S9 judged",
        ),
        pytest.param(
            {"blue_green": _BLUE},
            Phase.PROGRESSING,
            "waiting for post-promotion verification to complete",
            id="S9",
        ),
        pytest.param({"blue_green": _BLUE, "stable": NEW}, Phase.HEALTHY, "", id="blue-green done"),
        pytest.param(
            {"total": 6}, Phase.PROGRESSING, "old replicas are pending termination", id="S10"
        ),
        pytest.param(
            {"total": 6, "canary": _ROUTED},
            Phase.PROGRESSING,
            "waiting for all steps to complete",
            id="S10 not with routing",
        ),
        pytest.param({}, Phase.PROGRESSING, "waiting for all steps to complete", id="S11"),
        pytest.param(
            {"new": "", "stable": ""},
            Phase.PROGRESSING,
            "waiting for all steps to complete",
            id="S11 nothing is stable",
        ),
        pytest.param({"stable": NEW}, Phase.HEALTHY, "", id="S12"),
        pytest.param({"spec": {"strategy": {}}}, Phase.HEALTHY, "", id="no strategy"),
    ],
)
def test_a_phase_nobody_wrote_is_computed_as_the_controller_would(
    fields: Json, phase: Phase, message: str
) -> None:
    verdict = computed_verdict(rollout(phase=None, **fields))
    assert (verdict.phase, verdict.message) == (phase, message)


@pytest.mark.parametrize(
    ("asked", "done", "restarting"),
    [
        pytest.param(None, None, False, id="never"),
        pytest.param("2026-03-04T14:00:00Z", None, True, id="asked"),
        pytest.param("2026-03-04T14:00:00Z", "2026-03-04T13:00:00Z", True, id="an older one done"),
        pytest.param("2026-03-04T14:00:00Z", "2026-03-04T14:00:00Z", False, id="done"),
        pytest.param("2026-03-04T15:00:00+01:00", "2026-03-04T14:00:00Z", False, id="as instants"),
    ],
)
def test_a_restart_runs_until_the_same_moment_is_reported(
    *, asked: str | None, done: str | None, restarting: bool
) -> None:
    found = rollout(
        spec={"restartAt": asked} if asked else {}, status={"restartedAt": done} if done else {}
    )
    assert is_restarting(found) is restarting
