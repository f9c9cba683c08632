"""All that is known about one rollout, joined by owner."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final, Protocol, TypeVar

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.base import HASH_LABEL, Key, ObjectMeta, revision_of
from amas_tui.domain.event import Event
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.traffic import DEFAULT_PREFIX, Ingress, Service, canary_ingress_name
from amas_tui.domain.workload import Experiment, Pod, ReplicaSet
from amas_tui.rules.analysis import newest
from amas_tui.rules.names import front_service, ingress_names, service_names
from amas_tui.rules.pods import is_ready
from amas_tui.rules.traffic import Difference, Routes, differences, faults
from amas_tui.store.detail import Clues, Detail
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.snapshot import Health, Snapshot, Stream

_NEVER: Final = 0.0
_WORST: Final = {Health.LIVE: 0, Health.CONNECTING: 1, Health.LOST: 2}


class _Object(Protocol):
    @property
    def metadata(self) -> ObjectMeta: ...


def _born(created: datetime | None) -> float:
    return created.timestamp() if created else _NEVER


@dataclass(frozen=True, eq=False)
class Scene:
    """One rollout with everything that belongs to it, at one moment."""

    rollout: Rollout
    snapshot: Snapshot = field(repr=False)

    @cached_property
    def replica_sets(self) -> tuple[ReplicaSet, ...]:
        """The rollout's own, newest revision first, as the plugin sorts them."""
        owned = self.snapshot.replica_sets_of(self.rollout.uid)
        return tuple(sorted(owned, key=lambda rs: (-rs.revision, rs.metadata.name)))

    @cached_property
    def pods(self) -> Mapping[str, tuple[Pod, ...]]:
        """Pods by the uid of their ReplicaSet, oldest first."""
        found: dict[str, list[Pod]] = {}
        for pod in self.snapshot.pods.values():
            for owner in pod.metadata.owner_references:
                found.setdefault(owner.uid, []).append(pod)
        return {uid: tuple(sorted(pods, key=_pod_age)) for uid, pods in found.items()}

    @cached_property
    def runs(self) -> tuple[AnalysisRun, ...]:
        """The rollout's own analysis runs, as the plugin sorts them: by revision, then age."""
        return sorted_runs(self.snapshot.analysis_runs_of(self.rollout.uid))

    @cached_property
    def experiments(self) -> tuple[Experiment, ...]:
        """The rollout's experiments, oldest first."""
        owned = self.snapshot.experiments_of(self.rollout.uid)
        return tuple(sorted(owned, key=lambda e: _born(e.metadata.creation_timestamp)))

    @cached_property
    def stable(self) -> ReplicaSet | None:
        """The stable ReplicaSet."""
        return self.by_hash(self.rollout.status.stable_rs)

    @cached_property
    def current(self) -> ReplicaSet | None:
        """The ReplicaSet of the wanted version."""
        return self.by_hash(self.rollout.status.current_pod_hash)

    def by_hash(self, pod_hash: str) -> ReplicaSet | None:
        """Return the ReplicaSet with that hash, `None` where it is not known."""
        if not pod_hash:
            return None
        return next((rs for rs in self.replica_sets if rs.hash == pod_hash), None)

    def pods_of(self, replica_set: ReplicaSet | None) -> tuple[Pod, ...]:
        """Return the pods of one ReplicaSet."""
        return self.pods.get(replica_set.metadata.uid, ()) if replica_set else ()

    def pods_with(self, pod_hash: str) -> tuple[Pod, ...]:
        """Return the pods of a version, oldest first, also where its ReplicaSet is not known."""
        replica_set = self.by_hash(pod_hash)
        if replica_set is not None:
            return self.pods_of(replica_set)
        own = [pod for pod in self.snapshot.pods.values() if pod_hash and pod.hash == pod_hash]
        return tuple(sorted(own, key=_pod_age))

    def ready(self, replica_set: ReplicaSet | None) -> int:
        """Return how many pods of a ReplicaSet may receive traffic."""
        return sum(is_ready(pod) for pod in self.pods_of(replica_set))

    def run_named(self, name: str) -> AnalysisRun | None:
        """Return the rollout's run of that name."""
        return next((run for run in self.runs if run.metadata.name == name), None)

    @cached_property
    def update_runs(self) -> tuple[AnalysisRun, ...]:
        """The runs of the wanted version, newest last."""
        pod_hash = self.rollout.status.current_pod_hash
        own = [run for run in self.runs if run_hash(run) == pod_hash]
        return tuple(sorted(own, key=lambda run: _born(run.metadata.creation_timestamp)))

    @cached_property
    def active_run(self) -> AnalysisRun | None:
        """The step, pre- or post-promotion run that the rollout looks at now."""
        status = self.rollout.status
        for reference in (
            status.canary.current_step_analysis_run_status,
            status.blue_green.post_promotion_analysis_run_status,
            status.blue_green.pre_promotion_analysis_run_status,
        ):
            if reference is not None and (run := self.run_named(reference.name)) is not None:
                return run
        return None

    @cached_property
    def background_run(self) -> AnalysisRun | None:
        """The background run that the rollout looks at now."""
        reference = self.rollout.status.canary.current_background_analysis_run_status
        return self.run_named(reference.name) if reference else None

    @cached_property
    def deciding_run(self) -> AnalysisRun | None:
        """The run that halted the update, else the one that is running, else the newest."""
        bad = [run for run in self.update_runs if run.phase.is_bad]
        return newest(bad) or self.active_run or newest(self.update_runs)

    @cached_property
    def prefix(self) -> str:
        """The annotation prefix of the rollout's nginx routing."""
        routing = self.rollout.canary.traffic_routing if self.rollout.canary else None
        nginx = routing.nginx if routing else None
        return (nginx.annotation_prefix if nginx else "") or DEFAULT_PREFIX

    @cached_property
    def canary_ingresses(self) -> tuple[Ingress, ...]:
        """The Ingresses that the controller wrote for this rollout."""
        routing = self.rollout.canary.traffic_routing if self.rollout.canary else None
        if routing is None or routing.nginx is None:
            return ()
        names = (canary_ingress_name(self.rollout.key.name, n) for n in routing.nginx.ingresses)
        keys = (Key(self.rollout.key.namespace, name) for name in names)
        return tuple(item for key in keys if (item := self.snapshot.ingress(key)) is not None)

    @cached_property
    def ingress_weight(self) -> int | None:
        """The weight that ingress-nginx reads, the largest of several; `None` if unknown."""
        weights = [i.canary_weight(self.prefix) for i in self.canary_ingresses]
        return max((w for w in weights if w is not None), default=None)

    @cached_property
    def stable_service(self) -> Service | None:
        """The Service that most of the traffic goes through: stable or active."""
        name = front_service(self.rollout)
        return self.snapshot.service(Key(self.rollout.key.namespace, name)) if name else None

    @cached_property
    def stopped_at(self) -> int | None:
        """The step at which we saw the update aborted, `None` where we did not."""
        history = self.snapshot.histories.get(self.rollout.uid)
        return history.stopped_at if history else None

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Events of the rollout and of what belongs to it, newest first.

        Objects that are gone are known by name alone: a pod's begins with its ReplicaSet's.
        """
        own = {self.rollout.uid, *self._tree_uids()}
        sets = tuple(f"{rs.metadata.name}-" for rs in self.replica_sets)
        found = (e for e in self.snapshot.events.values() if _concerns(e, own, sets))
        return tuple(sorted(found, key=lambda e: (e.at, e.metadata.name), reverse=True))

    def _tree_uids(self) -> set[str]:
        """Return the uids of what belongs to the rollout; only its own Services are watched."""
        parts: tuple[Iterable[_Object], ...] = (
            self.replica_sets,
            self.runs,
            self.experiments,
            *(self.pods_of(rs) for rs in self.replica_sets),
            self.snapshot.services.values(),
            self.snapshot.ingresses.values(),
        )
        return {one.metadata.uid for part in parts for one in part}

    @cached_property
    def routes(self) -> Routes:
        """Where the traffic goes, as far as that is known."""
        namespace = self.rollout.key.namespace
        table = self.snapshot
        return Routes(
            self.rollout,
            ingresses=_by_name(table.ingresses, namespace, self.is_known(Kind.INGRESSES)),
            services=_by_name(table.services, namespace, self.is_known(Kind.SERVICES)),
            slices=(
                [s for s in table.endpoint_slices.values() if s.metadata.namespace == namespace]
                if self.is_known(Kind.ENDPOINT_SLICES)
                else None
            ),
            replica_sets=self.replica_sets,
            ready=(
                {rs.hash: self._ready_of(rs) for rs in self.replica_sets}
                if self.is_known(Kind.PODS)
                else None
            ),
        )

    def _ready_of(self, replica_set: ReplicaSet) -> int:
        """Return a version's ready pods; on the board only the newest version's are fetched."""
        if self.pods_of(replica_set):
            return self.ready(replica_set)
        return replica_set.status.ready_replicas

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Where the way of the traffic differs from the status at this moment."""
        return differences(self.routes)

    def traffic_faults(self, now: datetime) -> tuple[Difference, ...]:
        """Return the differences that have stood too long; `now` is the server's time."""
        since = self.snapshot.differing.get(self.rollout.uid, {})
        return faults(self.differences, since, now - self.snapshot.clock_offset)

    @cached_property
    def clues(self) -> Clues:
        """What was fetched once to explain it."""
        return self.snapshot.clues.get(self.rollout.uid, Clues())

    def stream(self, kind: Kind) -> Stream | None:
        """Return how the stream of a kind is for this rollout's namespace, the worst of several."""
        own = self._streams(kind).values()
        return max(own, key=lambda stream: _WORST[stream.health], default=None)

    def is_known(self, kind: Kind) -> bool:
        """Return whether the objects of a kind have been listed at least once."""
        stream = self.stream(kind)
        if stream is None or stream.seen_at is None:
            return False
        # Services and Ingresses are watched one by one: all of them must have been asked for.
        named = {id_.name for id_ in self._streams(kind) if id_.name}
        return not named or named.issuperset(self._names(kind))

    def _names(self, kind: Kind) -> tuple[str, ...]:
        match kind:
            case Kind.SERVICES:
                return service_names(self.rollout)
            case Kind.INGRESSES:
                return ingress_names(self.rollout)
            case _:
                return ()

    def _streams(self, kind: Kind) -> dict[StreamId, Stream]:
        namespace = self.rollout.key.namespace
        return {
            id_: stream
            for id_, stream in self.snapshot.streams.items()
            if id_.kind is kind and id_.namespace in ("", namespace)
        }

    def is_live(self, kind: Kind) -> bool:
        """Return whether what is known of a kind is being kept up to date."""
        stream = self.stream(kind)
        return stream is not None and stream.health is Health.LIVE


def _concerns(event: Event, uids: set[str], replica_sets: tuple[str, ...]) -> bool:
    about = event.involved_object
    return about.uid in uids or (about.kind == "Pod" and about.name.startswith(replica_sets))


_Named = TypeVar("_Named", Ingress, Service)


def _by_name(
    table: Mapping[str, _Named],
    namespace: str,
    is_known: bool,  # noqa: FBT001
) -> Mapping[str, _Named] | None:
    if not is_known:
        return None
    own = (item for item in table.values() if item.metadata.namespace == namespace)
    return {item.metadata.name: item for item in own}


def scene(snapshot: Snapshot, uid: str) -> Scene | None:
    """Return the scene of a rollout, `None` when there is no such rollout any more."""
    rollout = snapshot.rollouts.get(uid)
    return Scene(rollout, snapshot) if rollout else None


def board_scene(snapshot: Snapshot, rollout: Rollout) -> Scene:
    """Return a rollout of the board with what was fetched to explain it.

    Kinds that were not asked for, or that may not be read, count as not known.
    """
    detail = snapshot.details.get(rollout.uid) or _NOTHING
    streams = {id_: s for id_, s in snapshot.streams.items() if id_.kind is Kind.ROLLOUTS}
    for kind in detail.kinds:
        streams[StreamId(kind, rollout.key.namespace)] = Stream(Health.LIVE, detail.at)
    return Scene(
        rollout,
        Snapshot(
            rollouts={rollout.uid: rollout},
            replica_sets=_by_uid(detail.replica_sets),
            pods=_by_uid(detail.pods),
            analysis_runs=_by_uid(detail.runs),
            services=_by_uid(detail.services),
            ingresses=_by_uid(detail.ingresses),
            streams=streams,
            touched=snapshot.touched,
            histories=snapshot.histories,
            authors=snapshot.authors,
            details={rollout.uid: detail},
            clues={rollout.uid: detail.clues},
            clock_offset=snapshot.clock_offset,
        ),
    )


_NOTHING: Final = Detail("", datetime.min.replace(tzinfo=UTC))


def _by_uid(items: Sequence[Any]) -> dict[str, Any]:
    return {item.metadata.uid: item for item in items}


def run_hash(run: AnalysisRun) -> str:
    """Return the pod template hash that a run judges."""
    return run.metadata.labels.get(HASH_LABEL, "")


def sorted_runs(runs: list[AnalysisRun]) -> tuple[AnalysisRun, ...]:
    """Return runs as the plugin sorts them: revision down, creation up, name down."""
    by_name = sorted(runs, key=lambda run: run.metadata.name, reverse=True)
    by_age = sorted(by_name, key=lambda run: _born(run.metadata.creation_timestamp))
    return tuple(sorted(by_age, key=lambda run: -revision_of(run.metadata)))


def _pod_age(pod: Pod) -> tuple[float, str]:
    return _born(pod.metadata.creation_timestamp), pod.metadata.name
