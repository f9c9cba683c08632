"""Live series of the metrics that judge a rollout."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from amas_tui.rules.condition import Limit

MAX_POINTS: Final = 2_000


class Side(StrEnum):
    """Whose numbers a series holds."""

    CANARY = "canary"
    STABLE = "stable"
    ALL = "all"
    """The query does not tell the versions apart."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """One metric to follow.

    Attributes:
        queries: The query of each side, arguments filled in.
        limits: What the value must keep.
        address: Where its template asks; empty where it does not say.
        problem: Why it cannot be asked at all, empty when it can.
        template: The AnalysisTemplate it comes from.
    """

    name: str
    queries: tuple[tuple[Side, str], ...]
    limits: tuple[Limit, ...] = ()
    address: str = ""
    problem: str = ""
    template: str = ""


Point = tuple[float, float]
"""Unix seconds and value; the value may be NaN or infinite."""


@dataclass(frozen=True, slots=True)
class Series:
    """The points of one side of one gauge, oldest first."""

    points: tuple[Point, ...] = ()
    problem: str = ""
    """Why the newest attempt gave nothing; what is there stays."""

    def after(self, points: tuple[Point, ...]) -> "Series":
        """Return the series with later points added and the oldest forgotten."""
        last = self.points[-1][0] if self.points else float("-inf")
        newer = tuple(point for point in points if point[0] > last)
        return Series((*self.points, *newer)[-MAX_POINTS:])

    @property
    def newest(self) -> float | None:
        """Return the last value, `None` without one."""
        return self.points[-1][1] if self.points else None


@dataclass(frozen=True, slots=True)
class Slo:
    """All gauges of one rollout.

    Attributes:
        source: Where the numbers come from, in words.
        at: When Prometheus last answered.
        problem: Why there are no numbers at all.
    """

    gauges: tuple[Gauge, ...] = ()
    series: Mapping[tuple[str, Side], Series] = field(default_factory=dict)
    source: str = ""
    at: datetime | None = None
    problem: str = ""
    hint: str = ""

    def of(self, gauge: Gauge, side: Side) -> Series:
        """Return the series of one side of a gauge."""
        return self.series.get((gauge.name, side), Series())
