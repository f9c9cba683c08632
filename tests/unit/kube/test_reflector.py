import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.domain.watch import Applied, Bookmark, Deleted, Listed, Lost, Undecodable, Update
from amas_tui.domain.workload import Pod
from amas_tui.errors import (
    AmasError,
    ApiError,
    DecodeError,
    ForbiddenError,
    GoneError,
    NotFoundError,
    ThrottledError,
    UnauthorizedError,
    UnreachableError,
)
from amas_tui.kube.reflector import Backoff, Source, reflect
from amas_tui.kube.resources import RESOURCES
from amas_tui.kube.transport import Transport
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.snapshot import Fact, Health, Snapshot
from tests.builders import NOW, pod
from tests.unit.kube.loopback import Answer, Request, access, html, loopback, ok, refusal, stream
from tests.unit.kube.test_decode import event, raw_pod

GONE = GoneError("cannot watch pods: 410 too old", status=410)
DOWN = UnreachableError("cannot watch pods: fell silent")
LISTED: Listed[Pod] = Listed((pod("a"),), "100")


class Clock:
    """A clock that only sleeping and the script move."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class OverError(Exception):
    """The script is at its end."""


class Script(Source[Pod]):
    """Plays lists and watches, and notes what it was asked.

    A watch is a sequence of events, of seconds that pass, and of errors.
    """

    def __init__(
        self, clock: Clock, lists: Sequence[Any], watches: Sequence[Sequence[Any]]
    ) -> None:
        super().__init__(Transport(access("http://unused")), RESOURCES[Kind.PODS])
        self.clock = clock
        self.lists = [*lists, OverError()]
        self.watches = [*watches, [OverError()]]
        self.asked: list[str] = []

    async def list(self) -> Listed[Pod]:
        self.asked.append("list")
        step = self.lists.pop(0)
        if isinstance(step, Exception):
            raise step
        listed: Listed[Pod] = step
        return listed

    async def watch(self, version: str, seconds: int) -> AsyncGenerator[Any, None]:
        assert 240 <= seconds <= 480
        self.asked.append(version)
        for step in self.watches.pop(0):
            if isinstance(step, Exception):
                raise step
            if isinstance(step, int):
                self.clock.now += step
            else:
                yield step


Told = list[Update[Pod]]


async def play(
    lists: Sequence[Any], watches: Sequence[Sequence[Any]]
) -> tuple[Told, Script, Clock]:
    """Reflect a script to its end; return what was told, asked and slept."""
    clock = Clock()
    source = Script(clock, lists, watches)
    told: Told = []

    async def collect() -> None:
        updates = reflect(
            source,
            sleep=clock.sleep,
            clock=lambda: clock.now,
            rng=random.Random(7),  # noqa: S311
            now=lambda: NOW,
        )
        async with aclosing(updates):
            async for update in updates:
                told.append(update)

    with pytest.raises(OverError):
        await collect()
    return told, source, clock


def applied(version: int, name: str = "a") -> Applied[Pod]:
    return Applied(pod(name, version=version))


async def test_a_list_comes_first_and_the_watch_goes_on_from_its_version() -> None:
    told, source, _ = await play([LISTED], [[Bookmark("100"), applied(105)]])
    assert [type(update) for update in told] == [Listed, Bookmark, Applied]
    assert source.asked[:2] == ["list", "100"]


async def test_a_clean_end_goes_on_at_once_from_the_last_version() -> None:
    _, source, clock = await play(
        [LISTED], [[Bookmark("100"), 300, applied(105)], [Bookmark("105"), 300]]
    )
    assert source.asked == ["list", "100", "105", "105"]
    assert clock.slept == []


@pytest.mark.parametrize(
    ("last", "version"),
    [
        pytest.param(applied(105), "105", id="change"),
        pytest.param(Deleted(pod(version=106)), "106", id="deletion"),
        pytest.param(Bookmark("107"), "107", id="bookmark"),
        pytest.param(Undecodable("x"), "104", id="unreadable"),
        pytest.param(Bookmark(""), "104", id="empty bookmark"),
    ],
)
async def test_every_word_of_the_server_moves_the_version_on(last: Any, version: str) -> None:
    _, source, _ = await play([LISTED], [[applied(104), 300, last], [300]])
    assert source.asked[2] == version


async def test_an_event_that_cannot_be_read_is_told_and_the_watch_goes_on() -> None:
    told, _, _ = await play([LISTED], [[Undecodable("x"), applied(105), 300]])
    assert [type(update) for update in told] == [Listed, Undecodable, Applied]


async def test_an_expired_version_lists_again_without_calling_it_a_loss() -> None:
    told, source, clock = await play([LISTED, LISTED], [[applied(105), 300, GONE], [300]])
    assert source.asked[:4] == ["list", "100", "list", "100"]
    assert [type(update) for update in told] == [Listed, Applied, Listed]
    assert clock.slept == []


async def test_a_history_that_is_always_gone_is_not_listed_in_a_tight_loop() -> None:
    _, _, clock = await play([LISTED] * 8, [[GONE]] * 8)
    assert len(clock.slept) >= 7
    assert sum(clock.slept) > 20


async def test_a_list_that_is_gone_is_a_loss() -> None:
    told, source, clock = await play([GONE], [])
    assert [type(update) for update in told] == [Lost]
    assert source.asked == ["list", "list"]
    assert clock.slept


async def test_watches_that_end_at_once_are_opened_ever_more_seldom() -> None:
    _, _, clock = await play([LISTED], [[Bookmark("100")]] * 12)
    assert len(clock.slept) == 12
    assert clock.slept[0] <= 0.5
    assert all(seconds >= 15 for seconds in clock.slept[8:])


async def test_watches_that_bring_news_and_end_at_once_are_slowed_a_little() -> None:
    news = [Bookmark("100"), applied(105)]
    _, _, clock = await play([LISTED], [news] * 12)
    assert len(clock.slept) == 12
    assert all(0.25 <= seconds <= 0.5 for seconds in clock.slept)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(DOWN, id="unreachable"),
        pytest.param(ApiError("500", status=500), id="500"),
        pytest.param(DecodeError("no event"), id="unreadable"),
        pytest.param(ForbiddenError("403", status=403), id="403"),
    ],
)
async def test_a_loss_is_told_with_its_error_and_the_time_of_the_next_try(error: AmasError) -> None:
    told, _, clock = await play([LISTED, LISTED], [[applied(105), error], [300]])
    lost = told[2]
    assert isinstance(lost, Lost)
    assert lost.error is error
    assert lost.retry_at == NOW + timedelta(seconds=clock.slept[0])


@pytest.mark.parametrize(
    ("error", "again"),
    [
        pytest.param(UnauthorizedError("401", status=401), "105", id="401"),
        pytest.param(ForbiddenError("403", status=403), "105", id="403"),
        pytest.param(ThrottledError("429", status=429), "105", id="429"),
        pytest.param(ThrottledError("503", status=503), "105", id="503"),
        pytest.param(DOWN, "105", id="unreachable"),
        pytest.param(ApiError("500", status=500), "list", id="500"),
        pytest.param(NotFoundError("404", status=404), "list", id="404"),
        pytest.param(DecodeError("no event"), "list", id="unreadable"),
    ],
)
async def test_only_a_version_in_doubt_is_given_up(error: AmasError, again: str) -> None:
    _, source, _ = await play([LISTED, LISTED], [[applied(105), error], [300]])
    assert source.asked[2] == again


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [(7.0, 7.0, 7.0), (0.1, 0.25, 0.5), (10_000.0, 300.0, 300.0), (None, 0.25, 0.5)],
)
async def test_the_server_may_ask_for_patience(
    asked: float | None, least: float, most: float
) -> None:
    error = ThrottledError("slow down", status=429, retry_after=asked)
    _, _, clock = await play([error, LISTED], [[300]])
    assert least <= clock.slept[0] <= most


async def test_delays_grow_while_it_stays_broken_and_start_over_after_a_good_watch() -> None:
    good = [Bookmark("100"), 60, DOWN]
    _, _, clock = await play([*[DOWN] * 6, LISTED], [[DOWN], good, [DOWN]])
    before, after = clock.slept[:7], clock.slept[7:]
    assert before[-1] > 8, "a list alone does not start the delays over"
    assert after[0] <= 0.5
    assert after[1] <= 1.0


async def test_a_server_that_lists_but_cannot_watch_is_not_hammered() -> None:
    told, source, clock = await play([LISTED] * 10, [[ApiError("500", status=500)]] * 10)
    assert source.asked.count("list") == 11
    assert clock.slept[-1] >= 15
    assert isinstance(told[-1], Lost)


async def test_the_picture_stays_while_the_stream_is_lost() -> None:
    told, _, _ = await play([LISTED], [[applied(105, "b"), DOWN]])
    stream_id = StreamId(Kind.PODS)
    found = Snapshot().after([Fact(stream_id, update, NOW) for update in told])
    assert sorted(found.pods) == ["a-uid", "b-uid"]
    assert found.streams[stream_id].health is Health.LOST
    assert found.streams[stream_id].error is DOWN


@given(st.integers(), st.integers(1, 60))
def test_delays_are_bounded_and_grow(seed: int, count: int) -> None:
    backoff = Backoff(random.Random(seed))  # noqa: S311
    delays = [backoff.delay() for _ in range(count)]
    for number, delay in enumerate(delays):
        ceiling = min(30.0, 0.5 * 2**number)
        assert ceiling / 2 <= delay <= ceiling
    backoff.reset()
    assert backoff.delay() <= 0.5


@asynccontextmanager
async def source(url: str, **how: Any) -> AsyncIterator[Source[Pod]]:
    transport = Transport(access(url))
    try:
        yield Source(transport, RESOURCES[Kind.PODS], **how)
    finally:
        await transport.aclose()


async def test_a_list_is_read_page_by_page() -> None:
    following = {"": "one", "one": "two"}

    def answer(request: Request) -> Answer:
        page = request.query.get("continue", "")
        meta = {"resourceVersion": f"9{page}"}
        if page in following:
            meta["continue"] = following[page]
        return ok({"metadata": meta, "items": [raw_pod(f"pod-{page}"), {}]})

    selectors = {"labelSelector": "app=x"}
    async with (
        loopback(answer) as server,
        source(server.url, namespace="shop", page_size=2, selectors=selectors) as own,
    ):
        listed = await own.list()
    assert [item.metadata.name for item in listed.objects] == ["pod-", "pod-one", "pod-two"]
    assert (listed.resource_version, listed.undecodable) == ("9two", 3)
    first, *_, last = server.requests
    assert first.path == "/api/v1/namespaces/shop/pods"
    assert first.query == {"labelSelector": "app=x", "limit": "2"}
    assert last.query == {"labelSelector": "app=x", "limit": "2", "continue": "two"}


async def test_a_version_that_expires_between_pages_starts_over_once() -> None:
    page = {"metadata": {"resourceVersion": "9", "continue": "1"}, "items": [raw_pod("a")]}
    whole = {"metadata": {"resourceVersion": "9"}, "items": [raw_pod("b")]}
    async with loopback(ok(page), refusal(410), ok(whole)) as server, source(server.url) as own:
        listed = await own.list()
    assert [item.metadata.name for item in listed.objects] == ["b"]
    async with loopback(refusal(410)) as server, source(server.url) as own:
        with pytest.raises(GoneError):
            await own.list()
    assert len(server.requests) == 2


async def watched(answer: Answer) -> tuple[list[Any], Request, Exception | None]:
    """Return what a watch of one answer told, what it asked, and how it broke."""
    told: list[Any] = []
    broke: Exception | None = None
    async with (
        loopback(answer) as server,
        source(server.url, namespace="shop", selectors={"fieldSelector": "x=y"}) as own,
    ):
        try:
            async with aclosing(own.watch("100", 250)) as events:
                async for one in events:
                    told.append(one)  # noqa: PERF401 - what was told before the end counts
        except AmasError as error:
            broke = error
    return told, server.requests[0], broke


async def test_a_watch_asks_for_bookmarks_and_says_when_it_is_accepted() -> None:
    told, request, broke = await watched(stream(event("ADDED", raw_pod())))
    assert request.query == {
        "fieldSelector": "x=y",
        "watch": "true",
        "resourceVersion": "100",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "250",
    }
    assert told[0] == Bookmark("100")
    assert isinstance(told[1], Applied)
    assert broke is None


async def test_a_watch_survives_odd_lines_of_any_size() -> None:
    long = raw_pod("long", status={"message": "x" * 3_000_000})
    told, _, broke = await watched(
        stream(
            event("ADDED", {"metadata": {"name": "odd"}}),
            b"",
            event("MODIFIED", long),
            event("BOOKMARK", {"metadata": {"resourceVersion": "200"}}),
        )
    )
    assert [type(one) for one in told] == [Bookmark, Undecodable, Applied, Bookmark]
    assert broke is None


@pytest.mark.parametrize(
    ("answer", "error", "events"),
    [
        pytest.param(html(502), UnreachableError, 0, id="502 page"),
        pytest.param(html(200), UnreachableError, 0, id="login page"),
        pytest.param(refusal(403, "no"), ForbiddenError, 0, id="403"),
        pytest.param(refusal(410), GoneError, 0, id="410"),
        pytest.param(stream(event("ERROR", {"code": 410})), GoneError, 1, id="410 in the stream"),
        pytest.param(stream(b"<html>"), DecodeError, 1, id="page in the stream"),
        pytest.param(stream(event("ADDED", raw_pod()), end="cut"), UnreachableError, 2, id="cut"),
        pytest.param(
            stream(event("ADDED", raw_pod()), end="reset"), UnreachableError, 2, id="reset"
        ),
    ],
)
async def test_a_watch_that_breaks_says_how(
    answer: Answer, error: type[AmasError], events: int
) -> None:
    told, _, broke = await watched(answer)
    assert type(broke) is error
    assert len(told) == events


async def test_half_a_line_at_the_end_is_no_event() -> None:
    half = Answer(chunks=[event("ADDED", raw_pod()) + b"\n", b'{"type":"ADDED","obj'])
    told, _, broke = await watched(half)
    assert [type(one) for one in told] == [Bookmark, Applied]
    assert broke is None
