"""What names a series, and how series are chosen by it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

Labels = tuple[tuple[str, str], ...]
"""Names and values by name; an empty value is as good as none, so there is none."""

METRIC_NAME: Final = "__name__"


def labels_of(values: Mapping[str, str]) -> Labels:
    """Return the labels as they are stored."""
    return tuple(sorted((name, value) for name, value in values.items() if value))


def without(labels: Labels, names: Iterable[str]) -> Labels:
    """Return the labels but for some."""
    left_out = frozenset(names)
    return tuple(pair for pair in labels if pair[0] not in left_out)


def only(labels: Labels, names: Iterable[str]) -> Labels:
    """Return some of the labels."""
    kept = frozenset(names)
    return tuple(pair for pair in labels if pair[0] in kept)


def text(labels: Labels) -> str:
    """Return the labels as Prometheus writes them in its errors."""
    return "{" + ", ".join(f'{name}="{value}"' for name, value in labels) + "}"


class Match(StrEnum):
    """How a label's value is compared."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


class RegexError(ValueError):
    """Not a regular expression of Go's; the text is Go's."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label; a label that is not there has the empty value.

    Raises:
        RegexError: The value of a regex matcher is none.
    """

    name: str
    match: Match
    value: str
    _regex: re.Pattern[str] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.match in (Match.REGEX, Match.NOT_REGEX):
            object.__setattr__(self, "_regex", compiled(self.value))

    def matches(self, value: str) -> bool:
        """Return whether a label's value is meant; a regex must match all of it."""
        if self._regex is None:
            return (self.value == value) == (self.match is Match.EQUAL)
        return bool(self._regex.fullmatch(value)) == (self.match is Match.REGEX)


_NOT_IN_GO: Final = re.compile(
    r"(?P<group>\(\?(?!:|P<\w+>|[imsU]*-?[imsU]*[:)]).?)"
    r"|(?P<escape>\\(?![\\aftnrvdDsSwWbBAz.+*?()|\[\]{}^$\-\"'/#%&,:;<=>@_`~! ]).)"
)
"""What Python knows, or reads otherwise, and Go's RE2 does not: look-around, references, …"""
_CLASS: Final = re.compile(r"\\.|\[\^?\]?[^\]]*\]")
_NESTED: Final = re.compile(r"[*+?]\+")
_NOT_IN_PYTHON: Final = re.compile(r"\[\[:|\\[pPQECz]|\(\?[^)]*U")
"""What Go knows and is not translated here."""


def compiled(pattern: str) -> re.Pattern[str]:
    """Return a regular expression that both Go and Python read the same way.

    Raises:
        RegexError: Go would refuse it, or only Go knows it.
    """
    plain = re.sub(r"\\\\", "", pattern)
    if found := _NOT_IN_GO.search(plain):
        if found["group"]:
            raise RegexError(_regex_text("invalid or unsupported Perl syntax", found["group"]))
        raise RegexError(_regex_text("invalid escape sequence", found["escape"]))
    if found := _NESTED.search(_CLASS.sub("", plain)):
        raise RegexError(_regex_text("invalid nested repetition operator", found[0]))
    if found := _NOT_IN_PYTHON.search(plain):
        raise RegexError(_regex_text("invalid escape sequence", found[0]))
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise RegexError(_translated(error, pattern)) from error


_REPEAT: Final = re.compile(r"\{\d+,\d+\}")


def _regex_text(problem: str, where: str) -> str:
    return f"error parsing regexp: {problem}: `{where}`"


def _translated(error: Exception, pattern: str) -> str:
    problem, anchored = str(error), f"^(?:{pattern})$"
    at = getattr(error, "pos", None) or 0
    if problem.startswith("missing ), unterminated"):
        return _regex_text("missing closing )", anchored)
    if problem.startswith("unbalanced parenthesis"):
        return _regex_text("unexpected )", anchored)
    if problem.startswith("unterminated character set"):
        return _regex_text("missing closing ]", f"{pattern[at:]})$")
    if problem.startswith("nothing to repeat"):
        return _regex_text("missing argument to repetition operator", pattern[at : at + 1])
    if problem.startswith("multiple repeat"):
        return _regex_text("invalid nested repetition operator", pattern[at - 1 : at + 1])
    if problem.startswith("bad character range"):
        return _regex_text("invalid character class range", problem.split()[3])
    if problem.startswith("min repeat greater") and (found := _REPEAT.search(pattern)):
        return _regex_text("invalid repeat count", found[0])
    return _regex_text("invalid syntax", anchored)
