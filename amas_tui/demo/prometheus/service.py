"""The whole of a Prometheus: it scrapes, it answers, and it can be away."""

import json
from collections.abc import Sequence
from typing import Final

from amas_tui.demo.clock import Clock
from amas_tui.demo.ports import Reply
from amas_tui.demo.prometheus.api import Api
from amas_tui.demo.prometheus.scrape import INTERVAL_SECONDS, Scraper, Target
from amas_tui.demo.prometheus.tsdb import RETENTION_SECONDS, Database
from amas_tui.demo.prometheus.values import Value

_MINUTE_MS: Final = 60_000


class AwayError(Exception):
    """Prometheus does not answer."""


class Prometheus:
    """Scrapes targets and answers queries, unless it is away."""

    def __init__(
        self,
        clock: Clock,
        targets: Sequence[Target],
        *,
        interval: float = INTERVAL_SECONDS,
        retention: float = RETENTION_SECONDS,
    ) -> None:
        # A little earlier than the first sample: times are kept as what lies between.
        self.database = Database(round(clock.time * 1000) - _MINUTE_MS, retention)
        self._clock = clock
        self._scraper = Scraper(self.database, clock, targets, interval)
        self._api = Api(self.database, clock)
        self._is_away = False

    def start(self) -> None:
        """Scrape from now on."""
        self._scraper.start()

    @property
    def is_away(self) -> bool:
        """Return whether it neither scrapes nor answers."""
        return self._is_away

    def go_away(self, seconds: float | None = None) -> None:
        """Stop as a process that crashed: connections are refused, nothing is scraped.

        Args:
            seconds: How long; for ever where it is `None`.
        """
        self._is_away = self._scraper.is_stopped = True
        if seconds is not None:
            self._clock.call_later(seconds, self.come_back)

    def come_back(self) -> None:
        """Run again, with a gap in what it knows."""
        self._is_away = self._scraper.is_stopped = False

    def value(self, query: str) -> Value:
        """Return what a query gives now.

        Raises:
            AwayError: It is away.
            ApiError: The query gives nothing.
        """
        if self._is_away:
            raise AwayError
        return self._api.value(query)

    def answer(self, path: str, params: Sequence[tuple[str, str]]) -> Reply:
        """Return the answer to a request that came by the API server's proxy."""
        if self._is_away:
            return _refused()
        return self._api.answer(path, params)


def _refused() -> Reply:
    """Return what the API server says of a Service whose pod refuses connections."""
    problem = "dial tcp 10.244.0.9:9090: connect: connection refused"
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"error trying to reach service: {problem}",
        "reason": "ServiceUnavailable",
        "code": 503,
    }
    return Reply(503, json.dumps(status).encode())
