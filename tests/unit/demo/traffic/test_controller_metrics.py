from amas_tui.demo.resources import EVENTS, ROLLOUTS
from amas_tui.demo.store import Json, Store
from amas_tui.demo.traffic.controller_metrics import ControllerMetrics
from tests.unit.demo import cluster


def _rollout(store: Store, *conditions: tuple[str, str]) -> None:
    canary = {"trafficRouting": {"nginx": {"stableIngress": "web"}}}
    obj: Json = {
        "metadata": {"name": "web", "namespace": cluster.NAMESPACE},
        "spec": {"strategy": {"canary": canary}},
        "status": {"conditions": [{"type": type_, "reason": why} for type_, why in conditions]},
    }
    store.create(ROLLOUTS, obj)


def _told(metrics: ControllerMetrics, name: str) -> list[dict[str, str]]:
    return [dict(one) for one, _ in metrics.samples() if dict(one)["__name__"] == name]


def test_a_rollout_is_told_with_the_phase_that_its_conditions_say() -> None:
    for conditions, phase in (
        ([], "Progressing"),
        ([("Progressing", "NewReplicaSetAvailable")], "Completed"),
        ([("Progressing", "RolloutAborted")], "Abort"),
        ([("Progressing", "RolloutPaused"), ("InvalidSpec", "InvalidSpec")], "InvalidSpec"),
    ):
        store = cluster.store()
        metrics = ControllerMetrics(store)
        _rollout(store, *conditions)

        (info,) = _told(metrics, "rollout_info")

        assert info["phase"] == phase
        assert (info["strategy"], info["traffic_router"], info["name"]) == (
            "canary",
            "Nginx",
            "web",
        )


def test_events_of_rollouts_are_counted_by_reason_however_they_are_kept() -> None:
    store = cluster.store()
    metrics = ControllerMetrics(store)
    about = {"kind": "Rollout", "name": "web", "namespace": cluster.NAMESPACE}
    metadata = {"name": "web.1", "namespace": cluster.NAMESPACE}
    event = {"reason": "RolloutPaused", "type": "Normal", "involvedObject": about, "count": 1}
    store.create(EVENTS, {"metadata": metadata, **event})

    def again(obj: Json) -> None:
        obj["count"] += 1

    store.update(EVENTS, cluster.NAMESPACE, "web.1", again)
    store.delete(EVENTS, cluster.NAMESPACE, "web.1")

    ((labels, count),) = [
        (dict(one), value)
        for one, value in metrics.samples()
        if dict(one)["__name__"] == "rollout_events_total"
    ]
    assert (labels["reason"], labels["type"], labels["name"], count) == (
        "RolloutPaused",
        "Normal",
        "web",
        2,
    )
