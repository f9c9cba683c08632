"""ReplicaSets: which role each plays, and how it does.

Source: pkg/kubectl-argo-rollouts/info/replicaset_info.go.
"""

from datetime import datetime
from enum import StrEnum

from amas_tui.domain.rollout import Rollout
from amas_tui.domain.workload import SCALE_DOWN_DEADLINE, ReplicaSet


class Role(StrEnum):
    """What a ReplicaSet is for, spelled as the plugin tags it."""

    STABLE = "stable"
    CANARY = "canary"
    ACTIVE = "active"
    PREVIEW = "preview"
    PING = "ping"
    PONG = "pong"


class ReplicaSetStatusText(StrEnum):
    """The plugin's one word for a ReplicaSet."""

    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    SCALED_DOWN = "ScaledDown"
    REPLICA_FAILURE = "ReplicaFailure"


def replica_set_status(rs: ReplicaSet) -> ReplicaSetStatusText:
    """Return the state of a ReplicaSet as the plugin words it."""
    if rs.metadata.generation > rs.status.observed_generation:
        return ReplicaSetStatusText.PROGRESSING
    if any(c.type == "ReplicaFailure" and c.status == "True" for c in rs.status.conditions):
        return ReplicaSetStatusText.REPLICA_FAILURE
    if rs.status.available_replicas < rs.spec.replicas:
        return ReplicaSetStatusText.PROGRESSING
    if rs.spec.replicas == 0:
        return ReplicaSetStatusText.SCALED_DOWN
    return ReplicaSetStatusText.HEALTHY


def roles(rollout: Rollout, hash_: str) -> tuple[Role, ...]:
    """Return the roles of the ReplicaSet with that hash, in the order the plugin prints them."""
    if not hash_:
        return ()
    status = rollout.status
    if rollout.blue_green is not None:
        selectors = status.blue_green
        found = [Role.STABLE] if hash_ == status.stable_rs else []
        if hash_ == selectors.active_selector:
            found.append(Role.ACTIVE)
        elif hash_ == selectors.preview_selector:
            found.append(Role.PREVIEW)
        return tuple(found)
    if hash_ == status.stable_rs:
        return (Role.STABLE, *_ping_pong(rollout, is_stable=True))
    if hash_ == status.current_pod_hash:
        return (Role.CANARY, *_ping_pong(rollout, is_stable=False))
    return ()


def _ping_pong(rollout: Rollout, *, is_stable: bool) -> tuple[Role, ...]:
    if rollout.canary is None or rollout.canary.ping_pong is None:
        return ()
    is_ping = rollout.status.canary.stable_ping_pong == "ping"
    return (Role.PING if is_ping == is_stable else Role.PONG,)


def scale_down_deadline(rs: ReplicaSet) -> datetime | None:
    """Return when the ReplicaSet may be scaled to 0, `None` without or with an unreadable mark.

    A time without its zone is unreadable: nobody knows which moment it is.
    """
    text = rs.metadata.annotations.get(SCALE_DOWN_DEADLINE, "")
    try:
        deadline = datetime.fromisoformat(text)
    except ValueError:
        return None
    return deadline if deadline.tzinfo else None
