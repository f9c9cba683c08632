"""PromQL evaluated: the value of an expression at one moment, or at many.

Source: prometheus v2.42 promql/engine.go.
"""

import operator
from collections.abc import Callable, Iterable
from typing import Final

from amas_tui.demo.prometheus import functions
from amas_tui.demo.prometheus.ast import (
    COMPARISONS,
    UNION,
    Aggregation,
    Binary,
    Call,
    Expression,
    Number,
    Parentheses,
    Range,
    Selector,
    Sign,
    Text,
)
from amas_tui.demo.prometheus.binary import combined
from amas_tui.demo.prometheus.labels import METRIC_NAME, Labels, only, without
from amas_tui.demo.prometheus.tsdb import Database, Series
from amas_tui.demo.prometheus.values import Matrix, Sample, Scalar, String, Value, Vector

MAX_POINTS: Final = 11_000


class EvaluationError(ValueError):
    """Why an expression has no value, in Prometheus' words."""


_SAME_LABELS: Final = "vector cannot contain metrics with the same labelset"
_AGGREGATIONS: Final[dict[str, Callable[[list[float]], float]]] = {
    "sum": functions.total,
    "avg": functions.average,
    "min": functions.smallest,
    "max": functions.largest,
    "count": lambda values: float(len(values)),
}


class Engine:
    """Evaluates one query; what it learns of the series serves all its moments."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._selected: dict[Selector, list[Series]] = {}
        self._groups: dict[tuple[int, Labels], Labels] = {}
        self._nameless: dict[Labels, Labels] = {}

    def instant(self, node: Expression, ms: int) -> Value:
        """Return the value at one moment, in Unix milliseconds.

        Raises:
            EvaluationError: Series cannot be told apart or matched.
        """
        value = self._value(node, ms)
        if isinstance(value, Vector):
            _check_distinct(value)
        return value

    def range(self, node: Expression, start: int, end: int, step: int) -> Matrix:
        """Return the values at `start` and every `step` until `end`, in Unix milliseconds.

        Raises:
            EvaluationError: Series cannot be told apart or matched.
        """
        series: dict[Labels, list[tuple[int, float]]] = {}
        for ms in range(start, end + 1, step):
            value = self.instant(node, ms)
            match value:
                case Scalar():
                    series.setdefault((), []).append((ms, value.value))
                case Vector():
                    for labels, number in value.samples:
                        series.setdefault(labels, []).append((ms, number))
                case _:
                    raise EvaluationError(f"unexpected result of type {type(value).__name__}")
        return Matrix(tuple((labels, tuple(series[labels])) for labels in sorted(series)))

    def _value(self, node: Expression, ms: int) -> Value:
        match node:
            case Number():
                return Scalar(node.value)
            case Text():
                return String(node.value)
            case Selector():
                return self._at(node, ms)
            case Range():
                return self._samples(node, ms)
            case Parentheses():
                return self._value(node.expression, ms)
            case Sign():
                return self._signed(node, ms)
            case Call():
                return self._called(node, ms)
            case Aggregation():
                return self._aggregated(node, ms)
            case Binary():
                return self._combined(node, ms)

    def _vector(self, node: Expression, ms: int) -> Vector:
        value = self._value(node, ms)
        if not isinstance(value, Vector):
            raise EvaluationError(f"expected a vector, got {type(value).__name__}")
        return value

    def _scalar(self, node: Expression, ms: int) -> float:
        value = self._value(node, ms)
        if not isinstance(value, Scalar):
            raise EvaluationError(f"expected a scalar, got {type(value).__name__}")
        return value.value

    def _series(self, node: Selector) -> list[Series]:
        if (found := self._selected.get(node)) is None:
            found = self._selected[node] = self._database.select(node.matchers)
        return found

    def _at(self, node: Selector, ms: int) -> Vector:
        return Vector(
            tuple(
                Sample(series.labels, value)
                for series in self._series(node)
                if (value := series.at(ms)) is not None
            )
        )

    def _samples(self, node: Range, ms: int) -> Matrix:
        found: list[tuple[Labels, tuple[tuple[int, float], ...]]] = []
        for series in self._series(node.selector):
            first, last = series.window(ms - node.ms, ms)
            times = (at + series.epoch for at in series.times[first:last])
            if first < last:
                points = tuple(zip(times, series.values[first:last], strict=True))
                found.append((series.labels, points))
        return Matrix(tuple(found))

    def _signed(self, node: Sign, ms: int) -> Value:
        value = self._value(node.expression, ms)
        if node.sign == "+":
            return value
        if isinstance(value, Scalar):
            return Scalar(-value.value)
        if isinstance(value, Vector):
            return self._renamed((labels, -number) for labels, number in value.samples)
        raise EvaluationError(f"no sign for {type(value).__name__}")

    def _called(self, node: Call, ms: int) -> Value:
        match node.function, node.arguments:
            case "vector", (argument,):
                return Vector((Sample((), self._scalar(argument, ms)),))
            case "scalar", (argument,):
                samples = self._vector(argument, ms).samples
                return Scalar(samples[0].value if len(samples) == 1 else float("nan"))
            case "histogram_quantile", (quantile, buckets):
                vector = self._vector(buckets, ms)
                return functions.histogram_quantile(self._scalar(quantile, ms), vector)
            case "rate" | "increase", (argument,):
                return self._rated(node.function, argument, ms)
        raise EvaluationError(f"no function {node.function}")

    def _rated(self, function: str, argument: Expression, ms: int) -> Vector:
        while isinstance(argument, Parentheses):
            argument = argument.expression
        if not isinstance(argument, Range):
            raise EvaluationError("expected a range vector")
        seconds = argument.ms / 1000 if function == "rate" else 1.0
        found = (
            (series.labels, value / seconds)
            for series in self._series(argument.selector)
            if (value := functions.increase(series, ms - argument.ms, ms)) is not None
        )
        return self._renamed(found)

    def _aggregated(self, node: Aggregation, ms: int) -> Vector:
        groups: dict[Labels, list[float]] = {}
        for labels, value in self._vector(node.expression, ms).samples:
            groups.setdefault(self._group(node, labels), []).append(value)
        made = _AGGREGATIONS[node.operation]
        return Vector(tuple(Sample(labels, made(values)) for labels, values in groups.items()))

    def _group(self, node: Aggregation, labels: Labels) -> Labels:
        key = (id(node), labels)
        if (found := self._groups.get(key)) is None:
            if node.without:
                found = without(labels, (METRIC_NAME, *node.labels))
            else:
                found = only(labels, node.labels)
            self._groups[key] = found
        return found

    def _combined(self, node: Binary, ms: int) -> Value:
        left, right = self._value(node.left, ms), self._value(node.right, ms)
        try:
            value = combined(node, left, right)
        except ValueError as error:
            raise EvaluationError(str(error)) from error
        keeps_names = node.operator == UNION or (
            node.operator in COMPARISONS and not node.returns_bool
        )
        if isinstance(value, Vector) and not keeps_names:
            return self._renamed(value.samples)
        return value

    def _renamed(self, samples: Iterable[tuple[Labels, float]]) -> Vector:
        """Return samples without the metric's name, which they do not measure any more."""
        vector = Vector(tuple(Sample(self._without_name(each[0]), each[1]) for each in samples))
        _check_distinct(vector)
        return vector

    def _without_name(self, labels: Labels) -> Labels:
        if (found := self._nameless.get(labels)) is None:
            found = self._nameless[labels] = without(labels, (METRIC_NAME,))
        return found


def _check_distinct(vector: Vector) -> None:
    if len(set(map(operator.itemgetter(0), vector.samples))) != len(vector.samples):
        raise EvaluationError(_SAME_LABELS)
