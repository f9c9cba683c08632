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
from amas_tui.actions.record import Note, Record
from amas_tui.actions.rule import Material, RefusedError
from amas_tui.actions.standing import standing_warnings
from amas_tui.actions.template import OWN_MANAGERS, workload_kind, workload_of
from amas_tui.actions.verb import Choice, Target, Verb
from amas_tui.actions.write import FIELD_MANAGER, Write
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
        live: The object that is written first, as it was.
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
    live: Mapping[str, Any] | None = None
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
        live = await cluster.read(planned[0].kind, planned[0].key)
    except NotFoundError as error:
        return replace(empty, refusal=error.text)
    except RefusedError as error:
        return replace(empty, refusal=safe(str(error)))
    preview = replace(empty, writes=planned, templates=templates, live=live)
    if not is_dry_run:
        return preview
    if right := await _missing_right(cluster, planned):
        hint = "Ask for the Role in the README's permissions"
        return replace(preview, refusal=right, hint=hint, is_denied=True)
    return await _dry_run(cluster, preview, live)


def refusal(gate: Gate, verb: Verb, scene: Scene) -> str | None:
    """Return why a verb cannot be asked now: by the limits or by the state."""
    return gate.limits.why_not() or why_not(verb, scene)


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


async def _dry_run(cluster: Cluster, preview: Preview, live: Mapping[str, Any]) -> Preview:
    """Let the API server try the first write without effect and see whether it changes anything."""
    first = preview.writes[0]
    try:
        reply = await cluster.send(first, dry_run=True)
    except (ConflictError, InvalidError) as error:
        if is_moved(error):
            moved = await _what_moved(cluster, preview.scene.rollout)
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
            moved = await _what_moved(cluster, preview.scene.rollout)
            done = (
                f"; the first {number} of {len(preview.writes)} writes were made" if number else ""
            )
            raise MovedError(moved + done, hint="Look again and press the key again") from error
        except (UnreachableError, ApiError) as error:
            if not is_last or not _is_perhaps(error):
                raise
            reply, trouble = {}, error.text
    metadata = reply.get("metadata") or {}
    last = preview.writes[-1]
    undone = bool(reply) and preview.live is not None and not last.is_kept(preview.live, reply)
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
    )


def _is_perhaps(error: AmasError) -> bool:
    """Return whether the write may have been made although the answer is a failure."""
    return isinstance(error, UnreachableError) or (
        isinstance(error, ApiError) and error.status in _PERHAPS
    )


async def resolve(gate: Gate, pending: Pending, now: datetime) -> Pending:
    """Find out whether a write arrived whose reply was lost; the same again while nobody knows."""
    write = pending.write
    if pending.has_arrived is not None or write is None:
        return pending
    try:
        raw = await gate.cluster.read(write.kind, write.key)
    except AmasError:
        return pending
    metadata = raw.get("metadata") or {}
    if write.is_in(raw):
        return replace(
            pending,
            has_arrived=True,
            generation=int(metadata.get("generation") or 0),
            version=str(metadata.get("resourceVersion") or ""),
        )
    if write.still_fits(raw):
        late = now - pending.sent_at >= SETTLED
        return replace(pending, has_arrived=False) if late else pending
    # It is not there, and the object is no longer what the write was held to: it moved because of
    # the write, or without it. What the watch shows decides.
    generation = pending.before.metadata.generation + (write.subresource != "status")
    return replace(pending, has_arrived=True, generation=generation, version="0")


# -------------------------------------------------------------------------- moved


def is_moved(error: ApiError) -> bool:
    """Return whether an answer means that a guard did not hold.

    A failed `test` answers 422 without causes, like a path that does not exist.
    """
    return isinstance(error, ConflictError) or (
        isinstance(error, InvalidError) and not error.causes
    )


async def _what_moved(cluster: Cluster, seen: Rollout) -> str:
    now = await cluster.look(seen.key)
    found = differences(seen, now)
    if not found and now.metadata.resource_version != seen.metadata.resource_version:
        return "the rollout moved while it was written, and is again as it was seen"
    if not found:
        return "the guard failed although nothing moved: this is a bug in amas-tui"
    who = await _who(cluster, seen, now)
    return f"the rollout moved: {', '.join(found)}{who}"


async def _who(cluster: Cluster, seen: Rollout, now: Rollout) -> str:
    """Return who moved it as far as the cluster knows, for the end of a sentence.

    Our own program leaves an Event with the user's name; others only a field manager, and a
    promote not even that.
    """
    last = {_entry_key(entry): entry.time for entry in seen.metadata.managed_fields}
    newer = [
        entry.manager
        for entry in now.metadata.managed_fields
        if entry.manager not in OWN_MANAGERS and last.get(_entry_key(entry)) != entry.time
    ]
    if newer:
        return f" (by {newer[-1]}, person unknown)"
    with suppress(AmasError):
        if note := await cluster.last_note(seen.key, seen.uid):
            return f" (last by this program: {note})"
    return ""


def _entry_key(entry: Any) -> tuple[str, str]:
    return entry.manager, entry.subresource


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
