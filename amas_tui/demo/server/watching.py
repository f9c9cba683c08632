"""Watches: what changes, from a version on, for as long as somebody listens."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from time import monotonic
from typing import Final

from amas_tui.demo.resources import Resource
from amas_tui.demo.server.listing import selected
from amas_tui.demo.server.requests import Asked, flag, number
from amas_tui.demo.server.selectors import Predicate
from amas_tui.demo.server.status import internal
from amas_tui.demo.store import Change, Json, StatusError, Store

BACKLOG: Final = 1_000
"""How many changes a watcher may be behind before it is dropped."""
_BOOKMARK_SECONDS: Final = 60.0
_BEFORE_END: Final = 2.0
"""How long before its end a watch gets a last bookmark."""
_LONGEST: Final = 1_800


class Watcher:
    """One watch; `lines` yields what is sent."""

    def __init__(
        self, store: Store, asked: Asked, resource: Resource, query: Mapping[str, str]
    ) -> None:
        """Begin to listen, so that nothing is missed from now on.

        Raises:
            StatusError: The query makes no sense (400), or the version is none (500).
        """
        self._store = store
        self._resource = resource
        self._is_wanted: Predicate = selected(asked, resource, query)
        self._version = _version(query)
        self._has_bookmarks = flag(query, "allowWatchBookmarks")
        self._seconds = number(query, "timeoutSeconds") or _LONGEST
        self._news: deque[bytes] = deque()
        self._woken = asyncio.Event()
        self._is_dropped = False

    @property
    def has_news(self) -> bool:
        """Return whether something waits to be sent."""
        return bool(self._news)

    async def lines(self) -> AsyncGenerator[bytes]:
        """Yield events, several at a time where they came together, until the watch is over."""
        stop = self._store.listen(self._hear)
        try:
            if not self._begin():
                yield self._taken()
                return
            began = monotonic()
            bookmark = self._first_bookmark(began)
            while not self._is_dropped:
                if self._news:
                    yield self._taken()
                    continue
                now = monotonic()
                if now >= began + self._seconds:
                    return
                if self._has_bookmarks and now >= bookmark:
                    bookmark = now + _BOOKMARK_SECONDS
                    yield self._bookmark()
                    continue
                until = began + self._seconds
                await self._wait(min(until, bookmark) - now if self._has_bookmarks else until - now)
        finally:
            stop()

    def _first_bookmark(self, began: float) -> float:
        """Return when the first is due: after a minute, or shortly before the end."""
        before_end = began + self._seconds - _BEFORE_END
        soon = began + _BOOKMARK_SECONDS
        return min(soon, before_end) if before_end > began else soon

    def _begin(self) -> bool:
        """Tell what was before now; whether the watch goes on."""
        if self._version is None:
            for obj in self._store.select(self._resource):
                if self._is_wanted(obj):
                    self._tell("ADDED", obj)
            return True
        changes = self._store.since(self._version)
        if changes is None:
            oldest = self._store.oldest
            message = f"too old resource version: {self._version} ({oldest})"
            self._tell("ERROR", StatusError(410, "Expired", message).body())
            return False
        for change in changes:
            self._sort(change)
        return True

    def _hear(self, change: Change) -> None:
        if not self._is_dropped:
            self._sort(change)
            # Who does not read is let go, or the memory would be theirs.
            self._is_dropped = len(self._news) > BACKLOG

    def _sort(self, change: Change) -> None:
        if change.key.resource != self._resource:
            return
        if self._version is not None and change.version <= self._version:
            return
        is_wanted = change.type != "DELETED" and self._is_wanted(change.object)
        was_wanted = change.before is not None and self._is_wanted(change.before)
        if is_wanted:
            self._tell("MODIFIED" if was_wanted else "ADDED", change.object)
        elif was_wanted:
            self._tell("DELETED", self._last(change))

    def _last(self, change: Change) -> Json:
        """Return the object as it was when it was last one of ours, at the version of its end."""
        before = change.before or change.object
        version = {"resourceVersion": str(change.version)}
        return {**before, "metadata": {**before["metadata"], **version}}

    def _tell(self, type_: str, obj: Json) -> None:
        event = {"type": type_, "object": obj}
        self._news.append(json.dumps(event, separators=(",", ":")).encode() + b"\n")
        self._woken.set()

    def _bookmark(self) -> bytes:
        obj = {
            "kind": self._resource.kind,
            "apiVersion": self._resource.api_version,
            "metadata": {"resourceVersion": str(self._store.version), "creationTimestamp": None},
        }
        self._tell("BOOKMARK", obj)
        return self._taken()

    def _taken(self) -> bytes:
        together = b"".join(self._news)
        self._news.clear()
        self._woken.clear()
        return together

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await self._woken.wait()
        except TimeoutError:
            return


def _version(query: Mapping[str, str]) -> int | None:
    """Return the version to go on from, `None` to begin with what there is."""
    text = query.get("resourceVersion", "")
    if text in ("", "0"):
        return None
    if not text.isdecimal():
        raise internal(
            f'resourceVersion: Invalid value: "{text}":'
            f' strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    return int(text)
