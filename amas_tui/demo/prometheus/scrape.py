"""Scraping on the clock: what targets say becomes samples, what they no longer say ends."""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from amas_tui.demo.clock import Clock
from amas_tui.demo.prometheus.labels import Labels
from amas_tui.demo.prometheus.tsdb import Database

INTERVAL_SECONDS: Final = 1.0
_TIDY_EVERY: Final = 60
"""Scrapes."""


class Target(Protocol):
    """Something that has numbers to tell."""

    def samples(self) -> Iterable[tuple[Labels, float]]:
        """Return each series there is now, and its value."""


class Scraper:
    """Asks targets again and again."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        targets: Sequence[Target],
        interval: float = INTERVAL_SECONDS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._targets = targets
        self._interval = interval
        self._seen: set[Labels] = set()
        self._count = 0
        self.is_stopped = False

    def start(self) -> None:
        """Scrape now and every interval from now on."""
        self._clock.call_later(0, self._again)

    def scrape(self) -> None:
        """Ask every target once."""
        ms = round(self._clock.time * 1000)
        seen: set[Labels] = set()
        for target in self._targets:
            for labels, value in target.samples():
                seen.add(labels)
                self._database.append(labels, ms, value)
        for labels in self._seen - seen:
            self._database.end(labels, ms)
        self._seen = seen
        self._count += 1
        if self._count % _TIDY_EVERY == 0:
            self._database.forget(ms)

    def _again(self) -> None:
        self._clock.call_later(self._interval, self._again)
        if not self.is_stopped:
            self.scrape()
