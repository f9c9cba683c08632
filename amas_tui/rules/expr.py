"""Conditions of analysis metrics: text in, syntax tree out.

The controller evaluates them with expr-lang. This is the part of that language in which conditions
are written; anything else raises `ExprError` with the place, and is shown as "cannot be evaluated
here", never guessed.
Source: utils/evaluate/evaluate.go and expr-lang's language definition.
"""

import math
import re
from dataclasses import dataclass
from typing import Final

from amas_tui.errors import AmasError


class ExprError(AmasError):
    """A condition that cannot be read or evaluated here."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, string, boolean or nil."""

    value: float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A variable; in a condition that is `result`."""

    name: str


@dataclass(frozen=True, slots=True)
class Element:
    """`#`: the element that a predicate looks at."""


@dataclass(frozen=True, slots=True)
class Index:
    """`of[at]`, or `of.at` with a string."""

    of: "Node"
    at: "Node"


@dataclass(frozen=True, slots=True)
class Unary:
    """`!x`, `not x`, `-x`, `+x`."""

    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`; `and`, `or` are spelled `&&`, `||`."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Conditional:
    """`test ? yes : no`."""

    test: "Node"
    yes: "Node"
    no: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`; a predicate is its last argument."""

    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Array:
    """`[a, b]`."""

    items: tuple["Node", ...]


Node = Literal | Name | Element | Index | Unary | Binary | Conditional | Call | Array

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>0[xX][0-9a-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<name>[A-Za-z_$][A-Za-z0-9_$]*)
    | (?P<sign>\|\||&&|==|!=|<=|>=|\?\?|\?\.|\*\*|\.\.|[-+*/%^<>!?:.,()\[\]{}\#|])
    )""",
    re.VERBOSE,
)

_BINARY: Final = {
    "||": 10,
    "or": 10,
    "&&": 15,
    "and": 15,
    "==": 20,
    "!=": 20,
    "<": 20,
    ">": 20,
    "<=": 20,
    ">=": 20,
    "in": 20,
    "contains": 20,
    "startsWith": 20,
    "endsWith": 20,
    "matches": 20,
    "+": 30,
    "-": 30,
    "*": 60,
    "/": 60,
    "%": 60,
    "**": 100,
    "^": 100,
    "??": 500,
}
"""Binding strength of each operator, as expr-lang's parser/operator.go."""

_NOT: Final = 50
_SIGN: Final = 90
_RIGHT_ASSOCIATIVE: Final = frozenset({"**", "^"})
_SPELLING: Final = {"or": "||", "and": "&&", "^": "**"}
_NEGATABLE: Final = frozenset({"in", "contains", "startsWith", "endsWith", "matches"})
_WORDS: Final = {"true": True, "false": False, "nil": None}
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}
_MAX_LENGTH: Final = 4_096
_MAX_DEPTH: Final = 64
_MAX_LINKS: Final = 128
"""Operators and suffixes: they nest to the left without a bracket, and the tree is walked down."""


def parse(text: str) -> Node:
    """Return the syntax tree of a condition.

    Raises:
        ExprError: The text is not in the supported part of the language.
    """
    if len(text) > _MAX_LENGTH:
        raise ExprError(f"the condition is longer than {_MAX_LENGTH} characters")
    return _Parser(_tokens(text)).whole()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise ExprError(f"unexpected {text[position : position + 8].strip()!r}")
        tokens.append(_Token(match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return tokens


class _Parser:
    """Precedence climbing over a list of tokens."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0
        self._links = 0

    def whole(self) -> Node:
        node = self._expression()
        if self._peek():
            raise ExprError(f"unexpected {self._peek()!r}")
        return node

    def _peek(self) -> str:
        if self._position >= len(self._tokens):
            return ""
        token = self._tokens[self._position]
        # A string must never be mistaken for an operator that looks like it.
        return token.text if token.kind != "string" else f"string {token.text}"

    def _take(self) -> _Token:
        if self._position >= len(self._tokens):
            raise ExprError("the condition ends too early")
        self._position += 1
        return self._tokens[self._position - 1]

    def _accept(self, text: str) -> bool:
        if self._peek() != text:
            return False
        self._position += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise ExprError(f"expected {text!r} before {self._peek() or 'the end'!r}")

    def _expression(self, strength: int = 0) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ExprError("the condition is nested too deeply")
        left = self._operand()
        previous = ""
        while True:
            operator, negated = self._peek(), False
            if operator == "not" and self._after_not() in _NEGATABLE:
                operator, negated = self._after_not(), True
            power = _BINARY.get(operator, -1)
            if power < max(strength, 0) or power < 0:
                break
            if previous == "??" and operator != "??":
                raise ExprError(f"'{operator}' after '??' needs brackets")
            previous = operator
            self._link()
            self._position += 2 if negated else 1
            right = self._expression(power if operator in _RIGHT_ASSOCIATIVE else power + 1)
            left = Binary(_SPELLING.get(operator, operator), left, right)
            left = Unary("!", left) if negated else left
        if strength == 0 and self._accept("?"):
            yes = self._expression()
            self._expect(":")
            left = Conditional(left, yes, self._expression())
        self._depth -= 1
        return left

    def _link(self) -> None:
        self._links += 1
        if self._links > _MAX_LINKS:
            raise ExprError("the condition has too many parts")

    def _after_not(self) -> str:
        following = self._position + 1
        return self._tokens[following].text if following < len(self._tokens) else ""

    def _operand(self) -> Node:
        if self._peek() in ("!", "not"):
            self._take()
            return self._suffixed(Unary("!", self._expression(_NOT)))
        if self._peek() in ("-", "+"):
            sign = self._take().text
            return Unary(sign, self._expression(_SIGN))
        return self._suffixed(self._primary())

    def _primary(self) -> Node:
        token = self._take()
        match token.kind, token.text:
            case "number", text:
                return Literal(_number(text))
            case "string", text:
                return Literal(_string(text))
            case "name", text if text in _WORDS:
                return Literal(_WORDS[text])
            case "name", text:
                return self._call(text) if self._accept("(") else Name(text)
            case "sign", "(":
                node = self._expression()
                self._expect(")")
                return node
            case "sign", "#":
                return Element()
            case "sign", "[":
                return Array(self._list("]"))
            case _:
                raise ExprError(f"unexpected {token.text!r}")

    def _call(self, function: str) -> Node:
        return Call(function, self._list(")"))

    def _list(self, closing: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._accept(closing):
            if items:
                self._expect(",")
            if self._accept("{"):
                items.append(self._expression())
                self._expect("}")
            else:
                items.append(self._expression())
        return tuple(items)

    def _suffixed(self, node: Node) -> Node:
        while True:
            if self._accept("["):
                self._link()
                node = Index(node, self._expression())
                self._expect("]")
            elif self._accept("."):
                self._link()
                name = self._take()
                if name.kind != "name":
                    raise ExprError(f"unexpected {name.text!r} after '.'")
                node = Index(node, Literal(name.text))
            else:
                return node


def _number(text: str) -> int | float:
    digits = text.replace("_", "")
    try:
        if digits[:2].lower() == "0x":
            return whole_number(int(digits, 16))
        if not any(mark in digits for mark in ".eE"):
            return whole_number(int(digits))
        number = float(digits)
    except ValueError:
        raise ExprError(f"{text!r} is not a number") from None
    if math.isinf(number):
        raise ExprError("a number is too large")
    return number


def whole_number(value: int) -> int:
    """Return a whole number that Go's int can hold.

    Raises:
        ExprError: It cannot.
    """
    if not -(2**63) <= value < 2**63:
        raise ExprError("a whole number is too large")
    return value


def _string(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), text[1:-1], flags=re.DOTALL)
