"""The canary's steps: which one is on, and how it is called.

Source: utils/replicaset/canary.go, utils/rollout/rolloututil.go:CanaryStepString.
"""

import json

from amas_tui.demo.controller import spec
from amas_tui.demo.controller.objects import status_of
from amas_tui.demo.controller.revisions import short_hash
from amas_tui.demo.store import Json


def current(rollout: Json) -> tuple[Json | None, int | None]:
    """Return the step that is on and its index; both `None` without steps.

    After the last step there is an index but no step.
    """
    steps = spec.steps_of(rollout)
    if not steps:
        return None, None
    index = int(status_of(rollout).get("currentStepIndex") or 0)
    return (steps[index] if index < len(steps) else None), index


def first_index(rollout: Json) -> int | None:
    """Return where an update begins. Source: replicaset.go:ResetCurrentStepIndex."""
    return 0 if spec.steps_of(rollout) else None


def has(step: Json | None, kind: str) -> bool:
    """Whether the step is of a kind."""
    return step is not None and step.get(kind) is not None


def is_before_start(rollout: Json) -> bool:
    """Whether the background analysis has not begun yet. Source: canary.go:BeforeStartingStep."""
    start = ((spec.canary_of(rollout) or {}).get("analysis") or {}).get("startingStep")
    _, index = current(rollout)
    return start is not None and index is not None and index < start


def text(step: Json) -> str:
    """Return the step as events tell it."""
    if has(step, "setWeight"):
        return f"setWeight: {step['setWeight']}"
    if has(step, "pause"):
        duration = step["pause"].get("duration")
        return "pause" if duration is None else f"pause: {duration}"
    if has(step, "experiment"):
        return "experiment"
    if has(step, "analysis"):
        return "analysis"
    if has(step, "setCanaryScale"):
        return _scale_text(step["setCanaryScale"])
    return "invalid"


def _scale_text(scale: Json) -> str:
    if scale.get("weight") is not None:
        return f"setCanaryScale{{weight: {scale['weight']}}}"
    if scale.get("replicas") is not None:
        return f"setCanaryScale{{replicas: {scale['replicas']}}}"
    if scale.get("matchTrafficWeight"):
        return "setCanaryScale{matchTrafficWeight: true}"
    return "invalid"


def steps_hash(rollout: Json) -> str:
    """Return the hash by which a change of the steps is noticed; empty for blue-green."""
    if spec.canary_of(rollout) is None:
        return ""
    return short_hash(json.dumps(spec.steps_of(rollout), sort_keys=True))
