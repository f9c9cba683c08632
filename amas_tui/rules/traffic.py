"""Where the traffic of one rollout really goes, and where that differs from what the status says.

A difference of a moment is normal: the controller writes the status, the Ingress and the Services
one after the other. One that stands is a fault; `standing` remembers since when each does.
Sources: rollout/trafficrouting/nginx/nginx.go, rollout/service.go, rollout/trafficrouting.go.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from amas_tui.domain.rollout import Rollout
from amas_tui.domain.traffic import (
    DEFAULT_PREFIX,
    MANAGED_BY,
    EndpointSlice,
    Ingress,
    Service,
    canary_ingress_name,
)
from amas_tui.domain.workload import ReplicaSet
from amas_tui.rules.weight import max_weight, share_by_hash

PATIENCE: Final = timedelta(seconds=3)
"""How long a difference may stand before it counts as a fault, wherever it is said.

The controller writes Services, Ingress and status within a second of each other, and Services are
folded in once a second.
"""


class Fault(StrEnum):
    """What differs."""

    INGRESS_MISSING = "ingress missing"
    INGRESS_WEIGHT = "ingress weight"
    WEIGHT_TOTAL = "weight total"
    SELECTOR = "selector"
    OTHER_OWNER = "other owner"
    ENDPOINTS = "endpoints"
    NO_READY_POD = "no ready pod"


class Mark(NamedTuple):
    """What a difference is about, whatever its values are at the moment."""

    fault: Fault
    subject: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where what is there differs from what the controller says.

    Attributes:
        subject: Kind and name, e.g. `ingress/checkout-canary`.
        found: What is there, e.g. `20%`.
        wanted: What the status says, e.g. `50%`.
    """

    fault: Fault
    subject: str
    found: str
    wanted: str

    @property
    def mark(self) -> Mark:
        """Return what it is about: a changed value does not make it a new difference."""
        return Mark(self.fault, self.subject)

    @property
    def sentence(self) -> str:
        """Return subject, what is there and what should be, without a full stop."""
        match self.fault:
            case Fault.INGRESS_MISSING:
                return f"{self.subject} is not there, the status says {self.wanted}"
            case Fault.INGRESS_WEIGHT:
                return f"{self.subject} sends {self.found}, the status says {self.wanted}"
            case Fault.WEIGHT_TOTAL:
                return f"{self.subject} counts in {self.found} parts, the rollout in {self.wanted}"
            case Fault.SELECTOR:
                return f"{self.subject} selects {self.found}, not {self.wanted}"
            case Fault.OTHER_OWNER:
                return f"{self.subject} is managed by rollout {self.found}"
            case Fault.ENDPOINTS:
                return f"{self.subject} has {self.found}, {self.wanted}"
            case Fault.NO_READY_POD:
                return f"{self.wanted} of the traffic goes to {self.subject}, {self.found}"


@dataclass(frozen=True, slots=True)
class Routes:
    """What is known of one rollout's way of traffic.

    Attributes:
        ingresses: By name; `None` while they are not known.
        services: By name; `None` while they are not known.
        slices: Of those Services; `None` while they are not known.
        ready: Ready pods by pod template hash; `None` while the pods are not known.
    """

    rollout: Rollout
    ingresses: Mapping[str, Ingress] | None = None
    services: Mapping[str, Service] | None = None
    slices: Sequence[EndpointSlice] | None = None
    replica_sets: Sequence[ReplicaSet] = ()
    ready: Mapping[str, int] | None = None
    _by_hash: Mapping[str, ReplicaSet] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_hash", {rs.hash: rs for rs in self.replica_sets})

    def replica_set(self, pod_hash: str) -> ReplicaSet | None:
        """Return the ReplicaSet with that hash."""
        return self._by_hash.get(pod_hash)


def differences(routes: Routes) -> tuple[Difference, ...]:
    """Return every difference of this moment; what is not known is not judged."""
    return (*_ingresses(routes), *_services(routes), *_pods(routes))


def is_flapping(routes: Routes) -> bool:
    """Return whether an abort makes the canary Service change some forty times a second.

    It does while the aborted version has pods: two parts of the controller disagree about whom the
    Service should select. Source: upstream issue 3078; rollout/service.go, trafficrouting.go.
    """
    status = routes.rollout.status
    canary = routes.rollout.canary
    if not status.abort or canary is None or canary.traffic_routing is None:
        return False
    own = routes.replica_set(status.current_pod_hash)
    return own is not None and (own.spec.replicas > 0 or own.status.replicas > 0)


def _percent(weight: int, total: int) -> str:
    return f"{100 * weight / total:.4g}%"


def _ingresses(routes: Routes) -> Iterator[Difference]:
    rollout = routes.rollout
    routing = rollout.canary.traffic_routing if rollout.canary else None
    nginx = routing.nginx if routing else None
    weights = rollout.status.canary.weights
    if nginx is None or weights is None or routes.ingresses is None:
        return
    total = max_weight(rollout)
    wanted = weights.canary.weight
    prefix = nginx.annotation_prefix or DEFAULT_PREFIX
    for stable in nginx.ingresses:
        name = canary_ingress_name(rollout.key.name, stable)
        ingress = routes.ingresses.get(name)
        subject = f"ingress/{name}"
        if ingress is None:
            if wanted:
                yield Difference(
                    Fault.INGRESS_MISSING, subject, "not there", _percent(wanted, total)
                )
            continue
        found = ingress.canary_weight(prefix)
        if found != wanted:
            text = "no weight" if found is None else _percent(found, total)
            yield Difference(Fault.INGRESS_WEIGHT, subject, text, _percent(wanted, total))
        parts = ingress.canary_weight_total(prefix)
        if parts != total:
            yield Difference(Fault.WEIGHT_TOTAL, subject, str(parts), str(total))


def _services(routes: Routes) -> Iterator[Difference]:
    if routes.services is None:
        return
    for name, pod_hash in _selected(routes):
        service = routes.services.get(name)
        if service is None:
            continue
        subject = f"service/{name}"
        owner = service.metadata.annotations.get(MANAGED_BY, "")
        if owner and owner != routes.rollout.key.name:
            yield Difference(Fault.OTHER_OWNER, subject, owner, routes.rollout.key.name)
        if service.hash != pod_hash and _must_select(routes, service, pod_hash):
            yield Difference(Fault.SELECTOR, subject, service.hash or "every version", pod_hash)
        yield from _endpoints(routes, service)


def _selected(routes: Routes) -> Iterator[tuple[str, str]]:
    """Yield the Services and the hash that each must select, as far as that is certain."""
    rollout, status = routes.rollout, routes.rollout.status
    if rollout.blue_green is not None:
        chosen = status.blue_green
        # The status is copied from the live Services at each sync: a difference means that
        # somebody else has changed one, or that nobody reconciles.
        if rollout.blue_green.active_service and chosen.active_selector:
            yield rollout.blue_green.active_service, chosen.active_selector
        if rollout.blue_green.preview_service and chosen.preview_selector:
            yield rollout.blue_green.preview_service, chosen.preview_selector
        return
    canary = rollout.canary
    if canary is None or canary.ping_pong is not None or status.promote_full:
        return
    if canary.stable_service and status.stable_rs:
        yield canary.stable_service, status.stable_rs
    if canary.canary_service and status.current_pod_hash and not status.abort:
        yield canary.canary_service, status.current_pod_hash


def _must_select(routes: Routes, service: Service, pod_hash: str) -> bool:
    """Return whether the controller would have switched the Service by now.

    It waits for one available pod, and with a Service that it never touched for all of them.
    """
    own = routes.replica_set(pod_hash)
    if own is None:
        return False
    available = own.status.available_replicas
    return available > 0 if service.hash else 0 < own.spec.replicas <= available


def _endpoints(routes: Routes, service: Service) -> Iterator[Difference]:
    """Yield that a Service has fewer endpoints than the version that it selects has ready pods."""
    if routes.slices is None or routes.ready is None or not service.hash:
        return
    ready = routes.ready.get(service.hash, 0)
    name = service.metadata.name
    endpoints = sum(one.ready for one in routes.slices if one.service == name)
    if endpoints < ready:
        word = "endpoint" if endpoints == 1 else "endpoints"
        pods = "pod is" if ready == 1 else "pods are"
        yield Difference(
            Fault.ENDPOINTS,
            f"service/{name}",
            f"{endpoints} ready {word}",
            f"{ready} {pods} ready",
        )


def _pods(routes: Routes) -> Iterator[Difference]:
    if routes.ready is None:
        return
    for pod_hash, share in share_by_hash(routes.rollout).items():
        own = routes.replica_set(pod_hash)
        if share > 0 and own is not None and not routes.ready.get(pod_hash):
            yield Difference(
                Fault.NO_READY_POD,
                f"replicaset/{own.metadata.name}",
                "which has no ready pod",
                f"{share:.4g}%",
            )


Since = Mapping[Mark, datetime]
"""Since when each difference stands, by our own clock."""


def standing(before: Since, found: Sequence[Difference], at: datetime) -> Since:
    """Return since when the differences of this moment stand.

    Args:
        before: What this returned for the picture before.
        found: The differences of the new picture.
        at: When that arrived.
    """
    return {one.mark: before.get(one.mark, at) for one in found}


def faults(
    found: Sequence[Difference], since: Since, at: datetime, patience: timedelta = PATIENCE
) -> tuple[Difference, ...]:
    """Return the differences that have stood for longer than a reconcile explains."""
    return tuple(one for one in found if at - since.get(one.mark, at) >= patience)
