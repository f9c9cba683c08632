"""Scheduler and kubelet: pods take their time, and words in their image's tag decide their fate."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from amas_tui.demo.clock import rfc3339
from amas_tui.demo.controller import pods
from amas_tui.demo.controller.events import Recorder
from amas_tui.demo.controller.loop import Controller, Name
from amas_tui.demo.controller.objects import name_of, namespace_of, status_of, uid_of
from amas_tui.demo.controller.pods import Container
from amas_tui.demo.resources import NODES, PODS
from amas_tui.demo.store import Change, Json, Store

FATES: Final = ("crash", "oom", "nopull", "unready", "slowstart", "creating", "initfail")
SLOW_START_SECONDS: Final = 5.0
_RUN_SECONDS: Final = 0.3
"""How long a container that crashes runs."""
_BACK_OFF_SECONDS: Final = (10, 10, 20, 40, 80, 160, 300)
"""By the number of restarts."""
_BACK_OFF_TEXTS: Final = ("10s", "10s", "20s", "40s", "1m20s", "2m40s", "5m0s")
_NODES: Final = ("node-1", "node-2")
_SUBNET_SIZE: Final = 250

Life = Iterator[float]
"""What a pod does; it yields the seconds until it goes on."""


class Kubelet(Controller):
    """Plays scheduler and kubelets."""

    def __init__(self, store: Store) -> None:
        self._scheduler = Recorder(store, "default-scheduler")
        self._events = Recorder(store, "kubelet", host=_NODES[0])
        self._lives: dict[str, Life] = {}
        self._addresses = 0
        super().__init__(store)

    def everything(self) -> Iterable[Name]:
        """Return all pods."""
        return [Name(namespace_of(each), name_of(each)) for each in self.store.select(PODS)]

    def concerns(self, change: Change) -> Iterable[Name]:
        """Return pods that are new, or are to end."""
        if change.key.resource != PODS:
            return ()
        is_ending = "deletionTimestamp" in change.object["metadata"]
        if change.type == "ADDED" or (change.type == "MODIFIED" and is_ending):
            return [Name(change.key.namespace, change.key.name)]
        return ()

    def reconcile(self, name: Name) -> None:
        """Begin a pod's life, or end it."""
        pod = self.store.find(PODS, *name)
        if pod is None:
            return
        uid = uid_of(pod)
        if "deletionTimestamp" in pod["metadata"]:
            self._lives[uid] = self._ending(pod)
            self._live(uid, self._lives[uid], name)
        elif uid not in self._lives and not status_of(pod).get("containerStatuses"):
            self._lives[uid] = self._living(pod)
            self._live(uid, self._lives[uid], name)

    def _live(self, uid: str, life: Life, name: Name) -> None:
        """Go on with a pod's life while it is the one it has."""
        pod = self.store.find(PODS, *name)
        if self._lives.get(uid) is not life:
            return
        if pod is None or uid_of(pod) != uid:
            del self._lives[uid]
            return
        seconds = next(life, None)
        if seconds is not None:
            self.clock.call_later(seconds, lambda: self._live(uid, life, name))
        elif self.store.find(PODS, *name) is None:
            del self._lives[uid]

    def _jitter(self, seconds: float) -> float:
        return seconds * self.store.random.uniform(0.8, 1.4)

    def _ending(self, pod: Json) -> Life:
        for container in pod["spec"]["containers"]:
            text = f"Stopping container {container['name']}"
            self._events.tell(pod, "Killing", text)
        yield self._jitter(0.5)
        self.store.delete(PODS, namespace_of(pod), name_of(pod))

    def _living(self, pod: Json) -> Life:
        yield self._jitter(0.05)
        node = self._bind(pod)
        run = Run(self, pod, node)
        yield from run.live()

    def _bind(self, pod: Json) -> str:
        known = [name_of(each) for each in self.store.select(NODES)] or list(_NODES)
        node: str = self.store.random.choice(known)

        def change(obj: Json) -> None:
            obj["spec"]["nodeName"] = node

        bound = self.store.update(PODS, namespace_of(pod), name_of(pod), change)
        text = f"Successfully assigned {namespace_of(pod)}/{name_of(pod)} to {node}"
        self._scheduler.tell(bound, "Scheduled", text)
        return node

    def address(self) -> str:
        """Return a new pod address."""
        self._addresses += 1
        return f"10.244.{self._addresses // _SUBNET_SIZE}.{self._addresses % _SUBNET_SIZE + 1}"

    def jitter(self, seconds: float) -> float:
        """Return about that many seconds."""
        return self._jitter(seconds)

    @property
    def now(self) -> str:
        """Return the time as the API writes it."""
        return rfc3339(self.clock.now)

    def write(self, pod: Json, status: Json) -> None:
        """Write a pod's status."""

        def change(obj: Json) -> None:
            obj["status"] = status

        self.store.update(PODS, namespace_of(pod), name_of(pod), change, subresource="status")

    def read(self, pod: Json) -> Json:
        """Return the pod as it is stored now."""
        return self.store.get(PODS, namespace_of(pod), name_of(pod))

    def tell(self, pod: Json, reason: str, message: str) -> None:
        """Tell of something good."""
        self._events.tell(pod, reason, message)

    def warn(self, pod: Json, reason: str, message: str) -> None:
        """Tell of something bad."""
        self._events.warn(pod, reason, message)


def fate_of(pod: Json) -> str:
    """Return the word that decides what becomes of a pod, empty for a good end."""
    images = [each["image"] for each in pod["spec"]["containers"]]
    return next((word for word in FATES if any(has_word(image, word) for image in images)), "")


def has_word(image: str, word: str) -> bool:
    """Whether an image's tag holds `-word`."""
    return re.search(rf":[^/]*-{word}(-|$)", image) is not None


class Run:
    """One pod on its node."""

    def __init__(self, kubelet: Kubelet, pod: Json, node: str) -> None:
        self._kubelet = kubelet
        self._pod = pod
        self._node = node
        self._address = ""
        self._fate = fate_of(pod)
        waits = waiting_for_inits(pod)
        self._containers = {each["name"]: waits for each in pod["spec"]["containers"]}
        first = Container(pods.waiting("PodInitializing"))
        self._inits = {each["name"]: first for each in pod["spec"].get("initContainers") or ()}

    def live(self) -> Life:
        """Come up, and then do what the fate says."""
        self._write()
        if self._fate == "creating":
            self._warn(
                "FailedMount",
                'MountVolume.SetUp failed for volume "config" : configmap "amas-config" not found',
            )
            return
        yield self._kubelet.jitter(0.25)
        self._address = self._kubelet.address()
        yield from self._initialize()
        yield from self._fates()

    def _fates(self) -> Life:
        match self._fate:
            case "initfail":
                yield from self._crash(self._inits, self._init_names(), "Error", 1)
            case "nopull":
                yield from self._fail_to_pull()
            case "crash":
                yield from self._crash(self._containers, self._failing(), "Error", 1)
            case "oom":
                yield from self._crash(self._containers, self._failing(), "OOMKilled", 137)
            case "unready":
                self._start(self._failing())
                text = "Readiness probe failed: HTTP probe failed with statuscode: 503"
                self._warn("Unhealthy", text)
            case "slowstart":
                self._start(self._failing())
                yield SLOW_START_SECONDS
                self._make_ready()
            case _:
                self._start([*self._containers])
                yield self._kubelet.jitter(0.4)
                self._make_ready()

    def _initialize(self) -> Life:
        """Let the init containers do their work, unless that is what fails."""
        if self._fate == "initfail":
            return
        for name in self._inits:
            began = self._kubelet.now
            self._inits[name] = Container(pods.running(began))
            self._write()
            yield self._kubelet.jitter(0.2)
            run = pods.container_id(self._pod, name, 0)
            done = pods.terminated("Completed", 0, began, self._kubelet.now, run)
            self._inits[name] = Container(done, is_ready=True)

    def _init_names(self) -> list[str]:
        return [*self._inits]

    def _failing(self) -> list[str]:
        """Return the containers whose image has the word of the fate."""
        containers = self._pod["spec"]["containers"]
        return [each["name"] for each in containers if has_word(each["image"], self._fate)]

    def _start(self, unready: Iterable[str]) -> None:
        """Run all containers; those not named are ready."""
        late = set(unready)
        for name in self._containers:
            state = pods.running(self._kubelet.now)
            self._containers[name] = Container(state, is_ready=name not in late)
            self._tell("Created", f"Created container: {name}")
            self._tell("Started", f"Started container {name}")
        self._write("Running")

    def _make_ready(self) -> None:
        for name, container in self._containers.items():
            self._containers[name] = replace(container, is_ready=True)
        self._write("Running")

    def _fail_to_pull(self) -> Life:
        late, images = self._failing(), self._images()
        others = set(self._containers) - set(late)
        for name in others:
            self._containers[name] = Container(pods.running(self._kubelet.now), is_ready=True)
        for reason in ("ErrImagePull", "ImagePullBackOff"):
            for name in late:
                text = pull_error(images[name])
                if reason == "ImagePullBackOff":
                    text = f'Back-off pulling image "{images[name]}": ErrImagePull: {text}'
                self._containers[name] = Container(pods.waiting(reason, text))
            self._write()
            self._warn("Failed", f"Error: {reason}")
            yield 1.0

    def _images(self) -> dict[str, str]:
        return {each["name"]: each["image"] for each in self._pod["spec"]["containers"]}

    def _crash(
        self, group: dict[str, Container], names: list[str], reason: str, exit_code: int
    ) -> Life:
        """Run, crash, run again at once, crash, back off, run, and so on."""
        if group is self._containers:
            self._start(names)
        for restarts in range(1_000_000):
            for name in names:
                group[name] = self._again(group[name], restarts)
            self._write(self._phase(group))
            yield _RUN_SECONDS
            self._end_runs(group, names, reason, exit_code)
            if restarts:
                yield from self._back_off(group, names, restarts)

    def _again(self, old: Container, restarts: int) -> Container:
        return Container(pods.running(self._kubelet.now), restarts=restarts, last=old.last)

    def _end_runs(
        self, group: dict[str, Container], names: list[str], reason: str, exit_code: int
    ) -> None:
        """Note how the runs ended; what comes next shows it."""
        for name in names:
            old = group[name]
            began = old.state["running"]["startedAt"]
            run = pods.container_id(self._pod, name, old.restarts)
            last = pods.terminated(reason, exit_code, began, self._kubelet.now, run)
            group[name] = replace(old, last=last)

    def _back_off(self, group: dict[str, Container], names: list[str], restarts: int) -> Life:
        at = min(restarts, len(_BACK_OFF_SECONDS) - 1)
        for name in names:
            pod = self._pod
            text = (
                f"back-off {_BACK_OFF_TEXTS[at]} restarting failed container={name}"
                f" pod={name_of(pod)}_{namespace_of(pod)}({uid_of(pod)})"
            )
            group[name] = replace(group[name], state=pods.waiting("CrashLoopBackOff", text))
        self._write(self._phase(group))
        self._warn("BackOff", "Back-off restarting failed container")
        yield float(_BACK_OFF_SECONDS[at])

    def _phase(self, group: dict[str, Container]) -> str:
        return "Running" if group is self._containers else "Pending"

    def _write(self, phase: str = "Pending") -> None:
        pod = self._kubelet.read(self._pod)
        status = pods.status(
            pod, self._kubelet.now, phase, self._containers, self._inits, self._address
        )
        self._kubelet.write(pod, status)

    def _tell(self, reason: str, message: str) -> None:
        self._kubelet.tell(self._kubelet.read(self._pod), reason, message)

    def _warn(self, reason: str, message: str) -> None:
        self._kubelet.warn(self._kubelet.read(self._pod), reason, message)


def waiting_for_inits(pod: Json) -> Container:
    """Return the first state of a pod's containers."""
    has_inits = bool(pod["spec"].get("initContainers"))
    is_creating = fate_of(pod) == "creating"
    reason = "PodInitializing" if has_inits and not is_creating else "ContainerCreating"
    return Container(pods.waiting(reason))


def pull_error(image: str) -> str:
    """Return what containerd says of an image that is not there."""
    return (
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{image}":'
        f' failed to resolve reference "{image}": {image}: not found'
    )
