"""What is said of a condition before it is evaluated: expr-lang checks the types of its parts.

Source: expr-lang v1.17.7 checker/checker.go.
"""

from typing import Final

from amas_tui.demo.analysis.conditions.lexer import ConditionError
from amas_tui.demo.analysis.conditions.syntax import (
    CLOSURES,
    FUNCTIONS,
    Binary,
    Call,
    Choice,
    Element,
    Index,
    Literal,
    Node,
    Result,
    Unary,
)

Type = str
"""A type as Go prints it."""

ANY: Final[Type] = "interface {}"
BOOL: Final[Type] = "bool"
INT: Final[Type] = "int"
INT64: Final[Type] = "int64"
FLOAT: Final[Type] = "float64"
STRING: Final[Type] = "string"
NIL: Final[Type] = "unknown"
FLOATS: Final[Type] = "[]float64"

_NUMBERS: Final = frozenset({INT, INT64, FLOAT, ANY})
_INTEGERS: Final = frozenset({INT, INT64, ANY})
_BOOLS: Final = frozenset({BOOL, ANY})


class Checker:
    """Tells the types of a condition's parts for one type of result."""

    def __init__(self, result: Type) -> None:
        self._result = result
        self._elements: list[Type] = []

    def check(self, node: Node) -> Type:
        """Return the type that a part has.

        Raises:
            ConditionError: Types do not fit.
        """
        match node:
            case Literal():
                return _literal(node)
            case Result():
                return self._result
            case Element():
                return self._elements[-1]
            case Index():
                return self._index(node)
            case Call():
                return self._call(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case Choice():
                return self._choice(node)

    def _index(self, node: Index) -> Type:
        base, place = self.check(node.base), self.check(node.place)
        if base == ANY:
            return ANY
        if base != FLOATS:
            if isinstance(node.place, Literal) and isinstance(node.place.value, str):
                raise ConditionError(f"type {base} has no field {node.place.value}")
            raise ConditionError(f"type {base}[{place}] is undefined")
        if place not in _INTEGERS:
            raise ConditionError(
                f"array elements can only be selected using an integer (got {place})"
            )
        return FLOAT

    def _call(self, node: Call) -> Type:
        if node.name in CLOSURES:
            return self._closure(node)
        types = [self.check(each) for each in node.arguments]
        if node.name in FUNCTIONS:
            return _own_function(node.name, types)
        return _length(types)

    def _closure(self, node: Call) -> Type:
        array, predicate = node.arguments
        type_ = self.check(array)
        if type_ not in (FLOATS, ANY):
            raise ConditionError(f"builtin {node.name} takes only array (got {type_})")
        self._elements.append(FLOAT if type_ == FLOATS else ANY)
        found = self.check(predicate)
        self._elements.pop()
        if found not in _BOOLS:
            raise ConditionError(f"predicate should return boolean (got {found})")
        return INT if node.name == "count" else BOOL

    def _unary(self, node: Unary) -> Type:
        type_ = self.check(node.operand)
        is_negation = node.operator in ("not", "!")
        if type_ not in (_BOOLS if is_negation else _NUMBERS):
            problem = f"invalid operation: {node.operator} (mismatched type {type_})"
            raise ConditionError(problem)
        return BOOL if is_negation else type_

    def _binary(self, node: Binary) -> Type:
        left, right = self.check(node.left), self.check(node.right)
        found = _combined(node.operator, left, right)
        if found is None:
            raise ConditionError(
                f"invalid operation: {node.operator} (mismatched types {left} and {right})"
            )
        return found

    def _choice(self, node: Choice) -> Type:
        condition = self.check(node.condition)
        if condition not in _BOOLS:
            raise ConditionError(f"non-bool expression (type {condition}) used as condition")
        yes, no = self.check(node.yes), self.check(node.no)
        return yes if yes == no else ANY


def _literal(node: Literal) -> Type:
    match node.value:
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return FLOAT
        case str():
            return STRING
    return NIL


def _combined(operator: str, left: Type, right: Type) -> Type | None:
    """Return the type of two values combined, `None` where they cannot be."""
    both = {left, right}
    match operator:
        case "and" | "&&" | "or" | "||":
            return BOOL if both <= _BOOLS else None
        case "==" | "!=":
            return BOOL if _comparable(left, right) else None
        case "<" | ">" | "<=" | ">=":
            return BOOL if both <= _NUMBERS or both <= {STRING, ANY} else None
        case "+" if both <= {STRING, ANY} and STRING in both:
            return STRING
        case "%":
            return INT if both <= _INTEGERS else None
    if not both <= _NUMBERS:
        return None
    if ANY in both and operator in ("+", "-", "*"):
        return ANY
    return INT if both <= _INTEGERS and operator in ("+", "-", "*") else FLOAT


def _comparable(left: Type, right: Type) -> bool:
    both = {left, right}
    return left == right or bool(both & {ANY, NIL}) or both <= _NUMBERS


def _own_function(name: str, types: list[Type]) -> Type:
    wanted = FUNCTIONS[name]
    if len(types) != wanted:
        many = "not enough" if len(types) < wanted else "too many"
        raise ConditionError(f"{many} arguments to call {name}")
    if name in ("isNaN", "isInf"):
        if types[0] not in _NUMBERS:
            raise ConditionError(
                f"cannot use {types[0]} as argument (type float64) to call {name} "
            )
        return BOOL
    return {"asFloat": FLOAT, "asInt": INT64, "isNil": BOOL}.get(name, ANY)


def _length(types: list[Type]) -> Type:
    if len(types) != 1:
        raise ConditionError(f"invalid number of arguments (expected 1, got {len(types)})")
    if types[0] not in (FLOATS, STRING, ANY):
        raise ConditionError(f"invalid argument for len (type {types[0]})")
    return INT
