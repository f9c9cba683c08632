"""When the newest version becomes the stable one, and when steps and pauses are skipped.

Source: rollout/sync.go:shouldFullPromote, rollout/sync.go:promoteStable, rollout/bluegreen.go.
"""

from amas_tui.demo.controller import pause, replicas, scaling, spec, steps
from amas_tui.demo.controller.objects import created_at, hash_of, revision_of
from amas_tui.demo.controller.sync import Sync


def is_rollback_within_window(sync: Sync) -> bool:
    """Whether an older version comes back of which few are newer. Source: sync.go."""
    new_set, stable_set = sync.new_set, sync.stable_set
    window = (sync.rollout["spec"].get("rollbackWindow") or {}).get("revisions", 0)
    if new_set is None or stable_set is None or window <= 0:
        return False
    began, ended = created_at(new_set), created_at(stable_set)
    return began < ended and sum(began < created_at(e) < ended for e in sync.all_sets) < window


def is_fast_rollback(sync: Sync) -> bool:
    """Whether a version comes back that may skip the steps; also when all is promoted."""
    new_set, stable_set = sync.new_set, sync.stable_set
    if new_set is None or stable_set is None:
        return False
    is_stable = hash_of(new_set) == sync.before.get("stableRS", "")
    if not is_stable and created_at(new_set) >= created_at(stable_set):
        return False
    is_kept = sync.is_new_within_delay and spec.blue_green_of(sync.rollout) is not None
    return is_stable or is_kept or is_rollback_within_window(sync)


def reason(sync: Sync) -> str:
    """Return why the newest version becomes stable now, empty where it does not."""
    if sync.stable_set is None:
        return "Initial deploy"
    if spec.canary_of(sync.rollout) is not None:
        return _canary_reason(sync)
    return _blue_green_reason(sync)


def _canary_reason(sync: Sync) -> str:
    if sync.is_aborted or not has_all_pods(sync):
        return ""
    if early := _early_reason(sync):
        return early
    count = len(spec.steps_of(sync.rollout))
    _, index = steps.current(sync.rollout)
    return f"Completed all {count} canary steps" if count == 0 or index == count else ""


def has_all_pods(sync: Sync) -> bool:
    """Whether the newest version could take all traffic."""
    whole, new_set = spec.replicas(sync.rollout), sync.new_set
    return replicas.available(new_set) >= whole or replicas.is_threshold_met(
        sync.rollout, new_set, whole
    )


def _early_reason(sync: Sync) -> str:
    if sync.before.get("promoteFull"):
        return "Full promotion requested"
    if not is_fast_rollback(sync):
        return ""
    return "Rollback within window" if is_rollback_within_window(sync) else "Fast rollback"


def _blue_green_reason(sync: Sync) -> str:
    active = sync.status["blueGreen"].get("activeSelector", "")
    if not active:
        return "Initial deploy"
    if active != sync.status["currentPodHash"]:
        return ""
    if early := _early_reason(sync):
        return early
    if sync.is_aborted:
        return ""
    if (spec.blue_green_of(sync.rollout) or {}).get("postPromotionAnalysis") is not None:
        run = sync.runs.get("PostPromotion")
        if run is None or (run.get("status") or {}).get("phase") != "Successful":
            return ""
    return "Completed blue-green update"


def promote(sync: Sync, why: str) -> None:
    """Make the newest version the stable one. Source: sync.go:promoteStable."""
    sync.pauses.clear()
    made = sync.status
    end_full_promotion(sync)
    made["blueGreen"].pop("scaleUpPreviewCheckPoint", None)
    if spec.canary_of(sync.rollout) is not None:
        made["currentStepIndex"] = len(spec.steps_of(sync.rollout)) or None
    if made["stableRS"] != made["currentPodHash"]:
        made["stableRS"] = made["currentPodHash"]
        revision, pod_hash = revision_of(sync.rollout), made["currentPodHash"]
        text = f"Rollout completed update to revision {revision} ({pod_hash}): {why}"
        sync.events.tell(sync.rollout, "RolloutCompleted", text)
    workload = sync.rollout["spec"].get("workloadRef") or {}
    is_first = revision_of(sync.rollout) == 1 and sync.before.get("phase") == "Healthy"
    if is_first and workload.get("scaleDown") == "onsuccess":
        scaling.scale_deployment(sync, 0)


def end_full_promotion(sync: Sync) -> None:
    """Forget that a full promotion was asked for."""
    sync.status["promoteFull"] = False


def is_fast_tracked(sync: Sync, active_hash: str) -> bool:
    """Whether a blue-green goes on without pausing. Source: bluegreen.go:isBlueGreenFastTracked."""
    if is_fast_rollback(sync) or sync.before.get("promoteFull"):
        return True
    return active_hash in ("", hash_of(sync.new_set))


def may_switch(sync: Sync) -> bool:
    """Whether pause and analysis before the switch are over."""
    return pause.is_blue_green_pause_over(sync) and is_pre_analysis_done(sync)


def is_pre_analysis_done(sync: Sync) -> bool:
    """Source: pause.go:completedPrePromotionAnalysis."""
    if (spec.blue_green_of(sync.rollout) or {}).get("prePromotionAnalysis") is None:
        return True
    run = sync.runs.get("PrePromotion")
    return run is not None and (run.get("status") or {}).get("phase") == "Successful"
