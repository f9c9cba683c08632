"""What a canary does, with nginx and without."""

from collections.abc import Sequence

from tests.contract import actions as act
from tests.contract.actions import NAME
from tests.contract.stage import Seen, Stage
from tests.controlplane import states
from tests.controlplane.kinds import Json
from tests.controlplane.rollouts import canary, pause, set_canary_scale, set_weight

_CANARY_INGRESS = f"{NAME}-{NAME}-stable-canary"


def _weight(rollout: Json) -> int:
    return states.canary_weight(rollout) or 0


def _before(history: Sequence[Seen], version: int) -> Json:
    """Return an object as it was just before a version."""
    return [seen.object for seen in history if seen.version < version][-1]


def routed_canary(stage: Stage) -> None:
    """Pods come before traffic, traffic before the step's end; at the end the versions swap."""
    steps = [set_weight(20), pause(1), set_weight(60), pause()]
    manifests = canary(stage.namespace, NAME, steps, nginx=True, replicas=5, scale_down_delay=1)
    first = act.deploy(stage, *manifests)
    stable = first["status"]["stableRS"]
    act.release(stage, "v2")
    seen = act.wait(stage, act.paused_at(3))
    fresh = seen["status"]["currentPodHash"]
    assert fresh != stable == seen["status"]["stableRS"]
    assert _weight(seen) == 60
    assert (seen["status"]["phase"], seen["status"]["message"]) == ("Paused", "CanaryPauseStep")
    assert seen["status"]["observedGeneration"] == str(seen["metadata"]["generation"])
    assert act.revision(seen) == "2" == act.revision(act.set_of(stage, fresh))
    assert act.set_of(stage, fresh)["spec"]["replicas"] == 3
    assert act.set_of(stage, stable)["spec"]["replicas"] == 5
    _pods_before_traffic(stage, fresh)
    _traffic_before_the_end_of_a_step(stage)
    _services_select(stage, stable, fresh)
    act.lift_pause(stage)
    done = act.wait(stage, act.both(states.is_promoted, lambda each: _weight(each) == 0))
    assert done["status"]["currentStepIndex"] == len(steps)
    assert "pauseConditions" not in done["status"]
    _services_select(stage, fresh, fresh)
    stage.wait("replicasets", f"{NAME}-{stable}", lambda each: each["spec"]["replicas"] == 0)
    _old_version_waited(stage, stable)


def _pods_before_traffic(stage: Stage, fresh: str) -> None:
    rollouts = stage.history("rollouts", NAME)
    sets = stage.history("replicasets", f"{NAME}-{fresh}")
    needed = {20: 1, 60: 3}
    found = {}
    for seen in rollouts:
        weight = _weight(seen.object)
        if weight in needed and weight not in found:
            replica_set = _before(sets, seen.version)
            found[weight] = replica_set["status"].get("availableReplicas", 0)
    assert found == needed


def _traffic_before_the_end_of_a_step(stage: Stage) -> None:
    ingress = stage.history("ingresses", _CANARY_INGRESS)
    for index, weight in ((1, 20), (3, 60)):
        seen = next(
            each
            for each in stage.history("rollouts", NAME)
            if act.revision(each.object) == "2" and states.at_step(each.object, index)
        )
        annotations = _before(ingress, seen.version)["metadata"]["annotations"]
        assert annotations["nginx.ingress.kubernetes.io/canary-weight"] == str(weight)
        assert _weight(seen.object) == weight


def _services_select(stage: Stage, stable: str, fresh: str) -> None:
    for service, version in (("stable", stable), ("canary", fresh)):
        found = stage.wait("services", f"{NAME}-{service}", act.selects(version))
        key = "argo-rollouts.argoproj.io/managed-by-rollouts"
        assert found["metadata"]["annotations"][key] == NAME


def _old_version_waited(stage: Stage, stable: str) -> None:
    """The old version was told its end before it was scaled down."""
    history = [seen.object for seen in stage.history("replicasets", f"{NAME}-{stable}")]
    ends = [each for each in history if "scale-down-deadline" in act.annotations(each)]
    down = next(each for each in history if _is_scaled_down(each))
    assert ends
    assert history.index(ends[0]) < history.index(down)


def _is_scaled_down(replica_set: Json) -> bool:
    return replica_set["spec"]["replicas"] == 0 and bool(
        replica_set.get("status", {}).get("replicas")
    )


def canary_scale(stage: Stage) -> None:
    """Pods without traffic, then traffic without more pods."""
    steps = [set_canary_scale(replicas=3), set_weight(10), pause()]
    act.deploy(stage, *canary(stage.namespace, NAME, steps, nginx=True, replicas=4))
    act.release(stage, "v2")
    seen = act.wait(stage, act.paused_at(2))
    assert _weight(seen) == 10
    assert act.set_of(stage, seen["status"]["currentPodHash"])["spec"]["replicas"] == 3


def basic_canary(stage: Stage) -> None:
    """Without a router pods are the weight."""
    steps = [set_weight(25), pause(), set_weight(50), pause()]
    act.deploy(stage, *canary(stage.namespace, NAME, steps, replicas=4))
    act.release(stage, "v2")
    for index, pods in ((1, (1, 3)), (3, (2, 2))):
        seen = act.wait(stage, act.paused_at(index))
        status = seen["status"]
        assert "weights" not in status["canary"]
        versions = (status["currentPodHash"], status["stableRS"])
        assert tuple(act.set_of(stage, each)["spec"]["replicas"] for each in versions) == pods
        assert (status["updatedReplicas"], status["replicas"]) == (pods[0], 4)
        act.lift_pause(stage)
    done = act.wait(stage, states.is_promoted)
    assert done["status"]["replicas"] == 4
