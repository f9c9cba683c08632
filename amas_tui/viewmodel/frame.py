"""What frames every screen: the line on top and the keys at the bottom."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from amas_tui.errors import AmasError
from amas_tui.keymap import Command, Keymap, View, key_name
from amas_tui.rules.duration import clock_duration
from amas_tui.store.kinds import Kind
from amas_tui.store.snapshot import Health, Snapshot
from amas_tui.viewmodel.board import Counts
from amas_tui.viewmodel.text import Line, Span, Tone, fit, line_width, merge, pad, spread, wrap

FRESH: Final = timedelta(seconds=15)
"""How long a picture counts as live after the last word of the API server."""

_AGE_STEP: Final = 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where we are and as whom.

    Attributes:
        namespaces: Empty means all.
        user: Empty until it is known.
        is_user_confirmed: Whether the API server said who we are.
        position: Where in a recording we are; empty for a live cluster.
        mark: A word such as `PROD` that a context is marked with; empty for none.
        colour: Of the mark, of the terminal's own palette.
    """

    context: str
    namespaces: tuple[str, ...] = ()
    user: str = ""
    is_user_confirmed: bool = False
    mark: str = ""
    colour: str = "red"
    is_read_only: bool = False
    position: str = ""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the picture is.

    Attributes:
        words: `live`, an age, or what is wrong, short.
        sentence: What is wrong in full, with the next step; empty while nothing is.
    """

    words: str
    tone: Tone
    sentence: str = ""


def freshness(snapshot: Snapshot | None, local: datetime, error: AmasError | None) -> Freshness:
    """Return how old the picture is, by the worst stream of the board.

    Args:
        snapshot: What is known, `None` before the first list.
        local: Our own time, by which arrivals are dated.
        error: Why there is no connection at all.
    """
    if error is not None:
        return Freshness("no connection", Tone.BAD, error.sentence)
    streams = (
        {id_: s for id_, s in snapshot.streams.items() if id_.kind is Kind.ROLLOUTS}
        if snapshot
        else {}
    )
    if not streams:
        return Freshness("connecting", Tone.DIM)
    lost = next((s for s in streams.values() if s.health is Health.LOST), None)
    seen = [stream.seen_at for stream in streams.values() if stream.seen_at is not None]
    if lost is not None:
        age = f"STALE {_age(local - min(seen))}" if seen else "no data"
        return Freshness(age, Tone.BAD, lost.error.sentence if lost.error else "")
    if len(seen) < len(streams):
        return Freshness("listing", Tone.DIM)
    old = local - min(seen)
    return Freshness("live" if old < FRESH else f"live {_age(old)}", Tone.GOOD)


def overall(several: Iterable[Freshness]) -> Freshness:
    """Return how old the pictures of several clusters are together; each stands in its group."""
    found = tuple(several)
    bad = sum(fresh.tone is Tone.BAD for fresh in found)
    if bad:
        return Freshness(f"{bad} of {len(found)} not live", Tone.BAD)
    return next((fresh for fresh in found if fresh.tone is not Tone.GOOD), found[0])


def _age(old: timedelta) -> str:
    """Return an age in steps of five seconds: a clock that ticks each second costs bytes."""
    seconds = max(0, int(old.total_seconds()))
    return clock_duration(timedelta(seconds=seconds // _AGE_STEP * _AGE_STEP))


_MARKS: Final = {
    "red": Tone.PROD,
    "yellow": Tone.MARK_YELLOW,
    "green": Tone.MARK_GREEN,
    "cyan": Tone.MARK_CYAN,
    "blue": Tone.MARK_BLUE,
}


def header(
    place: Place, trail: Iterable[str], counts: Counts | None, fresh: Freshness, width: int
) -> Line:
    """Return the line on top: where, who, how many, how fresh.

    Args:
        place: The cluster and user.
        trail: What is open, outermost first.
        counts: Of the board; `None` in other views.
        fresh: How old the picture is.
        width: Cells.
    """
    tone = _MARKS.get(place.colour, Tone.PROD)
    mark = [Span(f" {place.mark} ", tone)] if place.mark else []
    where = " › ".join([place.context or "no context", *trail])
    # Before the place: what is cut where a name is long must not be that nothing can be written.
    note = place.position or ("read-only" if place.is_read_only else "")
    notes = [Span(f"{note}  ", Tone.WARN)] if note else []
    left = [Span(" "), *mark, Span(" " if mark else ""), *notes, Span(where, Tone.STRONG)]
    user = place.user if place.is_user_confirmed or not place.user else f"{place.user}?"
    identity = [Span(user, Tone.DIM), Span("  ")] if user else []
    right: list[Span] = []
    if counts is not None:
        right.append(Span(f"{counts.total} rollout{'s' * (counts.total != 1)}"))
        if counts.needs_human:
            need = "needs" if counts.needs_human == 1 else "need"
            right.append(Span(f" · {counts.needs_human} {need} you", Tone.WARN))
        right.append(Span("  "))
    if not (place.position and fresh.tone is Tone.GOOD):
        # A recording is never live, however new its picture is.
        right += [Span(fresh.words, fresh.tone), Span(" ")]
    # Where we are matters more than who we are.
    whole = line_width((*left, *identity, *right)) + 1
    return spread(left, [*identity, *right] if whole <= width else right, width)


def footer(keymap: Keymap, view: View, is_possible: Callable[[Command], bool], width: int) -> Line:
    """Return the keys of a view, set closer where they would not fit; impossible ones are dim.

    Where they do not fit even so, those go that the help shows as well.
    """
    shown = [
        one
        for one in keymap.of(view)
        if one.label and view in one.shown_in and keymap.shown(one.id)
    ]
    fewer = [command for command in shown if command.id not in _SPARE]
    for commands, gap in ((shown, "  "), (shown, " "), (fewer, " ")):
        line = merge(
            (Span(" "), *(span for one in commands for span in _key(keymap, one, is_possible, gap)))
        )
        if line_width(line) - len(gap) <= width:
            break
    return fit(line, width)


_SPARE: Final = frozenset({"command"})
"""Whoever knows `:` types it unasked."""


def _key(
    keymap: Keymap, command: Command, is_possible: Callable[[Command], bool], gap: str
) -> tuple[Span, Span]:
    possible = is_possible(command)
    return (
        Span(keymap.shown(command.id), Tone.KEY if possible else Tone.DIM),
        Span(f" {command.label}{gap}", Tone.NORMAL if possible else Tone.DIM),
    )


def help_lines(
    keymap: Keymap, view: View, width: int, favourites: Sequence[str] = ()
) -> tuple[Line, ...]:
    """Return every key of a view with what it does, and which number is which namespace."""
    listed = [one for one in keymap.of(view) if not one.of_series]
    shown = [(", ".join(_names(keymap, command)), command) for command in listed]
    key_cells = max((len(keys) for keys, _ in shown), default=0)
    word_cells = max((len(command.word) for _, command in shown), default=0) + 1
    # In a narrow terminal the word follows the sentence: as a column it would break every one.
    is_narrow = width < _HELP_COLUMNS
    indent = key_cells + 2 + (0 if is_narrow else word_cells + 2)
    lines: list[Line] = []
    for keys, command in shown:
        word = f":{command.word}" if command.word else ""
        name = Span(pad(keys, key_cells) + "  ", Tone.KEY)
        column = Span(pad(word, word_cells) + "  ", Tone.DIM)
        behind = Span(f"  {word}", Tone.DIM)
        spans = (
            (name, Span(command.help), behind) if is_narrow else (name, column, Span(command.help))
        )
        lines += wrap(spans, width, limit=_HELP_LINES, indent=min(indent, width // 2))
        if command.id == "favourite-1" and favourites:
            named = ", ".join(f"{place} {one}" for place, one in enumerate(favourites, start=1))
            lines.append(fit((Span(" " * indent), Span(named, Tone.DIM)), width))
    return tuple(lines)


_HELP_LINES: Final = 4
_HELP_COLUMNS: Final = 90


def _names(keymap: Keymap, command: Command) -> list[str]:
    return [key_name(key) for key in keymap.keys(command.id)]
