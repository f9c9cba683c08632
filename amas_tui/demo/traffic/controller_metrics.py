"""What the Argo Rollouts controller counts of itself.

Source: controller/metrics/rollouts.go, utils/record/record.go.
"""

from collections.abc import Iterator
from typing import Final

from amas_tui.demo.prometheus.labels import METRIC_NAME, Labels, labels_of
from amas_tui.demo.resources import EVENTS, ROLLOUTS
from amas_tui.demo.store import Change, Json, Store

_INSTANCE: Final = {"instance": "10.244.0.7:8090", "job": "argo-rollouts"}
_PHASES: Final = {
    "NewReplicaSetAvailable": "Completed",
    "RolloutPaused": "Paused",
    "ReplicaSetCreateError": "Error",
    "ProgressDeadlineExceeded": "Timeout",
    "RolloutAborted": "Abort",
}
"""By the reason of the condition `Progressing`; all others are `Progressing`."""


class ControllerMetrics:
    """`rollout_info` of every Rollout, and `rollout_events_total` of its Events by reason."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._events: dict[Labels, float] = {}
        store.listen(self._hear)

    def samples(self) -> Iterator[tuple[Labels, float]]:
        """Yield what a scrape of the controller brings."""
        yield labels_of({METRIC_NAME: "up", **_INSTANCE}), 1.0
        for rollout in self._store.select(ROLLOUTS):
            yield _info(rollout), 1.0
        yield from self._events.items()

    def _hear(self, change: Change) -> None:
        event = change.object
        if change.key.resource != EVENTS or change.type == "DELETED":
            return
        about = event.get("involvedObject", {})
        if about.get("kind") != ROLLOUTS.kind:
            return
        labels = _labels(
            "rollout_events_total",
            about,
            type=event.get("type", ""),
            reason=event.get("reason", ""),
        )
        self._events[labels] = self._events.get(labels, 0.0) + 1


def _info(rollout: Json) -> Labels:
    strategy = rollout["spec"].get("strategy", {})
    routing = (strategy.get("canary") or {}).get("trafficRouting") or {}
    return _labels(
        "rollout_info",
        rollout["metadata"],
        strategy=next((name for name in ("blueGreen", "canary") if name in strategy), "none"),
        traffic_router="Nginx" if "nginx" in routing else "",
        phase=_phase(rollout),
    )


def _phase(rollout: Json) -> str:
    conditions = rollout.get("status", {}).get("conditions", ())
    reasons = {each["type"]: each.get("reason", "") for each in conditions}
    if "InvalidSpec" in reasons:
        return "InvalidSpec"
    return _PHASES.get(reasons.get("Progressing", ""), "Progressing")


def _labels(metric: str, about: Json, **more: str) -> Labels:
    own = {"namespace": about.get("namespace", ""), "name": about["name"]}
    return labels_of({METRIC_NAME: metric, **_INSTANCE, **own, **more})
