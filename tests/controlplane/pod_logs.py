"""What pods wrote, and the answers of a kubelet that is asked for it."""

from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from tests.controlplane.flows import Sent
from tests.controlplane.world import Container, Key, Pod

LINES_KEPT: Final = 500
_LINES_PER_ROUND: Final = 3
_LAST_WORDS: Final = {
    "crash": (
        "Traceback (most recent call last):",
        '  File "/app/amas/__main__.py", line 41, in <module>',
        "    cache.connect(settings.redis_url)",
        "ConnectionError: cannot reach redis://amas-cache:6379: connection refused",
    ),
    "oom": ("INFO loading model weights (3.1 GiB)",),
    "initfail": ('ERROR migration 0042_agents failed: relation "agents" does not exist',),
}
"""How the log of a container that ends early ends, by its pod's fate."""


class LogLine(NamedTuple):
    """One line and when it was written."""

    at: datetime
    text: str


class NoLogError(Exception):
    """There is no log; the text is the kubelet's."""


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Which lines are asked for."""

    previous: bool
    timestamps: bool
    tail: int | None
    since: datetime | None
    follow: bool

    @classmethod
    def parse(cls, query: Mapping[str, str], now: datetime) -> "LogOptions":
        """Return the options of a request's query."""
        since: datetime | None = None
        if seconds := query.get("sinceSeconds"):
            since = now - timedelta(seconds=int(seconds))
        elif moment := query.get("sinceTime"):
            since = datetime.fromisoformat(moment)
        return cls(
            previous=query.get("previous") == "true",
            timestamps=query.get("timestamps") == "true",
            tail=int(query["tailLines"]) if "tailLines" in query else None,
            since=since,
            follow=query.get("follow") == "true",
        )

    def select(self, lines: Iterable[LogLine]) -> list[LogLine]:
        """Return the lines that are asked for."""
        chosen = [line for line in lines if self.since is None or line.at >= self.since]
        return chosen if self.tail is None else chosen[len(chosen) - min(self.tail, len(chosen)) :]

    def text(self, lines: Iterable[LogLine]) -> bytes:
        """Return the lines as they are sent."""
        return "".join(
            f"{line.at.isoformat().replace('+00:00', 'Z')} {line.text}\n"
            if self.timestamps
            else f"{line.text}\n"
            for line in lines
        ).encode()


class PodLogs:
    """The newest lines of each pod's first container; other containers say how they started."""

    def __init__(self) -> None:
        self._lines: defaultdict[str, deque[LogLine]] = defaultdict(
            lambda: deque(maxlen=LINES_KEPT)
        )

    def record(self, round_: Iterable[Sent], now: datetime, alive: set[str]) -> None:
        """Write an access log of what was sent; pods not `alive` any more lose theirs."""
        for uid in self._lines.keys() - alive:
            del self._lines[uid]
        for sent in round_:
            self._lines[sent.pod.uid] += [LogLine(now, text) for text in _access_log(sent)]

    def read(self, pod: Pod, container: str, options: LogOptions, now: datetime) -> list[LogLine]:
        """Return what `kubectl logs` would.

        Raises:
            NoLogError: The container has not run yet, or not before.
        """
        status = pod.containers.get(container)
        if status is None:
            raise NoLogError(f'container "{container}" in pod "{pod.key.name}" is not available')
        if options.previous and not status.crashes:
            raise NoLogError(
                f'previous terminated container "{container}" in pod "{pod.key.name}" not found'
            )
        if status.waiting and not status.crashes:
            raise NoLogError(
                f'container "{container}" in pod "{pod.key.name}" is waiting to start:'
                f" {_WAITING.get(status.waiting, status.waiting)}"
            )
        start = [LogLine(now, text) for text in _start(pod, container, status)]
        return options.select([*start, *self._lines.get(pod.uid, ())])

    async def follow(
        self, pod: Pod, options: LogOptions, rounds: AsyncGenerator[set[str]]
    ) -> AsyncGenerator[bytes]:
        """Yield what the pod writes from now on, until it is gone.

        Args:
            pod: Whose log.
            options: How lines are sent.
            rounds: Yields after each round of traffic, with the pods that are alive.
        """
        last = max((line.at for line in self._lines.get(pod.uid, ())), default=None)
        async for alive in rounds:
            if pod.uid not in alive:
                return
            fresh = [line for line in self._lines[pod.uid] if last is None or line.at > last]
            if fresh:
                last = fresh[-1].at
                yield options.text(fresh)


_WAITING: Final = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}


def kubelet_path(path: str) -> tuple[Key, str] | None:
    """Return whose log the path means: the pod and its container."""
    match path.strip("/").split("/"):
        case ["containerLogs", namespace, name, container]:
            return Key(namespace, name), container
    return None


def now() -> datetime:
    """Return the time as log lines bear it."""
    return datetime.now(UTC)


def _access_log(sent: Sent) -> Iterator[str]:
    """A few of the requests: all kinds there were, failures first."""
    seconds = 4.713 if "slow" in sent.pod.behaviour else 0.121
    failed = min(sent.failed, 1)
    for _ in range(failed):
        yield f'ERROR "POST /api/v1/tasks" 500 {seconds:.3f}s agent pool exhausted'
    for _ in range(min(sent.requests - sent.failed, _LINES_PER_ROUND - failed)):
        yield f'INFO "GET /api/v1/agents" 200 {seconds:.3f}s'


def _start(pod: Pod, container: str, status: Container) -> Iterator[str]:
    tag = pod.image.rpartition(":")[2]
    yield f"INFO starting {container} {tag}, restart {status.restarts}"
    if status.crashes or status.waiting:
        for word in tag.split("-"):
            yield from _LAST_WORDS.get(word, ())
    else:
        yield "INFO listening on 0.0.0.0:8000"
