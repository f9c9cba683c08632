"""Change the pod template: back to a revision, or to other images.

Source: pkg/kubectl-argo-rollouts/cmd/{undo,set}; the guards are ours. With a workloadRef the
template is that of a Deployment, and it is the Deployment that is written.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from amas_tui.actions.consequence import Consequence, repeated, revision_words
from amas_tui.actions.progress import (
    Ending,
    Pending,
    Progress,
    Stage,
    reached,
    saw_spec,
)
from amas_tui.actions.rule import Material, Needs, RefusedError, Rule, Workload
from amas_tui.actions.state import holder, is_first_deploy
from amas_tui.actions.verb import Choice, Images, Target
from amas_tui.actions.write import Operation, Write, spec_write, tests
from amas_tui.actions.writers import new_writer, put_back
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import ContainerImage, Rollout
from amas_tui.domain.workload import ReplicaSet
from amas_tui.rules.images import version
from amas_tui.rules.weight import new_share
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene

_PATIENCE: Final = timedelta(seconds=30)

WORKLOADS: Final[Mapping[str, Kind]] = {
    "Deployment": Kind.DEPLOYMENTS,
    "ReplicaSet": Kind.REPLICA_SETS,
    "PodTemplate": Kind.POD_TEMPLATES,
}
"""What a workloadRef may name.

Source: rollout/templateref.go.
"""


def workload_kind(rollout: Rollout) -> Kind | None:
    """Return the kind that holds the pod template, `None` where it cannot be written."""
    reference = rollout.spec.workload_ref
    return Kind.ROLLOUTS if reference is None else WORKLOADS.get(reference.kind)


def _needs(rollout: Rollout) -> Needs:
    kind = workload_kind(rollout)
    return ((kind, ""),) if kind is not None else ()


def _patience(_rollout: Rollout) -> timedelta:
    return _PATIENCE


def _unwritable(rollout: Rollout) -> str | None:
    if workload_kind(rollout) is None:
        return f"its pod template is that of {holder(rollout)}, a kind that cannot be written here"
    return None


def _template_write(rollout: Rollout, workload: Workload | None, *changes: Operation) -> Write:
    """Return the write to whoever holds the template; paths are relative to the template."""
    if workload is None:
        return spec_write(rollout, *(_below("/spec/template", change) for change in changes))
    guards = tests(
        (("/metadata/uid", workload.uid), ("/metadata/generation", workload.generation or None))
    )
    own = [_below(workload.template_path, change) for change in changes]
    return Write(workload.kind, workload.key, (*guards, *own))


def _below(root: str, operation: Operation) -> Operation:
    return Operation(operation.op, root + operation.path, operation.value)


def template_seen(pending: Pending, rollout: Rollout) -> bool:
    """Return whether the controller has taken in the template that we wrote."""
    if rollout.spec.workload_ref is None:
        return saw_spec(pending, rollout)
    seen = rollout.status.workload_observed_generation
    return seen.isdecimal() and int(seen) >= pending.generation


# --------------------------------------------------------------------------- undo


def undo_targets(scene: Scene) -> tuple[int, ...]:
    """Return the revisions that can be gone back to, newest first."""
    return tuple(rs.revision for rs in undo_sets(scene))


def undo_sets(scene: Scene) -> tuple[ReplicaSet, ...]:
    """Return the ReplicaSets that can be gone back to, newest revision first."""
    current = scene.rollout.status.current_pod_hash
    return tuple(rs for rs in scene.replica_sets if rs.hash != current and rs.revision)


def _why_not(scene: Scene) -> str | None:
    if reason := _unwritable(scene.rollout):
        return reason
    if not scene.is_known(Kind.REPLICA_SETS):
        stream = scene.stream(Kind.REPLICA_SETS)
        if stream is not None and stream.error is not None:
            return f"the revisions are not known: {stream.error.text}"
        return "the revisions are not known yet"
    if not undo_targets(scene):
        return "there is no other revision to go back to"
    return None


def is_fast(rollout: Rollout, scene: Scene, target: Target) -> str:
    """Return why an undo to `target` skips the steps, empty when it does not.

    Source: rollout/sync.go:isRollbackWithinWindow, rollout/canary.go (rollback to stable).
    """
    if target.pod_hash == rollout.status.stable_rs:
        skipped = ", so the steps are skipped" if rollout.steps else ""
        return f"it is the stable version{skipped}"
    window = rollout.spec.rollback_window
    stable = scene.stable
    if window is None or stable is None:
        return ""
    between = [
        rs
        for rs in scene.replica_sets
        if rs.hash not in (target.pod_hash, rollout.status.stable_rs)
        and _born(scene.by_hash(target.pod_hash)) < _born(rs) < _born(stable)
    ]
    inside = len(between) < window.revisions and _born(scene.by_hash(target.pod_hash)) < _born(
        stable
    )
    return (
        f"rollbackWindow of {window.revisions} revisions: the steps are skipped" if inside else ""
    )


def _born(replica_set: ReplicaSet | None) -> float:
    created = replica_set.metadata.creation_timestamp if replica_set else None
    return created.timestamp() if created else 0.0


def _undo(scene: Scene, target: Choice | None) -> Consequence:
    rollout = scene.rollout
    if not isinstance(target, Target):
        return Consequence(("choose a revision to go back to",))
    wanted = scene.by_hash(target.pod_hash)
    now = version(scene.current.spec.template.spec.containers) if scene.current else ""
    now = version(rollout.spec.template.spec.containers) or now
    then = (
        version(wanted.spec.template.spec.containers) if wanted else f"revision {target.revision}"
    )
    images = f"image {now} → {then}" if now != then else f"same image {now}, other settings"
    fast = is_fast(rollout, scene, target)
    warnings = []
    if fast:
        path = fast
    elif rollout.steps:
        path = f"a new update begins at step 1 of {len(rollout.steps)}"
        reason = (
            "outside the rollbackWindow" if rollout.spec.rollback_window else "no rollbackWindow"
        )
        warnings.append(f"{reason}: {repeated(rollout)} run again")
    else:
        path = "a new update begins"
    if rollout.spec.paused and not target.lift_hold:
        warnings.append("the rollout is held (spec.paused): no pods are made until it is resumed")
    after = "100 %" if fast else "0 % at first"
    return Consequence(
        (
            f"undo to revision {target.revision}: {images}",
            path,
            "steps, strategy and number of pods stay as they are: a revision holds none of them",
            *_where(rollout),
        ),
        ((f"traffic to {then}", _target_share(rollout, target), after),),
        tuple(warnings),
    )


def _where(rollout: Rollout) -> tuple[str, ...]:
    """Return who is written where that is not the rollout."""
    at = holder(rollout)
    return (f"the pod template is that of {at}: it is the one that is written",) if at else ()


def _target_share(rollout: Rollout, target: Target) -> str:
    found = new_share(rollout)
    if found is None:
        return "?"
    return f"{100 - found:.0f} %" if target.pod_hash == rollout.status.stable_rs else "0 %"


MARK: Final = "amas-tui/rollback-to"
"""Annotation on the Rollout with the hash that a rollback goes to: which of the two versions is the
good one cannot be told from the object once the old template is back."""


def _undo_writes(rollout: Rollout, choice: Choice | None, material: Material) -> tuple[Write, ...]:
    back = Operation("replace", "", material.template)
    beside = _beside(rollout, choice, material) if isinstance(choice, Target) else ()
    write = _template_write(rollout, material.workload, back)
    if material.workload is None:
        return (Write(write.kind, write.key, (*write.operations, *beside)),)
    # The rollout first: held, it would not take up what its workload wants.
    return (*((spec_write(rollout, *beside),) if beside else ()), write)


def is_of(template: Mapping[str, Any], version: Mapping[str, Any]) -> bool:
    """Return whether a pod template (as JSON) is that of a version's ReplicaSet.

    There the API server has added its defaults, and the controller its hash label: all that the
    template says must be there, and may be more.
    """
    return _is_within(template, version)


def _is_within(part: Any, whole: Any) -> bool:
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(
            not value or _is_within(value, whole.get(key)) for key, value in part.items()
        )
    if isinstance(part, list):
        alike = isinstance(whole, list) and len(part) == len(whole)
        return alike and all(map(_is_within, part, whole))
    return bool(part == whole)


def _beside(rollout: Rollout, target: Target, material: Material) -> tuple[Operation, ...]:
    """Return what an undo changes on the Rollout beside its pod template."""
    found = []
    if target.mark and rollout.metadata.annotations.get(MARK) != target.pod_hash:
        path = f"/metadata/annotations/{MARK.replace('/', '~1')}"
        found.append(Operation("add", path, target.pod_hash))
    if target.lift_hold and rollout.spec.paused:
        found.append(Operation("replace", "/spec/paused", value=False))
    if target.without:
        found += repaired(material.strategy, target.without)
    return tuple(found)


def repaired(
    strategy: Mapping[str, Any], broken: tuple[tuple[str, bool], ...]
) -> tuple[Operation, ...]:
    """Return the changes that take out of a strategy (as JSON) what needs the broken templates."""
    canary, blue_green = strategy.get("canary") or {}, strategy.get("blueGreen") or {}
    found = []
    steps = canary.get("steps") or []
    kept = [step for step in steps if not _names(step.get("analysis"), broken)]
    if kept != steps:
        found.append(Operation("replace", "/spec/strategy/canary/steps", kept))
    if _names(canary.get("analysis"), broken):
        found.append(Operation("remove", "/spec/strategy/canary/analysis"))
    found += [
        Operation("remove", f"/spec/strategy/blueGreen/{place}")
        for place in ("prePromotionAnalysis", "postPromotionAnalysis")
        if _names(blue_green.get(place), broken)
    ]
    return tuple(found)


def _names(analysis: Any, broken: tuple[tuple[str, bool], ...]) -> bool:
    templates = analysis.get("templates") or () if isinstance(analysis, Mapping) else ()
    named = {(one.get("templateName"), bool(one.get("clusterScope"))) for one in templates}
    return not named.isdisjoint(broken)


def _undo_verdict(pending: Pending, scene: Scene) -> Progress:
    rollout = scene.rollout
    target = pending.target if isinstance(pending.target, Target) else Target(0, "", "")
    observed = template_seen(pending, rollout)
    wanted, before = target.pod_hash, pending.before.status.current_pod_hash
    now = rollout.status.current_pod_hash
    saw = Stage("controller saw it", observed)
    if observed and now != wanted and now != before:
        return Progress(
            Ending.DIFFERENT,
            (saw,),
            f"the controller made a new version {now} of that template instead of taking up "
            f"revision {target.revision or '?'}",
        )
    if back := _written_back(pending, rollout):
        return back
    return reached(saw, Stage(f"version {wanted} is wanted", observed and now == wanted))


def _written_back(pending: Pending, rollout: Rollout) -> Progress | None:
    """Return the ending of a template that somebody put back, `None` where nobody did.

    The controller itself rewrites a spec in its own spelling, so a later generation proves nothing:
    the images are those of before, and a hand that is neither ours nor the controller's wrote last.
    """
    before = pending.before
    later = rollout.metadata.generation > pending.generation
    if rollout.spec.workload_ref is not None or not (later and template_seen(pending, rollout)):
        return None
    same = rollout.spec.template == before.spec.template
    who = new_writer(before.metadata.managed_fields, rollout.metadata.managed_fields)
    if not (same and who and rollout.status.current_pod_hash == before.status.current_pod_hash):
        return None
    return Progress(Ending.REVERTED, remark=put_back("the pod template", who))


def _is_taken_back(pending: Pending, scene: Scene) -> bool:
    """Return whether the controller saw a later template of the workload, and it is the old one."""
    rollout = scene.rollout
    if rollout.spec.workload_ref is None:
        return False
    seen = rollout.status.workload_observed_generation
    later = seen.isdecimal() and int(seen) > pending.generation
    return later and rollout.status.current_pod_hash == pending.before.status.current_pod_hash


UNDO: Final = Rule(
    _why_not,
    _undo,
    _undo_writes,
    _undo_verdict,
    _patience,
    _needs,
    is_taken_back=_is_taken_back,
)

# ---------------------------------------------------------------------- set image


def _why_not_image(scene: Scene) -> str | None:
    if reason := _unwritable(scene.rollout):
        return reason
    if not containers(scene):
        return "its pod template is not known"
    return None


def containers(scene: Scene) -> tuple[ContainerImage, ...]:
    """Return the containers of the pod template in force, init containers last."""
    own = scene.rollout.spec.template.spec
    found = (*own.containers, *own.init_containers)
    if found or scene.current is None:
        return found
    template = scene.current.spec.template.spec
    return (*template.containers, *template.init_containers)


def _set_image(scene: Scene, choice: Choice | None) -> Consequence:
    rollout = scene.rollout
    if not isinstance(choice, Images):
        return Consequence(("choose the images to set",))
    changes = [
        f"{one.name}: {one.image} → {image}" for one, image in _chosen(containers(scene), choice)
    ]
    sentences = ["; ".join(changes) or f"sets {choice}"]
    if is_first_deploy(scene) and not rollout.status.stable_rs:
        sentences.append("first deployment: no stable version yet, so steps are skipped")
    elif rollout.steps:
        sentences.append(f"a new update begins at step 1 of {len(rollout.steps)}")
    else:
        sentences.append("a new update begins")
    sentences += _where(rollout)
    warnings = []
    if rollout.is_updating:
        warnings.append(f"the update to {revision_words(scene.current)} is given up for it")
    if rollout.spec.paused:
        warnings.append("the rollout is held (spec.paused): no pods are made until it is resumed")
    return Consequence(tuple(sentences), warnings=tuple(warnings))


def _chosen(
    known: tuple[ContainerImage, ...], images: Images
) -> Iterator[tuple[ContainerImage, str]]:
    by_name = dict(images.by_container)
    for one in known:
        image = by_name.get(one.name, by_name.get("*"))
        if image is not None and image != one.image:
            yield one, image


_LISTS: Final = ("containers", "initContainers")


def _image_writes(rollout: Rollout, choice: Choice | None, material: Material) -> tuple[Write, ...]:
    if not isinstance(choice, Images):
        raise RefusedError("choose the images to set")
    template = _images_of(rollout, material.workload)
    by_name = dict(choice.by_container)
    known = {name for list_ in template.values() for name, _ in list_}
    if unknown := [name for name in by_name if name != "*" and name not in known]:
        raise RefusedError(
            f"there is no container {', '.join(unknown)}; there is {', '.join(sorted(known))}"
        )
    guards: list[Operation] = []
    changes: list[Operation] = []
    for section, list_ in template.items():
        for index, (name, image) in enumerate(list_):
            wanted = by_name.get(name, by_name.get("*"))
            if wanted is not None and wanted != image:
                path = f"/spec/{section}/{index}"
                guards.append(Operation("test", f"{path}/name", name))
                guards.append(Operation("test", f"{path}/image", image))
                changes.append(Operation("replace", f"{path}/image", wanted))
    if not changes:
        raise RefusedError("it has these images already")
    return (_template_write(rollout, material.workload, *guards, *changes),)


def _images_of(
    rollout: Rollout, workload: Workload | None
) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return name and image of each container, by the list that it is in."""
    if workload is None:
        spec = rollout.spec.template.spec
        return {
            "containers": tuple((one.name, one.image) for one in spec.containers),
            "initContainers": tuple((one.name, one.image) for one in spec.init_containers),
        }
    raw = workload.template.get("spec") or {}
    return {
        section: tuple(
            (str(one.get("name", "")), str(one.get("image", ""))) for one in raw.get(section) or ()
        )
        for section in _LISTS
    }


def _image_verdict(pending: Pending, scene: Scene) -> Progress:
    rollout = scene.rollout
    before = pending.before.status.current_pod_hash
    observed = template_seen(pending, rollout)
    if back := _written_back(pending, rollout):
        return back
    moved = observed and rollout.status.current_pod_hash != before
    text = f"revision {rollout.revision} is wanted" if moved else "another version is wanted"
    return reached(Stage("controller saw it", observed), Stage(text, moved))


SET_IMAGE: Final = Rule(
    _why_not_image,
    _set_image,
    _image_writes,
    _image_verdict,
    _patience,
    _needs,
    is_taken_back=_is_taken_back,
)


def workload_of(kind: Kind, raw: Mapping[str, Any]) -> Workload:
    """Return who holds a template, from the object as JSON."""
    metadata = raw.get("metadata") or {}
    root = raw if kind is Kind.POD_TEMPLATES else raw.get("spec") or {}
    return Workload(
        kind,
        Key(str(metadata.get("namespace", "")), str(metadata.get("name", ""))),
        str(metadata.get("uid", "")),
        int(metadata.get("generation") or 0),
        root.get("template") or {},
    )
