"""What of the cluster decides where requests go, kept current by the store's changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from amas_tui.demo.resources import INGRESSES, PODS, SERVICES, Resource
from amas_tui.demo.store import Change, Json, Store

TRAFFIC_LABEL: Final = "amas-tui.test/traffic"
"""On an Ingress or a Service: requests per second to send there."""
BEHAVIOUR_ANNOTATION: Final = "amas-tui.test/behaviour"
"""On a pod: behave like this word of an image's tag from now on; empty means well."""
HASH_LABEL: Final = "rollouts-pod-template-hash"
PORT: Final = 8000
BAD_SHARE: Final = 0.2
"""Of a bad version's answers are errors."""
UNEASY_SHARE: Final = 0.035
GOOD_SHARE: Final = 0.002
"""So are of a good version's: nothing is perfect."""
_FRAGILE_ABOVE: Final = 1 / 3
_CANARY: Final = "nginx.ingress.kubernetes.io/canary"


class Name(NamedTuple):
    """An object of some kind."""

    namespace: str
    name: str


class Route(NamedTuple):
    """Where an Ingress takes requests from."""

    namespace: str
    host: str
    path: str


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod, as far as requests are concerned.

    Attributes:
        is_bad: Whether many of its answers are errors.
        is_fragile: Whether they are once its version gets more than a third of the requests.
        is_uneasy: Whether a few of them are.
    """

    name: Name
    uid: str
    address: str
    is_ready: bool
    labels: Mapping[str, str]
    is_bad: bool
    is_fragile: bool
    is_uneasy: bool
    is_slow: bool

    def errors(self, share: float) -> float:
        """Return the share of errors in its answers when its version gets `share` of all."""
        if self.is_bad or (self.is_fragile and share > _FRAGILE_ABOVE):
            return BAD_SHARE
        return UNEASY_SHARE if self.is_uneasy else GOOD_SHARE


@dataclass(frozen=True, slots=True)
class Service:
    """A Service: whom it selects, and the requests per second that go to it by itself."""

    name: Name
    selector: Mapping[str, str]
    rate: float


@dataclass(frozen=True, slots=True)
class Ingress:
    """An Ingress.

    Attributes:
        rate: Requests per second that come in by it.
        share: Of a canary the part of the requests, 0 to 1; `None` for one that is none.
        backends: To which Service each route leads.
    """

    name: Name
    rate: float
    share: float | None
    backends: Mapping[Route, Name]


class World:
    """The pods, Services and Ingresses there are."""

    def __init__(self, store: Store) -> None:
        self.pods: dict[Name, Pod] = {}
        self.services: dict[Name, Service] = {}
        self.ingresses: dict[Name, Ingress] = {}
        for resource in (PODS, SERVICES, INGRESSES):
            for obj in store.select(resource):
                self._learn(resource, obj)
        store.listen(self._hear)

    def _hear(self, change: Change) -> None:
        resource, obj = change.key.resource, change.object
        if resource not in (PODS, SERVICES, INGRESSES):
            return
        if change.type == "DELETED":
            self._forget(resource, _name(obj))
        else:
            self._learn(resource, obj)

    def _learn(self, resource: Resource, obj: Json) -> None:
        name = _name(obj)
        if resource == PODS:
            self.pods[name] = pod_of(obj)
        elif resource == SERVICES:
            self.services[name] = Service(name, obj["spec"].get("selector", {}), _rate(obj))
        else:
            self.ingresses[name] = _ingress(obj)

    def _forget(self, resource: Resource, name: Name) -> None:
        if resource == PODS:
            self.pods.pop(name, None)
        elif resource == SERVICES:
            self.services.pop(name, None)
        else:
            self.ingresses.pop(name, None)


def pod_of(obj: Json) -> Pod:
    """Return a pod by its object."""
    metadata, status = obj["metadata"], obj.get("status", {})
    conditions = status.get("conditions", ())
    is_ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    tag = obj["spec"]["containers"][0]["image"].rpartition(":")[2]
    words = metadata.get("annotations", {}).get(BEHAVIOUR_ANNOTATION, tag).split("-")
    return Pod(
        name=_name(obj),
        uid=metadata["uid"],
        address=status.get("podIP", ""),
        is_ready=is_ready and "deletionTimestamp" not in metadata,
        labels=metadata.get("labels", {}),
        is_bad="bad" in words or "slowbad" in words,
        is_fragile="overload" in words,
        is_uneasy="uneasy" in words,
        is_slow="slow" in words or "slowbad" in words,
    )


def _ingress(obj: Json) -> Ingress:
    namespace, annotations = obj["metadata"]["namespace"], obj["metadata"].get("annotations", {})
    share: float | None = None
    if annotations.get(_CANARY) == "true":
        total = float(annotations.get(f"{_CANARY}-weight-total", 100))
        share = float(annotations.get(f"{_CANARY}-weight", 0)) / total
    backends = {
        Route(namespace, rule.get("host", ""), path["path"]): Name(
            namespace, path["backend"]["service"]["name"]
        )
        for rule in obj["spec"].get("rules", ())
        for path in rule.get("http", {}).get("paths", ())
    }
    return Ingress(_name(obj), _rate(obj), share, backends)


def _name(obj: Json) -> Name:
    return Name(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


def _rate(obj: Json) -> float:
    return float(obj["metadata"].get("labels", {}).get(TRAFFIC_LABEL, 0))
