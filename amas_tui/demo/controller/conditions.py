"""The status' conditions.

Source: utils/conditions/conditions.go, rollout/sync.go:calculateRolloutConditions.
"""

from datetime import timedelta
from typing import Final

from amas_tui.demo.controller import replicas, spec, steps
from amas_tui.demo.controller.objects import moment, name_of, revision_of, status_of
from amas_tui.demo.controller.revisions import has_deadline
from amas_tui.demo.controller.sync import Sync
from amas_tui.demo.store import Json

ABORTED: Final = "RolloutAborted"
TIMED_OUT: Final = "ProgressDeadlineExceeded"
PAUSED: Final = "RolloutPaused"
PAUSED_MESSAGE: Final = "Rollout is paused"
RESUMED: Final = "RolloutResumed"
RESUMED_MESSAGE: Final = "Rollout is resumed"
_RETRY: Final = "RolloutRetry"
_UPDATED: Final = "ReplicaSetUpdated"
_NOT_AVAILABLE: Final = "Rollout does not have minimum availability"


def new(sync: Sync, type_: str, status: str, reason: str, message: str) -> Json:
    """Return a condition of now."""
    return {
        "type": type_,
        "status": status,
        "lastUpdateTime": sync.now,
        "lastTransitionTime": sync.now,
        "reason": reason,
        "message": message,
    }


def find(status: Json, type_: str) -> Json | None:
    """Return the condition of a type."""
    conditions = status.get("conditions") or ()
    return next((each for each in conditions if each["type"] == type_), None)


def put(status: Json, condition: Json) -> bool:
    """Set a condition and say so; one of the same status and reason stays as it is.

    Source: conditions.go:SetRolloutCondition.
    """
    known = find(status, condition["type"])
    if known is not None and known["status"] == condition["status"]:
        if known["reason"] == condition["reason"]:
            return False
        condition = {**condition, "lastTransitionTime": known["lastTransitionTime"]}
    remove(status, condition["type"])
    status["conditions"] = [*status["conditions"], condition]
    return True


def remove(status: Json, type_: str) -> None:
    """Take a condition away."""
    status["conditions"] = [e for e in status.get("conditions") or () if e["type"] != type_]


def pause_changes(sync: Sync) -> list[Json]:
    """Return the conditions that a pause, its end, or a retry changes before anything else.

    Source: sync.go:checkPausedConditions.
    """
    before = sync.before
    progress, paused = find(before, "Progressing"), find(before, "Paused")
    reason = "" if progress is None else progress["reason"]
    is_paused = bool(before.get("pauseConditions")) or spec.is_paused(sync.rollout)
    changes = []
    if is_paused != (reason == PAUSED) and reason != ABORTED and not is_completed(before):
        why, message = (PAUSED, PAUSED_MESSAGE) if is_paused else (RESUMED, RESUMED_MESSAGE)
        changes.append(new(sync, "Progressing", "Unknown", why, message))
    if not before.get("abort") and reason == ABORTED:
        text = "Retrying Rollout after abort"
        changes.append(new(sync, "Progressing", "Unknown", _RETRY, text))
    was_paused = paused is not None and paused["status"] == "True"
    if is_paused != was_paused and reason != ABORTED:
        changes.append(new(sync, "Paused", str(is_paused), PAUSED, PAUSED_MESSAGE))
    return changes


def is_completed(status: Json) -> bool:
    """Whether the wanted version is the stable one. Source: conditions.go:RolloutCompleted."""
    stable = status.get("stableRS", "")
    return bool(stable) and stable == status.get("currentPodHash", "")


def is_healthy(rollout: Json, status: Json) -> bool:
    """Whether all wanted pods are of the wanted version, available, and no others left.

    Source: conditions.go:RolloutHealthy.
    """
    whole = spec.replicas(rollout)
    seen = status_of(rollout).get("observedGeneration") == str(rollout["metadata"]["generation"])
    has_pods = status.get("updatedReplicas", 0) == status.get("availableReplicas", 0) == whole
    return has_pods and seen and _is_strategy_done(rollout, status)


def _is_strategy_done(rollout: Json, status: Json) -> bool:
    if (strategy := spec.blue_green_of(rollout)) is not None:
        names = (
            "activeSelector",
            *(("previewSelector",) if strategy.get("previewService") else ()),
        )
        current = status.get("currentPodHash", "")
        return all(status["blueGreen"].get(name, "") == current for name in names)
    index = status.get("currentStepIndex")
    is_through = index is None or index == len(spec.steps_of(rollout))
    is_alone = status.get("replicas", 0) == spec.replicas(rollout)
    return is_through and is_alone and is_completed(status)


def is_progressing(rollout: Json, status: Json) -> bool:
    """Whether anything moved since the status before. Source: conditions.go:RolloutProgressing."""
    before = status_of(rollout)

    def grew(field: str) -> bool:
        return bool(status.get(field, 0) > before.get(field, 0))

    def old(of: Json) -> int:
        return int(of.get("replicas", 0) - of.get("updatedReplicas", 0))

    is_other = status.get("updatedReplicas", 0) != before.get("updatedReplicas", 0)
    is_less = old(status) < old(before)
    moved = is_other or is_less or grew("readyReplicas") or grew("availableReplicas")
    return moved or _did_strategy_move(rollout, before, status)


def _did_strategy_move(rollout: Json, before: Json, status: Json) -> bool:
    if spec.blue_green_of(rollout) is not None:
        was, now = before.get("blueGreen", {}), status.get("blueGreen", {})
        return any(was.get(n, "") != now.get(n, "") for n in ("activeSelector", "previewSelector"))
    was_at, is_at = before.get("currentStepIndex"), status.get("currentStepIndex")
    did_step = was_at is not None and is_at is not None and was_at != is_at
    names = ("stableRS", "currentStepHash")
    return did_step or any(before.get(name, "") != status.get(name, "") for name in names)


def is_timed_out(sync: Sync, status: Json) -> bool:
    """Whether nothing moved for too long. Source: conditions.go:RolloutTimedOut."""
    progress = find(status, "Progressing")
    if progress is None or progress["reason"] in (ABORTED, PAUSED):
        return False
    if progress["reason"] == TIMED_OUT:
        return True
    return seconds_to_deadline(sync, progress) < 0


def seconds_to_deadline(sync: Sync, progress: Json) -> float:
    """Return how long the progress deadline is still away."""
    limit = timedelta(seconds=spec.deadline_seconds(sync.rollout))
    return (moment(progress["lastUpdateTime"]) + limit - sync.store.clock.now).total_seconds()


def is_excused(sync: Sync) -> bool:
    """Whether the deadline does not count now: a step that may last, a pause, a delay.

    Source: sync.go:isIndefiniteStep, isWaitingForReplicaSetScaleDown.
    """
    return is_indefinite(sync) or any(map(has_deadline, sync.other_sets))


def is_indefinite(sync: Sync) -> bool:
    """Whether the step, or a pause, may last for any time."""
    step, _ = steps.current(sync.rollout)
    if any(steps.has(step, kind) for kind in ("experiment", "analysis", "pause")):
        return True
    paused = find(sync.before, "Paused")
    return paused is not None and paused["status"] == "True"


def timeout_text(sync: Sync) -> str:
    """Return what is said of a deadline that passed."""
    if sync.new_set is None:
        return f'Rollout "{sync.name}" has timed out progressing.'
    return f'ReplicaSet "{sync.new_name}" has timed out progressing.'


def abort_in_time(sync: Sync) -> None:
    """Abort an update that passed its deadline, where the spec wishes it.

    Source: sync.go:evaluateProgressDeadlineAbort.
    """
    if not sync.rollout["spec"].get("progressDeadlineAbort") or sync.is_aborted:
        return
    if is_completed(sync.status) or is_progressing(sync.rollout, sync.status):
        return
    if is_excused(sync) or not is_timed_out(sync, sync.before):
        return
    text = timeout_text(sync)
    sync.pauses.abort(text)
    sync.events.warn(sync.rollout, ABORTED, text)


def write(sync: Sync) -> None:
    """Put all conditions into the new status."""
    was_healthy = _write_health(sync)
    if sync.is_aborted:
        _write_abort(sync)
    else:
        _write_progress(sync, became_unhealthy=was_healthy)
    _write_availability(sync)
    _write_failure(sync)
    _write_completion(sync)


def _write_health(sync: Sync) -> bool:
    """Return whether the rollout has just become unhealthy."""
    is_paused = bool(sync.status.get("pauseConditions")) or spec.is_paused(sync.rollout)
    reason = "RolloutHealthy"
    if not is_paused and is_healthy(sync.rollout, sync.status):
        put(sync.status, new(sync, "Healthy", "True", reason, "Rollout is healthy"))
        return False
    if find(sync.before, "Healthy") is None:
        return False
    return put(sync.status, new(sync, "Healthy", "False", reason, "Rollout is not healthy"))


def _write_abort(sync: Sync) -> None:
    text = f"Rollout aborted update to revision {revision_of(sync.rollout)}"
    if cause := sync.pauses.abort_message:
        text = f"{text}: {cause}"
    if put(sync.status, new(sync, "Progressing", "False", ABORTED, text)):
        sync.events.warn(sync.rollout, ABORTED, text)


def _write_progress(sync: Sync, *, became_unhealthy: bool) -> None:
    status = sync.status
    if is_healthy(sync.rollout, status):
        text = f'ReplicaSet "{sync.new_name}" has successfully progressed.'
        put(status, new(sync, "Progressing", "True", "NewReplicaSetAvailable", text))
    elif is_progressing(sync.rollout, status) or became_unhealthy:
        _renew_progress(sync, became_unhealthy=became_unhealthy)
    elif not is_excused(sync) and is_timed_out(sync, status):
        put(status, new(sync, "Progressing", "False", TIMED_OUT, timeout_text(sync)))


def _renew_progress(sync: Sync, *, became_unhealthy: bool) -> None:
    """Write progress anew even for the same reason: its time is the deadline's clock."""
    reason, text = _UPDATED, f'Rollout "{sync.name}" is progressing.'
    if sync.new_set is not None:
        text = f'ReplicaSet "{sync.new_name}" is progressing.'
    if became_unhealthy and is_completed(sync.status):
        reason, text = "ReplicaSetNotAvailable", _NOT_AVAILABLE
    condition = new(sync, "Progressing", "True", reason, text)
    known = find(sync.before, "Progressing")
    if known is not None:
        if known["status"] == "True":
            condition["lastTransitionTime"] = known["lastTransitionTime"]
        remove(sync.status, "Progressing")
    put(sync.status, condition)


def _write_availability(sync: Sync) -> None:
    text = "Rollout has minimum availability" if _is_available(sync) else _NOT_AVAILABLE
    status = str(_is_available(sync))
    put(sync.status, new(sync, "Available", status, "AvailableReason", text))


def _is_available(sync: Sync) -> bool:
    if spec.blue_green_of(sync.rollout) is not None:
        active = sync.status.get("blueGreen", {}).get("activeSelector", "")
        return replicas.is_saturated(sync.rollout, replicas.by_hash(sync.all_sets, active))
    return replicas.counted(sync.all_sets, "availableReplicas") >= spec.replicas(sync.rollout)


def _write_failure(sync: Sync) -> None:
    """Pass on what a ReplicaSet failed at. Source: sync.go:getReplicaFailures."""
    sets = sorted(sync.all_sets, key=lambda each: name_of(each) != sync.new_name)
    failures = (
        each
        for replica_set in sets
        for each in status_of(replica_set).get("conditions") or ()
        if each["type"] == "ReplicaFailure"
    )
    if (failure := next(failures, None)) is None:
        remove(sync.status, "ReplicaFailure")
    else:
        put(sync.status, {**failure, "lastUpdateTime": failure["lastTransitionTime"]})


def _write_completion(sync: Sync) -> None:
    reason, done = "RolloutCompleted", is_completed(sync.status)
    is_news = put(sync.status, new(sync, "Completed", str(done), reason, reason))
    if is_news and not done:
        revision, pod_hash = revision_of(sync.rollout), sync.status["currentPodHash"]
        text = f"Rollout not completed, started update to revision {revision} ({pod_hash})"
        sync.events.tell(sync.rollout, "RolloutNotCompleted", text)
