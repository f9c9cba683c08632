"""Sending what was confirmed, once and guarded, and what became of a lost reply."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from amas_tui.acting.gate import Gate, MovedError, Preview, WriteRefusedError
from amas_tui.acting.moved import is_moved, what_moved
from amas_tui.acting.notes import note_sent
from amas_tui.actions.gate import why_not
from amas_tui.actions.progress import Pending
from amas_tui.actions.proof import is_unexplained, noted
from amas_tui.actions.write import Write
from amas_tui.actions.writers import fields_of, new_writer, put_back, words_of
from amas_tui.errors import AmasError, ApiError, ConflictError, InvalidError, UnreachableError
from amas_tui.ports import Cluster
from amas_tui.store.scene import Scene

_PERHAPS: Final = frozenset({500, 502, 504})
"""Answers after which nobody knows whether the write was made."""

_SETTLED: Final = timedelta(seconds=3)
"""How long after a lost reply an unchanged object means that the write never arrived."""


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
        await note_sent(gate, preview, now, f"not sent: {error.text}", seconds, reason)
        raise
    outcome = "sent" if pending.has_arrived else f"sent, no reply: {pending.trouble}"
    seconds = asyncio.get_running_loop().time() - begun
    await note_sent(gate, preview, now, outcome, seconds, reason)
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
            moved = await what_moved(cluster, preview, number)
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
        late = now - pending.sent_at >= _SETTLED
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
