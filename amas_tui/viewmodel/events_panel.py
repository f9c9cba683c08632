"""Events of a rollout and all that belongs to it, newest first, repeats folded."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from amas_tui.domain.event import NEVER, Event
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.text import Line, Span, Tone, pad_left, wrap
from amas_tui.words import age

_MESSAGE_LINES: Final = 3
_AGE_CELLS: Final = 5
_INDENT: Final = _AGE_CELLS + 4


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of one object, as often as it was.

    Attributes:
        first_at: When it was said first, `at` when last.
    """

    kind: str
    name: str
    reason: str
    message: str
    is_warning: bool
    times: int
    first_at: datetime
    at: datetime
    reporter: str = ""


def folded(events: Iterable[Event]) -> tuple[Told, ...]:
    """Return what events say, one entry for the same words about the same object, newest first."""
    found: dict[tuple[str, str, str], Told] = {}
    for event in events:
        about = event.involved_object
        key = (about.uid or about.name, event.reason, event.message)
        before = found.get(key)
        found[key] = Told(
            kind=about.kind,
            name=about.name,
            reason=event.reason,
            message=event.message,
            is_warning=event.is_warning,
            times=event.times + (before.times if before else 0),
            first_at=min(event.first_at, before.first_at) if before else event.first_at,
            at=max(event.at, before.at) if before else event.at,
            reporter=event.reporter,
        )
    return tuple(sorted(found.values(), key=lambda told: told.at, reverse=True))


def events_lines(scene: Scene, now: datetime, width: int) -> tuple[Line, ...]:
    """Return the panel's lines; it says so where events may not be read or none are left."""
    stream = scene.stream(Kind.EVENTS)
    if stream is not None and stream.error is not None:
        return wrap((Span(f" {stream.error.sentence}", Tone.WARN),), width, limit=3, indent=1)
    if not scene.is_known(Kind.EVENTS):
        return ((Span(" asking for events", Tone.DIM),),)
    told = folded(scene.events)
    if not told:
        text = " no events: Kubernetes forgets them after an hour"
        return ((Span(text, Tone.DIM),),)
    return tuple(line for one in told for line in _lines(one, now, width))


def _lines(told: Told, now: datetime, width: int) -> tuple[Line, ...]:
    tone = Tone.WARN if told.is_warning else Tone.NORMAL
    when = "" if told.at == NEVER else age(told.at, now)
    head = [
        Span(pad_left(when, _AGE_CELLS), Tone.DIM),
        Span(" ! " if told.is_warning else "   ", Tone.WARN),
        Span(f"{told.reason} ", tone),
    ]
    if told.times > 1:
        head.append(Span(f"×{told.times} ", Tone.DIM))
    about = Span(f"{told.kind.lower()}/{told.name}: ", Tone.DIM)
    return wrap(
        (*head, about, Span(told.message, tone)), width, limit=_MESSAGE_LINES, indent=_INDENT
    )
