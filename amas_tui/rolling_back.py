"""Carries an emergency rollback out, one guarded write at a time; screen and command line alike.

The next write is always derived from the newest picture, never from what was sent before: a write
that was refused because something moved is not tried again, it is decided anew.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from amas_tui.acting import (
    Gate,
    MovedError,
    WriteRefusedError,
    announce,
    carry_out,
    prepare,
    resolve,
)
from amas_tui.actions.checks import Check, Result, are_settled, checks
from amas_tui.actions.progress import Ending, Pending, Progress, Stage
from amas_tui.actions.proof import has_reacted, judge
from amas_tui.actions.repair import repairs
from amas_tui.actions.rollback import (
    VERBS,
    Move,
    Path,
    Plan,
    Proof,
    Trail,
    invalid_words,
    is_made_again,
    next_move,
)
from amas_tui.actions.state import is_invalid
from amas_tui.errors import AmasError
from amas_tui.rollback_preview import RollbackPreview, choice_of, is_there
from amas_tui.rules.phase import is_observed
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene

BUDGET: Final = timedelta(minutes=2)
"""How long a rollback may take, from the confirmation to the last check."""

_ATTEMPTS: Final = 5
"""How often a template may be put back on an object that moves each time."""


@dataclass(frozen=True, slots=True)
class Run:
    """A rollback on its way.

    Attributes:
        began: When it was confirmed.
        since: When all traffic was first seen on the good version.
        pending: The last write, until the controller has answered it.
        attempts: How often a template was refused because something moved.
        trouble: What went wrong last, empty when nothing did.
        blocked: What holds it up now, empty when nothing does.
        looked_at: When the cluster was last asked itself, beside the watch.
        is_late: Whether the cluster showed more than the watch had brought.
        is_taken_up: Whether the controller has taken up the version it goes to.
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
    blocked: str = ""
    looked_at: datetime | None = None
    is_late: bool = False
    is_taken_up: bool = False
    ending: Ending = Ending.WAITING
    took: timedelta = timedelta(0)
    reason: str = ""

    @property
    def to(self) -> str:
        """Return the hash of the version that it goes to."""
        return self.route.goal.target.pod_hash if self.route.goal else ""

    @property
    def remark(self) -> str:
        """Return what a reader must know of it now, empty where nothing is amiss."""
        return self.blocked or self.trouble


def begin(preview: RollbackPreview, now: datetime, reason: str = "") -> Run:
    """Return a confirmed rollback, before its first write."""
    trail = Trail(put_back_at=now) if preview.is_there else Trail()
    return Run(preview.route, now, trail, reason=reason)


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
    run = await _advanced(gate, run, scene, now)
    gate.cluster.measure_since(None if run.ending.is_final else run.since)
    return run


async def _advanced(gate: Gate, run: Run, scene: Scene | None, now: datetime) -> Run:
    if scene is None:
        return _ended(run, Ending.VANISHED, now)
    run = _checked(await _looked(gate, run, now), scene, now)
    if not scene.is_live(Kind.ROLLOUTS):
        lost = "the connection is lost: nothing is written until it is back"
        return _late(replace(run, ending=Ending.UNKNOWN, trouble=lost), now)
    if run.pending is not None and run.pending.has_arrived is None:
        unknown = "the reply was lost: whether the last write arrived is being looked for"
        return _late(replace(run, ending=Ending.UNKNOWN, trouble=unknown), now)
    run = replace(run, ending=Ending.WAITING, move=next_move(scene, run.route, run.trail, now))
    run = replace(run, blocked=_blocked(scene, run.to))
    if _is_doubtful(run, scene, now):
        run = await _looked_again(gate, run, scene, now)
        if run.is_late:
            late = "the controller has answered, but the watch has not brought it yet"
            return _late(replace(run, move=Move.WAIT, blocked=late), now)
    if run.move is Move.CHECK and are_settled(run.checks):
        if old := _old(scene):
            return _late(replace(run, blocked=f"what is shown may be old: {old}"), now)
        return _ended(replace(run, trouble="", blocked=""), Ending.DONE, now)
    if run.move in VERBS and now - run.began <= BUDGET:
        return await _send(gate, run, scene, now)
    if _is_silent(run, scene, now):
        return replace(run, ending=Ending.NO_EFFECT, took=now - run.began)
    return _late(run, now)


_JUDGED: Final = (Kind.REPLICA_SETS, Kind.SERVICES, Kind.INGRESSES, Kind.ENDPOINT_SLICES)
"""What the checks hang on beside the rollout itself."""


def _old(scene: Scene) -> str:
    """Return what is known of no longer kept up to date, empty where all is."""
    lost = [str(kind) for kind in _JUDGED if scene.is_known(kind) and not scene.is_live(kind)]
    return ", ".join(lost)


def _blocked(scene: Scene, to: str) -> str:
    """Return why the controller acts on nothing, and what makes it act; empty where it does."""
    if not is_invalid(scene):
        return ""
    made = [f"{one.lack}, make it again: {one.command}" for one in repairs(scene, to)]
    words = "; ".join(made) or invalid_words(scene)
    if is_made_again(scene):
        words += "; it is there by now, and the controller looks again within 20 s"
    return f"the controller acts on nothing: {words}"


_REFUSED_REACTION: Final = timedelta(seconds=25)
"""How long the controller may take with a spec that it has refused for a while.

Source: utils/queue/queue.go: it waits up to 10 s before each look, and needs two.
"""

_LOOK_EVERY: Final = timedelta(seconds=1)
"""Between two questions whether the watch is late."""


def _is_doubtful(run: Run, scene: Scene, now: datetime) -> bool:
    """Return whether what comes next hangs on the controller's silence alone."""
    is_put_back = run.trail.moves[-1:] == (Move.PUT_BACK,) and run.pending is not None
    is_fallback = is_put_back and not run.is_taken_up and run.move is not Move.WAIT
    return is_fallback or _is_silent(run, scene, now)


async def _looked_again(gate: Gate, run: Run, scene: Scene, now: datetime) -> Run:
    """Ask the cluster whether the controller has answered what the watch shows no answer to."""
    if run.pending is None or (run.looked_at and now - run.looked_at < _LOOK_EVERY):
        return run
    try:
        fresh = await gate.cluster.look(scene.rollout.key)
    except AmasError:
        return replace(run, looked_at=now)
    there = Scene(fresh, scene.snapshot)
    is_same = fresh.uid == scene.rollout.uid
    return replace(run, looked_at=now, is_late=is_same and has_reacted(run.pending, there))


def _is_silent(run: Run, scene: Scene, now: datetime) -> bool:
    """Return whether the controller has not reacted to the last write in its time."""
    if run.pending is None or (run.move is Move.CHECK and run.is_taken_up):
        return False
    if is_invalid(scene) and is_observed(scene.rollout):
        # It has looked and refuses the spec: what it waits for is named.
        return False
    if run.route.path is Path.INVALID and now - run.pending.sent_at <= _REFUSED_REACTION:
        return False
    # A watch that lags is told from silence by asking the cluster itself.
    return judge(run.pending, scene, now).ending in (Ending.NO_EFFECT, Ending.UNKNOWN)


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
    taken_up = scene.rollout.status.current_pod_hash == to
    return replace(run, checks=found, since=since, is_taken_up=taken_up)


def _late(run: Run, now: datetime) -> Run:
    if now - run.began <= BUDGET:
        return run
    missing = [check for check in run.checks if not check.result.is_settled]
    words = "; ".join(f"{check.name}: {check.words}" for check in missing) or run.trouble
    words = "; ".join(part for part in (run.blocked, words) if part)
    return _ended(replace(run, trouble=words), Ending.INCOMPLETE, now)


def _ended(run: Run, ending: Ending, now: datetime) -> Run:
    return replace(run, ending=ending, took=now - run.began)


async def _send(gate: Gate, run: Run, scene: Scene, now: datetime) -> Run:
    """Send the next move, or note why it could not be."""
    move = run.move
    try:
        preview = await prepare(gate, VERBS[move], scene, now, choice_of(move, run.route))
        if is_there(move, preview):
            return replace(run, trail=replace(run.trail, put_back_at=now))
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
    trail = run.trail.after(move, now)
    return replace(run, pending=pending, trail=trail, trouble="", looked_at=None, is_late=False)


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
    remark = run.remark
    if run.ending is Ending.DONE and not run.is_taken_up:
        remark = "the spec still holds the bad version: change it before the next update"
        if Move.PUT_BACK in run.trail.moves:
            remark = "the controller has not taken up the template that was put back"
    if run.ending is Ending.DONE and run.route.goal and run.route.goal.proof is Proof.UNPROVEN:
        remark = "the version was unproven; its checks pass"
    return Progress(run.ending, stages, remark)


def _reached(result: Result) -> bool | None:
    return None if result is Result.UNKNOWN else result is Result.PASSED
