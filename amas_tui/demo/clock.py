"""The demo's time: one clock that everything asks, and timers on it.

Timers count monotonic seconds, so that a wall clock that jumps moves nothing.
"""

import asyncio
import heapq
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic


@dataclass(order=True, slots=True)
class Timer:
    """Something to do at a moment."""

    at: float
    turn: int
    action: Callable[[], None] = field(compare=False)
    is_cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Do not do it."""
        self.is_cancelled = True


class Clock(ABC):
    """Tells the time and calls back; what is due at the same moment runs in the order it was asked.

    Attributes:
        start: The wall clock's time when this began, UTC.
    """

    def __init__(self, start: datetime) -> None:
        self.start = start
        self._timers: list[Timer] = []
        self._turns = itertools.count()

    @property
    @abstractmethod
    def elapsed(self) -> float:
        """Return the seconds since `start`."""

    @property
    def now(self) -> datetime:
        """Return the time, UTC."""
        return self.start + timedelta(seconds=self.elapsed)

    @property
    def time(self) -> float:
        """Return the time in Unix seconds."""
        return self.start.timestamp() + self.elapsed

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Do something in a while; `0` means soon, never at once."""
        timer = Timer(self.elapsed + max(0.0, seconds), next(self._turns), action)
        heapq.heappush(self._timers, timer)
        self._planned()
        return timer

    def _planned(self) -> None:
        """Take notice of a new timer."""
        return

    @property
    def _next(self) -> float | None:
        """Return when the next timer is due, in elapsed seconds."""
        while self._timers and self._timers[0].is_cancelled:
            heapq.heappop(self._timers)
        return self._timers[0].at if self._timers else None

    def _run_one(self) -> None:
        heapq.heappop(self._timers).action()


class ManualClock(Clock):
    """Time that passes only when told: what happens in it is the same in every run."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._elapsed = 0.0

    @property
    def elapsed(self) -> float:
        """Return the seconds since `start`."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let time pass, doing what is due on the way at its own moment."""
        end = self._elapsed + seconds
        while (due := self._next) is not None and due <= end:
            self._elapsed = max(self._elapsed, due)
            self._run_one()
        self._elapsed = end


class LoopClock(ManualClock):
    """Real time; `run` does what is due.

    It may begin in the past: that is played by `advance`, as quickly as it can be, and the rest of
    it is made up for when `run` begins.
    """

    def __init__(self, past: float = 0.0) -> None:
        """Begin `past` seconds ago."""
        super().__init__(datetime.now(UTC) - timedelta(seconds=past))
        self._began = monotonic() - past
        self._is_live = past <= 0
        self._changed = asyncio.Event()

    @property
    def elapsed(self) -> float:
        """Return the seconds since `start`."""
        return monotonic() - self._began if self._is_live else self._elapsed

    def advance(self, seconds: float) -> None:
        """Let a part of the past go by.

        Raises:
            RuntimeError: It is over.
        """
        if self._is_live:
            raise RuntimeError("real time cannot be advanced")
        super().advance(seconds)

    def catch_up(self) -> None:
        """Let the rest of the past go by, and go on with real time."""
        if not self._is_live:
            super().advance(max(0.0, monotonic() - self._began - self._elapsed))
            self._is_live = True

    def _planned(self) -> None:
        self._changed.set()

    async def run(self) -> None:
        """Do what is due, for ever."""
        self.catch_up()
        while True:
            self._changed.clear()
            due = self._next
            if due is not None and due <= self.elapsed:
                self._run_one()
                # A burst of work must not keep the server from answering.
                await asyncio.sleep(0)
                continue
            left = None if due is None else due - self.elapsed
            try:
                async with asyncio.timeout(left):
                    await self._changed.wait()
            except TimeoutError:
                continue


def rfc3339(moment: datetime) -> str:
    """Return a time as metav1.Time is written: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
