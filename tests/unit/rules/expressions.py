"""Conditions at random: most are well-formed, many of the wrong type, some nonsense."""

import math
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

_numbers = st.sampled_from(
    ("0", "1", "0.95", "-1", "1e3", ".5", "1_000", "0x1F", "9" * 30, "1e999", "9223372036854775807")
)
_leaves = _numbers | st.sampled_from(
    ("result", "result[0]", "result[-1]", "result[9]", "true", "false", "nil", '"a"', "#", "value")
)
_signs = st.sampled_from(
    (
        *("+", "-", "*", "/", "%", "**", "^", "<", "<=", ">", ">=", "==", "!="),
        *("&&", "||", "and", "or", "in", "not in", "??", "contains", "startsWith", "matches"),
    )
)
_functions = st.sampled_from(
    ("len", "isNaN", "isInf", "isNil", "asInt", "asFloat", "abs", "floor", "ceil", "max", "x")
)
_predicates = st.sampled_from(("all", "any", "none", "one", "count", "filter", "map"))


def _bigger(inner: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, _signs, inner),
        st.builds("{} {} {}".format, inner, _signs, inner),
        st.builds("{}({})".format, _functions, inner),
        st.builds("default({}, {})".format, inner, inner),
        st.builds("{}({}, {{{}}})".format, _predicates, inner, inner),
        st.builds("{}{}".format, st.sampled_from(("!", "not ", "-", "+")), inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{}.name".format, inner),
    )


expressions: SearchStrategy[str] = st.recursive(_leaves, _bigger, max_leaves=8)

results: SearchStrategy[Any] = st.one_of(
    st.floats(),
    st.lists(st.floats(), max_size=3),
    st.none(),
    st.recursive(
        st.floats() | st.integers() | st.text(max_size=3) | st.booleans() | st.none(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=5,
    ),
    st.just([math.nan]),
)
