"""What a PromQL expression is made of, and how it is written down again."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from amas_tui.demo.prometheus.labels import METRIC_NAME, Match, Matcher

NO_NAMES: Final = frozenset(
    {"bool", "on", "ignoring", "group_left", "group_right", "atan2", "inf", "nan"}
)
"""Words that cannot name a metric outside of braces."""
_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


class Type(StrEnum):
    """What an expression gives, in the words of Prometheus' errors."""

    SCALAR = "scalar"
    STRING = "string"
    VECTOR = "instant vector"
    RANGE = "range vector"


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression.

    Attributes:
        at: Where it begins in the query, in characters.
    """

    at: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number."""

    value: float

    def __str__(self) -> str:
        return number_text(self.value)


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A string."""

    value: str

    def __str__(self) -> str:
        return quoted(self.value)


@dataclass(frozen=True, slots=True)
class Selector(Node):
    """Series by their labels; the metric's name is a matcher too."""

    matchers: tuple[Matcher, ...]

    def __str__(self) -> str:
        name = self.matchers[0].value if self.is_named else ""
        rest = self.matchers[1:] if self.is_named else self.matchers
        inner = ",".join(f"{each.name}{each.match}{quoted(each.value)}" for each in rest)
        return f"{name}{{{inner}}}" if inner or not name else name

    @property
    def is_named(self) -> bool:
        """Return whether the metric's name can stand before the braces."""
        names = [each for each in self.matchers if each.name == METRIC_NAME]
        if len(names) != 1 or names[0] != self.matchers[0] or names[0].match is not Match.EQUAL:
            return False
        name = names[0].value
        return bool(_NAME.fullmatch(name)) and name.lower() not in NO_NAMES


@dataclass(frozen=True, slots=True)
class Range(Node):
    """The samples of series over a time."""

    selector: Selector
    ms: int

    def __str__(self) -> str:
        return f"{self.selector}[{duration_text(self.ms)}]"


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of its arguments."""

    function: str
    arguments: tuple["Expression", ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True, slots=True)
class Aggregation(Node):
    """Many series made one per group of labels: those named, or with `without` all others."""

    operation: str
    expression: "Expression"
    labels: tuple[str, ...] = ()
    without: bool = False

    def __str__(self) -> str:
        if not self.labels and not self.without:
            return f"{self.operation}({self.expression})"
        word = "without" if self.without else "by"
        return f"{self.operation} {word} ({', '.join(self.labels)}) ({self.expression})"


@dataclass(frozen=True, slots=True)
class Sign(Node):
    """`+` or `-` before an expression."""

    sign: str
    expression: "Expression"

    def __str__(self) -> str:
        return f"{self.sign}{self.expression}"


@dataclass(frozen=True, slots=True)
class Matching:
    """By which labels two vectors' series belong together: those named (`on`) or all others."""

    on: bool
    labels: tuple[str, ...]

    def __str__(self) -> str:
        return f"{'on' if self.on else 'ignoring'} ({', '.join(self.labels)}) "


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Two expressions and what is between them.

    Attributes:
        operator_at: Where that begins in the query.
    """

    operator: str
    left: "Expression"
    right: "Expression"
    returns_bool: bool = False
    matching: Matching | None = None
    operator_at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        bool_ = "bool " if self.returns_bool else ""
        return f"{self.left} {self.operator} {bool_}{self.matching or ''}{self.right}"


@dataclass(frozen=True, slots=True)
class Parentheses(Node):
    """An expression in parentheses."""

    expression: "Expression"

    def __str__(self) -> str:
        return f"({self.expression})"


Expression = Number | Text | Selector | Range | Call | Aggregation | Sign | Binary | Parentheses

COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
UNION: Final = "or"
"""Gives the series of the left side, and those of the right that have no like there."""

FUNCTIONS: Final = {
    "histogram_quantile": ((Type.SCALAR, Type.VECTOR), Type.VECTOR),
    "increase": ((Type.RANGE,), Type.VECTOR),
    "rate": ((Type.RANGE,), Type.VECTOR),
    "scalar": ((Type.VECTOR,), Type.SCALAR),
    "vector": ((Type.SCALAR,), Type.VECTOR),
}
"""What each takes and gives."""


def type_of(node: Expression) -> Type:
    """Return what an expression gives."""
    match node:
        case Number():
            return Type.SCALAR
        case Text():
            return Type.STRING
        case Selector() | Aggregation():
            return Type.VECTOR
        case Range():
            return Type.RANGE
        case Call():
            return FUNCTIONS[node.function][1]
        case Sign() | Parentheses():
            return type_of(node.expression)
        case Binary():
            both = {type_of(node.left), type_of(node.right)}
            return Type.SCALAR if both == {Type.SCALAR} else Type.VECTOR


def number_text(value: float) -> str:
    """Return a number as it is written in a query."""
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if value != value else repr(value)


_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(value: str) -> str:
    """Return a string in quotes."""
    return '"' + "".join(_ESCAPES.get(each, each) for each in value) + '"'


_UNITS: Final = (
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
)


def duration_text(ms: int) -> str:
    """Return a duration as it is written in a query."""
    parts: list[str] = []
    for unit, size in _UNITS:
        count, ms = divmod(ms, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
