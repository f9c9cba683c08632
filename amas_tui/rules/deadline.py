"""The progress deadline: when the controller calls an update timed out.

Source: utils/conditions/conditions.go:RolloutTimedOut, rollout/sync.go:calculateRolloutConditions.
"""

from datetime import datetime, timedelta
from typing import Final

from amas_tui.domain.rollout import Rollout
from amas_tui.rules.steps import StepKind, current_step, step_kinds

_DEFAULT_SECONDS: Final = 600
_STANDING: Final = frozenset({StepKind.PAUSE, StepKind.ANALYSIS, StepKind.EXPERIMENT})
"""Steps during which the clock stands still."""

_OVER: Final = frozenset({"RolloutAborted", "ProgressDeadlineExceeded", "NewReplicaSetAvailable"})


def progress_deadline(rollout: Rollout) -> datetime | None:
    """Return when the update times out unless something progresses, `None` while no clock runs."""
    condition = rollout.condition("Progressing")
    if condition is None or condition.last_update_time is None or condition.reason in _OVER:
        return None
    status = rollout.status
    if rollout.spec.paused or status.pause_conditions or status.abort:
        return None
    step = current_step(rollout)
    if rollout.is_updating and step is not None and _STANDING & set(step_kinds(step)):
        return None
    if status.phase == "Healthy":
        return None
    given = rollout.spec.progress_deadline_seconds
    seconds = _DEFAULT_SECONDS if given is None else given
    return condition.last_update_time + timedelta(seconds=seconds)
