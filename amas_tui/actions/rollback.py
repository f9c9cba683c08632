"""The emergency rollback: where to go, by which path, and what comes next.

Everything is a function of what the cluster shows, so that a program that was started anew carries
on where another one stood.
Source: rollout/canary.go, rollout/sync.go (rollback to stable, isRollbackWithinWindow); what the
controller makes of each path was tried on v1.10.1.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from amas_tui.actions.repair import (
    NAMED,
    Repair,
    TemplateName,
    broken_templates,
    is_awaited,
    repairs,
)
from amas_tui.actions.standing import gitops_owner
from amas_tui.actions.state import holder, is_invalid
from amas_tui.actions.template import MARK, is_fast, undo_sets, workload_kind
from amas_tui.actions.verb import Target, Verb
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.workload import ReplicaSet
from amas_tui.rules.phase import is_observed
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene, run_hash

SEEN_WITHIN: Final = timedelta(seconds=5)
"""How long the controller may take to see a template before the rollback aborts instead."""


class Path(StrEnum):
    """How a rollback gets there."""

    IN_FLIGHT = "the update in flight is replaced by the stable version"
    ABORT = "the update in flight is aborted"
    COMPLETE = "the update is complete: back to the version before, without its steps"
    UNDER_WAY = "it was rolled back to this version already: carried on where it stands"
    INVALID = "the spec is invalid: the controller acts on nothing until it is repaired"


class Proof(StrEnum):
    """Why a version is believed to be good."""

    STABLE = "it is the stable version"
    GATES = "passed its gates"
    SEEN = "was stable (seen by me)"
    UNPROVEN = "unproven: nothing tells that it was ever good"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version to go back to, and why."""

    target: Target
    proof: Proof


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rollback would do.

    Attributes:
        goal: Where it goes; `None` where there is nowhere to go.
        refusal: Why it cannot be done, empty when it can.
        hint: What to do instead.
        without: Broken analysis templates; what needs them is taken out of the spec.
        needs: What a hand must make before the controller acts again.
    """

    path: Path
    goal: Candidate | None = None
    refusal: str = ""
    hint: str = ""
    without: tuple[TemplateName, ...] = ()
    needs: tuple[Repair, ...] = ()


def plan(
    scene: Scene,
    chosen: Target | None = None,
    seen: frozenset[str] = frozenset(),
    *,
    may_write_spec: bool = True,
    is_taken_up: bool = True,
) -> Plan:
    """Return how to get back to the last good version.

    Args:
        scene: What is known.
        chosen: The version that the user chose.
        seen: Hashes that this program has seen as stable.
        may_write_spec: Whether the user may write whoever holds the pod template.
        is_taken_up: Whether the template in the spec is that of the current version: an invalid
            spec is not, and then the current version is the good one.
    """
    rollout = scene.rollout
    status = rollout.status
    if not status.stable_rs:
        return Plan(Path.COMPLETE, refusal="first deployment: there is no version to go back to")
    if not scene.is_known(Kind.REPLICA_SETS):
        return Plan(Path.ABORT, refusal="the revisions are not known yet")
    goal = _chosen(chosen, status.stable_rs) if chosen else _goal(scene, seen)
    if is_invalid(scene):
        if chosen is None and not is_taken_up:
            goal = _stable(scene)
        return _invalid(scene, goal)
    if chosen is None and is_under_way(rollout):
        current = scene.current
        proof = Candidate(_target(current), Proof.SEEN) if current else goal
        return Plan(Path.UNDER_WAY, proof)
    if goal is None:
        return Plan(
            Path.COMPLETE,
            refusal="there is no earlier version that is known to be good",
            hint="Choose one with --to-revision, or undo to it",
        )
    if not rollout.is_updating:
        if not may_write_spec:
            return Plan(Path.COMPLETE, goal, refusal=f"you may not write {_holder(rollout)}")
        return Plan(Path.COMPLETE, goal)
    owner = gitops_owner(rollout.metadata)
    if owner or not may_write_spec or workload_kind(rollout) is None:
        return Plan(Path.ABORT, goal)
    return Plan(Path.IN_FLIGHT, goal)


def is_under_way(rollout: Rollout) -> bool:
    """Return whether a rollback has put its template back already; it may be through, too.

    Then another version is gone to by choice alone: the one before may be the bad one.
    """
    to = rollout.metadata.annotations.get(MARK, "")
    return bool(to) and to == rollout.status.current_pod_hash


def _holder(rollout: Rollout) -> str:
    return holder(rollout) or f"the rollout {rollout.key.name}"


def _target(replica_set: ReplicaSet) -> Target:
    return Target(replica_set.revision, replica_set.hash, replica_set.metadata.name, lift_hold=True)


def _chosen(target: Target, stable: str) -> Candidate:
    proof = Proof.STABLE if target.pod_hash == stable else Proof.UNPROVEN
    return Candidate(replace(target, lift_hold=True), proof)


def _stable(scene: Scene) -> Candidate | None:
    return Candidate(_target(scene.stable), Proof.STABLE) if scene.stable else None


def _goal(scene: Scene, seen: frozenset[str]) -> Candidate | None:
    if scene.rollout.is_updating:
        return _stable(scene)
    found = candidates(scene, seen)
    return next((one for one in found if one.proof is not Proof.UNPROVEN), None)


def candidates(scene: Scene, seen: frozenset[str] = frozenset()) -> tuple[Candidate, ...]:
    """Return the earlier versions, newest first, without those that are known to be bad."""
    bad = {run_hash(run) for run in scene.runs if run.phase.is_bad}
    return tuple(
        Candidate(_target(rs), _proof(scene, rs, seen))
        for rs in undo_sets(scene)
        if rs.hash not in bad
    )


def _proof(scene: Scene, replica_set: ReplicaSet, seen: frozenset[str]) -> Proof:
    if replica_set.hash == scene.rollout.status.stable_rs:
        return Proof.STABLE
    if replica_set.hash in seen:
        return Proof.SEEN
    own = [run for run in scene.runs if run_hash(run) == replica_set.hash]
    passed = bool(own) and all(run.phase.is_final and not run.spec.terminate for run in own)
    return Proof.GATES if passed else Proof.UNPROVEN


def _invalid(scene: Scene, goal: Candidate | None) -> Plan:
    """Return what can be done where the controller acts on nothing.

    What the old template and fewer steps repair is repaired. What a hand must make is named; the
    old template is written all the same, so that the controller goes back and not on once it can.
    """
    without = broken_templates(scene)
    needs = repairs(scene, goal.target.pod_hash) if goal else ()
    said = invalid_words(scene)
    if any(is_awaited(scene, kind) for kind in NAMED):
        return Plan(Path.INVALID, goal, refusal="what the spec names is not known yet")
    if goal is None:
        return Plan(Path.INVALID, refusal=f"the spec is invalid: {said}", hint=_REPAIR)
    if not (without or needs or _TEMPLATE in said or is_made_again(scene)):
        return Plan(Path.INVALID, goal, refusal=f"the spec is invalid: {said}", hint=_REPAIR)
    return Plan(Path.INVALID, goal, without=without, needs=needs)


def is_made_again(scene: Scene) -> bool:
    """Return whether what the controller misses is there by now: it will look again by itself."""
    to = scene.rollout.status.stable_rs
    is_whole = not repairs(scene, to) and not broken_templates(scene)
    return is_whole and _LACK in invalid_words(scene)


_LACK: Final = "not found"
"""In the controller's words where something that the spec names does not exist."""

_TEMPLATE: Final = "spec.template"
"""In the controller's words where the pod template itself is refused."""

_REPAIR: Final = "Repair what it names; until then the controller acts on nothing, abort included"


def invalid_words(scene: Scene) -> str:
    """Return why the controller refuses the spec, in its own words."""
    condition = scene.rollout.condition("InvalidSpec")
    message = condition.message if condition else ""
    return message.partition("is invalid: ")[2] or message


# ------------------------------------------------------------------- what comes next


class Move(StrEnum):
    """What comes next."""

    PUT_BACK = "put the template back"
    ABORT = "abort"
    RESUME = "lift the hold"
    PROMOTE_FULL = "promote fully"
    WAIT = "wait for the controller"
    CHECK = "check"


VERBS: Final = {
    Move.PUT_BACK: Verb.UNDO,
    Move.ABORT: Verb.ABORT,
    Move.RESUME: Verb.RESUME,
    Move.PROMOTE_FULL: Verb.PROMOTE_FULL,
}
"""The verb of each move that writes."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What this program has sent so far, so that nothing is sent twice.

    Attributes:
        put_back_at: When the template was put back.
        cannot_put_back: Why it could not be, empty while it may be.
        moves: The moves that were sent, in order.
    """

    put_back_at: datetime | None = None
    cannot_put_back: str = ""
    moves: tuple[Move, ...] = ()

    def after(self, move: Move, at: datetime) -> "Trail":
        """Return the trail with one more move."""
        put_back_at = at if move is Move.PUT_BACK else self.put_back_at
        return replace(self, put_back_at=put_back_at, moves=(*self.moves, move))


def next_move(scene: Scene, route: Plan, trail: Trail, now: datetime) -> Move:
    """Return what a rollback does next, by what the cluster shows now."""
    rollout, status = scene.rollout, scene.rollout.status
    to = route.goal.target.pod_hash if route.goal else status.stable_rs
    if route.path is Path.INVALID and trail.put_back_at is None:
        return Move.PUT_BACK
    if is_invalid(scene) and trail.put_back_at is not None:
        return Move.WAIT
    if status.current_pod_hash == to:
        return _towards_stable(scene, route, to, trail)
    is_stable = status.stable_rs == to
    if route.path is not Path.ABORT and not trail.cannot_put_back:
        if trail.put_back_at is None:
            return Move.PUT_BACK
        if now - trail.put_back_at < SEEN_WITHIN or not is_stable:
            return Move.WAIT
    if not is_stable:
        return Move.WAIT
    if not status.abort:
        return Move.WAIT if Move.ABORT in trail.moves else Move.ABORT
    if status.aborted_at is None:
        return Move.WAIT
    if rollout.spec.paused:
        return Move.WAIT if Move.RESUME in trail.moves else Move.RESUME
    return Move.CHECK


def _towards_stable(scene: Scene, route: Plan, to: str, trail: Trail) -> Move:
    """Return what comes after the controller has taken up the old template."""
    rollout, status = scene.rollout, scene.rollout.status
    if not is_observed(rollout):
        return Move.WAIT
    if rollout.spec.paused:
        return Move.WAIT if Move.RESUME in trail.moves else Move.RESUME
    if status.stable_rs == to:
        return Move.CHECK
    if status.promote_full or is_skipping(scene, route):
        return Move.WAIT
    return Move.WAIT if Move.PROMOTE_FULL in trail.moves else Move.PROMOTE_FULL


def is_skipping(scene: Scene, route: Plan) -> bool:
    """Return whether the controller skips the steps by itself: inside the rollbackWindow."""
    rollout = scene.rollout
    if route.goal is None or not rollout.steps:
        return False
    at_end = (rollout.status.current_step_index or 0) >= len(rollout.steps)
    return at_end and bool(is_fast(rollout, scene, route.goal.target))
