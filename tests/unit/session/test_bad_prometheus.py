"""A Prometheus in every bad mood: the chart has gaps and words, and nobody waits for it."""

import asyncio
import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from amas_tui.store.slo import Gauge, Side, Slo
from amas_tui.viewmodel.slo_panel import slo_charts, slo_lines, source_line
from amas_tui.viewmodel.text import plain
from tests.builders import NEW, NOW
from tests.unit.kube import loopback as http
from tests.unit.kube.loopback import Request, ok
from tests.unit.session.test_metrics import following, prometheus

TIMES = (10.0, 15.0, 20.0, 25.0, 30.0)


def matrix(values: list[tuple[float, str]], **labels: str) -> http.Answer:
    series = {"metric": labels, "values": [list(pair) for pair in values]}
    return ok({"status": "success", "data": {"resultType": "matrix", "result": [series]}})


def vector(*values: str) -> http.Answer:
    series = [{"metric": {"n": str(n)}, "value": [40.0, one]} for n, one in enumerate(values)]
    return ok({"status": "success", "data": {"resultType": "vector", "result": series}})


def sick(past: list[tuple[float, str]], *now: str) -> Callable[[Request], http.Answer]:
    """Return a Prometheus whose canary series has had these values and has these now."""

    def answer(request: Request) -> http.Answer:
        if NEW not in request.query["query"]:
            return prometheus(request)
        return matrix(past) if request.path.endswith("query_range") else vector(*now)

    return answer


async def first(answers: http.Answer | http.Answers) -> tuple[Slo, Gauge]:
    """Return what is found of both versions, once each was asked."""
    async with following(answers) as (followed, _):
        followed.follower.follow("checkout-uid")
        while True:
            slo = await followed.slo()
            (gauge,) = slo.gauges
            series = [slo.of(gauge, side) for side in (Side.CANARY, Side.STABLE)]
            if all(one.result is not None or one.problem for one in series):
                return slo, gauge


def curves_of(slo: Slo, here: Any) -> list[list[float]]:
    (chart,) = slo_charts(here, slo, NOW, 5)
    assert all(map(math.isfinite, chart.y))
    return [
        [value for _, value in curve.points] for curve in chart.curves if curve.tone == "canary"
    ]


@pytest.mark.parametrize(
    ("values", "now", "drawn", "words"),
    [
        pytest.param(
            ["0.9", "NaN", "NaN", "0.8", "0.7"],
            ["NaN"],
            [[0.9], [0.8, 0.7]],
            "canary no traffic",
            id="NaN is a gap",
        ),
        pytest.param(
            ["0.9", "+Inf", "-Inf", "0.8", "0.7"],
            ["+Inf"],
            [[0.9], [0.8, 0.7]],
            "canary +Inf",
            id="infinity is a gap",
        ),
        pytest.param(["0.9"], [], [[0.9]], "canary no data", id="nothing any more"),
        pytest.param(
            ["0.9", "0.8"], ["0.5", "0.99"], [[0.9, 0.8, 0.5]], "canary 0.5 ✖", id="two series"
        ),
    ],
)
async def test_odd_values_are_gaps_and_words(
    values: list[str], now: list[str], drawn: list[list[float]], words: str
) -> None:
    past = [(at + 8, one) for at, one in zip(TIMES, values, strict=False)]
    slo, _ = await first(sick(past, *now))
    async with following(prometheus) as (followed, _server):
        here = followed.here
    assert curves_of(slo, here) == drawn
    assert words in plain(slo_lines(slo)[0])


async def test_a_silence_is_a_gap() -> None:
    past = [(at, "0.9") for at in (10.0, 11.0, 12.0, 30.0, 31.0)]
    slo, _ = await first(sick(past, "0.9"))
    async with following(prometheus) as (followed, _server):
        here = followed.here
    assert [len(part) for part in curves_of(slo, here)] == [3, 2, 1]


def refused(status: int, error: str = "") -> http.Answer:
    body = {"status": "error", "errorType": "execution", "error": error}
    return http.Answer(status, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(refused(401), "refuses us: 401", id="401"),
        pytest.param(
            refused(422, "found duplicate series"), "Prometheus: found duplicate series", id="422"
        ),
        pytest.param(
            refused(400, "exceeded maximum resolution of 11,000 points per timeseries"),
            "exceeded maximum resolution",
            id="too many points",
        ),
        pytest.param(refused(503, "query timed out"), "query timed out", id="too slow for itself"),
        pytest.param(http.Answer(200, b"<html>"), "not as Prometheus does", id="no Prometheus"),
    ],
)
async def test_a_refusal_is_said_and_nothing_is_drawn(answer: http.Answer, words: str) -> None:
    slo, gauge = await first(answer)
    assert words in slo.problem
    assert words in plain(slo_lines(slo)[-1])
    assert slo.of(gauge, Side.CANARY).points == ()
    assert "no answer yet" in plain(source_line(slo, NOW))


async def test_what_answers_is_shown_while_the_rest_is_slow_and_the_loop_goes_on() -> None:
    def answer(request: Request) -> http.Answer:
        is_slow = NEW in request.query["query"]
        return http.Answer(end="silence") if is_slow else prometheus(request)

    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with following(answer) as (followed, _):
        counting = asyncio.create_task(count())
        followed.follower.follow("checkout-uid")
        slo = await followed.slo()
        counting.cancel()
        (gauge,) = slo.gauges
        assert slo.of(gauge, Side.STABLE).newest == 0.99
        assert slo.of(gauge, Side.CANARY).result is None
        # Half a second was waited for the slow one: the loop turned all the while.
        assert turns > 100


async def test_labels_that_come_with_the_canary_begin_its_curve_then() -> None:
    has_canary = False

    def answer(request: Request) -> http.Answer:
        if NEW not in request.query["query"]:
            return prometheus(request)
        if not has_canary:
            kind = "matrix" if request.path.endswith("query_range") else "vector"
            return ok({"status": "success", "data": {"resultType": kind, "result": []}})
        return vector("0.7")

    async with following(answer) as (followed, _):
        followed.follower.follow("checkout-uid")
        slo = await followed.slo()
        (gauge,) = slo.gauges
        assert slo.of(gauge, Side.CANARY).points == ()
        has_canary = True
        while slo.of(gauge, Side.CANARY).newest != 0.7:
            slo = await followed.slo()
    assert [value for _, value in slo.of(gauge, Side.CANARY).points][-1] == 0.7
