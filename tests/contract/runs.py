"""Bare AnalysisRuns: what is asked, and what must come of it on both control planes.

Queries are constants, so that verdicts are certain; `{url}` in what is expected is the address of
the plane's Prometheus.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

from tests.contract.stage import Predicate, Stage
from tests.controlplane.kinds import Json
from tests.controlplane.manifests import manifest

COMPLETED: Final = frozenset({"Successful", "Failed", "Error", "Inconclusive"})
_PATIENCE: Final = 90.0
_NO_DATA: Final = "metric result is nil or empty: no data returned from the metric provider"


def metric(stage: Stage, query: str, **fields: Any) -> Json:
    """Return a metric `m` that asks the plane's Prometheus; `None` leaves a field out."""
    prometheus = {"address": stage.prometheus_url, "query": query}
    whole = {"name": "m", "provider": {"prometheus": prometheus}, **fields}
    return {name: value for name, value in whole.items() if value is not None}


def begin(stage: Stage, name: str, *metrics: Json, **spec: Any) -> None:
    """Create a run."""
    whole = {"metrics": list(metrics), **spec}
    stage.apply(manifest("argoproj.io/v1alpha1", "AnalysisRun", stage.namespace, name, spec=whole))


def phase_of(run: Json) -> str:
    """Return the run's phase, empty before its controller saw it."""
    found: str = run.get("status", {}).get("phase", "")
    return found


def completed(stage: Stage, name: str) -> Json:
    """Return a run's status when it has ended."""
    run = stage.wait(
        "analysisruns", name, lambda each: phase_of(each) in COMPLETED, timeout=_PATIENCE
    )
    status: Json = run["status"]
    return status


class Judged(NamedTuple):
    """A condition, what is measured, and the measurement that must come of it."""

    query: str
    success: str | None
    failure: str | None
    phase: str
    value: str | None = None
    message: str | None = None


_ONE: Final = "vector(1)"
_NAN: Final = "vector(0) / 0"
_EMPTY: Final = "vector(1) == 2"
_INF: Final = "vector(1) / 0"
_RATE: Final = "vector(0.98)"


def _bad(condition: str, problem: str, what: str = "successCondition") -> str:
    return f'could not evaluate {what} "{condition}": {problem}'


def _refused(query: str, condition: str, problem: str) -> Judged:
    return Judged(query, condition, None, "Error", message=_bad(condition, problem))


JUDGED: Final = (
    Judged(_ONE, None, None, "Successful", "[1]"),
    Judged(_NAN, None, None, "Successful", "[NaN]"),
    Judged(_EMPTY, None, None, "Successful", "[]"),
    Judged("1", None, None, "Successful", "1"),
    Judged("0 / 0", None, None, "Successful", "NaN"),
    Judged("-1 / 0", None, None, "Successful", "-Inf"),
    Judged(_INF, None, None, "Successful", "[+Inf]"),
    Judged("vector(1e21)", None, None, "Successful", "[1000000000000000000000]"),
    Judged("vector(1.5e-7)", None, None, "Successful", "[0.00000015]"),
    Judged("vector(1) / 3", None, None, "Successful", "[0.3333333333333333]"),
    Judged(_RATE, "result[0] >= 0.95", None, "Successful", "[0.98]"),
    Judged(_RATE, "result[0] >= 0.99", None, "Failed", "[0.98]"),
    Judged(_RATE, None, "result[0] < 0.95", "Successful", "[0.98]"),
    Judged(_RATE, None, "result[0] < 0.99", "Failed", "[0.98]"),
    Judged(_RATE, "result[0] >= 0.99", "result[0] < 0.95", "Inconclusive", "[0.98]"),
    Judged(_RATE, "result[0] >= 0.9", "result[0] < 0.99", "Failed", "[0.98]"),
    Judged(_RATE, "result[0] >= 0.9", "result[0] < 0.5", "Successful", "[0.98]"),
    Judged(_NAN, "result[0] >= 0.95", None, "Failed", "[NaN]"),
    Judged(_NAN, None, "result[0] < 0.95", "Successful", "[NaN]"),
    Judged(_NAN, "result[0] >= 0.95", "result[0] < 0.95", "Inconclusive", "[NaN]"),
    Judged(_NAN, "isNaN(result[0]) || result[0] >= 0.95", None, "Successful", "[NaN]"),
    Judged(_NAN, "!isNaN(result[0])", None, "Failed", "[NaN]"),
    Judged(_INF, "isInf(result[0])", None, "Successful", "[+Inf]"),
    Judged(_INF, "result[0] > 1000000", None, "Successful", "[+Inf]"),
    Judged(_EMPTY, "len(result) == 0 || result[0] >= 0.95", None, "Successful", "[]"),
    Judged(
        _EMPTY,
        "len(result) > 0 && !isNaN(result[0]) && result[0] >= 0.95",
        "len(result) > 0 && !isNaN(result[0]) && !(result[0] >= 0.95)",
        "Inconclusive",
        "[]",
    ),
    Judged(_EMPTY, "isNil(result)", None, "Failed", "[]"),
    Judged(_EMPTY, "all(result, {# > 0})", None, "Successful", "[]"),
    Judged(_EMPTY, "any(result, {# > 0})", None, "Failed", "[]"),
    Judged(_ONE, "all(result, # > 0) and none(result, {# > 1})", None, "Successful", "[1]"),
    Judged(_ONE, "one(result, {# == 1})", None, "Successful", "[1]"),
    Judged(_ONE, "count(result, {# == 1}) == 1", None, "Successful", "[1]"),
    Judged(_ONE, "result[-1] == 1", None, "Successful", "[1]"),
    Judged(_ONE, "result[len(result) - 1] == 1", None, "Successful", "[1]"),
    Judged("1", "result == 1", None, "Successful", "1"),
    Judged("2.5", "asInt(result) == 2 and asFloat(result) == 2.5", None, "Successful", "2.5"),
    Judged("1", "default(result, 0) == 1", None, "Successful", "1"),
    Judged(_RATE, "result[0] * 100 - 3 > 94.9 ? true : false", None, "Successful", "[0.98]"),
    Judged(_RATE, "0.9 < result[0] < 1", None, "Successful", "[0.98]"),
    Judged(_RATE, "not (result[0] > 0.9 or false)", None, "Failed", "[0.98]"),
    Judged(_RATE, "result[0] ** 2 / 2 + 1 % 2 > 1.48", None, "Successful", "[0.98]"),
    Judged(_RATE, "1 / 0 > 1 && 0 / 0 != 0 / 0", None, "Successful", "[0.98]"),
    Judged(_RATE, "'a' + \"b\" == `ab`", None, "Successful", "[0.98]"),
    _refused(_EMPTY, "result[0] >= 0.95", _NO_DATA),
    _refused(_EMPTY, "isNaN(result)", _NO_DATA),
    _refused(_ONE, "result[1] > 0", "index out of range: 1 (array length is 1)"),
    _refused(_ONE, "result > 0", "invalid operation: > (mismatched types []float64 and int)"),
    _refused("1", "result[0] > 0", "type float64[int] is undefined"),
    _refused("1", "len(result) > 0", "invalid argument for len (type float64)"),
    _refused(_ONE, "result[0]", "expected bool, but got float64"),
    _refused(_ONE, "asInt(result[0])", "expected bool, but got int64"),
    _refused(_ONE, "result[0] >", "unexpected token EOF"),
    _refused(_ONE, "result[0] = 1", 'unexpected token Operator("=")'),
    _refused(_ONE, "(result[0] > 1))", 'unexpected token Bracket(")")'),
    _refused(_ONE, "value > 1", "unknown name value"),
    _refused(_ONE, "result[0] > 'a'", "invalid operation: > (mismatched types float64 and string)"),
    _refused(_ONE, "not result[0] > 1", "invalid operation: not (mismatched type float64)"),
    _refused(_ONE, "true and 1", "invalid operation: and (mismatched types bool and int)"),
    _refused(_ONE, "isNaN()", "not enough arguments to call isNaN"),
    _refused(
        _ONE, "isNaN(result)", "cannot use []float64 as argument (type float64) to call isNaN "
    ),
    _refused(_ONE, "asInt('x') == 1", 'strconv.ParseInt: parsing "x": invalid syntax'),
    _refused(_ONE, "asFloat(result) > 1", "asFloat() not supported on []float64 [1]"),
    _refused(_ONE, "default(result, 1) > 0", "invalid operation: []float64 > int"),
    _refused(_ONE, "result[0] @ 1", "unrecognized character: U+0040 '@'"),
    Judged(
        _EMPTY,
        None,
        "result[0] < 1",
        "Error",
        message=_bad("result[0] < 1", _NO_DATA, "failureCondition"),
    ),
    Judged(
        "sum(",
        None,
        None,
        "Error",
        message='bad_data: invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
    ),
)
"""Condition by condition."""


def difference(expected: Judged, status: Json) -> Json | None:
    """Return the measurement where it is not what must come of it."""
    (result,) = status["metricResults"]
    (measured,) = result["measurements"]
    found = (measured["phase"], measured.get("value"), measured.get("message"))
    wanted = (expected.phase, expected.value, expected.message)
    is_alike = found == wanted and status["phase"] == expected.phase
    return None if is_alike else dict(measured)


@dataclass(frozen=True, slots=True)
class Life:
    """A run, from what is asked to what must come of it.

    Attributes:
        begin: Creates it under a name.
        verify: Asserts what it came to.
        meddle: What happens to it meanwhile.
    """

    begin: Callable[[Stage, str], None]
    verify: Callable[[Stage, str], None]
    meddle: Callable[[Stage, str], None] = field(default=lambda _stage, _name: None)


_GOOD: Final = "result[0] == 1"
_AGAIN: Final[Mapping[str, Any]] = {"successCondition": _GOOD, "interval": "1s"}


def _result(status: Json, name: str = "m") -> Json:
    (found,) = [each for each in status["metricResults"] if each["name"] == name]
    return dict(found)


def _without_measurements(result: Json) -> Json:
    return {key: value for key, value in result.items() if key not in ("measurements", "metadata")}


def _phases(result: Json) -> list[str]:
    return [each["phase"] for each in result["measurements"]]


def _seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def _pauses(result: Json) -> list[float]:
    """Return the seconds from the end of each measurement to the beginning of the next."""
    taken = result["measurements"]
    return [
        _seconds_between(one["finishedAt"], other["startedAt"]) for one, other in pairwise(taken)
    ]


def _expected(stage: Stage, name: str, phase: str, message: str = "") -> Json:
    status = completed(stage, name)
    found = (status["phase"], status.get("message", ""))
    assert found == (phase, message.format(url=stage.prometheus_url))
    return status


def _events(stage: Stage, name: str, *expected: tuple[str, str, str]) -> None:
    """Assert that each of these was told: type, reason and message."""

    def is_told(wanted: tuple[str, str, str]) -> Predicate:
        return lambda event: (
            event["involvedObject"]["name"] == name
            and (event["type"], event["reason"], event["message"]) == wanted
        )

    for each in expected:
        stage.wait_any("events", is_told(each))


def _begin_failing(stage: Stage, name: str) -> None:
    begin(stage, name, metric(stage, "vector(0)", count=5, failureLimit=1, **_AGAIN))


def _verify_failing(stage: Stage, name: str) -> None:
    message = 'Metric "m" assessed Failed due to failed (2) > failureLimit (1)'
    status = _expected(stage, name, "Failed", message)
    result = _result(status)
    assert _without_measurements(result) == {
        "name": "m",
        "phase": "Failed",
        "count": 2,
        "failed": 2,
    }
    assert _phases(result) == ["Failed", "Failed"]
    assert result["metadata"] == {"ResolvedPrometheusQuery": "vector(0)"}
    assert all(pause >= 1 for pause in _pauses(result))
    assert status["runSummary"] == {"count": 1, "failed": 1}
    assert status["dryRunSummary"] == {}
    assert status["completedAt"] >= status["startedAt"]
    _events(
        stage,
        name,
        ("Warning", "MetricFailed", "Metric 'm' Completed. Result: Failed"),
        ("Warning", "AnalysisRunFailed", "Analysis Completed. Result: Failed"),
    )


def _begin_counted(stage: Stage, name: str) -> None:
    begin(stage, name, metric(stage, _ONE, count=3, **_AGAIN))


def _verify_counted(stage: Stage, name: str) -> None:
    status = _expected(stage, name, "Successful")
    result = _result(status)
    assert _without_measurements(result) == {
        "name": "m",
        "phase": "Successful",
        "count": 3,
        "successful": 3,
        "consecutiveSuccess": 3,
    }
    assert _phases(result) == ["Successful"] * 3
    assert status["runSummary"] == {"count": 1, "successful": 1}
    assert "message" not in status
    _events(
        stage,
        name,
        ("Normal", "MetricSuccessful", "Metric 'm' Completed. Result: Successful"),
        ("Normal", "AnalysisRunSuccessful", "Analysis Completed. Result: Successful"),
    )


def _begin_endless(stage: Stage, name: str) -> None:
    begin(stage, name, metric(stage, _ONE, **_AGAIN))


def _terminate_measured(stage: Stage, name: str) -> None:
    stage.wait(
        "analysisruns",
        name,
        lambda run: phase_of(run) == "Running" and _result(run["status"])["count"] > 1,
        timeout=_PATIENCE,
    )
    stage.patch("analysisruns", name, {"spec": {"terminate": True}})


def _verify_terminated(stage: Stage, name: str) -> None:
    status = _expected(stage, name, "Successful", "Run Terminated")
    result = _result(status)
    assert result["phase"] == "Successful"
    assert result["count"] == result["successful"] == len(result["measurements"])
    assert status["runSummary"] == {"count": 1, "successful": 1}


def _begin_delayed(stage: Stage, name: str) -> None:
    begin(stage, name, metric(stage, _ONE, initialDelay="10m", **_AGAIN))


def _terminate_running(stage: Stage, name: str) -> None:
    stage.wait("analysisruns", name, lambda run: phase_of(run) == "Running", timeout=_PATIENCE)
    stage.patch("analysisruns", name, {"spec": {"terminate": True}})


def _verify_terminated_early(stage: Stage, name: str) -> None:
    status = _expected(stage, name, "Successful", "Run Terminated")
    assert not status.get("metricResults")
    assert status["runSummary"] == {"count": 1}


def _begin_waiting(stage: Stage, name: str) -> None:
    begin(stage, name, metric(stage, _ONE, initialDelay="2s"))


def _verify_waited(stage: Stage, name: str) -> None:
    status = _expected(stage, name, "Successful")
    (measured,) = _result(status)["measurements"]
    assert _seconds_between(status["startedAt"], measured["startedAt"]) >= 2


def _begin_dry(stage: Stage, name: str) -> None:
    begin(
        stage,
        name,
        metric(stage, _ONE, name="counts", successCondition=_GOOD, count=2, interval="1s"),
        metric(stage, "vector(0)", name="tried-out", successCondition=_GOOD),
        dryRun=[{"metricName": "tried.*"}],
    )


def _verify_dry(stage: Stage, name: str) -> None:
    status = _expected(stage, name, "Successful")
    tried = _result(status, "tried-out")
    assert _without_measurements(tried) == {
        "name": "tried-out",
        "phase": "Failed",
        "message": "Metric assessed Failed due to failed (1) > failureLimit (0)",
        "dryRun": True,
        "count": 1,
        "failed": 1,
    }
    assert _result(status, "counts")["count"] == 2
    assert status["runSummary"] == {"count": 1, "successful": 1}
    assert status["dryRunSummary"] == {"count": 1, "failed": 1}


def _begin_two(stage: Stage, name: str) -> None:
    begin(
        stage,
        name,
        metric(stage, _ONE, name="endless", **_AGAIN),
        metric(stage, "vector(0)", name="breaks", successCondition=_GOOD),
    )


def _verify_two(stage: Stage, name: str) -> None:
    message = 'Metric "breaks" assessed Failed due to failed (1) > failureLimit (0)'
    status = _expected(stage, name, "Failed", message)
    assert _result(status, "endless")["phase"] == "Successful"
    assert status["runSummary"] == {"count": 2, "failed": 1, "successful": 1}


def _begin_worst(stage: Stage, name: str) -> None:
    begin(
        stage,
        name,
        metric(
            stage,
            "vector(2)",
            name="unsure",
            successCondition=_GOOD,
            failureCondition="result[0] == 0",
        ),
        metric(stage, "vector(0)", name="breaks", successCondition=_GOOD),
        metric(stage, "(", name="refused", consecutiveErrorLimit=0),
    )


def _verify_worst(stage: Stage, name: str) -> None:
    message = 'Metric "breaks" assessed Failed due to failed (1) > failureLimit (0)'
    status = _expected(stage, name, "Failed", message)
    assert status["runSummary"] == {"count": 3, "failed": 1, "inconclusive": 1, "error": 1}


def _begin_unsure(stage: Stage, name: str) -> None:
    asked = metric(
        stage,
        "vector(2)",
        count=5,
        inconclusiveLimit=1,
        failureCondition="result[0] == 0",
        **_AGAIN,
    )
    begin(stage, name, asked)


def _verify_unsure(stage: Stage, name: str) -> None:
    message = 'Metric "m" assessed Inconclusive due to inconclusive (2) > inconclusiveLimit (1)'
    status = _expected(stage, name, "Inconclusive", message)
    assert _result(status)["inconclusive"] == 2
    assert status["runSummary"] == {"count": 1, "inconclusive": 1}
    _events(
        stage,
        name,
        ("Normal", "MetricInconclusive", "Metric 'm' Completed. Result: Inconclusive"),
        ("Normal", "AnalysisRunInconclusive", "Analysis Completed. Result: Inconclusive"),
    )


def _begin_without_data(stage: Stage, name: str) -> None:
    begin(stage, name, metric(stage, _NAN, count=2, failureLimit=1, **_AGAIN))


def _verify_without_data(stage: Stage, name: str) -> None:
    message = 'Metric "m" assessed Failed due to failed (2) > failureLimit (1)'
    result = _result(_expected(stage, name, "Failed", message))
    assert [each["value"] for each in result["measurements"]] == ["[NaN]", "[NaN]"]


def _begin_erring(stage: Stage, name: str) -> None:
    begin(stage, name, metric(stage, _EMPTY, count=3, consecutiveErrorLimit=1, **_AGAIN))


def _verify_erring(stage: Stage, name: str) -> None:
    problem = _bad(_GOOD, _NO_DATA)
    message = (
        'Metric "m" assessed Error due to consecutiveErrors (2) > consecutiveErrorLimit (1):'
        f' "Error Message: {problem}"'
    )
    status = _expected(stage, name, "Error", message)
    result = _result(status)
    assert _without_measurements(result) == {
        "name": "m",
        "phase": "Error",
        "message": problem,
        "error": 2,
        "consecutiveError": 2,
    }
    assert all("value" not in each for each in result["measurements"])
    # Whatever the interval: an error is tried again after ten seconds.
    assert all(10 <= pause < 60 for pause in _pauses(result))
    assert status["runSummary"] == {"count": 1, "error": 1}
    _events(
        stage,
        name,
        ("Warning", "MetricError", "Metric 'm' Completed. Result: Error"),
        ("Warning", "AnalysisRunError", "Analysis Completed. Result: Error"),
    )


def _begin_unreachable(stage: Stage, name: str) -> None:
    provider = {"prometheus": {"address": "http://127.0.0.1:1", "query": _ONE}}
    asked = {"name": "m", "provider": provider, "consecutiveErrorLimit": 0}
    begin(stage, name, asked)


def _verify_unreachable(stage: Stage, name: str) -> None:
    problem = (
        'Post "http://127.0.0.1:1/api/v1/query": dial tcp 127.0.0.1:1: connect: connection refused'
    )
    _expected(
        stage,
        name,
        "Error",
        'Metric "m" assessed Error due to consecutiveErrors (1) > consecutiveErrorLimit (0):'
        f' "Error Message: {problem}"',
    )


def _unprovided(prometheus: Json, problem: str) -> Life:
    """Return the life of a run whose metric nobody can be asked about."""

    def start(stage: Stage, name: str) -> None:
        asked = {"name": "m", "provider": {"prometheus": prometheus}, "consecutiveErrorLimit": 0}
        begin(stage, name, asked)

    def verify(stage: Stage, name: str) -> None:
        message = (
            'Metric "m" assessed Error due to consecutiveErrors (1) > consecutiveErrorLimit (0):'
            f' "Error Message: {problem}"'
        )
        status = _expected(stage, name, "Error", message)
        assert "metadata" not in _result(status)

    return Life(start, verify)


def _begin_forgetful(stage: Stage, name: str) -> None:
    begin(
        stage,
        name,
        metric(stage, _ONE, name="few", count=4, **_AGAIN),
        metric(stage, _ONE, name="many", count=12, **_AGAIN),
        measurementRetention=[{"metricName": "few", "limit": 2}],
    )


def _verify_forgetful(stage: Stage, name: str) -> None:
    status = _expected(stage, name, "Successful")
    few, many = _result(status, "few"), _result(status, "many")
    assert (few["count"], len(few["measurements"])) == (4, 2)
    assert (many["count"], len(many["measurements"])) == (12, 10)


def _begin_with_args(stage: Stage, name: str) -> None:
    asked = metric(
        stage,
        "vector({{args.value}}) > {{ args.limit }}",
        count="{{args.count}}",
        interval="{{args.interval}}",
        successCondition="result[0] == {{args.value}}",
    )
    args = {"value": "0.25", "limit": "0", "count": "2", "interval": "1s"}
    begin(stage, name, asked, args=[{"name": key, "value": value} for key, value in args.items()])


def _verify_with_args(stage: Stage, name: str) -> None:
    result = _result(_expected(stage, name, "Successful"))
    assert result["metadata"] == {"ResolvedPrometheusQuery": "vector(0.25) > 0"}
    assert (result["count"], _phases(result)) == (2, ["Successful", "Successful"])


def _begin_quoting(stage: Stage, name: str) -> None:
    asked = metric(stage, '{__name__="{{args.text}}"}', successCondition="len(result) == 0")
    begin(stage, name, asked, args=[{"name": "text", "value": 'a\\"b\\nö'}])


def _verify_quoting(stage: Stage, name: str) -> None:
    result = _result(_expected(stage, name, "Successful"))
    assert result["metadata"]["ResolvedPrometheusQuery"] == '{__name__="a\\"b\\nö"}'


def _begin_limited(stage: Stage, name: str) -> None:
    begin(stage, name, metric(stage, _ONE, count=5, consecutiveSuccessLimit=2, **_AGAIN))


def _verify_limited(stage: Stage, name: str) -> None:
    result = _result(_expected(stage, name, "Successful"))
    assert (result["count"], result["consecutiveSuccess"]) == (2, 2)


def _begin_unmet(stage: Stage, name: str, failure_limit: int) -> None:
    asked = metric(
        stage,
        "vector(0)",
        count=2,
        consecutiveSuccessLimit=1,
        failureLimit=failure_limit,
        **_AGAIN,
    )
    begin(stage, name, asked)


def _verify_unmet(stage: Stage, name: str) -> None:
    status = _expected(stage, name, "Failed")
    result = _result(status)
    assert (result["phase"], result["count"], result["failed"]) == ("Failed", 2, 2)
    # The controller's own summary counts what broke no limit as a success.
    assert status["runSummary"] == {"count": 1, "successful": 1}


def _invalid(message: str, *metrics: Json, **spec: Any) -> Life:
    """Return the life of a run whose spec is refused; `{url}` in metrics is the address."""

    def start(stage: Stage, name: str) -> None:
        begin(stage, name, *(_addressed(each, stage.prometheus_url) for each in metrics), **spec)

    def verify(stage: Stage, name: str) -> None:
        status = _expected(stage, name, "Error", message)
        assert "completedAt" not in status
        assert not status.get("metricResults")
        _events(stage, name, ("Warning", "AnalysisRunError", "Analysis Completed. Result: Error"))

    return Life(start, verify)


def _addressed(value: Any, url: str) -> Any:
    if isinstance(value, dict):
        return {key: _addressed(each, url) for key, each in value.items()}
    return value.replace("{url}", url) if isinstance(value, str) else value


def _asked(**fields: Any) -> Json:
    provider = {"prometheus": {"address": "{url}", "query": _ONE}}
    return {"name": "m", "provider": provider, **fields}


_SPEC: Final = "Analysis spec invalid: "
_METRIC: Final = f"{_SPEC}metrics[0]: "
_ARGS: Final = "Unable to resolve metric arguments: "


def _invalids() -> Sequence[Life]:
    return (
        _invalid(f"{_SPEC}metrics[1]: duplicate name 'm'", _asked(), _asked()),
        _invalid(f"{_METRIC}interval must be specified when count > 1", _asked(count=2)),
        _invalid(
            f'{_METRIC}invalid interval string: time: missing unit in duration "5"',
            _asked(interval="5"),
        ),
        _invalid(
            f'{_METRIC}invalid interval string: time: invalid duration "soon"',
            _asked(interval="soon"),
        ),
        _invalid(
            f'{_METRIC}invalid startDelay string: time: unknown unit "d" in duration "5d"',
            _asked(initialDelay="5d"),
        ),
        _invalid(f"{_METRIC}inconclusiveLimit must be >= 0", _asked(inconclusiveLimit=-1)),
        _invalid(
            f"{_METRIC}failureLimit must be >= 0, or -1 to be disabled", _asked(failureLimit=-2)
        ),
        _invalid(
            f"{_METRIC}failureLimit and consecutiveSuccessLimit cannot both be disabled",
            _asked(failureLimit=-1),
        ),
        _invalid(
            f"{_METRIC}count (2) must be >= failureLimit + consecutiveSuccessLimit (1 + 2)"
            " if both >= 0",
            _asked(count=2, interval="1s", failureLimit=1, consecutiveSuccessLimit=2),
        ),
        _invalid(
            f"{_METRIC}count must be >= inconclusiveLimit",
            _asked(count=2, interval="1s", inconclusiveLimit=3),
        ),
        _invalid(f"{_METRIC}consecutiveErrorLimit must be >= 0", _asked(consecutiveErrorLimit=-1)),
        _invalid(f"{_METRIC}no provider specified", {"name": "m", "provider": {}}),
        _invalid(
            f"{_SPEC}dryRun[0]: Rule didn't match any metric name(s)",
            _asked(),
            dryRun=[{"metricName": "other"}],
        ),
        _invalid(
            f"{_SPEC}measurementRetention[0]: Rule didn't match any metric name(s)",
            _asked(),
            measurementRetention=[{"metricName": "other", "limit": 1}],
        ),
        _invalid(
            f"{_ARGS}failed to resolve {{{{{{{{args.missing}}}}}}}}",
            _asked(successCondition="result[0] > {{args.missing}}"),
        ),
        _invalid(f'{_ARGS}argument "empty" was not supplied', _asked(), args=[{"name": "empty"}]),
    )


LIVES: Final[Mapping[str, Life]] = {
    "failing": Life(_begin_failing, _verify_failing),
    "counted": Life(_begin_counted, _verify_counted),
    "terminated": Life(_begin_endless, _verify_terminated, _terminate_measured),
    "terminated-early": Life(_begin_delayed, _verify_terminated_early, _terminate_running),
    "waiting": Life(_begin_waiting, _verify_waited),
    "dry": Life(_begin_dry, _verify_dry),
    "two": Life(_begin_two, _verify_two),
    "worst": Life(_begin_worst, _verify_worst),
    "unsure": Life(_begin_unsure, _verify_unsure),
    "without-data": Life(_begin_without_data, _verify_without_data),
    "erring": Life(_begin_erring, _verify_erring),
    "unreachable": Life(_begin_unreachable, _verify_unreachable),
    "forgetful": Life(_begin_forgetful, _verify_forgetful),
    "with-args": Life(_begin_with_args, _verify_with_args),
    "quoting": Life(_begin_quoting, _verify_quoting),
    "limited": Life(_begin_limited, _verify_limited),
    "unmet": Life(lambda stage, name: _begin_unmet(stage, name, -1), _verify_unmet),
    "no-address": _unprovided({"query": _ONE}, "prometheus address is not configured"),
    "no-url": _unprovided(
        {"address": "prometheus:9090", "query": _ONE}, "prometheus address is not is url format"
    ),
    "negative-timeout": _unprovided(
        {"address": "http://127.0.0.1:1", "query": _ONE, "timeout": -1},
        "prometheus timeout should not be negative",
    ),
    **{f"invalid-{number}": life for number, life in enumerate(_invalids())},
}
"""Run by run; each is created under its name."""
