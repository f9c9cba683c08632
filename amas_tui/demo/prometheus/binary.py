"""Two values made one: numbers with numbers, numbers with series, series with series.

Source: prometheus v2.42 promql/engine.go VectorBinop, VectorscalarBinop.
"""

import math
import operator
from collections.abc import Callable, Iterator
from typing import Final

from amas_tui.demo.prometheus.ast import COMPARISONS, UNION, Binary, Matching
from amas_tui.demo.prometheus.labels import METRIC_NAME, Labels, only, text, without
from amas_tui.demo.prometheus.values import Sample, Scalar, Value, Vector


def _divided(left: float, right: float) -> float:
    if right:
        return left / right
    if left == 0 or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


def _multiplied(left: float, right: float) -> float:
    return left * right


_ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": _multiplied,
    "/": _divided,
}
_COMPARED: Final[dict[str, Callable[[float, float], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def combined(node: Binary, left: Value, right: Value) -> Value:
    """Return what the operator makes of two values; labels keep the metric's name.

    Raises:
        ValueError: Series cannot be matched one to one, in Prometheus' words.
    """
    match left, right:
        case Scalar(), Scalar():
            kept = _result(node, left.value, right.value)
            return Scalar(math.nan if kept is None else kept)
        case Vector(), Scalar():
            return Vector(tuple(_with_number(node, left, right.value, is_left=False)))
        case Scalar(), Vector():
            return Vector(tuple(_with_number(node, right, left.value, is_left=True)))
        case Vector(), Vector() if node.operator == UNION:
            return _union(node, left, right)
        case Vector(), Vector():
            return Vector(tuple(_matched(node, left, right)))
    raise ValueError("binary expression must contain only scalar and instant vector types")


def _result(node: Binary, left: float, right: float) -> float | None:
    """Return the new value, `None` where a comparison drops it."""
    if node.operator not in COMPARISONS:
        return _ARITHMETIC[node.operator](left, right)
    holds = _COMPARED[node.operator](left, right)
    if node.returns_bool:
        return 1.0 if holds else 0.0
    return left if holds else None


def _with_number(node: Binary, vector: Vector, number: float, *, is_left: bool) -> Iterator[Sample]:
    keeps_value = node.operator in COMPARISONS and not node.returns_bool
    for labels, value in vector.samples:
        made = _result(node, number, value) if is_left else _result(node, value, number)
        if made is not None:
            yield Sample(labels, value if keeps_value else made)


def _union(node: Binary, left: Vector, right: Vector) -> Vector:
    matching = node.matching or Matching(on=False, labels=())
    known = {_group(matching, sample.labels) for sample in left.samples}
    others = (one for one in right.samples if _group(matching, one.labels) not in known)
    return Vector((*left.samples, *others))


def _matched(node: Binary, left: Vector, right: Vector) -> Iterator[Sample]:
    if not left.samples or not right.samples:
        # As in Prometheus: duplicates that match nothing are no error.
        return
    matching = node.matching or Matching(on=False, labels=())
    others: dict[Labels, Sample] = {}
    for sample in right.samples:
        group = _group(matching, sample.labels)
        if group in others:
            raise ValueError(_duplicate(group, "right", sample, others[group]))
        others[group] = sample
    seen: set[Labels] = set()
    for sample in left.samples:
        group = _group(matching, sample.labels)
        if (other := others.get(group)) is None:
            continue
        made = _result(node, sample.value, other.value)
        if made is None:
            continue
        if group in seen:
            raise ValueError(
                "multiple matches for labels: many-to-one matching must be explicit"
                " (group_left/group_right)"
            )
        seen.add(group)
        yield Sample(_kept(matching, sample.labels), made)


def _group(matching: Matching, labels: Labels) -> Labels:
    if matching.on:
        return only(labels, matching.labels)
    return without(labels, (METRIC_NAME, *matching.labels))


def _kept(matching: Matching, labels: Labels) -> Labels:
    if matching.on:
        return only(labels, matching.labels)
    return without(labels, matching.labels)


def _duplicate(group: Labels, side: str, one: Sample, other: Sample) -> str:
    return (
        f"found duplicate series for the match group {text(group)} on the {side} hand-side of the"
        f" operation: [{text(one.labels)}, {text(other.labels)}];many-to-many matching not"
        " allowed: matching labels must be unique on one side"
    )
