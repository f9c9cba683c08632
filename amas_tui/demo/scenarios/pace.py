"""How fast a demo goes: the clock stays the real one, durations become shorter.

So what a spec says is what happens, and a countdown on a screen is true at any speed.
"""

import math
from dataclasses import dataclass
from typing import Final

SLOWEST: Final = 1.0
FASTEST: Final = 60.0

SCRAPE_SECONDS: Final = 2.0
_LEAST_SCRAPE: Final = 0.5
LEAST_DATA: Final = 3.0
"""Seconds of traffic before a version is first judged, at any speed."""
_LEAST_WINDOW: Final = 4.0
"""Seconds of a rate's range: over fewer scrapes it jumps."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Turns seconds at speed 1 into those of a demo."""

    speed: float = SLOWEST

    def seconds(self, at_speed_one: float) -> float:
        """Return seconds for the simulation, which knows fractions."""
        return at_speed_one / self.speed

    def whole(self, at_speed_one: float) -> int:
        """Return seconds for a field of the API that wants whole ones; at least 1."""
        return max(1, math.floor(at_speed_one / self.speed + 0.5))

    def duration(self, at_speed_one: float) -> str:
        """Return a Go duration of whole seconds, as people write them: `90s` is `1m30s`."""
        minutes, seconds = divmod(self.whole(at_speed_one), 60)
        return (f"{minutes}m" if minutes else "") + (
            f"{seconds}s" if seconds or not minutes else ""
        )

    @property
    def scrape(self) -> float:
        """Return the seconds between two scrapes of Prometheus."""
        return max(_LEAST_SCRAPE, self.seconds(SCRAPE_SECONDS))

    def window(self, at_speed_one: float) -> str:
        """Return the range of a query's rate: long enough to hold a few scrapes."""
        return self.duration(max(at_speed_one, self.speed * _LEAST_WINDOW))
