"""Which streams a screen needs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from amas_tui.domain.base import HASH_LABEL
from amas_tui.domain.event import Event
from amas_tui.domain.rollout import LabelRequirement, Rollout
from amas_tui.domain.traffic import SERVICE_NAME_LABEL
from amas_tui.domain.watch import Applied, Bookmark, Listed, Update
from amas_tui.rules.names import ingress_names, service_names
from amas_tui.store.gates import analyses
from amas_tui.store.kinds import Kind, StreamId


@dataclass(frozen=True, slots=True)
class Wanted:
    """One stream and what narrows it."""

    id: StreamId
    label_selector: str = ""
    about: tuple[str, ...] = ()
    """For Events: names whose own events, and those of objects named after them, are kept."""

    @property
    def selectors(self) -> dict[str, str]:
        """Return the query that narrows it."""
        narrowed = {"labelSelector": self.label_selector} if self.label_selector else {}
        if self.id.name:
            narrowed["fieldSelector"] = f"metadata.name={self.id.name}"
        return narrowed


COALESCED: Final = frozenset({Kind.SERVICES, Kind.ENDPOINT_SLICES})
"""Kinds that an abort makes flap forty times a second: folded once a second."""


def board_streams(namespaces: tuple[str, ...]) -> tuple[Wanted, ...]:
    """Return the streams of the board: Rollouts, and nothing else."""
    return tuple(Wanted(StreamId(Kind.ROLLOUTS, name)) for name in namespaces or ("",))


def cluster_streams(namespaces: tuple[str, ...]) -> tuple[Wanted, ...]:
    """Return the streams of all that belongs to rollouts, for whoever follows many at once."""
    kinds = (
        Kind.REPLICA_SETS,
        Kind.PODS,
        Kind.ANALYSIS_RUNS,
        Kind.EXPERIMENTS,
        Kind.SERVICES,
        Kind.INGRESSES,
    )
    return tuple(Wanted(StreamId(kind, name)) for kind in kinds for name in namespaces or ("",))


def rollout_streams(rollout: Rollout) -> tuple[Wanted, ...]:
    """Return the streams of one open rollout beside the board's."""
    namespace = rollout.key.namespace
    selector = pod_selector(rollout)
    found = [
        Wanted(StreamId(Kind.REPLICA_SETS, namespace), selector),
        Wanted(StreamId(Kind.PODS, namespace), selector),
        Wanted(StreamId(Kind.ANALYSIS_RUNS, namespace)),
        Wanted(StreamId(Kind.ANALYSIS_TEMPLATES, namespace)),
    ]
    if any(step.experiment for step in rollout.steps):
        found.append(Wanted(StreamId(Kind.EXPERIMENTS, namespace)))
    if any(ref for ref in _cluster_templates(rollout)):
        found.append(Wanted(StreamId(Kind.CLUSTER_ANALYSIS_TEMPLATES)))
    services = service_names(rollout)
    found += [Wanted(StreamId(Kind.SERVICES, namespace, name)) for name in services]
    if services:
        names = ",".join(services)
        found.append(
            Wanted(StreamId(Kind.ENDPOINT_SLICES, namespace), f"{SERVICE_NAME_LABEL} in ({names})")
        )
    ingresses = ingress_names(rollout)
    found += [Wanted(StreamId(Kind.INGRESSES, namespace, name)) for name in ingresses]
    about = (rollout.key.name, *services, *ingresses)
    found.append(Wanted(StreamId(Kind.EVENTS, namespace), about=about))
    return tuple(dict.fromkeys(found))


def relevant(update: Update[Any], wanted: Wanted) -> Update[Any]:
    """Return an update without the Events of strangers.

    A busy namespace has thousands; they are dropped before anything keeps them. What is dropped
    still proves that the stream lives.
    """
    if not wanted.about:
        return update
    match update:
        case Listed(objects):
            return replace(update, objects=tuple(e for e in objects if _is_about(e, wanted.about)))
        case Applied(event) if not _is_about(event, wanted.about):
            return Bookmark(event.metadata.resource_version)
        case _:
            return update


def _is_about(event: Event, names: tuple[str, ...]) -> bool:
    """Return whether an event is about one of `names` or an object named after it.

    ReplicaSets, pods, runs and Experiments all begin with the name of their Rollout; whether they
    are its own is told by uid where they are shown.
    """
    name = event.involved_object.name
    return any(name == one or name.startswith(f"{one}-") for one in names)


def pod_selector(rollout: Rollout) -> str:
    """Return the label selector of the rollout's own ReplicaSets and pods, of every version.

    A workloadRef leaves the selector to the controller, which writes it into the status; for
    blue-green that one is narrowed to the active version, so its hash is taken out.
    """
    selector = rollout.spec.selector
    if selector is not None:
        parts = [f"{key}={value}" for key, value in selector.match_labels.items()]
        parts += [_requirement(one) for one in selector.match_expressions]
    else:
        parts = re.split(r",(?![^(]*\))", rollout.status.selector)
    own = [part for part in parts if part and not part.startswith(HASH_LABEL)]
    return ",".join(own) or HASH_LABEL


def _requirement(one: LabelRequirement) -> str:
    match one.operator:
        case "In" | "NotIn":
            return f"{one.key} {one.operator.lower()} ({','.join(one.values)})"
        case "DoesNotExist":
            return f"!{one.key}"
        case _:
            return one.key


def _cluster_templates(rollout: Rollout) -> Iterator[str]:
    for analysis in analyses(rollout):
        for reference in analysis.templates:
            if reference.cluster_scope:
                yield reference.template_name
