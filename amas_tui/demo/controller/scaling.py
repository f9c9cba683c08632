"""Telling ReplicaSets how many pods to have, and when old ones end.

Source: rollout/sync.go, rollout/replicaset.go, rollout/canary.go.
"""

from datetime import timedelta

from amas_tui.demo.clock import rfc3339
from amas_tui.demo.controller import analysis, pause, replicas, spec
from amas_tui.demo.controller.objects import (
    DESIRED_REPLICAS,
    HASH_LABEL,
    SCALE_DOWN_DEADLINE,
    annotations_of,
    created_at,
    hash_of,
    moment,
    name_of,
    revision_of,
    status_of,
)
from amas_tui.demo.controller.revisions import has_deadline, is_fully_promoted
from amas_tui.demo.controller.sync import Sync
from amas_tui.demo.resources import ANALYSIS_RUNS, DEPLOYMENTS, REPLICA_SETS, SERVICES
from amas_tui.demo.store import Json


def scale(sync: Sync, name: str, count: int) -> bool:
    """Tell a ReplicaSet its size; return whether that is news. Source: sync.go:scaleReplicaSet."""
    replica_set, whole = sync.sets[name], spec.replicas(sync.rollout)
    before = replicas.wanted(replica_set)
    if before == count and not is_note_stale(replica_set, whole):
        return False

    def change(obj: Json) -> None:
        obj["spec"]["replicas"] = count
        notes = obj["metadata"].setdefault("annotations", {})
        notes[DESIRED_REPLICAS] = str(whole)
        if count == 0 and not keeps_aborted(sync):
            notes.pop(SCALE_DOWN_DEADLINE, None)

    changed = sync.change_set(name, change)
    if before != count:
        way = "up" if before < count else "down"
        text = f"Scaled {way} ReplicaSet {name} (revision {revision_of(changed)})"
        sync.events.tell(sync.rollout, "ScalingReplicaSet", f"{text} from {before} to {count}")
    return before != count


def is_note_stale(replica_set: Json, whole: int) -> bool:
    """Whether a ReplicaSet's note of the rollout's size is old.

    Source: annotations.go:ReplicasAnnotationsNeedUpdate.
    """
    notes = annotations_of(replica_set)
    return notes.get(DESIRED_REPLICAS) != str(whole) or (whole == 0 and has_deadline(replica_set))


def is_scaling_event(sync: Sync) -> bool:
    """Whether somebody changed the rollout's size. Source: sync.go:isScalingEvent."""
    active = [each for each in (sync.new_set, sync.stable_set) if replicas.wanted(each) > 0]
    notes = (annotations_of(each).get(DESIRED_REPLICAS) for each in active if each is not None)
    return any(note is not None and note != str(spec.replicas(sync.rollout)) for note in notes)


def scale_canary(sync: Sync) -> bool:
    """Size the versions of a canary, one at a time; return whether one changed.

    Source: canary.go:reconcileCanaryReplicaSets.
    """
    if pause.halted(sync.rollout):
        return False
    lift_deadlines(sync)
    return _scale_stable(sync) or scale_new(sync) or _scale_others(sync)


def _scale_stable(sync: Sync) -> bool:
    is_apart = replicas.is_stable_apart(sync.new_set, sync.stable_set)
    return is_apart and scale(sync, sync.stable_name, replicas.for_stable(sync))


def scale_blue_green(sync: Sync) -> None:
    """Size the versions of a blue-green. Source: bluegreen.go:reconcileBlueGreenReplicaSets."""
    lift_deadlines(sync)
    if sync.stable_set is not None:
        scale(sync, sync.stable_name, spec.replicas(sync.rollout))
    scale_new(sync)
    _scale_others(sync)
    limit_history(sync)


def lift_deadlines(sync: Sync) -> None:
    """Let versions live that are wanted again. Source: replicaset.go:removeScaleDownDeadlines."""
    names = [] if keeps_aborted(sync) else [sync.new_name]
    for name in dict.fromkeys([*names, sync.stable_name]):
        if has_deadline(sync.sets.get(name)):
            sync.change_set(name, _lift_deadline)


def _lift_deadline(replica_set: Json) -> None:
    del replica_set["metadata"]["annotations"][SCALE_DOWN_DEADLINE]


def set_deadline(sync: Sync, name: str, delay: int) -> None:
    """Say when a version ends; without a delay nothing is said. Source: addScaleDownDelay."""
    if delay == 0:
        if has_deadline(sync.sets[name]):
            sync.change_set(name, _lift_deadline)
        return
    deadline = rfc3339(sync.store.clock.now + timedelta(seconds=delay))

    def change(obj: Json) -> None:
        obj["metadata"].setdefault("annotations", {})[SCALE_DOWN_DEADLINE] = deadline

    sync.change_set(name, change)
    sync.wait(delay)


def seconds_left(sync: Sync, replica_set: Json) -> float:
    """Return how long a version still waits out its delay, not above 0 when that is over."""
    deadline = moment(annotations_of(replica_set)[SCALE_DOWN_DEADLINE])
    return (deadline - sync.store.clock.now).total_seconds()


def keeps_aborted(sync: Sync) -> bool:
    """Whether an aborted version is kept for a while.

    Source: replicaset.go:shouldDelayScaleDownOnAbort.
    """
    rollout = sync.rollout
    if not sync.is_aborted or sync.stable_set is None:
        return False
    if spec.canary_of(rollout) is not None and not spec.is_routed(rollout):
        return False
    delay, is_given = spec.abort_delay(rollout)
    return delay is not None and (is_given or not spec.scales_stable(rollout))


def scale_new(sync: Sync) -> bool:
    """Size the newest version. Source: replicaset.go:reconcileNewReplicaSet."""
    if sync.new_set is None:
        return False
    if keeps_aborted(sync):
        return _scale_aborted(sync)
    count = replicas.for_new(sync, sync.status.get("canary", {}).get("weights"))
    is_scaled = scale(sync, sync.new_name, count)
    if revision_of(sync.sets[sync.new_name]) == 1:
        _migrate(sync)
    return is_scaled


def _scale_aborted(sync: Sync) -> bool:
    """Keep an aborted version until its deadline, which begins when stable has all its pods."""
    replica_set = sync.sets[sync.new_name]
    if has_deadline(replica_set):
        left = seconds_left(sync, replica_set)
        if left <= 0:
            return scale(sync, sync.new_name, 0)
        sync.wait(left)
        _note_size(sync)
        return False
    _note_size(sync)
    if replicas.available(sync.stable_set) >= spec.replicas(sync.rollout):
        set_deadline(sync, sync.new_name, spec.abort_delay(sync.rollout)[0] or 0)
    return False


def _note_size(sync: Sync) -> None:
    """Source: replicaset.go:syncNewRSReplicasAnnotation."""
    scale(sync, sync.new_name, replicas.wanted(sync.sets[sync.new_name]))


def _migrate(sync: Sync) -> None:
    """Shrink the Deployment as the Rollout takes over, where the spec says "progressively".

    Source: replicaset.go:reconcileNewReplicaSet.
    """
    if (sync.rollout["spec"].get("workloadRef") or {}).get("scaleDown") != "progressively":
        return
    ready = int(sync.before.get("readyReplicas", 0))
    if sync.before.get("phase") == "Healthy":
        scale_deployment(sync, 0)
    elif ready > 0:
        scale_deployment(sync, spec.replicas(sync.rollout) - ready)


def scale_deployment(sync: Sync, count: int) -> None:
    """Size the Deployment whose place the Rollout takes. Source: scale_utils.go."""
    name = sync.rollout["spec"]["workloadRef"]["name"]
    if sync.store.find(DEPLOYMENTS, sync.namespace, name) is None:
        return

    def change(obj: Json) -> None:
        obj["spec"]["replicas"] = max(0, count)

    sync.store.update(DEPLOYMENTS, sync.namespace, name, change)


def _scale_others(sync: Sync) -> bool:
    """Source: replicaset.go:reconcileOtherReplicaSets."""
    others = [each for each in sync.other_sets if replicas.wanted(each) > 0]
    if not others:
        return False
    if spec.canary_of(sync.rollout) is not None:
        return _scale_old_canaries(sync, others)
    return _scale_old_colours(sync, others)


def _scale_old_canaries(sync: Sync, others: list[Json]) -> bool:
    """Source: canary.go:scaleDownOldReplicaSetsForCanary."""
    cleaned = _clean_up(sync, sorted(others, key=created_at))
    least = spec.replicas(sync.rollout) - spec.max_unavailable(sync.rollout)
    spare = replicas.counted(sync.all_sets, "availableReplicas") - least
    if spare <= 0:
        return False
    waiting, total = 0, cleaned
    for each in sorted(others, key=revision_of, reverse=True):
        name = name_of(each)
        now = replicas.wanted(sync.sets[name])
        if spec.is_routed(sync.rollout) and is_referenced(sync, each):
            continue
        if spare <= 0:
            break
        if now == 0:
            continue
        waiting, goal = _goal_of_old(sync, name, spare, waiting)
        if now != goal:
            scale(sync, name, goal)
            spare -= now - goal
            total += now - goal
    return total > 0


def _clean_up(sync: Sync, others: list[Json]) -> int:
    """Take away the pods of old versions that are not available; return how many."""
    total = 0
    for each in others:
        ready, now = replicas.available(each), replicas.wanted(each)
        if now > ready:
            scale(sync, name_of(each), ready)
            total += now - ready
    return total


def _goal_of_old(sync: Sync, name: str, spare: int, waiting: int) -> tuple[int, int]:
    """Return how many versions wait, and how many pods this one should have."""
    now = replicas.wanted(sync.sets[name])
    if not spec.is_routed(sync.rollout):
        return waiting, max(0, now - spare)
    if not is_fully_promoted(sync.rollout) and not has_deadline(sync.sets[name]):
        return waiting, 0
    if spec.scales_stable(sync.rollout):
        return waiting, 0
    return wait_out_delay(sync, name, waiting, now)


def wait_out_delay(sync: Sync, name: str, waiting: int, kept: int) -> tuple[int, int]:
    """Give an old version its delay; return how many wait, and how many pods this one should have.

    Source: replicaset.go:scaleDownDelayHelper.
    """
    replica_set, limit = sync.sets[name], spec.kept_versions(sync.rollout)
    if not has_deadline(replica_set):
        if waiting >= limit:
            return waiting, 0
        now, delay = replicas.wanted(replica_set), spec.scale_down_delay(sync.rollout)
        set_deadline(sync, name, delay)
        return waiting + 1, now
    waiting += 1
    left = seconds_left(sync, replica_set)
    if waiting > limit or left <= 0:
        return waiting, 0
    sync.wait(left)
    return waiting, kept


def is_referenced(sync: Sync, replica_set: Json) -> bool:
    """Whether a version may still get traffic. Source: replicaset.go:isReplicaSetReferenced."""
    pod_hash, status = hash_of(replica_set), sync.before
    weights = status.get("canary", {}).get("weights") or {}
    colours = status.get("blueGreen", {})
    named = {
        status.get("stableRS"),
        status.get("currentPodHash"),
        colours.get("activeSelector"),
        colours.get("previewSelector"),
        *(each.get("podTemplateHash") for each in weights.values() if isinstance(each, dict)),
    }
    return pod_hash in named or pod_hash in _selected(sync)


def _selected(sync: Sync) -> set[str]:
    strategy = spec.canary_of(sync.rollout) or spec.blue_green_of(sync.rollout) or {}
    kinds = ("canaryService", "stableService", "activeService", "previewService")
    names = [strategy[kind] for kind in kinds if strategy.get(kind)]
    found = (sync.store.find(SERVICES, sync.namespace, name) for name in names)
    selectors = (each["spec"].get("selector") or {} for each in found if each is not None)
    return {each.get(HASH_LABEL, "") for each in selectors}


def _scale_old_colours(sync: Sync, others: list[Json]) -> bool:
    """Source: bluegreen.go:scaleDownOldReplicaSetsForBlueGreen."""
    if pause.condition(sync.rollout, pause.INCONCLUSIVE) or analysis.is_post_pending(sync):
        return False
    waiting, is_scaled = 0, False
    for each in sorted(others, key=revision_of, reverse=True):
        if is_referenced(sync, each):
            continue
        name, whole = name_of(each), spec.replicas(sync.rollout)
        waiting, goal = wait_out_delay(sync, name, waiting, whole)
        if replicas.wanted(sync.sets[name]) != goal:
            scale(sync, name, goal)
            is_scaled = True
    return is_scaled


def limit_history(sync: Sync) -> None:
    """Delete old versions beyond the limit, with their runs.

    Source: sync.go:reconcileRevisionHistoryLimit.
    """
    others = sorted(sync.other_sets, key=created_at)
    for each in others[: max(0, len(others) - spec.history_limit(sync.rollout))]:
        if replicas.wanted(each) == 0 and not status_of(each).get("replicas"):
            sync.store.delete(REPLICA_SETS, sync.namespace, name_of(each))
            del sync.sets[name_of(each)]
            _delete_runs(sync, hash_of(each))


def _delete_runs(sync: Sync, pod_hash: str) -> None:
    gone = [run for run in sync.other_runs if hash_of(run) == pod_hash]
    for run in gone:
        sync.store.delete(ANALYSIS_RUNS, sync.namespace, name_of(run))
    sync.other_runs = [run for run in sync.other_runs if run not in gone]
