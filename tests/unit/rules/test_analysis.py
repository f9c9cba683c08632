import math

import pytest

from amas_tui.domain.analysis import AnalysisPhase, AnalysisRun
from amas_tui.rules.analysis import (
    Counts,
    MetricState,
    counts,
    culprit,
    failing_measurement,
    is_cut_short,
    metric_states,
    newest,
    newest_measurement,
    passed_without_data,
    resolved,
    whole,
)
from tests.builders import (
    Json,
    ago,
    analysis_run,
    failed_run,
    measurement,
    metric,
    result,
    template,
)


def _state(run: AnalysisRun) -> MetricState:
    (state,) = metric_states(run)
    return state


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (None, None),
        (3, 3),
        (0, 0),
        ("3", 3),
        (" 3 ", 3),
        ("-1", -1),
        ("3.5", None),
        ("{{args.n}}", None),
        ("9999999999", None),
        ("", None),
    ],
)
def test_a_limit_in_a_string_counts(value: int | str | None, number: int | None) -> None:
    assert whole(value) == number


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        pytest.param({}, 1, id="once"),
        pytest.param({"count": 5, "interval": "10s"}, 5, id="given"),
        pytest.param({"count": "5", "interval": "10s"}, 5, id="given in a string"),
        pytest.param({"interval": "10s"}, None, id="until it is stopped"),
        pytest.param({"count": 0, "interval": "10s"}, None, id="0 counts as absent"),
        pytest.param({"count": 0}, 1, id="0 without an interval"),
    ],
)
def test_how_many_measurements_there_will_be(fields: Json, wanted: int | None) -> None:
    assert _state(analysis_run(metrics=[metric(**fields)])).wanted == wanted


def test_a_metric_without_a_result_is_pending() -> None:
    state = _state(analysis_run())
    assert (state.phase, state.measured, state.value) == (AnalysisPhase.PENDING, 0, None)
    assert state.is_keeping is None
    assert newest_measurement(state.result) is None
    assert failing_measurement(state) is None


def test_metrics_keep_the_order_of_the_spec() -> None:
    run = analysis_run(
        metrics=[metric("b"), metric("a")], results=[result("a", count=1), result("b", count=2)]
    )
    assert [(state.name, state.measured) for state in metric_states(run)] == [("b", 2), ("a", 1)]


@pytest.mark.parametrize(
    ("value", "keeping"),
    [("[0.98]", True), ("[0.9]", False), ("[NaN]", False), ("[]", None), (None, None)],
)
def test_the_newest_value_stands_against_the_limit(
    *, value: str | None, keeping: bool | None
) -> None:
    measured = [measurement("Successful", "[0.99]"), measurement("Running", value)]
    state = _state(analysis_run(results=[result(measured=measured)]))
    assert state.is_keeping is keeping


def test_nan_is_a_value() -> None:
    state = _state(analysis_run(results=[result(measured=[measurement("Failed", "[NaN]")])]))
    assert state.value is not None
    assert math.isnan(state.value)


def test_a_value_without_a_readable_limit_is_not_judged() -> None:
    run = analysis_run(
        metrics=[metric(success="result[0] * 2 > 1")],
        results=[result(measured=[measurement("Successful", "[0.9]")])],
    )
    assert _state(run).is_keeping is None


@pytest.mark.parametrize(("limit", "tolerated"), [(None, 0), (2, 2), ("2", 2), (-1, -1)])
def test_failures_tolerated(limit: int | str | None, tolerated: int) -> None:
    assert _state(analysis_run(metrics=[metric(failureLimit=limit)])).failure_limit == tolerated


def test_the_runs_own_arguments_are_filled_in() -> None:
    own = metric(
        query="up{hash='{{args.hash}}'}",
        success="result[0] >= {{args.limit}}",
        count="{{args.count}}",
        interval="{{args.every}}",
        failureLimit="{{args.fails}}",
        address="http://{{args.host}}:9090",
    )
    args = {
        "hash": "abc",
        "limit": "0.9",
        "count": "4",
        "every": "5s",
        "fails": "2",
        "host": "prom",
    }
    run = analysis_run(
        metrics=[own], args=[{"name": name, "value": value} for name, value in args.items()]
    )
    state = _state(run)
    prometheus = state.metric.provider.prometheus
    assert prometheus is not None
    assert prometheus.query == "up{hash='abc'}"
    assert prometheus.address == "http://prom:9090"
    assert [(limit.operator, limit.value) for limit in state.limits] == [(">=", 0.9)]
    assert (state.wanted, state.metric.interval, state.failure_limit) == (4, "5s", 2)


def test_an_argument_without_a_value_stays_open() -> None:
    own = template(metrics=[metric(query="{{args.secret}}")]).spec.metrics[0]
    prometheus = resolved(own, {"secret": None}).provider.prometheus
    assert prometheus is not None
    assert prometheus.query == "{{args.secret}}"


def test_a_metric_of_another_provider_is_kept_as_it_is() -> None:
    own = template(metrics=[metric(provider={"web": {}}, success="result.ok")]).spec.metrics[0]
    assert resolved(own, {}) == own


@pytest.mark.parametrize(
    ("rules", "dry"),
    [([], False), (["success.*"], True), ([".*"], True), (["latency"], False), (["("], False)],
    ids=["none", "pattern", "all", "another", "broken pattern"],
)
def test_dry_run_rules_are_patterns(*, rules: list[str], dry: bool) -> None:
    assert _state(analysis_run(dry_run=rules)).is_dry_run is dry


def test_a_result_may_say_dry_run_itself() -> None:
    assert _state(analysis_run(results=[result(dryRun=True)])).is_dry_run


def test_the_newest_bad_measurement_is_found() -> None:
    measured = [
        measurement("Failed", "[0.1]"),
        measurement("Error", message="no"),
        measurement("Successful", "[1]"),
    ]
    found = failing_measurement(_state(analysis_run(results=[result(measured=measured)])))
    assert found is not None
    assert found.message == "no"


@pytest.mark.parametrize(
    ("phases", "name"),
    [
        pytest.param({"a": "Successful", "b": "Failed"}, "b", id="failed"),
        pytest.param({"a": "Error", "b": "Failed"}, "b", id="failed before error"),
        pytest.param({"a": "Inconclusive", "b": "Error"}, "b", id="error before inconclusive"),
        pytest.param({"a": "Failed", "b": "Failed"}, "a", id="the first of two"),
        pytest.param({"a": "Successful", "b": "Running"}, None, id="none"),
    ],
)
def test_the_worst_metric_is_the_culprit(phases: dict[str, str], name: str | None) -> None:
    run = analysis_run(
        metrics=[metric(one) for one in phases],
        results=[result(one, phase) for one, phase in phases.items()],
    )
    found = culprit(run)
    assert (found.name if found else None) == name


def test_a_dry_run_metric_is_never_the_culprit() -> None:
    assert culprit(failed_run(dry_run=["success-rate"])) is None
    assert culprit(failed_run()) is not None


def test_counters_add_up_over_all_metrics() -> None:
    run = analysis_run(
        results=[
            result("a", successful=3, failed=1),
            result("b", successful=2, inconclusive=4, error=5, dryRun=True),
        ]
    )
    assert counts(run) == Counts(5, 1, 4, 5)


@pytest.mark.parametrize(
    ("phase", "terminate", "results", "cut", "empty"),
    [
        pytest.param("Successful", False, [result(successful=3)], False, False, id="passed"),
        pytest.param("Successful", True, [result(successful=1)], True, False, id="cut short"),
        pytest.param("Successful", True, [], True, False, id="cut short at once"),
        pytest.param("Running", True, [], False, False, id="about to be cut"),
        pytest.param("Failed", True, [], False, False, id="failed before it was cut"),
        pytest.param("Successful", False, [], False, True, id="no result"),
        pytest.param("Successful", False, [result(error=2)], False, True, id="errors alone"),
        pytest.param(
            "Successful",
            False,
            [result(successful=9, dryRun=True)],
            False,
            True,
            id="only a dry-run succeeded",
        ),
        pytest.param("Running", False, [], False, False, id="still running"),
    ],
)
def test_a_success_may_be_cut_short_or_without_data(
    *, phase: str, terminate: bool, results: list[Json], cut: bool, empty: bool
) -> None:
    run = analysis_run(phase=phase, terminate=terminate, results=results)
    assert (is_cut_short(run), passed_without_data(run)) == (cut, empty)


def test_the_newest_run_was_created_last() -> None:
    old = analysis_run("z", born=ago(minutes=9))
    young = [analysis_run("a", born=ago(minutes=1)), analysis_run("b", born=ago(minutes=1))]
    found = newest([old, *young])
    assert found is not None
    assert found.metadata.name == "b"
    assert newest([]) is None
