"""A terminal driver that writes each frame once and never lets a stalled line stop the program.

Textual hands a frame to its driver in three writes and blocks the event loop when thirty of them
wait. Here the pieces of a frame are joined, and a thread of its own writes them; when the other end
does not read, bytes wait here, and the app can see how many and hold its next picture back.
"""

import contextlib
import os
import shutil
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from textual.drivers.linux_driver import LinuxDriver

from amas_tui.ui.canvas import Canvas
from amas_tui.ui.splash import take_over
from amas_tui.viewmodel.text import to_ascii

if TYPE_CHECKING:
    from textual.app import App

_END_SECONDS: Final = 2.0
"""How long the end waits for a line that does not read."""


class Outlet:
    """Writes to a file descriptor from a thread; `backlog` tells how much has not gone out."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self.backlog = 0
        self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Queue text; never blocks."""
        encoded = text.encode("utf-8", errors="replace")
        with self._changed:
            self._waiting.append(encoded)
            self.backlog += len(encoded)
            self._changed.notify()

    def close(self, seconds: float) -> None:
        """Write what waits, for at most `seconds`, and end."""
        end = time.monotonic() + seconds
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join(max(0.0, end - time.monotonic()))

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._is_closed:
                    self._changed.wait()
                if not self._waiting:
                    return
                chunk = b"".join(self._waiting)
                self._waiting.clear()
            try:
                _write_all(self._descriptor, chunk)
            except OSError:
                # The terminal is gone; the hang-up is handled elsewhere.
                self._forget()
                return
            finally:
                with self._changed:
                    self.backlog = max(0, self.backlog - len(chunk))

    def _forget(self) -> None:
        with self._changed:
            self._waiting.clear()


def _write_all(descriptor: int, chunk: bytes) -> None:
    while chunk:
        chunk = chunk[os.write(descriptor, chunk) :]


class FrameDriver(LinuxDriver):
    """Textual's Linux driver that sends what differs, in one write, and never blocks."""

    def __init__(
        self,
        app: "App[object]",
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._pieces: list[str] = []
        self._outlet: Outlet | None = None
        self._canvas = Canvas(is_open=take_over())
        self.ascii_only = False
        """Whatever a widget paints, Textual's own included, goes out as ASCII."""

    def forget(self) -> None:
        """Take nothing for granted that stands on the terminal: the next picture is sent whole."""
        self._canvas.forget()

    @property
    def backlog(self) -> int:
        """Return the bytes that the terminal has not taken yet."""
        return self._outlet.backlog if self._outlet else 0

    def write(self, data: str) -> None:
        """Collect a piece of a frame."""
        self._pieces.append(data)

    def flush(self) -> None:
        """Send what was collected in one write."""
        if not self._pieces:
            return
        frame, self._pieces = "".join(self._pieces), []
        text = self._canvas.update(frame, _size())
        if text:
            self._send(text)

    def send(self, sequence: str) -> None:
        """Send what is no picture, such as a text for the clipboard, past the painted cells."""
        self.flush()
        self._send(sequence)

    def _send(self, text: str) -> None:
        if self.ascii_only:
            text = to_ascii(text)
        if self._outlet is None:
            self._outlet = Outlet(_terminal())
        self._outlet.write(text)

    def stop_application_mode(self) -> None:
        """Put the terminal back and see that it got the bytes."""
        with contextlib.suppress(OSError):
            super().stop_application_mode()
        self.flush()
        if self._outlet is not None:
            self._outlet.close(_END_SECONDS)
            self._outlet = None


def _size() -> tuple[int, int]:
    try:
        columns, lines = os.get_terminal_size(_terminal())
    except OSError:
        return (0, 0)
    # As Textual does: a terminal that tells no size has what the environment says.
    return (columns, lines) if columns and lines else shutil.get_terminal_size()


def _terminal() -> int:
    stream = sys.__stderr__
    return 2 if stream is None else stream.fileno()
