"""Pods: what their status says, and how they are ended.

Statuses are in the kubelet's words.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from amas_tui.demo.clock import rfc3339
from amas_tui.demo.controller.objects import name_of, namespace_of, status_of, uid_of
from amas_tui.demo.resources import PODS
from amas_tui.demo.store import Json, Store

_GRACE_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Container:
    """One container's status.

    Attributes:
        state: E.g. `{"waiting": {"reason": …}}`.
        is_ready: Whether its readiness probe passes.
        restarts: How often it was started again.
        last: How its last run ended.
    """

    state: Json
    is_ready: bool = False
    restarts: int = 0
    last: Json = field(default_factory=dict)

    @property
    def runs(self) -> bool:
        """Return whether it runs."""
        return "running" in self.state


def waiting(reason: str, message: str = "") -> Json:
    """Return the state of a container that does not run."""
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def running(since: str) -> Json:
    """Return the state of a container that runs."""
    return {"running": {"startedAt": since}}


def terminated(reason: str, exit_code: int, began: str, ended: str, container_id: str) -> Json:
    """Return the state of a container whose run is over."""
    return {
        "terminated": {
            "exitCode": exit_code,
            "reason": reason,
            "startedAt": began,
            "finishedAt": ended,
            "containerID": container_id,
        }
    }


def container_id(pod: Json, name: str, restarts: int) -> str:
    """Return the id of a container's run."""
    text = f"{uid_of(pod)}/{name}/{restarts}"
    return f"containerd://{hashlib.sha256(text.encode()).hexdigest()}"


def status(
    pod: Json,
    now: str,
    phase: str,
    containers: Mapping[str, Container],
    inits: Mapping[str, Container],
    address: str,
) -> Json:
    """Return a whole status; `address` is empty before the pod has its network."""
    is_initialized = all("terminated" in each.state for each in inits.values())
    unready = [name for name, each in containers.items() if not each.is_ready]
    undone = [name for name, each in inits.items() if "terminated" not in each.state]
    made: Json = {
        "phase": phase,
        "conditions": _conditions(pod, now, undone, unready, has_network=bool(address)),
        "hostIP": "10.0.0.10",
        "hostIPs": [{"ip": "10.0.0.10"}],
        "startTime": status_of(pod).get("startTime", now),
        "containerStatuses": _container_statuses(pod, "containers", containers),
        "qosClass": "Burstable",
    }
    if address:
        made |= {"podIP": address, "podIPs": [{"ip": address}]}
    if inits:
        made["initContainerStatuses"] = _container_statuses(pod, "initContainers", inits)
    if not is_initialized:
        made["phase"] = "Pending"
    return made


def _container_statuses(pod: Json, where: str, containers: Mapping[str, Container]) -> list[Json]:
    return [
        {
            "name": each["name"],
            "state": containers[each["name"]].state,
            "lastState": containers[each["name"]].last,
            "ready": containers[each["name"]].is_ready,
            "restartCount": containers[each["name"]].restarts,
            "image": each["image"],
            "imageID": "",
            "started": containers[each["name"]].runs,
            **_id_of(pod, each["name"], containers[each["name"]]),
        }
        for each in pod["spec"].get(where) or ()
    ]


def _id_of(pod: Json, name: str, container: Container) -> Json:
    """Return the id of the last run; one that never ran has none."""
    if "waiting" in container.state and not container.last:
        return {}
    return {"containerID": container_id(pod, name, container.restarts)}


def _conditions(
    pod: Json, now: str, undone: list[str], unready: list[str], *, has_network: bool
) -> list[Json]:
    not_initialized = _unmet("ContainersNotInitialized", "incomplete", undone)
    not_ready = _unmet("ContainersNotReady", "unready", unready)
    wanted: list[tuple[str, bool, Json]] = [
        ("PodReadyToStartContainers", has_network, {}),
        ("Initialized", not undone, not_initialized),
        ("Ready", not unready, not_ready),
        ("ContainersReady", not unready, not_ready),
        ("PodScheduled", True, {}),
    ]
    since = {
        (each["type"], each["status"]): each["lastTransitionTime"]
        for each in status_of(pod).get("conditions") or ()
    }
    return [
        {
            "type": type_,
            "status": str(is_met),
            "lastProbeTime": None,
            "lastTransitionTime": since.get((type_, str(is_met)), now),
            **why,
        }
        for type_, is_met, why in wanted
    ]


def _unmet(reason: str, what: str, names: list[str]) -> Json:
    if not names:
        return {}
    return {"reason": reason, "message": f"containers with {what} status: [{' '.join(names)}]"}


def is_active(pod: Json) -> bool:
    """Whether a pod counts: it neither ended nor is about to."""
    is_over = status_of(pod).get("phase") in ("Failed", "Succeeded")
    return not is_over and "deletionTimestamp" not in pod["metadata"]


def is_ready(pod: Json) -> bool:
    """Whether a pod gets traffic."""
    conditions = status_of(pod).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def ready_since(pod: Json) -> str:
    """Return when a ready pod became so."""
    conditions = status_of(pod).get("conditions") or ()
    times = (each["lastTransitionTime"] for each in conditions if each["type"] == "Ready")
    return next(times, "")


def is_available(pod: Json) -> bool:
    """Whether a pod is ready and stays."""
    return is_active(pod) and is_ready(pod)


def end(store: Store, pod: Json) -> None:
    """Ask a pod to end; its kubelet then does."""
    if "deletionTimestamp" in pod["metadata"]:
        return
    grace = pod["spec"].get("terminationGracePeriodSeconds", _GRACE_SECONDS)

    def change(obj: Json) -> None:
        obj["metadata"]["deletionTimestamp"] = rfc3339(store.clock.now)
        obj["metadata"]["deletionGracePeriodSeconds"] = grace

    store.update(PODS, namespace_of(pod), name_of(pod), change)
