"""The one gate that every write of the program goes through, on screen and command line alike.

why not → consequence → rights and dry-run → (the user confirms) → guarded patch → pending proof.
Nothing else calls `Cluster.send`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amas_tui.actions.gate import why_not
from amas_tui.actions.patches import undo_template, writes
from amas_tui.actions.preview import Consequence, consequence
from amas_tui.actions.proof import Pending
from amas_tui.actions.verb import Target, Verb
from amas_tui.actions.write import Write
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout
from amas_tui.errors import AmasError, ApiError, ConflictError, InvalidError, NotFoundError
from amas_tui.ports import Cluster, Right
from amas_tui.rules.duration import clock_duration
from amas_tui.rules.steps import step_index, step_text
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene

GROUP = "argoproj.io"


@dataclass(frozen=True, slots=True)
class Preview:
    """All that is known of a write before it is sent.

    Attributes:
        scene: What the user saw; the writes are guarded by it.
        refusal: Why it cannot be done, empty when it can.
        templates: For `undo`, the pod templates now and then, as JSON.
    """

    verb: Verb
    scene: Scene
    consequence: Consequence
    writes: tuple[Write, ...] = ()
    refusal: str = ""
    hint: str = ""
    target: Target | None = None
    templates: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None

    @property
    def is_possible(self) -> bool:
        """Return whether it can be confirmed."""
        return not self.refusal and bool(self.writes)


class MovedError(AmasError):
    """The rollout is not what the user saw any more; nothing was written."""


async def prepare(
    cluster: Cluster, verb: Verb, scene: Scene, target: Target | None = None
) -> Preview:
    """Return what a verb would do: nothing is sent but reads, a review and a dry-run.

    A refusal of any kind is part of the preview. Only the loss of the cluster raises.

    Raises:
        AmasError: The cluster could not be asked.
    """
    what = consequence(verb, scene, target)
    if reason := why_not(verb, scene):
        return Preview(verb, scene, what, refusal=reason, target=target)
    template, templates = None, None
    try:
        live = await cluster.read(Kind.ROLLOUTS, scene.rollout.key)
        if verb is Verb.UNDO and target is not None:
            template = await _template(cluster, scene, target.replica_set)
            templates = (await _template_now(cluster, scene, live), template)
    except NotFoundError as error:
        return Preview(verb, scene, what, refusal=error.text, target=target)
    planned = writes(verb, scene.rollout, template)
    preview = Preview(verb, scene, what, planned, target=target, templates=templates)
    if reason := await _missing_right(cluster, planned):
        return _refused(preview, reason, "Ask for the Role in the README's permissions")
    return await _dry_run(cluster, preview, live)


def _refused(preview: Preview, reason: str, hint: str = "") -> Preview:
    return Preview(
        preview.verb,
        preview.scene,
        preview.consequence,
        preview.writes,
        reason,
        hint,
        preview.target,
        preview.templates,
    )


async def _template(cluster: Cluster, scene: Scene, replica_set: str) -> dict[str, Any]:
    key = Key(scene.rollout.key.namespace, replica_set)
    return undo_template(await cluster.read(Kind.REPLICA_SETS, key))


async def _template_now(
    cluster: Cluster, scene: Scene, live: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the template in force as its ReplicaSet has it.

    There the API server has filled in its defaults, as in the one it is compared with; the
    Rollout's own template has none.
    """
    if scene.current is not None:
        return await _template(cluster, scene, scene.current.metadata.name)
    template: Mapping[str, Any] = live.get("spec", {}).get("template") or {}
    return template


def right_for(write: Write) -> Right:
    """Return the right that a write needs."""
    return Right("patch", GROUP, str(write.kind), write.key.namespace, write.subresource)


async def _missing_right(cluster: Cluster, planned: tuple[Write, ...]) -> str:
    for write in planned:
        reason = await cluster.may(right_for(write))
        if reason is not None:
            return f"you may not {right_for(write)}: {reason}"
    return ""


async def _dry_run(cluster: Cluster, preview: Preview, live: Mapping[str, Any]) -> Preview:
    """Let the API server try the first write without effect and see whether it changes anything."""
    first = preview.writes[0]
    try:
        reply = await cluster.send(first, dry_run=True)
    except (ConflictError, InvalidError) as error:
        if is_moved(error):
            moved = await _what_moved(cluster, preview.scene.rollout)
            return _refused(preview, moved, "Look again and press the key again")
        return _refused(preview, error.text)
    except ApiError as error:
        return _refused(preview, error.text, error.hint)
    part = "status" if first.subresource == "status" else "spec"
    if reply.get(part) == live.get(part):
        return _refused(preview, "the server accepts it, but nothing would change")
    return preview


async def carry_out(
    cluster: Cluster, preview: Preview, latest: Scene | None, now: datetime
) -> Pending:
    """Send the writes of a confirmed preview, byte for byte as they were dry-run.

    Raises:
        MovedError: The rollout is not what was previewed; nothing (more) was written.
        AmasError: The server refused, or cannot be reached. Whether the write arrived is then not
            known for an `UnreachableError`.
    """
    if not preview.is_possible:
        raise AmasError(f"cannot {preview.verb}: {preview.refusal or 'nothing to write'}")
    if latest is None or latest.rollout.uid != preview.scene.rollout.uid:
        raise MovedError("the rollout is gone", hint="Nothing was written")
    if reason := why_not(preview.verb, latest):
        raise MovedError(f"cannot {preview.verb} any more: {reason}", hint="Nothing was written")
    reply: Mapping[str, Any] = {}
    for number, write in enumerate(preview.writes):
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
    metadata = reply.get("metadata") or {}
    return Pending(
        verb=preview.verb,
        before=preview.scene.rollout,
        sent_at=now,
        generation=int(metadata.get("generation") or 0),
        version=str(metadata.get("resourceVersion") or ""),
        target=preview.target,
    )


def is_moved(error: ApiError) -> bool:
    """Return whether an answer means that a guard did not hold.

    A failed `test` answers 422 without causes, like a path that does not exist.
    """
    return isinstance(error, ConflictError) or (
        isinstance(error, InvalidError) and not error.causes
    )


async def _what_moved(cluster: Cluster, seen: Rollout) -> str:
    found = differences(seen, await cluster.look(seen.key))
    if not found:
        return "the guard failed although nothing moved: this is a bug in amas-tui"
    return f"the rollout moved: {', '.join(found)}"


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


def took(pending: Pending, now: datetime) -> str:
    """Return how long ago a write was sent."""
    return clock_duration(now - pending.sent_at)
