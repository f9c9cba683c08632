"""A condition made a tree.

Source: expr-lang v1.17.7 parser/parser.go.
"""

from dataclasses import dataclass
from typing import Final

from amas_tui.demo.analysis.conditions.lexer import ConditionError, Kind, Token, tokens


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a string, true, false or nothing."""

    value: int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class Result:
    """What the metric's query gave."""


@dataclass(frozen=True, slots=True)
class Element:
    """The element that a closure looks at."""


@dataclass(frozen=True, slots=True)
class Index:
    """An element of something by its place."""

    base: "Node"
    place: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A function of its arguments; of some the last one is a closure."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign or a negation."""

    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two values and what is between them."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of two, as a condition says."""

    condition: "Node"
    yes: "Node"
    no: "Node"


Node = Literal | Result | Element | Index | Call | Unary | Binary | Choice

FUNCTIONS: Final = {"asFloat": 1, "asInt": 1, "default": 2, "isInf": 1, "isNaN": 1, "isNil": 1}
"""The controller's own, with how many arguments they take."""
LENGTH: Final = "len"
CLOSURES: Final = frozenset({"all", "any", "none", "one", "count"})
_OTHER_BUILTINS: Final = frozenset({
    "abs", "sum", "mean", "min", "max",
    "filter", "map", "find", "findIndex", "findLast", "findLastIndex", "groupBy", "sortBy",
    "reduce", "ceil", "floor", "round", "int", "float", "string", "trim", "trimPrefix",
    "trimSuffix", "upper", "lower", "split", "splitAfter", "replace", "repeat", "indexOf",
    "lastIndexOf", "hasPrefix", "hasSuffix", "median", "toJSON", "fromJSON", "toBase64",
    "fromBase64", "now", "duration", "date", "timezone", "first", "last", "get", "take", "keys",
    "values", "toPairs", "fromPairs", "reverse", "uniq", "concat", "flatten", "sort", "bitand",
    "bitor", "bitxor", "bitnand", "bitshl", "bitshr", "bitushr", "bitnot", "type",
})  # fmt: skip
_WORDS: Final = {"true": True, "false": False, "nil": None}

_PRECEDENCE: Final = {
    "|": 0, "or": 10, "||": 10, "and": 15, "&&": 15, "==": 20, "!=": 20, "<": 20, ">": 20,
    ">=": 20, "<=": 20, "in": 20, "matches": 20, "contains": 20, "startsWith": 20, "endsWith": 20,
    "..": 25, "+": 30, "-": 30, "*": 60, "/": 60, "%": 60, "**": 100, "^": 100, "??": 500,
}  # fmt: skip
_UNARY: Final = {"not": 50, "!": 50, "-": 90, "+": 90}
_RIGHT: Final = frozenset({"**", "^"})
_CHAINED: Final = frozenset({"<", ">", "<=", ">="})
_NEGATABLE: Final = frozenset({"in", "matches", "contains", "startsWith", "endsWith"})
_LEFT_OUT: Final = frozenset({"|", "..", "??"}) | _NEGATABLE


def parse(text: str) -> Node:
    """Return the tree of a condition.

    Raises:
        ConditionError: It is none, or has something that is left out here.
    """
    try:
        parser = _Parser(text)
        tree = parser.expression(0)
        parser.end()
    except RecursionError as error:
        raise ConditionError("expression is nested too deeply") from error
    return tree


def left_out(what: str) -> ConditionError:
    """Return that the demo does not know something of the language."""
    return ConditionError(f"the demo's conditions do not know {what}")


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = iter(list(tokens(text)))
        self._next = next(self._tokens)
        self._closures = 0

    def end(self) -> None:
        """Return if there is nothing left.

        Raises:
            ConditionError: There is.
        """
        if self._next.kind is not Kind.END:
            raise self._unexpected()

    def expression(self, precedence: int) -> Node:
        """Return what stands next, up to an operator that binds less."""
        left = self._primary()
        while self._next.kind is Kind.OPERATOR:
            operator = self._operator()
            if _PRECEDENCE.get(operator, -1) < precedence:
                break
            if operator in _LEFT_OUT:
                raise left_out(f"`{operator}`")
            self._take()
            left = self._binary(left, operator)
        return self._choice(left) if precedence == 0 else left

    def _operator(self) -> str:
        if self._next.text == "not":
            self._take()
            if self._next.text not in _NEGATABLE:
                raise self._unexpected()
        return self._next.text

    def _binary(self, left: Node, operator: str) -> Node:
        precedence = _PRECEDENCE[operator]
        if operator in _CHAINED:
            return self._comparison(left, operator, precedence)
        right = self.expression(precedence + (operator not in _RIGHT))
        return Binary(operator, left, right)

    def _comparison(self, left: Node, operator: str, precedence: int) -> Node:
        """Return a comparison; in `1 < 2 < 3` each holds."""
        whole: Node | None = None
        while True:
            right = self.expression(precedence + 1)
            one = Binary(operator, left, right)
            whole = one if whole is None else Binary("&&", whole, one)
            if self._next.kind is not Kind.OPERATOR or self._next.text not in _CHAINED:
                return whole
            left, operator = right, self._take().text

    def _choice(self, condition: Node) -> Node:
        while self._is(Kind.OPERATOR, "?"):
            self._take()
            yes = self.expression(0)
            self._expect(Kind.OPERATOR, ":")
            condition = Choice(condition, yes, self.expression(0))
        return condition

    def _primary(self) -> Node:
        token = self._next
        if token.kind is Kind.OPERATOR and token.text in _UNARY:
            self._take()
            operand = self.expression(_UNARY[token.text])
            return self._postfix(Unary(token.text, operand))
        if token == Token(Kind.BRACKET, "("):
            self._take()
            inner = self.expression(0)
            self._expect(Kind.BRACKET, ")")
            return self._postfix(inner)
        if token == Token(Kind.OPERATOR, "#"):
            self._take()
            if not self._closures:
                raise ConditionError("cannot use pointer accessor outside predicate")
            return self._postfix(Element())
        if token.kind is Kind.OPERATOR and token.text in ("let", "if", "::", "."):
            raise left_out(f"`{token.text}`")
        return self._postfix(self._secondary())

    def _secondary(self) -> Node:
        token = self._next
        match token.kind:
            case Kind.IDENTIFIER:
                self._take()
                return self._named(token.text)
            case Kind.NUMBER:
                return Literal(_number(self._take().text))
            case Kind.STRING:
                return Literal(self._take().text)
            case Kind.BRACKET if token.text == "[":
                raise left_out("lists")
            case Kind.BRACKET if token.text == "{":
                raise left_out("maps")
        raise self._unexpected()

    def _named(self, name: str) -> Node:
        if name in _WORDS:
            return Literal(_WORDS[name])
        if self._is(Kind.BRACKET, "("):
            return self._call(name)
        if name == "result":
            return Result()
        if name in FUNCTIONS or name in CLOSURES | _OTHER_BUILTINS | {LENGTH}:
            raise left_out(f"`{name}` without arguments")
        raise ConditionError(f"unknown name {name}")

    def _call(self, name: str) -> Node:
        self._take()
        if name in CLOSURES:
            return Call(name, self._closure_arguments(name))
        if name in FUNCTIONS or name == LENGTH:
            return Call(name, self._arguments())
        if name in _OTHER_BUILTINS:
            raise left_out(f"the function `{name}`")
        if name == "result":
            raise left_out("a call of `result`")
        raise ConditionError(f"unknown name {name}")

    def _closure_arguments(self, name: str) -> tuple[Node, ...]:
        array = self.expression(0)
        if not self._is(Kind.OPERATOR, ","):
            raise left_out(f"`{name}` without a predicate")
        self._take()
        is_braced = self._is(Kind.BRACKET, "{")
        if is_braced:
            self._take()
        self._closures += 1
        predicate = self.expression(0)
        self._closures -= 1
        if is_braced:
            self._expect(Kind.BRACKET, "}")
        self._expect(Kind.BRACKET, ")")
        return array, predicate

    def _arguments(self) -> tuple[Node, ...]:
        values: list[Node] = []
        while not self._is(Kind.BRACKET, ")"):
            if values:
                self._expect(Kind.OPERATOR, ",")
                if self._is(Kind.BRACKET, ")"):
                    break
            values.append(self.expression(0))
        self._take()
        return tuple(values)

    def _postfix(self, node: Node) -> Node:
        while True:
            if self._is(Kind.BRACKET, "["):
                self._take()
                if self._is(Kind.OPERATOR, ":"):
                    raise left_out("slices")
                place = self.expression(0)
                if self._is(Kind.OPERATOR, ":"):
                    raise left_out("slices")
                self._expect(Kind.BRACKET, "]")
                node = Index(node, place)
            elif self._next.kind is Kind.OPERATOR and self._next.text in (".", "?."):
                raise left_out("fields")
            else:
                return node

    def _is(self, kind: Kind, text: str) -> bool:
        return self._next == (kind, text)

    def _take(self) -> Token:
        taken = self._next
        self._next = next(self._tokens, taken)
        return taken

    def _expect(self, kind: Kind, text: str) -> None:
        if not self._is(kind, text):
            raise self._unexpected()
        self._take()

    def _unexpected(self) -> ConditionError:
        return ConditionError(f"unexpected token {self._next}")


def _number(text: str) -> int | float:
    plain = text.replace("_", "").lower()
    if plain.startswith(("0x", "0b", "0o")):
        return int(plain, 0)
    if any(mark in plain for mark in ".e"):
        return float(plain)
    return int(plain)
