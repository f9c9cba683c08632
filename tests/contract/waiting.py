"""Waiting for what can only be asked for."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

_PAUSE_SECONDS: Final = 0.1


def until(ask: Callable[[], T], is_right: Callable[[T], bool], seconds: float = 60) -> T:
    """Ask again until the answer is as it should be, and return it.

    Raises:
        AssertionError: Not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not is_right(answer := ask()):
        assert time.monotonic() < deadline, f"still {answer} after {seconds:g} s"
        time.sleep(_PAUSE_SECONDS)
    return answer
