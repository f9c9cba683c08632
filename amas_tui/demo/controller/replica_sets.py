"""The ReplicaSet controller: as many pods as wanted.

Source: k8s.io/kubernetes/pkg/controller/replicaset.
"""

from collections.abc import Iterable
from datetime import timedelta

from amas_tui.demo.controller import pods
from amas_tui.demo.controller.events import Recorder
from amas_tui.demo.controller.loop import Controller, Name
from amas_tui.demo.controller.objects import (
    controller_of,
    created_at,
    moment,
    name_of,
    namespace_of,
    owner_reference,
    status_of,
)
from amas_tui.demo.copies import copied
from amas_tui.demo.resources import PODS, REPLICA_SETS
from amas_tui.demo.store import Change, Json, Store


class ReplicaSetController(Controller):
    """Makes pods and takes them away."""

    def __init__(self, store: Store) -> None:
        self._events = Recorder(store, "replicaset-controller")
        super().__init__(store)

    def everything(self) -> Iterable[Name]:
        """Return all ReplicaSets."""
        return [Name(namespace_of(each), name_of(each)) for each in self.store.select(REPLICA_SETS)]

    def concerns(self, change: Change) -> Iterable[Name]:
        """Return ReplicaSets that changed or whose pods did."""
        if change.key.resource == REPLICA_SETS:
            return [Name(change.key.namespace, change.key.name)]
        if change.key.resource == PODS:
            owner = controller_of(change.object)
            if owner is not None and owner["kind"] == REPLICA_SETS.kind:
                return [Name(change.key.namespace, owner["name"])]
        return ()

    def reconcile(self, name: Name) -> None:
        """Make or end pods, and count them."""
        replica_set = self.store.find(REPLICA_SETS, *name)
        if replica_set is None:
            return
        found = [pod for pod in self.store.owned(PODS, replica_set) if pods.is_active(pod)]
        missing = int(replica_set["spec"].get("replicas", 1)) - len(found)
        for _ in range(missing):
            self._create(replica_set)
        for pod in sorted(found, key=_rank)[: max(0, -missing)]:
            pods.end(self.store, pod)
            self._events.tell(replica_set, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")
        self._count(replica_set, found)

    def _create(self, replica_set: Json) -> None:
        template = copied(replica_set["spec"]["template"])
        metadata = template.get("metadata") or {}
        pod = {
            "metadata": {
                "generateName": f"{name_of(replica_set)}-",
                "namespace": namespace_of(replica_set),
                "labels": metadata.get("labels") or {},
                **({"annotations": metadata["annotations"]} if metadata.get("annotations") else {}),
                "ownerReferences": [owner_reference(replica_set)],
            },
            "spec": template["spec"],
            "status": {"phase": "Pending", "qosClass": "Burstable"},
        }
        made = self.store.create(PODS, pod)
        self._events.tell(replica_set, "SuccessfulCreate", f"Created pod: {name_of(made)}")

    def _count(self, replica_set: Json, found: list[Json]) -> None:
        """Source: replica_set_utils.go:calculateStatus."""
        ready = [pod for pod in found if pods.is_ready(pod)]
        available = [pod for pod in ready if self._is_available(replica_set, pod)]
        counts = {
            "fullyLabeledReplicas": len(found),
            "readyReplicas": len(ready),
            "availableReplicas": len(available),
        }
        status = {
            "replicas": len(found),
            **{key: value for key, value in counts.items() if value},
            "observedGeneration": replica_set["metadata"]["generation"],
        }

        def change(obj: Json) -> None:
            obj["status"] = status

        name, namespace = name_of(replica_set), namespace_of(replica_set)
        self.store.update(REPLICA_SETS, namespace, name, change, subresource="status")

    def _is_available(self, replica_set: Json, pod: Json) -> bool:
        """Whether a ready pod has been so for long enough; come back when it will be."""
        seconds = int(replica_set["spec"].get("minReadySeconds", 0))
        if not seconds:
            return True
        until = moment(pods.ready_since(pod)) + timedelta(seconds=seconds)
        left = (until - self.clock.now).total_seconds()
        if left > 0:
            self.look_at(Name(namespace_of(replica_set), name_of(replica_set)), left)
        return left <= 0


def _rank(pod: Json) -> tuple[bool, bool, bool, float]:
    """Sort by what is missed least. Source: controller_utils.go:ActivePodsWithRanks."""
    is_bound = bool(pod["spec"].get("nodeName"))
    is_running = status_of(pod).get("phase") == "Running"
    return is_bound, is_running, pods.is_ready(pod), -moment(created_at(pod)).timestamp()
