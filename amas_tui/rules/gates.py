"""Gates: the analyses that a rollout must pass, and which of them come next."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from amas_tui.domain.rollout import Rollout, RolloutAnalysis
from amas_tui.rules.steps import step_index


class GateKind(StrEnum):
    """When an analysis judges."""

    STEP = "step"
    BACKGROUND = "background"
    PRE = "before promotion"
    POST = "after promotion"


@dataclass(frozen=True, slots=True)
class Gate:
    """One analysis of a rollout's strategy.

    Attributes:
        step: 0-based index of the step; for a background analysis of the one that starts it.
    """

    kind: GateKind
    analysis: RolloutAnalysis
    step: int | None = None


def gates(rollout: Rollout) -> Iterator[Gate]:
    """Yield every analysis that the strategy names, steps first."""
    for index, step in enumerate(rollout.steps):
        if step.analysis is not None:
            yield Gate(GateKind.STEP, step.analysis, index)
    canary, blue_green = rollout.canary, rollout.blue_green
    if canary is not None and canary.analysis is not None:
        yield Gate(GateKind.BACKGROUND, canary.analysis, canary.analysis.starting_step or 0)
    if blue_green is not None:
        if blue_green.pre_promotion_analysis is not None:
            yield Gate(GateKind.PRE, blue_green.pre_promotion_analysis)
        if blue_green.post_promotion_analysis is not None:
            yield Gate(GateKind.POST, blue_green.post_promotion_analysis)


def next_gates(rollout: Rollout) -> tuple[Gate, ...]:
    """Return the gates that the version at hand meets next: a step's first, then the background's.

    Of a rollout that is not being updated, or whose update was stopped, these are the first ones
    that the next attempt will meet.
    """
    named = tuple(gates(rollout))
    begins_anew = not rollout.is_updating or rollout.status.abort
    index = 0 if begins_anew else step_index(rollout)
    ahead = [one for one in named if one.kind is GateKind.STEP and (one.step or 0) >= index]
    beside = [one for one in named if one.kind is GateKind.BACKGROUND]
    return (*ahead[:1], *beside, *_promotion(rollout, named, begins_anew=begins_anew))


def _promotion(rollout: Rollout, named: tuple[Gate, ...], *, begins_anew: bool) -> Iterator[Gate]:
    """Yield the next gate of a blue-green rollout: the one after the switch once that is done."""
    status = rollout.status
    is_switched = status.blue_green.active_selector == status.current_pod_hash
    skipped = GateKind.PRE if is_switched and not begins_anew else None
    own = [one for one in named if one.kind in (GateKind.PRE, GateKind.POST)]
    yield from [one for one in own if one.kind is not skipped][:1]
