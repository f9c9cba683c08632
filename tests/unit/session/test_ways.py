import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from amas_tui.kube.transport import Transport
from amas_tui.session import ways as module
from amas_tui.session.ways import Ways
from tests.unit.kube import loopback as http
from tests.unit.kube.loopback import Loopback, Request, access, loopback, ok, refusal, unused_port

INSIDE = "http://prometheus.monitoring.svc:9090/prom"
PROXY = "/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/prom/api/v1/query"
ONE = ok({"status": "success", "data": {"resultType": "vector", "result": []}})


@asynccontextmanager
async def api_server(
    answers: http.Answer | http.Answers, url: str = ""
) -> AsyncIterator[tuple[Ways, Loopback]]:
    """Have an API server that passes questions on, and the ways that lead through it."""
    async with loopback(answers) as server:
        transport = Transport(access(server.url))
        ways = Ways(transport, url)
        try:
            yield ways, server
        finally:
            await ways.aclose()
            await transport.aclose()


async def test_an_address_that_answers_is_asked_straight() -> None:
    async with loopback(ONE) as prometheus, api_server(ONE) as (ways, server):
        way = await ways.to(prometheus.url)
        assert way.words == f"127.0.0.1:{prometheus.port} (the templates' address)"
        assert server.requests == []


async def test_one_that_refuses_answers_too() -> None:
    async with loopback(http.html(401)) as prometheus, api_server(ONE) as (ways, _):
        way = await ways.to(prometheus.url)
        assert way.prometheus is not None


async def test_a_service_that_cannot_be_reached_is_asked_through_the_api_server() -> None:
    async with api_server(ONE) as (ways, server):
        way = await ways.to(INSIDE)
        assert way.words == "prometheus.monitoring:9090 through the API server"
        assert way.prometheus is not None
        await way.prometheus.query("up")
    assert {request.path for request in server.requests} == {PROXY}
    assert server.headers["authorization"].startswith("Bearer ")


async def test_the_url_that_is_given_wins() -> None:
    async with loopback(ONE) as prometheus, api_server(ONE, prometheus.url) as (ways, _):
        way = await ways.to(INSIDE)
        assert way.words.endswith("(as given)")


async def test_a_way_is_looked_for_once_and_anew_when_it_failed() -> None:
    async with api_server(ONE) as (ways, server):
        first = await ways.to(INSIDE)
        assert await ways.to(INSIDE) is first
        before = len(server.requests)
        ways.failed(INSIDE)
        assert await ways.to(INSIDE) is not first
        assert len(server.requests) == before + 1


async def test_no_way_is_tried_again_only_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_server(refusal(503, "no endpoints available for service")) as (ways, _):
        first = await ways.to(INSIDE)
        assert first.prometheus is None
        assert await ways.to(INSIDE) is first
        monkeypatch.setattr(module, "AGAIN_SECONDS", -1.0)
        assert await ways.to(INSIDE) is not first


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(
            refusal(403, 'services "prometheus:9090" is forbidden: no'),
            "(resourceNames prometheus and prometheus:9090)",
            id="not allowed",
        ),
        pytest.param(
            refusal(503, "no endpoints available for service"), "no endpoints", id="nobody there"
        ),
        pytest.param(refusal(404, "services not found"), "404", id="no such service"),
    ],
)
async def test_what_the_api_server_says_is_the_problem(answer: http.Answer, words: str) -> None:
    async with api_server(answer) as (ways, _):
        way = await ways.to(INSIDE)
    assert way.prometheus is None
    assert way.problem is not None
    assert words in way.problem.sentence


async def test_what_prometheus_says_through_the_api_server_is_its_own() -> None:
    def answer(request: Request) -> http.Answer:
        if request.query["query"] == "vector(1)":
            return ONE
        body = {"status": "error", "errorType": "bad_data", "error": "parse error"}
        return http.Answer(422, json.dumps(body).encode())

    async with api_server(answer) as (ways, _):
        way = await ways.to(INSIDE)
        assert way.prometheus is not None
        with pytest.raises(Exception, match="Prometheus: parse error"):
            await way.prometheus.query("rate(")


async def test_an_address_of_nobody_and_none_at_all_are_said() -> None:
    async with api_server(ONE) as (ways, server):
        gone = await ways.to(f"http://127.0.0.1:{await unused_port()}")
        none = await ways.to("")
        odd = await ways.to("ftp://x")
    assert gone.problem is not None
    assert "cannot reach Prometheus" in gone.problem.sentence
    assert none.problem is not None
    assert "names no address" in none.problem.sentence
    assert odd.problem is not None
    assert server.requests == []
