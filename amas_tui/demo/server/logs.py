"""A pod's log: checked as the API server and the kubelet do, then as it was written."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from amas_tui.demo.ports import LogLine, Logs
from amas_tui.demo.server.requests import flag, number
from amas_tui.demo.server.status import Cause, bad_request, invalid
from amas_tui.demo.store import Change, Json, Store

_BACKLOG: Final = 10_000
_WAITING: Final = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
    "InvalidImageName": "image name is not valid",
}


class Options(NamedTuple):
    """Which lines are asked for, and how."""

    container: str
    follow: bool
    previous: bool
    timestamps: bool
    tail: int | None
    since: datetime | None
    limit: int | None

    @classmethod
    def read(cls, query: Mapping[str, str], pod: str, now: datetime) -> "Options":
        """Return the options of a request.

        Raises:
            StatusError: One is no number (400) or makes no sense (422).
        """
        tail, seconds = number(query, "tailLines"), number(query, "sinceSeconds")
        limit = number(query, "limitBytes")
        wrong = []
        if tail is not None and tail < 0:
            wrong.append(_wrong(tail, "must be greater than or equal to 0", "tailLines"))
        if seconds is not None and seconds < 1:
            wrong.append(_wrong(seconds, "must be greater than 0", "sinceSeconds"))
        if limit is not None and limit < 1:
            wrong.append(_wrong(limit, "must be greater than 0", "limitBytes"))
        if wrong:
            raise invalid("", "PodLogOptions", pod, wrong)
        since = None if seconds is None else now - timedelta(seconds=seconds)
        if text := query.get("sinceTime"):
            since = datetime.fromisoformat(text)
        return cls(
            container=query.get("container", ""),
            follow=flag(query, "follow"),
            previous=flag(query, "previous"),
            timestamps=flag(query, "timestamps"),
            tail=tail,
            since=since,
            limit=limit,
        )

    def chosen(self, lines: Sequence[LogLine]) -> Sequence[LogLine]:
        """Return the lines that are asked for."""
        kept = [line for line in lines if self.since is None or line.at >= self.since]
        return kept if self.tail is None else kept[len(kept) - min(self.tail, len(kept)) :]

    def text(self, lines: Sequence[LogLine]) -> bytes:
        """Return lines as they are sent."""
        stamp = "{0:%Y-%m-%dT%H:%M:%S.%f}000Z {1}\n" if self.timestamps else "{1}\n"
        return "".join(stamp.format(line.at, line.text) for line in lines).encode()


def _wrong(value: int, rule: str, field: str) -> Cause:
    return Cause("FieldValueInvalid", f"Invalid value: {value}: {rule}", field)


class PodLog:
    """One request for a log."""

    def __init__(self, store: Store, logs: Logs, pod: Json, options: Options) -> None:
        """Check that there is such a log.

        Raises:
            StatusError: There is no such container, or it has not written anything (400).
        """
        self._store = store
        self._logs = logs
        self._pod = pod
        self._options = options
        self._container = _container(pod, options.container)
        _check_state(pod, self._container, options)

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Yield the log, then what is added if that is asked for, until the pod is gone."""
        options = self._options
        lines = self._logs.lines(self._pod, self._container, previous=options.previous)
        text = options.text(options.chosen(lines))
        left = options.limit
        yield text if left is None else text[:left]
        if options.follow and not options.previous and left is None:
            async for more in self._following():
                yield more

    async def _following(self) -> AsyncGenerator[bytes]:
        news: deque[LogLine] = deque(maxlen=_BACKLOG)
        woken = asyncio.Event()
        is_gone = False

        def hear(line: LogLine) -> None:
            news.append(line)
            woken.set()

        def notice(change: Change) -> None:
            nonlocal is_gone
            if change.type == "DELETED" and change.object["metadata"]["uid"] == uid:
                is_gone = True
                woken.set()

        uid = self._pod["metadata"]["uid"]
        stops = (
            self._logs.listen(self._pod, self._container, hear),
            self._store.listen(notice),
        )
        try:
            while not is_gone:
                await woken.wait()
                woken.clear()
                together = self._options.text(news)
                news.clear()
                if together:
                    yield together
        finally:
            for stop in stops:
                stop()


def _container(pod: Json, name: str) -> str:
    spec, pod_name = pod["spec"], pod["metadata"]["name"]
    names = [one["name"] for one in spec.get("containers", ())]
    first = [one["name"] for one in spec.get("initContainers", ())]
    if name in (*names, *first):
        return name
    if name:
        raise bad_request(f"container {name} is not valid for pod {pod_name}")
    if len(names) == 1:
        return str(names[0])
    choice = f"[{' '.join(names)}]" + (
        f" or one of the init containers: [{' '.join(first)}]" if first else ""
    )
    raise bad_request(
        f"a container name must be specified for pod {pod_name}, choose one of: {choice}"
    )


def _check_state(pod: Json, container: str, options: Options) -> None:
    name, status = pod["metadata"]["name"], pod.get("status", {})
    states = (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()))
    found = next((one for one in states if one["name"] == container), None)
    if found is None:
        raise bad_request(f'container "{container}" in pod "{name}" is not available')
    if options.previous and not found.get("restartCount"):
        raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
    waiting = found.get("state", {}).get("waiting", {}).get("reason", "")
    if waiting and not found.get("restartCount") and not options.previous:
        raise bad_request(
            f'container "{container}" in pod "{name}" is waiting to start:'
            f" {_WAITING.get(waiting, waiting)}"
        )
