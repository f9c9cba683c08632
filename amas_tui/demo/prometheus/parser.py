"""A query made an expression, or Prometheus' own complaint about it.

Source: prometheus v2.42 promql/parser/generated_parser.y and parse.go.
"""

import re
from typing import Final

from amas_tui.demo.prometheus.ast import (
    COMPARISONS,
    FUNCTIONS,
    NO_NAMES,
    UNION,
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
    Text,
)
from amas_tui.demo.prometheus.checks import check
from amas_tui.demo.prometheus.labels import METRIC_NAME, Match, Matcher, RegexError
from amas_tui.demo.prometheus.lexer import Lexer, ParseError, Token, Word, quoted, unquoted

_AGGREGATIONS: Final = frozenset({"sum", "avg", "min", "max", "count"})
_SELECTOR_WORDS: Final = frozenset(
    {Word.IDENTIFIER, Word.METRIC, Word.KEYWORD, Word.AGGREGATION, Word.OPERATOR}
)
_LEVELS: Final = (frozenset({UNION}), COMPARISONS, frozenset("+-"), frozenset("*/"))
"""The binary operators, those that bind least first."""
_DURATION: Final = re.compile(
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?"
)
_UNIT_MS: Final = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1)


def parse(query: str) -> Expression:
    """Return the expression that a query is.

    Raises:
        ParseError: It is none that is evaluated here.
    """
    try:
        parser = _Parser(query)
        expression = parser.whole()
        check(expression, query)
    except RecursionError as error:
        raise ParseError(query, 0, "expression is nested too deeply") from error
    return expression


def selector(query: str) -> Selector:
    """Return the selector that a query is, as `match[]` has it.

    Raises:
        ParseError: It is something else.
    """
    return _Parser(query).selector()


def duration_ms(text: str) -> int:
    """Return a duration such as `1h30m` in milliseconds.

    Raises:
        ValueError: It is none, or nothing.
    """
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        raise ValueError(f"not a valid duration string: {quoted(text)}")
    total = sum(int(n or 0) * unit for n, unit in zip(found.groups(), _UNIT_MS, strict=True))
    if not total:
        raise ValueError("duration must be greater than 0")
    return total


class _Parser:
    """Looks at one word at a time: what comes later is not complained about first."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._tokens = iter(Lexer(query))
        self._next = next(self._tokens)
        self._contexts: list[str] = []

    def whole(self) -> Expression:
        """Return the expression, which is all there is."""
        if self._ended:
            raise ParseError(self._query, 0, "no expression found in input")
        expression = self._expression(0)
        if not self._ended:
            raise self._unexpected()
        return expression

    def selector(self) -> Selector:
        """Return the selector, which is all there is."""
        if not self._is("{") and self._next.word not in _SELECTOR_WORDS:
            raise self._unexpected()
        found = self._selector(None if self._is("{") else self._take())
        if not self._ended:
            raise self._unexpected()
        return found

    def _take(self) -> Token:
        taken = self._next
        if not self._ended:
            self._next = next(self._tokens)
        return taken

    @property
    def _ended(self) -> bool:
        return self._next.word is Word.END

    def _is(self, text: str) -> bool:
        return self._next.word is Word.PUNCTUATION and self._next.text == text

    def _is_keyword(self, *texts: str) -> bool:
        return self._next.word is Word.KEYWORD and self._next.text.lower() in texts

    def _error(self, at: int, problem: str) -> ParseError:
        return ParseError(self._query, at, problem)

    def _unexpected(self, context: str = "", expected: str = "") -> ParseError:
        context = context or (self._contexts[-1] if self._contexts else "")
        inside = f" in {context}" if context else ""
        wish = f", expected {expected}" if expected else ""
        return self._error(self._next.at, f"unexpected {self._next}{inside}{wish}")

    def _expression(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self._signed()
        left = self._expression(level + 1)
        while self._next.word is Word.OPERATOR and self._next.text.lower() in _LEVELS[level]:
            left = self._binary(left, level)
        return left

    def _binary(self, left: Expression, level: int) -> Binary:
        operator = self._take()
        returns_bool = self._is_keyword("bool")
        if returns_bool:
            self._take()
        matching: Matching | None = None
        if self._is_keyword("on", "ignoring"):
            on = self._take().text.lower() == "on"
            matching = Matching(on, self._grouping())
        right = self._expression(level + 1)
        sign = operator.text.lower()
        return Binary(left.at, sign, left, right, returns_bool, matching, operator.at)

    def _signed(self) -> Expression:
        if self._next.word is Word.OPERATOR and self._next.text in "+-":
            sign = self._take()
            inner = self._signed()
            if isinstance(inner, Number):
                # As in Prometheus a sign belongs to the number.
                return Number(sign.at, -inner.value if sign.text == "-" else inner.value)
            return Sign(sign.at, sign.text, inner)
        return self._ranged(self._primary())

    def _ranged(self, inner: Expression) -> Expression:
        while self._is("["):
            bracket = self._take()
            width = self._take()
            try:
                ms = duration_ms(width.text)
            except ValueError as error:
                raise self._error(width.at, str(error)) from error
            self._take()
            if not isinstance(inner, Selector):
                raise self._error(bracket.at, "ranges only allowed for vector selectors")
            inner = Range(inner.at, inner, ms)
        return inner

    def _primary(self) -> Expression:
        token = self._next
        match token.word:
            case Word.NUMBER:
                self._take()
                return Number(token.at, self._number(token))
            case Word.STRING:
                self._take()
                return Text(token.at, unquoted(token.text))
            case Word.AGGREGATION:
                return self._aggregation()
            case Word.IDENTIFIER:
                return self._call_or_selector()
            case Word.METRIC:
                return self._selector(self._take())
            case Word.KEYWORD if token.text.lower() not in NO_NAMES:
                return self._selector(self._take())
            case Word.OPERATOR if token.text.isalpha():
                return self._selector(self._take())
            case Word.PUNCTUATION if token.text == "{":
                return self._selector(None)
            case Word.PUNCTUATION if token.text == "(":
                return self._parentheses()
            case _:
                raise self._unexpected()

    def _parentheses(self) -> Parentheses:
        opened = self._take()
        inner = self._expression(0)
        if not self._is(")"):
            raise self._unexpected()
        self._take()
        return Parentheses(opened.at, inner)

    def _number(self, token: Token) -> float:
        try:
            return _number(token.text)
        except ValueError as error:
            raise self._error(token.at, f"error parsing number: {error}") from error

    def _call_or_selector(self) -> Expression:
        name = self._take()
        if not self._is("("):
            return self._selector(name)
        arguments = self._arguments()
        if name.text not in FUNCTIONS:
            raise self._error(name.at, f"unknown function with name {quoted(name.text)}")
        return Call(name.at, name.text, arguments)

    def _arguments(self) -> tuple[Expression, ...]:
        self._take()
        arguments: list[Expression] = []
        while not self._is(")"):
            arguments.append(self._expression(0))
            if self._is(","):
                comma = self._take()
                if self._is(")") or self._is(","):
                    problem = "trailing commas not allowed in function call args"
                    raise self._error(comma.at, problem)
            elif not self._is(")"):
                raise self._unexpected()
        self._take()
        return tuple(arguments)

    def _aggregation(self) -> Expression:
        operation = self._take()
        name = operation.text.lower()
        is_by = self._is_keyword("by", "without")
        if not is_by and not self._is("("):
            return self._selector(operation)
        self._contexts.append("aggregation")
        word, labels = self._grouping_clause() if is_by else ("", ())
        if not self._is("("):
            raise self._unexpected()
        arguments = self._arguments()
        self._contexts.pop()
        if not is_by and self._is_keyword("by", "without"):
            word, labels = self._grouping_clause()
        if name not in _AGGREGATIONS:
            raise self._error(operation.at, f"unknown function with name {quoted(name)}")
        if not arguments:
            problem = "no arguments for aggregate expression provided"
            raise self._error(operation.at, problem)
        if len(arguments) != 1:
            problem = "wrong number of arguments for aggregate expression provided, expected 1"
            raise self._error(operation.at, f"{problem}, got {len(arguments)}")
        return Aggregation(operation.at, name, arguments[0], labels, word == "without")

    def _grouping_clause(self) -> tuple[str, tuple[str, ...]]:
        return self._take().text.lower(), self._grouping()

    def _grouping(self) -> tuple[str, ...]:
        context = "grouping opts"
        if not self._is("("):
            raise self._unexpected(context, '"("')
        self._take()
        labels: list[str] = []
        while not self._is(")"):
            names = (Word.IDENTIFIER, Word.KEYWORD, Word.AGGREGATION, Word.OPERATOR)
            is_label = self._next.word in names and self._next.text.isidentifier()
            if not is_label:
                raise self._unexpected(context, "label")
            labels.append(self._take().text)
            if self._is(","):
                self._take()
            elif not self._is(")"):
                raise self._unexpected(context, '"," or ")"')
        self._take()
        return tuple(labels)

    def _selector(self, name: Token | None) -> Selector:
        at = self._next.at if name is None else name.at
        own = () if name is None else (Matcher(METRIC_NAME, Match.EQUAL, name.text),)
        return Selector(at, (*own, *(self._matchers() if self._is("{") else ())))

    def _matchers(self) -> list[Matcher]:
        context = "label matching"
        self._take()
        matchers: list[Matcher] = []
        while not self._is("}"):
            if self._next.word is not Word.IDENTIFIER:
                raise self._unexpected(context, 'identifier or "}"')
            matchers.append(self._matcher(self._take(), context))
            if self._is(","):
                self._take()
            elif not self._is("}"):
                raise self._unexpected(context, '"," or "}"')
        self._take()
        return matchers

    def _matcher(self, name: Token, context: str) -> Matcher:
        if self._next.word is not Word.PUNCTUATION or self._next.text not in set(Match):
            raise self._unexpected(context, "label matching operator")
        match = Match(self._take().text)
        value = self._take_string(context)
        try:
            return Matcher(name.text, match, value)
        except RegexError as error:
            raise self._error(name.at, str(error)) from error

    def _take_string(self, context: str) -> str:
        if self._next.word is not Word.STRING:
            raise self._unexpected(context, "string")
        return unquoted(self._take().text)


def _number(text: str) -> float:
    problem = f"strconv.ParseFloat: parsing {quoted(text)}"
    try:
        if text[:2] in ("0x", "0X"):
            return float(int(text, 16))
        if text.isdigit() and text.startswith("0") and "8" not in text and "9" not in text:
            return float(int(text, 8))
        value = float(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{problem}: invalid syntax") from None
    if value == float("inf") and text[0].isdigit():
        raise ValueError(f"{problem}: value out of range")
    return value
