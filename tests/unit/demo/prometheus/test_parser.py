import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.demo.prometheus.ast import (
    FUNCTIONS,
    Aggregation,
    Binary,
    Call,
    Expression,
    Matching,
    Number,
    Parentheses,
    Range,
    Selector,
    Sign,
    Type,
    type_of,
)
from amas_tui.demo.prometheus.labels import METRIC_NAME, Match, Matcher
from amas_tui.demo.prometheus.lexer import ParseError
from amas_tui.demo.prometheus.parser import duration_ms, parse

_NAMES = st.sampled_from(["up", "http_requests_total", "a:b", "sum", "by", "offset"])
_LABELS = st.sampled_from(["pod", "le", "service", "by", "sum"])
_VALUES = st.text("ab.*\"'\\`{}[]\n\tö", max_size=6)
_NUMBERS = st.floats(allow_nan=False).map(lambda value: Number(0, value))


@st.composite
def _matchers(draw: st.DrawFn) -> Matcher:
    match = draw(st.sampled_from(Match))
    is_regex = match in (Match.REGEX, Match.NOT_REGEX)
    value = draw(st.sampled_from(["a|b", "5..", ""]) if is_regex else _VALUES)
    return Matcher(draw(_LABELS), match, value)


@st.composite
def _selectors(draw: st.DrawFn) -> Selector:
    name = Matcher(METRIC_NAME, Match.EQUAL, draw(_NAMES))
    return Selector(0, (name, *draw(st.lists(_matchers(), max_size=3))))


@st.composite
def _vectors(draw: st.DrawFn, depth: int = 3) -> Expression:
    kinds = ("selector", "rate") if depth == 0 else ("sum", "sign", "binary", "histogram", "rate")
    deeper = _vectors(depth - 1)
    match draw(st.sampled_from(kinds)):
        case "sum":
            operation = draw(st.sampled_from(["sum", "avg", "min", "max", "count"]))
            labels = tuple(draw(st.lists(_LABELS, max_size=2, unique=True)))
            return Aggregation(0, operation, draw(deeper), labels, draw(st.booleans()))
        case "sign":
            return Sign(0, draw(st.sampled_from("+-")), Parentheses(0, draw(deeper)))
        case "binary":
            return draw(_binaries(deeper))
        case "histogram":
            return Call(0, "histogram_quantile", (draw(_NUMBERS), draw(deeper)))
        case "rate":
            width = draw(st.integers(1, 10**12))
            return Call(0, "rate", (Range(0, draw(_selectors()), width),))
    return draw(_selectors())


@st.composite
def _binaries(draw: st.DrawFn, deeper: st.SearchStrategy[Expression]) -> Binary:
    operator = draw(st.sampled_from(["+", "-", "*", "/", "==", "!=", "<", "<=", ">", ">="]))
    labels = tuple(draw(st.lists(_LABELS, max_size=2, unique=True)))
    matching = draw(st.none() | st.builds(Matching, st.booleans(), st.just(labels)))
    returns_bool = operator in ("==", "!=", "<", "<=", ">", ">=") and draw(st.booleans())
    left, right = Parentheses(0, draw(deeper)), Parentheses(0, draw(deeper))
    return Binary(0, operator, left, right, returns_bool, matching)


@given(_vectors())
def test_an_expression_written_down_is_read_as_the_same(expression: Expression) -> None:
    assert parse(str(expression)) == expression
    assert type_of(expression) is Type.VECTOR


_PIECES = st.sampled_from(
    ["up", "sum", "by", "(", ")", "{", "}", "[", "]", "5m", "1", ".5", "0x", "'a'", '"', "=", "==",
     "=~", "!", "!=", ",", "+", "-", "*", "/", "rate", "le", " ", "\n", "#", "offset", "@", "bool",
     "on", "é", "\\", "`", "NaN", "vector", "histogram_quantile", "nothing", "\x00", "1e9"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=25).map("".join) | st.text(max_size=40))
def test_no_text_makes_parsing_raise_anything_of_its_own(query: str) -> None:
    found = _read(query)

    if isinstance(found, str):
        assert ": parse error: " in found
    else:
        assert parse(str(found)) == found or "nan" in query.lower()


def _read(query: str) -> Expression | str:
    try:
        return parse(query)
    except ParseError as error:
        return str(error)


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(ParseError, match="nested too deeply"):
        parse("(" * 5_000 + "1" + ")" * 5_000)


def test_operators_bind_as_in_arithmetic() -> None:
    outer = parse("a - b * c > d")
    assert isinstance(outer, Binary)
    assert (outer.operator, str(outer.left)) == (">", "a - b * c")
    inner = outer.left
    assert isinstance(inner, Binary)
    assert (inner.operator, str(inner.right)) == ("-", "b * c")


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("5m", 300_000),
        ("1h30m", 5_400_000),
        ("1500ms", 1_500),
        ("1w2d", 777_600_000),
        ("1y", 31_536_000_000),
    ],
)
def test_durations_are_read_in_milliseconds(text: str, ms: int) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "5", "m", "5m1h", "5.5m", "-5m", "5 m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a valid duration string"):
        duration_ms(text)


def test_every_function_has_a_type_of_its_own() -> None:
    assert {name: takes for name, (takes, _) in FUNCTIONS.items() if not takes} == {}
