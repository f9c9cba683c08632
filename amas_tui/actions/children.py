"""End an analysis or an experiment of the rollout, or run an experiment again.

Source: pkg/kubectl-argo-rollouts/cmd/{terminate,retry}; the guards are ours. Neither kind has a
status subresource.
"""

from datetime import timedelta
from typing import Final

from amas_tui.actions.consequence import Consequence
from amas_tui.actions.progress import (
    REACTION,
    Ending,
    Pending,
    Progress,
    Stage,
    is_later,
    reached,
)
from amas_tui.actions.rule import Material, Needs, RefusedError, Rule
from amas_tui.actions.verb import Child, Choice
from amas_tui.actions.write import Operation, Write, tests
from amas_tui.domain.analysis import AnalysisPhase, AnalysisRun
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.workload import Experiment
from amas_tui.rules.analysis import metric_states
from amas_tui.rules.steps import step_text
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene


def _patience(_rollout: Rollout) -> timedelta:
    return REACTION


def child_of(item: AnalysisRun | Experiment) -> Child:
    """Return an AnalysisRun or Experiment as what a verb is asked of."""
    kind = Kind.ANALYSIS_RUNS if isinstance(item, AnalysisRun) else Kind.EXPERIMENTS
    return Child(kind, item.metadata.name, item.metadata.uid, item.status.phase)


def running_runs(scene: Scene) -> tuple[AnalysisRun, ...]:
    """Return the rollout's analyses that still measure."""
    return tuple(run for run in scene.runs if not run.phase.is_final and not run.spec.terminate)


def running_experiments(scene: Scene) -> tuple[Experiment, ...]:
    """Return the rollout's experiments that still run."""
    return tuple(
        one
        for one in scene.experiments
        if not _is_over(one.status.phase) and not one.spec.terminate
    )


def ended_experiments(scene: Scene) -> tuple[Experiment, ...]:
    """Return the rollout's experiments that ended by themselves, and might run again."""
    return tuple(
        one for one in scene.experiments if _is_over(one.status.phase) and not one.spec.terminate
    )


def _is_over(phase: str) -> bool:
    return AnalysisPhase(phase).is_final


def child_now(scene: Scene, child: Child) -> AnalysisRun | Experiment | None:
    """Return a child as it is now, `None` when it is gone."""
    items: tuple[AnalysisRun | Experiment, ...] = (*scene.runs, *scene.experiments)
    return next((one for one in items if one.metadata.uid == child.uid), None)


def _terminate(rollout: Rollout, choice: Choice | None, _material: Material) -> tuple[Write, ...]:
    child = _chosen(choice)
    end = Operation("add", "/spec/terminate", value=True)
    return (_write(rollout, child, end),)


def _write(rollout: Rollout, child: Child, *changes: Operation) -> Write:
    guards = tests((("/metadata/uid", child.uid), ("/status/phase", child.phase or None)))
    return Write(child.kind, Key(rollout.key.namespace, child.name), (*guards, *changes))


def _chosen(choice: Choice | None) -> Child:
    if not isinstance(choice, Child):
        raise RefusedError("choose which one")
    return choice


def _ended(pending: Pending, scene: Scene) -> Progress:
    child = _chosen(pending.target)
    now = child_now(scene, child)
    if now is None:
        return Progress(Ending.VANISHED, remark=f"{child.name} is gone")
    phase = now.status.phase
    over = _is_over(phase)
    return reached(Stage(f"{child.name} ended: {phase}" if over else f"{child.name} ended", over))


def _never(_pending: Pending, _scene: Scene) -> bool:
    """Return that nobody has reacted: the end itself is the only reaction there is."""
    return False


# ------------------------------------------------------------------- AnalysisRuns


def _why_not_run(scene: Scene) -> str | None:
    if not scene.is_known(Kind.ANALYSIS_RUNS):
        return "the analyses are not known yet"
    if not running_runs(scene):
        return "no analysis is running"
    return None


def _run_ends(scene: Scene, choice: Choice | None) -> Consequence:
    run = scene.run_named(choice.name) if isinstance(choice, Child) else None
    if run is None:
        return Consequence(("choose an analysis to end",))
    states = metric_states(run)
    measured = ", ".join(
        f"{one.name} ({one.measured} of {one.wanted or '∞'} done)" for one in states
    )
    return Consequence(
        (f"ends {run.metadata.name}: {measured}".rstrip(": "), _passes(scene, run)),
        warnings=("this passes the gate: a run that is ended counts as Successful",),
    )


def _passes(scene: Scene, run: AnalysisRun) -> str:
    steps, index = scene.rollout.steps, run.step_index
    if index is not None:
        following = step_text(steps[index + 1]) if index + 1 < len(steps) else "the end"
        return f"step {index + 1} of {len(steps)} is passed; next is {following}"
    if run.rollout_type == "Background":
        return "nothing judges the rest of this update"
    if run.rollout_type in ("PrePromotion", "PostPromotion"):
        return "the promotion goes on as if it had passed"
    return "to stop the update, abort it instead"


def _run_needs(_rollout: Rollout) -> Needs:
    return ((Kind.ANALYSIS_RUNS, ""),)


TERMINATE_RUN: Final = Rule(
    _why_not_run, _run_ends, _terminate, _ended, _patience, _run_needs, reacted=_never
)

# -------------------------------------------------------------------- Experiments


def _unknown(scene: Scene) -> str | None:
    if not any(step.experiment for step in scene.rollout.steps):
        return "no step of this rollout is an experiment"
    return None if scene.is_known(Kind.EXPERIMENTS) else "the experiments are not known yet"


def _why_not_experiment(scene: Scene) -> str | None:
    if reason := _unknown(scene):
        return reason
    return None if running_experiments(scene) else "no experiment is running"


def _experiment_ends(scene: Scene, choice: Choice | None) -> Consequence:
    if not isinstance(choice, Child):
        return Consequence(("choose an experiment to end",))
    one = next((e for e in scene.experiments if e.metadata.uid == choice.uid), None)
    pods = sum(status.replicas for status in one.status.template_statuses) if one else 0
    return Consequence(
        (f"ends {choice.name}: its pods go, its analyses are ended",),
        (("pods of the experiment", str(pods), "0"),),
        ("an experiment that is ended without a failure counts as Successful: its step passes",),
    )


def _experiment_needs(_rollout: Rollout) -> Needs:
    return ((Kind.EXPERIMENTS, ""),)


TERMINATE_EXPERIMENT: Final = Rule(
    _why_not_experiment,
    _experiment_ends,
    _terminate,
    _ended,
    _patience,
    _experiment_needs,
    reacted=_never,
)


def _why_not_again(scene: Scene) -> str | None:
    if reason := _unknown(scene):
        return reason
    if scene.rollout.status.abort:
        return "aborted: retry the rollout, which begins with new experiments"
    return None if ended_experiments(scene) else "no experiment has ended by itself"


def _again(scene: Scene, choice: Choice | None) -> Consequence:
    if not isinstance(choice, Child):
        return Consequence(("choose an experiment to run again",))
    return Consequence(
        (
            f"runs {choice.name} again from its start: pods come up and analyses run anew",
            f"what it found so far ({choice.phase or 'nothing'}) is forgotten",
        ),
        warnings=() if _is_in_execution(scene, choice) else (_LET_GO,),
    )


_LET_GO: Final = "the rollout has let go of it: the controller will end it at once"


def _is_in_execution(scene: Scene, experiment: Child) -> bool:
    """Return whether an experiment is that of the step in execution.

    The controller ends every other one at once. It lets go of one that passed or could not decide,
    and begins with a new one where there is still need.
    Source: rollout/experiment.go:reconcileExperiments.
    """
    return scene.rollout.status.canary.current_experiment == experiment.name


def _again_writes(
    rollout: Rollout, choice: Choice | None, _material: Material
) -> tuple[Write, ...]:
    return (_write(rollout, _chosen(choice), Operation("remove", "/status")),)


def _again_verdict(pending: Pending, scene: Scene) -> Progress:
    child = _chosen(pending.target)
    now = child_now(scene, child)
    if now is None:
        return Progress(Ending.VANISHED, remark=f"{child.name} is gone")
    # We took the status away: whatever is there later is the controller's. A short run may have
    # ended again before it was seen running.
    phase = now.status.phase
    ran = _is_over(phase) and is_later(pending, now.metadata)
    runs = bool(phase) and not _is_over(phase)
    return reached(Stage(f"{child.name} {'ran again' if ran else 'runs'}", runs or ran))


RETRY_EXPERIMENT: Final = Rule(
    _why_not_again,
    _again,
    _again_writes,
    _again_verdict,
    _patience,
    _experiment_needs,
    reacted=_never,
)
