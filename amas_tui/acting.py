"""The one gate that every write of the program goes through, on screen and command line alike.

limits → why not → consequence → rights and dry-run → (the user confirms) → guarded patch → pending
proof. Nothing else calls `Cluster.send`.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from amas_tui.actions.consequence import Consequence
from amas_tui.actions.gate import why_not
from amas_tui.actions.limits import Limits
from amas_tui.actions.patches import needs, undo_template, writes
from amas_tui.actions.preview import consequence
from amas_tui.actions.progress import Pending, Progress
from amas_tui.actions.proof import is_unexplained, noted
from amas_tui.actions.record import Note, Record
from amas_tui.actions.rule import Material, RefusedError
from amas_tui.actions.standing import standing_warnings
from amas_tui.actions.template import workload_kind, workload_of
from amas_tui.actions.verb import Choice, Target, Verb
from amas_tui.actions.write import FIELD_MANAGER, Write
from amas_tui.actions.writers import (
    fields_of,
    new_writer,
    new_writers,
    place,
    put_back,
    words_of,
)
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout
from amas_tui.errors import (
    AmasError,
    ApiError,
    ConflictError,
    InvalidError,
    NotFoundError,
    UnreachableError,
)
from amas_tui.ports import Cluster, Ledger, Right
from amas_tui.rules.duration import clock_duration
from amas_tui.rules.steps import step_index, step_text
from amas_tui.safe import safe
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene

_GROUPS: Final[Mapping[Kind, str]] = {
    Kind.ROLLOUTS: "argoproj.io",
    Kind.ANALYSIS_RUNS: "argoproj.io",
    Kind.EXPERIMENTS: "argoproj.io",
    Kind.DEPLOYMENTS: "apps",
    Kind.REPLICA_SETS: "apps",
}
UNLIMITED: Final = Limits()

_PERHAPS: Final = frozenset({500, 502, 504})
"""Answers after which nobody knows whether the write was made."""

SETTLED: Final = timedelta(seconds=3)
"""How long after a lost reply an unchanged object means that the write never arrived."""


NO_CHANGE: Final = "the server accepts it, but nothing would change"
"""Why a write is refused that would leave everything as it is."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Where every write passes.

    Attributes:
        limits: What may be written at all.
        ledger: Where it is noted, `None` for nowhere.
    """

    cluster: Cluster
    limits: Limits = UNLIMITED
    ledger: Ledger | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """All that is known of a write before it is sent.

    Attributes:
        scene: What the user saw; the writes are guarded by it.
        refusal: Why it cannot be done, empty when it can.
        target: Revision, images, run or experiment.
        templates: For `undo`, the pod templates now and then, as JSON.
        lives: For each write, its object (as JSON) as it was.
        context: The context it was made in; it is sent in no other.
        must_type: Whether the rollout's name is typed to confirm.
        is_denied: Whether it is refused because a right is missing.
    """

    verb: Verb
    scene: Scene
    consequence: Consequence
    writes: tuple[Write, ...] = ()
    refusal: str = ""
    hint: str = ""
    target: Choice | None = None
    templates: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None
    lives: tuple[Mapping[str, Any], ...] = ()
    context: str = ""
    must_type: bool = False
    is_denied: bool = False

    @property
    def is_possible(self) -> bool:
        """Return whether it can be confirmed."""
        return not self.refusal and bool(self.writes)


class MovedError(AmasError):
    """The rollout is not what the user saw any more; nothing was written."""


class WriteRefusedError(AmasError):
    """It may not be written: read-only, locked, or the state says no."""


# ------------------------------------------------------------------------ preview


async def prepare(
    gate: Gate,
    verb: Verb,
    scene: Scene,
    now: datetime,
    choice: Choice | None = None,
    *,
    is_dry_run: bool = True,
) -> Preview:
    """Return what a verb would do: nothing is sent but reads, a review and a dry-run.

    A refusal of any kind is part of the preview. Only the loss of the cluster raises.

    Args:
        gate: Where it would pass.
        verb: What is asked.
        scene: What the user sees.
        now: The server's time.
        choice: Revision, images, run or experiment, where the verb needs one.
        is_dry_run: Whether the server is asked for rights and lets the write run dry.

    Raises:
        AmasError: The cluster could not be asked.
    """
    cluster = gate.cluster
    what = consequence(verb, scene, choice)
    warnings = standing_warnings(verb, scene, now)
    what = replace(what, warnings=(*what.warnings, *warnings))
    must_type = what.is_grave or gate.limits.must_type
    empty = Preview(verb, scene, what, target=choice, context=cluster.context, must_type=must_type)
    if reason := refusal(gate, verb, scene):
        return replace(empty, refusal=reason)
    try:
        material, templates = await _material(cluster, verb, scene, now, choice)
        planned = writes(verb, scene.rollout, choice, material)
        lives = await _lives(cluster, planned)
    except NotFoundError as error:
        return replace(empty, refusal=error.text)
    except RefusedError as error:
        return replace(empty, refusal=safe(str(error)))
    preview = replace(empty, writes=planned, templates=templates, lives=lives)
    if not is_dry_run:
        return preview
    if right := await _missing_right(cluster, planned):
        hint = "Ask for the Role in the README's permissions"
        return replace(preview, refusal=right, hint=hint, is_denied=True)
    return await _dry_run(cluster, preview)


def refusal(gate: Gate, verb: Verb, scene: Scene) -> str | None:
    """Return why a verb cannot be asked now: by the limits or by the state."""
    return gate.limits.why_not() or why_not(verb, scene)


async def _lives(cluster: Cluster, planned: tuple[Write, ...]) -> tuple[Mapping[str, Any], ...]:
    """Return the object of each write as it is; each object is read once."""
    found: dict[tuple[Kind, Key], Mapping[str, Any]] = {}
    for write in planned:
        if (write.kind, write.key) not in found:
            found[write.kind, write.key] = await cluster.read(write.kind, write.key)
    return tuple(found[write.kind, write.key] for write in planned)


async def _material(
    cluster: Cluster, verb: Verb, scene: Scene, now: datetime, choice: Choice | None
) -> tuple[Material, tuple[Mapping[str, Any], Mapping[str, Any]] | None]:
    """Return what the writes are made of, and the two pod templates of an undo."""
    rollout = scene.rollout
    workload = None
    kind = workload_kind(rollout)
    if verb in (Verb.UNDO, Verb.SET_IMAGE) and kind not in (None, Kind.ROLLOUTS):
        reference = rollout.spec.workload_ref
        key = Key(rollout.key.namespace, reference.name if reference else "")
        workload = workload_of(kind, await cluster.read(kind, key))
    if verb is not Verb.UNDO or not isinstance(choice, Target):
        return Material(workload=workload, now=now), None
    then = await _template(cluster, scene, choice.replica_set)
    before = await _template_now(cluster, scene)
    strategy: Mapping[str, Any] = {}
    if choice.without:
        live = await cluster.read(Kind.ROLLOUTS, rollout.key)
        strategy = live.get("spec", {}).get("strategy") or {}
    return Material(then, workload, now, strategy), (before, then)


async def _template(cluster: Cluster, scene: Scene, replica_set: str) -> dict[str, Any]:
    key = Key(scene.rollout.key.namespace, replica_set)
    return undo_template(await cluster.read(Kind.REPLICA_SETS, key))


async def _template_now(cluster: Cluster, scene: Scene) -> Mapping[str, Any]:
    """Return the template in force as its ReplicaSet has it.

    There the API server has filled in its defaults, as in the one it is compared with; the
    Rollout's own template has none.
    """
    if scene.current is not None:
        return await _template(cluster, scene, scene.current.metadata.name)
    live = await cluster.read(Kind.ROLLOUTS, scene.rollout.key)
    template: Mapping[str, Any] = live.get("spec", {}).get("template") or {}
    return template


def right_for(write: Write) -> Right:
    """Return the right that a write needs."""
    return right_to(write.kind, write.subresource, write.key.namespace)


def right_to(kind: Kind, subresource: str, namespace: str) -> Right:
    """Return the right to patch a kind or its subresource."""
    return Right("patch", _GROUPS.get(kind, ""), str(kind), namespace, subresource)


async def _missing_right(cluster: Cluster, planned: tuple[Write, ...]) -> str:
    for right in dict.fromkeys(right_for(write) for write in planned):
        reason = await cluster.may(right)
        if reason is not None:
            return f"you may not {right}: {reason}"
    return ""


async def denied(cluster: Cluster, rollout: Rollout) -> dict[Verb, str]:
    """Return the verbs whose right is missing, each with the rule that would grant it.

    Raises:
        AmasError: The cluster could not be asked.
    """
    found: dict[Verb, str] = {}
    for verb in Verb:
        for kind, subresource in needs(verb, rollout):
            right = right_to(kind, subresource, rollout.key.namespace)
            reason = await cluster.may(right)
            if reason is not None and verb not in found:
                found[verb] = f"you may not {right}: {reason}"
    return found


async def _dry_run(cluster: Cluster, preview: Preview) -> Preview:
    """Let the API server try the first write without effect and see whether it changes anything."""
    first, live = preview.writes[0], preview.lives[0]
    try:
        reply = await cluster.send(first, dry_run=True)
    except (ConflictError, InvalidError) as error:
        if is_moved(error):
            moved = await _what_moved(cluster, preview, 0)
            return replace(preview, refusal=moved, hint="Look again and press the key again")
        return replace(preview, refusal=error.text)
    except ApiError as error:
        return replace(preview, refusal=error.text, hint=error.hint)
    if not first.differs(live, reply):
        return replace(preview, refusal=NO_CHANGE)
    return preview


# --------------------------------------------------------------------------- send


async def carry_out(
    gate: Gate, preview: Preview, latest: Scene | None, now: datetime, reason: str = ""
) -> Pending:
    """Send the writes of a confirmed preview, byte for byte as they were dry-run.

    A reply that was lost is no failure: it is then not known whether the write arrived, and
    `resolve` finds out when the cluster can be asked again.

    Raises:
        MovedError: The rollout is not what was previewed; nothing (more) was written.
        WriteRefusedError: The limits forbid it.
        AmasError: The server refused.
    """
    _check(gate, preview, latest)
    begun = asyncio.get_running_loop().time()
    try:
        pending = await _send(gate.cluster, preview, now)
    except AmasError as error:
        seconds = asyncio.get_running_loop().time() - begun
        await _note(gate, preview, now, f"not sent: {error.text}", seconds, reason)
        raise
    outcome = "sent" if pending.has_arrived else f"sent, no reply: {pending.trouble}"
    seconds = asyncio.get_running_loop().time() - begun
    await _note(gate, preview, now, outcome, seconds, reason)
    return pending


def _check(gate: Gate, preview: Preview, latest: Scene | None) -> None:
    if not preview.is_possible:
        raise AmasError(f"cannot {preview.verb}: {preview.refusal or 'nothing to write'}")
    if preview.context != gate.cluster.context:
        raise MovedError(
            f"the context is {gate.cluster.context} now, not {preview.context}",
            hint="Nothing was written",
        )
    if forbidden := gate.limits.why_not():
        raise WriteRefusedError(f"cannot {preview.verb}: {forbidden}", hint="Nothing was written")
    if latest is None or latest.rollout.uid != preview.scene.rollout.uid:
        raise MovedError("the rollout is gone", hint="Nothing was written")
    if reason := why_not(preview.verb, latest):
        raise MovedError(f"cannot {preview.verb} any more: {reason}", hint="Nothing was written")


async def _send(cluster: Cluster, preview: Preview, now: datetime) -> Pending:
    reply: Mapping[str, Any] = {}
    trouble = ""
    for number, write in enumerate(preview.writes):
        is_last = number == len(preview.writes) - 1
        try:
            reply = await cluster.send(write, dry_run=False)
        except (ConflictError, InvalidError) as error:
            if not is_moved(error):
                raise
            moved = await _what_moved(cluster, preview, number)
            done = (
                f"; the first {number} of {len(preview.writes)} writes were made" if number else ""
            )
            raise MovedError(moved + done, hint="Look again and press the key again") from error
        except (UnreachableError, ApiError) as error:
            if not is_last or not _is_perhaps(error):
                raise
            reply, trouble = {}, error.text
    metadata = reply.get("metadata") or {}
    last, live = preview.writes[-1], preview.lives[-1]
    undone = bool(reply) and not last.is_kept(live, reply)
    return Pending(
        verb=preview.verb,
        before=preview.scene.rollout,
        sent_at=now,
        generation=int(metadata.get("generation") or 0),
        version=str(metadata.get("resourceVersion") or ""),
        target=preview.target,
        has_arrived=None if trouble else True,
        trouble="an admission webhook took it back" if undone else trouble,
        is_undone=undone,
        write=last,
        live=live,
    )


def _is_perhaps(error: AmasError) -> bool:
    """Return whether the write may have been made although the answer is a failure."""
    return isinstance(error, UnreachableError) or (
        isinstance(error, ApiError) and error.status in _PERHAPS
    )


async def resolve(
    gate: Gate, pending: Pending, now: datetime, here: Scene | None = None
) -> Pending:
    """Find out what no watch shows; the same again while there is nothing to be found out.

    Whether a write arrived whose reply was lost, and who put back what was written when the
    controller does not say a word of it.

    Args:
        gate: Where it passed.
        pending: The write.
        now: By the clock that `sent_at` is of.
        here: What is known now.
    """
    pending = noted(pending, here, now)
    write = pending.write
    is_lost = pending.has_arrived is None
    if write is None or not (is_lost or is_unexplained(pending, here, now)):
        return pending
    try:
        raw = await gate.cluster.read(write.kind, write.key)
    except AmasError:
        return pending
    return _arrival(pending, write, raw, now) if is_lost else _taken_back(pending, write, raw, now)


def _taken_back(pending: Pending, write: Write, raw: Mapping[str, Any], now: datetime) -> Pending:
    """Return a write with whether somebody put its object back, by the object as it is."""
    live = pending.live or {}
    if not write.is_undone(live, raw):
        return replace(pending, looked_at=now)
    who = new_writer(fields_of(live), fields_of(raw))
    return replace(pending, is_undone=True, trouble=put_back(words_of(write), who))


def _arrival(pending: Pending, write: Write, raw: Mapping[str, Any], now: datetime) -> Pending:
    """Return a write whose reply was lost with whether it arrived, by the object as it is."""
    metadata = raw.get("metadata") or {}
    if write.is_in(raw):
        return replace(
            pending,
            has_arrived=True,
            generation=int(metadata.get("generation") or 0),
            version=str(metadata.get("resourceVersion") or ""),
        )
    live = pending.live or {}
    # The guards alone do not tell: an experiment that ran again may have ended as it did before.
    if write.still_fits(raw) and (not live or not write.differs(live, raw)):
        late = now - pending.sent_at >= SETTLED
        return replace(pending, has_arrived=False) if late else pending
    # It is not there, and the object is no longer what the write was held to: it moved because of
    # the write, or without it. What the watch shows decides.
    before = live.get("metadata") or {}
    old = int(before.get("generation") or pending.before.metadata.generation)
    return replace(
        pending,
        has_arrived=True,
        generation=old + (write.subresource != "status"),
        version=str(before.get("resourceVersion") or "0"),
    )


# -------------------------------------------------------------------------- moved


def is_moved(error: ApiError) -> bool:
    """Return whether an answer means that a guard did not hold.

    A failed `test` answers 422 without causes, like a path that does not exist.
    """
    return isinstance(error, ConflictError) or (
        isinstance(error, InvalidError) and not error.causes
    )


async def _what_moved(cluster: Cluster, preview: Preview, number: int) -> str:
    """Return in words why the guards of a write do not hold."""
    write, seen = preview.writes[number], preview.scene.rollout
    if write.kind is not Kind.ROLLOUTS and (
        there := await _moved_there(cluster, write, preview.lives[number])
    ):
        return there
    now = await cluster.look(seen.key)
    found = differences(seen, now)
    if not found and now.metadata.resource_version != seen.metadata.resource_version:
        return "the rollout moved while it was written, and is again as it was seen"
    if not found:
        return "the guard failed although nothing moved: this is a bug in amas-tui"
    who = await _who(cluster, seen, now)
    return f"the rollout moved: {', '.join(found)}{who}"


async def _moved_there(cluster: Cluster, write: Write, live: Mapping[str, Any]) -> str:
    """Return what moved of an object that is not the Rollout, empty when it is as it was."""
    try:
        raw = await cluster.read(write.kind, write.key)
    except NotFoundError:
        return f"{place(write)} is gone"
    broken = write.broken_guards(raw)
    if not broken:
        return ""
    if "/metadata/uid" in broken:
        return f"{place(write)} was deleted and created anew"
    if "/status/phase" in broken:
        phase = (raw.get("status") or {}).get("phase")
        return f"{place(write)} is {safe(str(phase or 'pending'))} now"
    who = new_writer(fields_of(live), fields_of(raw))
    by = f" (by {who}, person unknown)" if who else ""
    return f"{place(write)} was changed{by}"


async def _who(cluster: Cluster, seen: Rollout, now: Rollout) -> str:
    """Return who moved it as far as the cluster knows, for the end of a sentence.

    Our own program leaves an Event with the user's name; others only a field manager, and a
    promote not even that.
    """
    newer = new_writers(seen.metadata.managed_fields, now.metadata.managed_fields)
    if newer:
        return f" (by {newer[-1].manager}, person unknown)"
    with suppress(AmasError):
        if note := await cluster.last_note(seen.key, seen.uid):
            return f" (last by this program: {note})"
    return ""


def differences(seen: Rollout, now: Rollout) -> tuple[str, ...]:
    """Return in words what a decision hangs on and has changed since it was seen."""
    if now.uid != seen.uid:
        return ("it was deleted and created anew",)
    found = []
    old, new = seen.status, now.status
    if old.current_pod_hash != new.current_pod_hash:
        found.append("another version is being rolled out")
    if old.current_step_index != new.current_step_index:
        index = step_index(now)
        words = f" ({step_text(now.steps[index])})" if index < len(now.steps) else ""
        found.append(f"step {step_index(seen) + 1} → {index + 1}{words}")
    if old.abort != new.abort:
        found.append("it was aborted" if new.abort else "the abort was lifted")
    before = [condition.reason for condition in old.pause_conditions]
    after = [condition.reason for condition in new.pause_conditions]
    if before != after:
        found.append(f"it now pauses ({', '.join(after)})" if after else "its pause has ended")
    elif old.pause_conditions != new.pause_conditions and not found:
        found.append("it pauses anew")
    if now.metadata.generation != seen.metadata.generation:
        found.append("its spec was changed")
    return tuple(found)


# ------------------------------------------------------------------------- notes


async def announce(gate: Gate, pending: Pending, reason: str = "") -> None:
    """Leave an Event on the rollout with the user's name and reason, where that is allowed."""
    right = Right("create", "", "events", pending.before.key.namespace)
    with suppress(AmasError):
        if await gate.cluster.may(right) is not None:
            return
        who = (await gate.cluster.identity()).name
        because = f": {reason}" if reason else ""
        note = Note(
            _REASONS[pending.verb], f"{pending.verb} by {who} with {FIELD_MANAGER}{because}"
        )
        await gate.cluster.announce(pending.before, note)


_REASONS: Final[Mapping[Verb, str]] = {
    Verb.PROMOTE: "Promoted",
    Verb.PROMOTE_FULL: "PromotedFully",
    Verb.ABORT: "Aborted",
    Verb.RETRY: "Retried",
    Verb.PAUSE: "Held",
    Verb.RESUME: "Resumed",
    Verb.RESTART: "Restarted",
    Verb.UNDO: "Undone",
    Verb.SET_IMAGE: "ImageSet",
    Verb.TERMINATE_RUN: "AnalysisTerminated",
    Verb.TERMINATE_EXPERIMENT: "ExperimentTerminated",
    Verb.RETRY_EXPERIMENT: "ExperimentRetried",
}


async def conclude(gate: Gate, pending: Pending, progress: Progress, now: datetime) -> None:
    """Note how a write ended."""
    remark = f": {progress.remark}" if progress.remark else ""
    stages = ", ".join(f"{stage.text}" for stage in progress.stages if stage.is_reached)
    seen = f" ({stages})" if stages else ""
    await _record(
        gate,
        Record(
            at=now,
            who=await _me(gate),
            context=gate.cluster.context,
            object=pending.write.target if pending.write else str(pending.before.key),
            action=str(pending.verb),
            outcome=f"{progress.ending}{remark}{seen}",
            seconds=(now - pending.sent_at).total_seconds(),
        ),
    )


async def record(
    gate: Gate, action: str, scene: Scene, progress: Progress, took: timedelta, reason: str = ""
) -> None:
    """Note how something of several writes ended."""
    remark = f": {progress.remark}" if progress.remark else ""
    await _record(
        gate,
        Record(
            at=datetime.now(UTC),
            who=await _me(gate),
            context=gate.cluster.context,
            object=f"rollouts/{scene.rollout.key.name} in {scene.rollout.key.namespace}",
            action=action,
            outcome=f"{progress.ending}{remark}",
            seconds=took.total_seconds(),
            reason=safe(reason),
        ),
    )


async def _note(
    gate: Gate, preview: Preview, now: datetime, outcome: str, seconds: float, reason: str
) -> None:
    """Note that a write was sent, or why it was not."""
    await _record(
        gate,
        Record(
            at=now,
            who=await _me(gate),
            context=gate.cluster.context,
            object=preview.writes[0].target,
            action=str(preview.verb),
            outcome=outcome,
            seconds=seconds,
            patch=tuple(operation for write in preview.writes for operation in write.noted()),
            reason=safe(reason),
        ),
    )


async def _record(gate: Gate, record: Record) -> None:
    if gate.ledger is not None:
        gate.ledger.write(record)


async def _me(gate: Gate) -> str:
    if gate.ledger is None:
        return ""
    try:
        return (await gate.cluster.identity()).name
    except AmasError:
        return "unknown"


def took(pending: Pending, now: datetime) -> str:
    """Return how long ago a write was sent."""
    return clock_duration(now - pending.sent_at)
