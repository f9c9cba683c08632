"""A terminal's cells as SVG, without anything that a viewer would have to load."""

import io
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.terminal_theme import TerminalTheme

from tests.terminal.vt import Cell

_FONTS: Final = "DejaVu Sans Mono, Menlo, Consolas, monospace"

THEME: Final = TerminalTheme(
    (16, 20, 24),
    (208, 212, 216),
    [
        (24, 28, 34),
        (232, 92, 92),
        (110, 196, 110),
        (224, 176, 72),
        (98, 150, 232),
        (196, 122, 212),
        (86, 190, 200),
        (208, 212, 216),
    ],
    [
        (108, 116, 126),
        (255, 120, 120),
        (140, 224, 140),
        (250, 206, 110),
        (136, 182, 255),
        (222, 156, 236),
        (120, 220, 230),
        (250, 250, 250),
    ],
)
"""Sixteen colours as a dark terminal has them; the program names no others."""


def svg(rows: Sequence[Sequence[Cell]], title: str) -> str:
    """Return a picture of a terminal's rows."""
    console = Console(
        width=len(rows[0]),
        height=len(rows),
        record=True,
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        file=io.StringIO(),
    )
    segments: list[Segment] = []
    for row in rows:
        runs = groupby(row, key=lambda cell: cell.style)
        segments += [Segment("".join(cell.text for cell in run), _style(s)) for s, run in runs]
        segments.append(Segment.line())
    console.print(Segments(segments), end="")
    return _plain_fonts(
        console.export_svg(
            title=title, theme=THEME, code_format=_without_fonts(), unique_id="screen"
        )
    )


def _without_fonts() -> str:
    """Return Rich's frame without the fonts that it would fetch."""
    before, _, rest = CONSOLE_SVG_FORMAT.partition("@font-face")
    *_, after = rest.rpartition("@font-face")
    return before + after[after.index("}}") + 2 :].lstrip()


def _plain_fonts(text: str) -> str:
    return text.replace("Fira Code, monospace", _FONTS).replace(
        "    <!-- Generated with Rich https://www.textualize.io -->\n", ""
    )


def _style(names: frozenset[str]) -> Style:
    # A colour behind text, `on red`, comes last: what follows it would be read as another.
    words = sorted(names, key=lambda word: word.startswith("on "))
    return Style.parse(" ".join(words) or "none")
