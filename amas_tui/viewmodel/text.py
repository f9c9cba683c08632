"""Lines of toned text: what every view-model makes and every widget paints.

A line is data, never markup: it can be compared, measured and cut, and foreign text in it stays
text.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple
from unicodedata import combining, east_asian_width


class Tone(StrEnum):
    """What a piece of text means; the style sheet decides how that looks."""

    NORMAL = "normal"
    DIM = "dim"
    STRONG = "strong"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    BUSY = "busy"
    CANARY = "canary"
    STABLE = "stable"
    KEY = "key"
    PROD = "prod"
    MARK_YELLOW = "mark-yellow"
    MARK_GREEN = "mark-green"
    MARK_CYAN = "mark-cyan"
    MARK_BLUE = "mark-blue"


class Span(NamedTuple):
    """A piece of text with one meaning."""

    text: str
    tone: Tone = Tone.NORMAL


Line = tuple[Span, ...]

EMPTY: Final[Line] = ()
ELLIPSIS: Final = "…"


@lru_cache(maxsize=4_096)
def char_width(char: str) -> int:
    """Return the cells a character takes: 0, 1 or 2."""
    if combining(char):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def width(text: str) -> int:
    """Return the cells a text takes."""
    return len(text) if text.isascii() else sum(map(char_width, text))


def line_width(line: Line) -> int:
    """Return the cells a line takes."""
    return sum(width(span.text) for span in line)


def clip(text: str, cells: int) -> str:
    """Return `text` in at most `cells` cells, ended with an ellipsis where it was cut."""
    if width(text) <= cells:
        return text
    if cells <= 0:
        return ""
    kept, used = [], 0
    for char in text:
        used += char_width(char)
        if used > cells - 1:
            break
        kept.append(char)
    return "".join(kept) + ELLIPSIS


def _head(text: str, cells: int) -> str:
    """Return as much of the start of `text` as fits."""
    used = 0
    for position, char in enumerate(text):
        used += char_width(char)
        if used > cells:
            return text[:position]
    return text


def pad_middle(text: str, cells: int, head: float = 1 / 2) -> str:
    """Return `text` in exactly `cells` cells, cut in its middle: names often differ at the end.

    Args:
        text: What to cut or fill with blanks.
        cells: How many there are.
        head: Which part of what is kept is its start.
    """
    if width(text) <= cells or cells < _LEAST_CUT:
        return pad(text, cells)
    start = _head(text, max(1, int((cells - 1) * head)))
    end = _head(text[::-1], cells - 1 - width(start))[::-1]
    return pad(f"{start}{ELLIPSIS}{end}", cells)


_LEAST_CUT: Final = 4


def pad(text: str, cells: int) -> str:
    """Return `text` cut or filled with blanks to exactly `cells` cells."""
    cut = clip(text, cells)
    return cut + " " * (cells - width(cut))


def pad_left(text: str, cells: int) -> str:
    """Return `text` cut or filled with blanks on its left to exactly `cells` cells."""
    cut = clip(text, cells)
    return " " * (cells - width(cut)) + cut


def fit(line: Iterable[Span], cells: int) -> Line:
    """Return a line of at most `cells` cells; the piece that does not fit ends with an ellipsis."""
    kept: list[Span] = []
    left = cells
    for span in line:
        size = width(span.text)
        if size <= left:
            kept.append(span)
            left -= size
            continue
        if left > 0:
            kept.append(Span(clip(span.text, left), span.tone))
        elif kept:
            kept[-1] = _ellipsed(kept[-1])
        break
    return tuple(kept)


def _ellipsed(span: Span) -> Span:
    if span.text.endswith(ELLIPSIS):
        return span
    return Span(clip(span.text + " ", width(span.text)), span.tone)


def spread(left: Iterable[Span], right: Iterable[Span], cells: int) -> Line:
    """Return a line with `left` at its start and `right` at its end; the left yields first."""
    end = fit(right, cells)
    start = fit(left, max(0, cells - line_width(end) - 1))
    gap = cells - line_width(start) - line_width(end)
    return (*start, Span(" " * gap), *end) if gap > 0 else (*start, *end)


def wrap(spans: Sequence[Span], cells: int, *, limit: int, indent: int = 0) -> tuple[Line, ...]:
    """Return toned text broken at blanks into at most `limit` lines; the last one is cut.

    Later lines start with `indent` blanks.
    """
    words = [Span(word, span.tone) for span in spans for word in _words(span.text)]
    lines: list[list[Span]] = [[]]
    used = 0
    for position, word in enumerate(words):
        size = width(word.text)
        is_full = used + width(word.text.rstrip()) > cells and used > indent
        if is_full and len(lines) == limit:
            rest = "".join(w.text for w in words[position:])
            lines[-1].append(Span(rest, word.tone))
            break
        if is_full:
            lines.append([Span(" " * indent)] if indent else [])
            used = indent
        lines[-1].append(word)
        used += size
    return tuple(fit(_without_end_blanks(merge(line)), cells) for line in lines)


def _without_end_blanks(line: Line) -> Line:
    """Return a line without the blanks behind its last word, for which there may be no room."""
    if not line:
        return line
    return merge((*line[:-1], Span(line[-1].text.rstrip(" "), line[-1].tone)))


def _words(text: str) -> list[str]:
    """Return the words of a text, each with the blanks that follow it."""
    *most, last = text.split(" ")
    return [word for word in (*(part + " " for part in most), last) if word]


def merge(line: Iterable[Span]) -> Line:
    """Return the line with neighbours of one tone joined and empty pieces dropped."""
    merged: list[Span] = []
    for span in line:
        if not span.text:
            continue
        if merged and merged[-1].tone == span.tone:
            merged[-1] = Span(merged[-1].text + span.text, span.tone)
        else:
            merged.append(span)
    return tuple(merged)


def plain(line: Line) -> str:
    """Return a line's text without its tones."""
    return "".join(span.text for span in line)


_ASCII: Final = str.maketrans(
    {
        "✔": "+",
        "✖": "x",
        "‖": "=",
        "॥": "=",
        "◌": "o",
        "◷": ".",
        "⚠": "!",
        "•": "-",
        "▌": ">",
        "▇": "#",
        "░": ".",
        "│": "|",
        "┃": "|",
        "┤": "|",
        "├": "+",
        "┼": "+",
        "┬": "+",
        "┴": "+",
        "└": "+",
        "┌": "+",
        "┐": "+",
        "┘": "+",
        "─": "-",
        "╌": "-",
        "━": "=",
        "⟳": "@",
        "⧉": "R",
        "□": "P",
        "Σ": "E",
        "α": "A",
        "⊞": "J",
        "›": ">",
        "→": ">",
        "←": "<",
        "↑": "^",
        "↓": "v",
        "↵": "<",
        "…": "~",
        "·": "-",
        "×": "x",
        "÷": "/",
        "−": "-",
        "–": "-",
        "—": "-",
        "∞": "*",
        "≥": ">",
        "≤": "<",
        "µ": "u",
        "Δ": "d",
        "’": "'",
        "“": '"',
        "”": '"',
    }
)


def to_ascii(text: str) -> str:
    """Return `text` in ASCII, cell for cell: every glyph has a letter of the same width."""
    if text.isascii():
        return text
    swapped = text.translate(_ASCII)
    if swapped.isascii():
        return swapped
    return "".join(char if char.isascii() else "?" * char_width(char) for char in swapped)
