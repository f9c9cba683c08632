"""Hold a rollout where it is, let it go on, and restart its pods.

Source: pkg/kubectl-argo-rollouts/cmd/{pause,restart}; the guards are ours.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from amas_tui.actions.consequence import Consequence, share
from amas_tui.actions.progress import (
    Ending,
    Pending,
    Progress,
    Stage,
    progress_deadline,
    reached,
    saw_spec,
)
from amas_tui.actions.rule import SPEC, Material, Needs, Rule
from amas_tui.actions.state import INVALID, holder, is_invalid
from amas_tui.actions.verb import Choice
from amas_tui.actions.write import Operation, Write, api_time, identity, spec_write, tests
from amas_tui.actions.writers import new_writer, put_back
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.workload import Pod
from amas_tui.rules.pause import Waiting, pauses
from amas_tui.rules.phase import is_restarting
from amas_tui.rules.pods import is_ready
from amas_tui.rules.steps import current_step, step_index, step_text
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene

_PATIENCE: Final = timedelta(seconds=10)
_START: Final = datetime.min.replace(tzinfo=UTC)


def lift_hold(rollout: Rollout) -> Write:
    """Return the write that lifts `spec.paused`, guarded by the whole spec."""
    return spec_write(rollout, Operation("replace", "/spec/paused", value=False))


def _needs(_rollout: Rollout) -> Needs:
    return SPEC


def _patience(_rollout: Rollout) -> timedelta:
    return _PATIENCE


def taken_back(pending: Pending, rollout: Rollout, what: str) -> Progress:
    """Return the ending of a field that is again as it was, with whose hand it was."""
    who = new_writer(pending.before.metadata.managed_fields, rollout.metadata.managed_fields)
    return Progress(Ending.REVERTED, remark=put_back(what, who))


# -------------------------------------------------------------------------- pause


def _why_not(scene: Scene) -> str | None:
    if is_invalid(scene):
        return INVALID
    if scene.rollout.spec.paused:
        return "it is held already: resume lifts it"
    return None


def _consequence(scene: Scene, _choice: Choice | None) -> Consequence:
    rollout = scene.rollout
    if not rollout.is_updating:
        return Consequence(
            (
                "holds the rollout: no update is in flight, and nothing changes now",
                "the next version would make its pods only after a resume",
            )
        )
    sentences = [
        "holds the rollout here: weight and pods stay, no step is completed",
        *_what_goes_on(scene),
    ]
    numbers = ((f"traffic to revision {rollout.revision}", share(rollout), share(rollout)),)
    warnings = [*_HELD_ABORTED] if rollout.status.abort else []
    return Consequence(tuple(sentences), numbers, tuple(warnings))


_HELD_ABORTED: Final = ("it was aborted: held, its new pods would stay until it is resumed",)


def _what_goes_on(scene: Scene) -> tuple[str, ...]:
    """Return what a hold does not stop: the clock of a pause, and the analyses."""
    rollout = scene.rollout
    found = []
    if any(pause.waiting is Waiting.TIMER for pause in pauses(rollout)):
        index = step_index(rollout) + 1
        following = (
            f"straight to {step_text(rollout.steps[index])}"
            if index < len(rollout.steps)
            else "to its end"
        )
        found.append(f"the pause's clock keeps running: a resume after it goes {following}")
    if scene.active_run is not None:
        found.append("the analysis keeps running: a failing measurement still aborts")
    return tuple(found)


def _writes(rollout: Rollout, _choice: Choice | None, _material: Material) -> tuple[Write, ...]:
    return (_paused(rollout, value=True),)


def _paused(rollout: Rollout, *, value: bool) -> Write:
    guards = tests(identity(rollout))
    change = Operation("add", "/spec/paused", value=value)
    return Write(Kind.ROLLOUTS, rollout.key, (*guards, change))


def _verdict(pending: Pending, scene: Scene) -> Progress:
    rollout = scene.rollout
    saw = saw_spec(pending, rollout)
    if saw and not rollout.spec.paused:
        return taken_back(pending, rollout, "spec.paused")
    paused = rollout.condition("Paused")
    held = paused is not None and paused.status == "True"
    return reached(Stage("controller saw it", saw), Stage("held", saw and held))


PAUSE: Final = Rule(_why_not, _consequence, _writes, _verdict, _patience, _needs)

# ------------------------------------------------------------------------- resume


def _why_not_resume(scene: Scene) -> str | None:
    if is_invalid(scene):
        return INVALID
    if not scene.rollout.spec.paused:
        return "it is not held (spec.paused is off)"
    return None


def hold_lifted(scene: Scene, _choice: Choice | None = None) -> Consequence:
    """Return what lifting `spec.paused` does."""
    rollout = scene.rollout
    if not rollout.is_updating:
        return Consequence(("lifts the hold; no update is in flight",))
    step = current_step(rollout)
    waiting = [pause for pause in pauses(rollout) if pause.waiting is not Waiting.SPEC]
    at = f" at step {step_index(rollout) + 1}: {step_text(step)}" if step else ""
    if waiting:
        return Consequence((f"lifts the hold; the rollout still waits{at}",))
    return Consequence((f"lifts the hold; the rollout goes on{at}",))


def _resume_writes(
    rollout: Rollout, _choice: Choice | None, _material: Material
) -> tuple[Write, ...]:
    return (_paused(rollout, value=False),)


def hold_lifted_verdict(pending: Pending, scene: Scene) -> Progress:
    """Return whether the controller has let the rollout go on."""
    rollout = scene.rollout
    observed = saw_spec(pending, rollout)
    if observed and rollout.spec.paused:
        return taken_back(pending, rollout, "spec.paused")
    paused = rollout.condition("Paused")
    lifted = bool(rollout.status.pause_conditions) or paused is None or paused.status != "True"
    return reached(Stage("controller saw it", observed), Stage("hold lifted", observed and lifted))


RESUME: Final = Rule(
    _why_not_resume, hold_lifted, _resume_writes, hold_lifted_verdict, _patience, _needs
)

# ------------------------------------------------------------------------ restart


def _why_not_restart(scene: Scene) -> str | None:
    rollout = scene.rollout
    if is_invalid(scene):
        return INVALID
    if is_restarting(rollout):
        return "a restart is under way or planned already"
    if rollout.desired == 0:
        return "it wants no pods"
    return None


def _restart(scene: Scene, _choice: Choice | None) -> Consequence:
    rollout = scene.rollout
    pods = _pods(scene)
    sentences = [
        f"evicts {len(pods) or rollout.desired} pods a few at a time, stable ones first",
        "no new version, no steps, no analysis",
    ]
    if at := holder(rollout):
        sentences.append(f"the pods are the rollout's own: {at} is not touched")
    warnings = []
    if rollout.desired == 1:
        warnings.append("it has one pod: there is none to serve while it restarts")
    if rollout.is_updating:
        warnings.append("an update is in flight: its pods are restarted too")
    unready = sum(not is_ready(pod) for pod in pods)
    if unready:
        warnings.append(f"{unready} pods are not ready: the restart waits for them")
    numbers = (("pods older than the restart", str(len(pods)), "0"),)
    return Consequence(tuple(sentences), numbers, tuple(warnings))


def _pods(scene: Scene) -> tuple[Pod, ...]:
    return tuple(pod for rs in scene.replica_sets for pod in scene.pods_of(rs))


def _restart_writes(
    rollout: Rollout, _choice: Choice | None, material: Material
) -> tuple[Write, ...]:
    return (spec_write(rollout, Operation("add", "/spec/restartAt", api_time(material.now))),)


def _restart_verdict(pending: Pending, scene: Scene) -> Progress:
    rollout = scene.rollout
    asked, done = rollout.spec.restart_at, rollout.status.restarted_at
    saw = saw_spec(pending, rollout)
    before = pending.before.spec.restart_at
    if saw and (asked is None or asked == before):
        return taken_back(pending, rollout, "spec.restartAt")
    pods = _pods(scene)
    old = [pod for pod in pods if (pod.metadata.creation_timestamp or _START) < (asked or _START)]
    known = scene.is_known(Kind.PODS)
    finished = saw and asked is not None and done is not None and done >= asked
    return reached(
        Stage("controller saw it", saw),
        Stage(f"{len(pods) - len(old)} of {len(pods)} pods are new", finished if known else None),
        Stage("restart finished", finished),
    )


RESTART: Final = Rule(
    _why_not_restart, _restart, _restart_writes, _restart_verdict, progress_deadline, _needs
)
