"""The demo's cluster at one moment of its own time, without a process: the same in every run."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from amas_tui.demo import resources as r
from amas_tui.demo.clock import ManualClock
from amas_tui.demo.store import Change, Json
from amas_tui.demo.world import Options, World, compose
from amas_tui.domain.base import HASH_LABEL, Key
from amas_tui.domain.watch import Applied, Deleted, Listed
from amas_tui.kube.decode import decoder
from amas_tui.kube.resources import RESOURCES
from amas_tui.ports import Identity
from amas_tui.prometheus.client import Answer, decode
from amas_tui.session.metrics import points, result, window
from amas_tui.store.detail import Detail
from amas_tui.store.gauges import gauges
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene, scene
from amas_tui.store.slo import Series, Slo
from amas_tui.store.snapshot import Fact, Snapshot
from tests.fakes import FakeCluster

START: Final = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
"""When the demo's past begins."""
SEED: Final = 7
PROMETHEUS: Final = "http://prometheus.monitoring:9090"
_KINDS: Final = {one.plural: one for one in r.RESOURCES}
_SHARED: Final = tuple(kind for kind in Kind if kind in _KINDS)
"""The kinds that the demo has too."""
_RANGE_POINTS: Final = 120
_STEP_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What the program would know of the demo, having watched since the curtain rose.

    Attributes:
        now: When.
        picture: What it would show.
        objects: All there is, as the API has it.
    """

    now: datetime
    picture: Snapshot
    objects: Mapping[tuple[Kind, Key], Json]


@cache
def moment(scenario: str, seconds: float, *, speed: float = 1.0, fleet: int = 0) -> Moment:
    """Return the demo so many seconds after the curtain rose; made once."""
    clock = ManualClock(START)
    world = compose(clock, Options(SEED, scenario, speed, fleet), PROMETHEUS)
    facts = [_listed(world, kind) for kind in _SHARED]
    world.store.listen(lambda change: facts.extend(_facts(change, clock.now)))
    world.begin()
    clock.advance(seconds)
    picture = _explained(Snapshot().after(facts), world)
    objects = {
        (kind, Key(raw["metadata"].get("namespace", ""), raw["metadata"]["name"])): raw
        for kind in _SHARED
        for raw in world.store.select(_KINDS[kind])
    }
    return Moment(clock.now, picture, objects)


class DemoCluster(FakeCluster):
    """A cluster at a moment of the demo; a write is answered, and changes no picture."""

    def __init__(self, moment_: Moment, home: str = "default") -> None:
        super().__init__(context="demo")
        self.objects.update(moment_.objects)
        self.user = Identity("oncall", is_confirmed=True)
        self._home = home
        self.push(moment_.picture)

    @property
    def home(self) -> str:
        """Return the namespace of the rollout that is opened."""
        return self._home


def _facts(change: Change, now: datetime) -> Iterator[Fact]:
    plural = change.key.resource.plural
    if plural in _SHARED:
        kind = Kind(plural)
        item = _record(kind, change.object)
        update: Any = Deleted(item) if change.type == "DELETED" else Applied(item)
        yield Fact(StreamId(kind), update, now)


def _explained(bare: Snapshot, world: World) -> Snapshot:
    """Return the picture with what the session fetches to explain rollouts."""
    now = world.store.clock.now
    scenes = [found for uid in bare.rollouts if (found := scene(bare, uid)) is not None]
    details = {here.rollout.uid: _detail(here, now) for here in scenes}
    slos = {here.rollout.uid: _slo(world, here, now) for here in scenes}
    return replace(bare, details=details, slos=slos)


def _record(kind: Kind, raw: Json) -> Any:
    return decoder(RESOURCES[kind].type).one(json.dumps(raw).encode())


def _listed(world: World, kind: Kind) -> Fact:
    found = tuple(_record(kind, raw) for raw in world.store.select(_KINDS[kind]))
    version = str(world.store.version)
    return Fact(StreamId(kind), Listed(found, version), world.store.clock.now)


def _detail(here: Scene, now: datetime) -> Detail:
    rollout = here.rollout
    pod_hash = rollout.status.current_pod_hash
    pods = [
        pod
        for pod in here.snapshot.pods.values()
        if pod.metadata.namespace == rollout.key.namespace
        and pod.metadata.labels.get(HASH_LABEL) == pod_hash
    ]
    version = rollout.metadata.resource_version
    return Detail(version, now, runs=here.update_runs, pods=tuple(pods))


def _slo(world: World, here: Scene, now: datetime) -> Slo:
    start, end = window(here, now)
    step = max(_STEP_SECONDS, (end - start) / _RANGE_POINTS)
    span = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
    found = gauges(here)
    series = {
        (gauge.address, query): _series(world, query, span)
        for gauge in found
        for _, query in gauge.queries
    }
    return Slo(found, series, "prometheus.monitoring:9090", now)


def _series(world: World, query: str, span: Mapping[str, str]) -> Series:
    filled = points(_answer(world, "query_range", query=query, **span))
    newest = _answer(world, "query", query=query)
    return Series(filled).after(points(newest), result(newest))


def _answer(world: World, path: str, **asked: str) -> Answer:
    reply = world.prometheus.answer(f"/api/v1/{path}", list(asked.items()))
    return decode(reply.body, reply.status, "demo")
