"""Follows the metrics of the open rollout: a range to fill the window, then a value at a time."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from amas_tui.domain.base import Key
from amas_tui.errors import AmasError, MetricsError
from amas_tui.kube.transport import Transport
from amas_tui.prometheus.client import Answer, Prometheus
from amas_tui.rules.arguments import field_paths, field_value
from amas_tui.rules.presets import Preset, Subject
from amas_tui.session.anew import asked_anew, measured
from amas_tui.session.survey import survey
from amas_tui.session.ways import Way, Ways
from amas_tui.settings import OwnQuery
from amas_tui.store.extra_gauges import any_address, own_gauges, preset_gauges, subject
from amas_tui.store.gates import analyses
from amas_tui.store.gauges import gauges
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Asked, Gauge, Point, Result, Series, Slo
from amas_tui.viewmodel.headline import update_began

log = logging.getLogger(__name__)

WINDOW: Final = timedelta(minutes=15)
"""How far back a chart looks when no update runs."""

_RANGE_POINTS: Final = 240
_FIRST_SECONDS: Final = 0.5
"""After which what has been answered is shown without what has not."""

_AGAIN_SECONDS: Final = 30.0
"""Until a server that knew nothing of a rollout is asked again."""

_SOON_SECONDS: Final = 0.5
"""Until the next look at a rollout whose templates are still on their way."""

Read = Callable[[Key], Awaitable[Mapping[str, Any]]]
"""Fetches a Rollout as JSON."""


@dataclass(frozen=True, slots=True)
class MetricsOptions:
    """How Prometheus is asked.

    Attributes:
        url: Where, before what a template says.
        interval: Seconds between two values.
        queries: The user's own.
    """

    url: str = ""
    interval: float = 5.0
    queries: tuple[OwnQuery, ...] = ()


class MetricsFollower:
    """Keeps the series of one rollout fresh while it is open."""

    def __init__(
        self,
        options: MetricsOptions,
        look: Callable[[], Scene | None],
        found: Callable[[str, Slo], None],
        *,
        transport: Transport | None = None,
        read: Read | None = None,
    ) -> None:
        """Take how to ask, and what to tell.

        Args:
            options: How Prometheus is asked.
            look: Gives the open rollout.
            found: Takes the series of a rollout whenever there is news.
            transport: The cluster that may pass questions on to a Prometheus inside it.
            read: Fetches a Rollout as JSON, for arguments that refer to its fields.
        """
        self._options = options
        self._look = look
        self._found = found
        self._read = read
        self._ways = Ways(transport, options.url)
        self._wanted: str | None = None
        self._changed = asyncio.Event()
        self._slo = Slo()
        self._fields_of = ""
        self.since: datetime | None = None
        """Since when the open rollout is measured anew, by the server's clock."""
        self._subject: Subject | None = None
        self._survey: asyncio.Task[Preset | None] | None = None
        self._surveyed_at = 0.0

    def follow(self, uid: str | None) -> None:
        """Follow another rollout, or none."""
        if uid != self._wanted:
            self._wanted = uid
            self.since = None
            self._slo = Slo()
            self._fields_of = ""
            self._forget_survey()
            self._changed.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        try:
            while True:
                if self._wanted is None:
                    await self._changed.wait()
                self._changed.clear()
                await self._unless_changed(self._refresh())
                # A rollout whose templates are still on their way is looked at again soon.
                await self._rest(self._options.interval if self._slo.gauges else _SOON_SECONDS)
        finally:
            self._forget_survey()
            await self._ways.aclose()

    async def _rest(self, seconds: float) -> None:
        """Wait, but not when another rollout is wanted or a survey has its result."""
        changed = asyncio.ensure_future(self._changed.wait())
        is_surveying = self._survey is not None and not self._survey.done()
        waiting = [changed, *([self._survey] if self._survey and is_surveying else [])]
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            await asyncio.gather(changed, return_exceptions=True)

    async def _unless_changed(self, work: Awaitable[None]) -> None:
        """Do something, but leave it as soon as another rollout is wanted: answers can be slow."""
        task = asyncio.ensure_future(work)
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait((task, changed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            if not task.done():
                task.cancel()
            await asyncio.gather(task, changed, return_exceptions=True)
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error

    async def _refresh(self) -> None:
        scene = self._look()
        if scene is None or scene.rollout.uid != self._wanted:
            return
        await self._refer(scene)
        wanted = await self._gauges(scene)
        if wanted != self._slo.gauges:
            kept = {asked: self._slo.series.get(asked, Series()) for asked in _asked(wanted)}
            self._slo = replace(self._slo, gauges=wanted, series=kept)
        if not wanted:
            await self._tell_search(scene)
            return
        # One after the other, so that an address is not looked for twice at the same time.
        ways = {gauge.address: await self._ways.to(gauge.address) for gauge in wanted}
        await self._anew(scene, ways)
        self._take(scene, {}, ways)
        tasks = {
            asyncio.ensure_future(self._ask(scene, asked, ways[asked[0]])): asked
            for asked in _asked(wanted)
        }
        try:
            early, late = await asyncio.wait(tasks, timeout=_FIRST_SECONDS)
            self._take(scene, {tasks[task]: task.result() for task in early}, ways)
            if late:
                done, _ = await asyncio.wait(late)
                self._take(scene, {tasks[task]: task.result() for task in done}, ways)
        finally:
            for task in tasks:
                task.cancel()

    async def _anew(self, scene: Scene, ways: Mapping[str, Way]) -> None:
        """Measure since the traffic came back, before what looks back further is told."""
        since, before = self.since, self._slo.anew
        if since is None:
            self._slo = replace(self._slo, anew={})
            return
        same = {asked: one for asked, one in before.items() if one.since == since.timestamp()}
        wanted = asked_anew(self._slo.gauges)
        now = datetime.now(UTC) + scene.snapshot.clock_offset
        self._slo = replace(self._slo, anew=await measured(same, wanted, ways, since, now))

    async def _gauges(self, scene: Scene) -> tuple[Gauge, ...]:
        """Return what to follow: the gates' metrics, then presets, then the user's own."""
        judging = gauges(self._with_fields(scene))
        address = next((one.address for one in judging if one.address), "") or any_address(scene)
        own = tuple(own_gauges(self._options.queries, scene.rollout))
        if not (address or self._options.url):
            return (*judging, *own)
        of = subject(scene.rollout)
        if of != self._subject:
            self._forget_survey()
            self._subject = of
        preset = await self._surveyed(address, of)
        known = tuple(preset_gauges(preset, of, judging)) if preset else ()
        return (*judging, *(replace(one, address=address) for one in (*known, *own)))

    async def _surveyed(self, address: str, of: Subject) -> Preset | None:
        """Return what the server has of the rollout, `None` until that is known."""
        if self._survey is None:
            way = await self._ways.to(address)
            if way.prometheus is None or not of.hashes:
                return None
            self._survey = asyncio.ensure_future(_look_over(way.prometheus, of))
            self._surveyed_at = time.monotonic()
        if not self._survey.done():
            return None
        found = self._survey.result()
        if found is None and time.monotonic() - self._surveyed_at > _AGAIN_SECONDS:
            self._survey = None
        return found

    async def _tell_search(self, scene: Scene) -> None:
        """Say what comes of a server that no gate of the rollout asks."""
        address = any_address(scene)
        if not (address or self._options.url):
            return
        way = await self._ways.to(address)
        where = urlsplit(self._options.url or address).netloc
        is_asking = self._survey is None or not self._survey.done()
        note = f"asking {where} …" if is_asking else f"{where} has no known metrics of this rollout"
        if way.problem is not None:
            note = way.problem.sentence
        if note != self._slo.note:
            self._slo = replace(self._slo, note=note)
            self._found(scene.rollout.uid, self._slo)

    def _forget_survey(self) -> None:
        if self._survey is not None:
            self._survey.cancel()
        self._subject, self._survey = None, None

    def _take(self, scene: Scene, answers: Mapping[Asked, Series], ways: Mapping[str, Way]) -> None:
        """Take in answers and tell of them."""
        answered = any(not one.problem for one in answers.values())
        series = {**self._slo.series, **answers}
        problems = [one.problem for one in series.values() if one.problem]
        problems += [way.problem.sentence for way in ways.values() if way.problem]
        is_dumb = len(problems) >= len(series)
        words = dict.fromkeys(way.words for way in ways.values() if way.words)
        self._slo = replace(
            self._slo,
            series=series,
            source=", ".join(words),
            at=datetime.now(UTC) if answered else self._slo.at,
            problem=problems[0] if is_dumb and problems else "",
        )
        if answers or is_dumb:
            self._found(scene.rollout.uid, self._slo)

    async def _refer(self, scene: Scene) -> None:
        """Fetch what the arguments refer to, again when the rollout has changed."""
        given = (one for analysis in analyses(scene.rollout) for one in analysis.args)
        paths = field_paths(given)
        version = scene.rollout.metadata.resource_version
        if not paths or self._read is None or self._fields_of == version:
            return
        try:
            raw = await self._read(scene.rollout.key)
        except AmasError as error:
            log.info("no fields of %s: %s", scene.rollout.key, error.text)
            return
        self._fields_of = version
        values = {path: field_value(raw, path) for path in paths}
        fields = {path: value for path, value in values.items() if value is not None}
        self._slo = replace(self._slo, fields=fields)

    def _with_fields(self, scene: Scene) -> Scene:
        """Return the scene with what was just fetched for it."""
        slos = {**scene.snapshot.slos, scene.rollout.uid: self._slo}
        return Scene(scene.rollout, replace(scene.snapshot, slos=slos))

    async def _ask(self, scene: Scene, asked: Asked, way: Way) -> Series:
        address, query = asked
        old = self._slo.series.get(asked, Series())
        gauge = next(one for one in self._slo.gauges if _is_of(one, asked))
        if gauge.problem or way.prometheus is None:
            problem = gauge.problem or (way.problem.sentence if way.problem else "")
            return replace(old, problem=problem)
        try:
            filled = old.points or await self._fill(scene, query, way.prometheus)
            answer = await way.prometheus.query(query)
        except MetricsError as error:
            if error.kind == "unreachable":
                self._ways.failed(address)
            return replace(old, problem=error.sentence)
        return Series(tuple(filled)).after(points(answer), result(answer))

    async def _fill(self, scene: Scene, query: str, prometheus: Prometheus) -> tuple[Point, ...]:
        """Return what a query gave over the window of the charts."""
        start, end = window(scene, datetime.now(UTC) + scene.snapshot.clock_offset)
        step = max(1.0, self._options.interval, (end - start) / _RANGE_POINTS)
        return points(await prometheus.query_range(query, start, end, step))


async def _look_over(prometheus: Prometheus, of: Subject) -> Preset | None:
    try:
        return await survey(prometheus, of)
    except MetricsError as error:
        log.info("no survey of %s: %s", of.name, error.text)
        return None


def _asked(wanted: Iterable[Gauge]) -> list[Asked]:
    """Return every address and query, each once: versions and gates share some."""
    every = ((gauge.address, query) for gauge in wanted for _, query in gauge.queries)
    return list(dict.fromkeys(every))


def _is_of(gauge: Gauge, asked: Asked) -> bool:
    return gauge.address == asked[0] and any(query == asked[1] for _, query in gauge.queries)


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


def result(answer: Answer) -> Result:
    """Return what a condition sees of an instant query's answer.

    Source: metricproviders/prometheus/prometheus.go:processResponse.
    """
    values = tuple(one.points[-1][1] for one in answer.series if one.points)
    return values[0] if answer.kind == "scalar" and values else values
