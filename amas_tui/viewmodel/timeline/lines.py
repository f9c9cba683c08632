"""The timeline on the screen."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from itertools import groupby
from typing import Final

from amas_tui.rules.duration import clock_duration
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.text import EMPTY, Line, Span, Tone, fit, wrap
from amas_tui.viewmodel.timeline.moments import Moment, Sort, moments
from amas_tui.viewmodel.timeline.rollbacks import RollbackEvent, rollbacks

_MARK: Final = {
    Sort.UPDATE: ("⟳", Tone.STRONG),
    Sort.STEP: ("✔", Tone.GOOD),
    Sort.WEIGHT: ("▇", Tone.CANARY),
    Sort.PAUSE: ("‖", Tone.NORMAL),
    Sort.ANALYSIS: ("α", Tone.NORMAL),
    Sort.MEASUREMENT: ("·", Tone.NORMAL),
    Sort.WARNING: ("!", Tone.WARN),
    Sort.ROLLBACK: ("←", Tone.BAD),
    Sort.ACTION: ("›", Tone.KEY),
    Sort.GAP: ("╌", Tone.DIM),
}
_INDENT: Final = 12
_LINES: Final = 3
_DAY: Final = timedelta(hours=20)


def timeline_lines(
    scene: Scene, now: datetime, width: int, zone: tzinfo | None = None
) -> tuple[Line, ...]:
    """Return the story, oldest first, and its rollback events at the end, where it is read."""
    story = moments(scene)
    told = _folded(story)
    lines = [line for moment in told for line in _moment_lines(moment, now, width, zone)]
    events = rollbacks(story)
    if events:
        count = f" {len(events)} rollback event{'s' * (len(events) != 1)}"
        lines += [EMPTY, (Span(count, Tone.STRONG),)]
        lines += [line for event in events for line in _rollback_lines(event, now, width, zone)]
    lines.append(fit((Span("   x", Tone.KEY), Span(" export as Markdown and JSON")), width))
    return tuple(lines)


def _folded(story: Iterable[Moment]) -> Iterator[Moment]:
    """Yield the story with warnings that repeat each other as one: they would bury the rest."""
    for (sort, text), several in groupby(story, key=lambda one: (one.sort, one.text)):
        same = list(several)
        if sort is Sort.WARNING and len(same) > 1:
            yield replace(same[0], text=f"×{len(same)} {text}")
        else:
            yield from same


def _moment_lines(
    moment: Moment, now: datetime, width: int, zone: tzinfo | None
) -> tuple[Line, ...]:
    mark, tone = _MARK[moment.sort]
    if moment.is_bad:
        # By shape too: not every terminal has colours.
        mark, tone = ("✖" if moment.sort is Sort.MEASUREMENT else mark), Tone.BAD
    words = tone if moment.is_bad or moment.sort in (Sort.WARNING, Sort.GAP) else Tone.NORMAL
    head = (Span(f" {clock(moment.at, now, zone)} ", Tone.DIM), Span(f"{mark} ", tone))
    return wrap((*head, Span(moment.text, words)), width, limit=_LINES, indent=_INDENT)


def _rollback_lines(
    event: RollbackEvent, now: datetime, width: int, zone: tzinfo | None
) -> tuple[Line, ...]:
    head = (Span(f" {clock(event.at, now, zone)} ", Tone.DIM), Span("← ", Tone.BAD))
    return wrap((*head, Span(rollback_words(event))), width, limit=_LINES, indent=_INDENT)


def rollback_words(event: RollbackEvent) -> str:
    """Return one rollback event in a sentence."""
    what = f"revision {event.revision} taken back by {event.by}" if event.revision else event.by
    parts = [what]
    if event.cause:
        parts.append(event.cause)
    if event.exposed is not None:
        parts.append(f"after {clock_duration(event.exposed)} of rollout")
    if event.took is not None:
        parts.append(f"no traffic on it {clock_duration(event.took)} later")
    return "; ".join(parts)


def clock(at: datetime, now: datetime, zone: tzinfo | None) -> str:
    """Return the time of day in eight cells; of another day the date."""
    local = at.astimezone(zone)
    return local.strftime("%H:%M:%S" if abs(now - at) < _DAY else "%m-%d %Hh")
