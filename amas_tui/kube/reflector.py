"""List and watch of one kind: never ends, never lies, never hammers.

The list is read in pages; the watch goes on from its version and asks for bookmarks. A clean end is
normal and continues at once from the last version; an expired version lists again; anything else is
told as `Lost` and tried again after a growing, jittered delay or as long as the server asks.
"""

import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from amas_tui.domain.watch import Applied, Bookmark, Deleted, Listed, Lost, Undecodable, Update
from amas_tui.errors import AmasError, ApiError, DecodeError, GoneError
from amas_tui.kube.decode import Decoder, decoder
from amas_tui.kube.frames import LineSplitter
from amas_tui.kube.resources import Resource
from amas_tui.kube.transport import Transport

log = logging.getLogger(__name__)

T = TypeVar("T")

PAGE_SIZE: Final = 500
_MIN_WATCH: Final = 240
_MAX_WATCH: Final = 480
_GRACE: Final = 30
"""Seconds that a server may be late with ending a watch before silence counts as death."""
_HEALTHY_SECONDS: Final = 5.0
"""A watch that ends sooner than this without a word counts as a failure, or it would spin."""

_Event = Applied[T] | Deleted[T] | Bookmark | Undecodable


@dataclass(slots=True)
class Backoff:
    """Delays that grow from 0.5 to 30 seconds with full jitter in their upper half."""

    random: random.Random
    first: float = 0.5
    longest: float = 30.0
    _failures: int = 0

    def reset(self) -> None:
        """Start over after a success."""
        self._failures = 0

    def delay(self) -> float:
        """Return the seconds to wait after one more failure."""
        ceiling = min(self.longest, self.first * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return ceiling * (0.5 + self.random.random() / 2)


@dataclass(slots=True)
class Source(Generic[T]):
    """Where one kind is listed and watched.

    Attributes:
        selectors: `labelSelector`, `fieldSelector`.
    """

    transport: Transport
    resource: Resource
    namespace: str = ""
    selectors: Mapping[str, str] = field(default_factory=dict)
    page_size: int = PAGE_SIZE

    @property
    def _decoder(self) -> Decoder[T]:
        return decoder(self.resource.type)

    @property
    def _path(self) -> str:
        return self.resource.path(self.namespace)

    def _words(self, verb: str) -> str:
        place = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{verb} {self.resource.plural}{place}"

    async def list(self) -> Listed[T]:
        """Return everything there is, read page by page.

        Raises:
            AmasError: It cannot be had. A version that expired between pages starts over once.
        """
        try:
            return await self._pages()
        except GoneError:
            return await self._pages()

    async def _pages(self) -> Listed[T]:
        items: list[T] = []
        token, version, undecodable = "", "", 0
        while True:
            params = {**self.selectors, "limit": str(self.page_size)}
            if token:
                params["continue"] = token
            reply = await self.transport.get(self._path, params, doing=self._words("list"))
            page = self._decoder.page(reply.body)
            items += page.items
            undecodable += page.undecodable
            token, version = page.token, page.resource_version
            if not token:
                return Listed(tuple(items), version, undecodable)

    async def watch(self, version: str, seconds: int) -> AsyncGenerator[_Event[T], None]:
        """Yield what happens after `version`, until the server ends the watch.

        The first is a bookmark of `version` itself: the server has accepted the watch.

        Raises:
            GoneError: `version` has expired.
            AmasError: The watch cannot be had or broke.
        """
        params = {
            **self.selectors,
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        }
        splitter = LineSplitter()
        async with self.transport.stream(
            self._path, params, doing=self._words("watch"), silence=float(seconds + _GRACE)
        ) as chunks:
            yield Bookmark(version)
            self._decoder.prepare_events()
            async for chunk in chunks:
                for line in splitter.feed(chunk):
                    yield self._decoder.event(line)


Sleep = Callable[[float], Awaitable[None]]
Now = Callable[[], datetime]


async def reflect(
    source: Source[T],
    *,
    sleep: Sleep,
    clock: Callable[[], float],
    rng: random.Random,
    now: Now = lambda: datetime.now(UTC),
) -> AsyncGenerator[Update[T], None]:
    """Yield a list, then every change, for ever.

    Args:
        source: What to list and watch.
        sleep: Waits; a test's need not.
        clock: Monotonic seconds.
        rng: Spreads delays and watch lengths, so that a thousand clients do not come at once.
        now: The wall clock, for telling when the next try is.
    """
    backoff = Backoff(rng)
    version = ""
    while True:
        delay = 0.0
        heard = 0
        started: float | None = None
        try:
            if not version:
                listed = await source.list()
                version = listed.resource_version
                yield listed
            started = clock()
            seconds = rng.randint(_MIN_WATCH, _MAX_WATCH)
            async with aclosing(source.watch(version, seconds)) as events:
                async for event in events:
                    heard += 1
                    version = _version_after(event) or version
                    yield event
            if not _was_healthy(started, clock, backoff):
                if heard > 1:
                    # It brought news, so the server works: the delays stay short.
                    backoff.reset()
                delay = backoff.delay()
                log.info("%s ended at once; next watch in %.1f s", source.resource.plural, delay)
        except AmasError as error:
            was_healthy = _was_healthy(started, clock, backoff)
            if _is_stale(error):
                version = ""
            if isinstance(error, GoneError) and started is not None:
                # A server whose history is always gone must not be listed in a tight loop.
                delay = 0.0 if was_healthy else backoff.delay()
                log.info("%s: the version has expired; listing again", source.resource.plural)
            else:
                delay = _delay(error, backoff)
                log.info("%s lost: %s; again in %.1f s", source.resource.plural, error.text, delay)
                yield Lost(error, now() + timedelta(seconds=delay))
        if delay:
            await sleep(delay)


def _was_healthy(started: float | None, clock: Callable[[], float], backoff: Backoff) -> bool:
    """Return whether a watch lasted; only that, not a list, starts the delays over."""
    lasted = started is not None and clock() - started >= _HEALTHY_SECONDS
    if lasted:
        backoff.reset()
    return lasted


def _delay(error: AmasError, backoff: Backoff) -> float:
    delay = backoff.delay()
    asked = error.retry_after if isinstance(error, ApiError) else None
    return delay if asked is None else max(delay, min(asked, 300.0))


_VERSION_KEEPS: Final = frozenset({401, 403, 429, 503})


def _is_stale(error: AmasError) -> bool:
    """Return whether the version is in doubt, so that only a new list is safe."""
    if isinstance(error, ApiError):
        return error.status not in _VERSION_KEEPS
    return isinstance(error, DecodeError)


def _version_after(event: Any) -> str:
    match event:
        case Applied(item) | Deleted(item):
            return str(item.metadata.resource_version)
        case Bookmark(version):
            return version
        case _:
            return ""
