"""Fetches what explains the rollouts of the board that are not healthy.

The board watches Rollouts alone; a Rollout names the phase of its analysis, but no value, limit or
pod. For the few lines on the screen that need words, runs, pods and ReplicaSets are listed, one
list a kind and namespace, and the Services and Ingresses that they steer are read by name: when
the Rollout changes, at most every two seconds, and every 4.5 while something may happen that does
not touch the Rollout: a measurement, a pod that is not ready, traffic that is split.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.base import HASH_LABEL, Key
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.workload import Pod, ReplicaSet
from amas_tui.errors import AmasError, NotFoundError
from amas_tui.kube import api
from amas_tui.kube.reflector import Source
from amas_tui.kube.resources import RESOURCES
from amas_tui.kube.transport import Transport
from amas_tui.rules.names import ingress_names, service_names
from amas_tui.rules.pods import is_ready
from amas_tui.session.clues import ingress_classes
from amas_tui.store.detail import Clues, Detail
from amas_tui.store.kinds import Kind

MAX_ROLLOUTS: Final = 20
LEAST_SECONDS: Final = 2.0
RESTLESS_SECONDS: Final = 4.5
_AT_ONCE: Final = 4
_CLASSES_SECONDS: Final = 60.0

_Objects = dict[Kind, tuple[Any, ...]]


class Explainer:
    """Keeps the details of the attended rollouts fresh."""

    def __init__(self, transport: Transport, found: Callable[[Rollout, Detail], None]) -> None:
        self._transport = transport
        self._found = found
        self._wanted: dict[str, Rollout] = {}
        self._fetched: dict[str, tuple[str, float, bool]] = {}
        self._changed = asyncio.Event()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._classes: tuple[float, frozenset[str] | None] = (-_CLASSES_SECONDS, None)

    def attend(self, rollouts: tuple[Rollout, ...]) -> None:
        """Say which rollouts, in their newest version, want an explanation."""
        wanted = {rollout.uid: rollout for rollout in rollouts[:MAX_ROLLOUTS]}
        if {u: _version(r) for u, r in wanted.items()} != {
            u: _version(r) for u, r in self._wanted.items()
        }:
            self._wanted = wanted
            self._changed.set()

    async def run(self) -> None:
        """Fetch until cancelled."""
        while True:
            wait = self._until_due()
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            places: dict[str, list[Rollout]] = defaultdict(list)
            for rollout in self._wanted.values():
                if self._is_due(rollout):
                    places[rollout.key.namespace].append(rollout)
            await asyncio.gather(*(self._fetch(name, own) for name, own in places.items()))

    def _due_at(self, rollout: Rollout) -> float | None:
        """Return the monotonic time at which a rollout is next fetched, `None` for never."""
        if rollout.uid not in self._fetched:
            return 0.0
        version, at, is_restless = self._fetched[rollout.uid]
        if version != _version(rollout):
            return at + LEAST_SECONDS
        return at + RESTLESS_SECONDS if is_restless else None

    def _is_due(self, rollout: Rollout) -> bool:
        due = self._due_at(rollout)
        return due is not None and time.monotonic() >= due

    def _until_due(self) -> float | None:
        times = [due for r in self._wanted.values() if (due := self._due_at(r)) is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    async def _fetch(self, namespace: str, rollouts: list[Rollout]) -> None:
        """Fetch for the rollouts of one namespace."""
        # What is read later may be newer; nothing in it is older than this.
        began = datetime.now(UTC)
        missing: set[Kind] = set()
        found: _Objects = {}
        for kind, hashes in _hashes(rollouts).items():
            found[kind] = await self._list(kind, namespace, hashes, missing)
        await asyncio.gather(*(self._explain(one, found, missing, began) for one in rollouts))

    async def _explain(
        self, rollout: Rollout, found: _Objects, missing: set[Kind], began: datetime
    ) -> None:
        traffic = await self._traffic(rollout, missing)
        clues = Clues(ingress_classes=await self._known_classes(rollout))
        detail = replace(_detail(rollout, found, traffic, missing), clues=clues, at=began)
        moment = (_version(rollout), time.monotonic(), _is_restless(rollout, detail))
        self._fetched[rollout.uid] = moment
        self._found(rollout, detail)

    async def _list(
        self, kind: Kind, namespace: str, hashes: Iterable[str], missing: set[Kind]
    ) -> tuple[Any, ...]:
        wanted = ",".join(sorted({pod_hash for pod_hash in hashes if pod_hash}))
        if not wanted:
            return ()
        selectors = {"labelSelector": f"{HASH_LABEL} in ({wanted})"}
        source: Source[Any] = Source(self._transport, RESOURCES[kind], namespace, selectors)
        try:
            async with self._gate:
                return (await source.list()).objects
        except AmasError:
            # The board's own stream tells of a broken connection; this is only its footnote.
            missing.add(kind)
            return ()

    async def _traffic(self, rollout: Rollout, missing: set[Kind]) -> _Objects:
        """Return the Services and Ingresses of a rollout that splits traffic just now."""
        if not _is_split(rollout):
            return {}
        names = {Kind.SERVICES: service_names(rollout), Kind.INGRESSES: ingress_names(rollout)}
        found: _Objects = {}
        for kind, own in names.items():
            if own and kind not in missing:
                keys = [Key(rollout.key.namespace, name) for name in own]
                answers = await asyncio.gather(*(self._get(kind, key, missing) for key in keys))
                found[kind] = tuple(one for one in answers if one is not None)
        return found

    async def _get(self, kind: Kind, key: Key, missing: set[Kind]) -> Any:
        try:
            async with self._gate:
                return await api.get(self._transport, kind, key)
        except NotFoundError:
            return None
        except AmasError:
            missing.add(kind)
            return None

    async def _known_classes(self, rollout: Rollout) -> frozenset[str] | None:
        if not ingress_names(rollout):
            return None
        at, classes = self._classes
        if time.monotonic() - at >= _CLASSES_SECONDS:
            classes = await ingress_classes(self._transport)
            self._classes = (time.monotonic(), classes)
        return classes


def _hashes(rollouts: list[Rollout]) -> Mapping[Kind, list[str]]:
    """Return the versions whose objects are wanted, by kind."""
    current = [rollout.status.current_pod_hash for rollout in rollouts]
    stable = [rollout.status.stable_rs for rollout in rollouts]
    # Where traffic is split, and after an abort, it is stable's pods that serve as well.
    serving = [r.status.stable_rs for r in rollouts if r.status.abort or _is_split(r)]
    return {
        Kind.REPLICA_SETS: current + stable,
        Kind.PODS: current + serving,
        Kind.ANALYSIS_RUNS: current,
    }


def _detail(rollout: Rollout, found: _Objects, traffic: _Objects, missing: set[Kind]) -> Detail:
    """Return what of the lists belongs to one rollout; equal templates share their hash."""
    sets = [rs for rs in found[Kind.REPLICA_SETS] if _is_owned(rs, {rollout.uid})]
    uids = {rs.metadata.uid for rs in sets}
    pods = [pod for pod in found[Kind.PODS] if not sets or _is_owned(pod, uids)]
    runs = [run for run in found[Kind.ANALYSIS_RUNS] if _is_owned(run, {rollout.uid})]
    asked = {kind for kind in (*found, *traffic) if kind not in missing}
    return Detail(
        version=_version(rollout),
        at=datetime.now(UTC),
        runs=tuple(runs),
        pods=tuple(pods),
        missing=tuple(str(kind) for kind in sorted(missing)),
        replica_sets=tuple(sets),
        services=traffic.get(Kind.SERVICES, ()),
        ingresses=traffic.get(Kind.INGRESSES, ()),
        kinds=tuple(sorted(asked)),
    )


def _is_owned(item: AnalysisRun | Pod | ReplicaSet, uids: set[str]) -> bool:
    return any(owner.uid in uids for owner in item.metadata.owner_references)


def _is_split(rollout: Rollout) -> bool:
    """Return whether a rollout steers Services or Ingresses in another way than at rest."""
    return bool(service_names(rollout)) and (rollout.is_updating or rollout.status.abort)


def _is_restless(rollout: Rollout, detail: Detail) -> bool:
    """Return whether something may happen that the Rollout does not tell of."""
    if any(not run.phase.is_final for run in detail.runs) or _is_split(rollout):
        return True
    if any(not is_ready(pod) for pod in detail.pods):
        return True
    return any(rs.status.ready_replicas < rs.spec.replicas for rs in detail.replica_sets)


def _version(rollout: Rollout) -> str:
    return rollout.metadata.resource_version
