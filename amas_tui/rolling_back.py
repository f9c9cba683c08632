"""Carries an emergency rollback out, one guarded write at a time; screen and command line alike.

The next write is always derived from the newest picture, never from what was sent before: a write
that was refused because something moved is not tried again, it is decided anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from amas_tui.acting import (
    Gate,
    MovedError,
    Preview,
    WriteRefusedError,
    announce,
    carry_out,
    prepare,
    resolve,
    right_to,
)
from amas_tui.actions.checks import Check, Result, are_settled, checks
from amas_tui.actions.consequence import revision_words
from amas_tui.actions.progress import Ending, Pending, Progress, Stage
from amas_tui.actions.proof import judge
from amas_tui.actions.rollback import (
    VERBS,
    Move,
    Path,
    Plan,
    Proof,
    Trail,
    ingress_command,
    next_move,
    plan,
)
from amas_tui.actions.template import workload_kind
from amas_tui.actions.verb import Choice, Target
from amas_tui.errors import AmasError
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene

BUDGET: Final = timedelta(minutes=2)
"""How long a rollback may take, from the confirmation to the last check."""

_ATTEMPTS: Final = 5
"""How often a template may be put back on an object that moves each time."""


@dataclass(frozen=True, slots=True)
class RollbackPreview:
    """All that is known of a rollback before it begins.

    Attributes:
        first: Preview of the first write, `None` where nothing is to be written.
        sentences: What will happen, most important first.
        command: A command for a person's own hand, printed and never sent.
    """

    scene: Scene
    route: Plan
    sentences: tuple[str, ...] = ()
    first: Preview | None = None
    command: str = ""

    @property
    def refusal(self) -> str:
        """Return why it cannot be done, empty when it can."""
        return self.route.refusal or (self.first.refusal if self.first else "")

    @property
    def hint(self) -> str:
        """Return what to do instead."""
        return self.route.hint or (self.first.hint if self.first else "")


@dataclass(frozen=True, slots=True)
class Run:
    """A rollback on its way.

    Attributes:
        began: When it was confirmed.
        since: When all traffic was first seen on the good version.
        pending: The last write, until the controller has answered it.
        attempts: How often a template was refused because something moved.
        trouble: What went wrong last, empty when nothing did.
        ending: How it ended, `WAITING` while it runs.
    """

    route: Plan
    began: datetime
    trail: Trail = field(default_factory=Trail)
    since: datetime | None = None
    pending: Pending | None = None
    attempts: int = 0
    move: Move = Move.WAIT
    checks: tuple[Check, ...] = ()
    trouble: str = ""
    ending: Ending = Ending.WAITING
    took: timedelta = timedelta(0)
    reason: str = ""

    @property
    def to(self) -> str:
        """Return the hash of the version that it goes to."""
        return self.route.goal.target.pod_hash if self.route.goal else ""


async def preview_rollback(
    gate: Gate,
    scene: Scene,
    now: datetime,
    chosen: Target | None = None,
    seen: frozenset[str] = frozenset(),
) -> RollbackPreview:
    """Return what a rollback would do: nothing is sent but reads, reviews and a dry-run.

    Raises:
        AmasError: The cluster could not be asked.
    """
    kind = workload_kind(scene.rollout) or Kind.ROLLOUTS
    right = right_to(kind, "", scene.rollout.key.namespace)
    may = await gate.cluster.may(right) is None
    route = plan(scene, chosen, seen, may_write_spec=may)
    if forbidden := gate.limits.why_not():
        route = replace(route, refusal=forbidden)
    command = ingress_command(scene) if route.path is Path.INVALID else ""
    sentences = tuple(_sentences(scene, route))
    if route.refusal:
        return RollbackPreview(scene, route, sentences, command=command)
    move = next_move(scene, route, Trail(), now)
    first = None
    if (verb := VERBS.get(move)) is not None:
        first = await prepare(gate, verb, scene, now, _choice(move, route))
    return RollbackPreview(scene, route, sentences, first, command)


def _choice(move: Move, route: Plan) -> Choice | None:
    if move is not Move.PUT_BACK or route.goal is None:
        return None
    return replace(route.goal.target, lift_hold=True, mark=True, without=route.missing)


def _sentences(scene: Scene, route: Plan) -> list[str]:
    if route.goal is None:
        return []
    words = revision_words(scene.by_hash(route.goal.target.pod_hash))
    found = [f"back to {words}: {route.goal.proof}", f"{route.path}"]
    found += _WORDS[route.path]
    if route.missing:
        names = ", ".join(route.missing)
        found.append(f"steps that need the missing {names} are taken out of the spec with it")
    found.append("then four checks: traffic, pods, service, metrics; the clock stops at 2 minutes")
    return found


_WORDS: Final[Mapping[Path, tuple[str, ...]]] = {
    Path.IN_FLIGHT: (
        "one write puts the stable template back: traffic and Services are on it at once",
        "if the controller has not seen it within 5 s, the update is aborted instead",
    ),
    Path.ABORT: (
        "the spec is not ours to write here: it keeps the bad version until it is changed there",
    ),
    Path.COMPLETE: (
        "the old template is put back; once it is seen, it is promoted fully: no steps, no gates",
    ),
    Path.UNDER_WAY: (),
    Path.INVALID: ("one write puts the stable template back and repairs the spec",),
}


def begin(preview: RollbackPreview, now: datetime, reason: str = "") -> Run:
    """Return a confirmed rollback, before its first write."""
    return Run(preview.route, now, reason=reason)


async def advance(gate: Gate, run: Run, scene: Scene | None, now: datetime) -> Run:
    """Return the rollback one picture later; at most one verb is sent.

    Args:
        gate: Where the writes pass.
        run: How it stood.
        scene: What is known now, `None` once the rollout is gone.
        now: The server's time.
    """
    if run.ending.is_final:
        return run
    if scene is None:
        return _ended(run, Ending.VANISHED, now)
    run = await _looked(gate, run, now)
    run = _checked(run, scene, now)
    if not scene.is_live(Kind.ROLLOUTS):
        lost = "the connection is lost: nothing is written until it is back"
        return _late(replace(run, ending=Ending.UNKNOWN, trouble=lost), now)
    if run.pending is not None and run.pending.has_arrived is None:
        unknown = "the reply was lost: whether the last write arrived is being looked for"
        return _late(replace(run, ending=Ending.UNKNOWN, trouble=unknown), now)
    run = replace(run, ending=Ending.WAITING, move=next_move(scene, run.route, run.trail, now))
    if run.move is Move.CHECK and are_settled(run.checks):
        return _ended(replace(run, trouble=""), Ending.DONE, now)
    if run.move in VERBS and now - run.began <= BUDGET:
        return await _send(gate, run, scene, now)
    if _is_silent(run, scene, now):
        return replace(run, ending=Ending.NO_EFFECT, took=now - run.began)
    return _late(run, now)


def _is_silent(run: Run, scene: Scene, now: datetime) -> bool:
    """Return whether the controller has not reacted to the last write in its time."""
    if run.pending is None or run.move is Move.CHECK:
        return False
    return judge(run.pending, scene, now).ending is Ending.NO_EFFECT


async def _looked(gate: Gate, run: Run, now: datetime) -> Run:
    """Look for a write whose reply was lost; one that never arrived may be sent again."""
    if run.pending is None or run.pending.has_arrived is not None:
        return run
    pending = await resolve(gate, run.pending, now)
    if pending.has_arrived is False:
        moves = run.trail.moves[:-1]
        put_back_at = run.trail.put_back_at if Move.PUT_BACK in moves else None
        trail = replace(run.trail, moves=moves, put_back_at=put_back_at)
        return replace(run, pending=None, trail=trail)
    return replace(run, pending=pending)


def _checked(run: Run, scene: Scene, now: datetime) -> Run:
    to = run.to or scene.rollout.status.stable_rs
    found = checks(scene, to, run.since or now, now)
    is_there = found[0].result is Result.PASSED
    since = (run.since or now) if is_there else None
    return replace(run, checks=found, since=since)


def _late(run: Run, now: datetime) -> Run:
    if now - run.began <= BUDGET:
        return run
    missing = [check for check in run.checks if not check.result.is_settled]
    words = "; ".join(f"{check.name}: {check.words}" for check in missing) or run.trouble
    return _ended(replace(run, trouble=words), Ending.INCOMPLETE, now)


def _ended(run: Run, ending: Ending, now: datetime) -> Run:
    return replace(run, ending=ending, took=now - run.began)


async def _send(gate: Gate, run: Run, scene: Scene, now: datetime) -> Run:
    """Send the next move, or note why it could not be."""
    move = run.move
    try:
        preview = await prepare(gate, VERBS[move], scene, now, _choice(move, run.route))
        if preview.refusal:
            return _refused(run, preview.refusal)
        pending = await carry_out(gate, preview, scene, now, run.reason)
    except MovedError as error:
        return _refused(run, error.text)
    except WriteRefusedError as error:
        return _ended(replace(run, trouble=error.text), Ending.REFUSED, now)
    except AmasError as error:
        return _refused(run, error.text)
    await announce(gate, pending, run.reason or "emergency rollback")
    return replace(run, pending=pending, trail=run.trail.after(move, now), trouble="")


def _refused(run: Run, why: str) -> Run:
    """Note a refusal; a template that cannot be put back leaves the abort."""
    attempts = run.attempts + 1
    gives_up = run.move is Move.PUT_BACK and attempts >= _ATTEMPTS
    trail = replace(run.trail, cannot_put_back=why) if gives_up else run.trail
    return replace(run, trail=trail, attempts=attempts, trouble=why)


def progress(run: Run) -> Progress:
    """Return where a rollback stands, in the words of every other verb."""
    stages = tuple(
        Stage(f"{check.name}: {check.words}", _reached(check.result)) for check in run.checks
    )
    remark = run.trouble
    if run.ending is Ending.DONE and Move.ABORT in run.trail.moves:
        remark = "the spec still holds the bad version: change it before the next update"
    if run.ending is Ending.DONE and run.route.goal and run.route.goal.proof is Proof.UNPROVEN:
        remark = "the version was unproven; its checks pass"
    return Progress(run.ending, stages, remark)


def _reached(result: Result) -> bool | None:
    return None if result is Result.UNKNOWN else result is Result.PASSED
