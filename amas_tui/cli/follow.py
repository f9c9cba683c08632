"""One rollout, followed: the cluster behind it, and a scene for whatever changes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime

from amas_tui.cli.connect import access_options, resolved
from amas_tui.cli.options import Flags
from amas_tui.cli.pictures import TICK_SECONDS
from amas_tui.domain.base import Key
from amas_tui.errors import NotFoundError
from amas_tui.kube.kubeconfig import load_access
from amas_tui.ports import Cluster
from amas_tui.session.metrics import MetricsOptions
from amas_tui.session.session import Session
from amas_tui.settings import Settings
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene, scene
from amas_tui.store.snapshot import Snapshot

_BELONGING = (Kind.REPLICA_SETS, Kind.PODS, Kind.ANALYSIS_RUNS)


class Followed:
    """A rollout in its cluster. Made by `followed`, which ends what it starts."""

    def __init__(self, cluster: Cluster, key: Key, uid: str, settings: Settings) -> None:
        self.cluster = cluster
        self.key = key
        self.uid = uid
        self.settings = settings
        self._newest: Snapshot | None = None
        self._changed = asyncio.Event()

    def now(self) -> datetime:
        """Return the cluster's time."""
        return datetime.now(UTC) + self.cluster.clock_offset

    async def watch(self) -> None:
        """Take in pictures until cancelled."""
        async with aclosing(self.cluster.pictures()) as pictures:
            async for self._newest in pictures:
                self._changed.set()

    async def scenes(self) -> AsyncGenerator[Scene, None]:
        """Yield how it is, now and whenever something or only the time has changed.

        The first is yielded when everything that belongs to it has been listed, or may not be.

        Raises:
            NotFoundError: It was deleted.
        """
        while True:
            here = self._scene()
            if here is not None:
                yield here
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._changed.wait()

    async def first(self) -> Scene:
        """Return how it is."""
        async with aclosing(self.scenes()) as scenes:
            return await anext(scenes)

    def _scene(self) -> Scene | None:
        snapshot = self._newest
        if snapshot is None or not snapshot.is_listed:
            return None
        here = scene(snapshot, self.uid)
        if here is None:
            raise NotFoundError(f"{self.key.name} was deleted", status=404)
        return here if all(_is_answered(here, kind) for kind in _BELONGING) else None


def _is_answered(here: Scene, kind: Kind) -> bool:
    stream = here.stream(kind)
    return stream is not None and (stream.seen_at is not None or stream.error is not None)


@asynccontextmanager
async def followed(
    flags: Flags, name: str, *, on_rollback: str | None = None
) -> AsyncGenerator[Followed, None]:
    """Open the cluster of a rollout and watch it with all that belongs to it.

    Raises:
        AmasError: There is no such rollout, or no way to it.
    """
    access = await asyncio.to_thread(load_access, access_options(flags))
    settings = resolved(flags, access.context, on_rollback=on_rollback).settings
    session = Session(
        access,
        (access.namespace,),
        metrics=MetricsOptions(settings.prometheus_url, settings.metrics_interval),
        settings=settings,
    )
    async with session as cluster:
        key = Key(access.namespace, name)
        rollout = await cluster.look(key)
        cluster.focus(rollout.uid)
        one = Followed(cluster, key, rollout.uid, settings)
        task = asyncio.create_task(one.watch())
        try:
            yield one
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
