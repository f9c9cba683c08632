"""What a blue-green rollout does."""

from tests.contract import actions as act
from tests.contract.actions import NAME
from tests.contract.stage import Stage
from tests.controlplane import states
from tests.controlplane.kinds import Json
from tests.controlplane.rollouts import DEFAULT_TAG, blue_green


def _until_paused(stage: Stage, **strategy: object) -> Json:
    given: Json = {"replicas": 2, "abort_delay": 1, "scale_down_delay": 1, **strategy}
    act.deploy(stage, *blue_green(stage.namespace, NAME, **given))
    # What is older is told by creation times, which have whole seconds.
    act.next_second(stage)
    act.release(stage, "v2")
    return act.wait(stage, states.is_paused)


def preview_and_switch(stage: Stage) -> None:
    """The preview has its pods before the pause; promote switches, and the old one waits."""
    seen = _until_paused(stage)
    fresh, stable = seen["status"]["currentPodHash"], seen["status"]["stableRS"]
    status = seen["status"]
    assert status["message"] == "BlueGreenPause"
    assert status["blueGreen"] == {"activeSelector": stable, "previewSelector": fresh}
    assert (status["replicas"], status["availableReplicas"]) == (4, 2)
    assert "currentStepIndex" not in status
    assert act.set_of(stage, fresh)["status"]["availableReplicas"] == 2
    act.lift_pause(stage)
    done = act.wait(stage, states.is_promoted)
    assert done["status"]["blueGreen"] == {"activeSelector": fresh, "previewSelector": fresh}
    stage.wait("services", f"{NAME}-active", act.selects(fresh))
    name = f"{NAME}-{stable}"
    stage.wait("replicasets", name, lambda each: each["spec"]["replicas"] == 0)
    history = [seen.object for seen in stage.history("replicasets", name)]
    assert any("scale-down-deadline" in act.annotations(each) for each in history)


def abort_before_the_switch(stage: Stage) -> None:
    """The active Service stays; the preview's pods go after the delay."""
    seen = _until_paused(stage)
    fresh, stable = seen["status"]["currentPodHash"], seen["status"]["stableRS"]
    act.set_status(stage, abort=True)
    aborted = act.wait(stage, states.is_aborted)
    assert aborted["status"]["message"] == "RolloutAborted: Rollout aborted update to revision 2"
    assert aborted["status"]["blueGreen"]["activeSelector"] == stable
    name = f"{NAME}-{fresh}"
    stage.wait("replicasets", name, lambda each: each["spec"]["replicas"] == 0)
    assert act.selects(stable)(stage.get("services", f"{NAME}-active"))
    act.set_status(stage, abort=False)
    act.wait(stage, states.is_paused)


def fast_rollback(stage: Stage) -> None:
    """A version that still waits out its delay comes back without a pause."""
    seen = _until_paused(stage, scale_down_delay=60)
    stable = seen["status"]["stableRS"]
    act.lift_pause(stage)
    act.wait(stage, states.is_promoted)
    # Only a version whose time to go is set comes back fast.
    waits = "scale-down-deadline"
    stage.wait("replicasets", f"{NAME}-{stable}", lambda each: waits in act.annotations(each))
    act.release(stage, DEFAULT_TAG)
    back = act.wait(stage, act.both(states.is_promoted, act.status_is(stableRS=stable)))
    assert act.revision(back) == "3"
    history = [seen.object for seen in stage.history("rollouts", NAME)]
    assert not [each for each in history if act.revision(each) == "3" and states.is_paused(each)]


def automatic_promotion(stage: Stage) -> None:
    """After its seconds the switch comes by itself."""
    seen = _until_paused(stage, auto_promotion=True, auto_promotion_seconds=1)
    done = act.wait(stage, states.is_promoted)
    assert done["status"]["stableRS"] == seen["status"]["currentPodHash"]


def small_preview(stage: Stage) -> None:
    """A preview of one pod grows when it is accepted."""
    seen = _until_paused(stage, previewReplicaCount=1)
    fresh = seen["status"]["currentPodHash"]
    assert act.set_of(stage, fresh)["spec"]["replicas"] == 1
    act.lift_pause(stage)
    done = act.wait(stage, states.is_promoted)
    history = [
        seen.object["status"] for seen in stage.history("rollouts", NAME) if "status" in seen.object
    ]
    assert any(each["blueGreen"].get("scaleUpPreviewCheckPoint") for each in history)
    assert "scaleUpPreviewCheckPoint" not in done["status"]["blueGreen"]
    assert act.set_of(stage, fresh)["spec"]["replicas"] == 2


def blue_green_full_promotion(stage: Stage) -> None:
    """Full promotion does not wait for anybody."""
    seen = _until_paused(stage)
    act.set_status(stage, promoteFull=True)
    done = act.wait(stage, states.is_promoted)
    assert done["status"]["stableRS"] == seen["status"]["currentPodHash"]
    assert not done["status"].get("promoteFull")
