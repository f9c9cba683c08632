"""The demo's Prometheus gives the real one's answers: number by number, refusal by refusal."""

import json
import math
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import httpx
import pytest

from amas_tui.demo.clock import ManualClock
from amas_tui.demo.prometheus.api import Api
from amas_tui.demo.prometheus.labels import labels_of
from amas_tui.demo.prometheus.tsdb import Database
from tests.contract import real_prometheus
from tests.contract.random_queries import random_queries
from tests.contract.series import SECONDS, START, all_series, exposition

Answer = tuple[int, Any]
Params = Mapping[str, str | list[str]]


class Asked(Protocol):
    """A Prometheus that can be asked."""

    def __call__(self, path: str, params: Params) -> Answer:
        """Return HTTP status and body."""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    if reason := real_prometheus.why_not():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("prometheus")
    with (
        real_prometheus.running(folder, exposition=exposition(all_series())) as url,
        httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
    ):

        def ask(path: str, params: Params) -> Answer:
            response = client.get(path, params=dict(params))
            is_json = response.headers["content-type"] == "application/json"
            return response.status_code, response.json() if is_json else response.text

        yield ask


@pytest.fixture(scope="module")
def demo() -> Asked:
    database = Database(START * 1000 - 60_000)
    for series in all_series():
        labels = labels_of(series.labels)
        for ms, value in series.samples:
            database.append(labels, ms, value)
    api = Api(database, ManualClock(datetime.fromtimestamp(START + SECONDS, UTC)))

    def ask(path: str, params: Params) -> Answer:
        pairs = [
            (name, one)
            for name, value in params.items()
            for one in ([value] if isinstance(value, str) else value)
        ]
        reply = api.answer(path, pairs)
        is_json = reply.content_type == "application/json"
        return reply.status, json.loads(reply.body) if is_json else reply.body.decode()

    return ask


INSTANT: Final = (
    "http_requests_total",
    'http_requests_total{status="200"}',
    'http_requests_total{status!="200"}',
    'http_requests_total{status=~"5.."}',
    'http_requests_total{status!~"5.."}',
    'http_requests_total{status=~"5"}',
    'http_requests_total{pod=~"shop-.*-[ab]",service="shop"}',
    'http_requests_total{nothing=""}',
    'http_requests_total{nothing!=""}',
    'http_requests_total{nothing=~".*"}',
    '{__name__=~"http_.*_total"}',
    '{__name__="up",instance!="one:80"}',
    '{instance="two:80"}',
    'up{instance=~"one:80|two:80"}',
    'http_requests_total{rollouts_pod_template_hash="xyz",status!~"5.."}[7s]',
    "temperature[1m]",
    "rate(http_requests_total[2m])",
    "rate(http_requests_total[10s])",
    "rate(http_requests_total[1s])",
    "rate(http_requests_total[2s])",
    "rate(http_requests_total[1500ms])",
    "rate(http_requests_total[1h])",
    "increase(http_requests_total[2m])",
    "increase(http_requests_total[15m])",
    "rate(once[15m])",
    "rate(still[2m])",
    "increase(still[2m])",
    "rate(temperature[2m])",
    "rate(extremes[2m])",
    "rate(nothing[2m])",
    "sum(rate(http_requests_total[2m]))",
    "sum by (pod) (rate(http_requests_total[2m]))",
    "sum by (pod, status) (rate(http_requests_total[2m]))",
    "sum by (nothing) (http_requests_total)",
    "sum(rate(http_requests_total[2m])) by (rollouts_pod_template_hash)",
    "sum without (pod, status) (rate(http_requests_total[2m]))",
    "sum without () (http_requests_total)",
    "avg(temperature)",
    'avg(temperature{instance!="three:80"})',
    "max(temperature)",
    "min(temperature)",
    "max by (instance) (extremes)",
    "sum(extremes)",
    "avg(extremes)",
    'avg(extremes{instance=~"plus.*|big.*"})',
    "min(extremes)",
    "max(extremes)",
    "count(http_requests_total)",
    "count by (status) (http_requests_total)",
    "avg(up)",
    "sum(nothing)",
    'sum(rate(http_requests_total{status!~"5.."}[2m])) / sum(rate(http_requests_total[2m]))',
    (
        '1 - (1 - sum(rate(http_requests_total{status!~"5.."}[2m]))'
        " / sum(rate(http_requests_total[2m]))) / (1 - 0.95)"
    ),
    (
        'sum by (pod) (rate(http_requests_total{status=~"5.."}[1m]))'
        " / sum by (pod) (rate(http_requests_total[1m]))"
    ),
    "up / ignoring(service) up",
    "nothing / on() up",
    "up / on() nothing",
    "up * on(instance) temperature",
    "up + on() up",
    "up - ignoring(instance) up",
    "temperature / temperature",
    "still / still",
    "-still / still",
    "still / 0",
    "1 / still",
    "0 / still",
    "still * 2 + 1",
    "2 * (still + 1)",
    "10 - 2 - 3",
    "2 + 3 * 4 - 6 / 4",
    "-3 * -2",
    "- - 3",
    "-still",
    "+still",
    "-(still - 9) * 2",
    "temperature > 0",
    "temperature < bool 0",
    "temperature >= -40",
    "temperature <= bool -40",
    "0 < temperature",
    "0 > bool temperature",
    "temperature == temperature",
    "temperature != temperature",
    "temperature == bool temperature",
    "temperature > on(instance) limit",
    "temperature < ignoring() limit",
    "temperature > bool limit",
    "up == 1",
    "up != bool 1",
    "1 == bool 1",
    "1 > bool 2",
    "2 >= bool 2 == bool 1",
    "vector(1)",
    "vector(1) / vector(0)",
    "vector(0) / vector(0)",
    "-vector(1) / 0",
    "vector(NaN)",
    "vector(Inf) - vector(Inf)",
    "vector(1) == 1",
    "vector(1) == 2",
    "scalar(vector(3)) * 2",
    "scalar(up)",
    "scalar(nothing)",
    "scalar(once)",
    "vector(scalar(once))",
    "once",
    "once + 0",
    "extremes",
    "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[2m])))",
    "histogram_quantile(0.5, sum by (le, pod) (rate(http_request_duration_seconds_bucket[2m])))",
    "histogram_quantile(0.99, rate(http_request_duration_seconds_bucket[30s]))",
    "histogram_quantile(0.9, http_request_duration_seconds_bucket)",
    'histogram_quantile(0.9, http_request_duration_seconds_bucket{le!="+Inf"})',
    "histogram_quantile(0.9, http_requests_total)",
    "histogram_quantile(0.9, odd_bucket)",
    "histogram_quantile(0.5, odd_bucket)",
    "histogram_quantile(0.1, odd_bucket)",
    "histogram_quantile(0, odd_bucket)",
    "histogram_quantile(1, odd_bucket)",
    "histogram_quantile(-0.1, odd_bucket)",
    "histogram_quantile(1.1, odd_bucket)",
    "histogram_quantile(NaN, odd_bucket)",
    "histogram_quantile(scalar(once) / 84, odd_bucket)",
    "histogram_quantile(0.5, sum by (le) (odd_bucket))",
    "1e-7",
    "vector(1e-7)",
    "vector(1e21)",
    "1e21",
    "vector(123456789012345678)",
    "vector(-0.1 - 0.2)",
    "0x1F + 017 + .5 + 1e3",
    "Inf",
    "-Inf",
    "NaN",
    "1e300 * 1e300",
    "0 / 0",
    "1 / 0",
    "-1 / 0",
    "1 / -0",
    '"a text"',
    "'it''s' == 1",
    "'\\x41\\u00e9\\n'",
    "`raw \\n`",
    'sum(rate(http_requests_total{status=~"9.."}[2m])) or vector(0)',
    (
        '(sum(rate(http_requests_total{status=~"9.."}[2m])) or vector(0))'
        " / sum(rate(http_requests_total[2m]))"
    ),
    'sum(rate(http_requests_total{status=~"5.."}[2m])) or vector(0)',
    "up or temperature",
    "temperature or up",
    'up{instance="one:80"} or up',
    "up or on(instance) temperature",
    "up or on() temperature",
    "nothing or on() up",
    "up or ignoring(instance) temperature",
    "nothing or nothing or up == 1",
    "up OR temperature > 0 or still",
    "vector(1) + 1 or vector(0) * 2",
    "-up or still",
    "sum by (instance) (up or temperature)",
    "SUM(up)",
    "Sum By (instance) (up)",
    "up # how many are there",
    "sum",
    "sum + by",
)
"""Evaluated at several moments; the last ones hold what is odd about the language itself."""

_MOMENTS: Final = (
    -10,
    0,
    0.5,
    1,
    90,
    100,
    180.25,
    250,
    350,
    460.2,
    470,
    500,
    600,
    750,
    750.001,
    899,
    1150,
    1250,
)
"""Seconds after the first sample: before, within and after gaps, resets, ends."""


@pytest.mark.parametrize("query", INSTANT)
def test_a_query_has_the_real_value_at_any_moment(demo: Asked, real: Asked, query: str) -> None:
    differences = []
    for moment in _MOMENTS:
        params = {"query": query, "time": f"{START + moment}"}
        ours, theirs = demo("/api/v1/query", params), real("/api/v1/query", params)
        if not _same(ours, theirs):
            differences.append((moment, ours, theirs))
    assert not differences


RANGED: Final = (
    "http_requests_total",
    "temperature",
    "once",
    "up",
    "up == 1",
    "temperature > 0",
    "temperature < bool 0",
    "3",
    "vector(2)",
    "rate(http_requests_total[1m])",
    "rate(http_requests_total[3s])",
    "increase(http_requests_total[30s])",
    "sum by (rollouts_pod_template_hash) (rate(http_requests_total[30s]))",
    "sum without (pod) (rate(http_requests_total[1m]))",
    'sum(rate(http_requests_total{status!~"5.."}[1m])) / sum(rate(http_requests_total[1m]))',
    (
        'sum(rate(http_requests_total{pod="shop-xyz-d",status!~"5.."}[10s]))'
        ' / sum(rate(http_requests_total{pod="shop-xyz-d"}[10s]))'
    ),
    "avg(up)",
    "max(temperature) - min(temperature)",
    "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))",
    "histogram_quantile(0.5, sum by (le, pod) (rate(http_request_duration_seconds_bucket[20s])))",
    "temperature / temperature",
    "nothing",
)
_RANGES: Final = (
    (0, 900, 15),
    (0, 600, 33.3),
    (-60, 1300, 47.5),
    (449.9, 450.1, 0.05),
    (300, 300, 60),
)
"""Start and end in seconds after the first sample, and step in seconds."""


@pytest.mark.parametrize("query", RANGED)
def test_a_range_has_the_real_values(demo: Asked, real: Asked, query: str) -> None:
    differences = []
    for start, end, step in _RANGES:
        params = {
            "query": query,
            "start": f"{START + start:.3f}",
            "end": f"{START + end:.3f}",
            "step": f"{step}",
        }
        ours, theirs = demo("/api/v1/query_range", params), real("/api/v1/query_range", params)
        if not _same(ours, theirs):
            differences.append((start, ours, theirs))
    assert not differences


def _same(ours: Answer, theirs: Answer) -> bool:
    """Return whether two answers hold the same series and, but for rounding, numbers."""
    if ours[0] != theirs[0] or ours[1]["status"] != theirs[1]["status"]:
        return False
    if ours[1]["status"] == "error":
        return bool(ours[1] == theirs[1])
    left, right = ours[1]["data"], theirs[1]["data"]
    if left["resultType"] != right["resultType"]:
        return False
    if left["resultType"] in ("scalar", "string"):
        return _same_point(left["result"], right["result"])
    mine, others = _by_labels(left["result"]), _by_labels(right["result"])
    return mine.keys() == others.keys() and all(
        len(mine[labels]) == len(others[labels])
        and all(map(_same_point, mine[labels], others[labels]))
        for labels in mine
    )


def _by_labels(result: list[Any]) -> dict[str, list[Any]]:
    return {
        json.dumps(each["metric"], sort_keys=True): each.get("values") or [each["value"]]
        for each in result
    }


def _same_point(ours: list[Any], theirs: list[Any]) -> bool:
    if ours[0] != theirs[0]:
        return False
    if ours[1] == theirs[1]:
        return True
    try:
        left, right = float(ours[1]), float(theirs[1])
    except ValueError:
        return False
    return math.isfinite(left) and math.isclose(left, right, rel_tol=1e-12, abs_tol=1e-300)


REFUSED: Final = (
    "", " ", "# nothing", "foo{", "foo{a=", 'foo{a="b"', 'foo{a="b" c="d"}', 'foo{a="b",,}',
    "foo{,}", 'foo{1="b"}', "foo{a=b}", 'foo{a=="b"}', "{}", '{a=~".*"}', '{a!="b"}', '{a=""}',
    'foo{__name__="bar"}', 'foo{__name__=~"bar"}', '{a!~".+"}', 'foo{a=~"("}', 'foo{a=~"*"}',
    'foo{a=~"a(?=b)"}', 'foo{a=~"[b"}', 'foo{a=~"\\\\1"}', 'foo{a=~"x++"}', 'foo{a=~"x**"}',
    'foo{a=~"x{2,1}"}', 'foo{a=~"[b-a]"}', 'foo{a=~")"}', "foo[5m", "foo[5]", "foo[]", "foo[0s]",
    "foo[5m5m]", "foo[5m5]", "foo[5.5m]", "foo[1m1h]", "foo[m]", "foo[5 m]", "foo[5m]]", "foo]",
    "rate(foo)", "rate(foo[5m]", "rate foo[5m]", "rate(foo[5m]))", "rate()", "rate(foo[5m], 1)",
    "rate(foo[5m],)", "rate(,)", "rate(", "increase(foo)", "sum(1)", "sum()", "sum(foo, bar)",
    "sum(foo,)", "sum(,foo)", "sum(foo bar)", "sum(rate(foo bar))", "sum(1 +)", "sum by",
    "sum by (foo", "sum by foo (bar)", "sum by (,) (bar)", "sum by (1) (bar)", "sum by (foo) bar",
    "sum by (a)", "sum by (a) ()", "sum(foo) by (a) by (b)", "sum by(a)(foo)by(b)", "sum foo",
    "sum(foo) by", "sum(foo[5m])", 'sum("a")', "avg by (le (foo)", "sum(foo) group_left",
    "nofunc(foo)", "a:b(foo)", "vector(foo)", "vector()", 'vector("a")', "vector(1)(2)",
    "histogram_quantile(foo, bar)", "histogram_quantile(0.9)", 'histogram_quantile("x", bar)',
    "scalar(1)", "1 +", "+", "1 2", "foo bar", "1 + * 2", "foo == == 2", "1 == 1", "(1 == 1)",
    "foo == bool", "foo + bool 1", "sum(1 == 1)", "foo / on a bar", "foo / on(a bar",
    "foo / on(,) bar", "1 / on(a) foo", "foo + group_left bar", "bool", '"a" + 1', "foo[5m] + 1",
    '-"a"', "-foo[5m]",
    '"abc', "'abc", "`abc", '"a\\qb"', '"\\x4"', '"\\u12"', '"\\\'"', '"a\nb"', "1[5m]",
    "rate(foo[5m])[5m]", "rate(rate(foo[5m]))", "(foo", "foo)", ")", "(", "()", "((1)", "foo!",
    "!foo", "foo ! bar", "foo ~ bar", "foo =~ bar", "foo = bar", "foo = 1", "1foo", "0x", "0x1g",
    "1e", "1.2.3", "1e400", "0b1", "1_000", "$", 'foo{a="b"}}', 'foo{a="b"}{c="d"}', 'foo{a="b"{',
    'foo{a!"x"}', 'foo{a~"x"}', "foo{'a'=\"x\"}", 'foo{a "b"}', "foo{a,b}", 'foo{"a"}', "foo;bar",
    "foo{le=1}", "é", 'foo{é="x"}', '"é" bar', "5m", 'x "abcdefghijklmnop"', "x 12345678901234",
    "up\n  up", "up +\n\n sum(", '"multi" +\n 1',
    "http_requests_total / on(service) http_requests_total",
    "up + on() up", "-{instance=\"one:80\"}",
    'http_requests_total + on(service) http_requests_total{pod="shop-abc-a",status="200"}',
    "up or 1", "1 or up", "1 or 2", "up or bool up", "up or on(a) 1", "up or",
    "or up or", "up or up[5m]",
    "up > on(nothing) up", '{__name__=~"up|still"} * 1',
)  # fmt: skip


@pytest.mark.parametrize("query", REFUSED)
def test_a_query_is_refused_in_the_real_words(demo: Asked, real: Asked, query: str) -> None:
    params = {"query": query, "time": f"{START + 200}"}
    answer = demo("/api/v1/query", params)

    assert answer[0] in (400, 422)
    assert answer == real("/api/v1/query", params)


LEFT_OUT: Final = (
    "foo offset 5m", "foo @ 5", "foo[5m:1m]", "1 % 2", "2 ^ 3", "foo and bar",
    "foo unless bar", "topk(1, foo)", "quantile(0.9, foo)", "irate(foo[5m])", "absent(foo)",
    "time()", "abs(foo)", "label_replace(foo, \"a\", \"b\", \"c\", \"d\")", "foo atan2 bar",
    "foo / on(a) group_left bar",
)  # fmt: skip


@pytest.mark.parametrize("query", LEFT_OUT)
def test_what_is_left_out_is_refused_and_never_guessed(
    demo: Asked, real: Asked, query: str
) -> None:
    params = {"query": query, "time": f"{START}"}
    status, answer = demo("/api/v1/query", params)

    assert (status, answer["errorType"]) == (400, "bad_data")
    assert ": parse error: un" in answer["error"]
    assert real("/api/v1/query", params)[0] == 200, "not left out of PromQL: test it as refused"


REQUESTS: Final[tuple[tuple[str, Params], ...]] = (
    ("query", {}),
    ("query", {"query": "1", "time": "x"}),
    ("query", {"query": "1", "time": f"{START}.1234"}),
    ("query", {"query": "1", "time": "2023-11-14T22:13:20.5Z"}),
    ("query", {"query": "1", "time": "2023-11-14T23:13:20+01:00"}),
    ("query", {"query": "1", "time": "2023-11-14"}),
    ("query", {"query": "1", "time": f"{START}", "timeout": "x"}),
    ("query_range", {"query": "1"}),
    ("query_range", {"query": "1", "start": "1"}),
    ("query_range", {"query": "1", "start": "1", "end": "2"}),
    ("query_range", {"query": "1", "start": "1", "end": "0", "step": "1"}),
    ("query_range", {"query": "x(", "start": "1", "end": "0", "step": "0"}),
    ("query_range", {"query": "1", "start": "1", "end": "2", "step": "0"}),
    ("query_range", {"query": "1", "start": "1", "end": "2", "step": "-1"}),
    ("query_range", {"query": "1", "start": "1", "end": "2", "step": "x"}),
    ("query_range", {"query": "1", "start": "1", "end": "2", "step": "1e30"}),
    ("query_range", {"query": "1", "start": "1", "end": "2", "step": "0.0001"}),
    ("query_range", {"query": "1", "start": "1", "end": "200", "step": "1m"}),
    ("query_range", {"query": "1", "start": "0", "end": "11001", "step": "1"}),
    ("query_range", {"query": "1", "start": "0", "end": "11000", "step": "1"}),
    ("query_range", {"query": "foo[5m]", "start": "0", "end": "1", "step": "1"}),
    ("query_range", {"query": '"a"', "start": "0", "end": "1", "step": "1"}),
    ("query_range", {"query": "x(", "start": "0", "end": "1", "step": "1"}),
    ("query_range", {"query": "up{", "start": "0", "end": "1", "step": "1"}),
    ("labels", {}),
    ("labels", {"match[]": "up"}),
    ("labels", {"match[]": ["up", "odd_bucket"]}),
    ("labels", {"match[]": "nothing"}),
    ("labels", {"match[]": "no("}),
    ("labels", {"start": "x"}),
    ("label/pod/values", {}),
    ("label/instance/values", {"match[]": 'up{instance!="one:80"}'}),
    ("label/__name__/values", {}),
    ("label/nothing/values", {}),
    ("label/no-label/values", {}),
    ("series", {}),
    ("series", {"match[]": "up"}),
    ("series", {"match[]": ["up", 'temperature{instance=~"t.*"}']}),
    ("series", {"match[]": "nothing"}),
    ("series", {"match[]": "{}"}),
    ("series", {"match[]": "1"}),
    ("series", {"match[]": "up[5m]"}),
    ("series", {"match[]": "rate(up[5m])"}),
    ("series", {"match[]": "up + up"}),
    ("series", {"match[]": ""}),
    ("nothing", {}),
)


@pytest.mark.parametrize(("path", "params"), REQUESTS)
def test_a_request_is_answered_as_by_the_real_one(
    demo: Asked, real: Asked, path: str, params: Params
) -> None:
    assert demo(f"/api/v1/{path}", params) == real(f"/api/v1/{path}", params)


@pytest.mark.parametrize("path", ["/-/ready", "/-/healthy", "/nothing", "/api/v2/query"])
def test_other_paths_are_answered_as_by_the_real_one(demo: Asked, real: Asked, path: str) -> None:
    assert demo(path, {}) == real(path, {})


def test_the_version_is_told_in_the_real_form(demo: Asked, real: Asked) -> None:
    (status, ours), (_, theirs) = (
        demo("/api/v1/status/buildinfo", {}),
        real("/api/v1/status/buildinfo", {}),
    )

    assert status == 200
    assert ours["data"].keys() == theirs["data"].keys()


@pytest.mark.parametrize("seed", range(5))
def test_queries_at_random_have_the_real_values(demo: Asked, real: Asked, seed: int) -> None:
    differences = []
    for number, query in enumerate(random_queries(seed, 60)):
        moment = START + _MOMENTS[number % len(_MOMENTS)]
        ranged = {"start": f"{START + 100}", "end": f"{START + 1_000}", "step": "47.3"}
        for path, params in (("query", {"time": f"{moment}"}), ("query_range", ranged)):
            asked = {"query": query, **params}
            ours, theirs = demo(f"/api/v1/{path}", asked), real(f"/api/v1/{path}", asked)
            if not _same(ours, theirs) and not _both_ambiguous(ours, theirs):
                differences.append((query, ours, theirs))
    assert not differences


def _both_ambiguous(ours: Answer, theirs: Answer) -> bool:
    """Return whether both refuse for the same reason; which series they name is by chance."""
    return ours[0] == theirs[0] == 422 and ours[1]["error"][:30] == theirs[1]["error"][:30]
