"""Aborts: why, and at which step the update stood."""

from amas_tui.domain.analysis import AnalysisPhase, AnalysisRun
from amas_tui.domain.rollout import Rollout


def abort_cause(rollout: Rollout) -> str:
    """Return why the controller aborted, empty when a person did or it does not say.

    Source: rollout/sync.go: `RolloutAborted: Rollout aborted update to revision N[: cause]`.
    """
    condition = rollout.condition("Progressing")
    message = condition.message if condition and condition.reason == "RolloutAborted" else ""
    message = message or rollout.status.message.removeprefix("RolloutAborted: ")
    head, _, cause = message.partition(": ")
    return cause if head.startswith("Rollout aborted update to revision") else ""


def halted_step(
    rollout: Rollout, runs: tuple[AnalysisRun, ...], watched: int | None = None
) -> int | None:
    """Return the step at which an aborted update stood.

    Afterwards only its analysis run still tells, and not of an abort some steps later; who
    `watched` it knows better.
    """
    if watched is not None:
        return watched if watched < len(rollout.steps) else None
    bad = [run for run in runs if run.phase.is_bad or run.phase is AnalysisPhase.INCONCLUSIVE]
    steps = [run.step_index for run in bad or runs if run.step_index is not None]
    index = max(steps, default=None)
    return index if index is not None and index < len(rollout.steps) else None
