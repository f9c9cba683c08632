"""What one pod counts of its requests, and how long they took."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_LIMITS: Final = ("0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf")
_FAST: Final = (0.20, 0.60, 0.94, 0.99, 0.999, 1, 1, 1, 1)
"""The share of answers within each limit: 95 of 100 within 0.3 s."""
_SLOW: Final = (0.05, 0.10, 0.20, 0.40, 0.60, 0.80, 0.97, 1, 1)
"""95 of 100 within 4.7 s."""
_FAST_SECONDS: Final = 0.12
_SLOW_SECONDS: Final = 1.4


class Wobble:
    """A number around one that wanders and comes back, as real rates do."""

    def __init__(self, random_: random.Random, step: float) -> None:
        self._random = random_
        self._step = step
        self._value = 1.0

    def next(self) -> float:
        """Return it after another second."""
        self._value += 0.15 * (1 - self._value) + self._random.gauss(0, self._step)
        self._value = min(max(self._value, 1 - 5 * self._step), 1 + 5 * self._step)
        return self._value


@dataclass(slots=True)
class Remainder:
    """Makes whole numbers of parts, and keeps what is left for the next time."""

    left: float = 0.0

    def whole(self, amount: float) -> int:
        """Return how many there are in whole, of this and what was left."""
        self.left += amount
        # The nudge undoes the error of adding a tenth ten times.
        count = math.floor(self.left + 1e-9)
        self.left -= count
        return count


@dataclass(slots=True)
class Counters:
    """A pod's counts since it started.

    Attributes:
        within: How many answers took no longer than each limit; not whole, so that none is lost.
    """

    good: int = 0
    failed: int = 0
    seconds: float = 0.0
    within: list[float] = field(default_factory=lambda: [0.0] * len(_LIMITS))
    _errors: Remainder = field(default_factory=Remainder)

    def add(self, requests: int, wobble: float, errors: float, *, is_slow: bool) -> int:
        """Count requests and return how many of them failed.

        Args:
            requests: How many.
            wobble: Around one; the larger, the longer they took.
            errors: The share that fails.
            is_slow: Whether they take long.
        """
        failed = min(self._errors.whole(requests * errors * wobble), requests)
        self.failed += failed
        self.good += requests - failed
        self.seconds += requests * (_SLOW_SECONDS if is_slow else _FAST_SECONDS) * wobble
        for index, within in enumerate(_SLOW if is_slow else _FAST):
            self.within[index] += requests * within**wobble
        return failed

    def requests(self) -> Iterator[tuple[str, float]]:
        """Yield the values of `http_requests_total` by status."""
        yield "200", float(self.good)
        # As with most client libraries there is no series before the first error.
        if self.failed:
            yield "500", float(self.failed)

    def buckets(self) -> Iterator[tuple[str, float]]:
        """Yield the values of the histogram's buckets by limit; they rise, and never fall."""
        for limit, count in zip(_LIMITS, self.within, strict=True):
            yield limit, float(math.floor(count + 0.5))

    @property
    def count(self) -> float:
        """Return how many requests there were."""
        return float(self.good + self.failed)
