"""What a command waits for, and what it ends with when something else comes."""

import re
from dataclasses import dataclass
from enum import StrEnum

from amas_tui.domain.rollout import Phase, Rollout
from amas_tui.errors import Exit, UsageError
from amas_tui.rules.abort import abort_cause
from amas_tui.rules.pause import Waiting, pauses
from amas_tui.rules.phase import is_observed, rollout_verdict
from amas_tui.rules.steps import step_index
from amas_tui.rules.weight import set_weight


class Goal(StrEnum):
    """A state to wait for."""

    SETTLED = "settled"
    HEALTHY = "healthy"
    PAUSED = "paused"
    DEGRADED = "degraded"
    ABORTED = "aborted"
    WEIGHT = "weight"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Until:
    """A goal, with the number that some have."""

    goal: Goal
    number: int = 0

    def __str__(self) -> str:
        numbered = self.goal in (Goal.WEIGHT, Goal.STEP)
        return f"{self.goal}={self.number}" if numbered else str(self.goal)


def until(text: str) -> Until:
    """Return the goal that a text names, e.g. `healthy`, `paused`, `weight=50`, `step=3`.

    Raises:
        UsageError: It names none.
    """
    match = re.fullmatch(r"(weight|step)=(\d{1,9})", text)
    if match:
        return Until(Goal(match[1]), int(match[2]))
    if text in {goal.value for goal in Goal} - {Goal.WEIGHT.value, Goal.STEP.value}:
        return Until(Goal(text))
    raise UsageError(
        f"there is no state {text} to wait for",
        hint="Wait for settled, healthy, paused, degraded, aborted, weight=50 or step=3",
    )


def reached(wanted: Until, rollout: Rollout) -> bool:
    """Return whether a rollout is where somebody waits for it to be."""
    if not is_observed(rollout):
        return False
    code = status_code(rollout, watched=True)
    match wanted.goal:
        case Goal.HEALTHY:
            return code is Exit.OK
        case Goal.PAUSED:
            return rollout_verdict(rollout).phase is Phase.PAUSED
        case Goal.DEGRADED:
            return rollout_verdict(rollout).phase is Phase.DEGRADED
        case Goal.ABORTED:
            return rollout.status.abort and rollout.status.aborted_at is not None
        case Goal.WEIGHT:
            return set_weight(rollout) >= wanted.number and not rollout.status.abort
        case Goal.STEP:
            return step_index(rollout) >= wanted.number and not rollout.status.abort
        case Goal.SETTLED:
            return code is not Exit.PROGRESSING


def status_code(rollout: Rollout, *, watched: bool) -> Exit:
    """Return the exit code for a state: analysis before abort before other degradation.

    `PROGRESSING` means that it is not settled; a pause that ends by itself is not settled either.
    """
    verdict = rollout_verdict(rollout)
    waiting = {pause.waiting for pause in pauses(rollout)}
    match verdict.phase:
        case Phase.HEALTHY:
            return Exit.OK
        case Phase.DEGRADED:
            return _degraded_code(rollout)
        case Phase.PAUSED if Waiting.INCONCLUSIVE in waiting:
            return Exit.ANALYSIS
        case Phase.PAUSED if waiting & {Waiting.HUMAN, Waiting.SPEC} or not watched:
            return Exit.PAUSED if waiting != {Waiting.TIMER} else Exit.PROGRESSING
        case _:
            return Exit.PROGRESSING


def _degraded_code(rollout: Rollout) -> Exit:
    if not rollout.status.abort:
        return Exit.DEGRADED
    cause = abort_cause(rollout)
    if "nalysis phase" in cause:
        return Exit.ANALYSIS
    return Exit.DEGRADED if "timed out progressing" in cause else Exit.ABORTED
