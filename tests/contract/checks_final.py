"""Events, and objects as they are in the end, field by field."""

from collections.abc import Mapping
from typing import Final

from tests.contract import actions as act
from tests.contract.actions import NAME
from tests.contract.stage import Stage
from tests.controlplane import states
from tests.controlplane.kinds import Json
from tests.controlplane.rollouts import canary, set_weight

_FIRST: Final = [
    "RolloutAddedToInformer: Rollout resource added to informer: {namespace}/web",
    "RolloutUpdated: Rollout updated to revision 1",
    "NewReplicaSetCreated: Created ReplicaSet web-{first} (revision 1)",
    "RolloutNotCompleted: Rollout not completed, started update to revision 1 ({first})",
    "ScalingReplicaSet: Scaled up ReplicaSet web-{first} (revision 1) from 0 to 1",
    "RolloutCompleted: Rollout completed update to revision 1 ({first}): Initial deploy",
]
_ROUTED: Final = [
    "SwitchService: Switched selector for service 'web-stable' from '' to '{first}'",
    "SwitchService: Switched selector for service 'web-canary' from '' to '{first}'",
    "CreatingCanaryIngress: Creating canary ingress `web-web-stable-canary` with weight `0`",
    "TrafficWeightUpdated: Traffic weight updated to 0",
]
_SECOND: Final = [
    "RolloutUpdated: Rollout updated to revision 2",
    "NewReplicaSetCreated: Created ReplicaSet web-{second} (revision 2)",
    "RolloutNotCompleted: Rollout not completed, started update to revision 2 ({second})",
    "TrafficWeightUpdated: Traffic weight updated ",
    "ScalingReplicaSet: Scaled up ReplicaSet web-{second} (revision 2) from 0 to 1",
    "SwitchService: Switched selector for service 'web-canary' from '{first}' to '{second}'",
    "PatchingCanaryIngress: Updating Ingress `web-web-stable-canary` to desiredWeight '50'",
    "TrafficWeightUpdated: Traffic weight updated from 0 to 50",
    "RolloutStepCompleted: Rollout step 1/1 completed (setWeight: 50)",
    "PatchingCanaryIngress: Updating Ingress `web-web-stable-canary` to desiredWeight '100'",
    "TrafficWeightUpdated: Traffic weight updated from 50 to 100",
    "{done}",
]


def _update(stage: Stage) -> dict[str, str]:
    """Deploy and update; return the names of what is different every time."""
    manifests = canary(stage.namespace, NAME, [set_weight(50)], nginx=True, replicas=1)
    first = act.deploy(stage, *manifests)
    act.release(stage, "v2")
    second = act.wait(stage, act.both(states.is_promoted, act.is_revision("2"), _is_back))
    return {
        "namespace": stage.namespace,
        "first": first["status"]["stableRS"],
        "second": second["status"]["stableRS"],
    }


def _is_back(rollout: Json) -> bool:
    return states.canary_weight(rollout) == 0


def events(stage: Stage) -> None:
    """The whole story is told in the controller's words."""
    names = _update(stage)
    done = f"Rollout completed update to revision 2 ({names['second']})"
    last = f"RolloutCompleted: {done}: Completed all 1 canary steps"
    expected = {each.format(**names, done=last) for each in (*_FIRST, *_ROUTED, *_SECOND)}
    stage.wait_any("events", lambda each: each["message"].startswith(done))
    stage.wait_any("events", lambda each: each["message"] == "Traffic weight updated from 100 to 0")
    told = {f"{reason}: {message}" for _, reason, message in act.events_of(stage)}
    assert expected <= told
    event = act.wait_for_event(stage, "RolloutUpdated")
    assert event["source"]["component"] == event["reportingComponent"] == "rollouts-controller"
    assert event["involvedObject"]["apiVersion"] == "argoproj.io/v1alpha1"
    assert event["type"] == "Normal"


def final_objects(stage: Stage) -> None:
    """In the end every object has what the real controller gives it."""
    names = _update(stage)
    rollout = stage.get("rollouts", NAME)
    assert _plain(rollout["status"], names) == _STATUS
    assert act.annotations(rollout)["rollout.argoproj.io/revision"] == "2"
    for version, role in ((names["first"], "first"), (names["second"], "second")):
        _replica_set(stage, rollout, version, names, role)
    _ingress(stage, rollout)


def _plain(status: Json, names: Mapping[str, str]) -> Json:
    """Return a status without times, generations and hashes."""
    by_value = {value: key for key, value in names.items()}
    made: Json = dict(status)
    for field in ("currentPodHash", "stableRS"):
        made[field] = by_value[status[field]]
    made["conditions"] = {
        each["type"]: (each["status"], each["reason"]) for each in status["conditions"]
    }
    weights = status["canary"]["weights"]
    made["canary"] = {
        side: (
            weights[side]["weight"],
            by_value[weights[side]["podTemplateHash"]],
            weights[side]["serviceName"],
        )
        for side in ("canary", "stable")
    }
    made["currentStepHash"] = bool(made["currentStepHash"])
    made["observedGeneration"] = status["observedGeneration"].isdecimal()
    # The old version's pods end after a while.
    for field in ("replicas", "availableReplicas", "readyReplicas", "HPAReplicas"):
        assert made.pop(field) in (1, 2)
    for type_ in ("Healthy", "Progressing"):
        made["conditions"].pop(type_)
    return made


_STATUS: Final[Json] = {
    "blueGreen": {},
    "canary": {
        "canary": (0, "second", "web-canary"),
        "stable": (100, "second", "web-stable"),
    },
    "conditions": {
        "Available": ("True", "AvailableReason"),
        "Completed": ("True", "RolloutCompleted"),
    },
    "currentPodHash": "second",
    "currentStepHash": True,
    "currentStepIndex": 1,
    "observedGeneration": True,
    "phase": "Healthy",
    "selector": "app=web",
    "stableRS": "second",
    "updatedReplicas": 1,
}


def _replica_set(
    stage: Stage, rollout: Json, version: str, names: Mapping[str, str], role: str
) -> None:
    replica_set = stage.get("replicasets", f"{NAME}-{version}")
    labels = {"app": NAME, "rollouts-pod-template-hash": version}
    assert replica_set["metadata"]["labels"] == labels
    assert replica_set["spec"]["selector"] == {"matchLabels": labels}
    assert replica_set["spec"]["template"]["metadata"]["labels"] == labels
    assert names[role] == version
    notes = {key for key in act.annotations(replica_set) if key != "scale-down-deadline"}
    assert notes == {"rollout.argoproj.io/desired-replicas", "rollout.argoproj.io/revision"}
    _is_owned(replica_set, rollout)


def _is_owned(obj: Json, rollout: Json) -> None:
    assert obj["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "name": NAME,
            "uid": rollout["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def _ingress(stage: Stage, rollout: Json) -> None:
    stable = stage.get("ingresses", f"{NAME}-stable")
    fresh = stage.get("ingresses", f"{NAME}-{NAME}-stable-canary")
    _is_owned(fresh, rollout)
    assert act.annotations(fresh) == {
        "nginx.ingress.kubernetes.io/canary": "true",
        "nginx.ingress.kubernetes.io/canary-weight": "0",
    }
    assert fresh["spec"]["ingressClassName"] == stable["spec"]["ingressClassName"]
    rule, stable_rule = fresh["spec"]["rules"][0], stable["spec"]["rules"][0]
    assert rule["host"] == stable_rule["host"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert backend == {"name": f"{NAME}-canary", "port": {"number": 80}}
