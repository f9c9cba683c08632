"""What an app's screen shows, cell by cell, and as a text that a reviewer can read.

The text has the screen's lines, then the same lines again with a letter for how each cell looks,
then what the letters mean: a colour's first letter, in capitals where it is bold, `.` for dim.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Final

from rich.cells import cell_len
from rich.style import Style

from amas_tui.ui.app import AmasApp
from tests.terminal.vt import Cell

_NAMES: Final = tuple(
    f"{bright}{name}"
    for bright in ("", "bright_")
    for name in ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
)
"""The sixteen colours of a terminal; the program names no others."""

_PLAIN: Final[frozenset[str]] = frozenset()
_SPARE: Final = "0123456789!$%&+-/<=>?@^_~"


def cells(app: AmasApp) -> list[list[Cell]]:
    """Return the rows of the screen in front; behind a wide character there is one without text."""
    strips = app.screen._compositor.render_strips()  # noqa: SLF001 - the only way to all of it
    return [
        [
            cell
            for segment in strip
            for character in segment.text
            for cell in _cells(character, segment.style)
        ]
        for strip in strips
    ]


def _cells(character: str, style: Style | None) -> list[Cell]:
    words = _words(style)
    return [Cell(character, words), *[Cell("", words)] * (cell_len(character) - 1)]


def _words(style: Style | None) -> frozenset[str]:
    """Return how a cell looks, in Rich's words."""
    if style is None:
        return _PLAIN
    words = [
        word
        for word in ("bold", "dim", "italic", "underline", "reverse", "strike")
        if getattr(style, word)
    ]
    for prefix, colour in (("", style.color), ("on ", style.bgcolor)):
        if colour is not None and not colour.is_default:
            assert colour.number is not None, f"{colour} is none of the sixteen"
            words.append(prefix + _NAMES[colour.number])
    return frozenset(words)


def readable(rows: Sequence[Sequence[Cell]]) -> str:
    """Return a screen as text: what it says, how it looks, what the letters mean."""
    letters: dict[frozenset[str], str] = {_PLAIN: " "}
    for cell in chain.from_iterable(rows):
        if cell.style not in letters:
            letters[cell.style] = _letter(cell.style, set(letters.values()))
    said = ["".join(cell.text for cell in row).rstrip() for row in rows]
    looks = ["".join(_look(cell, letters) for cell in row).rstrip() for row in rows]
    rule = "─" * len(rows[0])
    legend = sorted(
        f"{letter} {' '.join(sorted(words))}" for words, letter in letters.items() if words
    )
    return "\n".join([*said, rule, *looks, rule, *legend, ""])


def _look(cell: Cell, letters: dict[frozenset[str], str]) -> str:
    # How a blank looks shows only where there is a colour behind it.
    is_blank = not cell.text.strip() and not any(
        word.startswith("on ") or word in ("reverse", "underline") for word in cell.style
    )
    return " " if is_blank else "·" if not cell.style else letters[cell.style]


def _letter(words: frozenset[str], taken: set[str]) -> str:
    """Return the letter that says most; a spare sign where it is taken or nothing says it all."""
    colours = words - {"bold", "dim"}
    wanted = "*" if "bold" in words else "."
    if len(colours) == 1:
        first = next(iter(colours)).removeprefix("bright_")[0]
        wanted = first.upper() if "bold" in words else first
    if len(colours) > 1 or wanted in taken:
        return next(spare for spare in _SPARE if spare not in taken)
    return wanted
