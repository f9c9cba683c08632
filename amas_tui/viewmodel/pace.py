"""How long the steps took, and how long the rest will take at least and at most.

A range, never a moment: what it assumes is said beside it, and what a human decides is not guessed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from amas_tui.domain.rollout import Step
from amas_tui.rules.deadline import progress_deadline
from amas_tui.rules.steps import StepKind, current_step, step_index, step_kinds
from amas_tui.store.history import History, Sample
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.text import Line, Span, Tone, merge
from amas_tui.viewmodel.traffic import planned_length, step_began
from amas_tui.words import coarse, step_token

_USUAL_SCALING: Final = timedelta(seconds=30)
"""How long a change of weight may take where none has been seen yet."""

_PER_MEASUREMENT: Final = timedelta(seconds=1)
_NEAR_DEADLINE: Final = timedelta(minutes=5)
_SHOWN_STEPS: Final = 3
_SCALING: Final = frozenset({StepKind.SET_WEIGHT, StepKind.SET_CANARY_SCALE})


@dataclass(frozen=True, slots=True)
class Pace:
    """What is left of an update.

    Attributes:
        least: When gates pass at once and pods need no time.
        most: When every change of weight takes as long as the slowest did.
        slowest: How long that was.
        is_seen: Whether one was seen; else `slowest` is assumed.
        human: 0-based step that waits for a human and ends the forecast, `None` for none.
    """

    least: timedelta
    most: timedelta
    slowest: timedelta
    is_seen: bool
    human: int | None = None


def step_times(scene: Scene) -> tuple[tuple[int, timedelta], ...]:
    """Return how long each step took that was seen from its beginning to its end, in order."""
    samples = _of_this_update(scene)
    changes = [one for n, one in enumerate(samples) if n == 0 or one.step != samples[n - 1].step]
    return tuple(
        (before.step, after.at - before.at)
        # Of the first one seen nobody knows when it began.
        for before, after in pairwise(changes[1:])
        if after.step == before.step + 1
    )


def _of_this_update(scene: Scene) -> list[Sample]:
    rollout = scene.rollout
    found = scene.snapshot.histories.get(rollout.uid, History()).samples
    own = [one for one in found if one.pod_hash == rollout.status.current_pod_hash]
    # A retry begins anew: only what came after the last abort counts.
    ends = [n for n, one in enumerate(own) if one.is_aborted]
    return own[ends[-1] + 1 :] if ends else own


def pace(scene: Scene, now: datetime) -> Pace | None:
    """Return what is left of the update, `None` where none moves."""
    rollout = scene.rollout
    if not rollout.is_updating or rollout.status.abort or not rollout.steps:
        return None
    index = step_index(rollout)
    seen = [took for step, took in step_times(scene) if _is_scaling(rollout.steps[step])]
    slowest = max(seen, default=_USUAL_SCALING)
    least = most = timedelta(0)
    human = None
    for position in range(index, len(rollout.steps)):
        step = rollout.steps[position]
        length = planned_length(scene, step)
        if length is None:
            human = position
            break
        spent = max(timedelta(0), now - step_began(scene, now)) if position == index else None
        low, high = _span(step, length, slowest)
        least += max(timedelta(0), low - (spent or timedelta(0)))
        most += max(timedelta(0), high - (spent or timedelta(0)))
    return Pace(least, most, slowest, bool(seen), human)


def _span(step: Step, length: timedelta, slowest: timedelta) -> tuple[timedelta, timedelta]:
    if _is_scaling(step):
        return length, length + slowest
    if StepKind.ANALYSIS in step_kinds(step):
        # The interval begins when a measurement ends, and each takes its own time.
        return length, length * 1.1 + _PER_MEASUREMENT
    return length, length + _PER_MEASUREMENT


def _is_scaling(step: Step) -> bool:
    return bool(_SCALING & set(step_kinds(step)))


def pace_line(scene: Scene, now: datetime) -> Line:
    """Return the time in one line: this step, what is left, what the last steps took.

    Empty where nothing moves.
    """
    parts = [part for part in _parts(scene, now) if part]
    if not parts:
        return ()
    spans: list[Span] = [Span(" ")]
    for part in parts:
        spans += [*([Span("  ")] if len(spans) > 1 else []), *part]
    return merge(spans)


def _parts(scene: Scene, now: datetime) -> Iterator[list[Span]]:
    found = pace(scene, now)
    is_paused = bool(scene.rollout.status.pause_conditions)
    if found is not None and not is_paused and current_step(scene.rollout) is not None:
        # The sentence says of a pause how long it has lasted, or will.
        spent = max(timedelta(0), now - step_began(scene, now))
        seconds = int(spent.total_seconds()) // 10 * 10
        yield [Span(f"this step {coarse(timedelta(seconds=seconds))}", Tone.DIM)]
    if found is not None:
        yield _left(found)
    yield _deadline(scene, now)
    times = step_times(scene)[-_SHOWN_STEPS:]
    if times and found is not None:
        steps = scene.rollout.steps
        words = ", ".join(f"{step_token(steps[index])} {coarse(took)}" for index, took in times)
        yield [Span(f"took: {words}", Tone.DIM)]


def _left(found: Pace) -> list[Span]:
    if found.human is not None and found.most == timedelta(0):
        return []
    span = _range(found.least, found.most)
    end = "to go" if found.human is None else f"until step {found.human + 1} waits for you"
    pods = "pods start within" if found.is_seen else "pods may take"
    assumed = f"if gates pass, {pods} {coarse(found.slowest)}"
    return [Span(f"{span} {end} "), Span(f"({assumed})", Tone.DIM)]


def _range(least: timedelta, most: timedelta) -> str:
    low, high = (_rounded(one) for one in (least, most))
    return coarse(low) if low == high else f"{coarse(low)}–{coarse(high)}"


def _rounded(length: timedelta) -> timedelta:
    """Return a length in whole tens of seconds: it need not change every second."""
    return timedelta(seconds=round(length.total_seconds() / 10) * 10)


def _deadline(scene: Scene, now: datetime) -> list[Span]:
    """Return when the update times out, once that is near."""
    deadline = progress_deadline(scene.rollout)
    if deadline is None or scene.rollout.status.promote_full:
        return []
    left = deadline - now
    given = scene.rollout.spec.progress_deadline_seconds
    whole = timedelta(seconds=600 if given is None else given)
    if left > min(_NEAR_DEADLINE, whole * 0.9):
        return []
    return [Span(f"times out in {coarse(max(timedelta(0), left))}", Tone.WARN)]
