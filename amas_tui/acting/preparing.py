"""The preview: limits, why not, consequence, rights, and a dry-run whose reply is compared."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from amas_tui.acting.gate import NO_CHANGE, Gate, Preview
from amas_tui.acting.moved import is_moved, what_moved
from amas_tui.acting.rights import missing_right
from amas_tui.actions.gate import why_not
from amas_tui.actions.patches import undo_template, writes
from amas_tui.actions.preview import consequence
from amas_tui.actions.rule import Material, RefusedError
from amas_tui.actions.standing import standing_warnings
from amas_tui.actions.template import workload_kind, workload_of
from amas_tui.actions.verb import Choice, Target, Verb
from amas_tui.actions.write import Write
from amas_tui.domain.base import Key
from amas_tui.errors import ApiError, ConflictError, InvalidError, NotFoundError
from amas_tui.ports import Cluster
from amas_tui.safe import safe
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene


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
    if right := await missing_right(cluster, planned):
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


async def _dry_run(cluster: Cluster, preview: Preview) -> Preview:
    """Let the API server try the first write without effect and see whether it changes anything."""
    first, live = preview.writes[0], preview.lives[0]
    try:
        reply = await cluster.send(first, dry_run=True)
    except (ConflictError, InvalidError) as error:
        if is_moved(error):
            moved = await what_moved(cluster, preview, 0)
            return replace(preview, refusal=moved, hint="Look again and press the key again")
        return replace(preview, refusal=error.text)
    except ApiError as error:
        return replace(preview, refusal=error.text, hint=error.hint)
    if not first.differs(live, reply):
        return replace(preview, refusal=NO_CHANGE)
    return preview
