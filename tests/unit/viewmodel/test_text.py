import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from amas_tui.safe import safe
from amas_tui.viewmodel import text as module
from amas_tui.viewmodel.text import (
    Line,
    Span,
    Tone,
    char_width,
    clip,
    fit,
    line_width,
    merge,
    pad,
    pad_left,
    plain,
    spread,
    to_ascii,
    width,
    wrap,
)
from tests.unit.strategies import HOSTILE

_texts = st.one_of(
    st.text("ab 漢字é…▇", max_size=30),
    st.builds(safe, st.text(max_size=20)),
    st.builds(safe, st.sampled_from(HOSTILE)),
)
_spans = st.builds(Span, _texts.filter(bool), st.sampled_from(Tone))
_lines = st.lists(_spans, max_size=6).map(tuple)
_cells = st.integers(0, 40)


@pytest.mark.parametrize(
    ("char", "cells"),
    [("a", 1), ("漢", 2), ("\u0301", 0), ("▇", 1), ("✔", 1), ("α", 1), ("Ａ", 2), ("…", 1)],
)
def test_a_character_has_its_width(char: str, cells: int) -> None:
    assert char_width(char) == cells


@given(_texts)
def test_a_text_is_as_wide_as_it_is_painted(text: str) -> None:
    known = [char for char in text if unicodedata.category(char) not in ("Cn", "Mc", "Me", "Mn")]
    shown = "".join(known)
    assert width(shown) == sum(map(char_width, shown))
    assert abs(width(shown) - cell_len(shown)) <= sum(not char.isascii() for char in shown)


@given(_texts, _cells)
def test_clipping_fits_and_keeps_what_fits(text: str, cells: int) -> None:
    cut = clip(text, cells)
    assert width(cut) <= cells
    if width(text) <= cells:
        assert cut == text
    elif cells:
        assert cut.endswith("…")
        assert text.startswith(cut[:-1])


@given(_texts, _cells)
def test_padding_gives_exactly_the_cells(text: str, cells: int) -> None:
    assert width(pad(text, cells)) == cells
    assert width(pad_left(text, cells)) == cells
    assert pad(text, cells).startswith(clip(text, cells))
    assert pad_left(text, cells).endswith(clip(text, cells))


@given(_lines, _cells)
def test_a_line_fits_and_says_where_it_was_cut(line: Line, cells: int) -> None:
    found = fit(line, cells)
    assert line_width(found) <= cells
    if line_width(line) <= cells:
        assert plain(found) == plain(line)
    elif line_width(found):
        assert plain(found).rstrip().endswith("…") or line_width(found) < cells


def test_the_piece_that_does_not_fit_is_cut_and_keeps_its_tone() -> None:
    line = (Span("abc", Tone.GOOD), Span("defgh", Tone.BAD), Span("never"))
    assert fit(line, 6) == (Span("abc", Tone.GOOD), Span("de…", Tone.BAD))
    assert fit(line, 3) == (Span("ab…", Tone.GOOD),)
    assert fit((Span("ab…"), Span("c")), 3) == (Span("ab…"),)
    assert fit(line, 0) == ()


@given(_lines, _lines, st.integers(0, 60))
def test_the_right_end_wins_over_the_left(left: Line, right: Line, cells: int) -> None:
    found = spread(left, right, cells)
    assert line_width(found) <= cells
    assert plain(found).endswith(plain(fit(right, cells)))


def test_left_and_right_stand_at_their_ends() -> None:
    assert plain(spread((Span("a"),), (Span("b"),), 5)) == "a   b"
    assert plain(spread((Span("abcdef"),), (Span("xy"),), 5)) == "a… xy"


@given(st.lists(_spans, max_size=5), st.integers(1, 30), st.integers(1, 4), st.integers(0, 3))
def test_wrapped_text_fits_and_is_complete_or_cut(
    spans: list[Span], cells: int, limit: int, indent: int
) -> None:
    lines = wrap(spans, cells, limit=limit, indent=indent)
    assert len(lines) <= limit
    assert all(line_width(line) <= cells for line in lines)
    whole = "".join(span.text for span in spans)
    shown = "".join(plain(line) for line in lines)
    if "…" not in shown:
        assert shown.replace(" ", "") == whole.replace(" ", "")


def test_text_is_broken_at_blanks() -> None:
    lines = wrap((Span("one two "), Span("three", Tone.BAD)), 8, limit=3, indent=2)
    assert [plain(line) for line in lines] == ["one two", "  three"]
    assert lines[1][-1].tone is Tone.BAD


def test_the_last_line_takes_the_rest_and_is_cut() -> None:
    lines = wrap((Span("one two three four"),), 8, limit=2)
    assert [plain(line) for line in lines] == ["one two", "three f…"]


@given(_lines)
def test_merging_changes_nothing_that_is_seen(line: Line) -> None:
    merged = merge(line)
    assert plain(merged) == plain(line)
    assert all(span.text for span in merged)
    assert all(a.tone is not b.tone for a, b in pairwise(merged))


@given(_texts)
def test_ascii_is_ascii_of_the_same_width(text: str) -> None:
    swapped = to_ascii(text)
    assert swapped.isascii()
    assert width(swapped) == width(text)


def test_every_glyph_of_ours_has_a_letter_of_its_own() -> None:
    glyphs = [chr(code) for code in module._ASCII]  # noqa: SLF001 - the table itself
    assert all(char_width(glyph) == 1 for glyph in glyphs)
    assert all(len(to_ascii(glyph)) == 1 for glyph in glyphs)
    signs = {to_ascii(sign) for sign in "✔✖‖◌◷⚠?"}
    assert len(signs) == 7, "states stay apart without their signs"
