"""Copies text to the clipboard of the terminal's user, however many machines lie in between.

OSC 52 asks the terminal itself, so it works over SSH. tmux and screen have to be told to pass it
on, terminals take only so much, and none answers whether it took it: what is too large, or goes to
a terminal that is known not to, is written to a file instead.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from platformdirs import user_state_path
from textual.app import App

from amas_tui.safe import safe_lines

MAX_BYTES: Final = 74_994
"""Of text: 100,000 bytes encoded, the least that the common terminals take."""

_SCREEN_CHUNK: Final = 76
"""screen cuts what it passes on at 768 bytes, older ones at 256."""

_WITHOUT: Final = ("linux", "vt100", "vt102", "vt220", "ansi", "cons25")
"""Values of TERM that stand for terminals without a clipboard."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of a text.

    Attributes:
        sequence: What to send to the terminal, empty for nothing.
        path: The file that holds it, `None` where the terminal has it.
        problem: Why there is no such file although one was needed.
    """

    size: int
    sequence: str = ""
    path: Path | None = None
    problem: str = ""

    def sentence(self, what: str) -> str:
        """Return what happened, for a person."""
        if self.problem:
            return f"Cannot copy {what}: {self.problem}"
        if self.path is not None:
            return f"This terminal cannot take {what}; it is in {self.path}"
        return f"Copied {what} ({self.size} characters)"


def sequence(text: str, environment: Mapping[str, str]) -> str:
    """Return what makes the terminal put `text` on its clipboard, empty where none will.

    Args:
        text: What to copy.
        environment: Tells the terminal and what lies before it: TERM, TMUX, STY.
    """
    encoded = text.encode()
    term = environment.get("TERM", "")
    if len(encoded) > MAX_BYTES or term.partition("-")[0] in _WITHOUT:
        return ""
    plain = f"\x1b]52;c;{base64.b64encode(encoded).decode()}\x07"
    if environment.get("TMUX"):
        # tmux takes the plain one where set-clipboard is on, and passes the wrapped one on where
        # allow-passthrough is.
        return plain + f"\x1bPtmux;{plain.replace(chr(27), chr(27) * 2)}\x1b\\"
    if environment.get("STY") or term.startswith("screen"):
        pieces = (plain[n : n + _SCREEN_CHUNK] for n in range(0, len(plain), _SCREEN_CHUNK))
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return plain


def copied(
    text: str, environment: Mapping[str, str] = os.environ, folder: Path | None = None
) -> Copied:
    """Return how to copy `text`; what a terminal cannot take is in a file of our own already.

    Args:
        text: What to copy, made harmless here.
        environment: See `sequence`.
        folder: Of the file; `$XDG_STATE_HOME/amas-tui` unless given.
    """
    harmless = safe_lines(text, limit=10 * MAX_BYTES)
    found = sequence(harmless, environment)
    if found:
        return Copied(len(harmless), found)
    path = (folder or user_state_path("amas-tui")) / "copied.txt"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(harmless)
    except OSError as error:
        return Copied(len(harmless), problem=f"{error.strerror} ({error.filename})")
    return Copied(len(harmless), path=path)


def copy(app: App[int], what: str, text: str) -> None:
    """Copy a text and say so.

    Args:
        app: Whose terminal it is.
        what: Names it in the sentence, e.g. `the query of success-rate`.
        text: What to copy.
    """
    done = copied(text)
    send = getattr(app._driver, "send", None)  # noqa: SLF001 - Textual has no way past its painter
    if done.sequence and send is not None:
        send(done.sequence)
    app.notify(
        done.sentence(what),
        severity="error" if done.problem else "information",
        markup=False,
        timeout=10 if done.path else 4,
    )
