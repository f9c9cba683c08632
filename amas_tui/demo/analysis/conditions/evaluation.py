"""A condition's value.

Source: utils/evaluate/evaluate.go, expr-lang v1.17.7 vm.
"""

import math
from collections.abc import Callable
from typing import Final

from amas_tui.demo.analysis.conditions.lexer import ConditionError
from amas_tui.demo.analysis.conditions.syntax import (
    CLOSURES,
    Binary,
    Call,
    Choice,
    Element,
    Index,
    Literal,
    Node,
    Result,
    Unary,
    parse,
)
from amas_tui.demo.analysis.conditions.types import FLOAT, FLOATS, INT64, Checker
from amas_tui.demo.prometheus.values import plain

Measured = float | list[float]
"""What a query gave: a number, or the numbers of a vector or of a range's points."""

_Value = int | float | str | bool | None | list[float]
_LOWEST: Final = -(2**63)
"""What Go makes of a float that fits no integer."""


def holds(condition: str, measured: Measured) -> bool:
    """Return whether a condition is true of what was measured.

    Raises:
        ConditionError: It has no value, or one that is neither true nor false.
    """
    tree = parse(condition)
    type_ = Checker(FLOATS if isinstance(measured, list) else FLOAT).check(tree)
    try:
        value = _Evaluation(measured).value(tree)
    except RecursionError as error:
        raise ConditionError("expression is nested too deeply") from error
    if not isinstance(value, bool):
        found = type_ if type_ == INT64 else _go_type(value)
        raise ConditionError(f"expected bool, but got {found}")
    return value


class _Evaluation:
    def __init__(self, measured: Measured) -> None:
        self._measured = measured
        self._result: _Value = list(measured) if isinstance(measured, list) else measured
        self._elements: list[_Value] = []

    def value(self, node: Node) -> _Value:
        """Return the value of a part."""
        match node:
            case Literal():
                return node.value
            case Result():
                return self._result
            case Element():
                return self._elements[-1]
            case Index():
                return _element(self.value(node.base), self.value(node.place))
            case Call():
                return self._call(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case Choice():
                return self.value(node.yes if self._is_true(node.condition) else node.no)

    def _unary(self, node: Unary) -> _Value:
        if node.operator in ("not", "!"):
            return not self._is_true(node.operand)
        number = _number(self.value(node.operand), node.operator)
        return -number if node.operator == "-" else number

    def _binary(self, node: Binary) -> _Value:
        if node.operator in ("and", "&&"):
            return self._is_true(node.left) and self._is_true(node.right)
        if node.operator in ("or", "||"):
            return self._is_true(node.left) or self._is_true(node.right)
        left, right = self.value(node.left), self.value(node.right)
        if node.operator in ("==", "!="):
            return _equal(left, right) == (node.operator == "==")
        return _combined(node.operator, left, right)

    def _is_true(self, node: Node) -> bool:
        value = self.value(node)
        if not isinstance(value, bool):
            raise _not_converted(_go_type(value), "bool")
        return value

    def _call(self, node: Call) -> _Value:
        if node.name in CLOSURES:
            return self._closure(node)
        values = [self.value(each) for each in node.arguments]
        match node.name:
            case "isNil":
                return False
            case "default":
                # The controller's own gives the result, whatever it is asked about.
                return self._result
            case "isNaN" | "isInf":
                return _tested(node.name, values[0], node.arguments[0])
            case "asFloat":
                return _as_float(values[0])
            case "asInt":
                return _as_int(values[0])
        return _length(values[0])

    def _closure(self, node: Call) -> _Value:
        array, predicate = node.arguments
        elements = self.value(array)
        if not isinstance(elements, list):
            raise ConditionError(
                f"reflect: call of reflect.Value.Len on {_go_type(elements)} Value"
            )
        count = sum(self._holds_of(each, predicate) for each in elements)
        match node.name:
            case "all":
                return count == len(elements)
            case "any":
                return count > 0
            case "none":
                return count == 0
            case "one":
                return count == 1
        return count

    def _holds_of(self, element: float, predicate: Node) -> bool:
        self._elements.append(element)
        holds_ = self._is_true(predicate)
        self._elements.pop()
        return holds_


def _element(base: _Value, place: _Value) -> _Value:
    if not isinstance(base, list) or not isinstance(place, int):
        raise ConditionError(f"cannot fetch {_go_text(place)} from {_go_type(base)}")
    index = place + len(base) if place < 0 else place
    if not 0 <= index < len(base):
        raise ConditionError(f"index out of range: {index} (array length is {len(base)})")
    return base[index]


def _number(value: _Value, operator: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConditionError(f"invalid operation: {operator} {_go_type(value)}")
    return value


def _equal(left: _Value, right: _Value) -> bool:
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if isinstance(left, list) and isinstance(right, list):
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(one == other for one, other in pairs)
    return left == right


_Combined = Callable[[int | float, int | float], int | float | bool]
_OPERATIONS: Final[dict[str, _Combined]] = {
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
}
_TEXTS: Final[dict[str, Callable[[str, str], str | bool]]] = {
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "+": lambda left, right: left + right,
}


def _combined(operator: str, left: _Value, right: _Value) -> _Value:
    if isinstance(left, str) and isinstance(right, str):
        return _TEXTS[operator](left, right)
    for value in (left, right):
        if isinstance(value, bool) or not isinstance(value, int | float):
            types = f"{_go_type(left)} {operator} {_go_type(right)}"
            raise ConditionError(f"invalid operation: {types}")
    one, other = _number(left, operator), _number(right, operator)
    match operator:
        case "/":
            return _divided(float(one), float(other))
        case "%":
            if not other:
                raise ConditionError("runtime error: integer divide by zero")
            return int(math.fmod(one, other))
        case "**" | "^":
            return _power(float(one), float(other))
    return _OPERATIONS[operator](one, other)


def _divided(left: float, right: float) -> float:
    if right:
        return left / right
    if left == 0 or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.inf if base == 0 else math.nan


def _tested(name: str, value: _Value, node: Node) -> bool:
    """Return what `isNaN` or `isInf` says; an integer is a float only where it is written out."""
    is_float = isinstance(value, float) or (isinstance(value, int) and _is_constant(node))
    if isinstance(value, bool) or not isinstance(value, int | float) or not is_float:
        is_made = isinstance(node, Call) and node.name == "asInt"
        raise _not_converted("int64" if is_made else _go_type(value), "float64")
    return math.isnan(value) if name == "isNaN" else math.isinf(value)


def _is_constant(node: Node) -> bool:
    match node:
        case Literal():
            return True
        case Unary():
            return _is_constant(node.operand)
        case Binary():
            return _is_constant(node.left) and _is_constant(node.right)
    return False


def _not_converted(found: str, wanted: str) -> ConditionError:
    return ConditionError(f"interface conversion: interface {{}} is {found}, not {wanted}")


def _as_float(value: _Value) -> float:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise _not_parsed("ParseFloat", value) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConditionError(f"asFloat() not supported on {_go_type(value)} {_go_text(value)}")
    return float(value)


def _as_int(value: _Value) -> int:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            raise _not_parsed("ParseInt", value) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConditionError(f"asInt() not supported on {_go_type(value)} {_go_text(value)}")
    if isinstance(value, float) and not -(2.0**63) <= value < 2.0**63:
        return _LOWEST
    return int(value)


def _not_parsed(function: str, text: str) -> ConditionError:
    return ConditionError(f'strconv.{function}: parsing "{text}": invalid syntax')


def _length(value: _Value) -> int:
    if isinstance(value, str):
        return len(value)
    if not isinstance(value, list):
        raise ConditionError(f"invalid argument for len (type {_go_type(value)})")
    return len(value)


def _go_type(value: _Value) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float64"
        case str():
            return "string"
        case list():
            return "[]float64"
    return "<nil>"


def _go_text(value: _Value) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return f"[{' '.join(map(_go_text, value))}]"
        case float():
            return plain(value)
        case None:
            return "<nil>"
    return str(value)
