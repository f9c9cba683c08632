"""What a condition says of a result.

The meaning follows expr-lang and the controller's own functions: comparisons with NaN are false, an
index beyond a list is an error, `/` is always a float division, `isNaN` takes a number and nothing
else, `isNil` and `default` look at the whole result whatever they are given. The types of every
branch are checked before anything is compared. What is not defined here raises `ExprError`.
Source: utils/evaluate/evaluate.go.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeGuard

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
    whole_number,
)

Value = float | int | str | bool | None | Sequence["Value"] | Mapping[str, "Value"]
"""A result: a number for a scalar, a list of numbers for a vector, anything of a web metric."""

_Scope = Mapping[str, Value]
_NO_ELEMENT: Final = object()


def evaluate(node: Node, result: Value) -> bool:
    """Return whether the condition holds for `result`.

    Raises:
        ExprError: The controller would report an error, or the construct is not supported here.
    """
    if isinstance(result, float) or (isinstance(result, list) and all(map(_is_float, result))):
        # expr-lang checks the types of every branch first, also of those that are not taken.
        _Evaluation(result, only_types=True).of(node)
    value = _Evaluation(result).of(node)
    if not isinstance(value, bool):
        raise ExprError(f"the condition gives {_kind(value)}, not true or false")
    return value


def _is_float(value: Value) -> bool:
    return isinstance(value, float)


_MAX_WORK: Final = 20_000
"""Nodes visited; predicates inside predicates would take as long as they like."""


class _Evaluation:
    def __init__(self, result: Value, *, only_types: bool = False) -> None:
        """Take a result; with `only_types` walk every branch, and no index is out of range."""
        self._result = ([1.5] if isinstance(result, list) else 1.5) if only_types else result
        self._only_types = only_types
        self._elements: list[Value] = []
        self._work = 0

    def of(self, node: Node) -> Value:
        self._work += 1
        if self._work > _MAX_WORK:
            raise ExprError("the condition takes too long to evaluate")
        match node:
            case Literal(value):
                return value
            case Name("result"):
                return self._result
            case Name(name):
                raise ExprError(f"unknown name {name}")
            case Element():
                if not self._elements:
                    raise ExprError("'#' outside of a predicate")
                return self._elements[-1]
            case Array(items):
                return [self.of(item) for item in items]
            case Index(of, at):
                return self._item(self.of(of), self.of(at))
            case Unary(operator, operand):
                return _unary(operator, self.of(operand))
            case Conditional(test, yes, no):
                chosen, other = (yes, no) if _truth(self.of(test)) else (no, yes)
                if self._only_types:
                    self.of(other)
                return self.of(chosen)
            case Binary(operator, left, right):
                return self._binary(operator, left, right)
            case Call(function, arguments):
                return self._call(function, arguments)

    def _binary(self, operator: str, left: Node, right: Node) -> Value:
        match operator:
            case "&&" | "||":
                first = _truth(self.of(left))
                is_decided = first == (operator == "||")
                if is_decided and not self._only_types:
                    return first
                second = _truth(self.of(right))
                return first if is_decided else second
            case "??":
                value = self.of(left)
                if value is not None and not self._only_types:
                    return value
                other = self.of(right)
                return other if value is None else value
            case _:
                return _operate(operator, self.of(left), self.of(right))

    def _call(self, function: str, arguments: tuple[Node, ...]) -> Value:
        if function in _PREDICATES:
            return self._predicate(function, arguments)
        if function not in _FUNCTIONS:
            raise ExprError(f"{function}() cannot be evaluated here")
        count, call = _FUNCTIONS[function]
        if len(arguments) != count:
            raise ExprError(f"{function}() takes {count} argument{'s' * (count != 1)}")
        values = [self.of(argument) for argument in arguments]
        if function == "isNil":
            return self._result is None
        if function == "default":
            return values[1] if self._result is None else self._result
        return call(*values)

    def _item(self, of: Value, at: Value) -> Value:
        if isinstance(of, Mapping):
            if not isinstance(at, str):
                raise ExprError("a map is indexed by a string")
            return of.get(at)
        if isinstance(of, Sequence) and not isinstance(of, str):
            if isinstance(at, bool) or not isinstance(at, int):
                raise ExprError("a list is indexed by a whole number")
            if self._only_types:
                return of[0] if of else 1.5
            if not -len(of) <= at < len(of):
                raise ExprError(f"index {at} is out of range: the result has {len(of)} values")
            return of[at]
        raise ExprError(f"cannot take [{at}] of {_kind(of)}")

    def _predicate(self, function: str, arguments: tuple[Node, ...]) -> Value:
        if len(arguments) != 2:
            raise ExprError(f"{function}() takes a list and a condition")
        items = self.of(arguments[0])
        if not isinstance(items, Sequence) or isinstance(items, str):
            raise ExprError(f"{function}() needs a list, not {_kind(items)}")
        return _PREDICATES[function](items, [self._holds(item, arguments[1]) for item in items])

    def _holds(self, item: Value, condition: Node) -> bool:
        self._elements.append(item)
        try:
            return _truth(self.of(condition))
        finally:
            self._elements.pop()


def _kind(value: Value) -> str:
    match value:
        case None:
            return "nil"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case Mapping():
            return "a map"
        case _:
            return "a list"


def _truth(value: Value) -> bool:
    if not isinstance(value, bool):
        raise ExprError(f"expected true or false, not {_kind(value)}")
    return value


def _number(value: Value) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ExprError(f"expected a number, not {_kind(value)}")
    return value


def _unary(operator: str, value: Value) -> Value:
    if operator == "!":
        return not _truth(value)
    return -_number(value) if operator == "-" else _number(value)


def _operate(operator: str, left: Value, right: Value) -> Value:
    if operator in ("==", "!="):
        return _equal(left, right) == (operator == "==")
    if operator in _ORDER:
        return _compare(operator, left, right)
    if operator in _TEXT:
        if not (isinstance(left, str) and isinstance(right, str)):
            raise ExprError(f"'{operator}' needs two strings")
        return _TEXT[operator](left, right)
    if operator == "in":
        if isinstance(right, Mapping):
            return left in right
        if isinstance(right, Sequence) and not isinstance(right, str):
            return any(_equal(left, item) for item in right)
        raise ExprError(f"'in' needs a list or a map, not {_kind(right)}")
    if operator == "+" and isinstance(left, str) and isinstance(right, str):
        return left + right
    if operator in _ARITHMETIC:
        value = _ARITHMETIC[operator](_number(left), _number(right))
        return whole_number(value) if isinstance(value, int) else value
    raise ExprError(f"'{operator}' cannot be evaluated here")


def _equal(left: Value, right: Value) -> bool:
    if left is None or right is None:
        return left is right
    if _kind(left) != _kind(right):
        raise ExprError(f"cannot compare {_kind(left)} with {_kind(right)}")
    if _is_list(left) and _is_list(right):
        return len(left) == len(right) and all(map(_equal, left, right))
    return left == right


def _is_list(value: Value) -> TypeGuard[Sequence[Value]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


_ORDER: Final = frozenset({"<", "<=", ">", ">="})


def _compare(operator: str, left: Value, right: Value) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        low, high = left < right, left > right
        same = left == right
    else:
        a, b = _number(left), _number(right)
        low, high, same = a < b, a > b, a == b
    return {"<": low, "<=": low or same, ">": high, ">=": high or same}[operator]


_TEXT: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "contains": lambda text, part: part in text,
    "startsWith": lambda text, part: text.startswith(part),
    "endsWith": lambda text, part: text.endswith(part),
}


def _divide(a: float, b: float) -> float:
    """Divide as Go's float64 does: by zero gives an infinity or NaN, not an error."""
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)
    return a / b


def _modulo(a: float, b: float) -> float:
    if not (isinstance(a, int) and isinstance(b, int)):
        raise ExprError("'%' needs two whole numbers")
    if b == 0:
        raise ExprError("division by zero")
    rest = abs(a) % abs(b)
    return rest if a >= 0 else -rest


def _power(a: float, b: float) -> float:
    try:
        value = math.pow(a, b)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan
    return value


_ARITHMETIC: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "%": _modulo,
    "**": _power,
}


def _float_only(name: str, value: Value) -> float:
    if not isinstance(value, float):
        raise ExprError(f"{name}() needs a float, not {_kind(value)}")
    return value


def _len(value: Value) -> int:
    if isinstance(value, Sequence | Mapping):
        return len(value)
    raise ExprError(f"len() needs a list, not {_kind(value)}")


def _numeral(value: float | str) -> float | str:
    """Return a number or its text; blanks and underscores are Python's, not Go's."""
    if isinstance(value, str) and (not value.isascii() or re.search(r"[\s_]", value)):
        raise ValueError(value)
    return value


def _as_float(value: Value) -> float:
    try:
        if isinstance(value, str) or (
            isinstance(value, int | float) and not isinstance(value, bool)
        ):
            return float(_numeral(value))
    except ValueError:
        pass
    raise ExprError(f"asFloat() cannot read {_kind(value)}")


def _as_int(value: Value) -> int:
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return whole_number(int(_numeral(value)))
    except (ValueError, OverflowError):
        pass
    raise ExprError(f"asInt() cannot read {_kind(value)}")


def _round(step: Callable[[float], int]) -> Callable[[Value], Value]:
    def rounded(value: Value) -> Value:
        number = _number(value)
        return float(step(number)) if math.isfinite(number) else number

    return rounded


_FUNCTIONS: Final[Mapping[str, tuple[int, Callable[..., Value]]]] = {
    "len": (1, _len),
    "isNaN": (1, lambda value: math.isnan(_float_only("isNaN", value))),
    "isInf": (1, lambda value: math.isinf(_float_only("isInf", value))),
    "isNil": (1, lambda value: value),
    "default": (2, lambda value, _: value),
    "asFloat": (1, _as_float),
    "asInt": (1, _as_int),
    "abs": (1, lambda value: abs(_number(value))),
    "floor": (1, _round(math.floor)),
    "ceil": (1, _round(math.ceil)),
}

_PREDICATES: Final[Mapping[str, Callable[[Sequence[Value], list[bool]], Value]]] = {
    "all": lambda _, held: all(held),
    "any": lambda _, held: any(held),
    "none": lambda _, held: not any(held),
    "one": lambda _, held: sum(held) == 1,
    "count": lambda _, held: sum(held),
    "filter": lambda items, held: [i for i, keep in zip(items, held, strict=True) if keep],
}
