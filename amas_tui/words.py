"""Small words that several views share: numbers, limits, ages, steps."""

import math
from datetime import datetime, timedelta
from typing import Final

from amas_tui.domain.rollout import Step
from amas_tui.rules.analysis import MetricState, newest_measurement
from amas_tui.rules.condition import Limit
from amas_tui.rules.duration import clock_duration, human_duration, pause_duration
from amas_tui.rules.steps import StepKind, step_kinds, step_text

_LARGE: Final = 10_000.0


def number(value: float) -> str:
    """Return a measured number in at most seven characters: `0.812`, `3`, `1240`, `NaN`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < _LARGE:
        return str(int(value))
    if abs(value) >= _LARGE or 0 < abs(value) < 1e-3:
        return f"{value:.2e}"
    return f"{value:.3g}" if abs(value) >= 1 else f"{value:.3f}".rstrip("0").rstrip(".")


_BROKEN: Final = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "==": "!="}


def against(value: float, limit: Limit) -> str:
    """Return a value beside its limit as it really stands: `0.812 < 0.95` or `0.99 >= 0.95`."""
    sign = limit.operator if limit.holds(value) else _BROKEN.get(limit.operator, "!=")
    return f"{number(value)} {sign} {number(limit.value)}"


def broken_limit(value: float, limits: tuple[Limit, ...]) -> Limit | None:
    """Return the limit to show beside a value: the first that it breaks, else the first."""
    broken = (limit for limit in limits if not limit.holds(value))
    return next(broken, limits[0] if limits else None)


def metric_words(metric: MetricState) -> str:
    """Return a metric with its newest value beside the limit, e.g. `success-rate 0.812 < 0.95`."""
    if metric.value is None:
        newest_ = newest_measurement(metric.result)
        if newest_ is not None and newest_.value in ("[]", "null"):
            return f"{metric.name} gave no data"
        message = metric.result.message if metric.result else ""
        return f"{metric.name}: {message}" if message else metric.name
    limit = broken_limit(metric.value, metric.limits)
    value = against(metric.value, limit) if limit else number(metric.value)
    return f"{metric.name} {value}"


def age(since: datetime | None, now: datetime) -> str:
    """Return how long something has lasted, in Kubernetes' words; empty when unknown."""
    return "" if since is None else human_duration(max(timedelta(0), now - since))


def coarse(left: timedelta) -> str:
    """Return a countdown that changes seldom while there is much left.

    In steps of a minute above ten minutes, of ten seconds above one, of five above 15 seconds, then
    by the second: each change is bytes on somebody's slow line.
    """
    seconds = math.ceil(max(0.0, left.total_seconds()))
    step = 60 if seconds > 600 else 10 if seconds > 60 else 5 if seconds > 15 else 1
    return clock_duration(timedelta(seconds=-(-seconds // step) * step))


def step_token(step: Step) -> str:
    """Return a step in as few characters as tell it: `25`, `1m`, `‖`, `α`, `Σ`."""
    return "+".join(_token(step, kind) for kind in step_kinds(step)) or "?"


def _token(step: Step, kind: StepKind) -> str:
    match kind:
        case StepKind.SET_WEIGHT:
            return str(step.set_weight)
        case StepKind.PAUSE:
            length = pause_duration(step.pause.duration if step.pause else None)
            return "‖" if length is None else clock_duration(length)
        case StepKind.ANALYSIS:
            return "α"
        case StepKind.EXPERIMENT:
            return "Σ"
        case StepKind.SET_CANARY_SCALE:
            return "⧉"
        case StepKind.PLUGIN | StepKind.SET_HEADER_ROUTE | StepKind.SET_MIRROR_ROUTE:
            return {"plugin": "plg", "setHeaderRoute": "hdr"}.get(kind, "mir")


def step_words(step: Step) -> str:
    """Return a step for a sentence: `weight 50`, `pause 1m`, `pause for a human`, `analysis x`."""
    return " + ".join(_sentence(step, kind) for kind in step_kinds(step)) or "an empty step"


def _sentence(step: Step, kind: StepKind) -> str:
    match kind:
        case StepKind.SET_WEIGHT:
            return f"weight {step.set_weight}"
        case StepKind.PAUSE:
            length = pause_duration(step.pause.duration if step.pause else None)
            return "pause for a human" if length is None else f"pause {clock_duration(length)}"
        case StepKind.ANALYSIS:
            names = [ref.template_name for ref in step.analysis.templates] if step.analysis else []
            return f"analysis {', '.join(names)}".rstrip()
        case _:
            return step_text(step)
