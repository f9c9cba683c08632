"""What words in an image's tag make of pods, and what such pods make of a rollout."""

from typing import Final

from tests.contract import actions as act
from tests.contract.actions import NAME
from tests.contract.stage import Predicate, Stage
from tests.controlplane import states
from tests.controlplane.kinds import Json
from tests.controlplane.rollouts import canary, pause, set_weight, workload_ref

_WAITING: Final = {
    "crash": "CrashLoopBackOff",
    "oom": "CrashLoopBackOff",
    "nopull": "ImagePullBackOff",
    "creating": "ContainerCreating",
    "initfail": "PodInitializing",
}
_EXIT: Final = {"crash": ("Error", 1), "oom": ("OOMKilled", 137)}


def _pod_of(name: str) -> Predicate:
    return lambda pod: pod["metadata"]["labels"].get("app") == name


def _is_stuck(name: str, reason: str) -> Predicate:
    return lambda pod: _pod_of(name)(pod) and states.waiting_reason(pod) == reason


def fates(stage: Stage) -> None:
    """Each word has its fate, in the kubelet's words."""
    for word in (*_WAITING, "unready"):
        stage.apply(*canary(stage.namespace, word, [], tag=f"v1-{word}", replicas=1))
    for word, reason in _WAITING.items():
        pod = stage.wait_any("pods", _is_stuck(word, reason))
        assert not states.is_ready(pod)
        assert pod["status"]["phase"] == ("Running" if word in _EXIT else "Pending")
        if word in _EXIT:
            _crashed(pod, *_EXIT[word])
    _pull_failed(stage)
    _initialization_failed(stage)
    unready = stage.wait_any("pods", act.both(_pod_of("unready"), _runs))
    assert not states.is_ready(unready)
    assert unready["status"]["containerStatuses"][0]["restartCount"] == 0


def _runs(pod: Json) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses", [])
    return bool(statuses) and "running" in statuses[0]["state"]


def _crashed(pod: Json, reason: str, exit_code: int) -> None:
    status = pod["status"]["containerStatuses"][0]
    assert status["restartCount"] >= 1
    ended = status["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == (reason, exit_code)
    text = status["state"]["waiting"]["message"]
    place = f"{pod['metadata']['name']}_{pod['metadata']['namespace']}"
    assert text.startswith("back-off 10s restarting failed container=")
    assert f"pod={place}({pod['metadata']['uid']})" in text


def _pull_failed(stage: Stage) -> None:
    pod = stage.wait_any("pods", _is_stuck("nopull", "ImagePullBackOff"))
    status = pod["status"]["containerStatuses"][0]
    assert status["state"]["waiting"]["message"].startswith(
        f'Back-off pulling image "{status["image"]}": ErrImagePull: rpc error: code = NotFound'
    )


def _initialization_failed(stage: Stage) -> None:
    def fails(pod: Json) -> bool:
        waits = states.waiting_reason(pod, "initContainerStatuses")
        return bool(_pod_of("initfail")(pod)) and waits == "CrashLoopBackOff"

    pod = stage.wait_any("pods", fails)
    condition = {each["type"]: each for each in pod["status"]["conditions"]}["Initialized"]
    assert condition["status"] == "False"
    assert condition["reason"] == "ContainersNotInitialized"
    assert condition["message"] == "containers with incomplete status: [migrate]"


def slow_pods(stage: Stage) -> None:
    """Pods that come up late hold the step, not more."""
    act.deploy(stage, *canary(stage.namespace, NAME, [set_weight(100), pause()], replicas=1))
    act.release(stage, "v2-slowstart")
    act.wait(stage, act.paused_at(1))
    passed = next(
        seen.version
        for seen in stage.history("rollouts", NAME)
        if act.revision(seen.object) == "2" and states.at_step(seen.object, 1)
    )
    fresh = stage.get("rollouts", NAME)["status"]["currentPodHash"]
    sets = stage.history("replicasets", f"{NAME}-{fresh}")
    before = [seen.object for seen in sets if seen.version < passed]
    assert before[-1]["status"]["availableReplicas"] == 1


def deadline_passes(stage: Stage) -> None:
    """Without progress the rollout is degraded, and heals when there is some."""
    spec = {"progressDeadlineSeconds": 1}
    act.deploy(stage, *canary(stage.namespace, NAME, [], replicas=1, spec=spec))
    act.release(stage, "v2-unready")
    degraded = act.wait(stage, act.status_is(phase="Degraded"))
    name = f"{NAME}-{degraded['status']['currentPodHash']}"
    text = f'ReplicaSet "{name}" has timed out progressing.'
    assert degraded["status"]["message"] == f"ProgressDeadlineExceeded: {text}"
    progress = act.condition(degraded, "Progressing")
    assert (progress["status"], progress["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert "abortedAt" not in degraded["status"]
    act.release(stage, "v3")
    act.wait(stage, states.is_promoted)


def deadline_aborts(stage: Stage) -> None:
    """Where the spec wishes it the deadline aborts, and the message says so."""
    spec = {"progressDeadlineSeconds": 1, "progressDeadlineAbort": True}
    act.deploy(stage, *canary(stage.namespace, NAME, [set_weight(50)], replicas=1, spec=spec))
    act.release(stage, "v2-nopull")
    aborted = act.wait(stage, states.is_aborted)
    name = f"{NAME}-{aborted['status']['currentPodHash']}"
    cause = f'ReplicaSet "{name}" has timed out progressing.'
    text = f"RolloutAborted: Rollout aborted update to revision 2: {cause}"
    assert aborted["status"]["message"] == text
    stage.wait_any("events", lambda each: each["message"] == cause and each["type"] == "Warning")


def workload_reference(stage: Stage) -> None:
    """A rollout takes its template from a Deployment, and follows it."""
    steps = [set_weight(50), pause()]
    manifests = workload_ref(stage.namespace, NAME, steps, replicas=2, scale_down="onsuccess")
    manifests[1]["spec"]["replicas"] = 1
    first = act.deploy(stage, *manifests)
    assert first["status"]["workloadObservedGeneration"] == _generation(stage, first)
    assert "template" not in first["spec"]
    stage.wait("deployments", NAME, lambda each: each["spec"]["replicas"] == 0)
    spec = stage.get("deployments", NAME)["spec"]["template"]["spec"]
    image = spec["containers"][0]["image"].rpartition(":")[0]
    containers = [{**spec["containers"][0], "image": f"{image}:v2"}]
    stage.patch("deployments", NAME, {"spec": {"template": {"spec": {"containers": containers}}}})
    seen = act.wait(stage, act.both(act.paused_at(1), act.is_revision("2")))
    assert seen["status"]["workloadObservedGeneration"] == _generation(stage, seen)
    assert seen["metadata"]["generation"] == first["metadata"]["generation"]


def _generation(stage: Stage, rollout: Json) -> str:
    """Return the Deployment's generation that the rollout notes; it is the newest or the last."""
    noted: str = act.annotations(rollout)["rollout.argoproj.io/workload-generation"]
    assert int(noted) <= stage.get("deployments", NAME)["metadata"]["generation"]
    return noted
