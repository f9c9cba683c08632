"""The pictures of a cluster for a command that also waits for time to pass."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from amas_tui.ports import Cluster
from amas_tui.store.snapshot import Snapshot

TICK_SECONDS: Final = 0.25


async def ticking(cluster: Cluster) -> AsyncGenerator[Snapshot, None]:
    """Yield the newest picture whenever there is one, and again when time alone has passed."""
    newest: Snapshot | None = None
    changed = asyncio.Event()

    async def follow() -> None:
        nonlocal newest
        async with aclosing(cluster.pictures()) as pictures:
            async for newest in pictures:  # noqa: B007 - the loop below reads it
                changed.set()

    task = asyncio.create_task(follow())
    try:
        while not task.done():
            try:
                async with asyncio.timeout(TICK_SECONDS):
                    await changed.wait()
            except TimeoutError:
                pass
            changed.clear()
            if newest is not None and newest.is_listed:
                yield newest
        task.result()
    finally:
        task.cancel()
