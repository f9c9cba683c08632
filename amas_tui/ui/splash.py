"""The first sign of life: the other screen, before Textual is imported.

Most of the time until the first picture goes into importing. Over a slow line a key that shows
nothing is pressed again, so the screen is opened at once and says so.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_OPEN: Final = "\x1b[?1049h\x1b[2J\x1b[H\x1b[?25l amas-tui  starting"
_CLOSE: Final = "\x1b[?1049l\x1b[?25h"
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)

_descriptor: int | None = None


@contextmanager
def splash() -> Iterator[None]:
    """Open the other screen; unless `take_over` was called, the terminal is as before at the end.

    A signal that ends the program, or an error of the import or of the configuration, finds the
    terminal as it was.
    """
    global _descriptor  # noqa: PLW0603 - there is one terminal
    before = {number: signal.signal(number, _leave) for number in _ENDING}
    _descriptor = sys.__stderr__.fileno() if sys.__stderr__ else 2
    os.write(_descriptor, _OPEN.encode())
    try:
        yield
    finally:
        if take_over():
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, _CLOSE.encode())
        for number, handler in before.items():
            signal.signal(number, handler)


def take_over() -> bool:
    """Return whether the other screen is open already; from now on the caller closes it."""
    global _descriptor
    was_open, _descriptor = _descriptor is not None, None
    return was_open


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
