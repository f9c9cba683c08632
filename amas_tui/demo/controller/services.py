"""Which version a Service selects.

Source: rollout/service.go.
"""

from amas_tui.demo.controller import pause, promotion, replicas, spec
from amas_tui.demo.controller.objects import HASH_LABEL, MANAGED_BY, annotations_of, hash_of
from amas_tui.demo.controller.revisions import is_fully_promoted
from amas_tui.demo.controller.sync import Sync
from amas_tui.demo.controller.weights import rolling_back_hash
from amas_tui.demo.resources import SERVICES
from amas_tui.demo.store import Json


def selected_hash(service: Json | None) -> str:
    """Return the version that a Service selects, empty where it selects all."""
    if service is None:
        return ""
    selector: dict[str, str] = service["spec"].get("selector") or {}
    return selector.get(HASH_LABEL, "")


def point_canary(sync: Sync) -> None:
    """Point the stable and the canary Service. Source: reconcileStableAndCanaryService.

    After an abort with a router the real controller lets the canary Service flap; here it goes
    over to the stable version once, see `traffic`.
    """
    strategy = spec.canary_of(sync.rollout) or {}
    canary = strategy.get("canaryService", "")
    point(sync, strategy.get("stableService", ""), sync.stable_set)
    if sync.is_aborted and not is_fully_promoted(sync.rollout):
        if not spec.is_routed(sync.rollout):
            point(sync, canary, sync.stable_set)
    elif not rolling_back_hash(sync):
        point(sync, canary, sync.new_set)


def point(sync: Sync, name: str, replica_set: Json | None, *, needs_pods: bool = True) -> None:
    """Let a Service select a version once that has pods; all of them where it is new to us.

    Source: service.go:ensureSVCTargets.
    """
    if replica_set is None or not name:
        return
    service = sync.store.get(SERVICES, sync.namespace, name)
    if selected_hash(service) == hash_of(replica_set):
        return
    is_ours = MANAGED_BY in annotations_of(service)
    if needs_pods and not is_ours and not replicas.is_fully_available(replica_set):
        return
    if needs_pods and replicas.available(replica_set) == 0:
        return
    switch(sync, service, hash_of(replica_set))


def switch(sync: Sync, service: Json, pod_hash: str) -> None:
    """Write the selector. Source: service.go:switchServiceSelector."""
    before, name = selected_hash(service), service["metadata"]["name"]
    if before == pod_hash and MANAGED_BY in annotations_of(service):
        return

    def change(obj: Json) -> None:
        obj["metadata"].setdefault("annotations", {}).setdefault(MANAGED_BY, sync.name)
        obj["spec"].setdefault("selector", {})[HASH_LABEL] = pod_hash

    sync.store.update(SERVICES, sync.namespace, name, change)
    text = f"Switched selector for service '{name}' from '{before}' to '{pod_hash}'"
    sync.events.tell(sync.rollout, "SwitchService", text)


def colours(sync: Sync) -> tuple[Json | None, Json]:
    """Return the preview and the active Service of a blue-green, as stored now."""
    strategy = spec.blue_green_of(sync.rollout) or {}
    preview = strategy.get("previewService", "")
    found = sync.store.get(SERVICES, sync.namespace, preview) if preview else None
    return found, sync.store.get(SERVICES, sync.namespace, strategy["activeService"])


def point_preview(sync: Sync) -> None:
    """Let the preview Service select the newest version."""
    preview, _ = colours(sync)
    if preview is not None and not pause.halted(sync.rollout):
        switch(sync, preview, hash_of(sync.new_set))


def point_active(sync: Sync) -> None:
    """Switch the active Service when the newest version may take over.

    Source: service.go:reconcileActiveService.
    """
    if pause.halted(sync.rollout) or not replicas.is_ready_for_pause(sync):
        return
    if not replicas.is_saturated(sync.rollout, sync.new_set):
        return
    _, active = colours(sync)
    target = selected_hash(active)
    if promotion.is_fast_tracked(sync, target) or promotion.may_switch(sync):
        target = hash_of(sync.new_set)
    if sync.before.get("abort"):
        target = sync.before.get("stableRS", "")
    switch(sync, active, target)
