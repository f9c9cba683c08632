"""Durations as Go writes them.

Source: time.ParseDuration.
"""

import re
from typing import Final

_UNITS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)([^\d.]*)")


def seconds(text: str) -> float:
    """Return a duration in seconds, e.g. of `1m30s`.

    Raises:
        ValueError: It is none; the text is Go's.
    """
    problem = f'time: invalid duration "{text}"'
    sign, rest = (-1.0 if text[:1] == "-" else 1.0), text.removeprefix("-").removeprefix("+")
    if rest == "0":
        return 0.0
    if not rest:
        raise ValueError(problem)
    total, at = 0.0, 0
    while at < len(rest):
        found = _PART.match(rest, at)
        if found is None:
            raise ValueError(problem)
        number, unit = found.groups()
        if not unit:
            raise ValueError(f'time: missing unit in duration "{text}"')
        if unit not in _UNITS:
            raise ValueError(f'time: unknown unit "{unit}" in duration "{text}"')
        total += float(number) * _UNITS[unit]
        at = found.end()
    return sign * total
