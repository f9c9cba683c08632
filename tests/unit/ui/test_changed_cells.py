from itertools import pairwise, zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.ui.widgets.line_view import changed_cells
from amas_tui.viewmodel.text import Line, Span, Tone, char_width, line_width

_spans = st.builds(Span, st.text("ab 漢▇", max_size=12), st.sampled_from([Tone.NORMAL, Tone.BAD]))
_lines = st.lists(_spans, max_size=5).map(tuple)


def cells(line: Line) -> list[tuple[str, Tone, int]]:
    """Return what stands in each cell: character, tone, and which part of a wide one."""
    found: list[tuple[str, Tone, int]] = []
    for span in line:
        for char in span.text:
            found += [(char, span.tone, part) for part in range(char_width(char))]
    return found


BLANK = (" ", Tone.NORMAL, 0)


def covered(runs: list[tuple[int, int]]) -> set[int]:
    return {cell for start, size in runs for cell in range(start, start + size)}


@given(_lines, _lines)
def test_every_cell_that_differs_is_covered(old: Line, new: Line) -> None:
    runs = changed_cells(old, new)
    pairs = zip_longest(cells(old), cells(new), fillvalue=BLANK)
    differing = {x for x, (was, is_) in enumerate(pairs) if was != is_}
    assert differing <= covered(runs)
    assert bool(runs) == bool(differing)


@given(_lines, _lines)
def test_runs_begin_and_end_where_something_differs(old: Line, new: Line) -> None:
    before, after = cells(old), cells(new)

    def differs(x: int) -> bool:
        was = before[x] if x < len(before) else BLANK
        is_ = after[x] if x < len(after) else BLANK
        return was != is_ or was[2] != is_[2]

    def is_wide(x: int) -> bool:
        return any(x < len(row) and char_width(row[x][0]) == 2 for row in (before, after))

    for start, size in changed_cells(old, new):
        last = start + size - 1
        assert differs(start) or is_wide(start)
        assert differs(last) or is_wide(last)


@given(_lines, _lines)
def test_no_wide_character_is_split(old: Line, new: Line) -> None:
    for start, size in changed_cells(old, new):
        for row in (cells(old), cells(new)):
            for edge in (start, start + size):
                assert not (edge < len(row) and row[edge][2]), "an edge in the middle of one"


@given(_lines, _lines)
def test_runs_are_in_order_apart_and_on_the_line(old: Line, new: Line) -> None:
    runs = changed_cells(old, new)
    most = max(line_width(old), line_width(new))
    for (start, size), (following, _) in pairwise(runs):
        assert start + size < following
    assert all(start >= 0 and size > 0 and start + size <= most for start, size in runs)


@given(_lines)
def test_equal_lines_cost_nothing(line: Line) -> None:
    assert changed_cells(line, line) == []


@pytest.mark.parametrize(
    ("old", "new", "runs"),
    [
        pytest.param("abc", "abd", [(2, 1)], id="one cell"),
        pytest.param("abc", "abcdef", [(3, 3)], id="longer"),
        pytest.param("abcdef", "abc", [(3, 3)], id="shorter"),
        pytest.param("abc", "abc   ", [], id="blanks at the end"),
        pytest.param("a" + " " * 20 + "b", "x" + " " * 20 + "y", [(0, 1), (21, 1)], id="far apart"),
        pytest.param("a" + " " * 5 + "b", "x" + " " * 5 + "y", [(0, 7)], id="close together"),
        pytest.param("a漢c", "a字c", [(1, 2)], id="a wide character"),
        pytest.param("a漢c", "abbc", [(1, 2)], id="a wide one becomes two"),
        pytest.param("aabc", "a漢c", [(1, 2)], id="two become a wide one"),
    ],
)
def test_a_run_is_where_the_change_is(old: str, new: str, runs: list[tuple[int, int]]) -> None:
    assert changed_cells((Span(old),), (Span(new),)) == runs


def test_another_tone_is_a_change() -> None:
    assert changed_cells((Span("ab"),), (Span("a"), Span("b", Tone.BAD))) == [(1, 1)]
