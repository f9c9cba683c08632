import math
from typing import Any

import pytest
from hypothesis import given

from amas_tui.rules.evaluate import Value, evaluate
from amas_tui.rules.expr import ExprError, parse
from tests.unit.rules.expressions import expressions, results

_WEB: Value = {"ok": True, "rate": 0.98, "items": [{"n": 1}, {"n": 2}], "name": "checkout"}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        pytest.param("result.ok", True, id="field"),
        pytest.param("result.rate >= 0.95", True, id="number of a field"),
        pytest.param('result["rate"] < 0.95', False, id="field in brackets"),
        pytest.param("result.missing == nil", True, id="a missing field is nil"),
        pytest.param("(result.missing ?? 1) == 1", True, id="instead of nil"),
        pytest.param("len(result.items) == 2", True, id="length of a list"),
        pytest.param("all(result.items, #.n > 1)", False, id="fields of elements"),
        pytest.param("one(result.items, #.n > 1)", True, id="one of them"),
        pytest.param('result.name startsWith "check"', True, id="startsWith"),
        pytest.param('result.name endsWith "x"', False, id="endsWith"),
        pytest.param('result.name contains "eck"', True, id="contains"),
        pytest.param('result.name not contains "eck"', False, id="not contains"),
        pytest.param('result.name == "check" + "out"', True, id="joined strings"),
        pytest.param('"b" > "a" && "a" <= "a"', True, id="strings in order"),
        pytest.param('"rate" in result', True, id="key of a map"),
        pytest.param("asInt(\"7\") == 7 && asFloat('0.5') == 0.5", True, id="numbers in strings"),
        pytest.param("len(result.name) == 8", True, id="length of a string"),
        pytest.param("abs(-2) == 2 && floor(1.7) == 1 && ceil(1.2) == 2", True, id="rounding"),
        pytest.param("result.items == result.items", True, id="equal lists"),
        pytest.param("[1, 2] == [1, 3]", False, id="unequal lists"),
    ],
)
def test_a_web_metrics_answer_can_be_judged(*, condition: str, holds: bool) -> None:
    assert evaluate(parse(condition), _WEB) is holds


@pytest.mark.parametrize(
    ("condition", "result", "reason"),
    [
        pytest.param("result", [1.0], "the condition gives a list, not true or false", id="list"),
        pytest.param("nil", [1.0], "the condition gives nil, not true or false", id="nil"),
        pytest.param(
            "result[1] > 0", [1.0], "index 1 is out of range: the result has 1 values", id="beyond"
        ),
        pytest.param("result[0.5] > 0", [1.0], "a list is indexed by a whole number", id="half"),
        pytest.param("result[0] > 0", 1.0, "cannot take [0] of a number", id="scalar indexed"),
        pytest.param("result > 0", [1.0], "expected a number, not a list", id="list compared"),
        pytest.param('result == "1"', 1.0, "cannot compare a number with a string", id="types"),
        pytest.param("!result", 1.0, "expected true or false, not a number", id="not a number"),
        pytest.param("isNaN(result)", [1.0], "isNaN() needs a float, not a list", id="isNaN"),
        pytest.param("len(result) > 0", 1.0, "len() needs a list, not a number", id="length"),
        pytest.param("asInt(result) > 0", math.nan, "asInt() cannot read a number", id="NaN cut"),
        pytest.param("asInt('1_0') > 0", 1.0, "asInt() cannot read a string", id="underscore"),
        pytest.param("asFloat(' 1') > 0", 1.0, "asFloat() cannot read a string", id="blank"),
        pytest.param("1 % 0 == 0", 1.0, "division by zero", id="modulo zero"),
        pytest.param("1.5 % 2 == 0", 1.0, "'%' needs two whole numbers", id="modulo of halves"),
        pytest.param("# > 1", [1.0], "'#' outside of a predicate", id="element"),
        pytest.param(
            "all(result, #)", [1.0], "expected true or false, not a number", id="predicate"
        ),
        pytest.param(
            "all(result, # > 1)", 1.0, "all() needs a list, not a number", id="all of one"
        ),
        pytest.param("all(result)", [1.0], "all() takes a list and a condition", id="no condition"),
        pytest.param("len()", [1.0], "len() takes 1 argument", id="too few arguments"),
        pytest.param("now() > 1", [1.0], "now() cannot be evaluated here", id="unknown function"),
        pytest.param("x > 1", [1.0], "unknown name x", id="unknown name"),
        pytest.param('result matches "a"', "a", "'matches' cannot be evaluated here", id="matches"),
        pytest.param("1 in result", 1.0, "'in' needs a list or a map, not a number", id="in"),
        pytest.param("1 contains 2", 1.0, "'contains' needs two strings", id="contains"),
        pytest.param(
            "9223372036854775807 + 1 > 0", 1.0, "a whole number is too large", id="beyond 64 bits"
        ),
        pytest.param(
            "len(result) == 0 || result >= 1",
            [],
            "expected a number, not a list",
            id="a branch not taken",
        ),
        pytest.param(
            "true ? true : result + 1",
            [1.0],
            "expected a number, not a list",
            id="an answer not given",
        ),
    ],
)
def test_what_the_controller_would_refuse_is_refused(
    condition: str, result: Value, reason: str
) -> None:
    with pytest.raises(ExprError) as caught:
        evaluate(parse(condition), result)
    assert caught.value.text == reason


@given(expressions, results)
def test_no_condition_and_result_raise_anything_else(condition: str, result: Any) -> None:
    try:
        verdict = evaluate(parse(condition), result)
    except ExprError:
        return
    assert isinstance(verdict, bool)


def test_predicates_inside_predicates_are_given_up_in_time() -> None:
    deep = "all(result, " * 12 + "true" + ")" * 12
    with pytest.raises(ExprError, match="takes too long"):
        evaluate(parse(deep), [1.0] * 10)


@pytest.mark.parametrize(
    ("condition", "value"),
    [("1 / 0", math.inf), ("-1 / 0", -math.inf), ("2 ** 5000", math.inf)],
)
def test_numbers_overflow_to_infinity_as_in_go(condition: str, value: float) -> None:
    assert evaluate(parse(f"{condition} == result"), value)


def test_the_rest_of_a_division_has_the_sign_of_what_is_divided() -> None:
    assert evaluate(parse("-7 % 3 == -1 && 7 % -3 == 1"), 1.0)
