"""Abort an update, and try it again.

Source: pkg/kubectl-argo-rollouts/cmd/{abort,retry}; the guards are ours. Abort and retry are held
to uid and version only: the verbs of an emergency are not refused because a counter moved.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from amas_tui.actions.consequence import Consequence, repeated, revision_words, traffic
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
    stable_is_full,
)
from amas_tui.actions.rule import STATUS, Material, Needs, Rule
from amas_tui.actions.state import INVALID, is_invalid, is_routed
from amas_tui.actions.verb import Choice
from amas_tui.actions.write import Operation, Write, status_write
from amas_tui.domain.rollout import Rollout, RolloutStatus
from amas_tui.rules.duration import clock_duration
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene

DEFAULT_DELAY: Final = 30
"""Seconds that new pods are kept after an abort."""

_PATIENCE: Final = timedelta(seconds=30)

# -------------------------------------------------------------------------- abort


def _why_not(scene: Scene) -> str | None:
    rollout = scene.rollout
    if rollout.status.abort:
        return "aborted already" if rollout.status.aborted_at else "abort was asked for already"
    if not rollout.status.stable_rs:
        return "first deployment: there is no stable version to send traffic to"
    if rollout.status.promote_full and not rollout.is_promoted:
        return "a full promotion is under way and would clear the abort again: undo goes back"
    if rollout.is_promoted:
        return "no update is in flight: abort would be cleared again"
    return None


def _consequence(scene: Scene, _choice: Choice | None) -> Consequence:
    rollout = scene.rollout
    stable = scene.stable
    have = stable.status.available_replicas if stable else 0
    want = rollout.desired
    words = revision_words(stable)
    if rollout.blue_green is not None:
        sentence = (
            f"{rollout.blue_green.active_service} goes to stable {words}, {have} of {want} ready"
        )
    elif is_routed(rollout):
        sentence = f"all traffic to stable {words}, {have} of {want} ready, at once"
    else:
        sentence = f"pods go back to stable {words} within the surge limits; {have} of {want} ready"
    sentences = [sentence, leaving(rollout), "the spec keeps the new version: retry or undo next"]
    return Consequence(
        tuple(text for text in sentences if text),
        (traffic(scene, "0 %"),),
        _warnings(scene, have),
    )


def leaving(rollout: Rollout) -> str:
    """Return when the new pods go after an abort, empty where they go with the surge."""
    strategy = rollout.canary or rollout.blue_green
    if strategy is None:
        return ""
    if rollout.canary is not None and rollout.canary.traffic_routing is None:
        return ""
    seconds = strategy.abort_scale_down_delay_seconds
    seconds = DEFAULT_DELAY if seconds is None else seconds
    if seconds == 0:
        return "new pods go at once, or stay where setCanaryScale holds them"
    return f"new pods go after {clock_duration(timedelta(seconds=seconds))}"


def _warnings(scene: Scene, have: int) -> tuple[str, ...]:
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


def _writes(rollout: Rollout, _choice: Choice | None, _material: Material) -> tuple[Write, ...]:
    return (status_write(rollout, (), Operation("add", "/status/abort", value=True)),)


def _needs(_rollout: Rollout) -> Needs:
    return STATUS


def _written(before: Rollout) -> RolloutStatus:
    return replace(before.status, abort=True)


def _verdict(pending: Pending, scene: Scene) -> Progress:
    rollout, before = scene.rollout, pending.before
    status = rollout.status
    at, seen_at = status.aborted_at, before.status.aborted_at
    saw = Stage("controller saw it", at is not None and (seen_at is None or at > seen_at))
    if not status.abort and is_later(pending, rollout.metadata) and at is None:
        return Progress(Ending.REFUSED, remark="the controller cleared it again")
    if rollout.blue_green is not None:
        active = status.blue_green.active_selector == status.stable_rs
        return reached(saw, Stage(f"{rollout.blue_green.active_service} on stable", active))
    stable = stable_is_full(scene)
    if not is_routed(rollout):
        left = scene.current.status.available_replicas if scene.current else 0
        known = scene.is_known(Kind.REPLICA_SETS)
        return reached(saw, Stage(f"canary pods {left}", left == 0 if known else None), stable)
    return reached(saw, *routed(scene, status.stable_rs), stable)


def _patience(rollout: Rollout) -> timedelta:
    dynamic = rollout.canary is not None and rollout.canary.dynamic_stable_scale
    return max(progress_deadline(rollout), _PATIENCE) if dynamic else _PATIENCE


ABORT: Final = Rule(_why_not, _consequence, _writes, _verdict, _patience, _needs, _written)

# -------------------------------------------------------------------------- retry


def _why_not_retry(scene: Scene) -> str | None:
    if not scene.rollout.status.abort:
        return "nothing was aborted: there is nothing to try again"
    if is_invalid(scene):
        return INVALID
    if scene.rollout.status.aborted_at is None:
        return "the controller has not seen the abort yet"
    return None


def _retry(scene: Scene, _choice: Choice | None) -> Consequence:
    rollout = scene.rollout
    words = revision_words(scene.current)
    sentences = [f"tries {words} again: the same version, with nothing repaired"]
    if rollout.steps:
        sentences.append(f"begins at step 1: {repeated(rollout)} run again")
    elif rollout.blue_green is not None:
        sentences.append("the preview comes up and its checks run again")
    warnings = []
    if rollout.status.message:
        warnings.append(f"it was halted: {rollout.status.message}")
    if rollout.spec.paused:
        warnings.append("the rollout is held (spec.paused): nothing scales until it is resumed")
    return Consequence(tuple(sentences), (traffic(scene, "0 % at first"),), tuple(warnings))


def _retry_writes(
    rollout: Rollout, _choice: Choice | None, _material: Material
) -> tuple[Write, ...]:
    return (status_write(rollout, (), Operation("replace", "/status/abort", value=False)),)


def _retry_written(before: Rollout) -> RolloutStatus:
    return replace(before.status, abort=False)


def _retry_verdict(pending: Pending, scene: Scene) -> Progress:
    status = scene.rollout.status
    if status.abort and status.aborted_at != pending.before.status.aborted_at:
        return Progress(Ending.REFUSED, remark=f"halted again: {status.message}")
    lifted = not status.abort and status.aborted_at is None
    index = (status.current_step_index or 0) + 1
    begun = (Stage(f"step {index} of {len(scene.rollout.steps)}", lifted),)
    return reached(
        Stage("controller saw it", lifted), *(begun if lifted and scene.rollout.steps else ())
    )


def _reaction(_rollout: Rollout) -> timedelta:
    return REACTION


RETRY: Final = Rule(
    _why_not_retry, _retry, _retry_writes, _retry_verdict, _reaction, _needs, _retry_written
)
