"""The state of one rollout in one word, and whether it needs a human."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.rollout import Phase, Rollout
from amas_tui.rules.abort import abort_cause, halted_step
from amas_tui.rules.pause import Waiting, pauses
from amas_tui.rules.phase import is_observed, is_restarting, is_unpausing, rollout_verdict
from amas_tui.rules.steps import StepKind, current_step, step_index, step_kinds
from amas_tui.rules.weight import weight_at
from amas_tui.viewmodel.text import Tone
from amas_tui.why.case import SILENCE


class Standing(IntEnum):
    """What a rollout is doing, in the order in which a board shows them."""

    INVALID = 0
    HALTED = 1
    ABORTED = 2
    TIMED_OUT = 3
    DEGRADED = 4
    INCONCLUSIVE = 5
    WAITING = 6
    HELD = 7
    SILENT = 8
    ABORTING = 9
    UNOBSERVED = 10
    RESUMING = 11
    PROMOTING = 12
    ANALYSING = 13
    EXPERIMENTING = 14
    SCALING = 15
    PAUSING = 16
    VERIFYING = 17
    RESTARTING = 18
    DEPLOYING = 19
    FINISHING = 20
    PROGRESSING = 21
    UNKNOWN = 22
    HEALTHY = 23


NEEDS_HUMAN: Final = frozenset(range(Standing.INVALID, Standing.ABORTING))
"""Nothing moves by itself in these."""

TELLS_ENOUGH: Final = frozenset({Standing.INVALID, Standing.SILENT, Standing.PAUSING})
"""The Rollout alone says why it stands so."""

_LOOK: Final[dict[Standing, tuple[str, str, Tone]]] = {
    Standing.INVALID: ("✖", "InvalidSpec", Tone.BAD),
    Standing.HALTED: ("✖", "Halted", Tone.BAD),
    Standing.ABORTED: ("✖", "Aborted", Tone.BAD),
    Standing.TIMED_OUT: ("✖", "Timed out", Tone.BAD),
    Standing.DEGRADED: ("✖", "Degraded", Tone.BAD),
    Standing.INCONCLUSIVE: ("?", "Inconclusive", Tone.WARN),
    Standing.WAITING: ("‖", "Waiting", Tone.WARN),
    Standing.HELD: ("‖", "Held", Tone.WARN),
    Standing.SILENT: ("?", "Silent", Tone.WARN),
    Standing.ABORTING: ("◌", "Aborting", Tone.WARN),
    Standing.UNOBSERVED: ("◌", "Unobserved", Tone.BUSY),
    Standing.RESUMING: ("◌", "Resuming", Tone.BUSY),
    Standing.PROMOTING: ("◌", "Promoting", Tone.BUSY),
    Standing.ANALYSING: ("◌", "Analysing", Tone.BUSY),
    Standing.EXPERIMENTING: ("◌", "Experiment", Tone.BUSY),
    Standing.SCALING: ("◌", "Scaling", Tone.BUSY),
    Standing.PAUSING: ("‖", "Pausing", Tone.BUSY),
    Standing.VERIFYING: ("◌", "Verifying", Tone.BUSY),
    Standing.RESTARTING: ("◌", "Restarting", Tone.BUSY),
    Standing.DEPLOYING: ("◌", "Deploying", Tone.BUSY),
    Standing.FINISHING: ("◌", "Finishing", Tone.BUSY),
    Standing.PROGRESSING: ("◌", "Progressing", Tone.BUSY),
    Standing.UNKNOWN: ("?", "Unknown", Tone.DIM),
    Standing.HEALTHY: ("✔", "Healthy", Tone.GOOD),
}


@dataclass(frozen=True, slots=True)
class State:
    """How a rollout stands.

    Attributes:
        since: When that began, `None` where the API does not tell.
        halted_step: 0-based step at which the update was stopped, `None` where that is not known.
    """

    standing: Standing
    since: datetime | None = None
    halted_step: int | None = None

    @property
    def glyph(self) -> str:
        """Return the sign."""
        return _LOOK[self.standing][0]

    @property
    def word(self) -> str:
        """Return the word."""
        return _LOOK[self.standing][1]

    @property
    def tone(self) -> Tone:
        """Return the tone."""
        return _LOOK[self.standing][2]

    @property
    def needs_human(self) -> bool:
        """Return whether nothing moves until somebody acts."""
        return self.standing in NEEDS_HUMAN


def state(
    rollout: Rollout,
    runs: tuple[AnalysisRun, ...] = (),
    untouched: timedelta = timedelta(0),
    watched: int | None = None,
) -> State:
    """Return how a rollout stands.

    Args:
        rollout: The rollout.
        runs: The wanted version's analysis runs, as far as they are known.
        untouched: How long ago the rollout last changed before our eyes.
        watched: The step at which we saw it aborted, `None` where we did not.
    """
    return _stopped(rollout, runs, watched) or _unsettled(rollout, untouched) or _moving(rollout)


def _condition_since(rollout: Rollout, kind: str) -> datetime | None:
    condition = rollout.condition(kind)
    return condition.last_transition_time if condition else None


def _stopped(rollout: Rollout, runs: tuple[AnalysisRun, ...], watched: int | None) -> State | None:
    if rollout.condition("InvalidSpec") is not None:
        return State(Standing.INVALID, _condition_since(rollout, "InvalidSpec"))
    if rollout.status.abort and rollout.status.aborted_at is not None:
        standing = Standing.HALTED if abort_cause(rollout) else Standing.ABORTED
        return State(standing, rollout.status.aborted_at, halted_step(rollout, runs, watched))
    return None


def _unsettled(rollout: Rollout, untouched: timedelta) -> State | None:
    status = rollout.status
    asked = {
        Standing.ABORTING: status.abort,
        Standing.UNOBSERVED: not is_observed(rollout),
        Standing.RESUMING: is_unpausing(rollout),
    }
    for standing, is_asked in asked.items():
        if is_asked:
            return State(Standing.SILENT if untouched > SILENCE else standing)
    verdict = rollout_verdict(rollout)
    if verdict.message.startswith("ProgressDeadlineExceeded"):
        return State(Standing.TIMED_OUT, _condition_since(rollout, "Progressing"))
    if verdict.phase is Phase.DEGRADED:
        return State(Standing.DEGRADED, _condition_since(rollout, "Progressing"))
    if status.promote_full:
        return State(Standing.PROMOTING)
    return _paused(rollout)


def _paused(rollout: Rollout) -> State | None:
    held = {pause.waiting: pause for pause in pauses(rollout)}
    for waiting, standing in (
        (Waiting.INCONCLUSIVE, Standing.INCONCLUSIVE),
        (Waiting.SPEC, Standing.HELD),
        (Waiting.HUMAN, Standing.WAITING),
        (Waiting.TIMER, Standing.PAUSING),
    ):
        if waiting in held:
            return State(standing, held[waiting].since)
    return None


def _moving(rollout: Rollout) -> State:
    status = rollout.status
    if not status.current_pod_hash and not status.phase:
        return State(Standing.UNKNOWN, rollout.metadata.creation_timestamp)
    if is_restarting(rollout):
        return State(Standing.RESTARTING, rollout.spec.restart_at)
    if rollout_verdict(rollout).phase is Phase.HEALTHY:
        return State(Standing.HEALTHY, _condition_since(rollout, "Completed"))
    began = _condition_since(rollout, "Completed")
    if not status.stable_rs or rollout.revision <= 1:
        return State(Standing.DEPLOYING, began)
    if rollout.is_promoted:
        return State(Standing.PROGRESSING, _condition_since(rollout, "Healthy"))
    return State(_step_standing(rollout), began)


def _step_standing(rollout: Rollout) -> Standing:
    if rollout.blue_green is not None:
        run = rollout.status.blue_green.pre_promotion_analysis_run_status
        post = rollout.status.blue_green.post_promotion_analysis_run_status
        running = [r for r in (run, post) if r is not None and r.status in ("Running", "Pending")]
        return Standing.ANALYSING if running else Standing.SCALING
    step = current_step(rollout)
    if step is None:
        return Standing.FINISHING if rollout.steps else Standing.SCALING
    kinds = step_kinds(step)
    if StepKind.ANALYSIS in kinds:
        return Standing.ANALYSING
    if StepKind.EXPERIMENT in kinds:
        return Standing.EXPERIMENTING
    if StepKind.SET_WEIGHT in kinds or StepKind.SET_CANARY_SCALE in kinds:
        return Standing.SCALING
    if StepKind.PAUSE in kinds:
        return Standing.PAUSING
    return Standing.PROGRESSING


def halted_weight(rollout: Rollout, state_: State) -> int | None:
    """Return the weight at which an update was stopped, `None` where that is not known."""
    if state_.halted_step is None:
        return None
    return weight_at(rollout, state_.halted_step)


def shown_step(rollout: Rollout, state_: State) -> int:
    """Return the step index to show: where it stands, or where it was stopped."""
    return step_index(rollout) if state_.halted_step is None else state_.halted_step
