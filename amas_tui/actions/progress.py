"""Where a write stands: its endings, its stages, and the stages that several verbs share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from amas_tui.actions.verb import Choice, Verb
from amas_tui.actions.write import Write
from amas_tui.domain.base import ObjectMeta
from amas_tui.domain.rollout import Rollout
from amas_tui.rules.phase import is_observed
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene


class Ending(StrEnum):
    """How a write ended, so far."""

    WAITING = "waiting"
    DONE = "done"
    DIFFERENT = "done, but not as asked"
    REFUSED = "refused by the controller"
    REVERTED = "sent, but written back"
    NO_EFFECT = "sent, but the controller did not react"
    INCOMPLETE = "begun, but not finished in time"
    VANISHED = "the rollout is gone"
    UNKNOWN = "not known yet"
    NOT_ARRIVED = "not sent: it never arrived"

    @property
    def is_final(self) -> bool:
        """Return whether nothing later can change it."""
        return self in _FINAL


_FINAL: Final = frozenset(
    {
        Ending.DONE,
        Ending.DIFFERENT,
        Ending.REFUSED,
        Ending.REVERTED,
        Ending.VANISHED,
        Ending.NOT_ARRIVED,
    }
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One thing that must be seen; `is_reached` is `None` where it cannot be looked at."""

    text: str
    is_reached: bool | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a write stands."""

    ending: Ending
    stages: tuple[Stage, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """A write that was sent.

    Attributes:
        before: The rollout that the write was computed from.
        sent_at: When the API server accepted it.
        generation: `metadata.generation` in the reply, of the object that was written.
        version: `metadata.resourceVersion` in the reply; empty where no reply came, and the one
            before where the write arrived and the object has moved on since.
        has_arrived: Whether the API server accepted it; `None` while nobody knows, because the
            connection was lost before the reply.
        trouble: What went wrong with the reply.
        is_undone: Whether the object is again as it was before: by an admission webhook, or by
            another hand.
        write: The last write, to look for where no reply came.
        live: Its object (as JSON) as it was before.
        looked_at: When the object was last looked at, `None` for never.
        shown_at: When the watch first showed the write itself, `None` before and where its object
            is not watched: a controller cannot be seen to react any sooner.
    """

    verb: Verb
    before: Rollout
    sent_at: datetime
    generation: int
    version: str
    target: Choice | None = None
    has_arrived: bool | None = True
    trouble: str = ""
    is_undone: bool = False
    write: Write | None = None
    live: Mapping[str, Any] | None = None
    looked_at: datetime | None = None
    shown_at: datetime | None = None


REACTION: Final = timedelta(seconds=10)
"""The controller reacts within a second when it is well."""

_DEFAULT_PROGRESS_DEADLINE: Final = 600


def progress_deadline(rollout: Rollout) -> timedelta:
    """Return how long new pods may take, at least as long as the controller may."""
    seconds = rollout.spec.progress_deadline_seconds
    length = timedelta(seconds=_DEFAULT_PROGRESS_DEADLINE if seconds is None else seconds)
    return max(length, REACTION)


def reached(*stages: Stage) -> Progress:
    """Return done when every stage that can be looked at is reached, else waiting."""
    all_of_them = all(stage.is_reached is not False for stage in stages)
    return Progress(Ending.DONE if all_of_them else Ending.WAITING, stages)


def is_later(pending: Pending, metadata: ObjectMeta) -> bool:
    """Return whether a version was made after our write; versions are ordered in one object."""
    try:
        return int(metadata.resource_version) > int(pending.version)
    except ValueError:
        return False


def is_shown(pending: Pending, metadata: ObjectMeta) -> bool:
    """Return whether a version is the one that our write made, or a later one."""
    return metadata.resource_version == pending.version or is_later(pending, metadata)


def saw_spec(pending: Pending, rollout: Rollout) -> bool:
    """Return whether the controller has seen the spec that we wrote."""
    return is_observed(rollout) and rollout.metadata.generation >= pending.generation


def routed(scene: Scene, stable_hash: str) -> tuple[Stage, ...]:
    """Return the stages of all traffic being on `stable_hash`: status, Ingress, Service."""
    weights = scene.rollout.status.canary.weights
    canary_weight = weights.canary.weight if weights else 0
    on_hash = weights is None or weights.stable.pod_template_hash == stable_hash
    stages = [Stage(f"weight {canary_weight}", canary_weight == 0 and on_hash)]
    routing = scene.rollout.canary.traffic_routing if scene.rollout.canary else None
    if routing is not None and routing.nginx is not None:
        ingress = scene.ingress_weight
        if scene.is_known(Kind.INGRESSES):
            stages.append(Stage(f"ingress {ingress or 0}", not ingress))
        else:
            stages.append(Stage("ingress not read", None))
    service = scene.stable_service
    if service is not None:
        stages.append(Stage(f"{service.metadata.name} selects it", service.hash == stable_hash))
    return tuple(stages)


def stable_is_full(scene: Scene) -> Stage:
    """Return the stage of the stable version having all its pods."""
    if scene.stable is None or not scene.is_known(Kind.REPLICA_SETS):
        return Stage("stable pods not read", None)
    have, want = scene.stable.status.available_replicas, scene.rollout.desired
    return Stage(f"stable {have}/{want}", have >= want)
