"""Canary steps: what kind each is, where the rollout stands among them, how the API words them."""

from enum import StrEnum

from amas_tui.domain.rollout import Rollout, SetCanaryScale, Step


class StepKind(StrEnum):
    """The key of a step, as the API spells it."""

    SET_WEIGHT = "setWeight"
    PAUSE = "pause"
    EXPERIMENT = "experiment"
    ANALYSIS = "analysis"
    SET_CANARY_SCALE = "setCanaryScale"
    PLUGIN = "plugin"
    SET_HEADER_ROUTE = "setHeaderRoute"
    SET_MIRROR_ROUTE = "setMirrorRoute"


def step_kinds(step: Step) -> tuple[StepKind, ...]:
    """Return every key of a step, in the order in which the controller words them.

    A step should have one; validation lets some combinations pass, so all are returned.
    Source: utils/rollout/rolloututil.go:CanaryStepString.
    """
    present = {
        StepKind.SET_WEIGHT: step.set_weight is not None,
        StepKind.PAUSE: step.pause is not None,
        StepKind.EXPERIMENT: step.experiment is not None,
        StepKind.ANALYSIS: step.analysis is not None,
        StepKind.SET_CANARY_SCALE: step.set_canary_scale is not None,
        StepKind.PLUGIN: step.plugin is not None,
        StepKind.SET_HEADER_ROUTE: step.set_header_route is not None,
        StepKind.SET_MIRROR_ROUTE: step.set_mirror_route is not None,
    }
    return tuple(kind for kind, is_set in present.items() if is_set)


def step_text(step: Step) -> str:
    """Return a step in the controller's words, e.g. `setWeight: 20`, `pause: 30s`, `analysis`.

    Source: utils/rollout/rolloututil.go:CanaryStepString.
    """
    return " + ".join(_words(step, kind) for kind in step_kinds(step)) or "invalid"


def _words(step: Step, kind: StepKind) -> str:
    match kind:
        case StepKind.SET_WEIGHT:
            return f"setWeight: {step.set_weight}"
        case StepKind.PAUSE:
            duration = step.pause.duration if step.pause else None
            return "pause" if duration is None else f"pause: {_seconds(duration)}"
        case StepKind.SET_CANARY_SCALE:
            return f"setCanaryScale{_scale(step.set_canary_scale)}"
        case StepKind.PLUGIN:
            return f"plugin: {step.plugin.name if step.plugin else ''}"
        case StepKind.SET_HEADER_ROUTE:
            return f"setHeaderRoute: {step.set_header_route.name if step.set_header_route else ''}"
        case StepKind.SET_MIRROR_ROUTE:
            return f"setMirrorRoute: {step.set_mirror_route.name if step.set_mirror_route else ''}"
        case StepKind.EXPERIMENT | StepKind.ANALYSIS:
            return kind.value


def _seconds(duration: int | str) -> str:
    text = str(duration)
    return f"{text}s" if text.isdecimal() else text


def _scale(scale: SetCanaryScale | None) -> str:
    if scale is None:
        return ""
    if scale.weight is not None:
        return f"{{weight: {scale.weight}}}"
    if scale.match_traffic_weight:
        return "{matchTrafficWeight: true}"
    return "" if scale.replicas is None else f"{{replicas: {scale.replicas}}}"


def step_index(rollout: Rollout) -> int:
    """Return the 0-based index of the step in execution, between 0 and `len(steps)`.

    `len(steps)` means that all are done. An index beyond the list (steps were removed while it
    ran) is clamped.
    """
    return min(max(0, rollout.status.current_step_index or 0), len(rollout.steps))


def current_step(rollout: Rollout) -> Step | None:
    """Return the step in execution, `None` without steps or when all are done.

    Source: utils/replicaset/canary.go:GetCurrentCanaryStep.
    """
    index = step_index(rollout)
    return rollout.steps[index] if index < len(rollout.steps) else None
