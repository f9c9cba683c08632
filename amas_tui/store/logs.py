"""Log lines of the open rollout: a bounded book, oldest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

MAX_LINES: Final = 2_000


class Voice(StrEnum):
    """Whose log is read."""

    CANARY = "canary"
    STABLE = "stable"
    BOTH = "both"
    ROUTER = "router"
    """ingress-nginx' controller, as far as it speaks of this rollout's Services."""


@dataclass(frozen=True, slots=True)
class LogChoice:
    """What is read; `previous` asks for the containers that ended before the running ones."""

    voice: Voice = Voice.CANARY
    previous: bool = False


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line.

    Attributes:
        at: When it was written, by the node's clock.
        role: `canary`, `stable` or `router`.
        is_problem: It is our own word on why there is no log.
    """

    at: datetime
    role: str
    pod: str
    container: str
    text: str
    is_problem: bool = False


_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LogBook:
    """What was read of one choice.

    Attributes:
        sources: How many containers are read.
        forgotten: How many lines had to make room for newer ones.
    """

    choice: LogChoice = LogChoice()
    lines: tuple[LogLine, ...] = ()
    sources: int = 0
    forgotten: int = 0

    def after(self, lines: Iterable[LogLine], sources: int) -> "LogBook":
        """Return the book with more lines, in the order of their times."""
        # Several pods' lines arrive interleaved, each pod's in order: nearly sorted already.
        merged = sorted((*self.lines, *lines), key=lambda line: line.at)
        over = max(0, len(merged) - MAX_LINES)
        return LogBook(self.choice, tuple(merged[over:]), sources, self.forgotten + over)

    @property
    def newest(self) -> datetime:
        """Return the time of the last line."""
        return self.lines[-1].at if self.lines else _NEVER
