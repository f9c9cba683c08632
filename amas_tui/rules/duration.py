"""Durations as Kubernetes writes them: Go's syntax in, Kubernetes' human words out."""

import re
from datetime import timedelta
from typing import Final

from amas_tui.domain.base import IntOrStr

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
_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+")
_MAX_SECONDS: Final = 2**63 / 1e9
"""Go's time.Duration is an int64 of nanoseconds."""


def go_duration(text: str) -> timedelta | None:
    """Return the length of a Go duration such as `1m30s`; `None` where it is not one.

    Source: Go's time.ParseDuration.
    """
    if text in {"0", "+0", "-0"}:
        return timedelta(0)
    if not _WHOLE.fullmatch(text):
        return None
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if seconds > _MAX_SECONDS:
        return None
    return timedelta(seconds=-seconds if text.startswith("-") else seconds)


def pause_duration(duration: IntOrStr | None) -> timedelta | None:
    """Return how long a pause step lasts, `None` when it waits for a human or cannot be read.

    An integer, also in a string, counts seconds; a Go duration is cut to whole seconds.
    Source: pkg/apis/rollouts/v1alpha1/types.go:RolloutPause.DurationSeconds.
    """
    if duration is None:
        return None
    if isinstance(duration, int):
        return _seconds(duration)
    if re.fullmatch(r"[+-]?[0-9]{1,9}", duration):
        return _seconds(int(duration))
    parsed = go_duration(duration)
    return None if parsed is None else _seconds(int(parsed.total_seconds()))


def _seconds(count: int) -> timedelta | None:
    return timedelta(seconds=count) if abs(count) < _MAX_SECONDS else None


_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400
_YEAR: Final = 365 * _DAY


def human_duration(elapsed: timedelta) -> str:
    """Return an age in Kubernetes' words, e.g. `90s`, `5m10s`, `3h`, `2d4h`.

    Source: k8s.io/apimachinery/pkg/util/duration/duration.go:HumanDuration.
    """
    seconds = int(elapsed.total_seconds())
    if seconds < -1:
        return "<invalid>"
    if seconds < 2 * _MINUTE:
        return f"{max(0, seconds)}s"
    if seconds < 10 * _MINUTE:
        return _two(seconds, _MINUTE, "m", 1, "s")
    if seconds < 3 * _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < 8 * _HOUR:
        return _two(seconds, _HOUR, "h", _MINUTE, "m")
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR}h"
    if seconds < 8 * _DAY:
        return _two(seconds, _DAY, "d", _HOUR, "h")
    if seconds < 2 * _YEAR:
        return f"{seconds // _DAY}d"
    if seconds < 8 * _YEAR:
        return _two(seconds, _YEAR, "y", _DAY, "d")
    return f"{seconds // _YEAR}y"


def _two(seconds: int, big: int, big_unit: str, small: int, small_unit: str) -> str:
    whole, rest = divmod(seconds, big)
    return f"{whole}{big_unit}" + (f"{rest // small}{small_unit}" if rest // small else "")


def clock_duration(length: timedelta) -> str:
    """Return a planned length or countdown exactly, in at most two units: `38s`, `1m5s`, `2h3m`.

    Negative lengths are `0s`.
    """
    seconds = max(0, int(length.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return _two(seconds, _MINUTE, "m", 1, "s")
    if seconds < _DAY:
        return _two(seconds, _HOUR, "h", _MINUTE, "m")
    return _two(seconds, _DAY, "d", _HOUR, "h")
