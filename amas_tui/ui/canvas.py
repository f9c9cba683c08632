"""What stands on the terminal, cell for cell, so that only what differs is sent.

Textual sends a changed row from its first cell on, and the whole screen where a dialog closes. Here
a frame is read as a terminal reads it, compared with what it would be painted over, and written
anew with the differences alone. What is not text, style or movement of the cursor passes unchanged.
"""

import re
from functools import cache
from typing import Final

from rich.cells import cell_len

_TOKEN = re.compile(
    r"\x1b\[(?:(?P<line>\d+);(?P<column>\d+)H|(?P<sgr>[\d;]*)m|(?P<sync>\?2026[hl]))"
    r"|(?P<newline>\r?\n)"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<other>\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])|.)",
    re.DOTALL,
)
_ENTER: Final = "\x1b[?1049h"
_CLEAR: Final = "\x1b[2J"
_NEAR: Final = 4
"""Unchanged cells between two changes that are cheaper to send than to skip."""

_SMALL: Final = 256
"""Bytes that any terminal paints at once, so that they need not be marked as one frame."""

_Cell = tuple[str, str]
"""A character and its style."""

_BLANK: Final[_Cell] = (" ", "")
_UNKNOWN: Final[_Cell] = ("", "?")
"""Equals no cell that is painted."""


class Canvas:
    """The cells of one terminal."""

    def __init__(self, *, is_open: bool = False) -> None:
        """Begin; where the other screen `is_open` already, it is cleared but not opened again.

        A terminal that is told to open it twice may forget where its cursor was before.
        """
        self._is_open = is_open
        self._columns = 0
        self._rows: list[list[_Cell]] = []

    def forget(self) -> None:
        """Take nothing for granted: whatever is painted next is sent."""
        self._fill(_UNKNOWN)

    def _fill(self, cell: _Cell) -> None:
        self._rows = [[cell] * self._columns for _ in self._rows]

    def update(self, frame: str, size: tuple[int, int]) -> str:
        """Return what brings the terminal from what it shows to `frame`; empty if it is there.

        Args:
            frame: What Textual would send.
            size: The terminal's columns and lines.
        """
        columns, lines = size
        if (columns, lines) != (self._columns, len(self._rows)):
            self._columns = columns
            self._rows = [[_UNKNOWN] * columns for _ in range(lines)]
        brush = _Brush(columns)
        x = y = 0
        style = ""
        is_frame = False
        for token in _TOKEN.finditer(frame):
            kind = token.lastgroup
            if kind == "text":
                x = self._paint(brush, x, y, token[0], style)
            elif kind == "sgr":
                style = _after(style, token["sgr"])
            elif kind == "column":
                x, y = int(token["column"]) - 1, int(token["line"]) - 1
            elif kind == "newline":
                x, y = 0, y + 1
            elif kind == "sync":
                is_frame = True
            else:
                if token[0] != _ENTER or not self._is_open:
                    brush.pass_on(token[0])
                if token[0] == _ENTER:
                    # Not every terminal clears the screen that it changes to.
                    brush.pass_on(_CLEAR)
                    self._fill(_BLANK)
                    self._is_open = False
        written = brush.finish((x, y))
        if is_frame and len(written) > _SMALL:
            return f"\x1b[?2026h{written}\x1b[?2026l"
        return written

    def _paint(self, brush: "_Brush", x: int, y: int, text: str, style: str) -> int:
        """Paint a run of text in one style and return the column behind it."""
        width = cell_len(text)
        if y >= len(self._rows):
            brush.write(x, y, text, style, width)
            return x + width
        row = self._rows[y]
        if not _fills_one_each(text):
            # Wide and combining characters share cells: such a run is sent as it is.
            brush.write(x, y, text, style, width)
            row[x : x + width] = [_UNKNOWN] * min(width, max(0, self._columns - x))
            return x + width
        cells = _cells(text, style)[: max(0, self._columns - x)]
        old = row[x : x + width]
        if old != cells:
            row[x : x + width] = cells
            for start, end in _changes(old, cells):
                brush.write(x + start, y, text[start:end], style, end - start)
        return x + width


class _Brush:
    """Writes text at places with few bytes for moving and styling."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._pieces: list[str] = []
        self._at: tuple[int, int] | None = None
        self._style = ""

    def write(self, x: int, y: int, text: str, style: str, width: int) -> None:
        """Write text of `width` cells."""
        if self._at != (x, y):
            self._pieces.append(f"\x1b[{y + 1};{x + 1}H")
        if style != self._style:
            reset = "0;" if style and self._style else ""
            self._pieces.append(f"\x1b[{reset}{style}m")
            self._style = style
        self._pieces.append(text)
        # Behind the last column terminals disagree about where they are.
        self._at = (x + width, y) if x + width < self._columns else (-1, -1)

    def pass_on(self, sequence: str) -> None:
        """Write what is no text."""
        self._pieces.append(sequence)

    def finish(self, cursor: tuple[int, int]) -> str:
        """Return all of it, with the style put back and the cursor where it was left."""
        if self._style:
            self._pieces.append("\x1b[m")
        # Nobody sees it at the top left, where Textual puts it when no text is typed.
        if cursor not in ((0, 0), self._at) and self._at is not None:
            self._pieces.append(f"\x1b[{cursor[1] + 1};{cursor[0] + 1}H")
        return "".join(self._pieces)


def _fills_one_each(text: str) -> bool:
    return text.isascii() or all(cell_len(char) == 1 for char in text)


def _changes(old: list[_Cell], new: list[_Cell]) -> list[tuple[int, int]]:
    """Return the runs `(first, behind the last)` in which cells differ; near ones are joined."""
    runs: list[tuple[int, int]] = []
    for at, (was, is_) in enumerate(zip(old, new, strict=True)):
        if was == is_:
            continue
        if runs and at - runs[-1][1] <= _NEAR:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return runs


def _cells(text: str, style: str) -> list[_Cell]:
    """Return the cells of a run whose characters fill one each."""
    if " " not in text:
        return [(char, style) for char in text]
    blank = (" ", _seen_on_a_blank(style))
    return [blank if char == " " else (char, style) for char in text]


def _after(style: str, codes: str) -> str:
    """Return the style after an SGR sequence."""
    is_reset, codes = _saying(codes)
    if is_reset or not style:
        return codes
    return f"{style};{codes}" if codes else style


@cache
def _saying(codes: str) -> tuple[bool, str]:
    """Return whether codes begin anew, and those of them that say more than what holds anyway."""
    known = _CODE.findall(codes) or ["0"]
    is_reset = "0" in known
    if is_reset:
        known = known[len(known) - known[::-1].index("0") :]
    return is_reset, ";".join(code for code in known if code not in ("39", "49"))


@cache
def _seen_on_a_blank(style: str) -> str:
    """Return what of a style shows where there is no character."""
    codes = _CODE.findall(style)
    if "7" in codes:
        return style
    return ";".join(code for code in codes if _ON_A_BLANK.match(code))


_CODE = re.compile(r"[345]8;(?:2;\d+;\d+;\d+|5;\d+)|\d+")
"""One SGR code; a colour of the bigger palettes is one with its numbers."""

_ON_A_BLANK = re.compile(r"(?:4|9|21|53|4[0-7]|10[0-7])$|48;")
