"""The log panel: lines of canary and stable pods, tagged by role."""

from datetime import datetime, tzinfo
from typing import Final

from amas_tui.store.logs import LogBook, LogLine, Voice
from amas_tui.viewmodel.text import Line, Span, Tone, clip, fit, pad, wrap

_MAX_LINES: Final = 6
_INDENT: Final = 2
_POD_CELLS: Final = 6

_WORDS: Final = {
    Voice.CANARY: "{new} pods",
    Voice.STABLE: "stable pods",
    Voice.BOTH: "{new} and stable pods",
    Voice.ROUTER: "ingress-nginx, on this rollout's Services",
}
_TONE: Final = {"canary": Tone.CANARY, "stable": Tone.STABLE, "router": Tone.DIM}


def logs_lines(
    book: LogBook, width: int, zone: tzinfo | None = None, new: str = "canary"
) -> tuple[Line, ...]:
    """Return the whole panel, newest line last, and below it what is read.

    Args:
        book: What was read.
        width: Cells.
        zone: Of the clock on the wall.
        new: What the new version's pods are called: `canary`, or `preview` of a blue-green rollout.
    """
    lines = [line for one in book.lines for line in log_lines(one, width, zone, new)]
    if not book.lines:
        lines = [(Span(f" {_nothing(book, new)}", Tone.DIM),)]
    # At the end, where the eye of a reader who follows is.
    return (*lines, fit(logs_title(book, new), width))


def _words(voice: Voice, new: str) -> str:
    return _WORDS[voice].format(new=new)


def _nothing(book: LogBook, new: str) -> str:
    if book.sources:
        return "nothing was said yet"
    if book.choice.voice is Voice.ROUTER:
        return "asking for ingress-nginx' controller"
    return f"there are no {_words(book.choice.voice, new)}"


def logs_title(book: LogBook, new: str = "canary") -> Line:
    """Return what is read, and how to read something else."""
    spans = [Span(f" {_words(book.choice.voice, new)}", Tone.STRONG)]
    if book.choice.previous:
        spans.append(Span(", previous run", Tone.WARN))
    count = f"  {book.sources} container{'s' * (book.sources != 1)}, {len(book.lines)} lines"
    spans.append(Span(count, Tone.DIM))
    if book.forgotten:
        spans.append(Span(f", {book.forgotten} older forgotten", Tone.DIM))
    spans += [Span("   l", Tone.KEY), Span(" others"), Span("  L", Tone.KEY), Span(" previous run")]
    return tuple(spans)


def log_lines(
    line: LogLine, width: int, zone: tzinfo | None = None, new: str = "canary"
) -> tuple[Line, ...]:
    """Return one line of a log, wrapped into a few lines of at most `width` cells."""
    tone = _TONE.get(line.role, Tone.DIM)
    if line.is_problem:
        head = Span(f" {clip(line.pod, 40)}: ", tone)
        return wrap((head, Span(line.text, Tone.WARN)), width, limit=3, indent=_INDENT)
    pod = line.pod.rpartition("-")[2] or line.pod
    letter = (new if line.role == "canary" else line.role)[0].upper()
    head = Span(f" {_clock(line.at, zone)} {letter} {pad(pod, _POD_CELLS)}", tone)
    return wrap((head, Span(line.text)), width, limit=_MAX_LINES, indent=_INDENT)


def _clock(at: datetime, zone: tzinfo | None) -> str:
    return at.astimezone(zone).strftime("%H:%M:%S")
