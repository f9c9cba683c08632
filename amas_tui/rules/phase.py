"""The phase that a reader should trust.

Sources: utils/rollout/rolloututil.go:GetRolloutPhase and CalculateRolloutConditions.
"""

from dataclasses import dataclass

from amas_tui.domain.rollout import WORKLOAD_GENERATION, Phase, Rollout


@dataclass(frozen=True, slots=True)
class Verdict:
    """A phase and the controller's own words for it."""

    phase: Phase
    message: str = ""


def _generation(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None


def is_observed(rollout: Rollout) -> bool:
    """Return whether the controller has seen the newest spec; an unreadable number counts as seen.

    Source: utils/rollout/rolloututil.go:isGenerationObserved.
    """
    observed = _generation(rollout.status.observed_generation)
    return observed is None or observed >= rollout.metadata.generation


def is_workload_observed(rollout: Rollout) -> bool:
    """Return whether the controller has seen the referenced workload's newest generation.

    Upstream gates this on a flag that is never serialised, so the plugin never reports it; here
    it is gated on `spec.workloadRef` being set.
    Source: utils/rollout/rolloututil.go:isWorkloadGenerationObserved.
    """
    if rollout.spec.workload_ref is None:
        return True
    wanted = _generation(rollout.metadata.annotations.get(WORKLOAD_GENERATION, ""))
    seen = _generation(rollout.status.workload_observed_generation)
    return wanted is None or seen is None or wanted == seen


def is_unpausing(rollout: Rollout) -> bool:
    """Return whether a pause was lifted and the controller has not gone on yet.

    Source: utils/rollout/rolloututil.go:isUnpausing.
    """
    return rollout.status.controller_pause and not rollout.status.pause_conditions


def rollout_verdict(rollout: Rollout) -> Verdict:
    """Return phase and message as `kubectl argo rollouts get` shows them."""
    status = rollout.status
    if not is_observed(rollout):
        return Verdict(Phase.PROGRESSING, "waiting for rollout spec update to be observed")
    if is_unpausing(rollout):
        return Verdict(Phase.PROGRESSING, "waiting for rollout to unpause")
    if not is_workload_observed(rollout):
        return Verdict(
            Phase.PROGRESSING,
            "waiting for rollout spec update to be observed for the reference workload",
        )
    if status.phase:
        return Verdict(Phase(status.phase), status.message)
    return computed_verdict(rollout)


def computed_verdict(rollout: Rollout) -> Verdict:
    """Return the phase that the controller would write, for a Rollout it has not written yet.

    Source: utils/rollout/rolloututil.go:CalculateRolloutPhase.
    """
    for condition in rollout.status.conditions:
        if condition.type == "InvalidSpec":
            return Verdict(Phase.DEGRADED, f"InvalidSpec: {condition.message}")
        if condition.reason in ("RolloutAborted", "ProgressDeadlineExceeded"):
            return Verdict(Phase.DEGRADED, f"{condition.reason}: {condition.message}")
    if rollout.spec.paused:
        return Verdict(Phase.PAUSED, "manually paused")
    if rollout.status.pause_conditions:
        return Verdict(Phase.PAUSED, rollout.status.pause_conditions[0].reason)
    if is_restarting(rollout):
        return Verdict(Phase.PROGRESSING, "rollout is restarting")
    if rollout.status.updated_replicas < rollout.desired:
        return Verdict(Phase.PROGRESSING, "more replicas need to be updated")
    if rollout.status.available_replicas < rollout.status.updated_replicas:
        return Verdict(Phase.PROGRESSING, "updated replicas are still becoming available")
    if rollout.blue_green is not None:
        return _blue_green_verdict(rollout)
    if rollout.canary is not None:
        return _canary_verdict(rollout)
    return Verdict(Phase.HEALTHY)


def is_restarting(rollout: Rollout) -> bool:
    """Return whether a restart is asked for and not finished; a future time counts."""
    asked = rollout.spec.restart_at
    return asked is not None and asked != rollout.status.restarted_at


def _is_stable(rollout: Rollout) -> bool:
    return bool(rollout.status.stable_rs) and rollout.is_promoted


def _blue_green_verdict(rollout: Rollout) -> Verdict:
    status, strategy = rollout.status, rollout.blue_green
    active = status.blue_green.active_selector
    if not active or active != status.current_pod_hash:
        return Verdict(Phase.PROGRESSING, "active service cutover pending")
    if _is_stable(rollout):
        return Verdict(Phase.HEALTHY)
    run = status.blue_green.post_promotion_analysis_run_status
    if strategy and strategy.post_promotion_analysis and (run is None or not _is_over(run.status)):
        return Verdict(Phase.PROGRESSING, "waiting for analysis to complete")
    return Verdict(Phase.PROGRESSING, "waiting for post-promotion verification to complete")


def _is_over(phase: str) -> bool:
    return phase in ("Successful", "Failed", "Error", "Inconclusive")


def _canary_verdict(rollout: Rollout) -> Verdict:
    routed = rollout.canary is not None and rollout.canary.traffic_routing is not None
    if not routed and rollout.status.replicas > rollout.status.updated_replicas:
        return Verdict(Phase.PROGRESSING, "old replicas are pending termination")
    if not _is_stable(rollout):
        return Verdict(Phase.PROGRESSING, "waiting for all steps to complete")
    return Verdict(Phase.HEALTHY)
