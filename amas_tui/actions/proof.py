"""Whether it has happened: judged by what the controller wrote, never by what we wrote ourselves.

A verb is done when the watch shows the controller's own answer. Until its deadline it waits; after
it the ending is "sent, but the controller did not react", which still turns into done if the answer
comes late.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from amas_tui.actions.patches import is_inconclusive_step, promote_lifts_pause, promoted_index
from amas_tui.actions.verb import Target, Verb
from amas_tui.domain.rollout import Rollout, RolloutStatus
from amas_tui.rules.pause import Waiting, pauses
from amas_tui.rules.phase import is_observed
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Health


class Ending(StrEnum):
    """How a write ended, so far."""

    WAITING = "waiting"
    DONE = "done"
    DIFFERENT = "done, but not as asked"
    REFUSED = "refused by the controller"
    NO_EFFECT = "sent, but the controller did not react"
    INCOMPLETE = "begun, but not finished in time"
    VANISHED = "the rollout is gone"
    UNKNOWN = "not known: the connection is lost"

    @property
    def is_final(self) -> bool:
        """Return whether nothing later can change it."""
        return self in (Ending.DONE, Ending.DIFFERENT, Ending.REFUSED, Ending.VANISHED)


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
        generation: `metadata.generation` in the reply.
        version: `metadata.resourceVersion` in the reply.
    """

    verb: Verb
    before: Rollout
    sent_at: datetime
    generation: int
    version: str
    target: Target | None = None


REACTION: Final = timedelta(seconds=10)
"""The controller reacts within a second when it is well."""

_ABORT: Final = timedelta(seconds=30)
_UNDO: Final = timedelta(seconds=30)
_DEFAULT_PROGRESS_DEADLINE: Final = 600


def patience(pending: Pending) -> timedelta:
    """Return how long the whole verb may take."""
    rollout = pending.before
    seconds = rollout.spec.progress_deadline_seconds
    progress = timedelta(seconds=_DEFAULT_PROGRESS_DEADLINE if seconds is None else seconds)
    match pending.verb:
        case Verb.PROMOTE:
            return REACTION
        case Verb.PROMOTE_FULL:
            return max(progress, REACTION)
        case Verb.ABORT:
            dynamic = rollout.canary is not None and rollout.canary.dynamic_stable_scale
            return max(progress, _ABORT) if dynamic else _ABORT
        case Verb.UNDO:
            return _UNDO


def judge(pending: Pending, scene: Scene | None, now: datetime) -> Progress:
    """Return where a write stands by the newest picture alone."""
    if scene is None:
        return Progress(Ending.VANISHED)
    progress = _verdict(pending, scene)
    if progress.ending is not Ending.WAITING:
        return progress
    stream = scene.stream(Kind.ROLLOUTS)
    if stream is None or stream.health is not Health.LIVE:
        return replace(progress, ending=Ending.UNKNOWN)
    waited = now - pending.sent_at
    if waited > REACTION and not _has_reacted(pending, scene.rollout):
        return replace(progress, ending=Ending.NO_EFFECT)
    if waited > patience(pending):
        return replace(progress, ending=Ending.INCOMPLETE)
    return progress


def _verdict(pending: Pending, scene: Scene) -> Progress:
    match pending.verb:
        case Verb.PROMOTE:
            return _promote(pending, scene)
        case Verb.PROMOTE_FULL:
            return _promote_full(scene)
        case Verb.ABORT:
            return _abort(pending, scene)
        case Verb.UNDO:
            return _undo(pending, scene)


def _all(*stages: Stage) -> Progress:
    reached = all(stage.is_reached is not False for stage in stages)
    return Progress(Ending.DONE if reached else Ending.WAITING, stages)


def written(pending: Pending) -> RolloutStatus:
    """Return the status as it is when nobody but us has touched it."""
    status = pending.before.status
    match pending.verb:
        case Verb.PROMOTE_FULL:
            return replace(status, promote_full=True)
        case Verb.ABORT:
            return replace(status, abort=True)
        case Verb.UNDO:
            return status
        case Verb.PROMOTE:
            return _written_promote(pending.before)


def _written_promote(before: Rollout) -> RolloutStatus:
    if {pause.waiting for pause in pauses(before)} == {Waiting.SPEC}:
        return before.status
    if promote_lifts_pause(before):
        return replace(before.status, pause_conditions=())
    changes: dict[str, Any] = {"current_step_index": promoted_index(before)}
    if is_inconclusive_step(before):
        changes |= {"pause_conditions": (), "controller_pause": False}
    return replace(before.status, **changes)


def _has_reacted(pending: Pending, rollout: Rollout) -> bool:
    return rollout.status not in (written(pending), pending.before.status)


def _promote(pending: Pending, scene: Scene) -> Progress:
    before, rollout = pending.before, scene.rollout
    status = rollout.status
    if status.abort and not before.status.abort:
        return Progress(Ending.REFUSED, remark=f"halted meanwhile: {status.message}")
    if {pause.waiting for pause in pauses(before)} == {Waiting.SPEC}:
        return _resumed(pending, rollout)
    if not promote_lifts_pause(before):
        return _skipped(pending, rollout)
    if rollout.blue_green is not None:
        active = status.blue_green.active_selector == status.current_pod_hash
        return _all(Stage(f"{rollout.blue_green.active_service} switched", active))
    if not before.steps or _waits_for_no_step(before):
        return _all(Stage("pause lifted", not status.controller_pause))
    # Only the controller moves the index here. It may pause again at once, within the same second
    # and for the same reason, so the pause itself proves nothing.
    seen = before.status.current_step_index or 0
    index = status.current_step_index or 0
    moved = index > seen or (rollout.is_promoted and not before.is_promoted)
    return _all(Stage("pause lifted", moved), Stage(f"step {seen + 1} → {index + 1}", moved))


def _waits_for_no_step(before: Rollout) -> bool:
    """Return whether every pause comes from an analysis beside the steps."""
    return all(pause.waiting is Waiting.INCONCLUSIVE for pause in pauses(before))


def _resumed(pending: Pending, rollout: Rollout) -> Progress:
    observed = is_observed(rollout) and rollout.metadata.generation >= pending.generation
    paused = rollout.condition("Paused")
    lifted = not rollout.spec.paused and (paused is None or paused.status != "True")
    return _all(Stage("controller saw it", observed), Stage("hold lifted", observed and lifted))


def _skipped(pending: Pending, rollout: Rollout) -> Progress:
    ours = promoted_index(pending.before)
    status, before = rollout.status, pending.before.status
    index = status.current_step_index or 0
    if rollout.metadata.resource_version == pending.version:
        return Progress(Ending.WAITING, (Stage(f"step {ours + 1} begun", is_reached=False),))
    if index < ours and status.stable_rs == before.stable_rs and _is_later(pending, rollout):
        return Progress(Ending.REFUSED, remark=f"the controller went back to step {index}")
    begun = (
        index > ours
        or status.stable_rs != before.stable_rs
        or status.canary.weights != before.canary.weights
        or (bool(status.pause_conditions) and status.pause_conditions != before.pause_conditions)
        or status.canary.current_step_analysis_run_status
        != before.canary.current_step_analysis_run_status
        or status.canary.current_experiment != before.canary.current_experiment
    )
    return _all(Stage(f"step {ours + 1} begun", begun and index >= ours))


def _is_later(pending: Pending, rollout: Rollout) -> bool:
    """Return whether this version was made after our write; versions are ordered in one object."""
    try:
        return int(rollout.metadata.resource_version) > int(pending.version)
    except ValueError:
        return False


def _promote_full(scene: Scene) -> Progress:
    rollout = scene.rollout
    status = rollout.status
    if status.abort and not status.promote_full:
        return Progress(Ending.REFUSED, remark=f"halted meanwhile: {status.message}")
    hash_ = status.current_pod_hash
    stable = Stage("new version is stable", status.stable_rs == hash_)
    cleared = Stage("promotion finished", not status.promote_full)
    if rollout.blue_green is not None:
        active = status.blue_green.active_selector == hash_
        return _all(Stage(f"{rollout.blue_green.active_service} switched", active), stable, cleared)
    if rollout.canary is None or rollout.canary.traffic_routing is None:
        others = [rs for rs in scene.replica_sets if rs.hash != hash_]
        gone = not any(rs.status.available_replicas for rs in others)
        known = scene.is_known(Kind.REPLICA_SETS)
        return _all(stable, cleared, Stage("old pods gone", gone if known else None))
    return _all(stable, cleared, *_routed(scene, hash_))


def _routed(scene: Scene, stable_hash: str) -> tuple[Stage, ...]:
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


def _abort(pending: Pending, scene: Scene) -> Progress:
    rollout, before = scene.rollout, pending.before
    status = rollout.status
    at, seen_at = status.aborted_at, before.status.aborted_at
    saw = Stage("controller saw it", at is not None and (seen_at is None or at > seen_at))
    if not status.abort and _is_later(pending, rollout) and at is None:
        return Progress(Ending.REFUSED, remark="the controller cleared it again")
    if rollout.blue_green is not None:
        active = status.blue_green.active_selector == status.stable_rs
        return _all(saw, Stage(f"{rollout.blue_green.active_service} on stable", active))
    stable = _stable_is_full(scene)
    if rollout.canary is None or rollout.canary.traffic_routing is None:
        left = scene.current.status.available_replicas if scene.current else 0
        known = scene.is_known(Kind.REPLICA_SETS)
        return _all(saw, Stage(f"canary pods {left}", left == 0 if known else None), stable)
    return _all(saw, *_routed(scene, status.stable_rs), stable)


def _stable_is_full(scene: Scene) -> Stage:
    if scene.stable is None or not scene.is_known(Kind.REPLICA_SETS):
        return Stage("stable pods not read", None)
    have, want = scene.stable.status.available_replicas, scene.rollout.desired
    return Stage(f"stable {have}/{want}", have >= want)


def _undo(pending: Pending, scene: Scene) -> Progress:
    rollout = scene.rollout
    generation = rollout.metadata.generation
    observed = is_observed(rollout) and generation >= pending.generation
    wanted = pending.target.pod_hash if pending.target else ""
    now = rollout.status.current_pod_hash
    saw = Stage("controller saw it", observed)
    if observed and now != wanted and now != pending.before.status.current_pod_hash:
        return Progress(
            Ending.DIFFERENT,
            (saw,),
            f"the controller made a new version {now} of that template instead of taking up "
            f"revision {pending.target.revision if pending.target else '?'}",
        )
    return _all(saw, Stage(f"version {wanted} is wanted", observed and now == wanted))
