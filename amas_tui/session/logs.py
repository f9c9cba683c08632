"""Follows the logs of the open rollout's pods while their panel is looked at."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from amas_tui.domain.base import Key
from amas_tui.domain.workload import Pod, ReplicaSet
from amas_tui.errors import AmasError, ApiError, DecodeError, ForbiddenError, NotFoundError
from amas_tui.kube.frames import LineSplitter
from amas_tui.kube.reflector import Source
from amas_tui.kube.resources import RESOURCES
from amas_tui.kube.transport import Transport
from amas_tui.safe import safe
from amas_tui.store.kinds import Kind
from amas_tui.store.logs import LogBook, LogChoice, LogLine, Voice
from amas_tui.store.scene import Scene

log = logging.getLogger(__name__)

MAX_SOURCES: Final = 12
"""Containers read at once: each is a connection, and nobody reads more than a few voices."""

TAIL: Final = 200
FLUSH_SECONDS: Final = 0.5
"""Least time between two pictures of a log: a scrolled panel is all its cells anew."""

_RETRY_SECONDS: Final = 2.0
_MAX_LOG_LINE: Final = 256 * 1024
_SILENCE_SECONDS: Final = 3600.0
_ROUTER: Final = "app.kubernetes.io/name=ingress-nginx,app.kubernetes.io/component=controller"


@dataclass(frozen=True, slots=True)
class LogSource:
    """One container whose log is read.

    Attributes:
        about: Only lines with one of these texts are kept; all with an empty tuple.
    """

    pod: Key
    container: str
    role: str
    previous: bool = False
    about: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Return the API's path."""
        return f"{RESOURCES[Kind.PODS].path(self.pod.namespace, self.pod.name)}/log"


def log_sources(scene: Scene, choice: LogChoice) -> tuple[LogSource, ...]:
    """Return the containers of a choice: the newest pods first, the new version's before stable's.

    A version that is stable and wanted at once speaks as stable.
    """
    parts: list[tuple[str, ReplicaSet | None]] = []
    same = scene.rollout.is_promoted
    if choice.voice in (Voice.CANARY, Voice.BOTH) and not same:
        parts.append(("canary", scene.current))
    if choice.voice in (Voice.STABLE, Voice.BOTH) or (same and choice.voice is Voice.CANARY):
        parts.append(("stable", scene.stable))
    found = [
        LogSource(pod.key, container, role, choice.previous)
        for role, replica_set in parts
        for pod in reversed(scene.pods_of(replica_set))
        for container in _containers(pod)
    ]
    return tuple(found[:MAX_SOURCES])


def _containers(pod: Pod) -> tuple[str, ...]:
    """Return a pod's containers; of init containers those that keep it from starting."""
    stuck = [
        status.name
        for status in pod.status.init_container_statuses
        if (ended := status.state.terminated or status.last_state.terminated) is not None
        and ended.exit_code != 0
    ]
    return (*stuck, *(container.name for container in pod.spec.containers))


class LogFollower:
    """Keeps one book while somebody reads it."""

    def __init__(
        self,
        transport: Transport,
        look: Callable[[], Scene | None],
        found: Callable[[str, LogBook], None],
    ) -> None:
        self._transport = transport
        self._look = look
        self._found = found
        self._uid: str | None = None
        self._book = LogBook()
        self._fresh: list[LogLine] = []
        self._said: dict[LogSource, str] = {}
        self._tasks: dict[LogSource, asyncio.Task[None]] = {}
        self._router: tuple[LogSource, ...] = ()
        self._changed = asyncio.Event()

    def follow(self, uid: str | None, choice: LogChoice) -> None:
        """Read another rollout's log or another choice of it; none with `None`."""
        if (uid, choice) == (self._uid, self._book.choice):
            return
        self._uid, self._book = uid, LogBook(choice)
        self._fresh.clear()
        self._said.clear()
        self._router = ()
        self._changed.set()

    @property
    def reading(self) -> tuple[LogSource, ...]:
        """Return the containers whose logs are open."""
        return tuple(self._tasks)

    async def run(self) -> None:
        """Read until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                if self._uid is None:
                    self._close(())
                    await self._changed.wait()
                self._changed.clear()
                scene = self._look()
                if scene is not None and scene.rollout.uid == self._uid:
                    await self._sync(scene, group)
                    self._flush(scene.rollout.uid)
                try:
                    async with asyncio.timeout(FLUSH_SECONDS):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    async def _sync(self, scene: Scene, group: asyncio.TaskGroup) -> None:
        """Begin to read what is new, and end what is not wanted any more."""
        choice = self._book.choice
        if choice.voice is Voice.ROUTER:
            wanted = self._router or await self._routers(scene)
        else:
            wanted = log_sources(scene, choice)
        self._close(wanted)
        for source in wanted:
            if source not in self._tasks:
                self._tasks[source] = group.create_task(self._read(source), name=source.path)

    def _close(self, wanted: tuple[LogSource, ...]) -> None:
        for source in [one for one in self._tasks if one not in wanted]:
            self._tasks.pop(source).cancel()

    def _flush(self, uid: str) -> None:
        if self._fresh or len(self._tasks) != self._book.sources:
            self._book = self._book.after(self._fresh, len(self._tasks))
            self._fresh.clear()
            self._found(uid, self._book)

    async def _routers(self, scene: Scene) -> tuple[LogSource, ...]:
        """Return ingress-nginx' controllers, filtered to this rollout's upstreams."""
        namespace = scene.rollout.key.namespace
        # In nginx' own format an upstream is `[NAMESPACE-SERVICE-PORT]`.
        canary = scene.rollout.canary
        services = (canary.stable_service, canary.canary_service) if canary else ()
        about = tuple(f"{namespace}-{service}-" for service in services if service)
        source: Source[Pod] = Source(
            self._transport, RESOURCES[Kind.PODS], "", {"labelSelector": _ROUTER}
        )
        here = LogSource(Key("", "ingress-nginx"), "controller", "router")
        try:
            pods = (await source.list()).objects
        except AmasError as error:
            self._say(here, error.sentence)
            return ()
        if not pods:
            self._say(here, f"no pod is labelled {_ROUTER}")
        self._router = tuple(
            LogSource(pod.key, container.name, "router", self._book.choice.previous, about)
            for pod in pods
            for container in pod.spec.containers[:1]
        )[:MAX_SOURCES]
        return self._router

    async def _read(self, source: LogSource) -> None:
        """Read one container's log, from where it broke when it breaks."""
        since: datetime | None = None
        while True:
            known = since
            try:
                async with aclosing(self._lines(source, known)) as lines:
                    async for line in lines:
                        # `sinceTime` counts whole seconds, so the last ones come again.
                        if known is None or line.at > known:
                            self._fresh.append(line)
                        since = line.at if since is None else max(since, line.at)
            except (ForbiddenError, NotFoundError) as error:
                self._say(source, error.sentence)
                return
            except (ApiError, DecodeError) as error:
                # A container that does not run yet says so with a 400.
                self._say(source, error.text)
            except AmasError as error:
                log.info("log of %s lost: %s", source.pod, error.text)
            if source.previous:
                return
            # The container ended or does not run yet: it may start again.
            await asyncio.sleep(_RETRY_SECONDS)

    def _say(self, source: LogSource, text: str) -> None:
        """Note why there is no log, once for the same reason."""
        if self._said.get(source) != text:
            self._said[source] = text
            self._fresh.append(_line(source, datetime.now(UTC), text, is_problem=True))

    async def _lines(
        self, source: LogSource, since: datetime | None
    ) -> AsyncGenerator[LogLine, None]:
        params = {"container": source.container, "timestamps": "true"}
        if source.previous:
            params |= {"previous": "true", "tailLines": str(TAIL)}
        else:
            params["follow"] = "true"
            params |= {"sinceTime": _rfc3339(since)} if since else {"tailLines": str(TAIL)}
        doing = f"read the log of pod/{source.pod.name} in {source.pod.namespace}"
        splitter = LineSplitter(_MAX_LOG_LINE)
        async with self._transport.stream(
            source.path, params, doing=doing, silence=_SILENCE_SECONDS
        ) as chunks:
            async for raw in _split(chunks, splitter):
                line = parse(source, raw)
                if not source.about or any(text in line.text for text in source.about):
                    yield line


async def _split(chunks: AsyncIterator[bytes], splitter: LineSplitter) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        for line in splitter.feed(chunk):
            yield line


def parse(source: LogSource, raw: bytes) -> LogLine:
    """Return one line of a log with its leading timestamp read; a line without one is of now."""
    text = raw.decode(errors="replace")
    stamp, _, rest = text.partition(" ")
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        at, rest = datetime.now(UTC), text
    return _line(source, at if at.tzinfo else at.replace(tzinfo=UTC), rest)


def _line(source: LogSource, at: datetime, text: str, *, is_problem: bool = False) -> LogLine:
    return LogLine(
        at, source.role, source.pod.name, source.container, safe(text.rstrip()), is_problem
    )


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
