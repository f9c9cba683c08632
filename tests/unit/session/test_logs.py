import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from amas_tui.kube.transport import Transport
from amas_tui.session.logs import LogFollower, LogSource, log_sources, parse
from amas_tui.store.logs import LogBook, LogChoice, LogLine, Voice
from amas_tui.store.scene import Scene
from tests import builders as b
from tests.builders import NAME, NEW, NOW, OLD, Json, ago, meta
from tests.unit.kube.loopback import (
    Answer,
    Answers,
    Loopback,
    access,
    loopback,
    ok,
    refusal,
    stream,
)

CANARY, STABLE = f"{NAME}-{NEW}-a", f"{NAME}-{OLD}-b"


def updating() -> Scene:
    return b.scene(
        b.rollout(routed=True),
        b.replica_set(NEW),
        b.stable_set(),
        b.pod(CANARY),
        b.pod(STABLE, of=OLD, owner=f"checkout-{OLD}-uid"),
    )


def said(text: str, second: int = 21) -> str:
    return f"2026-03-04T14:07:{second}.123456789Z {text}"


class Reader:
    def __init__(self, transport: Transport, scene: Scene) -> None:
        self.books: asyncio.Queue[LogBook] = asyncio.Queue()
        self.follower = LogFollower(
            transport, lambda: scene, lambda _, book: self.books.put_nowait(book)
        )

    def follow(self, voice: Voice, *, previous: bool = False) -> None:
        self.follower.follow("checkout-uid", LogChoice(voice, previous))

    async def lines(self, count: int) -> tuple[LogLine, ...]:
        """Return the book's lines once there are so many."""
        async with asyncio.timeout(10):
            while len(lines := (await self.books.get()).lines) < count:
                pass
            return lines


@asynccontextmanager
async def reading(
    answers: Answers | Answer, scene: Scene | None = None
) -> AsyncIterator[tuple[Reader, Loopback]]:
    async with loopback(answers) as server:
        transport = Transport(access(server.url))
        reader = Reader(transport, scene or updating())
        task = asyncio.create_task(reader.follower.run())
        try:
            yield reader, server
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await transport.aclose()


async def eventually(holds: Callable[[], bool]) -> None:
    """Return once something holds that other tasks bring about."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)


def log(*lines: str) -> Answer:
    return Answer(chunks=[f"{line}\n".encode() for line in lines], end="silence", type="text/plain")


async def test_the_canary_s_pods_are_followed_from_their_last_lines() -> None:
    async with reading(log(said("one", 20), said("two"))) as (reader, server):
        reader.follow(Voice.CANARY)
        one, two = await reader.lines(2)
        (request,) = server.requests
    assert (one.text, two.text, one.role, one.pod) == ("one", "two", "canary", CANARY)
    assert request.path == f"/api/v1/namespaces/shop/pods/{CANARY}/log"
    assert request.query == {
        "container": "app",
        "timestamps": "true",
        "follow": "true",
        "tailLines": "200",
    }


async def test_both_versions_are_read_side_by_side_and_ordered_by_time() -> None:
    def answers(request: object) -> Answer:
        mine = STABLE in getattr(request, "path", "")
        return log(said("stable", 20) if mine else said("canary", 30))

    async with reading(answers) as (reader, _):
        reader.follow(Voice.BOTH)
        found = await reader.lines(2)
    assert [(line.role, line.text) for line in found] == [
        ("stable", "stable"),
        ("canary", "canary"),
    ]


async def test_a_container_that_does_not_run_yet_says_so_once() -> None:
    waiting = refusal(400, 'container "app" in pod "x" is waiting to start: ContainerCreating')
    async with reading(waiting) as (reader, server):
        reader.follow(Voice.CANARY)
        (line,) = await reader.lines(1)
        await eventually(lambda: len(server.requests) > 1)
        assert reader.books.empty()
    assert line.is_problem
    assert "waiting to start: ContainerCreating" in line.text


async def test_without_the_right_the_reason_stands_in_the_log_and_nothing_is_hammered() -> None:
    async with reading(refusal(403, "pods is forbidden")) as (reader, server):
        reader.follow(Voice.CANARY)
        (line,) = await reader.lines(1)
        assert len(server.requests) == 1
    assert line.is_problem
    assert "forbidden" in line.text


async def test_a_log_that_broke_goes_on_where_it_ended_without_saying_anything_twice() -> None:
    answers = [
        Answer(chunks=[f"{said('one', 20)}\n".encode()], type="text/plain"),
        log(said("one", 20), said("two")),
    ]
    async with reading(lambda _: answers.pop(0)) as (reader, server):
        reader.follow(Voice.CANARY)
        found = await reader.lines(2)
        second = server.requests[1].query
    assert [line.text for line in found] == ["one", "two"]
    assert second["sinceTime"] == "2026-03-04T14:07:20Z"
    assert "tailLines" not in second


async def test_the_previous_run_is_read_once() -> None:
    async with reading(stream(said("panic"), end="whole")) as (reader, server):
        reader.follow(Voice.CANARY, previous=True)
        (line,) = await reader.lines(1)
        query = server.requests[0].query
    assert line.text == "panic"
    assert query["previous"] == "true"
    assert "follow" not in query


async def test_of_ingress_nginx_only_this_rollout_s_upstreams_are_kept() -> None:
    router: Json = {
        "metadata": meta("ingress-nginx-1", namespace="ingress-nginx"),
        "spec": {"containers": [{"name": "controller"}]},
    }

    def answers(request: object) -> Answer:
        if getattr(request, "path", "").endswith("/log"):
            return log(
                said('"GET /" 502 [shop-checkout-canary-80] upstream'),
                said('"GET /" 200 [shop-payments-80]'),
                said('"GET /" 200 [shop-checkout-stable-80]'),
            )
        return ok({"metadata": {"resourceVersion": "9"}, "items": [router]})

    async with reading(answers) as (reader, server):
        reader.follow(Voice.ROUTER)
        found = await reader.lines(2)
        listed = server.requests[0]
    assert [("502" in line.text, line.role) for line in found] == [
        (True, "router"),
        (False, "router"),
    ]
    assert listed.path == "/api/v1/pods"
    assert "ingress-nginx" in listed.query["labelSelector"]


async def test_nobody_reads_once_the_panel_is_left() -> None:
    async with reading(log(said("one"))) as (reader, _):
        reader.follow(Voice.CANARY)
        await reader.lines(1)
        assert len(reader.follower.reading) == 1
        reader.follower.follow(None, LogChoice())
        await eventually(lambda: not reader.follower.reading)


def test_a_version_that_is_stable_and_wanted_at_once_speaks_as_stable() -> None:
    scene = b.scene(b.healthy(), b.replica_set(NEW), b.pod(CANARY))
    assert [source.role for source in log_sources(scene, LogChoice(Voice.CANARY))] == ["stable"]
    assert len(log_sources(scene, LogChoice(Voice.BOTH))) == 1


def test_an_init_container_that_keeps_the_pod_from_starting_is_read_too() -> None:
    failed = b.container("init", state=b.container_state(terminated="Error", exit_code=3))
    scene = b.scene(b.rollout(routed=True), b.replica_set(NEW), b.pod(CANARY, init=[failed]))
    containers = [source.container for source in log_sources(scene, LogChoice())]
    assert containers == ["init", "app"]


SOURCE = LogSource(b.key(), "app", "canary")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"2026-03-04T14:07:21.5Z hello", "hello"),
        (b"no stamp at all", "no stamp at all"),
        (b"2026-03-04T14:07:21Z \x1b[2Jcleared\x07", "\ufffd[2Jcleared\ufffd"),
        (b"2026-03-04T14:07:21Z \xff\xfe", "\ufffd\ufffd"),
        (b"2026-03-04T14:07:21Z ", ""),
    ],
)
def test_a_line_is_harmless_whatever_is_in_it(raw: bytes, text: str) -> None:
    assert parse(SOURCE, raw).text == text


def test_a_line_bears_the_time_of_its_writer() -> None:
    assert parse(SOURCE, b"2026-03-04T14:07:21.999999999+00:00 x").at > NOW
    assert parse(SOURCE, b"2026-03-04T14:06:21Z x").at == ago(minutes=1)
