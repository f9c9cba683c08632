"""One look at a canary.

Source: rollout/canary.go.
"""

from amas_tui.demo.controller import (
    analysis,
    pause,
    promotion,
    replicas,
    restart,
    scaling,
    services,
    spec,
    status,
    steps,
    traffic,
)
from amas_tui.demo.controller.objects import hash_of, selector_text
from amas_tui.demo.controller.revisions import is_changed
from amas_tui.demo.controller.sync import Sync
from amas_tui.demo.store import Json


def reconcile(sync: Sync) -> None:
    """Bring Services, traffic, analysis and pods to where the step wants them, and say so."""
    if is_new_update(sync):
        write(sync)
        return
    if restart.restart(sync):
        return
    scaling.limit_history(sync)
    services.point_canary(sync)
    traffic.route(sync)
    analysis.reconcile(sync)
    if not sync.pauses.added and not scaling.scale_canary(sync):
        pause.keep_canary_paused(sync)
    write(sync)


def write(sync: Sync) -> None:
    """Decide where the update stands and write the status. Source: syncRolloutStatusCanary."""
    status.begin(sync)
    made = sync.status
    made["availableReplicas"] = replicas.counted(sync.all_sets, "availableReplicas")
    made["HPAReplicas"] = replicas.counted(sync.all_sets, "replicas")
    made["selector"] = selector_text(sync.selector)
    made["currentStepHash"] = steps.steps_hash(sync.rollout)
    if is_new_update(sync):
        _begin_update(sync)
    elif why := _promotion(sync):
        promotion.promote(sync, why)
    else:
        made["currentStepIndex"] = next_index(sync)
    status.write(sync)


def is_new_update(sync: Sync) -> bool:
    """Whether template or steps changed. Source: replicaset.go:PodTemplateOrStepsChanged."""
    known = sync.before.get("currentStepHash", "")
    if not known or known != steps.steps_hash(sync.rollout):
        return True
    return is_changed(sync.rollout, sync.new_set, sync.template)


def _begin_update(sync: Sync) -> None:
    status.reset(sync)
    count = len(spec.steps_of(sync.rollout))
    if sync.new_set is None or not count:
        return
    if sync.before.get("stableRS", "") == hash_of(sync.new_set):
        skip_steps(sync, count, "Rollback to stable ReplicaSets")
    elif promotion.is_rollback_within_window(sync) and replicas.wanted(sync.new_set):
        skip_steps(sync, count, "Rollback to active ReplicaSets within RollbackWindow")


def skip_steps(sync: Sync, count: int, text: str) -> None:
    """Put an update at its end."""
    sync.events.tell(sync.rollout, "SkipSteps", text)
    sync.status["currentStepIndex"] = count


def _promotion(sync: Sync) -> str:
    if skips_steps(sync):
        sync.pauses.clear()
    return promotion.reason(sync)


def skips_steps(sync: Sync) -> bool:
    """Whether the steps do not count: full promotion, or a rollback within the window."""
    return bool(sync.before.get("promoteFull")) or promotion.is_rollback_within_window(sync)


def next_index(sync: Sync) -> int | None:
    """Return the step that is on after this look."""
    count = len(spec.steps_of(sync.rollout))
    step, index = steps.current(sync.rollout)
    if skips_steps(sync) and count:
        index = count
    if sync.is_aborted:
        return index_after_abort(sync)
    if step is None or index is None or not is_step_done(sync, step):
        return index
    index += 1
    sync.status["canary"].pop("currentStepAnalysisRunStatus", None)
    text = f"Rollout step {index}/{count} completed ({steps.text(step)})"
    sync.events.tell(sync.rollout, "RolloutStepCompleted", text)
    sync.pauses.removed.add(pause.CANARY_STEP)
    return index


def index_after_abort(sync: Sync) -> int | None:
    """Return where an aborted update stands: at its beginning."""
    made = sync.status
    if made["stableRS"] == made["currentPodHash"]:
        return len(spec.steps_of(sync.rollout)) or None
    return steps.first_index(sync.rollout)


def is_step_done(sync: Sync, step: Json) -> bool:
    """Whether the step that is on is done. Source: completedCurrentCanaryStep."""
    if spec.is_paused(sync.rollout):
        return False
    if steps.has(step, "pause"):
        return pause.is_canary_pause_over(sync, step)
    if steps.has(step, "setCanaryScale") or steps.has(step, "setWeight"):
        return are_pods_there(sync)
    if steps.has(step, "analysis"):
        return analysis.is_step_passed(sync)
    return False


def are_pods_there(sync: Sync) -> bool:
    """Whether the versions have the pods that the step asks for."""
    return replicas.are_as_desired(sync, sync.status["canary"].get("weights"))
