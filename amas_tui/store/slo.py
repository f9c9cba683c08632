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


class Origin(StrEnum):
    """Where a query comes from."""

    TEMPLATE = "template"
    """An analysis template of the rollout."""
    RUN = "run"
    """An analysis run, for someone who may not read templates."""
    PRESET = "preset"
    """Known metrics that the server has."""
    OWN = "own"
    """The user's configuration."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """One metric to follow.

    Attributes:
        queries: The query of each side, arguments filled in.
        limits: What the value must keep.
        address: Where its template asks; empty where it does not say.
        problem: Why it cannot be asked at all, empty when it can.
        template: The AnalysisTemplate it comes from.
        success: The success condition, arguments filled in.
        failure: The failure condition, likewise.
        family: Gauges of one family are drawn in one chart; empty stands alone.
        note: What a reader must know of it, e.g. that it cannot be separated by version.
        unit: Put behind a value.
    """

    name: str
    queries: tuple[tuple[Side, str], ...]
    limits: tuple[Limit, ...] = ()
    address: str = ""
    problem: str = ""
    template: str = ""
    success: str = ""
    failure: str = ""
    origin: Origin = Origin.TEMPLATE
    family: str = ""
    note: str = ""
    unit: str = ""

    def query(self, side: Side) -> str:
        """Return the query of a side, empty where it has none."""
        return dict(self.queries).get(side, "")


Point = tuple[float, float]
"""Unix seconds and value; the value may be NaN or infinite."""

Result = float | tuple[float, ...]
"""What a condition sees: a scalar, or the values of a vector's series."""


@dataclass(frozen=True, slots=True)
class Series:
    """The points of one query, oldest first.

    Attributes:
        problem: Why the newest attempt gave nothing; what is there stays.
        result: What the newest attempt gave, `None` before one succeeded.
    """

    points: tuple[Point, ...] = ()
    problem: str = ""
    result: Result | None = None

    def after(self, points: tuple[Point, ...], result: Result | None = None) -> "Series":
        """Return the series with later points added and the oldest forgotten."""
        last = self.points[-1][0] if self.points else float("-inf")
        newer = tuple(point for point in points if point[0] > last)
        return Series((*self.points, *newer)[-MAX_POINTS:], result=result)

    @property
    def newest(self) -> float | None:
        """Return the last value, `None` without one; an answer without data has none."""
        if self.result == ():
            return None
        return self.points[-1][1] if self.points else None


Asked = tuple[str, str]
"""An address and a query."""


@dataclass(frozen=True, slots=True)
class Anew:
    """What a query gives over the time since a rollback's traffic came back, and no longer.

    Attributes:
        since: The first moment that counts, in Unix seconds.
        due: When that time holds enough scrapes for a value; infinite where the whole range is
            judged instead.
    """

    since: float
    due: float
    series: Series = Series()

    @property
    def is_possible(self) -> bool:
        """Return whether there will be a value."""
        return self.due < float("inf")


@dataclass(frozen=True, slots=True)
class Slo:
    """All gauges of one rollout.

    Attributes:
        source: Where the numbers come from and on which way, in words.
        at: When Prometheus last answered.
        problem: Why there are no numbers at all.
        fields: What the field references of the rollout's arguments stand for, by their path.
        anew: What was measured since a rollback's traffic came back, by the whole query.
        note: What is to be said while there is no gauge, though there is a Prometheus.
    """

    gauges: tuple[Gauge, ...] = ()
    series: Mapping[Asked, Series] = field(default_factory=dict)
    source: str = ""
    at: datetime | None = None
    problem: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    anew: Mapping[Asked, Anew] = field(default_factory=dict)
    note: str = ""

    def of(self, gauge: Gauge, side: Side) -> Series:
        """Return the series of one side of a gauge."""
        return self.series.get((gauge.address, gauge.query(side)), Series())
