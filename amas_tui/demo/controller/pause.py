"""Pausing and aborting, as the status keeps them.

Source: rollout/pause.go, rollout/canary.go:reconcileCanaryPause.
"""

from datetime import timedelta
from typing import Final

from amas_tui.demo.controller import spec, steps
from amas_tui.demo.controller.objects import moment, status_of
from amas_tui.demo.controller.sync import Sync
from amas_tui.demo.store import Json

CANARY_STEP: Final = "CanaryPauseStep"
BLUE_GREEN: Final = "BlueGreenPause"
INCONCLUSIVE: Final = "InconclusiveAnalysisRun"


def condition(rollout: Json, reason: str) -> Json | None:
    """Return the pause of a reason that the status has."""
    conditions = status_of(rollout).get("pauseConditions") or ()
    return next((each for each in conditions if each["reason"] == reason), None)


def halted(rollout: Json) -> str:
    """Return why pods and Services are left alone, empty where they are not.

    Source: rollout/context.go:haltProgress.
    """
    if spec.is_paused(rollout):
        return "user paused"
    return "inconclusive analysis" if condition(rollout, INCONCLUSIVE) else ""


def seconds_left(sync: Sync, since: str, seconds: float) -> float:
    """Return how long a pause that began at `since` still lasts; not above 0 when it is over."""
    until = moment(since) + timedelta(seconds=seconds)
    return (until - sync.store.clock.now).total_seconds()


def keep_canary_paused(sync: Sync) -> None:
    """Pause at a pause step, and come back when its time is over.

    A pause that a human lifted left `controllerPause` behind: then the step is done.
    """
    rollout = sync.rollout
    if spec.is_paused(rollout) or sync.before.get("promoteFull"):
        return
    step, _ = steps.current(rollout)
    if step is None or not steps.has(step, "pause"):
        return
    known = condition(rollout, CANARY_STEP)
    if known is None:
        if not sync.before.get("controllerPause"):
            sync.pauses.added.append(CANARY_STEP)
    elif (duration := step["pause"].get("duration")) is not None:
        wait_out(sync, known["startTime"], spec.seconds(duration))


def wait_out(sync: Sync, since: str, seconds: float) -> None:
    """Look again when a pause is over. Source: pause.go:checkEnqueueRolloutDuringWait."""
    left = seconds_left(sync, since, seconds)
    if left > 0:
        sync.wait(left)


def is_canary_pause_over(sync: Sync, step: Json) -> bool:
    """Whether a pause step is done. Source: pause.go:CompletedCanaryPauseStep."""
    known = condition(sync.rollout, CANARY_STEP)
    if known is None:
        return is_lifted(sync.rollout)
    duration = step["pause"].get("duration")
    return duration is not None and is_over(sync, known["startTime"], spec.seconds(duration))


def is_lifted(rollout: Json) -> bool:
    """Whether a pause of the controller's was taken away by somebody else."""
    return bool(status_of(rollout).get("controllerPause"))


def is_over(sync: Sync, since: str, seconds: float) -> bool:
    """Whether a pause of that many seconds has passed."""
    return seconds_left(sync, since, seconds) < 0


def is_blue_green_pause_over(sync: Sync) -> bool:
    """Whether the switch may happen. Source: pause.go:CompletedBlueGreenPause."""
    strategy = spec.blue_green_of(sync.rollout) or {}
    known = condition(sync.rollout, BLUE_GREEN)
    if sync.pauses.added:
        return False
    if sync.before.get("blueGreen", {}).get("scaleUpPreviewCheckPoint"):
        return True
    if strategy.get("autoPromotionEnabled", True) is False:
        return is_lifted(sync.rollout) and known is None
    seconds = int(strategy.get("autoPromotionSeconds", 0))
    if seconds == 0:
        return True
    return known is not None and is_over(sync, known["startTime"], seconds)


def write(sync: Sync) -> None:
    """Put abort and pauses into the new status. Source: pause.go:CalculatePauseStatus."""
    if write_abort(sync) or sync.pauses.are_cleared:
        return
    kept = _kept(sync)
    known = {each["reason"] for each in sync.before.get("pauseConditions") or ()}
    fresh = [reason for reason in dict.fromkeys(sync.pauses.added) if reason not in known]
    kept += [{"reason": reason, "startTime": sync.now} for reason in fresh]
    if kept:
        sync.status["pauseConditions"] = kept
        sync.status["controllerPause"] = bool(fresh) or is_lifted(sync.rollout)


def _kept(sync: Sync) -> list[Json]:
    conditions = sync.before.get("pauseConditions") or ()
    return [each for each in conditions if each["reason"] not in sync.pauses.removed]


def write_abort(sync: Sync) -> bool:
    """Put the abort into the new status with the time it was first seen.

    Source: pause.go:CalculateAbortStatus.
    """
    if not sync.is_aborted:
        return False
    sync.status["abort"] = True
    sync.status["abortedAt"] = sync.before.get("abortedAt") or sync.now
    return True
