"""A mailbox of one: the reader gets everything that came since it last looked, never a queue."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Collects items until the reader takes them all at once."""

    def __init__(self) -> None:
        self._items: list[T] = []
        self._arrived = asyncio.Event()

    def put(self, item: T) -> None:
        """Add an item and wake the reader."""
        self._items.append(item)
        self._arrived.set()

    def wake(self) -> None:
        """Wake the reader without an item."""
        self._arrived.set()

    async def wait(self) -> None:
        """Return once something was put, at once if that was before."""
        await self._arrived.wait()

    def take(self) -> list[T]:
        """Return what has come and start anew."""
        items, self._items = self._items, []
        self._arrived.clear()
        return items
