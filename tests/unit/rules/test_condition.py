import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.domain.analysis import AnalysisPhase, Metric
from amas_tui.rules.condition import (
    Limit,
    first_number,
    is_finite,
    judge,
    limits,
    result_of,
)
from amas_tui.rules.expr import ExprError
from tests.data.conditions import CASES, Case
from tests.unit.rules.expressions import expressions, results


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_measurement_is_judged_as_the_controller_judges_it(case: Case) -> None:
    judgement = judge(case.success, case.failure, result_of(case.value))
    if case.is_judged:
        assert judgement.phase == AnalysisPhase(case.phase)
    else:
        assert judgement.phase is None


def test_what_cannot_be_judged_says_why() -> None:
    assert judge("max(result) > 1", "", [1.0]).reason == "max() cannot be evaluated here"
    error = judge("result[0] > 1", "", [])
    assert error.phase is AnalysisPhase.ERROR
    assert error.reason == "index 0 is out of range: the result has 0 values"


@given(expressions, expressions, results)
def test_no_condition_makes_judging_raise(success: str, failure: str, result: Any) -> None:
    judgement = judge(success, failure, result)
    assert judgement.phase is None or judgement.phase in AnalysisPhase


@given(expressions | st.text(max_size=40))
def test_no_condition_makes_reading_its_limits_raise(condition: str) -> None:
    found = limits(Metric(success_condition=condition, failure_condition=condition))
    assert all(math.isfinite(limit.value) for limit in found)


@pytest.mark.parametrize(
    ("success", "failure", "expected"),
    [
        pytest.param("result[0] >= 0.95", "", [(">=", 0.95)], id="success"),
        pytest.param("result >= 0.95", "", [(">=", 0.95)], id="scalar"),
        pytest.param("0.95 <= result[0]", "", [(">=", 0.95)], id="the other way round"),
        pytest.param("3 > result[0]", "", [("<", 3)], id="mirrored"),
        pytest.param("result[0] > -1.5", "", [(">", -1.5)], id="negative"),
        pytest.param("", "result[0] < 0.95", [(">=", 0.95)], id="failure turned round"),
        pytest.param("", "result[0] >= 0.05", [("<", 0.05)], id="failure upper"),
        pytest.param("result[0] > 1", "result[0] < 0.5", [(">", 1)], id="success speaks first"),
        pytest.param("true", "result[0] < 0.5", [(">=", 0.5)], id="unreadable success"),
        pytest.param("result[0] >= 1 && result[0] <= 2", "", [(">=", 1), ("<=", 2)], id="band"),
        pytest.param("isNaN(result[0]) || result[0] >= 1", "", [(">=", 1)], id="NaN first"),
        pytest.param(
            "len(result) == 0 || result[0] >= 1", "", [(">=", 1)], id="length is no value"
        ),
        pytest.param("all(result, # < 3)", "", [("<", 3)], id="all"),
        pytest.param("any(result, {# < 3})", "", [("<", 3)], id="any"),
        pytest.param("none(result, # < 3)", "", [(">=", 3)], id="none turns round"),
        pytest.param("!(result[0] < 3)", "", [(">=", 3)], id="not turns round"),
        pytest.param("not (result[0] < 3)", "", [(">=", 3)], id="the word too"),
        pytest.param("", "!(result[0] < 3)", [("<", 3)], id="not in a failure condition"),
        pytest.param("asFloat(result[0]) >= 1", "", [(">=", 1)], id="asFloat"),
        pytest.param("default(result, 0) < 1", "", [("<", 1)], id="default"),
        pytest.param("result[0] == 1", "", [("==", 1)], id="equal"),
        pytest.param("", "result[0] == 1", [], id="unequal is no limit"),
        pytest.param("result[0] >= 1 || result[0] >= 1", "", [(">=", 1)], id="said twice"),
        pytest.param("result[0] * 100 >= 95", "", [], id="a computed value has no line"),
        pytest.param("result[0] >= result[1]", "", [], id="no number"),
        pytest.param("result[0] >= {{args.limit}}", "", [], id="open argument"),
        pytest.param("result[0] >=", "", [], id="broken"),
        pytest.param("result[0] >= true", "", [], id="a boolean is no number"),
        pytest.param("", "", [], id="none at all"),
    ],
)
def test_limits_are_read_from_comparisons(
    success: str, failure: str, expected: list[tuple[str, float]]
) -> None:
    found = limits(Metric(success_condition=success, failure_condition=failure))
    assert [(limit.operator, limit.value) for limit in found] == expected


@pytest.mark.parametrize("operator", [">=", ">", "<=", "<", "=="])
@given(number=st.floats(), value=st.floats(allow_nan=False))
def test_a_limit_holds_as_its_sign_says_and_never_for_nan(
    operator: str, number: float, value: float
) -> None:
    holds = Limit(operator, value).holds(number)
    order = {">=": number >= value, ">": number > value, "<=": number <= value, "<": number < value}
    assert holds == order.get(operator, number == value)
    assert not (math.isnan(number) and holds)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        pytest.param("[0.98]", [0.98], id="vector"),
        pytest.param("[0.98,0.5]", [0.98, 0.5], id="two series"),
        pytest.param("[ 1 , 2 ]", [1.0, 2.0], id="blanks"),
        pytest.param("[]", [], id="no data"),
        pytest.param("[+Inf,-Inf]", [math.inf, -math.inf], id="infinities"),
        pytest.param("0.98", 0.98, id="scalar"),
        pytest.param(" 7 ", 7.0, id="scalar with blanks"),
    ],
)
def test_a_measured_value_is_read_although_it_is_not_json(text: str, result: Any) -> None:
    assert result_of(text) == result


@pytest.mark.parametrize("text", ["", "x", "[x]", "[1,]", "{}", "[[1]]", "1,2"])
def test_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ExprError):
        result_of(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("[0.98,0.1]", 0.98), ("[+Inf]", math.inf), ("0.5", 0.5), ("[]", None), ("down", None)],
)
def test_the_first_number_is_what_a_condition_looks_at(text: str, number: float | None) -> None:
    assert first_number(text) == number


def test_nan_is_a_measured_answer() -> None:
    found = first_number("[NaN]")
    assert found is not None
    assert math.isnan(found)


@pytest.mark.parametrize(
    ("number", "finite"), [(0.0, True), (math.inf, False), (math.nan, False), (None, False)]
)
def test_only_finite_numbers_can_be_drawn(*, number: float | None, finite: bool) -> None:
    assert is_finite(number) is finite
