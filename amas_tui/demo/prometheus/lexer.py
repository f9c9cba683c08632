"""A query's words, with Prometheus' own complaints about what is none.

Source: prometheus v2.42 promql/parser/lex.go.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ParseError(ValueError):
    """Why a query is none, as Prometheus says it: `1:5: parse error: …`."""

    def __init__(self, query: str, at: int, problem: str) -> None:
        before = query[:at]
        line = before.count("\n") + 1
        column = len(before.encode()) - len(before[: before.rfind("\n") + 1].encode()) + 1
        super().__init__(f"{line}:{column}: parse error: {problem}")


class Word(StrEnum):
    """The kinds of words; the value is what Prometheus calls one."""

    IDENTIFIER = "identifier"
    METRIC = "metric identifier"
    NUMBER = "number"
    STRING = "string"
    DURATION = "duration"
    KEYWORD = "keyword"
    AGGREGATION = "aggregation"
    OPERATOR = "operator"
    PUNCTUATION = "punctuation"
    END = "end of input"


@dataclass(frozen=True, slots=True)
class Token:
    """A word, and where it begins."""

    word: Word
    text: str
    at: int

    def __str__(self) -> str:
        """Return the word as an error names it."""
        match self.word:
            case Word.END:
                return "end of input"
            case Word.KEYWORD:
                return f"<{self.text.lower()}>"
            case Word.AGGREGATION:
                return f"<aggr:{self.text.lower()}>"
            case Word.OPERATOR:
                return f"<op:{self.text.lower()}>"
            case Word.PUNCTUATION:
                return quoted(self.text)
            case Word.IDENTIFIER | Word.METRIC:
                return f"{self.word} {quoted(self.text)}"
        return f"{self.word} {_shortened(self.text)}"


def quoted(text: str) -> str:
    """Return a text in quotes as Go's `%q` does."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _shortened(text: str) -> str:
    return quoted(text[:10]) + "..." if len(text) > 10 else quoted(text)


_AGGREGATIONS: Final = frozenset(
    {"sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "topk", "bottomk"}
    | {"count_values", "quantile"}
)
_OPERATORS: Final = frozenset(["and", "or", "unless", "atan2"])
_KEYWORDS: Final = frozenset(
    {"offset", "by", "without", "on", "ignoring", "group_left", "group_right", "bool"}
    | {"start", "end"}
)
_NUMBERS: Final = frozenset({"inf", "nan"})

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)+")
_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]*|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]*)?")
_DURATION: Final = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+")
_WIDTH: Final = re.compile(r"[a-zA-Z0-9_.]*")
_HALF_DURATION: Final = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+[0-9]+")
_IDENTIFIER: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_SYMBOL: Final = re.compile(r"==|!=|<=|>=|[-+*/%^<>=(),]")
_ALPHANUMERIC: Final = re.compile(r"[a-zA-Z0-9_]")
_STRING: Final = re.compile(r"""(["'])(?:(?!\1)[^\\\n]|\\[^\n])*\1|`[^`]*`""")
_ARITHMETIC: Final = frozenset(["+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">="])
_GAP: Final = "�"


class Lexer:
    """Reads one query; iterate it once.

    Raises:
        ParseError: On the way, where a word begins that is none.
    """

    def __init__(self, query: str) -> None:
        self._query = query
        self._at = 0
        self._open = 0

    def __iter__(self) -> Iterator[Token]:
        while True:
            self._skip()
            if self._at == len(self._query):
                if self._open:
                    raise self._error("unclosed left parenthesis")
                yield Token(Word.END, "", self._at)
                return
            match self._query[self._at]:
                case "{":
                    yield from self._braces()
                case "[":
                    yield from self._brackets()
                case _:
                    yield self._word()

    def _skip(self) -> None:
        if found := _BLANK.match(self._query, self._at):
            self._at = found.end()

    def _error(self, problem: str, at: int | None = None) -> ParseError:
        return ParseError(self._query, self._at if at is None else at, problem)

    def _take(self, word: Word, text: str) -> Token:
        token = Token(word, text, self._at)
        self._at += len(text)
        return token

    def _word(self) -> Token:
        query, at = self._query, self._at
        if query[at] in "\"'`":
            return self._string()
        if found := _SYMBOL.match(query, at):
            return self._symbol(found[0])
        if query[at] == "!":
            after = query[at + 1 : at + 2] or _GAP
            raise self._error(f"unexpected character after '!': '{after}'")
        if (found := _DURATION.match(query, at)) and not _alphanumeric(query, found.end()):
            return self._take(Word.DURATION, found[0])
        if found := _NUMBER.match(query, at):
            return self._number(found[0])
        if found := _IDENTIFIER.match(query, at):
            return self._take(_kind(found[0]), found[0])
        if query[at] == "]":
            raise self._error("unexpected right bracket ']'")
        raise self._error(f"unexpected character: {_rune(query[at])}")

    def _symbol(self, text: str) -> Token:
        if text == "=" and self._query[self._at + 1 : self._at + 2] == "~":
            raise self._error("unexpected character after '=': '~'")
        self._open += (text == "(") - (text == ")")
        if self._open < 0:
            raise self._error("unexpected right parenthesis ')'", self._at + 1)
        is_operator = text in _ARITHMETIC
        return self._take(Word.OPERATOR if is_operator else Word.PUNCTUATION, text)

    def _number(self, text: str) -> Token:
        if _alphanumeric(self._query, self._at + len(text)):
            raise self._error(f"bad number or duration syntax: {quoted(text)}")
        return self._take(Word.NUMBER, text)

    def _string(self) -> Token:
        if found := _STRING.match(self._query, self._at):
            try:
                unquoted(found[0])
            except ValueError as error:
                raise self._error(str(error)) from error
            return self._take(Word.STRING, found[0])
        kind = "raw" if self._query[self._at] == "`" else "quoted"
        raise self._error(f"unterminated {kind} string")

    def _braces(self) -> Iterator[Token]:
        yield self._take(Word.PUNCTUATION, "{")
        while True:
            self._skip()
            query, at = self._query, self._at
            if at == len(query):
                raise self._error("unexpected end of input inside braces")
            if query[at] == "}":
                yield self._take(Word.PUNCTUATION, "}")
                return
            yield self._in_braces(query, at)

    def _in_braces(self, query: str, at: int) -> Token:
        if found := _LABEL.match(query, at):
            return self._take(Word.IDENTIFIER, found[0])
        if query[at] in "\"'`":
            return self._string()
        if query[at] == ",":
            return self._take(Word.PUNCTUATION, ",")
        for symbol in ("=~", "!~", "!=", "="):
            if query.startswith(symbol, at):
                return self._take(Word.PUNCTUATION, symbol)
        if query[at] == "!":
            after = query[at + 1 : at + 2]
            raise self._error(
                f"unexpected character after '!' inside braces: {_rune(after or _GAP)}"
            )
        if query[at] == "{":
            raise self._error("unexpected left brace '{'")
        raise self._error(f"unexpected character inside braces: {_rune(query[at])}")

    def _brackets(self) -> Iterator[Token]:
        yield self._take(Word.PUNCTUATION, "[")
        self._skip()
        text = _WIDTH.match(self._query, self._at)
        width = text[0] if text else ""
        if not width or width.isdigit():
            raise self._error("missing unit character in duration")
        if _HALF_DURATION.fullmatch(width):
            raise self._error(f"bad duration syntax: {quoted(width)}")
        yield self._take(Word.DURATION, width)
        self._skip()
        if self._at == len(self._query):
            raise self._error("unclosed left bracket")
        if self._query[self._at] != "]":
            raise self._error(
                f"unexpected character in duration expression: {_rune(self._query[self._at])}"
            )
        yield self._take(Word.PUNCTUATION, "]")


def _kind(text: str) -> Word:
    lower = text.lower()
    if lower in _AGGREGATIONS:
        return Word.AGGREGATION
    if lower in _KEYWORDS:
        return Word.KEYWORD
    if lower in _OPERATORS:
        return Word.OPERATOR
    if lower in _NUMBERS:
        return Word.NUMBER
    return Word.METRIC if ":" in text else Word.IDENTIFIER


def _alphanumeric(query: str, at: int) -> bool:
    return at < len(query) and _ALPHANUMERIC.match(query[at]) is not None


def _rune(character: str) -> str:
    return "'\\''" if character == "'" else f"'{character}'"


_ESCAPE: Final = re.compile(
    r"\\(?:([abfnrtv\\])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))"
)
_LETTERS: Final = dict(zip("abfnrtv\\", "\a\b\f\n\r\t\v\\", strict=True))
_WIDTHS: Final = {"x": 2, "u": 4, "U": 8, **dict.fromkeys("01234567", 3)}
_HIGHEST: Final = 0x10FFFF


def unquoted(text: str) -> str:
    """Return what a string in quotes or backquotes means.

    Raises:
        ValueError: A backslash has no meaning there.
    """
    quote, inner = text[0], text[1:-1]
    if quote == "`":
        return inner

    def meant(found: re.Match[str]) -> str:
        letter, *codes, octal, other = found.groups()
        if letter:
            return _LETTERS[letter]
        if other == quote:
            return quote
        if other in _WIDTHS:
            digits = inner[found.end() - (other in "01234567") :]
            bad = next((each for each in digits if each not in "0123456789abcdefABCDEF"), quote)
            raise ValueError(f"illegal character {_point(bad)} in escape sequence")
        if other:
            raise ValueError(f"unknown escape sequence {_point(other)}")
        code = int(octal, 8) if octal else int(next(filter(None, codes)), 16)
        if code > _HIGHEST or 0xD800 <= code < 0xE000:
            raise ValueError("escape sequence is an invalid Unicode code point")
        return chr(code)

    return _ESCAPE.sub(meant, inner)


def _point(character: str) -> str:
    return f"U+{ord(character):04X} '{character}'"
