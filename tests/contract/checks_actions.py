"""What people do to rollouts, and the status that answers."""

from datetime import datetime, timedelta
from typing import Final

from tests.contract import actions as act
from tests.contract.actions import NAME
from tests.contract.stage import Predicate, Stage, pass_by
from tests.controlplane import states
from tests.controlplane.kinds import Json
from tests.controlplane.rollouts import DEFAULT_TAG, canary, pause, set_weight

_ABORTED: Final = "RolloutAborted: Rollout aborted update to revision 2"


def _until_paused(stage: Stage, steps: list[Json], index: int, *, nginx: bool = False) -> Json:
    """Deploy, release a second version and return the rollout when it is paused at a step."""
    more: Json = {"abort_delay": 1, "scale_down_delay": 1} if nginx else {}
    manifests = canary(stage.namespace, NAME, steps, nginx=nginx, replicas=2, **more)
    act.deploy(stage, *manifests)
    act.release(stage, "v2")
    return act.wait(stage, act.paused_at(index))


def _reasons(stage: Stage, type_: str) -> list[str]:
    """Return the reasons that a condition had, each as it came."""
    reasons: list[str] = []
    for seen in stage.history("rollouts", NAME):
        for each in seen.object.get("status", {}).get("conditions", []):
            if each["type"] == type_ and reasons[-1:] != [each["reason"]]:
                reasons.append(each["reason"])
    return reasons


def abort_and_retry_routed(stage: Stage) -> None:
    """Abort takes traffic away at once and pods later; retry begins at the first step."""
    seen = _until_paused(stage, [set_weight(50), pause()], 1, nginx=True)
    fresh, stable = seen["status"]["currentPodHash"], seen["status"]["stableRS"]
    template = seen["spec"]["template"]
    act.set_status(stage, abort=True)
    aborted = act.wait(stage, states.is_aborted)
    status = aborted["status"]
    assert status["message"] == _ABORTED
    assert status["currentStepIndex"] == 0
    assert states.canary_weight(aborted) == 0
    assert "pauseConditions" not in status
    assert not status.get("controllerPause")
    assert (status["currentPodHash"], status["stableRS"]) == (fresh, stable)
    assert aborted["spec"]["template"] == template
    assert act.condition(aborted, "Progressing")["status"] == "False"
    gone = stage.wait("replicasets", f"{NAME}-{fresh}", lambda each: not each["spec"]["replicas"])
    assert gone["metadata"]["annotations"].get("scale-down-deadline")
    stage.wait("services", f"{NAME}-canary", act.selects(stable))
    _abort_was_answered_later(stage)
    act.set_status(stage, abort=False)
    again = act.wait(stage, act.paused_at(1))
    assert "abortedAt" not in again["status"]
    assert states.canary_weight(again) == 50
    assert again["metadata"]["annotations"]["rollout.argoproj.io/revision"] == "2"
    assert "RolloutRetry" in _reasons(stage, "Progressing")
    replica_set = act.set_of(stage, fresh)
    assert "scale-down-deadline" not in act.annotations(replica_set)


def _abort_was_answered_later(stage: Stage) -> None:
    history = [
        seen.object["status"] for seen in stage.history("rollouts", NAME) if "status" in seen.object
    ]
    asked = next(i for i, each in enumerate(history) if each.get("abort"))
    answered = next(i for i, each in enumerate(history) if "abortedAt" in each)
    assert asked < answered


def abort_basic(stage: Stage) -> None:
    """Without a router an abort brings the stable version's pods back."""
    seen = _until_paused(stage, [set_weight(50), pause()], 1)
    act.set_status(stage, abort=True)
    settled = act.status_is(replicas=2, updatedReplicas=None)
    aborted = act.wait(stage, act.both(states.is_aborted, settled))
    assert aborted["status"]["message"] == _ABORTED
    assert act.set_of(stage, seen["status"]["currentPodHash"])["spec"]["replicas"] == 0
    event = act.wait_for_event(stage, "RolloutAborted")
    assert (event["type"], event["message"]) == ("Warning", "Rollout aborted update to revision 2")


def abort_of_a_promoted_rollout(stage: Stage) -> None:
    """Where there is nothing to abort the wish is taken back."""
    act.deploy(stage, *canary(stage.namespace, NAME, [], replicas=1))
    act.set_status(stage, abort=True)
    act.wait(stage, act.both(states.is_healthy, act.status_is(abort=None)))


def promote_skips_the_running_step(stage: Stage) -> None:
    """A step that never ends is skipped by the index that promote writes."""
    steps = [set_weight(50), pause()]
    act.deploy(stage, *canary(stage.namespace, NAME, steps, replicas=2, nginx=True))
    act.release(stage, "v2-unready")
    act.wait(stage, act.both(states_at(0), act.status_is(updatedReplicas=1)))
    act.set_status(stage, pauseConditions=None, currentStepIndex=1)
    seen = act.wait(stage, act.paused_at(1))
    assert states.canary_weight(seen) == 0
    told = [
        message for _, reason, message in act.events_of(stage) if reason == "RolloutStepCompleted"
    ]
    assert told == []


def states_at(index: int) -> Predicate:
    """Hold of a rollout at a step."""
    return lambda rollout: states.at_step(rollout, index)


def promote_at_a_pause(stage: Stage) -> None:
    """Taking the pause away completes the step."""
    _until_paused(stage, [pause(), set_weight(50), pause()], 0)
    act.lift_pause(stage)
    act.wait(stage, act.paused_at(2))
    history = [
        seen.object["status"] for seen in stage.history("rollouts", NAME) if "status" in seen.object
    ]
    lifted = [
        each for each in history if each.get("controllerPause") and not each.get("pauseConditions")
    ]
    assert lifted
    assert all(each["currentStepIndex"] == 0 for each in lifted)
    _told(stage, "Rollout step 1/3 completed (pause)")


def full_promotion(stage: Stage) -> None:
    """All steps are skipped, also from an abort; stable changes when all pods are there."""
    seen = _until_paused(stage, [set_weight(50), pause()], 1)
    fresh = seen["status"]["currentPodHash"]
    act.set_status(stage, abort=True)
    act.wait(stage, states.is_aborted)
    act.set_status(stage, promoteFull=True)
    done = act.wait(stage, states.is_promoted)
    assert done["status"]["stableRS"] == fresh
    assert done["status"]["currentStepIndex"] == 2
    for field in ("promoteFull", "abort", "abortedAt", "pauseConditions"):
        assert not done["status"].get(field), field
    switched = next(
        seen
        for seen in stage.history("rollouts", NAME)
        if seen.object.get("status", {}).get("stableRS") == fresh
    )
    sets = [
        s.object
        for s in stage.history("replicasets", f"{NAME}-{fresh}")
        if s.version < switched.version
    ]
    assert sets[-1]["status"]["availableReplicas"] == 2
    _told(stage, f"Rollout completed update to revision 2 ({fresh}): Full promotion requested")


def _told(stage: Stage, message: str) -> None:
    """Wait until the rollout's Events tell something."""
    stage.wait_any("events", lambda each: each["message"] == message)


def undo_to_stable(stage: Stage) -> None:
    """Going back in the middle of an update skips the steps; the revision is numbered anew."""
    seen = _until_paused(stage, [set_weight(50), pause()], 1)
    stable = seen["status"]["stableRS"]
    act.release(stage, DEFAULT_TAG)
    done = act.wait(stage, states.is_promoted)
    assert done["status"]["stableRS"] == stable
    assert done["status"]["currentStepIndex"] == 2
    assert act.revision(done) == "3"
    notes = act.annotations(act.set_of(stage, stable))
    assert notes["rollout.argoproj.io/revision"] == "3"
    assert notes["rollout.argoproj.io/revision-history"] == "1"
    _told(stage, "Rollback to stable ReplicaSets")
    act.wait(stage, act.status_is(replicas=2))


def undo_within_the_window(stage: Stage) -> None:
    """A version within the window comes back without steps."""
    spec = {"rollbackWindow": {"revisions": 2}}
    steps = [set_weight(50), pause()]
    first = act.deploy(stage, *canary(stage.namespace, NAME, steps, replicas=1, spec=spec))
    # The window is counted by creation times, which have whole seconds.
    act.next_second(stage)
    act.release(stage, "v2")
    act.wait(stage, act.paused_at(1))
    act.set_status(stage, promoteFull=True)
    act.wait(stage, states.is_promoted)
    act.release(stage, DEFAULT_TAG)
    done = act.wait(
        stage, act.both(states.is_promoted, act.status_is(stableRS=first["status"]["stableRS"]))
    )
    assert act.revision(done) == "3"
    paused = [
        seen.object
        for seen in stage.history("rollouts", NAME)
        if act.revision(seen.object) == "3" and seen.object["status"].get("pauseConditions")
    ]
    assert paused == []


def undo_after_promotion(stage: Stage) -> None:
    """An older version outside any window takes the steps."""
    _until_paused(stage, [set_weight(50), pause()], 1)
    act.set_status(stage, promoteFull=True)
    act.wait(stage, states.is_promoted)
    act.release(stage, DEFAULT_TAG)
    back = act.wait(stage, act.paused_at(1))
    assert act.revision(back) == "3"
    notes = act.annotations(act.set_of(stage, back["status"]["currentPodHash"]))
    assert notes["rollout.argoproj.io/revision-history"] == "1"


def restart(stage: Stage) -> None:
    """Each pod is replaced, one at a time, by one that is younger than the wish."""
    before = act.deploy(stage, *canary(stage.namespace, NAME, [], replicas=2))
    wish = _stamp(stage.now() + timedelta(seconds=1))
    old = {each["metadata"]["uid"] for each in stage.select("pods")}
    act.set_spec(stage, restartAt=wish)
    act.wait(stage, lambda each: each["status"].get("message") == "rollout is restarting")
    done = act.wait(stage, act.both(states.is_healthy, act.status_is(restartedAt=wish)))
    assert act.revision(done) == act.revision(before) == "1"
    alive = [each for each in stage.select("pods") if "deletionTimestamp" not in each["metadata"]]
    assert len(alive) == 2
    assert not old & {each["metadata"]["uid"] for each in alive}
    sets = stage.history("replicasets", f"{NAME}-{before['status']['stableRS']}")
    ready = [seen.object.get("status", {}).get("availableReplicas", 0) for seen in sets]
    assert 0 not in ready[ready.index(2) :]


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def user_pause(stage: Stage) -> None:
    """What a human pauses stands still, new versions included, until it is resumed."""
    first = act.deploy(stage, *canary(stage.namespace, NAME, [set_weight(50), pause()], replicas=2))
    act.set_spec(stage, paused=True)
    act.wait(stage, lambda each: each["status"].get("message") == "manually paused")
    act.release(stage, "v2")
    seen = act.wait(
        stage, lambda each: act.revision(each) == "2" and act.status_is(currentStepIndex=0)(each)
    )
    pass_by(stage)
    held = stage.get("rollouts", NAME)
    assert held["status"]["phase"] == "Paused"
    assert held["status"]["stableRS"] == first["status"]["stableRS"]
    assert act.set_of(stage, seen["status"]["currentPodHash"])["spec"]["replicas"] == 0
    assert act.condition(held, "Paused")["status"] == "True"
    act.set_spec(stage, paused=False)
    act.wait(stage, act.paused_at(1))


def scaling(stage: Stage) -> None:
    """A change of the size is followed in the middle of an update, and makes no revision."""
    seen = _until_paused(stage, [set_weight(50), pause()], 1)
    act.set_spec(stage, replicas=4)
    scaled = act.wait(
        stage, act.both(act.paused_at(1), act.status_is(replicas=4, availableReplicas=4))
    )
    assert act.revision(scaled) == act.revision(seen)
    versions = (scaled["status"]["currentPodHash"], scaled["status"]["stableRS"])
    sets = [act.set_of(stage, each) for each in versions]
    assert [each["spec"]["replicas"] for each in sets] == [2, 2]
    notes = {act.annotations(each)["rollout.argoproj.io/desired-replicas"] for each in sets}
    assert notes == {"4"}


def changed_steps(stage: Stage) -> None:
    """Other steps in the middle of an update begin it again."""
    _until_paused(stage, [set_weight(50), pause()], 1)
    steps = [pause(), set_weight(50), pause()]
    act.set_spec(stage, strategy={"canary": {"steps": steps}})
    seen = act.wait(stage, act.paused_at(0))
    assert act.revision(seen) == "2"


def history_limit(stage: Stage) -> None:
    """Old versions beyond the limit are deleted."""
    spec = {"revisionHistoryLimit": 1}
    first = act.deploy(stage, *canary(stage.namespace, NAME, [], replicas=1, spec=spec))
    # The oldest is told by creation times, which have whole seconds.
    act.next_second(stage)
    for tag, number in (("v2", "2"), ("v3", "3")):
        act.release(stage, tag)
        act.wait(stage, act.both(states.is_promoted, act.is_revision(number)))
    stage.wait_gone("replicasets", f"{NAME}-{first['status']['stableRS']}")
    mine = [
        each for each in stage.select("replicasets") if each["metadata"]["labels"]["app"] == NAME
    ]
    assert sorted(map(act.revision, mine)) == ["2", "3"]


def deletion(stage: Stage) -> None:
    """What belongs to a rollout goes with it."""
    seen = _until_paused(stage, [set_weight(50), pause()], 1, nginx=True)
    stage.delete("rollouts", NAME)
    for version in (seen["status"]["currentPodHash"], seen["status"]["stableRS"]):
        stage.wait_gone("replicasets", f"{NAME}-{version}")
    stage.wait_gone("ingresses", f"{NAME}-{NAME}-stable-canary")
    for pod in stage.select("pods"):
        stage.wait_gone("pods", pod["metadata"]["name"])


def another_controllers_rollout(stage: Stage) -> None:
    """A rollout with the label of another controller is not touched."""
    manifests = canary(stage.namespace, NAME, [], replicas=1)
    manifests[-1]["metadata"]["labels"]["argo-rollouts.argoproj.io/controller-instance-id"] = "else"
    stage.apply(*manifests)
    pass_by(stage)
    assert "status" not in stage.get("rollouts", NAME)
