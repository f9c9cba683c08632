"""Pauses: who waits for what, and for how long still."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from amas_tui.domain.rollout import PauseReason, Rollout
from amas_tui.rules.duration import pause_duration
from amas_tui.rules.steps import current_step


class Waiting(StrEnum):
    """Why a rollout stands still."""

    HUMAN = "human"
    """A pause step or blue-green pause without an end: somebody must promote."""
    TIMER = "timer"
    """A pause that ends by itself."""
    INCONCLUSIVE = "inconclusive"
    """An analysis or experiment could not decide: somebody must."""
    SPEC = "spec"
    """`spec.paused`: somebody holds it."""


@dataclass(frozen=True, slots=True)
class Pause:
    """One reason to stand still.

    Attributes:
        since: When it began, `None` where the API does not tell.
        until: When it ends by itself, `None` when it does not.
    """

    waiting: Waiting
    since: datetime | None = None
    until: datetime | None = None

    def remaining(self, now: datetime) -> timedelta | None:
        """Return the time left, never negative, `None` when it does not end by itself."""
        return None if self.until is None else max(timedelta(0), self.until - now)


def pauses(rollout: Rollout) -> tuple[Pause, ...]:
    """Return every reason that holds the rollout, the controller's first.

    `spec.paused` and `status.pauseConditions` are independent and can both be set.
    """
    found = []
    for condition in rollout.status.pause_conditions:
        since = condition.start_time
        match PauseReason(condition.reason):
            case PauseReason.INCONCLUSIVE_ANALYSIS | PauseReason.INCONCLUSIVE_EXPERIMENT:
                found.append(Pause(Waiting.INCONCLUSIVE, since))
            case PauseReason.CANARY_STEP:
                found.append(_canary(rollout, since))
            case PauseReason.BLUE_GREEN:
                found.append(_blue_green(rollout, since))
            case PauseReason.UNKNOWN:
                found.append(Pause(Waiting.HUMAN, since))
    if rollout.spec.paused:
        condition_ = rollout.condition("Paused")
        since = condition_.last_transition_time if condition_ else None
        found.append(Pause(Waiting.SPEC, since))
    return tuple(found)


def _canary(rollout: Rollout, since: datetime | None) -> Pause:
    """Source: rollout/pause.go:CompletedCanaryPauseStep."""
    step = current_step(rollout)
    length = pause_duration(step.pause.duration) if step and step.pause else None
    if length is None:
        return Pause(Waiting.HUMAN, since)
    return Pause(Waiting.TIMER, since, None if since is None else since + length)


def _blue_green(rollout: Rollout, since: datetime | None) -> Pause:
    """Source: rollout/pause.go:CompletedBlueGreenPause."""
    strategy = rollout.blue_green
    if strategy is None or strategy.auto_promotion_enabled is False:
        return Pause(Waiting.HUMAN, since)
    if strategy.auto_promotion_seconds <= 0:
        return Pause(Waiting.HUMAN, since)
    length = timedelta(seconds=strategy.auto_promotion_seconds)
    return Pause(Waiting.TIMER, since, None if since is None else since + length)
