"""Whether a write met an object that is not what the user saw, and what moved."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from amas_tui.acting.gate import Preview
from amas_tui.actions.write import Write
from amas_tui.actions.writers import fields_of, new_writer, new_writers, place
from amas_tui.domain.rollout import Rollout
from amas_tui.errors import AmasError, ApiError, ConflictError, InvalidError, NotFoundError
from amas_tui.ports import Cluster
from amas_tui.rules.steps import step_index, step_text
from amas_tui.safe import safe
from amas_tui.store.kinds import Kind


def is_moved(error: ApiError) -> bool:
    """Return whether an answer means that a guard did not hold.

    A failed `test` answers 422 without causes, like a path that does not exist.
    """
    return isinstance(error, ConflictError) or (
        isinstance(error, InvalidError) and not error.causes
    )


async def what_moved(cluster: Cluster, preview: Preview, number: int) -> str:
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
