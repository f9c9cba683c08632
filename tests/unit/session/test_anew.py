from datetime import timedelta

import pytest

from amas_tui.prometheus.client import PrometheusClient
from amas_tui.session.anew import asked_anew, measured
from amas_tui.session.ways import Way
from amas_tui.store.slo import Anew, Gauge, Origin, Side
from tests.builders import NOW, Json
from tests.unit.kube import loopback as http
from tests.unit.kube.loopback import Request, loopback, ok

QUERY = "rate(x{hash='old'}[2m])"
SINCE = NOW


def vector(*values: str, at: float = 0.0) -> http.Answer:
    found: list[Json] = [{"metric": {}, "value": [at, value]} for value in values]
    return ok({"status": "success", "data": {"resultType": "vector", "result": found}})


async def asked(
    scraped: str, seconds: float, query: str = QUERY, before: Anew | None = None
) -> tuple[Anew | None, list[str]]:
    """Return what is measured so long after the traffic came back, and what was asked for it."""

    def answer(request: Request) -> http.Answer:
        counting = "count_over_time" in request.query["query"]
        values = [scraped] if counting else ["0.99"]
        return vector(*[one for one in values if one], at=NOW.timestamp() + seconds)

    async with loopback(answer) as server, PrometheusClient(server.url) as prometheus:
        key = (server.url, query)
        found = await measured(
            {key: before} if before else {},
            (key,),
            {server.url: Way(prometheus, "")},
            SINCE,
            NOW + timedelta(seconds=seconds),
        )
    return found.get(key), [request.query["query"] for request in server.requests]


async def test_nothing_is_asked_before_enough_scrapes_have_passed() -> None:
    anew, queries = await asked("24", 19)
    assert anew == Anew(SINCE.timestamp(), SINCE.timestamp() + 20)
    assert queries == ["max(count_over_time(x{hash='old'}[2m]))"]


async def test_then_the_range_reaches_back_to_when_the_traffic_came_back() -> None:
    known, _ = await asked("24", 19)
    anew, queries = await asked("24", 42.7, before=known)
    assert anew is not None
    assert [value for _, value in anew.series.points] == [0.99]
    assert queries == ["rate(x{hash='old'}[42s])"]


async def test_a_range_is_never_longer_than_the_gates_own() -> None:
    known, _ = await asked("24", 19)
    _, queries = await asked("24", 500, before=known)
    assert queries == [QUERY]


@pytest.mark.parametrize(
    ("scraped", "query"),
    [
        pytest.param("4", QUERY, id="scraped too rarely"),
        pytest.param("24", "increase(x[2m])", id="another question"),
        pytest.param("24", "x", id="no range"),
        pytest.param("3", "rate(x[10s])", id="short enough"),
    ],
)
async def test_what_cannot_be_measured_anew_is_left_to_its_whole_range(
    scraped: str, query: str
) -> None:
    anew, _ = await asked(scraped, 42, query)
    assert anew is not None
    assert not anew.is_possible
    again, queries = await asked(scraped, 44, query, before=anew)
    assert (again, queries) == (anew, [])


@pytest.mark.parametrize("scraped", ["", "0"])
async def test_what_has_no_samples_yet_is_tried_again(scraped: str) -> None:
    anew, queries = await asked(scraped, 42)
    assert (anew, len(queries)) == (None, 1)


async def test_four_scrapes_of_a_quarter_of_a_minute_are_soon_enough() -> None:
    anew, _ = await asked("8", 10)
    assert anew == Anew(SINCE.timestamp(), SINCE.timestamp() + 60)


async def test_an_answer_that_fails_keeps_what_was_measured() -> None:
    known, _ = await asked("24", 19)
    assert known is not None
    async with (
        loopback(lambda _: http.html(502)) as server,
        PrometheusClient(server.url) as prometheus,
    ):
        key = (server.url, QUERY)
        ways = {server.url: Way(prometheus, "")}
        later = NOW + timedelta(seconds=42)
        assert await measured({key: known}, (key,), ways, SINCE, later) == {key: known}
        assert await measured({}, (key,), ways, SINCE, later) == {}


async def test_a_server_that_does_not_know_the_question_is_not_asked_again() -> None:
    refused = {"status": "error", "errorType": "bad_data", "error": "unknown function"}
    async with loopback(ok(refused)) as server, PrometheusClient(server.url) as prometheus:
        key = (server.url, QUERY)
        ways = {server.url: Way(prometheus, "")}
        found = await measured({}, (key,), ways, SINCE, NOW)
        assert await measured(found, (key,), ways, SINCE, NOW) == found
    assert not found[key].is_possible
    assert len(server.requests) == 1


def test_only_gates_of_the_version_in_force_are_measured_anew() -> None:
    sides = ((Side.CANARY, "canary"), (Side.STABLE, "stable"))
    gauges = (
        Gauge("both", sides, address="p"),
        Gauge("all", ((Side.ALL, "all"),), address="p", origin=Origin.RUN),
        Gauge("preset", ((Side.STABLE, "preset"),), origin=Origin.PRESET),
        Gauge("open", ((Side.STABLE, "open"),), problem="an argument has no value"),
    )
    assert asked_anew(gauges) == (("p", "stable"), ("p", "all"))
