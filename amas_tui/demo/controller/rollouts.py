"""The Rollout controller: looks at Rollouts, one at a time.

Source: rollout/controller.go, rollout/context.go:reconcile, rollout/templateref.go.
"""

from collections.abc import Iterable
from typing import Final

from amas_tui.demo.controller import (
    analysis,
    blue_green,
    canary,
    conditions,
    replicas,
    revisions,
    scaling,
    spec,
    status,
    traffic,
    validation,
)
from amas_tui.demo.controller.events import Recorder
from amas_tui.demo.controller.loop import Controller, Name
from amas_tui.demo.controller.objects import (
    INSTANCE_ID,
    REVISION,
    WORKLOAD_GENERATION,
    annotations_of,
    controller_of,
    labels_of,
    name_of,
    namespace_of,
)
from amas_tui.demo.controller.sync import Sync, stable_name
from amas_tui.demo.copies import copied
from amas_tui.demo.resources import (
    ANALYSIS_RUNS,
    DEPLOYMENTS,
    INGRESSES,
    REPLICA_SETS,
    ROLLOUTS,
    SERVICES,
)
from amas_tui.demo.store import Change, Json, Store

COMPONENT: Final = "rollouts-controller"
_FIRST_RETRY: Final = 0.5
_LAST_RETRY: Final = 10.0
"""Seconds between looks at an invalid Rollout; they double. Source: utils/queue/queue.go."""


class RolloutController(Controller):
    """What plays Argo Rollouts."""

    def __init__(self, store: Store) -> None:
        self._events = Recorder(store, COMPONENT)
        self._news: dict[Name, list[tuple[Json, str, str]]] = {}
        self._retries: dict[Name, float] = {}
        super().__init__(store)

    def everything(self) -> Iterable[Name]:
        """Return all Rollouts."""
        return [_name(each) for each in self.store.select(ROLLOUTS)]

    def concerns(self, change: Change) -> Iterable[Name]:
        """Return the Rollouts to look at: themselves, of their parts, of what they refer to."""
        kind = change.key.resource
        if kind == ROLLOUTS:
            self._note_news(change)
            return [_name(change.object)]
        if kind in (REPLICA_SETS, ANALYSIS_RUNS):
            return _parent(change.object)
        if kind == SERVICES:
            named = [
                each
                for each in self._in(change)
                if change.key.name in validation.service_names(each)
            ]
            return map(_name, named)
        if kind == INGRESSES:
            owners = _parent(change.object)
            named = [
                each
                for each in self._in(change)
                if change.key.name in traffic.stable_ingresses(each)
            ]
            return [*owners, *map(_name, named)]
        if kind == DEPLOYMENTS:
            return [_name(each) for each in self._in(change) if _workload(each) == change.key.name]
        return ()

    def _in(self, change: Change) -> list[Json]:
        return self.store.select(ROLLOUTS, change.key.namespace)

    def _note_news(self, change: Change) -> None:
        obj = change.object
        place = f"{namespace_of(obj)}/{name_of(obj)}"
        if change.type == "ADDED":
            text = f"Rollout resource added to informer: {place}"
            self._news.setdefault(_name(obj), []).append((obj, "RolloutAddedToInformer", text))
        elif change.type == "DELETED":
            text = f"Rollout {name_of(obj)}/{namespace_of(obj)} is deleted."
            self._news.setdefault(_name(obj), []).append((obj, "RolloutDeleted", text))

    def reconcile(self, name: Name) -> None:
        """Look at a Rollout; another controller's are not ours."""
        news = self._news.pop(name, [])
        for obj, reason, text in news:
            if INSTANCE_ID not in labels_of(obj):
                self._events.tell(obj, reason, text)
        rollout = self.store.find(ROLLOUTS, *name)
        if rollout is None or INSTANCE_ID in labels_of(rollout):
            self._retries.pop(name, None)
            return
        sync = self._see(rollout, name)
        if isinstance(sync, str):
            refuse(self.store, rollout, sync)
            self._retry(name)
            return
        self._retries.pop(name, None)
        act(sync)

    def _retry(self, name: Name) -> None:
        seconds = self._retries.get(name, _FIRST_RETRY)
        self._retries[name] = min(seconds * 2, _LAST_RETRY)
        self.look_at(name, seconds)

    def _see(self, rollout: Json, name: Name) -> Sync | str:
        """Return what there is of a Rollout, or what is wrong with it."""
        resolved = self._resolve(rollout)
        if isinstance(resolved, str):
            return resolved
        rollout, template, selector = resolved
        if fault := validation.fault(self.store, rollout, template, selector):
            return fault
        sync = Sync(
            store=self.store,
            events=self._events,
            wait=lambda seconds: self.look_at(name, seconds),
            rollout=rollout,
            template=template,
            selector=selector or {},
            sets={name_of(each): each for each in self.store.owned(REPLICA_SETS, rollout)},
        )
        look_around(sync)
        return sync

    def _resolve(self, rollout: Json) -> tuple[Json, Json, Json | None] | str:
        """Return the Rollout, its pods' template and selector, or what is wrong.

        Source: templateref.go:Resolve.
        """
        reference = rollout["spec"].get("workloadRef")
        if reference is None:
            template = revisions.normal(rollout["spec"].get("template") or {})
            return rollout, template, rollout["spec"].get("selector")
        template = rollout["spec"].get("template") or {}
        if template.get("metadata") or template.get("spec"):
            return "template must be empty for workload reference rollout"
        if reference.get("kind") != DEPLOYMENTS.kind:
            group = reference.get("apiVersion", "").rpartition("/")[0]
            return f"workload of type {group}/{reference.get('kind')} is not supported"
        workload = self.store.find(DEPLOYMENTS, namespace_of(rollout), reference["name"])
        if workload is None:
            place = f"{namespace_of(rollout)}/{reference['name']}"
            return f'deployments.apps "{place}" not found'
        rollout = self._note_generation(rollout, workload)
        own = rollout["spec"].get("selector") or workload["spec"]["selector"]
        return rollout, revisions.normal(workload["spec"]["template"]), own

    def _note_generation(self, rollout: Json, workload: Json) -> Json:
        generation = str(workload["metadata"]["generation"])

        def change(obj: Json) -> None:
            obj["metadata"].setdefault("annotations", {})[WORKLOAD_GENERATION] = generation

        return self.store.update(ROLLOUTS, namespace_of(rollout), name_of(rollout), change)


def _name(obj: Json) -> Name:
    return Name(namespace_of(obj), name_of(obj))


def _parent(obj: Json) -> list[Name]:
    owner = controller_of(obj)
    if owner is None or owner["kind"] != ROLLOUTS.kind:
        return []
    return [Name(namespace_of(obj), owner["name"])]


def _workload(rollout: Json) -> str:
    name: str = (rollout["spec"].get("workloadRef") or {}).get("name", "")
    return name


def look_around(sync: Sync) -> None:
    """Find the new and the stable version, and the runs. Source: newRolloutContext."""
    new_set = revisions.find_new(sync.template, sync.all_sets)
    sync.new_name = "" if new_set is None else name_of(new_set)
    sync.stable_name = stable_name(sync.rollout, sync.all_sets)
    runs = sync.store.owned(ANALYSIS_RUNS, sync.rollout)
    sync.runs, sync.other_runs = analysis.split(sync.rollout, runs)
    if new_set is not None and revisions.has_deadline(new_set):
        sync.is_new_within_delay = scaling.seconds_left(sync, new_set) > 0
    before = sync.before
    sync.status = {"restartedAt": before.get("restartedAt"), "blueGreen": {}, "canary": {}}
    if before.get("canary", {}).get("weights"):
        sync.status["canary"]["weights"] = before["canary"]["weights"]
    if revisions.is_fully_promoted(sync.rollout) and sync.is_aborted:
        sync.pauses.is_abort_removed = True


def act(sync: Sync) -> None:
    """Do what is missing, at most one kind of thing in a look. Source: context.go:reconcile."""
    if sync.new_set is None:
        create_replica_set(sync)
        return
    if "replicas" not in sync.rollout["spec"]:
        sync.change_rollout(lambda obj: obj["spec"].update(replicas=1))
        return
    if changes := conditions.pause_changes(sync):
        status.write_conditions(sync, changes)
        return
    sync_revision(sync)
    if scaling.is_scaling_event(sync):
        scale_only(sync)
    elif spec.blue_green_of(sync.rollout) is not None:
        blue_green.reconcile(sync)
    else:
        canary.reconcile(sync)


def create_replica_set(sync: Sync) -> None:
    """Make the ReplicaSet of a new template. Source: sync.go:createDesiredReplicaSet."""
    revision = revisions.next_revision(sync.all_sets)
    wanted = revisions.new_replica_set(sync.rollout, sync.template, sync.selector, revision)
    created = sync.store.create(REPLICA_SETS, wanted)
    sync.adopt(created)
    set_revision(sync, str(revision))
    name = name_of(created)
    text = f"Created ReplicaSet {name} (revision {revision})"
    sync.events.tell(sync.rollout, "NewReplicaSetCreated", text)
    text = f'Created new replica set "{name}"'
    condition = conditions.new(sync, "Progressing", "True", "NewReplicaSetCreated", text)
    status.put_condition(sync, condition)


def set_revision(sync: Sync, revision: str) -> None:
    """Note the newest revision on the Rollout.

    The whole object is written as the controller's types have it, which may count as a change of
    the spec. Source: sync.go:setRolloutRevision.
    """
    if annotations_of(sync.rollout).get(REVISION) == revision:
        return

    def change(obj: Json) -> None:
        obj["metadata"].setdefault("annotations", {})[REVISION] = revision
        if "template" in obj["spec"]:
            obj["spec"]["template"] = revisions.normal(obj["spec"]["template"])

    sync.change_rollout(change)
    text = f"Rollout updated to revision {revision}"
    sync.events.tell(sync.rollout, "RolloutUpdated", text)


def sync_revision(sync: Sync) -> None:
    """Give the newest version the highest number, and the Rollout the same.

    Source: sync.go:syncReplicaSetRevision.
    """
    known = sync.sets[sync.new_name]
    revision = revisions.next_revision(sync.older_sets)
    if changes := revisions.noted(sync.rollout, known, revision):

        def change(obj: Json) -> None:
            obj["metadata"].setdefault("annotations", {}).update(changes)

        sync.change_set(sync.new_name, change)
        return
    set_revision(sync, annotations_of(known)[REVISION])
    if conditions.find(sync.before, "Progressing") is None:
        text = f'Found new replica set "{sync.new_name}"'
        condition = conditions.new(sync, "Progressing", "True", "FoundNewReplicaSet", text)
        status.put_condition(sync, condition)


def scale_only(sync: Sync) -> None:
    """Follow a change of the Rollout's size, and nothing else. Source: sync.go:syncReplicasOnly."""
    sync.status = copied(sync.before)
    sync.status.setdefault("conditions", [])
    sync.status.setdefault("stableRS", "")
    sync.status.setdefault("currentPodHash", "")
    counted = sync.all_sets
    if spec.blue_green_of(sync.rollout) is not None:
        scaling.scale_blue_green(sync)
        active = sync.before.get("blueGreen", {}).get("activeSelector", "")
        found = replicas.by_hash(sync.all_sets, active)
        counted = sync.all_sets if found is None else [found]
    else:
        scaling.scale_canary(sync)
    sync.status["availableReplicas"] = replicas.counted(counted, "availableReplicas")
    sync.status["HPAReplicas"] = replicas.counted(counted, "replicas")
    status.write(sync)


def refuse(store: Store, rollout: Json, fault: str) -> None:
    """Say that a Rollout is invalid, and do nothing else. Source: createInvalidRolloutCondition."""
    sync = Sync(
        store=store,
        events=Recorder(store, COMPONENT),
        wait=lambda _: None,
        rollout=store.get(ROLLOUTS, namespace_of(rollout), name_of(rollout)),
        template={},
        selector={},
        sets={},
    )
    text = f'The Rollout "{sync.name}" is invalid: {fault}'
    known = conditions.find(sync.before, "InvalidSpec")
    generation = str(sync.rollout["metadata"]["generation"])
    if known is not None and known["message"] == text:
        if sync.before.get("observedGeneration") == generation:
            return
        status.write_conditions(sync, [known])
        return
    if known is not None:
        before = copied(sync.rollout)
        conditions.remove(before["status"], "InvalidSpec")
        sync.rollout = before
    condition = conditions.new(sync, "InvalidSpec", "True", "InvalidSpec", text)
    status.write_conditions(sync, [condition])
