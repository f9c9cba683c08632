"""What a verb will do in this very state, in words, before anything is sent."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from amas_tui.actions.patches import (
    is_background_inconclusive,
    is_inconclusive_step,
    promote_lifts_pause,
    promoted_index,
)
from amas_tui.actions.verb import Target, Verb
from amas_tui.domain.rollout import Rollout, RolloutAnalysis
from amas_tui.domain.workload import ReplicaSet
from amas_tui.rules.analysis import metric_states
from amas_tui.rules.duration import clock_duration
from amas_tui.rules.images import version
from amas_tui.rules.pause import Waiting, pauses
from amas_tui.rules.steps import StepKind, current_step, step_index, step_kinds, step_text
from amas_tui.rules.weight import new_share, set_weight
from amas_tui.store.scene import Scene

_DEFAULT_DELAY: Final = 30


@dataclass(frozen=True, slots=True)
class Consequence:
    """What will happen.

    Attributes:
        sentences: The consequence, most important first.
        numbers: `(what, before, after)`, e.g. `("traffic to revision 7", "50 %", "0 %")`.
        warnings: What may go wrong, each a sentence.
    """

    sentences: tuple[str, ...]
    numbers: tuple[tuple[str, str, str], ...] = ()
    warnings: tuple[str, ...] = ()


def consequence(verb: Verb, scene: Scene, target: Target | None = None) -> Consequence:
    """Return what the verb will do to the rollout as it is now."""
    match verb:
        case Verb.PROMOTE:
            return _promote(scene)
        case Verb.PROMOTE_FULL:
            return _promote_full(scene)
        case Verb.ABORT:
            return _abort(scene)
        case Verb.UNDO:
            return _undo(scene, target)


def revision_words(replica_set: ReplicaSet | None) -> str:
    """Return `v1.4.0 (revision 6)` for a sentence, or what is known of it."""
    if replica_set is None:
        return "an unknown revision"
    tag = version(replica_set.spec.template.spec.containers)
    return f"{tag} (revision {replica_set.revision})" if tag else f"revision {replica_set.revision}"


def _share(rollout: Rollout) -> str:
    share = new_share(rollout)
    return "?" if share is None else f"{share:.0f} %"


def _traffic(scene: Scene, after: str) -> tuple[str, str, str]:
    return (f"traffic to revision {scene.rollout.revision}", _share(scene.rollout), after)


def _promote(scene: Scene) -> Consequence:
    rollout = scene.rollout
    held = {pause.waiting for pause in pauses(rollout)}
    if held == {Waiting.SPEC}:
        step = current_step(rollout)
        at = f" at step {step_index(rollout) + 1}: {step_text(step)}" if step else ""
        return Consequence((f"lifts the hold; the rollout goes on{at}",))
    if rollout.blue_green is not None:
        return _switch(scene)
    lifted = ("also lifts the hold (spec.paused)",) if Waiting.SPEC in held else ()
    if is_background_inconclusive(rollout):
        again = "releases the pause; the inconclusive analysis runs again"
        return Consequence((again, *lifted))
    index, count = step_index(rollout), len(rollout.steps)
    after = promoted_index(rollout)
    following = f"next is {step_text(rollout.steps[after])}" if after < count else "all steps done"
    move = f"step {index + 1} → {after + 1} of {count}" if after < count else "finishes the steps"
    numbers = (_traffic(scene, _after_step(rollout, after)),)
    if promote_lifts_pause(rollout):
        return Consequence((f"ends the pause: {move}; {following}", *lifted), numbers)
    return Consequence((f"{_skipping(scene)}: {move}; {following}", *lifted), numbers)


def _after_step(rollout: Rollout, index: int) -> str:
    """Return the traffic after promoting to step `index`, in words."""
    if index >= len(rollout.steps):
        return "100 %"
    weight = rollout.steps[index].set_weight
    return _share(rollout) if weight is None else f"{weight} %"


def _skipping(scene: Scene) -> str:
    rollout = scene.rollout
    step = current_step(rollout)
    kinds = step_kinds(step) if step else ()
    if is_inconclusive_step(rollout):
        return "passes the inconclusive analysis"
    if step is not None and step.analysis is not None:
        return f"skips the running analysis {_running(scene, step.analysis)}".rstrip()
    if StepKind.SET_WEIGHT in kinds:
        ready, want = (
            scene.ready(scene.current),
            scene.current.spec.replicas if scene.current else 0,
        )
        return f"skips setWeight: {set_weight(rollout)} before it is reached ({ready}/{want} ready)"
    return f"skips {step_text(step)}" if step else "goes on"


def _running(scene: Scene, analysis: RolloutAnalysis) -> str:
    """Return what is measured, and how far; by its templates while the run is still on its way."""
    run = scene.active_run
    states = metric_states(run) if run else ()
    measured = [f"{one.name} ({one.measured} of {one.wanted or '∞'} done)" for one in states]
    return ", ".join(measured or [one.template_name for one in analysis.templates])


def _switch(scene: Scene) -> Consequence:
    rollout = scene.rollout
    service = rollout.blue_green.active_service if rollout.blue_green else ""
    ready = scene.ready(scene.current)
    sentence = (
        f"switches {service} to {revision_words(scene.current)}, {ready} of {rollout.desired} ready"
    )
    short = () if ready >= rollout.desired else (_short(scene),)
    return Consequence((sentence,), (_traffic(scene, "100 %"),), short)


def _short(scene: Scene) -> str:
    return f"only {scene.ready(scene.current)} of {scene.rollout.desired} new pods are ready"


def _promote_full(scene: Scene) -> Consequence:
    rollout = scene.rollout
    rest = rollout.steps[step_index(rollout) :]
    analyses = sum(step.analysis is not None for step in rest)
    skipped = f"skips {len(rest)} steps" + (f", {analyses} of them analyses" if analyses else "")
    ready = scene.ready(scene.current)
    words = revision_words(scene.current)
    sentences = [
        f"all traffic goes to {words} once {rollout.desired} pods are ready; {ready} are now",
        f"{skipped}; running analyses are ended" if rest else "running analyses are ended",
    ]
    warnings = []
    if rollout.status.abort:
        warnings.append(f"this version was halted ({rollout.status.message}): it ships unjudged")
    if ready < rollout.desired:
        warnings.append(_short(scene))
    if rollout.spec.paused:
        sentences.append("also lifts the hold (spec.paused)")
    return Consequence(tuple(sentences), (_traffic(scene, "100 %"),), tuple(warnings))


def _abort(scene: Scene) -> Consequence:
    rollout = scene.rollout
    stable = scene.stable
    have = stable.status.available_replicas if stable else 0
    want = rollout.desired
    words = revision_words(stable)
    routed = rollout.canary is not None and rollout.canary.traffic_routing is not None
    if rollout.blue_green is not None:
        sentence = (
            f"{rollout.blue_green.active_service} goes to stable {words}, {have} of {want} ready"
        )
    elif routed:
        sentence = f"all traffic to stable {words}, {have} of {want} ready, at once"
    else:
        sentence = f"pods go back to stable {words} within the surge limits; {have} of {want} ready"
    sentences = [sentence, _leaving(rollout), "the spec keeps the new version: retry or undo next"]
    return Consequence(
        tuple(text for text in sentences if text),
        (_traffic(scene, "0 %"),),
        _abort_warnings(scene, have),
    )


def _leaving(rollout: Rollout) -> str:
    strategy = rollout.canary or rollout.blue_green
    if strategy is None:
        return ""
    if rollout.canary is not None and rollout.canary.traffic_routing is None:
        return ""
    seconds = strategy.abort_scale_down_delay_seconds
    seconds = _DEFAULT_DELAY if seconds is None else seconds
    if seconds == 0:
        return "new pods go at once, or stay where setCanaryScale holds them"
    return f"new pods go after {clock_duration(timedelta(seconds=seconds))}"


def _abort_warnings(scene: Scene, have: int) -> tuple[str, ...]:
    rollout = scene.rollout
    warnings = []
    if have < rollout.desired and scene.stable is not None:
        warnings.append(
            f"stable has only {have} of {rollout.desired} pods ready: "
            "the controller holds traffic back until there are enough"
        )
    if rollout.spec.paused:
        warnings.append("the rollout is held (spec.paused): new pods stay until it is resumed")
    if rollout.condition("InvalidSpec") is not None:
        warnings.append("InvalidSpec: the controller acts on nothing, abort included")
    return tuple(warnings)


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


def _undo(scene: Scene, target: Target | None) -> Consequence:
    rollout = scene.rollout
    if target is None:
        return Consequence(("choose a revision to go back to",))
    wanted = scene.by_hash(target.pod_hash)
    now = version(rollout.spec.template.spec.containers)
    then = (
        version(wanted.spec.template.spec.containers) if wanted else f"revision {target.revision}"
    )
    images = f"image {now} → {then}" if now != then else f"same image {now}, other settings"
    fast = is_fast(rollout, scene, target)
    warnings = []
    if fast:
        path = fast
    elif rollout.steps:
        analyses = sum(step.analysis is not None for step in rollout.steps)
        path = f"a new update begins at step 1 of {len(rollout.steps)}"
        reason = (
            "outside the rollbackWindow" if rollout.spec.rollback_window else "no rollbackWindow"
        )
        warnings.append(f"{reason}: {len(rollout.steps)} steps and {analyses} analyses run again")
    else:
        path = "a new update begins"
    after = "100 %" if fast else "0 % at first"
    return Consequence(
        (f"undo to revision {target.revision}: {images}", path),
        ((f"traffic to {then}", _target_share(rollout, target), after),),
        tuple(warnings),
    )


def _target_share(rollout: Rollout, target: Target) -> str:
    share = new_share(rollout)
    if share is None:
        return "?"
    return f"{100 - share:.0f} %" if target.pod_hash == rollout.status.stable_rs else "0 %"
