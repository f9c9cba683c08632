"""What a query gives, and how Prometheus writes it."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from amas_tui.demo.prometheus.labels import Labels

Json = dict[str, Any]

_SMALLEST: Final = 1e-6
_LARGEST: Final = 1e21


class Sample(NamedTuple):
    """A series' value at the moment that is asked about."""

    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class String:
    """A text."""

    value: str


@dataclass(frozen=True, slots=True)
class Vector:
    """The value of each of some series."""

    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Several values of each of some series: Unix milliseconds and the value."""

    series: tuple[tuple[Labels, tuple[tuple[int, float], ...]], ...]


Value = Scalar | String | Vector | Matrix


def result(value: Value, ms: int) -> Json:
    """Return a value as the HTTP API answers it, asked about the moment `ms`."""
    match value:
        case Scalar():
            return {"resultType": "scalar", "result": [seconds(ms), plain(value.value)]}
        case String():
            return {"resultType": "string", "result": [seconds(ms), value.value]}
        case Vector():
            found = [
                {"metric": dict(each.labels), "value": _point(ms, each.value)}
                for each in value.samples
            ]
            return {"resultType": "vector", "result": found}
        case Matrix():
            rows = [
                {"metric": dict(labels), "values": [_point(*point) for point in points]}
                for labels, points in value.series
            ]
            return {"resultType": "matrix", "result": rows}


def _point(ms: int, value: float) -> list[float | str]:
    return [seconds(ms), number(value)]


def seconds(ms: int) -> float:
    """Return milliseconds as seconds, whole ones as an integer."""
    return ms // 1000 if ms % 1000 == 0 else ms / 1000


def number(value: float) -> str:
    """Return a number as the HTTP API writes it: very large and small ones with an exponent."""
    if value and math.isfinite(value) and not _SMALLEST <= abs(value) < _LARGEST:
        digits, _, power = f"{Decimal(repr(value)).normalize():e}".partition("e")
        return f"{digits}e{int(power):+03d}"
    return plain(value)


def plain(value: float) -> str:
    """Return a number without an exponent, as Go's `FormatFloat(x, 'f', -1, 64)`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
