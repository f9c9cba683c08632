"""What is said of an expression that can be read but makes no sense.

Source: prometheus v2.42 promql/parser/parse.go checkAST.
"""

from amas_tui.demo.prometheus.ast import (
    COMPARISONS,
    FUNCTIONS,
    UNION,
    Aggregation,
    Binary,
    Call,
    Expression,
    Parentheses,
    Range,
    Selector,
    Sign,
    Type,
    type_of,
)
from amas_tui.demo.prometheus.labels import METRIC_NAME
from amas_tui.demo.prometheus.lexer import ParseError, quoted

_OPERANDS = frozenset({Type.SCALAR, Type.VECTOR})


def check(node: Expression, query: str) -> None:
    """Return if an expression can be evaluated.

    Raises:
        ParseError: It cannot.
    """
    match node:
        case Aggregation():
            _expect(node.expression, Type.VECTOR, "aggregation expression", query)
        case Call():
            _check_call(node, query)
        case Binary():
            _check_binary(node, query)
        case Parentheses():
            check(node.expression, query)
        case Sign():
            _check_sign(node, query)
        case Range():
            check(node.selector, query)
        case Selector():
            _check_selector(node, query)
        case _:
            return


def _expect(node: Expression, wanted: Type, where: str, query: str) -> None:
    check(node, query)
    if (found := type_of(node)) is not wanted:
        raise ParseError(query, node.at, f"expected type {wanted} in {where}, got {found}")


def _check_call(node: Call, query: str) -> None:
    wanted = FUNCTIONS[node.function][0]
    name, count = quoted(node.function), len(node.arguments)
    if count != len(wanted):
        problem = f"expected {len(wanted)} argument(s) in call to {name}, got {count}"
        raise ParseError(query, node.at, problem)
    for argument, type_ in zip(node.arguments, wanted, strict=True):
        _expect(argument, type_, f"call to function {name}", query)


def _check_binary(node: Binary, query: str) -> None:
    check(node.left, query)
    check(node.right, query)
    types = (type_of(node.left), type_of(node.right))
    is_comparison = node.operator in COMPARISONS
    if node.returns_bool and not is_comparison:
        problem = "bool modifier can only be used on comparison operators"
        raise ParseError(query, node.operator_at, problem)
    if is_comparison and not node.returns_bool and types == (Type.SCALAR, Type.SCALAR):
        problem = "comparisons between scalars must use BOOL modifier"
        raise ParseError(query, node.operator_at, problem)
    for side, type_ in zip((node.left, node.right), types, strict=True):
        if type_ not in _OPERANDS:
            problem = "binary expression must contain only scalar and instant vector types"
            raise ParseError(query, side.at, problem)
    if Type.SCALAR in types and node.matching is not None and node.matching.labels:
        problem = "vector matching only allowed between instant vectors"
        raise ParseError(query, node.at, problem)
    if Type.SCALAR in types and node.operator == UNION:
        problem = f"set operator {quoted(UNION)} not allowed in binary scalar expression"
        raise ParseError(query, node.at, problem)


def _check_sign(node: Sign, query: str) -> None:
    check(node.expression, query)
    if (found := type_of(node.expression)) not in _OPERANDS:
        problem = "unary expression only allowed on expressions of type scalar or instant vector"
        raise ParseError(query, node.at, f"{problem}, got {quoted(found)}")


def _check_selector(node: Selector, query: str) -> None:
    named = [each for each in node.matchers if each.name == METRIC_NAME]
    before_braces = query[node.at : node.at + 1] != "{"
    if before_braces and len(named) > 1:
        names = " or ".join(quoted(each.value) for each in named[:2])
        raise ParseError(query, node.at, f"metric name must not be set twice: {names}")
    if not before_braces and all(each.matches("") for each in node.matchers):
        problem = "vector selector must contain at least one non-empty matcher"
        raise ParseError(query, node.at, problem)
