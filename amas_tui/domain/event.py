"""Events: what controllers said about an object. Evidence where they are there, never state.

Kubernetes merges repeats, drops what exceeds an object's budget (25 Normal ones, then one in five
minutes) and forgets them after an hour. Source: k8s.io/api/core/v1/types.go:Event.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from amas_tui.domain.base import Int, ObjectMeta, Str, Time, record
from amas_tui.domain.traffic import ObjectReference

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

_PRECISION: Final = timedelta(seconds=1.5)


@record
class EventSource:
    """Who said it."""

    component: Str = ""


@record
class EventSeries:
    """Repeats, as newer reporters count them."""

    count: Int = 0
    last_observed_time: Time | None = None


@record
class Event:
    """One Event of the core group."""

    metadata: ObjectMeta
    involved_object: ObjectReference = ObjectReference()
    type: Str = ""
    reason: Str = ""
    message: Str = ""
    count: Int = 0
    first_timestamp: Time | None = None
    last_timestamp: Time | None = None
    event_time: Time | None = None
    series: EventSeries | None = None
    source: EventSource = EventSource()
    reporting_component: Str = ""

    @property
    def is_warning(self) -> bool:
        """Return whether it tells of trouble."""
        return self.type == "Warning"

    @property
    def reporter(self) -> str:
        """Return the component that said it."""
        return self.source.component or self.reporting_component

    @property
    def times(self) -> int:
        """Return how often it was said, at least once."""
        return max(1, self.count, self.series.count if self.series else 0)

    @property
    def first_at(self) -> datetime:
        """Return when it was said first.

        `firstTimestamp` counts whole seconds, and a controller says a dozen things in one. The
        event's name ends with the nanoseconds of that moment in hexadecimal, which puts them in
        order. Source: client-go tools/record/event.go:makeEvent.
        """
        known = (self.first_timestamp, self.event_time, self.metadata.creation_timestamp)
        first = next((time for time in known if time is not None), NEVER)
        named = self._named_at
        return named if named is not None and abs(named - first) < _PRECISION else first

    @property
    def _named_at(self) -> datetime | None:
        try:
            nanoseconds = int(self.metadata.name.rpartition(".")[2], 16)
            return datetime.fromtimestamp(nanoseconds / 1e9, UTC)
        except (ValueError, OverflowError, OSError):
            return None

    @property
    def at(self) -> datetime:
        """Return when it was said last."""
        last = self.series.last_observed_time if self.series else None
        known = [t for t in (last, self.last_timestamp, self.event_time) if t is not None]
        return max(*known, self.first_at) if known else self.first_at
