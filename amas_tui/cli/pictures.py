"""The pictures of a cluster for a command that also waits for time to pass."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Final, Self

from amas_tui.ports import Cluster
from amas_tui.store.snapshot import Snapshot

TICK_SECONDS: Final = 0.25


class Pictures:
    """The newest picture for any number of readers at once. Use as `async with`.

    A cluster gives each picture to one reader alone.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._newest: Snapshot | None = None
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        async with aclosing(self._cluster.pictures()) as pictures:
            async for self._newest in pictures:
                # Each reader waits for an event of its own time: none is woken for what it saw.
                changed, self._changed = self._changed, asyncio.Event()
                changed.set()

    async def ticking(self) -> AsyncGenerator[Snapshot, None]:
        """Yield the newest whenever there is one, and again when time alone has passed.

        Raises:
            Exception: What ended the pictures.
        """
        while not self._task.done():
            changed = self._changed
            if self._newest is not None and self._newest.is_listed:
                yield self._newest
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await changed.wait()
        self._task.result()
