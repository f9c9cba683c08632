"""What the pods' containers wrote."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from amas_tui.demo.clock import Clock
from amas_tui.demo.ports import LogLine
from amas_tui.demo.store import Json
from amas_tui.demo.traffic.flows import Sent, Traffic
from amas_tui.demo.traffic.world import Pod

LINES_KEPT: Final = 500
_LINES_PER_ROUND: Final = 3
_LAST_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "crash": (
        "Traceback (most recent call last):",
        '  File "/app/amas/__main__.py", line 41, in <module>',
        "    cache.connect(settings.redis_url)",
        "ConnectionError: cannot reach redis://amas-cache:6379: connection refused",
    ),
    "oom": ("INFO loading model weights (3.1 GiB)",),
    "initfail": ('ERROR migration 0042_agents failed: relation "agents" does not exist',),
}
"""How the log of a container that ends early ends, by the words of its image's tag."""

Hear = Callable[[LogLine], None]


class PodLogs:
    """The newest lines of each pod's first container; other containers say how they started."""

    def __init__(self, traffic: Traffic, clock: Clock) -> None:
        self._traffic = traffic
        self._clock = clock
        self._lines: defaultdict[str, deque[LogLine]] = defaultdict(
            lambda: deque(maxlen=LINES_KEPT)
        )
        self._hearers: defaultdict[str, list[Hear]] = defaultdict(list)
        traffic.listen(self._record)

    def lines(self, pod: Json, container: str, *, previous: bool) -> Sequence[LogLine]:
        """Return the lines there are, the oldest first; `previous` means before the restart."""
        status = _container_status(pod, container)
        began = _began(pod, status)
        ended = bool(previous or status.get("lastState", {}).get("terminated"))
        start = [LogLine(began, text) for text in _start(pod, container, status, ended=ended)]
        is_first = pod["spec"]["containers"][0]["name"] == container
        return start if previous or not is_first else [*start, *self._kept(pod)]

    def listen(self, pod: Json, container: str, hear: Hear) -> Callable[[], None]:
        """Call `hear` with each line from now on; return what ends it."""
        if pod["spec"]["containers"][0]["name"] != container:
            return lambda: None
        hearers = self._hearers[pod["metadata"]["uid"]]
        hearers.append(hear)
        return lambda: hearers.remove(hear) if hear in hearers else None

    def _kept(self, pod: Json) -> Sequence[LogLine]:
        return self._lines.get(pod["metadata"]["uid"], ())

    def _record(self, round_: Sequence[Sent]) -> None:
        alive = {pod.uid for pod in self._traffic.world.pods.values()}
        for kept in (self._lines, self._hearers):
            for uid in kept.keys() - alive:
                del kept[uid]
        for sent in round_:
            self._write(sent.pod, [LogLine(self._clock.now, text) for text in _access_log(sent)])

    def _write(self, pod: Pod, lines: Sequence[LogLine]) -> None:
        self._lines[pod.uid] += lines
        for hear in tuple(self._hearers.get(pod.uid, ())):
            for line in lines:
                hear(line)


def _access_log(sent: Sent) -> Iterator[str]:
    """A few of the requests: all kinds there were, failures first."""
    failed = min(sent.failed, 1)
    if failed:
        yield f'ERROR "POST /api/v1/tasks" 500 {sent.seconds:.3f}s agent pool exhausted'
    for number in range(min(sent.requests - sent.failed, _LINES_PER_ROUND - failed)):
        path = ("agents", "tasks", "agents/7")[number % 3]
        yield f'INFO "GET /api/v1/{path}" 200 {sent.seconds * (1 + number / 9):.3f}s'


def _start(pod: Json, container: str, status: Mapping[str, Any], *, ended: bool) -> Iterator[str]:
    tag = _image(pod, container).rpartition(":")[2]
    restarts = status.get("restartCount", 0)
    yield f"INFO starting {container} {tag}, restart {restarts}"
    if ended:
        for word in tag.split("-"):
            yield from _LAST_WORDS.get(word, ())
    elif container not in {each["name"] for each in pod["spec"].get("initContainers", ())}:
        yield "INFO listening on 0.0.0.0:8000"


def _image(pod: Json, container: str) -> str:
    spec = pod["spec"]
    both = (*spec["containers"], *spec.get("initContainers", ()))
    return next((each["image"] for each in both if each["name"] == container), "")


def _container_status(pod: Json, container: str) -> Mapping[str, Any]:
    status = pod.get("status", {})
    both = (*status.get("containerStatuses", ()), *status.get("initContainerStatuses", ()))
    return next((each for each in both if each["name"] == container), {})


def _began(pod: Json, status: Mapping[str, Any]) -> datetime:
    state = status.get("state", {})
    running = state.get("running") or state.get("terminated") or {}
    last = status.get("lastState", {}).get("terminated") or {}
    moment = running.get("startedAt") or last.get("startedAt")
    return datetime.fromisoformat(moment or pod["metadata"]["creationTimestamp"])
