import json
import math
import ssl
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.errors import MetricsError
from amas_tui.prometheus.client import Answer, PrometheusClient, Sampled, decode
from tests.unit.kube import loopback as http
from tests.unit.kube.loopback import Loopback, loopback, ok, unused_port
from tests.unit.strategies import json_values


def answer(kind: str = "vector", result: Any = (), **more: Any) -> http.Answer:
    return ok({"status": "success", "data": {"resultType": kind, "result": result}, **more})


def one(value: str, at: float = 7.0, **labels: str) -> dict[str, Any]:
    return {"metric": labels, "value": [at, value]}


async def ask(*answers: http.Answer, path: str = "", **how: Any) -> tuple[Answer, Loopback]:
    async with loopback(*answers) as server, PrometheusClient(server.url + path, **how) as client:
        return await client.query("up"), server


async def failure(*answers: http.Answer, **how: Any) -> MetricsError:
    with pytest.raises(MetricsError) as caught:
        await ask(*answers, **how)
    assert "\n" not in caught.value.sentence
    return caught.value


async def test_a_vector_is_read_series_by_series() -> None:
    found, server = await ask(answer(result=[one("0.98", hash="a"), one("0.5")]))
    assert found == Answer(
        "vector", (Sampled({"hash": "a"}, ((7.0, 0.98),)), Sampled({}, ((7.0, 0.5),)))
    )
    assert server.requests[0].path == "/api/v1/query"
    assert server.requests[0].query == {"query": "up"}


@pytest.mark.parametrize(
    ("text", "value"),
    [("+Inf", math.inf), ("-Inf", -math.inf), ("1e-3", 0.001), ("3", 3.0)],
)
async def test_values_are_numbers_of_every_kind(text: str, value: float) -> None:
    found, _ = await ask(answer(result=[one(text)]))
    assert found.series[0].points == ((7.0, value),)


async def test_nan_is_a_value() -> None:
    found, _ = await ask(answer(result=[one("NaN")]))
    assert math.isnan(found.series[0].points[0][1])


async def test_a_scalar_is_one_series_without_labels() -> None:
    found, _ = await ask(answer("scalar", [7.0, "0.5"]))
    assert found == Answer("scalar", (Sampled({}, ((7.0, 0.5),)),))


async def test_no_data_is_no_series() -> None:
    found, _ = await ask(answer(result=[]))
    assert found.series == ()


async def test_what_prometheus_remarks_is_kept_harmless() -> None:
    found, _ = await ask(answer(result=[], warnings=["slow\x1b[2J", 7]))
    assert found.warnings == ("slow\N{REPLACEMENT CHARACTER}[2J", "7")


async def test_a_moment_and_a_range_can_be_asked_for() -> None:
    matrix = answer("matrix", [{"metric": {}, "values": [[1, "2"], [3, "NaN"]]}])
    async with loopback(matrix) as server, PrometheusClient(f"{server.url}/prom/") as client:
        await client.query("up", at=12.5)
        found = await client.query_range("up", 0.0, 60.0, 5.0)
    moment, span = server.requests
    assert moment.query == {"query": "up", "time": "12.500"}
    assert span.path == "/prom/api/v1/query_range"
    assert span.query == {"query": "up", "start": "0.000", "end": "60.000", "step": "5.000"}
    assert found.series[0].points[0] == (1.0, 2.0)


@pytest.mark.parametrize(
    ("end", "step", "sent"), [(60.0, 0.0, "0.006"), (1e6, 1.0, "100.000"), (0.0, 0.0, "0.001")]
)
async def test_a_range_never_has_more_points_than_prometheus_gives(
    end: float, step: float, sent: str
) -> None:
    async with loopback(answer("matrix")) as server, PrometheusClient(server.url) as client:
        await client.query_range("up", 0.0, end, step)
    assert server.requests[0].query["step"] == sent


@pytest.mark.parametrize(
    ("response", "kind", "text"),
    [
        pytest.param(
            http.Answer(
                400,
                json.dumps(
                    {"status": "error", "errorType": "bad_data", "error": "parse\nerror"}
                ).encode(),
            ),
            "bad_query",
            "Prometheus: parse error",
            id="bad query",
        ),
        pytest.param(
            http.Answer(
                503,
                json.dumps(
                    {"status": "error", "errorType": "timeout", "error": "query timed out"}
                ).encode(),
            ),
            "failed",
            "Prometheus: query timed out",
            id="slow query",
        ),
        pytest.param(ok({"status": "error"}), "failed", "Prometheus: error", id="no words"),
        pytest.param(
            http.Answer(401, b"who?", "text/plain"), "unauthorized", "refuses us: 401", id="401"
        ),
        pytest.param(http.Answer(403, b"no"), "unauthorized", "refuses us: 403", id="403"),
        pytest.param(
            http.html(200), "failed", "answered 200, but not as Prometheus does", id="page"
        ),
        pytest.param(
            http.html(302, Location="http://login.example"),
            "failed",
            "answered 302, but not as Prometheus does",
            id="login",
        ),
        pytest.param(
            http.html(502), "failed", "answered 502, but not as Prometheus does", id="502"
        ),
        pytest.param(ok([]), "failed", "not as Prometheus does", id="list"),
        pytest.param(ok({"a": 1}), "failed", "not as Prometheus does", id="another object"),
        pytest.param(
            http.Answer(200, b"[" * 100_000), "failed", "not as Prometheus does", id="deep"
        ),
        pytest.param(answer("string", [7, "x"]), "failed", "cannot be read", id="string"),
        pytest.param(answer("matrix", [one("1")]), "failed", "cannot be read", id="wrong shape"),
        pytest.param(answer(result=["abc"]), "failed", "cannot be read", id="words"),
        pytest.param(
            answer(result=[{"metric": 5, "value": [1, "2"]}]),
            "failed",
            "cannot be read",
            id="odd labels",
        ),
        pytest.param(answer(result=[one("many")]), "failed", "cannot be read", id="no number"),
        pytest.param(
            answer(result=[{"metric": {}, "value": [10**400, "1"]}]),
            "failed",
            "cannot be read",
            id="no time",
        ),
        pytest.param(answer(warnings=5), "failed", "cannot be read", id="odd warnings"),
        pytest.param(ok({"status": "success"}), "failed", "cannot be read", id="no data"),
        pytest.param(
            http.Answer(body=b"{}", end="cut"),
            "unreachable",
            "cannot reach Prometheus",
            id="cut off",
        ),
        pytest.param(
            http.Answer(body=b"{}", end="reset"),
            "unreachable",
            "cannot reach Prometheus",
            id="reset",
        ),
        pytest.param(
            http.Answer(body=b"{}", end="silence"),
            "timeout",
            "did not answer in time",
            id="silence",
        ),
    ],
)
async def test_every_failure_is_named(response: http.Answer, kind: str, text: str) -> None:
    error = await failure(response, seconds=0.1)
    assert error.kind == kind
    assert text in error.text


async def test_nobody_listening_is_named_with_host_and_port() -> None:
    port = await unused_port()
    async with PrometheusClient(f"http://user:s3cret@127.0.0.1:{port}") as client:
        with pytest.raises(MetricsError) as caught:
            await client.query("up")
    assert caught.value.text == f"cannot reach Prometheus at 127.0.0.1:{port}: Connection refused"
    assert "--prometheus-url" in caught.value.hint


@pytest.mark.parametrize(
    "address",
    [
        "",
        "prometheus:9090",
        "ftp://x",
        "http://",
        "http://[::1",
        "http://x\n",
        "http://x:99999",
        "http://" + "x" * 70_000,
        "u:s3cret@x:9090",
        "{{args.address}}",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(MetricsError) as caught:
        PrometheusClient(address)
    assert caught.value.kind == "unreachable"
    assert "s3cret" not in caught.value.sentence
    assert len(caught.value.text) < 2_100


async def test_tls_is_verified_with_the_context_given() -> None:
    tls = ssl.create_default_context()
    async with PrometheusClient("https://127.0.0.1:1", tls=tls) as client:
        assert client.address == "https://127.0.0.1:1"


@given(json_values, st.sampled_from([200, 400, 503]))
def test_no_answer_raises_anything_but_a_metrics_error(value: Any, status: int) -> None:
    bodies = [
        value,
        {"status": value},
        {"status": "success", "data": value, "warnings": value},
        *(
            {"status": "success", "data": {"resultType": kind, "result": result}}
            for kind in ("vector", "matrix", "scalar", value)
            for result in (value, [value], [{"metric": value, "value": value, "values": value}])
        ),
    ]
    for body in bodies:
        try:
            decode(json.dumps(body).encode(), status, "here")
        except MetricsError:
            continue


@given(st.binary(max_size=40))
def test_no_bytes_raise_anything_but_a_metrics_error(content: bytes) -> None:
    with pytest.raises(MetricsError):
        decode(content, 200, "here")
