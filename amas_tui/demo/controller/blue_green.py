"""One look at a blue-green rollout.

Source: rollout/bluegreen.go.
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
)
from amas_tui.demo.controller.objects import selector_text
from amas_tui.demo.controller.revisions import is_changed
from amas_tui.demo.controller.sync import Sync


def reconcile(sync: Sync) -> None:
    """Bring the preview up, wait, switch the active Service, and say so."""
    services.point_preview(sync)
    if is_changed(sync.rollout, sync.new_set, sync.template):
        write(sync)
        return
    restart.restart(sync)
    scaling.scale_blue_green(sync)
    keep_paused(sync)
    services.point_active(sync)
    analysis.reconcile(sync)
    write(sync)


def keep_paused(sync: Sync) -> None:
    """Pause before the switch, and come back when the time is over.

    Source: bluegreen.go:reconcileBlueGreenPause.
    """
    if sync.before.get("abort") or not replicas.is_ready_for_pause(sync):
        return
    if pause.halted(sync.rollout):
        return
    if _needs_no_pause(sync):
        sync.pauses.removed.add(pause.BLUE_GREEN)
        return
    if not promotion.is_pre_analysis_done(sync):
        return
    known = pause.condition(sync.rollout, pause.BLUE_GREEN)
    if known is None:
        if not pause.is_lifted(sync.rollout):
            sync.pauses.added.append(pause.BLUE_GREEN)
    elif pause.is_blue_green_pause_over(sync):
        sync.pauses.removed.add(pause.BLUE_GREEN)
    elif seconds := _seconds(sync):
        pause.wait_out(sync, known["startTime"], seconds)


def _needs_no_pause(sync: Sync) -> bool:
    active = services.selected_hash(services.colours(sync)[1])
    if promotion.is_fast_tracked(sync, active):
        return True
    if sync.before.get("blueGreen", {}).get("scaleUpPreviewCheckPoint"):
        return True
    strategy = spec.blue_green_of(sync.rollout) or {}
    return strategy.get("autoPromotionEnabled", True) is not False and not _seconds(sync)


def _seconds(sync: Sync) -> int:
    return int((spec.blue_green_of(sync.rollout) or {}).get("autoPromotionSeconds", 0))


def write(sync: Sync) -> None:
    """Decide where the update stands and write the status. Source: syncRolloutStatusBlueGreen."""
    status.begin(sync)
    made = sync.status
    if is_changed(sync.rollout, sync.new_set, sync.template):
        status.reset(sync)
    if sync.before.get("promoteFull") or promotion.is_rollback_within_window(sync):
        sync.pauses.clear()
    preview, active = services.colours(sync)
    made["blueGreen"]["previewSelector"] = services.selected_hash(preview)
    made["blueGreen"]["activeSelector"] = services.selected_hash(active)
    if why := promotion.reason(sync):
        promotion.promote(sync, why)
    else:
        made["blueGreen"]["scaleUpPreviewCheckPoint"] = _is_preview_checked(sync)
    _count_active(sync)
    status.write(sync)


def _is_preview_checked(sync: Sync) -> bool:
    """Whether the small preview was accepted and may grow. It stays so until the update ends.

    Source: bluegreen.go:calculateScaleUpPreviewCheckPoint.
    """
    count = (spec.blue_green_of(sync.rollout) or {}).get("previewReplicaCount")
    if count is None:
        return False
    if sync.before.get("blueGreen", {}).get("scaleUpPreviewCheckPoint"):
        return True
    return promotion.may_switch(sync) and replicas.available(sync.new_set) == count


def _count_active(sync: Sync) -> None:
    """Report the version that serves, all of them before there is one."""
    made = sync.status
    active = replicas.by_hash(sync.all_sets, made["blueGreen"]["activeSelector"])
    counted = sync.all_sets if active is None else [active]
    made["HPAReplicas"] = replicas.counted(counted, "replicas")
    made["availableReplicas"] = replicas.counted(counted, "availableReplicas")
    made["readyReplicas"] = replicas.counted(counted, "readyReplicas")
    selector = sync.selector if active is None else active["spec"]["selector"]
    made["selector"] = selector_text(selector)
