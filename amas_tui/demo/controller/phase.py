"""The phase and the message that go with a status.

Source: utils/rollout/rolloututil.go:CalculateRolloutPhase.
"""

from typing import Final

from amas_tui.demo.controller import spec
from amas_tui.demo.controller.conditions import ABORTED, TIMED_OUT
from amas_tui.demo.controller.objects import moment
from amas_tui.demo.store import Json

_COMPLETED: Final = ("Successful", "Failed", "Error", "Inconclusive")


def of(rollout: Json, status: Json) -> tuple[str, str]:
    """Return phase and message of a status that is being made."""
    for condition in status.get("conditions") or ():
        if condition["type"] == "InvalidSpec":
            return "Degraded", f"InvalidSpec: {condition['message']}"
        if condition["reason"] in (ABORTED, TIMED_OUT):
            return "Degraded", f"{condition['reason']}: {condition['message']}"
    if spec.is_paused(rollout):
        return "Paused", "manually paused"
    for pause in status.get("pauseConditions") or ():
        return "Paused", pause["reason"]
    if message := _progress(rollout, status):
        return "Progressing", message
    return "Healthy", ""


def _progress(rollout: Json, status: Json) -> str:
    if is_restarting(rollout, status):
        return "rollout is restarting"
    updated = status.get("updatedReplicas", 0)
    if updated < spec.replicas(rollout):
        return "more replicas need to be updated"
    if status.get("availableReplicas", 0) < updated:
        return "updated replicas are still becoming available"
    if spec.blue_green_of(rollout) is not None:
        return _blue_green(rollout, status)
    if not spec.is_routed(rollout) and status.get("replicas", 0) > updated:
        return "old replicas are pending termination"
    return "" if _is_promoted(status) else "waiting for all steps to complete"


def is_restarting(rollout: Json, status: Json) -> bool:
    """Whether a restart is wished and not done, one in the future included."""
    wish, done = rollout["spec"].get("restartAt"), status.get("restartedAt")
    return bool(wish) and (not done or moment(wish) != moment(done))


def _is_promoted(status: Json) -> bool:
    stable = status.get("stableRS", "")
    return bool(stable) and stable == status.get("currentPodHash", "")


def _blue_green(rollout: Json, status: Json) -> str:
    active = status.get("blueGreen", {}).get("activeSelector", "")
    if not active or active != status.get("currentPodHash", ""):
        return "active service cutover pending"
    if _is_promoted(status):
        return ""
    if (spec.blue_green_of(rollout) or {}).get("postPromotionAnalysis") is not None:
        run = status.get("blueGreen", {}).get("postPromotionAnalysisRunStatus") or {}
        if run.get("status") not in _COMPLETED:
            return "waiting for analysis to complete"
    return "waiting for post-promotion verification to complete"
