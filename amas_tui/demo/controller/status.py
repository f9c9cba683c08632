"""Making the status and writing it, all at once.

Source: rollout/sync.go.
"""

from typing import Final

from amas_tui.demo.controller import conditions, pause, phase, replicas, spec, steps
from amas_tui.demo.controller.objects import WORKLOAD_GENERATION, annotations_of, hash_of
from amas_tui.demo.controller.revisions import template_hash
from amas_tui.demo.controller.sync import Sync
from amas_tui.demo.copies import copied
from amas_tui.demo.store import Json

_KEPT_EMPTY: Final = ("currentStepIndex", "blueGreen", "canary")
"""What is written even when it is 0 or empty: a pointer in Go, and structs."""


def begin(sync: Sync) -> None:
    """Fill in what every strategy reports. Source: sync.go:calculateBaseStatus."""
    before, made = sync.before, sync.status
    made["currentPodHash"] = hash_of(sync.new_set) or template_hash(sync.template)
    made["replicas"] = replicas.counted(sync.all_sets, "replicas")
    made["updatedReplicas"] = replicas.counted([sync.new_set], "replicas")
    made["readyReplicas"] = replicas.counted(sync.all_sets, "readyReplicas")
    made["collisionCount"] = before.get("collisionCount")
    made["conditions"] = copied(before.get("conditions") or [])
    conditions.remove(made, "InvalidSpec")
    made["promoteFull"] = bool(before.get("promoteFull"))
    made["stableRS"] = before.get("stableRS", "")
    made.setdefault("blueGreen", {})
    made.setdefault("canary", {})


def reset(sync: Sync) -> None:
    """Begin a new update. Source: sync.go:resetRolloutStatus."""
    sync.pauses.clear()
    made = sync.status
    made["restartedAt"] = sync.rollout["spec"].get("restartAt")
    made["promoteFull"] = False
    for name in ("prePromotionAnalysisRunStatus", "postPromotionAnalysisRunStatus"):
        made["blueGreen"].pop(name, None)
    made["blueGreen"].pop("scaleUpPreviewCheckPoint", None)
    for name in ("currentStepAnalysisRunStatus", "currentBackgroundAnalysisRunStatus"):
        made["canary"].pop(name, None)
    made["currentStepIndex"] = steps.first_index(sync.rollout)


def write(sync: Sync) -> None:
    """Finish the status and store it where it differs. Source: sync.go:persistRolloutStatus."""
    before, rollout, made = sync.before, sync.rollout, sync.status
    made["observedGeneration"] = str(rollout["metadata"]["generation"])
    made["workloadObservedGeneration"] = annotations_of(rollout).get(WORKLOAD_GENERATION, "")
    conditions.abort_in_time(sync)
    pause.write(sync)
    conditions.write(sync)
    made["phase"], made["message"] = phase.of(rollout, made)
    if _store(sync):
        _tell_pause(sync, before)
    else:
        _wait_for_deadline(sync)


def write_conditions(sync: Sync, changes: list[Json]) -> None:
    """Change conditions alone, ahead of the rest. Source: sync.go:patchCondition."""
    made = copied(sync.before)
    for condition in changes:
        conditions.put(made, condition)
    made["observedGeneration"] = str(sync.rollout["metadata"]["generation"])
    made["phase"], made["message"] = phase.of(sync.rollout, made)
    sync.status = made
    _store(sync)


def put_condition(sync: Sync, condition: Json) -> None:
    """Set one condition and leave the rest of the status. Source: client-go's UpdateStatus."""
    sync.status = copied(sync.before)
    conditions.put(sync.status, condition)
    _store(sync)


def _store(sync: Sync) -> bool:
    """Write the new status as a patch of what differs: a zero that somebody wrote stays.

    Returns whether anything differed.
    """
    made = compact(sync.status)
    zeros = {key: value for key, value in sync.before.items() if not value and key not in made}
    return sync.change_rollout(lambda obj: obj.update(status=zeros | made), subresource="status")


def compact(status: Json) -> Json:
    """Leave out what Go's `omitempty` leaves out."""
    parts = {name: _without_empty(status.get(name) or {}) for name in ("blueGreen", "canary")}
    merged = {**status, **parts}
    return {
        key: value
        for key, value in merged.items()
        if value or (key in _KEPT_EMPTY and value is not None)
    }


def _without_empty(part: Json) -> Json:
    return {key: value for key, value in part.items() if value not in (None, "", False)}


def _tell_pause(sync: Sync, before: Json) -> None:
    """Source: sync.go:sendStateChangeEvents."""
    was, now = bool(before.get("pauseConditions")), sync.status.get("pauseConditions") or []
    if was == bool(now):
        return
    if now:
        text = f"{conditions.PAUSED_MESSAGE} ({now[0]['reason']})"
        sync.events.tell(sync.rollout, conditions.PAUSED, text)
    elif not sync.status.get("abortedAt"):
        sync.events.tell(sync.rollout, conditions.RESUMED, conditions.RESUMED_MESSAGE)


def _wait_for_deadline(sync: Sync) -> None:
    """Look again when the progress deadline is over. Source: sync.go:requeueStuckRollout."""
    progress = conditions.find(sync.before, "Progressing")
    if progress is None or progress["reason"] == conditions.TIMED_OUT:
        return
    is_paused = bool(sync.before.get("pauseConditions")) or spec.is_paused(sync.rollout)
    if is_paused or sync.before.get("abort") or conditions.is_indefinite(sync):
        return
    if not conditions.is_healthy(sync.rollout, sync.status):
        sync.wait(max(1.0, conditions.seconds_to_deadline(sync, progress) + 1.0))
