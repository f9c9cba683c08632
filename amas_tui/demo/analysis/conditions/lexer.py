"""A condition's words.

Source: expr-lang v1.17.7 parser/lexer.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple


class ConditionError(ValueError):
    """Why a condition has no value, in the words of expr-lang."""


class Kind(StrEnum):
    """What a word is."""

    IDENTIFIER = "Identifier"
    NUMBER = "Number"
    STRING = "String"
    OPERATOR = "Operator"
    BRACKET = "Bracket"
    END = "EOF"


class Token(NamedTuple):
    """One word; a string's text is what it means."""

    kind: Kind
    text: str

    def __str__(self) -> str:
        if self.kind is Kind.END:
            return "EOF"
        return f'{self.kind}("{self.text}")'


_WORDS: Final = frozenset(
    {"and", "or", "not", "in", "matches", "contains", "startsWith", "endsWith", "let", "if", "else"}
)
_TOKEN: Final = re.compile(
    r"(?P<blank>\s+|//[^\n]*|/\*.*?\*/)"
    r"|(?P<number>0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+"
    r"|(?:[0-9][0-9_]*(?:\.(?!\.)[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>[^\W\d]\w*|\$\w*)"
    r"|(?P<string>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)"
    r"|(?P<bracket>[()\[\]{}])"
    r"|(?P<operator>==|!=|<=|>=|&&|\|\||\*\*|\.\.|\?\?|\?\.|::|[-+*/%^<>=!?:,.;|#])",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r"}


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of a condition, an end at last.

    Raises:
        ConditionError: There is a character that no word has.
    """
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _refused(text, at)
        at = found.end()
        yield from _token(found)
    yield Token(Kind.END, "")


def _token(found: re.Match[str]) -> Iterator[Token]:
    match found.lastgroup, found[0]:
        case "blank", _:
            return
        case "number", text:
            yield Token(Kind.NUMBER, text)
        case "word", text:
            yield Token(Kind.OPERATOR if text in _WORDS else Kind.IDENTIFIER, text)
        case "string", text:
            inner = text[1:-1]
            is_raw = text[0] == "`"
            yield Token(Kind.STRING, inner if is_raw else _ESCAPE.sub(_meant, inner))
        case "bracket", text:
            yield Token(Kind.BRACKET, text)
        case _, text:
            yield Token(Kind.OPERATOR, text)


def _meant(found: re.Match[str]) -> str:
    return _LETTERS.get(found[1], found[1])


def _refused(text: str, at: int) -> ConditionError:
    character = text[at]
    if character in "\"'`":
        return ConditionError("literal not terminated")
    return ConditionError(f"unrecognized character: U+{ord(character):04X} '{character}'")
