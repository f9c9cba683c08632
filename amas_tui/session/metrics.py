"""Follows the metrics of the open rollout: a range to fill the window, then a value at a time."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from amas_tui.errors import MetricsError
from amas_tui.prometheus.client import Answer, PrometheusClient
from amas_tui.safe import safe
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Gauge, Point, Series, Side, Slo
from amas_tui.viewmodel.gauges import gauges
from amas_tui.viewmodel.headline import update_began

log = logging.getLogger(__name__)

WINDOW: Final = timedelta(minutes=15)
"""How far back a chart looks when no update runs."""

_RANGE_POINTS: Final = 240


@dataclass(frozen=True, slots=True)
class MetricsOptions:
    """How Prometheus is asked.

    Attributes:
        url: Where, before what a template says.
        interval: Seconds between two values.
    """

    url: str = ""
    interval: float = 5.0


class MetricsFollower:
    """Keeps the series of one rollout fresh while it is open."""

    def __init__(
        self,
        options: MetricsOptions,
        look: Callable[[], Scene | None],
        found: Callable[[str, Slo], None],
    ) -> None:
        self._options = options
        self._look = look
        self._found = found
        self._wanted: str | None = None
        self._changed = asyncio.Event()
        self._clients: dict[str, PrometheusClient] = {}
        self._slo = Slo()

    def follow(self, uid: str | None) -> None:
        """Follow another rollout, or none."""
        if uid != self._wanted:
            self._wanted = uid
            self._slo = Slo()
            self._changed.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        async with AsyncExitStack() as stack:
            self._stack = stack
            while True:
                if self._wanted is None:
                    await self._changed.wait()
                self._changed.clear()
                scene = self._look()
                if scene is not None and scene.rollout.uid == self._wanted:
                    await self._refresh(scene)
                try:
                    # A rollout whose templates are still on their way is looked at again soon.
                    pause = self._options.interval if self._slo.gauges else 0.5
                    async with asyncio.timeout(pause):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    async def _refresh(self, scene: Scene) -> None:
        wanted = gauges(scene)
        if wanted != self._slo.gauges:
            kept = _kept(self._slo, wanted)
            self._slo = Slo(gauges=wanted, series=kept)
        if not wanted:
            return
        asked = await asyncio.gather(
            *(
                self._ask(scene, gauge, side, query)
                for gauge in wanted
                for side, query in gauge.queries
            )
        )
        series = {**self._slo.series, **dict(asked)}
        problems = [one.problem for one in series.values() if one.problem]
        answered = any(not one.problem for _, one in asked)
        self._slo = replace(
            self._slo,
            series=series,
            source=self._source(wanted),
            at=datetime.now(UTC) if answered else self._slo.at,
            problem="" if answered else (problems[0] if problems else ""),
        )
        if scene.rollout.uid == self._wanted:
            self._found(scene.rollout.uid, self._slo)

    def _source(self, wanted: tuple[Gauge, ...]) -> str:
        if self._options.url:
            return f"{_host(self._options.url)} (as given)"
        addresses = dict.fromkeys(_host(gauge.address) for gauge in wanted if gauge.address)
        return f"{', '.join(addresses)} (the templates' address)" if addresses else ""

    async def _ask(
        self, scene: Scene, gauge: Gauge, side: Side, query: str
    ) -> tuple[tuple[str, Side], Series]:
        key = (gauge.name, side)
        old = self._slo.of(gauge, side)
        if gauge.problem:
            return key, replace(old, problem=gauge.problem)
        try:
            client = await self._client(self._options.url or gauge.address)
            if old.points:
                answer = await client.query(query)
            else:
                start, end = window(scene, datetime.now(UTC))
                step = max(1.0, self._options.interval, (end - start) / _RANGE_POINTS)
                answer = await client.query_range(query, start, end, step)
        except MetricsError as error:
            return key, replace(old, problem=error.sentence)
        return key, old.after(points(answer))

    async def _client(self, address: str) -> PrometheusClient:
        if not address:
            raise MetricsError(
                "the template names no address of a Prometheus",
                kind="unreachable",
                hint="Give one with --prometheus-url",
            )
        if address not in self._clients:
            client = PrometheusClient(address)
            self._clients[address] = await self._stack.enter_async_context(client)
        return self._clients[address]


def _kept(slo: Slo, wanted: tuple[Gauge, ...]) -> dict[tuple[str, Side], Series]:
    """Return the series whose queries did not change."""
    before = {(gauge.name, side): query for gauge in slo.gauges for side, query in gauge.queries}
    return {
        (gauge.name, side): slo.of(gauge, side)
        for gauge in wanted
        for side, query in gauge.queries
        if before.get((gauge.name, side)) == query
    }


def window(scene: Scene, now: datetime) -> tuple[float, float]:
    """Return the part of time that charts show, in Unix seconds: the update, or the last while."""
    began = update_began(scene.rollout)
    start = began - timedelta(minutes=1) if began is not None else now - WINDOW
    return max(start, now - timedelta(hours=6)).timestamp(), now.timestamp()


def points(answer: Answer) -> tuple[Point, ...]:
    """Return the points that `result[0]` sees: those of the first series.

    An empty answer is no point at all, which a chart shows as a gap.
    """
    return answer.series[0].points if answer.series else ()


def _host(address: str) -> str:
    return safe(urlsplit(address).netloc or address)
