"""Promote by one step, and promote fully.

Source: pkg/kubectl-argo-rollouts/cmd/promote/promote.go; the guards are ours.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from amas_tui.actions.consequence import (
    Consequence,
    ready_words,
    revision_words,
    share,
    traffic,
)
from amas_tui.actions.hold import hold_lifted, hold_lifted_verdict, lift_hold
from amas_tui.actions.progress import (
    REACTION,
    Ending,
    Pending,
    Progress,
    Stage,
    is_later,
    progress_deadline,
    reached,
    routed,
)
from amas_tui.actions.rule import SPEC, STATUS, Material, Needs, Rule
from amas_tui.actions.state import INVALID, is_invalid, is_routed, unsettled
from amas_tui.actions.verb import Choice
from amas_tui.actions.write import Operation, Write, api_pauses, status_write
from amas_tui.domain.rollout import PauseReason, Rollout, RolloutAnalysis, RolloutStatus
from amas_tui.rules.analysis import metric_states
from amas_tui.rules.pause import Waiting, pauses
from amas_tui.rules.phase import is_observed
from amas_tui.rules.steps import StepKind, current_step, step_index, step_kinds, step_text
from amas_tui.rules.weight import set_weight
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene

# ------------------------------------------------------------------- by one step


def is_held_only(rollout: Rollout) -> bool:
    """Return whether nothing but `spec.paused` holds the rollout."""
    return {pause.waiting for pause in pauses(rollout)} == {Waiting.SPEC}


def is_inconclusive_step(rollout: Rollout) -> bool:
    """Return whether the running step's analysis could not decide and pauses the rollout.

    Source: cmd/promote/promote.go:isInconclusive.
    """
    run = rollout.status.canary.current_step_analysis_run_status
    paused = rollout.status.pause_conditions and rollout.status.controller_pause
    return bool(paused) and run is not None and run.status == "Inconclusive"


def runs_again(rollout: Rollout) -> str:
    """Return what a promote out of this pause only runs again, empty for nothing.

    An inconclusive background analysis or experiment.
    Source: rollout/experiment.go:reconcileExperiments, rollout/analysis.go.
    """
    reasons = {PauseReason(condition.reason) for condition in rollout.status.pause_conditions}
    if PauseReason.INCONCLUSIVE_EXPERIMENT in reasons:
        return "experiment"
    inconclusive = PauseReason.INCONCLUSIVE_ANALYSIS in reasons
    return "analysis" if inconclusive and not is_inconclusive_step(rollout) else ""


def promote_lifts_pause(rollout: Rollout) -> bool:
    """Return whether a promote releases a pause, rather than skipping the step in execution."""
    return bool(rollout.status.pause_conditions) and not is_inconclusive_step(rollout)


def promoted_index(rollout: Rollout) -> int:
    """Return the step index that a promote which skips a step writes."""
    return min(step_index(rollout) + 1, len(rollout.steps))


def _why_not(scene: Scene) -> str | None:
    rollout = scene.rollout
    if is_invalid(scene):
        return INVALID
    if rollout.status.abort:
        return "aborted: promote has no lasting effect; retry, undo or promote fully"
    if is_held_only(rollout):
        return unsettled(scene)
    held = bool(pauses(rollout))
    if rollout.is_promoted or not rollout.status.stable_rs:
        return "nothing to promote: no update is in flight"
    if rollout.status.promote_full:
        return "a full promotion is under way already"
    if rollout.blue_green is not None and not held:
        return (
            "blue-green is not paused: it switches by itself when the new pods and checks are ready"
        )
    if rollout.canary is not None and not rollout.steps and not held:
        return "this canary has no steps: it goes on by itself"
    return unsettled(scene)


def _consequence(scene: Scene, _choice: Choice | None) -> Consequence:
    rollout = scene.rollout
    held = {pause.waiting for pause in pauses(rollout)}
    if held == {Waiting.SPEC}:
        return hold_lifted(scene)
    if rollout.blue_green is not None:
        return _switch(scene)
    lifted = ("also lifts the hold (spec.paused)",) if Waiting.SPEC in held else ()
    if what := runs_again(rollout):
        again = f"releases the pause; the inconclusive {what} runs again"
        return Consequence((again, *lifted))
    index, count = step_index(rollout), len(rollout.steps)
    after = promoted_index(rollout)
    following = f"next is {step_text(rollout.steps[after])}" if after < count else "all steps done"
    move = f"step {index + 1} → {after + 1} of {count}" if after < count else "finishes the steps"
    numbers = (traffic(scene, _after_step(rollout, after)),)
    if promote_lifts_pause(rollout):
        return Consequence((f"ends the pause: {move}; {following}", *lifted), numbers)
    return Consequence((f"{_skipping(scene)}: {move}; {following}", *lifted), numbers)


def _after_step(rollout: Rollout, index: int) -> str:
    """Return the traffic after promoting to step `index`, in words."""
    if index >= len(rollout.steps):
        return "100 %"
    weight = rollout.steps[index].set_weight
    return share(rollout) if weight is None else f"{weight} %"


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
    short = () if ready >= rollout.desired else (ready_words(scene),)
    return Consequence((sentence,), (traffic(scene, "100 %"),), short)


def _writes(rollout: Rollout, _choice: Choice | None, _material: Material) -> tuple[Write, ...]:
    status = rollout.status
    # The spec goes first: between the two the controller would pause again at the same step.
    first = (lift_hold(rollout),) if rollout.spec.paused else ()
    if is_held_only(rollout):
        return first
    seen = (
        ("/status/currentStepIndex", status.current_step_index),
        ("/status/pauseConditions", api_pauses(status.pause_conditions)),
        ("/status/abort", True if status.abort else None),
    )
    clear = Operation("remove", "/status/pauseConditions")
    index = Operation("add", "/status/currentStepIndex", promoted_index(rollout))
    if is_inconclusive_step(rollout):
        unpause = Operation("add", "/status/controllerPause", value=False)
        return (*first, status_write(rollout, seen, clear, unpause, index))
    if status.pause_conditions:
        return (*first, status_write(rollout, seen, clear))
    return (*first, status_write(rollout, seen, index))


def _needs(rollout: Rollout) -> Needs:
    held = SPEC if rollout.spec.paused else ()
    return held if is_held_only(rollout) else (*held, *STATUS)


def _written(before: Rollout) -> RolloutStatus:
    if is_held_only(before):
        return before.status
    if promote_lifts_pause(before):
        return replace(before.status, pause_conditions=())
    changes: dict[str, Any] = {"current_step_index": promoted_index(before)}
    if is_inconclusive_step(before):
        changes |= {"pause_conditions": (), "controller_pause": False}
    return replace(before.status, **changes)


def _verdict(pending: Pending, scene: Scene) -> Progress:
    before, rollout = pending.before, scene.rollout
    status = rollout.status
    if status.abort and not before.status.abort:
        return Progress(Ending.REFUSED, remark=f"halted meanwhile: {status.message}")
    if is_held_only(before):
        return hold_lifted_verdict(pending, scene)
    if not promote_lifts_pause(before):
        return _skipped(pending, rollout)
    if rollout.blue_green is not None:
        active = status.blue_green.active_selector == status.current_pod_hash
        return reached(Stage(f"{rollout.blue_green.active_service} switched", active))
    if not before.steps or _waits_for_no_step(before):
        return reached(Stage("pause lifted", not status.controller_pause))
    # Only the controller moves the index here. It may pause again at once, within the same second
    # and for the same reason, so the pause itself proves nothing.
    seen = before.status.current_step_index or 0
    index = status.current_step_index or 0
    moved = index > seen or (rollout.is_promoted and not before.is_promoted)
    return reached(Stage("pause lifted", moved), Stage(f"step {seen + 1} → {index + 1}", moved))


def _waits_for_no_step(before: Rollout) -> bool:
    """Return whether every pause comes from an analysis beside the steps."""
    return all(pause.waiting is Waiting.INCONCLUSIVE for pause in pauses(before))


def _skipped(pending: Pending, rollout: Rollout) -> Progress:
    ours = promoted_index(pending.before)
    status, before = rollout.status, pending.before.status
    index = status.current_step_index or 0
    if rollout.metadata.resource_version == pending.version:
        return Progress(Ending.WAITING, (Stage(f"step {ours + 1} begun", is_reached=False),))
    if (
        index < ours
        and status.stable_rs == before.stable_rs
        and is_later(pending, rollout.metadata)
    ):
        return Progress(Ending.REFUSED, remark=f"the controller went back to step {index}")
    begun = (
        index > ours
        or status.stable_rs != before.stable_rs
        or status.canary.weights != before.canary.weights
        or (bool(status.pause_conditions) and status.pause_conditions != before.pause_conditions)
        or status.canary.current_step_analysis_run_status
        != before.canary.current_step_analysis_run_status
        or status.canary.current_experiment != before.canary.current_experiment
    )
    return reached(Stage(f"step {ours + 1} begun", begun and index >= ours))


def _patience(_rollout: Rollout) -> timedelta:
    return REACTION


PROMOTE: Final = Rule(_why_not, _consequence, _writes, _verdict, _patience, _needs, _written)

# ------------------------------------------------------------------------- fully


def _why_not_fully(scene: Scene) -> str | None:
    rollout = scene.rollout
    if is_invalid(scene):
        return INVALID
    if rollout.is_promoted or not rollout.status.stable_rs:
        return "nothing to promote: no update is in flight"
    if rollout.status.promote_full:
        return "a full promotion is under way already"
    if not is_observed(rollout):
        return "the controller has not seen the newest spec yet: a full promotion would be dropped"
    return None


def _fully(scene: Scene, _choice: Choice | None) -> Consequence:
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
    # A canary at 20 % has a fifth of its pods: what counts is what it should have by now.
    wanted = scene.current.spec.replicas if scene.current else rollout.desired
    if ready < rollout.desired:
        warnings.append(ready_words(scene))
    if rollout.spec.paused:
        sentences.append("also lifts the hold (spec.paused)")
    return Consequence(
        tuple(sentences),
        (traffic(scene, "100 %"),),
        tuple(warnings),
        is_grave=rollout.status.abort or ready < wanted,
    )


def _full_writes(
    rollout: Rollout, _choice: Choice | None, _material: Material
) -> tuple[Write, ...]:
    seen = (("/status/abort", True if rollout.status.abort else None),)
    full = status_write(rollout, seen, Operation("add", "/status/promoteFull", value=True))
    return (lift_hold(rollout), full) if rollout.spec.paused else (full,)


def _full_needs(rollout: Rollout) -> Needs:
    return (*SPEC, *STATUS) if rollout.spec.paused else STATUS


def _full_written(before: Rollout) -> RolloutStatus:
    return replace(before.status, promote_full=True)


def _full_verdict(pending: Pending, scene: Scene) -> Progress:
    rollout = scene.rollout
    status = rollout.status
    # An aborted version may be promoted: a picture of before our write shows the old abort still.
    if status.abort and not status.promote_full and is_later(pending, rollout.metadata):
        return Progress(Ending.REFUSED, remark=f"halted meanwhile: {status.message}")
    hash_ = status.current_pod_hash
    stable = Stage("new version is stable", status.stable_rs == hash_)
    cleared = Stage("promotion finished", not status.promote_full)
    if rollout.blue_green is not None:
        active = status.blue_green.active_selector == hash_
        switched = Stage(f"{rollout.blue_green.active_service} switched", active)
        return reached(switched, stable, cleared)
    if not is_routed(rollout):
        others = [rs for rs in scene.replica_sets if rs.hash != hash_]
        gone = not any(rs.status.available_replicas for rs in others)
        known = scene.is_known(Kind.REPLICA_SETS)
        return reached(stable, cleared, Stage("old pods gone", gone if known else None))
    return reached(stable, cleared, *routed(scene, hash_))


PROMOTE_FULL: Final = Rule(
    _why_not_fully,
    _fully,
    _full_writes,
    _full_verdict,
    progress_deadline,
    _full_needs,
    _full_written,
)
