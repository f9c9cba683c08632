"""Statements about Rollouts and pods, to wait for."""

from tests.controlplane.kinds import Json


def is_healthy(rollout: Json) -> bool:
    """Whether the controller saw the newest spec and is content."""
    return _observed(rollout) and _status(rollout).get("phase") == "Healthy"


def is_paused(rollout: Json) -> bool:
    """Whether the controller waits for a human or a clock."""
    return _observed(rollout) and bool(_status(rollout).get("pauseConditions"))


def is_aborted(rollout: Json) -> bool:
    """Whether the controller has acted on an abort."""
    status = _status(rollout)
    return "abortedAt" in status and status.get("phase") == "Degraded"


def is_promoted(rollout: Json) -> bool:
    """Whether the newest version is the stable one and all is well."""
    status = _status(rollout)
    return is_healthy(rollout) and status["stableRS"] == status["currentPodHash"]


def at_step(rollout: Json, index: int) -> bool:
    """Whether step `index`, from 0, is the current one."""
    return _observed(rollout) and _status(rollout).get("currentStepIndex") == index


def canary_weight(rollout: Json) -> int | None:
    """Return the share that the controller last asked for, `None` without traffic routing."""
    weights = _status(rollout).get("canary", {}).get("weights", {})
    weight: int | None = weights.get("canary", {}).get("weight")
    return weight


def waiting_reason(pod: Json, statuses: str = "containerStatuses") -> str:
    """Return why the pod's first container does not run; empty if it does."""
    for status in _status(pod).get(statuses, []):
        reason: str = status["state"].get("waiting", {}).get("reason", "")
        return reason
    return ""


def is_ready(pod: Json) -> bool:
    """Whether the pod is ready."""
    conditions = _status(pod).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _observed(rollout: Json) -> bool:
    seen = _status(rollout).get("observedGeneration", "0")
    return bool(seen == str(rollout["metadata"]["generation"]))


def _status(obj: Json) -> Json:
    status: Json = obj.get("status", {})
    return status
