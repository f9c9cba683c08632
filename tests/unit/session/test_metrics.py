import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from amas_tui.prometheus.client import Answer, Sampled
from amas_tui.session.metrics import WINDOW, MetricsFollower, MetricsOptions, points, window
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Side, Slo
from tests.builders import (
    NEW,
    NOW,
    OLD,
    Json,
    ago,
    condition,
    gate,
    metric,
    rollout,
    scene,
    template,
)
from tests.unit.kube import loopback as http
from tests.unit.kube.loopback import Loopback, Request, loopback, ok

QUERY = "rate(x{hash='{{args.hash}}'}[1m])"
LATEST = {"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}}


def test_the_points_are_those_of_the_first_series() -> None:
    both = Answer("vector", (Sampled({}, ((1.0, 0.5),)), Sampled({}, ((1.0, 0.9),))))
    assert points(both) == ((1.0, 0.5),)
    assert points(Answer("vector", ())) == ()


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        pytest.param(
            {"conditions": [condition("Completed", "False", since=ago(minutes=9))]},
            ago(minutes=10),
            id="the update and a minute before it",
        ),
        pytest.param(
            {"conditions": [condition("Completed", "False", since=ago(days=9))]},
            ago(hours=6),
            id="not for ever",
        ),
        pytest.param({}, NOW - WINDOW, id="the last while"),
    ],
)
def test_a_chart_looks_back_to_the_start_of_the_update(fields: Json, start: Any) -> None:
    assert window(scene(rollout(**fields)), NOW) == (start.timestamp(), NOW.timestamp())


def asked(address: str) -> Scene:
    return scene(
        rollout(steps=[gate("t", args=[LATEST])]),
        template("t", args=[{"name": "hash"}], metrics=[metric(query=QUERY, address=address)]),
    )


def prometheus(request: Request) -> http.Answer:
    """Answer a range with two points and a moment with one later; of the presets know nothing."""
    if request.query["query"].startswith("count by"):
        return ok({"status": "success", "data": {"resultType": "vector", "result": []}})
    value = "0.9" if NEW in request.query["query"] else "0.99"
    if request.path.endswith("query_range"):
        end = float(request.query["end"])
        series: Json = {"metric": {}, "values": [[end - 10, value], [end, value]]}
        return ok({"status": "success", "data": {"resultType": "matrix", "result": [series]}})
    series = {"metric": {}, "value": [2e9, value]}
    return ok({"status": "success", "data": {"resultType": "vector", "result": [series]}})


class Followed:
    """A follower at work and what it measured."""

    def __init__(self, here: Scene | None, **options: Any) -> None:
        self.here = here
        self.found: asyncio.Queue[tuple[str, Slo]] = asyncio.Queue()
        self.follower = MetricsFollower(
            MetricsOptions(**{"interval": 0.01, **options}),
            lambda: self.here,
            lambda uid, slo: self.found.put_nowait((uid, slo)),
        )

    async def slo(self) -> Slo:
        async with asyncio.timeout(5):
            return (await self.found.get())[1]


@asynccontextmanager
async def following(
    answers: http.Answer | http.Answers, **options: Any
) -> AsyncIterator[tuple[Followed, Loopback]]:
    async with loopback(answers) as server:
        followed = Followed(asked(server.url), **options)
        task = asyncio.create_task(followed.follower.run())
        try:
            yield followed, server
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_range_fills_the_window_and_a_value_at_a_time_follows() -> None:
    async with following(prometheus) as (followed, server):
        followed.follower.follow("checkout-uid")
        first, second = await followed.slo(), await followed.slo()
    (gauge,) = first.gauges
    assert [value for _, value in first.of(gauge, Side.CANARY).points] == [0.9, 0.9, 0.9]
    assert first.of(gauge, Side.CANARY).result == (0.9,)
    assert len(second.of(gauge, Side.CANARY).points) == 3
    assert second.of(gauge, Side.STABLE).newest == 0.99
    assert first.problem == ""
    assert first.at is not None
    assert first.source.endswith("(the templates' address)")
    own = [request for request in server.requests if "rate(x" in request.query["query"]]
    paths = [request.path.rsplit("/", 1)[1] for request in own]
    assert sorted(paths[:4]) == ["query", "query", "query_range", "query_range"]
    assert {request.query["query"] for request in own} == {
        f"rate(x{{hash='{NEW}'}}[1m])",
        f"rate(x{{hash='{OLD}'}}[1m])",
    }


async def test_an_address_that_is_given_wins_over_the_templates() -> None:
    async with loopback(prometheus) as server:
        followed = Followed(asked("http://nobody.invalid"), url=server.url)
        task = asyncio.create_task(followed.follower.run())
        followed.follower.follow("checkout-uid")
        slo = await followed.slo()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert slo.source.endswith("(as given)")
    assert slo.problem == ""


async def test_a_prometheus_that_refuses_is_named_and_what_is_there_stays() -> None:
    is_broken = False

    def answer(request: Request) -> http.Answer:
        return http.html(502) if is_broken else prometheus(request)

    async with following(answer) as (followed, _):
        followed.follower.follow("checkout-uid")
        good = await followed.slo()
        is_broken = True
        while not (bad := await followed.slo()).problem:
            good = bad
    assert good.problem == ""
    assert "answered 502" in bad.problem
    (gauge,) = good.gauges
    assert bad.of(gauge, Side.CANARY).points == good.of(gauge, Side.CANARY).points
    assert bad.at == good.at


async def test_a_given_server_that_knows_nothing_of_the_rollout_is_named() -> None:
    async with loopback(prometheus) as server:
        followed = Followed(scene(rollout()), url=server.url)
        task = asyncio.create_task(followed.follower.run())
        followed.follower.follow("checkout-uid")
        first, last = await followed.slo(), await followed.slo()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    where = server.url.removeprefix("http://")
    assert first.note == f"asking {where} …"
    assert last.note == f"{where} has no known metrics of this rollout"


async def test_a_server_that_is_away_is_named_although_no_gate_asks_it() -> None:
    async with loopback(prometheus) as server:
        url = server.url
    followed = Followed(scene(rollout()), url=url)
    task = asyncio.create_task(followed.follower.run())
    followed.follower.follow("checkout-uid")
    slo = await followed.slo()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert url.removeprefix("http://") in slo.note
    assert "asking" not in slo.note


async def test_a_template_without_an_address_says_how_to_give_one() -> None:
    followed = Followed(asked(""))
    task = asyncio.create_task(followed.follower.run())
    followed.follower.follow("checkout-uid")
    slo = await followed.slo()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert "names no address" in slo.problem
    assert "--prometheus-url" in slo.problem


async def test_another_rollout_starts_anew() -> None:
    async with following(prometheus) as (followed, _):
        followed.follower.follow("checkout-uid")
        await followed.slo()
        followed.here = None
        followed.follower.follow("other")
        followed.follower.follow("checkout-uid")
        assert followed.follower._slo == Slo()  # noqa: SLF001 - nothing of the old one is left
