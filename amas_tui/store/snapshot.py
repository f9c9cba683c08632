"""One picture of a cluster: every object known, and how well each stream is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from amas_tui.domain.analysis import AnalysisRun, AnalysisTemplate
from amas_tui.domain.base import Key
from amas_tui.domain.event import Event
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.traffic import EndpointSlice, Ingress, Service
from amas_tui.domain.watch import Applied, Bookmark, Deleted, Listed, Lost, Undecodable, Update
from amas_tui.domain.workload import Experiment, Pod, ReplicaSet, Workload
from amas_tui.errors import AmasError
from amas_tui.rules.authors import Author, authors_after
from amas_tui.rules.traffic import Since
from amas_tui.store.detail import Clues, Detail
from amas_tui.store.history import History
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.logs import LogBook
from amas_tui.store.slo import Slo


class Health(StrEnum):
    """How a stream is."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Stream:
    """How one list-and-watch is doing.

    Attributes:
        seen_at: When the API server last said anything on it, `None` before the first list.
        error: Why it is lost.
        retry_at: When the next attempt starts.
        undecodable: Objects left out since the program started, because they made no sense.
    """

    health: Health = Health.CONNECTING
    seen_at: datetime | None = None
    error: AmasError | None = None
    retry_at: datetime | None = None
    undecodable: int = 0


class Fact(NamedTuple):
    """An update with the stream it came on and the moment it arrived."""

    stream: StreamId
    update: Update[Any] | None
    """`None`: the stream was closed on purpose; what it brought is forgotten."""
    at: datetime


_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


def _table() -> Mapping[str, Any]:
    return _EMPTY


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Everything known of one cluster at one moment. Tables map uid to object.

    Compared by identity: two snapshots are the same picture only if they are the same object.
    """

    rollouts: Mapping[str, Rollout] = field(default_factory=_table)
    replica_sets: Mapping[str, ReplicaSet] = field(default_factory=_table)
    pods: Mapping[str, Pod] = field(default_factory=_table)
    analysis_runs: Mapping[str, AnalysisRun] = field(default_factory=_table)
    experiments: Mapping[str, Experiment] = field(default_factory=_table)
    services: Mapping[str, Service] = field(default_factory=_table)
    ingresses: Mapping[str, Ingress] = field(default_factory=_table)
    endpoint_slices: Mapping[str, EndpointSlice] = field(default_factory=_table)
    analysis_templates: Mapping[str, AnalysisTemplate] = field(default_factory=_table)
    cluster_analysis_templates: Mapping[str, AnalysisTemplate] = field(default_factory=_table)
    events: Mapping[str, Event] = field(default_factory=_table)
    """About the open rollout and what belongs to it."""
    deployments: Mapping[str, Workload] = field(default_factory=_table)
    pod_templates: Mapping[str, Workload] = field(default_factory=_table)
    streams: Mapping[StreamId, Stream] = field(default_factory=dict)
    details: Mapping[str, Detail] = field(default_factory=_table)
    """What was fetched to explain rollouts of the board, by the rollout's uid."""
    histories: Mapping[str, History] = field(default_factory=_table)
    """How the traffic moved, by the rollout's uid."""
    slos: Mapping[str, Slo] = field(default_factory=_table)
    """Live series of the open rollout, by uid."""
    differing: Mapping[str, Since] = field(default_factory=_table)
    """Since when the open rollout's traffic differs from its status, by uid."""
    logs: Mapping[str, LogBook] = field(default_factory=_table)
    """What was read of the open rollout's logs, by uid."""
    authors: Mapping[str, tuple[Author, ...]] = field(default_factory=_table)
    """Who made which version of each rollout before our eyes, by uid."""
    touched: Mapping[str, datetime] = field(default_factory=_table)
    """When each rollout last changed before our eyes, by uid."""
    clues: Mapping[str, Clues] = field(default_factory=_table)
    """What was fetched once to explain the open rollout, by its uid."""
    clock_offset: timedelta = timedelta(0)
    """The server's clock minus ours."""

    def after(self, facts: Sequence[Fact]) -> "Snapshot":
        """Return the snapshot with a batch of facts folded in: one copy per touched table."""
        streams = dict(self.streams)
        tables: dict[Kind, dict[str, Any]] = {}
        for stream, update, at in facts:
            if update is None:
                streams.pop(stream, None)
                _forget(self._open(tables, stream.kind), stream)
                continue
            streams[stream] = _stream_after(streams.get(stream, Stream()), update, at)
            match update:
                case Listed(objects):
                    table = self._open(tables, stream.kind)
                    _forget(table, stream)
                    table.update((item.metadata.uid, item) for item in objects)
                case Applied(item):
                    self._open(tables, stream.kind)[item.metadata.uid] = item
                case Deleted(item):
                    self._open(tables, stream.kind).pop(item.metadata.uid, None)
                case Bookmark() | Undecodable() | Lost():
                    pass
        changed: dict[str, Any] = {_FIELD[kind]: table for kind, table in tables.items()}
        if Kind.ROLLOUTS in tables:
            changed |= self._tracked(tables[Kind.ROLLOUTS], facts)
        return replace(self, streams=streams, **changed)

    def _tracked(self, rollouts: Mapping[str, Rollout], facts: Sequence[Fact]) -> dict[str, Any]:
        """Return what is remembered of rollouts over their versions, after a batch."""
        histories = {uid: old for uid, old in self.histories.items() if uid in rollouts}
        touched = {uid: old for uid, old in self.touched.items() if uid in rollouts}
        authors = {uid: old for uid, old in self.authors.items() if uid in rollouts}
        details = {uid: old for uid, old in self.details.items() if uid in rollouts}
        for fact in facts:
            for rollout in _versions(fact):
                uid = rollout.uid
                if uid not in rollouts:
                    continue
                histories[uid] = histories.get(uid, History()).after(rollout, fact.at)
                authors[uid] = authors_after(authors.get(uid, ()), rollout)
                old = self.rollouts.get(uid)
                if old is None or _version(old) != _version(rollout):
                    touched[uid] = fact.at
        return {
            "histories": histories,
            "touched": touched,
            "authors": authors,
            "details": details,
        }

    @property
    def is_listed(self) -> bool:
        """Return whether the rollouts of any namespace have been listed at least once."""
        return any(
            id_.kind is Kind.ROLLOUTS and stream.seen_at is not None
            for id_, stream in self.streams.items()
        )

    def table(self, kind: Kind) -> Mapping[str, Any]:
        """Return the objects of a kind by uid."""
        found: Mapping[str, Any] = getattr(self, _FIELD[kind])
        return found

    def _open(self, tables: dict[Kind, dict[str, Any]], kind: Kind) -> dict[str, Any]:
        if kind not in tables:
            tables[kind] = dict(self.table(kind))
        return tables[kind]

    def rollout(self, key: Key) -> Rollout | None:
        """Return the Rollout of that name, `None` where there is none now."""
        return next((ro for ro in self.rollouts.values() if ro.key == key), None)

    def replica_sets_of(self, owner_uid: str) -> list[ReplicaSet]:
        """Return the ReplicaSets that the object owns, in no particular order."""
        return [rs for rs in self.replica_sets.values() if _is_owned(rs, owner_uid)]

    def pods_of(self, owner_uid: str) -> list[Pod]:
        """Return the pods that the ReplicaSet owns, in no particular order."""
        return [pod for pod in self.pods.values() if _is_owned(pod, owner_uid)]

    def analysis_runs_of(self, owner_uid: str) -> list[AnalysisRun]:
        """Return the runs that the Rollout or Experiment owns, in no particular order."""
        return [run for run in self.analysis_runs.values() if _is_owned(run, owner_uid)]

    def experiments_of(self, owner_uid: str) -> list[Experiment]:
        """Return the Experiments that the Rollout owns, in no particular order."""
        return [exp for exp in self.experiments.values() if _is_owned(exp, owner_uid)]

    def service(self, key: Key) -> Service | None:
        """Return the Service of that name, `None` where none is known."""
        return next((item for item in self.services.values() if item.metadata.key == key), None)

    def ingress(self, key: Key) -> Ingress | None:
        """Return the Ingress of that name, `None` where none is known."""
        return next((item for item in self.ingresses.values() if item.metadata.key == key), None)

    def lost(self) -> Iterator[tuple[StreamId, Stream]]:
        """Yield the streams that are broken."""
        for id_, stream in self.streams.items():
            if stream.health is Health.LOST:
                yield id_, stream


def _versions(fact: Fact) -> tuple[Rollout, ...]:
    if fact.stream.kind is not Kind.ROLLOUTS:
        return ()
    match fact.update:
        case Listed(objects):
            return objects
        case Applied(item):
            return (item,)
        case _:
            return ()


def _version(rollout: Rollout) -> str:
    return rollout.metadata.resource_version


def _is_owned(item: Any, owner_uid: str) -> bool:
    return any(owner.uid == owner_uid for owner in item.metadata.owner_references)


def _forget(table: dict[str, Any], stream: StreamId) -> None:
    """Remove from a table what one stream brought."""
    if not stream.namespace and not stream.name:
        table.clear()
        return
    for uid in [uid for uid, item in table.items() if _is_of(item, stream)]:
        del table[uid]


def _is_of(item: Any, stream: StreamId) -> bool:
    meta = item.metadata
    if stream.name and meta.name != stream.name:
        return False
    return not stream.namespace or meta.namespace == stream.namespace


def _stream_after(stream: Stream, update: Update[Any], at: datetime) -> Stream:
    match update:
        case Lost(error, retry_at):
            return replace(stream, health=Health.LOST, error=error, retry_at=retry_at)
        case Listed(undecodable=count):
            return Stream(Health.LIVE, at, undecodable=stream.undecodable + count)
        case Undecodable():
            return Stream(Health.LIVE, at, undecodable=stream.undecodable + 1)
        case _:
            return Stream(Health.LIVE, at, undecodable=stream.undecodable)


_FIELD: Final = {
    Kind.ROLLOUTS: "rollouts",
    Kind.REPLICA_SETS: "replica_sets",
    Kind.PODS: "pods",
    Kind.ANALYSIS_RUNS: "analysis_runs",
    Kind.EXPERIMENTS: "experiments",
    Kind.SERVICES: "services",
    Kind.INGRESSES: "ingresses",
    Kind.ENDPOINT_SLICES: "endpoint_slices",
    Kind.ANALYSIS_TEMPLATES: "analysis_templates",
    Kind.CLUSTER_ANALYSIS_TEMPLATES: "cluster_analysis_templates",
    Kind.EVENTS: "events",
    Kind.DEPLOYMENTS: "deployments",
    Kind.POD_TEMPLATES: "pod_templates",
}
