import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.rules.expr import (
    Array,
    Binary,
    Call,
    Conditional,
    Element,
    ExprError,
    Index,
    Literal,
    Name,
    Node,
    Unary,
    parse,
)
from tests.unit.rules.expressions import expressions

_RESULT = Name("result")
_FIRST = Index(_RESULT, Literal(0))
_A, _B, _C = (Literal(number) for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("text", "node"),
    [
        pytest.param("result", _RESULT, id="name"),
        pytest.param("result[0]", _FIRST, id="index"),
        pytest.param("result.a.b", Index(Index(_RESULT, Literal("a")), Literal("b")), id="fields"),
        pytest.param("1 + 2 * 3", Binary("+", _A, Binary("*", _B, _C)), id="product first"),
        pytest.param("(1 + 2) * 3", Binary("*", Binary("+", _A, _B), _C), id="brackets"),
        pytest.param("1 - 2 - 3", Binary("-", Binary("-", _A, _B), _C), id="left to right"),
        pytest.param("1 ** 2 ^ 3", Binary("**", _A, Binary("**", _B, _C)), id="power from right"),
        pytest.param("-1 ** 2", Unary("-", Binary("**", _A, _B)), id="power before sign"),
        pytest.param("-1 * 2", Binary("*", Unary("-", _A), _B), id="sign before product"),
        pytest.param(
            "1 < 2 and 2 < 3",
            Binary("&&", Binary("<", _A, _B), Binary("<", _B, _C)),
            id="comparison before and",
        ),
        pytest.param("1 or 2 && 3", Binary("||", _A, Binary("&&", _B, _C)), id="and before or"),
        pytest.param("!1 == 2", Binary("==", Unary("!", _A), _B), id="not before equal"),
        pytest.param("1 not in [2]", Unary("!", Binary("in", _A, Array((_B,)))), id="not in"),
        pytest.param("1 ? 2 : 3", Conditional(_A, _B, _C), id="question"),
        pytest.param("len(result)", Call("len", (_RESULT,)), id="call"),
        pytest.param("f()", Call("f", ()), id="call without arguments"),
        pytest.param(
            "all(result, # > 1)", Call("all", (_RESULT, Binary(">", Element(), _A))), id="predicate"
        ),
        pytest.param(
            "all(result, {# > 1})",
            Call("all", (_RESULT, Binary(">", Element(), _A))),
            id="predicate in braces",
        ),
        pytest.param("[]", Array(()), id="empty list"),
        pytest.param("1_000", Literal(1000), id="underscores"),
        pytest.param("0x1f", Literal(31), id="hexadecimal"),
        pytest.param(".5e1", Literal(5.0), id="exponent"),
        pytest.param("'it\\'s \\n'", Literal("it's \n"), id="escapes"),
        pytest.param('"&&"', Literal("&&"), id="an operator in quotes is text"),
        pytest.param("nil ?? true", Binary("??", Literal(None), Literal(value=True)), id="nil"),
        pytest.param("  1\n ", _A, id="blanks"),
    ],
)
def test_a_condition_is_read_as_expr_lang_reads_it(text: str, node: Node) -> None:
    assert parse(text) == node


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "the condition ends too early", id="nothing"),
        pytest.param("result[0] >=", "the condition ends too early", id="no operand"),
        pytest.param("(1", "expected ')' before 'the end'", id="open bracket"),
        pytest.param("result[0", "expected ']' before 'the end'", id="open index"),
        pytest.param("1 2", "unexpected '2'", id="two values"),
        pytest.param("1 = 2", "unexpected '= 2'", id="one equal sign"),
        pytest.param("a @ b", "unexpected '@ b'", id="unknown sign"),
        pytest.param('"open', "unexpected '\"open'", id="open string"),
        pytest.param("1 ? 2", "expected ':' before 'the end'", id="half a question"),
        pytest.param("result.1", "unexpected '.1'", id="a number as a field"),
        pytest.param("result. 1", "unexpected '1' after '.'", id="a number after a dot"),
        pytest.param("1 ?? 2 > 3", "'>' after '??' needs brackets", id="?? mixed"),
        pytest.param("9" * 19 + "9", "a whole number is too large", id="beyond 64 bits"),
        pytest.param("1e999", "a number is too large", id="beyond infinity"),
        pytest.param("1" * 4_097, "the condition is longer than 4096 characters", id="too long"),
        pytest.param("(" * 70 + "1" + ")" * 70, "the condition is nested too deeply", id="deep"),
        pytest.param("1" + "+1" * 200, "the condition has too many parts", id="a long sum"),
        pytest.param("a" + "[0]" * 200, "the condition has too many parts", id="many indexes"),
        pytest.param("a" + ".b" * 200, "the condition has too many parts", id="many fields"),
    ],
)
def test_what_is_not_a_condition_is_refused_with_the_place(text: str, reason: str) -> None:
    with pytest.raises(ExprError) as caught:
        parse(text)
    assert caught.value.text == reason


@given(st.text(max_size=60) | expressions | st.text("result[]()0.<>=!&|#?:,'\" ", max_size=40))
def test_no_text_makes_the_parser_raise_anything_else(text: str) -> None:
    try:
        node = parse(text)
    except ExprError:
        return
    assert isinstance(node, Node)


@pytest.mark.parametrize("part", ["!", "-", "not ", "(", "[", "all(result, ", "true ? "])
def test_no_repetition_exhausts_the_stack(part: str) -> None:
    with pytest.raises(ExprError):
        parse(part * 900)
