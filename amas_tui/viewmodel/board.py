"""The board: one line per Rollout, who needs a human first."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from amas_tui.domain.rollout import Rollout
from amas_tui.rules.images import version
from amas_tui.rules.phase import rollout_verdict
from amas_tui.rules.pods import is_ready
from amas_tui.rules.weight import max_weight, new_share
from amas_tui.store.detail import Detail
from amas_tui.store.scene import Scene, board_scene
from amas_tui.store.snapshot import Snapshot
from amas_tui.viewmodel.state import Standing, State, halted_weight, shown_step, state
from amas_tui.viewmodel.text import Line, Span, Tone, fit, merge, pad, pad_left, pad_middle
from amas_tui.viewmodel.text import width as text_width
from amas_tui.why.case import quiet_for
from amas_tui.why.diagnosis import diagnose
from amas_tui.why.finding import Severity
from amas_tui.words import age

BAR_CELLS: Final = 10


class RowId(NamedTuple):
    """What a line is about, whatever its place: context and uid."""

    context: str
    uid: str


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One rollout on the board.

    Attributes:
        share: Percentage of traffic that the newest revision gets, `None` where unknown.
        now: What is going on, most important first.
        lasted: How long it has been so, where `now` does not say it and it matters.
    """

    id: RowId
    namespace: str
    name: str
    state: State
    word: str
    step: str
    share: float | None
    now: str
    now_tone: Tone
    lasted: str = ""

    @property
    def needs_human(self) -> bool:
        """Return whether nothing moves until somebody acts."""
        return self.state.needs_human


@dataclass(frozen=True, slots=True)
class Filter:
    """What the board shows.

    Attributes:
        text: As typed after `/`: text, `!text` for all others, `-l key=value`, `-f letters`.
        needs_human: Show only the rollouts that need a human.
    """

    text: str = ""
    needs_human: bool = False


def _order(row: BoardRow) -> tuple[int, int, str, str]:
    # Rows that move share one rank: they would change places with every step otherwise. What
    # goes wrong while it moves stands above them: it will need a human next.
    if row.state.needs_human:
        return (0, row.state.standing, row.namespace, row.name)
    if row.state.standing is Standing.HEALTHY:
        return (3, 0, row.namespace, row.name)
    return (1 if row.now_tone is Tone.BAD else 2, 0, row.namespace, row.name)


def board_row(snapshot: Snapshot, rollout: Rollout, context: str, now: datetime) -> BoardRow:
    """Return one rollout's line."""
    here = board_scene(snapshot, rollout)
    quiet = quiet_for(snapshot, rollout, now)
    standing = state(rollout, here.update_runs, quiet, here.stopped_at)
    text, tone = now_column(here, standing, now)
    return BoardRow(
        id=RowId(context, rollout.uid),
        namespace=rollout.key.namespace,
        name=rollout.key.name,
        state=standing,
        word=_word(rollout, standing),
        step=_step(rollout, standing),
        share=new_share(rollout, here.replica_sets or None),
        now=text,
        now_tone=tone,
        lasted=age(standing.since, now) if standing.standing in _STOPPED else "",
    )


_STOPPED: Final = frozenset(
    {
        Standing.INVALID,
        Standing.HALTED,
        Standing.ABORTED,
        Standing.TIMED_OUT,
        Standing.DEGRADED,
    }
)
"""Of these the cause does not say since when."""


def _word(rollout: Rollout, standing: State) -> str:
    weight = halted_weight(rollout, standing)
    if weight is None:
        return standing.word
    return f"{standing.word} {100 * weight // max_weight(rollout)}%"


def _step(rollout: Rollout, standing: State) -> str:
    count = len(rollout.steps)
    if not count:
        return "-"
    if standing.standing in (Standing.HALTED, Standing.ABORTED) and standing.halted_step is None:
        return f"?/{count}"
    return f"{shown_step(rollout, standing)}/{count}"


def now_column(scene: Scene, standing: State, now: datetime) -> tuple[str, Tone]:
    """Return what is going on with a rollout, in the few words of the board's last column."""
    if standing.standing is Standing.HEALTHY:
        tag = version(scene.rollout.spec.template.spec.containers)
        since = age(standing.since, now)
        return ", ".join(part for part in (tag, since) if part), Tone.DIM
    head = diagnose(scene, now).head
    if head is None:
        return _moving(scene), Tone.NORMAL
    match head.cause.severity:
        case Severity.TROUBLE:
            return head.finding.short, Tone.BAD
        case Severity.HUMAN:
            return head.finding.short, standing.tone
        case _:
            return head.finding.short, Tone.NORMAL


def _moving(scene: Scene) -> str:
    pods = scene.pods_with(scene.rollout.status.current_pod_hash)
    if pods:
        return f"{sum(map(is_ready, pods))}/{len(pods)} ready"
    return rollout_verdict(scene.rollout).message


def matcher(text: str) -> Callable[[Rollout], bool]:
    """Return what tells whether a rollout passes a filter, as k9s reads it.

    `text` is a regular expression on namespace/name, or plain text where it is not one; `!text`
    turns it round; `-l key=value,key2` matches labels; `-f abc` matches letters in their order.
    """
    stripped = text.strip()
    if not stripped:
        return lambda _: True
    if stripped.startswith("-l"):
        wanted = [part.strip() for part in stripped[2:].split(",") if part.strip()]
        return lambda rollout: all(_has_label(rollout, part) for part in wanted)
    if stripped.startswith("-f"):
        letters = ".*?".join(map(re.escape, stripped[2:].strip()))
        return _searching(letters)
    if stripped.startswith("!"):
        found = _searching(stripped[1:].strip())
        return lambda rollout: not found(rollout)
    return _searching(stripped)


def _searching(pattern: str) -> Callable[[Rollout], bool]:
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error:
        compiled = re.compile(re.escape(pattern), re.IGNORECASE)
    return lambda rollout: compiled.search(str(rollout.key)) is not None


def _has_label(rollout: Rollout, wanted: str) -> bool:
    labels = rollout.metadata.labels
    if "!=" in wanted:
        key, _, value = wanted.partition("!=")
        return labels.get(key.strip()) != value.strip()
    key, equals, value = wanted.replace("==", "=").partition("=")
    return labels.get(key.strip()) == value.strip() if equals else key.strip() in labels


@dataclass(frozen=True, slots=True)
class Columns:
    """How wide each column is; 0 leaves one out."""

    namespace: int
    name: int
    state: int
    step: int
    bar: int
    now: int
    context: int = 0

    @property
    def width(self) -> int:
        """Return the cells of a whole line."""
        gaps = 3 + sum(map(bool, (self.namespace, self.context, self.step)))
        return (
            3
            + self.context
            + self.namespace
            + self.name
            + self.state
            + self.step
            + self.bar
            + gaps
            + self.now
        )


_STATE: Final = 12
_NARROW: Final = 80
_NARROW_BAR: Final = 8
_SHARE: Final = 4
"""Cells of a share without its bar."""
_MIN_NAME: Final = 12
_USUAL_NAME: Final = 16
_MAX_NAME: Final = 40
_MIN_NOW: Final = 26
"""Cells that a metric with its value and limit usually takes."""
_MAX_NOW: Final = 28
_MAX_NAMESPACE: Final = 20
_MAX_CONTEXT: Final = 16


def columns(rows: Sequence[BoardRow], width: int, contexts: Sequence[str] = ()) -> Columns:
    """Return the columns' widths for a terminal: what is wrong matters more than a whole name.

    At 80 columns the last one still holds a metric with its value and limit: for that first the
    bar goes, then the names are cut, then the step goes. The `contexts` of the board have a column
    where there are several.
    """
    is_narrow = width <= _NARROW
    namespaces = {row.namespace for row in rows}
    namespace = 0
    if len(namespaces) > 1:
        namespace = min(9 if is_narrow else _MAX_NAMESPACE, max(map(len, namespaces)))
    names = tuple(contexts)
    context = 0
    if len(names) > 1:
        context = min(9 if is_narrow else _MAX_CONTEXT, max(map(len, names)))
    bar = (_NARROW_BAR if is_narrow else BAR_CELLS) + 5
    state_ = min(_STATE, max((len(row.word) for row in rows), default=_STATE))
    state_ = max(state_, len("STATE"))
    step = max(len("STEP"), *(len(row.step) for row in rows)) if rows else len("STEP")
    places = namespace + bool(namespace) + context + bool(context)
    room = width - 3 - places - state_ - 1 - step - 1 - bar - 1 - 1
    wanted_now = _wanted_now(rows)
    least_now = min(wanted_now, _MAX_NOW, max(12, width * 2 // 5))
    longest = max((text_width(row.name) for row in rows), default=0)
    longest = min(_MAX_NAME, max(_USUAL_NAME, longest))
    if is_narrow and (room < longest + wanted_now or places):
        room += bar - _SHARE
        bar = _SHARE
    if is_narrow and room < _MIN_NAME + min(least_now, _MIN_NOW):
        room += step + 1
        step = 0
    name = max(_MIN_NAME, min(longest, room - least_now))
    return Columns(namespace, name, state_, step, bar, max(0, room - name), context)


_AGE_CELLS: Final = len(", 2m42s")
"""Room for an age that grows without moving the columns."""


def _wanted_now(rows: Sequence[BoardRow]) -> int:
    """Return the cells that the last column needs for what is wrong.

    What merely takes its time does not count: it changes by the second, and the columns with it.
    Since when something is wrong matters more than a bar.
    """
    wrong = (
        text_width(row.now) + (_AGE_CELLS if row.lasted else 0)
        for row in rows
        if row.needs_human or row.now_tone is Tone.BAD
    )
    return max(_MIN_NOW, max(wrong, default=0))


_TRAFFIC: Final = {BAR_CELLS + 5: "TRAFFIC TO NEW", _NARROW_BAR + 5: "TRAFFIC", _SHARE: "NEW"}


def header_line(widths: Columns) -> Line:
    """Return the line of the columns' names."""
    cells = [
        *([pad("CONTEXT", widths.context)] if widths.context else []),
        *([pad("NAMESPACE", widths.namespace)] if widths.namespace else []),
        pad("ROLLOUT", widths.name),
        pad("STATE", widths.state),
        *([pad("STEP", widths.step)] if widths.step else []),
        pad(_TRAFFIC.get(widths.bar, "NEW"), widths.bar),
        pad("NOW", widths.now),
    ]
    return (Span("   " + " ".join(cells), Tone.DIM),)


def row_line(row: BoardRow, widths: Columns) -> Line:
    """Return one rollout's line."""
    mark = "▌" if row.needs_human else " "
    tone = row.state.tone
    name_tone = Tone.STRONG if row.needs_human else Tone.NORMAL
    context = [Span(pad_middle(row.id.context, widths.context) + " ")] if widths.context else []
    namespace = (
        [Span(pad_middle(row.namespace, widths.namespace) + " ", Tone.DIM)]
        if widths.namespace
        else []
    )
    return merge(
        (
            Span(mark + row.state.glyph + " ", tone),
            *context,
            *namespace,
            Span(pad_middle(row.name, widths.name) + " ", name_tone),
            Span(pad(row.word, widths.state) + " ", tone),
            *([Span(pad(row.step, widths.step) + " ")] if widths.step else []),
            *share_bar(row.share, widths.bar),
            Span(" "),
            Span(pad(_with_age(row, widths.now), widths.now), row.now_tone),
        )
    )


def _with_age(row: BoardRow, cells: int) -> str:
    """Return what is wrong, and since when where that fits too: the cause itself comes first."""
    told = f"{row.now}, {row.lasted}"
    is_said = not row.lasted or row.now.endswith(row.lasted)
    return row.now if is_said or text_width(told) > cells else told


def share_bar(share: float | None, cells: int) -> tuple[Span, ...]:
    """Return the traffic to the new revision as a bar and a number."""
    text = "   ?" if share is None else pad_left(f"{share:.0f}%", 4)
    bar = cells - 5
    if bar <= 0:
        return (Span(pad(text, cells), Tone.CANARY if share else Tone.NORMAL),)
    filled = 0 if share is None else min(bar, math.floor(bar * share / 100.0 + 0.5))
    if share and not filled:
        filled = 1
    return (
        Span("▇" * filled, Tone.CANARY),
        Span("░" * (bar - filled), Tone.DIM),
        Span(" " + text),
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rollouts there are, and of which sort."""

    total: int = 0
    needs_human: int = 0
    moving: int = 0
    healthy: int = 0


@dataclass(frozen=True, slots=True)
class _Made:
    """A line with what it was made from, so that it need not be made again."""

    row: BoardRow
    rollout: Rollout
    detail: Detail | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Board:
    """All that the board shows."""

    rows: tuple[BoardRow, ...] = ()
    counts: Counts = field(default_factory=Counts)
    made: Mapping[str, _Made] = field(default_factory=dict, repr=False)


_AGEING: Final = timedelta(seconds=10)
"""How long a line is kept although an age in it may have grown."""

_BY_SECOND: Final = timedelta(minutes=10)
_BY_MINUTE: Final = timedelta(hours=3)
"""Until then ages are told with minutes. Source: `human_duration`."""


def board(
    snapshot: Snapshot,
    context: str,
    now: datetime,
    filter_: Filter | None = None,
    before: Board | None = None,
) -> Board:
    """Return the board: who needs a human first, then who moves, then the healthy.

    Args:
        snapshot: What is known.
        context: The cluster's context.
        now: The server's time.
        filter_: What to leave out; the counts are of all rollouts all the same.
        before: The board before this one; its lines are taken over where nothing changed.
    """
    made = {
        uid: _make(snapshot, rollout, context, now, before.made.get(uid) if before else None)
        for uid, rollout in snapshot.rollouts.items()
    }
    everything = [one.row for one in made.values()]
    need = sum(row.needs_human for row in everything)
    healthy = sum(row.state.standing is Standing.HEALTHY for row in everything)
    counts = Counts(len(everything), need, len(everything) - need - healthy, healthy)
    filter_ = filter_ or Filter()
    if filter_.text.strip():
        matches = matcher(filter_.text)
        everything = [one.row for one in made.values() if matches(one.rollout)]
    if filter_.needs_human:
        everything = [row for row in everything if row.needs_human]
    return Board(tuple(sorted(everything, key=_order)), counts, made)


def merged(boards: Sequence[Board]) -> Board:
    """Return the boards of several clusters as one, in the order of one."""
    rows = sorted((row for one in boards for row in one.rows), key=_order)
    counts = [one.counts for one in boards]
    total = Counts(
        sum(one.total for one in counts),
        sum(one.needs_human for one in counts),
        sum(one.moving for one in counts),
        sum(one.healthy for one in counts),
    )
    return Board(tuple(rows), total)


def stale_line(context: str, words: str, sentence: str, width: int) -> Line:
    """Return the line above the rows of a cluster whose picture is old, or that has none."""
    head = (Span(f" ✖ {context} ", Tone.BAD), Span(f"{words} ", Tone.BAD))
    return fit((*head, Span(sentence, Tone.WARN)), width)


def _make(
    snapshot: Snapshot, rollout: Rollout, context: str, now: datetime, old: _Made | None
) -> _Made:
    detail = snapshot.details.get(rollout.uid)
    if (
        old is not None
        and old.rollout is rollout
        and old.detail is detail
        and old.row.state.standing not in _CLOCKED
        and now - old.at < _lifetime(old.row, now)
    ):
        return old
    return _Made(board_row(snapshot, rollout, context, now), rollout, detail, now)


def _lifetime(row: BoardRow, now: datetime) -> timedelta:
    """Return how long a line is kept although its age grows: old ages are told in coarse units."""
    since = row.state.since
    if row.state.standing is not Standing.HEALTHY:
        return _AGEING
    if since is None or now - since >= _BY_MINUTE:
        return timedelta(minutes=10)
    return _AGEING if now - since < _BY_SECOND else timedelta(minutes=1)


_CLOCKED: Final = frozenset(
    {Standing.PAUSING, Standing.ABORTING, Standing.UNOBSERVED, Standing.RESUMING}
)
"""What changes by the clock alone."""
