"""All controllers of the demo, started together."""

from dataclasses import dataclass

from amas_tui.demo.controller.endpoints import EndpointsController
from amas_tui.demo.controller.garbage import GarbageCollector
from amas_tui.demo.controller.kubelet import Kubelet
from amas_tui.demo.controller.replica_sets import ReplicaSetController
from amas_tui.demo.controller.rollouts import RolloutController
from amas_tui.demo.store import Store


@dataclass(frozen=True, slots=True)
class Controllers:
    """What acts; `rollouts` can be stopped and resumed, as a process that hangs."""

    rollouts: RolloutController
    replica_sets: ReplicaSetController
    kubelet: Kubelet
    endpoints: EndpointsController
    garbage: GarbageCollector


def start(store: Store) -> Controllers:
    """Return the controllers at work on a store, from now on on its clock."""
    return Controllers(
        rollouts=RolloutController(store),
        replica_sets=ReplicaSetController(store),
        kubelet=Kubelet(store),
        endpoints=EndpointsController(store),
        garbage=GarbageCollector(store),
    )
