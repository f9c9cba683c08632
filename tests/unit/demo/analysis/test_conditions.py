"""Laws of conditions; the contract tests hold their verdicts and words."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.demo.analysis.conditions.evaluation import Measured, holds
from amas_tui.demo.analysis.conditions.lexer import ConditionError

_PIECES = st.sampled_from(
    ["result", "[", "]", "0", "1.5", "-1", "(", ")", "{", "}", "#", "len", "all", "any", "count",
     ",", ">", "==", "and", "or", "not", "!", "&&", "+", "-", "*", "/", "%", "**", "?", ":", "'a'",
     '"', "`", "isNaN", "asInt", "asFloat", "default", "true", "nil", "in", ".", "..", "|", "@",
     " ", "//", "/*", "let", "é", "$", "0x", "1e", "\\", "\n"]
)  # fmt: skip
_MEASURED = st.floats() | st.lists(st.floats(), max_size=3)


@given(st.lists(_PIECES, max_size=15).map(" ".join) | st.text(max_size=30), _MEASURED)
def test_no_condition_makes_evaluation_raise_anything_of_its_own(
    condition: str, measured: Measured
) -> None:
    try:
        found: object = holds(condition, measured)
    except ConditionError as error:
        found = str(error)

    assert isinstance(found, bool) or found


@given(st.floats(), st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_compared_as_it_is(value: float, limit: float) -> None:
    assert holds(f"result[0] >= {limit!r}", [value]) == (value >= limit)
    assert holds(f"result[0] < {limit!r}", [value]) == (value < limit)
    assert holds("isNaN(result[0])", [value]) == math.isnan(value)


@given(st.lists(st.floats(allow_nan=False), max_size=5))
def test_quantifiers_agree(values: list[float]) -> None:
    assert holds("all(result, # > 0)", values) != holds("any(result, not (# > 0))", values)
    assert holds("none(result, # > 0)", values) == holds("count(result, # > 0) == 0", values)
    assert holds("one(result, # > 0)", values) == holds("count(result, # > 0) == 1", values)


@pytest.mark.parametrize(
    "condition",
    ["result[0] in [1]", "{a: 1}", "result[0:1]", "max(result) > 1", "let x = 1; x > 0",
     "result | len() > 0", "result.a", "'a' matches 'b'", "result[0] ?? 1", "len > 0"],
)  # fmt: skip
def test_what_is_left_out_is_named(condition: str) -> None:
    with pytest.raises(ConditionError, match="the demo's conditions do not know"):
        holds(condition, [1.0])


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(ConditionError, match="nested too deeply"):
        holds("(" * 5_000 + "true" + ")" * 5_000, [1.0])
