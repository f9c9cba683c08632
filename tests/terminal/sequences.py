"""What a program tells its terminal besides text: modes, colours, questions."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

ALTERNATE_SCREEN: Final = 1049
CURSOR_SHOWN: Final = 25
LINE_WRAP: Final = 7
BRACKETED_PASTE: Final = 2004
SYNCHRONIZED: Final = 2026
MOUSE: Final = frozenset({9, 1000, 1001, 1002, 1003, 1005, 1006, 1015, 1016})

_FRESH: Final = frozenset({CURSOR_SHOWN, LINE_WRAP})
"""The private modes that are set before a program begins."""

_SEQUENCE = re.compile(
    r"\x1b(?:"
    r"\[(?P<csi>[0-?]*[ -/]*[@-~])"
    r"|\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|[PX^_][^\x1b]*\x1b\\"
    r"|[ -/]*[0-OQ-WYZ\\`-~]"
    r")"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|[ -/]*)\Z")
_PRIVATE = re.compile(r"\?([\d;]+)([hl])")
_LONGEST_UNFINISHED: Final = 64 * 1024


class Piece(NamedTuple):
    """A run of text, or one control sequence."""

    text: str
    csi: str | None = None
    """What follows `ESC [`, if it is such a sequence."""
    osc: str | None = None
    """What follows `ESC ]`, if it is such a sequence."""

    @property
    def is_sequence(self) -> bool:
        """Whether this is a control sequence."""
        return self.text.startswith("\x1b")


class Splitter:
    """Cuts a stream into pieces; a sequence that is cut by a read is kept until it is whole."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, text: str) -> Iterator[Piece]:
        """Yield every piece that `text` completes."""
        text = self._rest + text
        unfinished = _UNFINISHED.search(text)
        self._rest = ""
        if unfinished is not None and len(unfinished[0]) < _LONGEST_UNFINISHED:
            self._rest = unfinished[0]
            text = text[: unfinished.start()]
        at = 0
        for match in _SEQUENCE.finditer(text):
            if match.start() > at:
                yield Piece(text[at : match.start()])
            yield Piece(match[0], match["csi"], match["osc"])
            at = match.end()
        if at < len(text):
            yield Piece(text[at:])


@dataclass(slots=True)
class Modes:
    """The state that a program has left its terminal in, as far as it is not text.

    Attributes:
        private: DEC private modes that are set.
        colours: How often each kind of colour was chosen: `16`, `256`, `rgb`.
        operating_system: Every OSC sequence, e.g. `52;c;…` for the clipboard.
        styled: Whether text would now be painted in some style or colour.
    """

    private: set[int] = field(default_factory=lambda: set(_FRESH))
    colours: Counter[str] = field(default_factory=Counter)
    operating_system: list[str] = field(default_factory=list)
    styled: bool = False
    _kitty: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})

    def take(self, piece: Piece) -> None:
        """Take in one piece."""
        if piece.osc is not None:
            self.operating_system.append(piece.osc)
        elif piece.csi is not None:
            self._take(piece.csi)

    def _take(self, csi: str) -> None:
        if private := _PRIVATE.fullmatch(csi):
            numbers = {int(number) for number in private[1].split(";") if number}
            self.private = self.private | numbers if private[2] == "h" else self.private - numbers
        elif csi.startswith(">") and csi.endswith("u"):
            # Either screen has a stack of its own.
            self._kitty[self.is_alternate] += 1
        elif csi.startswith("<") and csi.endswith("u"):
            self._kitty[self.is_alternate] -= int(csi[1:-1] or 1)
        elif csi.endswith("m") and csi[0] not in "<=>?":
            self.colours.update(colour_kinds(csi[:-1]))
            self.styled = csi not in ("m", "0m")

    @property
    def is_alternate(self) -> bool:
        """Whether the alternate screen is shown."""
        return ALTERNATE_SCREEN in self.private

    def left_over(self) -> list[str]:
        """Return what is not as it was before the program began, in words."""
        found = [f"mode {number} is on" for number in sorted(self.private - _FRESH)]
        found += [f"mode {number} is off" for number in sorted(_FRESH - self.private)]
        found += [
            f"{depth} kitty keyboard modes are pushed on the {_SCREEN[alternate]} screen"
            for alternate, depth in self._kitty.items()
            if depth > 0
        ]
        if self.styled:
            found.append("text is styled")
        return found


_SCREEN: Final = {False: "main", True: "alternate"}


def colour_kinds(parameters: str) -> Iterator[str]:
    """Yield the kind of each colour in an SGR sequence; the default colours are none."""
    numbers = [int(part) if part.isdecimal() else 0 for part in re.split("[;:]", parameters)]
    while numbers:
        code = numbers.pop(0)
        if code in (38, 48, 58) and numbers:
            how = numbers.pop(0)
            kind, length = ("256", 1) if how == 5 else ("rgb", 3)
            del numbers[:length]
            yield kind
        elif 30 <= code <= 37 or 40 <= code <= 47 or 90 <= code <= 97 or 100 <= code <= 107:
            yield "16"
