"""Fetches what explains one rollout and no watch brings.

The last line of a crashed container's log, the IngressClasses that somebody serves, and the
generation of the workload behind a workloadRef. Each may be missing; then its cause says less.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout, WorkloadRef
from amas_tui.domain.workload import ContainerStatus, Pod
from amas_tui.errors import AmasError
from amas_tui.kube.resources import RESOURCES, Resource
from amas_tui.kube.transport import Transport
from amas_tui.rules.names import ingress_names
from amas_tui.safe import safe
from amas_tui.store.detail import Clues
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene

LOOK_SECONDS: Final = 3.0
_CRASHED: Final = 2
"""Containers whose log is asked: the pods of one version crash alike."""
_LINE_BYTES: Final = 400
_LOG: Final = {"tailLines": "1", "limitBytes": "4096"}
_CLASSES: Final = "/apis/networking.k8s.io/v1/ingressclasses"
_WORKLOADS: Final = {
    "Deployment": Resource("apps/v1", "deployments", "deployment", None),
    "ReplicaSet": Resource("apps/v1", "replicasets", "replicaset", None),
    "PodTemplate": Resource("v1", "podtemplates", "podtemplate", None),
}


async def find_clues(transport: Transport, scene: Scene) -> Clues:
    """Return what can be had; what cannot is left out."""
    lines, classes, generation = await asyncio.gather(
        _last_lines(transport, scene),
        ingress_classes(transport) if ingress_names(scene.rollout) else _nothing(),
        _generation(transport, scene.rollout),
    )
    return Clues(lines, classes, generation)


async def _nothing() -> None:
    return None


async def ingress_classes(transport: Transport) -> frozenset[str] | None:
    """Return the names of the IngressClasses, `None` where they may not be read."""
    try:
        reply = await transport.get(_CLASSES, doing="list ingressclasses")
    except AmasError:
        return None
    return frozenset(
        safe(str(item["metadata"]["name"])) for item in reply.json().get("items") or ()
    )


def crashed(scene: Scene) -> tuple[tuple[Pod, ContainerStatus], ...]:
    """Return the containers whose last run ended badly, those of the newest version first."""
    status = scene.rollout.status
    pods = (*scene.pods_with(status.current_pod_hash), *scene.pods_with(status.stable_rs))
    found = {
        (pod.metadata.uid, container.name): (pod, container)
        for pod in pods
        for container in (*pod.status.init_container_statuses, *pod.status.container_statuses)
        if not container.ready and (container.restart_count or container.state.terminated)
    }
    return tuple(found.values())[:_CRASHED]


async def _last_lines(transport: Transport, scene: Scene) -> dict[tuple[str, str], str]:
    found = crashed(scene)
    lines = await asyncio.gather(*(_last_line(transport, *one) for one in found))
    return {
        (pod.metadata.uid, container.name): line
        for (pod, container), line in zip(found, lines, strict=True)
        if line
    }


async def _last_line(transport: Transport, pod: Pod, container: ContainerStatus) -> str:
    path = RESOURCES[Kind.PODS].path(pod.metadata.namespace, pod.metadata.name, "log")
    previous = {} if container.state.terminated else {"previous": "true"}
    params = {"container": container.name, **_LOG, **previous}
    try:
        reply = await transport.get(path, params, doing=f"read the log of {container.name}")
    except AmasError:
        return ""
    text = reply.body[-_LINE_BYTES:].decode(errors="replace").strip()
    return safe(text.rpartition("\n")[2].strip())


async def _generation(transport: Transport, rollout: Rollout) -> int | None:
    ref = rollout.spec.workload_ref
    resource = _WORKLOADS.get(ref.kind) if ref else None
    if ref is None or resource is None:
        return None
    try:
        raw = (await transport.get(_path(resource, rollout, ref), doing=f"get {ref.kind}")).json()
    except AmasError:
        return None
    return _whole(raw.get("metadata"))


def _path(resource: Resource, rollout: Rollout, ref: WorkloadRef) -> str:
    key = Key(rollout.key.namespace, ref.name)
    return resource.path(key.namespace, key.name)


def _whole(metadata: Any) -> int | None:
    generation = metadata.get("generation") if isinstance(metadata, dict) else None
    return generation if isinstance(generation, int) else None


_Question = tuple[object, ...]


class ClueFinder:
    """Keeps the clues of the open rollout fresh, asking only when something new is to be asked."""

    def __init__(
        self,
        transport: Transport,
        look: Callable[[], Scene | None],
        found: Callable[[str, Clues], None],
    ) -> None:
        self._transport = transport
        self._look = look
        self._found = found
        self._open: str | None = None
        self._changed = asyncio.Event()
        self._asked: _Question = ()

    def follow(self, uid: str | None) -> None:
        """Follow another rollout, or none."""
        if uid != self._open:
            self._open, self._asked = uid, ()
            self._changed.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            if self._open is None:
                await self._changed.wait()
            self._changed.clear()
            scene = self._look()
            if scene is not None and scene.rollout.uid == self._open:
                await self._ask(scene)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _ask(self, scene: Scene) -> None:
        question = _question(scene)
        # A workload changes without a word to the rollout when nobody reconciles it.
        if question == self._asked and scene.rollout.spec.workload_ref is None:
            return
        self._asked = question
        clues = await find_clues(self._transport, scene)
        if scene.rollout.uid == self._open:
            self._found(scene.rollout.uid, clues)


def _question(scene: Scene) -> _Question:
    ends = tuple((p.metadata.uid, c.name, c.restart_count) for p, c in crashed(scene))
    return (scene.rollout.uid, ends, ingress_names(scene.rollout))
