import base64
import stat
from pathlib import Path

import pytest

from amas_tui.ui.clipboard import MAX_BYTES, copied, sequence

QUERY = "sum(rate(x[1m])) — é"
ENCODED = base64.b64encode(QUERY.encode()).decode()
PLAIN = f"\x1b]52;c;{ENCODED}\x07"


@pytest.mark.parametrize(
    ("environment", "sent"),
    [
        pytest.param({"TERM": "xterm-256color"}, PLAIN, id="a terminal"),
        pytest.param({}, PLAIN, id="nothing known"),
        pytest.param(
            {"TERM": "tmux-256color", "TMUX": "/run/tmux,1,0"},
            f"{PLAIN}\x1bPtmux;\x1b{PLAIN}\x1b\\",
            id="tmux: for itself, and to pass on",
        ),
        pytest.param({"TERM": "linux"}, "", id="the console has no clipboard"),
        pytest.param({"TERM": "vt220"}, "", id="neither has an old one"),
    ],
)
def test_the_terminal_is_asked_in_its_own_way(environment: dict[str, str], sent: str) -> None:
    assert sequence(QUERY, environment) == sent


def test_screen_gets_it_in_pieces_that_join_to_the_whole() -> None:
    text = "x" * 500
    sent = sequence(text, {"TERM": "screen", "STY": "1.pts"})
    pieces = sent.removeprefix("\x1bP").removesuffix("\x1b\\").split("\x1b\\\x1bP")
    assert all(len(piece) <= 76 for piece in pieces)
    assert "".join(pieces) == f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"


def test_as_much_as_terminals_take_is_sent_and_no_more() -> None:
    assert sequence("x" * MAX_BYTES, {})
    assert len(sequence("x" * MAX_BYTES, {})) < 100_020
    assert sequence("x" * (MAX_BYTES + 1), {}) == ""


def test_what_is_too_large_goes_to_a_file_of_our_own(tmp_path: Path) -> None:
    text = "x" * (MAX_BYTES + 1)
    done = copied(text, {}, tmp_path / "state")
    assert done.sequence == ""
    assert done.path is not None
    assert done.path.read_text() == text
    assert stat.S_IMODE(done.path.stat().st_mode) == 0o600
    assert str(done.path) in done.sentence("the query")


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    done = copied("x", {"TERM": "linux"}, tmp_path / "state")
    assert done.path is None
    assert done.sentence("the query").startswith("Cannot copy the query: ")


def test_a_copied_text_is_harmless_and_counted() -> None:
    done = copied("a\x1b]52;c;evil\x07b", {"TERM": "xterm"})
    assert b"\x1b" not in base64.b64decode(done.sequence[7:-1])
    assert done.sentence("the name") == f"Copied the name ({done.size} characters)"
