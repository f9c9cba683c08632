"""Which bytes are sent: colours and glyphs are those that the terminal and its user can have."""

from pathlib import Path

import pytest

from tests.terminal.conftest import WAITING, Start
from tests.terminal.pty import Terminal

pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("waiting")]

ASCII_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def tour(terminal: Terminal) -> None:
    """Go through every view, panel and dialog."""
    terminal.until("1 needs you")
    terminal.press("?")
    terminal.until("Keys in the board view")
    terminal.press("escape")
    terminal.until("STATE")
    terminal.press("/")
    terminal.until(lambda text: text.splitlines()[-1].startswith("/"))
    terminal.press("escape")
    terminal.until(lambda text: "help" in text.splitlines()[-1])
    terminal.press("enter")
    terminal.until("Waiting for you")
    for panel, shown in (("2", "Prometheus"), ("3", "revision:2"), ("4", "analysis"), ("1", "100")):
        terminal.press(panel)
        terminal.until(shown)
    terminal.press("A")
    terminal.until("PATCH")
    terminal.press("escape")
    terminal.until("Waiting for you")
    terminal.press("u")
    terminal.until("go back to which revision?")
    terminal.press("escape")
    terminal.until("Waiting for you")
    terminal.press("ctrl+p")
    terminal.until("Search for commands")
    terminal.settled()
    terminal.press("escape")
    terminal.until("Waiting for you")
    # Says something in a toast.
    terminal.press("ctrl+c")
    terminal.until("Ctrl-C again")
    terminal.press("ctrl+c")
    terminal.wait()


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"TERM": "xterm"}, id="16 colours"),
        pytest.param({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, id="truecolor"),
    ],
)
def test_only_the_sixteen_colours_of_the_user_are_chosen(
    start: Start, kubeconfig: Path, namespace: str, variables: dict[str, str]
) -> None:
    terminal = start("--kubeconfig", kubeconfig, "-n", namespace, variables=variables)
    tour(terminal)
    assert set(terminal.modes.colours) == {"16"}


def test_with_no_color_not_one_colour_is_chosen(
    start: Start, kubeconfig: Path, namespace: str
) -> None:
    terminal = start("--kubeconfig", kubeconfig, "-n", namespace, variables={"NO_COLOR": "1"})
    tour(terminal)
    assert dict(terminal.modes.colours) == {}


def test_an_empty_no_color_means_colours(start: Start, kubeconfig: Path, namespace: str) -> None:
    terminal = start("--kubeconfig", kubeconfig, "-n", namespace, variables={"NO_COLOR": ""})
    terminal.until("1 needs you")
    assert terminal.modes.colours["16"] > 0


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        pytest.param(["--ascii"], {}, id="flag"),
        pytest.param([], ASCII_LOCALE, id="locale"),
    ],
)
def test_in_ascii_no_other_byte_is_sent(
    start: Start,
    kubeconfig: Path,
    namespace: str,
    arguments: list[str],
    variables: dict[str, str],
) -> None:
    terminal = start(*arguments, "--kubeconfig", kubeconfig, "-n", namespace, variables=variables)
    tour(terminal)
    foreign = sorted({char for char in terminal.output.decode() if not char.isascii()})
    assert foreign == []
    assert b"\\u" not in terminal.output


def test_in_the_c_locale_the_board_is_whole(start: Start, kubeconfig: Path, namespace: str) -> None:
    terminal = start("--kubeconfig", kubeconfig, "-n", namespace, variables={"LANG": "C"})
    board = terminal.until("1 needs you")
    assert WAITING in board
    assert "\\u" not in board
    assert "�" not in board
