"""How many pods each version should have.

Source: utils/replicaset/canary.go, utils/replicaset/replicaset.go:NewRSNewReplicas.
"""

import math
from collections.abc import Iterable

from amas_tui.demo.controller import spec, steps
from amas_tui.demo.controller.objects import (
    DESIRED_REPLICAS,
    annotations_of,
    hash_of,
    name_of,
    status_of,
)
from amas_tui.demo.controller.revisions import is_fully_promoted
from amas_tui.demo.controller.sync import Sync
from amas_tui.demo.store import Json


def wanted(replica_set: Json | None) -> int:
    """Return the pods that a ReplicaSet was told to have."""
    return 0 if replica_set is None else int(replica_set["spec"].get("replicas", 1))


def available(replica_set: Json | None) -> int:
    """Return the pods that are ready for long enough."""
    return 0 if replica_set is None else int(status_of(replica_set).get("availableReplicas", 0))


def counted(sets: Iterable[Json | None], field: str) -> int:
    """Return the sum of a status field, e.g. `readyReplicas`."""
    return sum(int(status_of(each).get(field, 0)) for each in sets if each is not None)


def set_weight(rollout: Json) -> int:
    """Return the weight that the step asks for. Source: canary.go:GetCurrentSetWeight."""
    if status_of(rollout).get("abort"):
        return 0
    step, index = steps.current(rollout)
    if step is None or index is None:
        return spec.max_weight(rollout)
    so_far = (each.get("setWeight") for each in reversed(spec.steps_of(rollout)[: index + 1]))
    return next((weight for weight in so_far if weight is not None), 0)


def desired_weight(rollout: Json, new_set: Json | None, stable_set: Json | None) -> int:
    """Return the share of pods that the canary should have.

    Source: canary.go:GetDesiredCanaryWeight.
    """
    is_aborted = bool(status_of(rollout).get("abort")) and spec.scales_stable(rollout)
    if not is_aborted or new_set is None or stable_set is None:
        return set_weight(rollout)
    missing = spec.replicas(rollout) - available(stable_set)
    now = max(missing, available(new_set))
    weights = (step.get("setWeight") for step in reversed(spec.steps_of(rollout)))
    lower = (w for w in weights if w is not None and share_of(rollout, w) < now)
    return next(lower, 0)


def share_of(rollout: Json, weight: int) -> int:
    """Return the pods for a weight, rounded up."""
    return math.ceil(weight * spec.replicas(rollout) / spec.max_weight(rollout))


def scale_step(rollout: Json) -> Json | None:
    """Return the setCanaryScale in force. Source: canary.go:UseSetCanaryScale."""
    if not spec.is_routed(rollout):
        return None
    if status_of(rollout).get("abort") and spec.abort_delay(rollout)[0] is not None:
        return None
    step, index = steps.current(rollout)
    if step is None or index is None:
        return None
    so_far = reversed(spec.steps_of(rollout)[: index + 1])
    scale = next(
        (each["setCanaryScale"] for each in so_far if steps.has(each, "setCanaryScale")), None
    )
    return None if scale is None or scale.get("matchTrafficWeight") else scale


def canary_share(
    rollout: Json, new_set: Json | None, stable_set: Json | None
) -> tuple[int | None, int]:
    """Return the canary's pods where a step fixes them, and else its weight.

    Source: canary.go:GetCanaryReplicasOrWeight.
    """
    status = status_of(rollout)
    if status.get("promoteFull") or not status.get("stableRS") or is_fully_promoted(rollout):
        return None, spec.max_weight(rollout)
    if (scale := scale_step(rollout)) is not None:
        if scale.get("replicas") is not None:
            return int(scale["replicas"]), 0
        if scale.get("weight") is not None:
            return None, int(scale["weight"])
    return None, desired_weight(rollout, new_set, stable_set)


def routed(
    rollout: Json, new_set: Json | None, stable_set: Json | None, weights: Json | None
) -> tuple[int, int]:
    """Return the pods of canary and stable where a router splits the traffic.

    Source: canary.go:CalculateReplicaCountsForTrafficRoutedCanary.
    """
    fixed, weight = canary_share(rollout, new_set, stable_set)
    canary = fixed if fixed is not None else _at_least(rollout, share_of(rollout, weight))
    if not spec.scales_stable(rollout):
        return canary, spec.replicas(rollout)
    stable = share_of(rollout, spec.max_weight(rollout) - weight)
    if weights is not None:
        stable = max(stable, share_of(rollout, weights["stable"]["weight"]))
        if status_of(rollout).get("abort"):
            canary = max(share_of(rollout, weights["canary"]["weight"]), canary)
    return _at_least(rollout, canary), _at_least(rollout, stable)


def _at_least(rollout: Json, count: int) -> int:
    """Source: canary.go:CheckMinPodsPerReplicaSet."""
    least = (spec.canary_of(rollout) or {}).get("minPodsPerReplicaSet")
    if count == 0 or least is None or not spec.is_routed(rollout):
        return count
    return max(count, min(int(least), spec.replicas(rollout)))


def is_stable_apart(new_set: Json | None, stable_set: Json | None) -> bool:
    """Whether there is a stable version other than the newest."""
    if stable_set is None:
        return False
    return new_set is None or name_of(new_set) != name_of(stable_set)


def approximated(wanted_pods: int, weight: int, most: int, surge: int) -> tuple[int, int]:
    """Return the pods of canary and stable that come closest to a weight.

    Source: canary.go:approximateWeightedCanaryStableReplicaCounts.
    """
    if wanted_pods == 0:
        return 0, 0
    up = math.ceil(wanted_pods * weight / most)
    down = math.floor(wanted_pods * weight / most)
    may_be_none = weight in (0, most) or (wanted_pods == 1 and surge == 0)
    options: list[tuple[int, int]] = []
    if up < wanted_pods or may_be_none:
        options.append((up, wanted_pods))
    if not _is_tied(weight, most, wanted_pods) and (down or may_be_none):
        options.append((down, wanted_pods))
    if surge > 0:
        options.append((up, wanted_pods + 1))
        if not _is_tied(weight, most, wanted_pods + 1) and (down or may_be_none):
            options.append((down, wanted_pods + 1))
    if not options:
        return 0, wanted_pods
    canary, total = min(options, key=lambda each: abs(each[0] * most / each[1] - weight))
    return canary, total - canary


def _is_tied(weight: int, most: int, total: int) -> bool:
    return math.modf(total * (weight / most))[0] == 0.5


def basic(
    rollout: Json, new_set: Json | None, stable_set: Json | None, others: list[Json]
) -> tuple[int, int]:
    """Return the pods of canary and stable where their numbers are the weight.

    Surge and unavailability hold at every moment: growth comes first, and shrinks only what the
    pods that are available allow. Source: canary.go:CalculateReplicaCountsForBasicCanary.
    """
    whole, surge = spec.replicas(rollout), spec.max_surge(rollout)
    _, weight = canary_share(rollout, new_set, stable_set)
    want_new, want_stable = approximated(whole, weight, spec.max_weight(rollout), surge)
    is_apart = is_stable_apart(new_set, stable_set)
    if not is_apart:
        want_new, want_stable = whole, 0
    new, stable = wanted(new_set), wanted(stable_set) if is_apart else 0
    limit = whole + surge
    room = limit - sum(map(wanted, others)) - new - stable
    if is_apart and stable < want_stable and room > 0:
        grown = min(stable + room, want_stable)
        room -= grown - stable
        stable = grown
    if new_set is not None and new < want_new and room > 0:
        new = min(new + room, want_new)
    if sum(map(wanted, others)) > 0:
        return new, stable
    least = whole - spec.max_unavailable(rollout)
    is_growing = new_set is None or want_new >= wanted(new_set)
    counted_on = _counted_on(new_set, is_whole=not is_growing)
    counted_on += _counted_on(stable_set, is_whole=is_growing)
    if counted_on <= least:
        return new, stable
    spare = counted_on - least
    if not is_growing:
        new = _shrunk(new_set, want_new, spare, new)
        return _within(new_set, stable_set, new, stable, limit, least)
    if is_apart:
        stable = _shrunk(stable_set, want_stable, spare, stable)
        stable, new = _within(stable_set, new_set, stable, new, limit, least)
    return new, stable


def _counted_on(replica_set: Json | None, *, is_whole: bool) -> int:
    """Source: canary.go:GetReplicasForScaleDown."""
    if wanted(replica_set) < available(replica_set) or is_whole:
        return wanted(replica_set)
    return available(replica_set)


def _shrunk(replica_set: Json | None, goal: int, spare: int, count: int) -> int:
    now = wanted(replica_set)
    return max(goal, now - spare) if replica_set is not None and now > goal else count


def _within(
    drained: Json | None,
    adjusted: Json | None,
    drain: int,
    adjust: int,
    limit: int,
    least: int,
) -> tuple[int, int]:
    """Source: canary.go:adjustReplicaWithinLimits."""
    if adjusted is None:
        return drain, adjust
    over = max(0, adjust + drain - limit)
    ready = min(available(drained), drain) if drained is not None else 0
    adjust -= over
    ready += min(available(adjusted), adjust)
    spared = max(0, available(adjusted) - adjust)
    adjust += min(spared, max(0, least - ready))
    return drain - max(0, adjust + drain - limit), adjust


def for_new(sync: Sync, weights: Json | None) -> int:
    """Return the pods that the newest version should have. Source: NewRSNewReplicas."""
    if spec.blue_green_of(sync.rollout) is not None:
        return _preview(sync)
    if spec.is_routed(sync.rollout):
        return routed(sync.rollout, sync.new_set, sync.stable_set, weights)[0]
    return basic(sync.rollout, sync.new_set, sync.stable_set, sync.other_sets)[0]


def for_stable(sync: Sync) -> int:
    """Return the pods that the stable version should have.

    The weights are those before this look, so that pods leave after their traffic has.
    Source: canary.go:reconcileCanaryStableReplicaSet.
    """
    if spec.is_routed(sync.rollout):
        weights = sync.before.get("canary", {}).get("weights")
        return routed(sync.rollout, sync.new_set, sync.stable_set, weights)[1]
    return basic(sync.rollout, sync.new_set, sync.stable_set, sync.other_sets)[1]


def _preview(sync: Sync) -> int:
    rollout, status = sync.rollout, sync.before
    whole = spec.replicas(rollout)
    count = (spec.blue_green_of(rollout) or {}).get("previewReplicaCount")
    active = by_hash(sync.all_sets, status.get("blueGreen", {}).get("activeSelector", ""))
    if count is None or active is None or name_of(active) == sync.new_name:
        return whole
    if status.get("promoteFull"):
        return whole
    if hash_of(sync.new_set) != status.get("currentPodHash", ""):
        return int(count)
    is_going = not spec.is_paused(rollout) and not status.get("pauseConditions")
    if is_going and status.get("blueGreen", {}).get("scaleUpPreviewCheckPoint"):
        return whole
    return int(count)


def by_hash(sets: Iterable[Json], pod_hash: str) -> Json | None:
    """Return the ReplicaSet of a hash."""
    return next((each for each in sets if pod_hash and hash_of(each) == pod_hash), None)


def is_threshold_met(rollout: Json, replica_set: Json | None, desired: int) -> bool:
    """Whether enough of the desired pods are available; by default all of them.

    Source: canary.go:ReplicaProgressThresholdMet.
    """
    threshold = (spec.canary_of(rollout) or {}).get("replicaProgressThreshold")
    if replica_set is None:
        return False
    if threshold is None or threshold.get("value", 0) < 0:
        return wanted(replica_set) == desired and available(replica_set) == desired
    if threshold.get("type") == "Pods":
        return available(replica_set) >= int(threshold["value"])
    return desired == 0 or available(replica_set) / desired * 100 >= threshold["value"] - 1e-10


def are_as_desired(sync: Sync, weights: Json | None) -> bool:
    """Whether every version has the pods that the step asks for.

    Source: canary.go:AtDesiredReplicaCountsForCanary.
    """
    rollout = sync.rollout
    is_routed = spec.is_routed(rollout)
    if is_routed:
        new, stable = routed(rollout, sync.new_set, sync.stable_set, weights)
    else:
        new, stable = basic(rollout, sync.new_set, sync.stable_set, sync.other_sets)
    if not is_threshold_met(rollout, sync.new_set, new):
        return False
    checks_stable = not is_routed or not spec.scales_stable(rollout)
    if checks_stable and not _is_created(sync.stable_set, stable):
        return False
    return is_routed or not any(map(available, sync.other_sets))


def _is_created(replica_set: Json | None, desired: int) -> bool:
    """Whether a ReplicaSet was told and has as many pods."""
    if replica_set is None:
        return False
    return wanted(replica_set) == desired == counted([replica_set], "replicas")


def is_saturated(rollout: Json, replica_set: Json | None) -> bool:
    """Whether a ReplicaSet has all pods of the rollout. Source: annotations.go:IsSaturated."""
    whole = spec.replicas(rollout)
    if replica_set is None:
        return False
    noted = annotations_of(replica_set).get(DESIRED_REPLICAS) == str(whole)
    return noted and wanted(replica_set) == whole and available(replica_set) == whole


def is_ready_for_pause(sync: Sync) -> bool:
    """Whether the preview has its pods. Source: utils/replicaset/bluegreen.go:ReadyForPause."""
    count = for_new(sync, None)
    return wanted(sync.new_set) == count and available(sync.new_set) == count


def is_fully_available(replica_set: Json) -> bool:
    """Whether a ReplicaSet has pods, and all of them available."""
    return 0 < wanted(replica_set) <= available(replica_set)
