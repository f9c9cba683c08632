"""How far a PromQL query looks back, and the same question over a shorter time.

Source: https://prometheus.io/docs/prometheus/latest/querying/basics (durations, selectors).
"""

import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3_600.0,
    "d": 86_400.0,
    "w": 604_800.0,
    "y": 31_536_000.0,
}
_DURATION: Final = r"(?:[0-9]+(?:ms|[smhdwy]))+"
_PART: Final = re.compile(r"([0-9]+)(ms|[smhdwy])")

_RANGE: Final = re.compile(rf"\[\s*({_DURATION})\s*(:[^\]]*)?\]")

_TEXT: Final = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`"
_SELECTOR: Final = rf"(?:[a-zA-Z_:][\w:]*)?\s*(?:\{{(?:{_TEXT}|[^\"'`{{}}])*\}})?"
_CALL: Final = re.compile(
    rf"\b([a-z_]+)\s*\(\s*(?:[0-9.]+\s*,\s*)?({_SELECTOR})\s*\[\s*({_DURATION})\s*\]\s*\)"
)

_LEVELS: Final = frozenset(
    {
        "rate",
        "irate",
        "avg_over_time",
        "min_over_time",
        "max_over_time",
        "last_over_time",
        "quantile_over_time",
    }
)
"""Functions whose value does not grow with their range: limits hold for a shorter one too."""


def window(query: str) -> timedelta:
    """Return the longest range that a query looks back, zero without one."""
    found = (_length(text) for text, _ in _RANGE.findall(query))
    return max(found, default=timedelta(0))


def _length(text: str) -> timedelta:
    return timedelta(seconds=sum(int(n) * _UNITS[unit] for n, unit in _PART.findall(text)))


def shortened(query: str, length: timedelta) -> str | None:
    """Return a query that looks back `length` at most, else alike.

    `None` where that would be another question: a sum or an increase over a time, a subquery, a
    range at another moment, or a query without a range.
    """
    calls = list(_CALL.finditer(query))
    if not calls or len(calls) != len(_RANGE.findall(query)):
        return None
    if any(call.group(1) not in _LEVELS for call in calls):
        return None
    whole = max(1, int(length.total_seconds()))
    for call in reversed(calls):
        if _length(call.group(3)) > timedelta(seconds=whole):
            start, end = call.span(3)
            query = f"{query[:start]}{whole}s{query[end:]}"
    return query


def scrapes(query: str) -> str | None:
    """Return a query for how many samples a range holds, over the longest range of a query."""
    calls = list(_CALL.finditer(query))
    if not calls:
        return None
    longest = max(calls, key=lambda call: _length(call.group(3)))
    return f"max(count_over_time({longest.group(2)}[{longest.group(3)}]))"
