"""How much traffic the new version should get.

Source: utils/replicaset/canary.go, rollout/trafficrouting.go.
"""

from amas_tui.demo.controller import replicas, spec, steps
from amas_tui.demo.controller.objects import hash_of, status_of
from amas_tui.demo.controller.revisions import is_fully_promoted
from amas_tui.demo.controller.sync import Sync
from amas_tui.demo.store import Json


def desired(sync: Sync) -> int:
    """Return the weight that the new version should get now, 0 to the maximum.

    Source: trafficrouting.go:reconcileTrafficRouting.
    """
    rollout, new_set = sync.rollout, sync.new_set
    if rolling_back_hash(sync) or (sync.is_aborted and not is_fully_promoted(rollout)):
        return _on_the_way_back(sync)
    if is_fully_promoted(rollout) or new_set is None or replicas.available(new_set) == 0:
        return 0
    if status_of(rollout).get("promoteFull"):
        return _while_promoting(rollout, new_set)
    _, index = steps.current(rollout)
    if index is None:
        return 0
    if not is_ready_for_weight(sync):
        return previous(rollout, index)
    if index == len(spec.steps_of(rollout)):
        return spec.max_weight(rollout)
    return replicas.set_weight(rollout)


def is_ready_for_weight(sync: Sync) -> bool:
    """Whether the pods for the step's weight are available: pods come before traffic."""
    return replicas.are_as_desired(sync, None)


def previous(rollout: Json, index: int) -> int:
    """Return the weight of the setWeight step before `index`, 0 where there is none."""
    earlier = (step.get("setWeight") for step in reversed(spec.steps_of(rollout)[:index]))
    return next((weight for weight in earlier if weight is not None), 0)


def _while_promoting(rollout: Json, new_set: Json) -> int:
    if spec.scales_stable(rollout):
        return spec.max_weight(rollout) * replicas.available(new_set) // spec.replicas(rollout)
    return recorded(rollout)


def recorded(rollout: Json) -> int:
    """Return the weight in the status, 0 before there is any."""
    weights = status_of(rollout).get("canary", {}).get("weights") or {}
    return int(weights.get("canary", {}).get("weight", 0))


def rolling_back_hash(sync: Sync) -> str:
    """Return the version that still serves while a shrunken stable one grows back, or empty.

    Source: rolloututil.go:IsDynamicallyRollingBackToStable.
    """
    rollout, new_set = sync.rollout, sync.new_set
    weights = status_of(rollout).get("canary", {}).get("weights")
    if not is_fully_promoted(rollout) or not spec.scales_stable(rollout) or not weights:
        return ""
    serving: str = weights["canary"].get("podTemplateHash", "")
    if new_set is None or serving == hash_of(new_set):
        return ""
    return serving if replicas.available(new_set) < spec.replicas(rollout) else ""


def _on_the_way_back(sync: Sync) -> int:
    """Source: trafficrouting.go:calculateDesiredWeightOnAbortOrStableRollback."""
    rollout, new_set, stable_set = sync.rollout, sync.new_set, sync.stable_set
    wanted = spec.replicas(rollout)
    if not spec.scales_stable(rollout) or stable_set is None or new_set is None or not wanted:
        return 0
    most = spec.max_weight(rollout)
    step = replicas.desired_weight(rollout, new_set, stable_set)
    served = most * replicas.available(stable_set) // wanted
    expected = max(0, most - served)
    if not status_of(rollout).get("canary", {}).get("weights"):
        return max(expected, step)
    now = recorded(rollout)
    if step <= 0:
        return min(expected, now)
    return now if served < most - step else min(step, now)


def can_stable_take(sync: Sync, weight: int) -> bool:
    """Whether the stable version has the pods for the rest of the traffic.

    Source: trafficrouting.go:checkReplicasAvailable.
    """
    rollout, stable_set = sync.rollout, sync.stable_set
    if stable_set is None:
        return False
    most = spec.max_weight(rollout)
    needed = (most - weight) * spec.replicas(rollout) // most
    return replicas.available(stable_set) >= needed or replicas.is_threshold_met(
        rollout, stable_set, needed
    )


def as_status(rollout: Json, canary_hash: str, stable_hash: str, weight: int) -> Json:
    """Return `status.canary.weights`. Source: trafficrouting.go:calculateWeightStatus."""
    strategy = spec.canary_of(rollout) or {}

    def destination(service: str, pod_hash: str, share: int) -> Json:
        named = {"serviceName": strategy.get(service), "podTemplateHash": pod_hash}
        return {"weight": share, **{key: value for key, value in named.items() if value}}

    return {
        "canary": destination("canaryService", canary_hash, weight),
        "stable": destination("stableService", stable_hash, spec.max_weight(rollout) - weight),
    }


def change_text(before: Json | None, after: Json) -> str:
    """Return what the event says of a change of weights."""
    to = after["canary"]["weight"]
    if before is None:
        return f"Traffic weight updated to {to}"
    was = before["canary"]["weight"]
    return "Traffic weight updated " + (f"from {was} to {to}" if was != to else "")
