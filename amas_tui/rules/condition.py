"""Conditions of a metric: the verdict on a result, and the limits to draw.

Source: utils/evaluate/evaluate.go:EvaluateResult.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from amas_tui.domain.analysis import AnalysisPhase, Metric
from amas_tui.rules.evaluate import Value, evaluate
from amas_tui.rules.expr import (
    Binary,
    Call,
    Element,
    ExprError,
    Index,
    Literal,
    Name,
    Node,
    Unary,
    parse,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the controller would say of one measurement.

    `phase` is `None` when the condition cannot be evaluated here; `reason` then says why.
    """

    phase: AnalysisPhase | None
    reason: str = ""


def judge(success: str, failure: str, result: Value) -> Judgement:
    """Return the verdict on `result`, as the controller's table of the two conditions gives it.

    Both absent is a success; failure wins over success; neither holding is inconclusive; an
    evaluation that fails in the controller is an `ERROR`.
    """
    try:
        failed = evaluate(parse(failure), result) if failure.strip() else None
        succeeded = evaluate(parse(success), result) if success.strip() else None
    except ExprError as error:
        if _fails_upstream(error):
            return Judgement(AnalysisPhase.ERROR, error.text)
        return Judgement(None, error.text)
    if failed is None and succeeded is None:
        return Judgement(AnalysisPhase.SUCCESSFUL)
    if failed:
        return Judgement(AnalysisPhase.FAILED)
    if failed is None:
        return Judgement(AnalysisPhase.SUCCESSFUL if succeeded else AnalysisPhase.FAILED)
    if succeeded is None or succeeded:
        return Judgement(AnalysisPhase.SUCCESSFUL)
    return Judgement(AnalysisPhase.INCONCLUSIVE)


def _fails_upstream(error: ExprError) -> bool:
    return "out of range" in error.text


@dataclass(frozen=True, slots=True)
class Limit:
    """The value a measurement must keep to pass, e.g. `>= 0.95`."""

    operator: str
    value: float

    def holds(self, number: float) -> bool:
        """Return whether `number` is on the good side; NaN never is."""
        match self.operator:
            case ">=":
                return number >= self.value
            case ">":
                return number > self.value
            case "<=":
                return number <= self.value
            case "<":
                return number < self.value
            case _:
                return number == self.value


_MIRROR: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def limits(metric: Metric) -> tuple[Limit, ...]:
    """Return what a metric's value must keep to pass, from its conditions; empty if unreadable."""
    return limits_of(metric.success_condition, metric.failure_condition)


def limits_of(success: str, failure: str) -> tuple[Limit, ...]:
    """Return what a value must keep to pass two conditions.

    The success condition speaks first; a failure condition is turned round.
    """
    for text, negate in ((success, False), (failure, True)):
        if not text.strip():
            continue
        try:
            found = tuple(dict.fromkeys(_limits(parse(text), negate=negate)))
        except ExprError:
            continue
        if found:
            return found
    return ()


def _limits(node: Node, *, negate: bool) -> Iterator[Limit]:
    match node:
        case Unary("!", operand):
            yield from _limits(operand, negate=not negate)
        case Binary("&&" | "||", left, right):
            yield from _limits(left, negate=negate)
            yield from _limits(right, negate=negate)
        case Binary(operator, left, right) if operator in _MIRROR:
            yield from _comparison(operator, left, right, negate=negate)
        case Call("all" | "any" | "none", (_, condition)):
            yield from _limits(condition, negate=negate != (node.function == "none"))
        case _:
            return


def _comparison(operator: str, left: Node, right: Node, *, negate: bool) -> Iterator[Limit]:
    if _is_measured(right):
        left, right, operator = right, left, _MIRROR[operator]
    number = _constant(right)
    if not _is_measured(left) or number is None:
        return
    if negate and operator not in _OPPOSITE:
        return
    yield Limit(_OPPOSITE[operator] if negate else operator, number)


def _is_measured(node: Node) -> bool:
    match node:
        case Name("result") | Element():
            return True
        case Index(of, _):
            return _is_measured(of)
        case Call("asFloat" | "asInt" | "abs", (of,)) | Call("default", (of, _)):
            return _is_measured(of)
        case _:
            return False


def _constant(node: Node) -> float | None:
    match node:
        case Literal(value) if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        case Unary("-", operand):
            number = _constant(operand)
            return None if number is None else -number
        case _:
            return None


def result_of(text: str) -> Value:
    """Return the result that a Prometheus measurement's `value` stands for.

    `[0.98,NaN]` is a vector, `0.98` a scalar. The text is not JSON: `NaN` and `+Inf` occur.

    Raises:
        ExprError: The text is of another shape.
    """
    stripped = text.strip()
    if stripped.startswith("[") and stripped.endswith("]"):
        inner = stripped[1:-1].strip()
        return [_float(part) for part in inner.split(",")] if inner else []
    return _float(stripped)


def _float(text: str) -> float:
    try:
        return float(text.strip())
    except ValueError:
        raise ExprError(f"{text[:40]!r} is not a number") from None


def first_number(text: str) -> float | None:
    """Return the number that `result[0]` sees in a measurement's value, `None` without one.

    Not finite values are returned as they are: NaN is a measured answer too.
    """
    try:
        result = result_of(text)
    except ExprError:
        return None
    if isinstance(result, list):
        return _as_number(result[0]) if result else None
    return _as_number(result)


def _as_number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def is_finite(number: float | None) -> bool:
    """Return whether a number can be drawn."""
    return number is not None and math.isfinite(number)
