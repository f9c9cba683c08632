"""Weights: what the step asks for, what the plugin prints, and the truth per revision.

`max_weight` is the "100 %" of every weight: trafficRouting.maxTrafficWeight, 100 by default.
"""

from collections.abc import Iterable
from typing import Final

from amas_tui.domain.rollout import Rollout
from amas_tui.domain.workload import ReplicaSet
from amas_tui.rules.steps import current_step, step_index

_DEFAULT_MAX: Final = 100


def max_weight(rollout: Rollout) -> int:
    """Return the weight that stands for all traffic.

    Source: utils/weightutil/weight.go:MaxTrafficWeight.
    """
    routing = rollout.canary.traffic_routing if rollout.canary else None
    most = routing.max_traffic_weight if routing else None
    return most if most is not None and most > 0 else _DEFAULT_MAX


def set_weight(rollout: Rollout) -> int:
    """Return the weight the current step asks for, 0 to `max_weight(rollout)`.

    Source: utils/replicaset/canary.go:GetCurrentSetWeight.
    """
    if rollout.status.abort:
        return 0
    if current_step(rollout) is None:
        return max_weight(rollout)
    return weight_at(rollout, step_index(rollout))


def weight_at(rollout: Rollout, index: int) -> int:
    """Return the weight that holds while step `index` runs, 0 to `max_weight(rollout)`."""
    asked = (step.set_weight for step in reversed(rollout.steps[: index + 1]))
    weight = next((weight for weight in asked if weight is not None), 0)
    return min(max(0, weight), max_weight(rollout))


def actual_weight(rollout: Rollout, replica_sets: Iterable[ReplicaSet]) -> int:
    """Return what `kubectl argo rollouts get` prints as ActualWeight.

    It is 0 without an available pod even while the router still sends traffic, and the maximum
    after an abort at the end: use `new_share` for the truth.
    Source: pkg/kubectl-argo-rollouts/info/rollout_info.go.
    """
    if current_step(rollout) is None:
        return max_weight(rollout)
    available = rollout.status.available_replicas
    if available <= 0:
        return 0
    canary = rollout.canary
    if canary is None or canary.traffic_routing is None:
        hash_ = rollout.status.current_pod_hash
        if hash_ == rollout.status.stable_rs:
            return 0
        own = next((rs for rs in replica_sets if rs.hash == hash_), None)
        return own.status.available_replicas * max_weight(rollout) // available if own else 0
    weights = rollout.status.canary.weights
    return set_weight(rollout) if weights is None else weights.canary.weight


def new_share(rollout: Rollout, replica_sets: Iterable[ReplicaSet] | None = None) -> float | None:
    """Return the percentage of traffic that the newest revision gets, `None` where unknown.

    The newest revision stays at 100 after its promotion, unlike `weights.canary.weight`, which
    falls to 0 at success as it does on abort. Without traffic routing the share follows from the
    pods that are available; `None` for the ReplicaSets falls back to the Rollout's own counters,
    which tell nothing while pods of the newest revision may be the ones that are not available.
    """
    status = rollout.status
    if not status.current_pod_hash:
        return None
    if rollout.blue_green is not None:
        return _active_share(rollout)
    weights = status.canary.weights
    if rollout.canary and rollout.canary.traffic_routing and weights is not None:
        shares = share_by_hash(rollout)
        return shares.get(status.current_pod_hash, 0.0)
    if rollout.is_promoted:
        return 100.0 if status.available_replicas or not rollout.desired else 0.0
    if rollout.canary and rollout.canary.traffic_routing:
        return 0.0
    return _share_by_pods(rollout, replica_sets)


def _active_share(rollout: Rollout) -> float | None:
    active = rollout.status.blue_green.active_selector
    return (100.0 if active == rollout.status.current_pod_hash else 0.0) if active else None


def _share_by_pods(rollout: Rollout, replica_sets: Iterable[ReplicaSet] | None) -> float | None:
    total = rollout.status.available_replicas
    if total <= 0:
        return 0.0
    if replica_sets is None:
        return _share_by_counters(rollout)
    hash_ = rollout.status.current_pod_hash
    own = sum(rs.status.available_replicas for rs in replica_sets if rs.hash == hash_)
    return _percent(own, total)


def _share_by_counters(rollout: Rollout) -> float | None:
    """Return the share that the Rollout alone tells; updatedReplicas counts unready pods too."""
    status = rollout.status
    most = min(status.updated_replicas, status.available_replicas)
    least = status.updated_replicas - max(0, status.replicas - status.available_replicas)
    return _percent(most, status.available_replicas) if least >= most or not most else None


def share_by_hash(rollout: Rollout) -> dict[str, float]:
    """Return the percentage of traffic per pod template hash that the router was asked for.

    Empty without traffic routing. Where canary and stable are the same hash (after promotion)
    the shares add up.
    """
    weights = rollout.status.canary.weights
    if weights is None:
        return {}
    total = max_weight(rollout)
    shares: dict[str, float] = {}
    for destination in (weights.canary, weights.stable, *weights.additional):
        hash_ = destination.pod_template_hash
        if hash_:
            share = shares.get(hash_, 0.0) + _percent(destination.weight, total)
            shares[hash_] = min(100.0, share)
    return shares


def _percent(part: int, whole: int) -> float:
    return min(100.0, max(0.0, 100.0 * part / whole))
