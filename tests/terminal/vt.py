"""The picture that control sequences paint, kept by pyte, and a terminal's answers."""

import re
from typing import Any, Final, NamedTuple

import pyte

from tests.terminal.sequences import ALTERNATE_SCREEN, Piece

_KNOWN_TO_PYTE = re.compile(r"\??[\d;]*[@-~]")
_SUPPORTED: Final = frozenset({2026})
"""Private modes that this terminal says it has."""


class Cell(NamedTuple):
    """One character and how it looks."""

    text: str
    style: frozenset[str]
    """Words of Rich: `bold`, `dim`, `reverse`, a colour, `on` a colour as one word each."""


class _Screen(pyte.Screen):
    """A screen that knows of faint text, kept where pyte keeps blinking, which nobody uses."""

    def select_graphic_rendition(self, *codes: int, **how: Any) -> None:
        colours = (38, 48)
        faint = [5 if code == 2 and not set(colours) & set(codes) else code for code in codes]
        super().select_graphic_rendition(*faint, **how)
        if 22 in codes:
            super().select_graphic_rendition(25)


class Picture:
    """What is on the screen; main and alternate screen are two."""

    def __init__(self, columns: int, lines: int) -> None:
        self._screens = {alternate: _Screen(columns, lines) for alternate in (False, True)}
        self._streams = {
            alternate: pyte.Stream(screen) for alternate, screen in self._screens.items()
        }
        self._is_alternate = False

    @property
    def _screen(self) -> pyte.Screen:
        return self._screens[self._is_alternate]

    @property
    def text(self) -> str:
        """The lines without blanks at their ends."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def cells(self) -> list[list[Cell]]:
        """The rows of cells; behind a wide character there is one without text."""
        screen = self._screen
        return [
            [_cell(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)
        ]

    def resize(self, columns: int, lines: int) -> None:
        """Give both screens another size."""
        for screen in self._screens.values():
            screen.resize(lines, columns)

    def take(self, piece: Piece) -> None:
        """Paint one piece."""
        if piece.csi in (f"?{ALTERNATE_SCREEN}h", f"?{ALTERNATE_SCREEN}l"):
            self._is_alternate = piece.csi.endswith("h")
            if self._is_alternate:
                self._screen.reset()
            return
        # pyte prints the rest of what it does not know.
        is_known = not piece.is_sequence or (
            _KNOWN_TO_PYTE.fullmatch(piece.csi) is not None
            if piece.csi is not None
            else piece.osc is None and len(piece.text) == 2
        )
        if is_known:
            self._streams[self._is_alternate].feed(piece.text)

    def answer(self, piece: Piece) -> str:
        """Return what a terminal says to a question; empty if it is none."""
        match piece.csi:
            case None:
                return ""
            case "c" | "0c":
                return "\x1b[?62;22c"
            case "6n":
                cursor = self._screen.cursor
                return f"\x1b[{cursor.y + 1};{cursor.x + 1}R"
            case csi if asked := re.fullmatch(r"\?(\d+)\$p", csi):
                return f"\x1b[?{asked[1]};{2 if int(asked[1]) in _SUPPORTED else 0}$y"
            case _:
                return ""


def _cell(char: Any) -> Cell:
    words = {"bold": char.bold, "dim": char.blink, "reverse": char.reverse}
    words |= {"underline": char.underscore, "italic": char.italics}
    style = {word for word, is_so in words.items() if is_so}
    if char.fg != "default":
        style.add(_colour(char.fg))
    if char.bg != "default":
        style.add(f"on {_colour(char.bg)}")
    return Cell(char.data, frozenset(style))


def _colour(name: str) -> str:
    """Return Rich's name of a colour; pyte's yellow is brown."""
    name = name.replace("brown", "yellow")
    return name.replace("bright", "bright_") if name.startswith("bright") else name
