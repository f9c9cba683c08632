"""What goes with its owner."""

from collections.abc import Iterable
from typing import Final

from amas_tui.demo.controller import pods
from amas_tui.demo.controller.loop import Controller, Name
from amas_tui.demo.controller.objects import name_of, uid_of
from amas_tui.demo.resources import (
    ANALYSIS_RUNS,
    ENDPOINT_SLICES,
    INGRESSES,
    JOBS,
    PODS,
    REPLICA_SETS,
)
from amas_tui.demo.store import Change

_DEPENDENT: Final = (REPLICA_SETS, PODS, INGRESSES, ANALYSIS_RUNS, ENDPOINT_SLICES, JOBS)
_OWNERS: Final = frozenset(
    ("Rollout", "ReplicaSet", "Service", "Deployment", "AnalysisRun", "Job", "Experiment")
)


class GarbageCollector(Controller):
    """Deletes what has no owner any more; a `Name` here is a namespace and the owner's uid."""

    def everything(self) -> Iterable[Name]:
        """Return nothing: what is gone is told when it goes."""
        return ()

    def concerns(self, change: Change) -> Iterable[Name]:
        """Return owners that are gone."""
        if change.type != "DELETED":
            return ()
        if change.key.resource.kind in _OWNERS:
            return [Name(change.key.namespace, uid_of(change.object))]
        return ()

    def reconcile(self, name: Name) -> None:
        """Delete what belonged to an owner."""
        for kind in _DEPENDENT:
            for each in self.store.select(kind, name.namespace):
                references = each["metadata"].get("ownerReferences") or ()
                if any(reference["uid"] == name.name for reference in references):
                    if kind == PODS:
                        pods.end(self.store, each)
                    else:
                        self.store.delete(kind, name.namespace, name_of(each))
