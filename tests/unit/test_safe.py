import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.safe import MAX_TEXT, REPLACEMENT, host_of, safe, safe_lines
from tests.unit.strategies import HOSTILE, texts

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_INVISIBLE = "\xad\u200b\u200c\u200d\u2060\ufeff\u180e\u115f\u3164\ufe0f\U000e0041"


def is_harmless(text: str) -> bool:
    return not any(
        unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in _BIDI + _INVISIBLE
        for char in text
    )


@given(texts)
def test_no_safe_text_can_act_on_a_terminal(text: str) -> None:
    assert is_harmless(safe(text))


@given(texts)
def test_a_safe_text_is_safe_already(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@given(st.text(alphabet=st.sampled_from("a\n\x1b\u202e漢 "), max_size=3 * MAX_TEXT))
def test_a_safe_text_is_one_line_of_bounded_length(text: str) -> None:
    assert len(safe(text)) <= MAX_TEXT
    assert "\n" not in safe(text)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_every_known_attack_is_disarmed(text: str) -> None:
    assert is_harmless(safe(text))
    assert is_harmless(safe_lines(text).replace("\n", ""))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("checkout-7d4b9c6f8", id="name"),
        pytest.param("[red]x[/] {a} %s $(x)", id="markup is only text here"),
        pytest.param("Ärger im Müsli, 漢字, ελ, ✔ ✖ ≥", id="letters of all scripts"),
        pytest.param("e\u0301", id="combining accent"),
        pytest.param("", id="nothing"),
    ],
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Name: x\r\nStatus: ✔ forged", "Name: x Status: ✔ forged", id="newline"),
        pytest.param("a \t\n b", "a b", id="blanks around a break"),
        pytest.param("a\u0085b", "a b", id="next line"),
        pytest.param("a\u2028b", "a b", id="line separator"),
        pytest.param("a\x1b[2Jb", f"a{REPLACEMENT}[2Jb", id="escape"),
        pytest.param("a\x9bb", f"a{REPLACEMENT}b", id="C1"),
        pytest.param("a\u202eb", f"a{REPLACEMENT}b", id="right to left"),
        pytest.param("⚠\ufe0f", f"⚠{REPLACEMENT}", id="variation selector"),
    ],
)
def test_a_break_becomes_a_blank_and_a_control_a_replacement(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_a_text_that_is_too_long_ends_with_an_ellipsis() -> None:
    shown = safe("x" * (MAX_TEXT + 1))
    assert len(shown) == MAX_TEXT
    assert shown.endswith("x…")
    assert safe("x" * MAX_TEXT) == "x" * MAX_TEXT


@given(texts)
def test_lines_keep_their_breaks_and_nothing_else(text: str) -> None:
    lines = safe_lines(text)
    assert is_harmless(lines.replace("\n", ""))
    assert safe_lines(lines) == lines


def test_lines_keep_breaks_widen_tabs_and_are_bounded() -> None:
    assert safe_lines("a\r\n\tb\n") == "a\n    b\n"
    assert safe_lines("x" * 50, limit=10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        pytest.param("https://api.example:6443/x", "api.example:6443", id="plain"),
        pytest.param("https://user:pass@api.example:6443", "api.example:6443", id="credentials"),
        pytest.param("user:pass@api.example", "api.example", id="credentials without a scheme"),
        pytest.param("https://[fe80::1]:6443", "[fe80::1]:6443", id="IPv6"),
        pytest.param("localhost:8080", "localhost:8080", id="no scheme"),
        pytest.param("https://[::1", "an unreadable address", id="broken"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_host_is_shown_without_credentials(url: str, host: str) -> None:
    assert host_of(url) == host
