"""What is left of a write: an Event on the rollout, and a line in the ledger."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from amas_tui.acting.gate import Gate, Preview
from amas_tui.actions.progress import Pending, Progress
from amas_tui.actions.record import Note, Record
from amas_tui.actions.verb import Verb
from amas_tui.actions.write import FIELD_MANAGER
from amas_tui.errors import AmasError
from amas_tui.ports import Right
from amas_tui.safe import safe
from amas_tui.store.scene import Scene


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


async def note_sent(
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
