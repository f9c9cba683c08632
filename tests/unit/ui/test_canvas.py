"""Painting the differences leads to the same screen as painting everything."""

import pyte
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.ui.canvas import Canvas

COLUMNS, LINES = 12, 4
SIZE = (COLUMNS, LINES)

_styles = st.sampled_from(
    [
        *("39;49", "1;39;49", "33;49", "7;33;49", "2;7;39;49", "4;36;49", "39;41"),
        *("38;2;0;255;0;49", "39;48;2;0;0;9", "38;5;0;49"),
    ]
)
_text = st.text(alphabet="ab 1─⠿", min_size=1, max_size=COLUMNS)


@st.composite
def _runs(draw: st.DrawFn) -> str:
    line = draw(st.integers(1, LINES))
    column = draw(st.integers(1, COLUMNS))
    text = draw(_text)[: COLUMNS - column + 1]
    return f"\x1b[{line};{column}H\x1b[{draw(_styles)}m{text}\x1b[0m"


_frames = st.lists(_runs(), max_size=8).map(
    lambda runs: f"\x1b[?2026h{''.join(runs)}\x1b[1;1H\x1b[?2026l"
)


def painted(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """Return what can be seen of each cell."""
    return [
        [_seen(screen.buffer[line][column]) for column in range(COLUMNS)] for line in range(LINES)
    ]


def _seen(cell: pyte.screens.Char) -> tuple[object, ...]:
    if cell.data == " " and not cell.reverse:
        return (" ", cell.bg, cell.underscore)
    return (cell.data, cell.fg, cell.bg, cell.bold, cell.reverse, cell.underscore)


@given(st.lists(_frames, max_size=6))
def test_the_differences_lead_to_the_same_screen(frames: list[str]) -> None:
    whole, apart = pyte.Screen(*SIZE), pyte.Screen(*SIZE)
    canvas = Canvas()
    pyte.Stream(apart).feed(canvas.update("\x1b[?1049h", SIZE))
    for frame in frames:
        pyte.Stream(whole).feed(frame)
        pyte.Stream(apart).feed(canvas.update(frame, SIZE))
        assert painted(apart) == painted(whole)


@given(_runs())
def test_a_frame_that_is_there_costs_nothing(frame: str) -> None:
    canvas = Canvas()
    canvas.update(frame, SIZE)
    assert canvas.update(frame, SIZE) == ""


def test_a_changed_digit_costs_its_place_and_itself() -> None:
    canvas = Canvas()
    canvas.update("\x1b[2;1H\x1b[39;49mcheckout 31%\x1b[0m", SIZE)
    row = "\x1b[?2026h\x1b[2;1H\x1b[39;49mcheckout 32%\x1b[0m\x1b[1;1H\x1b[?2026l"
    assert canvas.update(row, SIZE) == "\x1b[2;11H2"


def test_wide_characters_are_sent_whole() -> None:
    canvas = Canvas()
    frame = "\x1b[1;1H\x1b[33m宽a\x1b[0m"
    canvas.update(frame, SIZE)
    assert "宽a" in canvas.update(frame, SIZE)


def test_what_was_forgotten_is_sent_again() -> None:
    canvas = Canvas()
    frame = "\x1b[1;1H\x1b[33mabc\x1b[0m"
    canvas.update(frame, SIZE)
    canvas.forget()
    assert "abc" in canvas.update(frame, SIZE)


def test_another_size_takes_nothing_for_granted() -> None:
    canvas = Canvas()
    frame = "\x1b[1;1H\x1b[33mabc\x1b[0m"
    canvas.update(frame, SIZE)
    assert "abc" in canvas.update(frame, (COLUMNS + 1, LINES))


def test_what_is_no_text_passes_unchanged() -> None:
    canvas = Canvas()
    assert canvas.update("\x1b[?25l\x1b[>25u\x1b]22;default\x07", SIZE) == (
        "\x1b[?25l\x1b[>25u\x1b]22;default\x07"
    )
