"""What the traffic process knows of the cluster, kept current by one watch per kind."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, NamedTuple, TypeVar

import httpx

from tests.controlplane.kinds import KINDS, Json
from tests.controlplane.manifests import TRAFFIC_LABEL

BEHAVIOUR_ANNOTATION: Final = "amas-tui.test/behaviour"
"""On a pod: behave like this word of an image tag from now on; empty means well."""
HASH_LABEL: Final = "rollouts-pod-template-hash"
_CANARY: Final = "nginx.ingress.kubernetes.io/canary"
_RECONNECT_SECONDS: Final = 0.5
_WATCH_SECONDS: Final = 240


class Key(NamedTuple):
    """Which object."""

    namespace: str
    name: str


class Route(NamedTuple):
    """Where an Ingress takes requests from."""

    namespace: str
    host: str
    path: str


@dataclass(frozen=True, slots=True)
class Container:
    """What of a container's status decides about its log."""

    waiting: str | None
    crashes: bool
    """Whether an earlier run of it ended."""
    restarts: int


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that can be sent requests."""

    key: Key
    uid: str
    address: str
    ready: bool
    labels: Mapping[str, str]
    image: str
    behaviour: str
    """A word: empty, `bad`, `slow` or `slowbad`."""
    containers: Mapping[str, Container]

    @property
    def template_hash(self) -> str:
        """Which version it is of; empty for pods of nobody's rollout."""
        return self.labels.get(HASH_LABEL, "")


@dataclass(frozen=True, slots=True)
class Service:
    """A Service, and what it gets of traffic by itself."""

    key: Key
    selector: Mapping[str, str]
    rate: float


@dataclass(frozen=True, slots=True)
class Ingress:
    """An Ingress: a stable one with its rate, or the canary one of the same routes."""

    key: Key
    rate: float
    canary_share: float | None
    """0 to 1; `None` for an Ingress that is no canary."""
    backends: Mapping[Route, Key]


def pod_of(obj: Json) -> Pod:
    """Return the pod."""
    metadata, status = obj["metadata"], obj.get("status", {})
    conditions = status.get("conditions", [])
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    image: str = obj["spec"]["containers"][0]["image"]
    annotations = metadata.get("annotations", {})
    statuses = (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()))
    return Pod(
        key=_key(obj),
        uid=metadata["uid"],
        address=status.get("podIP", ""),
        ready=ready and "deletionTimestamp" not in metadata,
        labels=metadata.get("labels", {}),
        image=image,
        behaviour=annotations.get(BEHAVIOUR_ANNOTATION, _behaviour(image)),
        containers={each["name"]: _container(each) for each in statuses},
    )


def service_of(obj: Json) -> Service:
    """Return the Service."""
    return Service(_key(obj), obj["spec"].get("selector", {}), _rate(obj))


def ingress_of(obj: Json) -> Ingress:
    """Return the Ingress."""
    namespace = obj["metadata"]["namespace"]
    annotations = obj["metadata"].get("annotations", {})
    share: float | None = None
    if annotations.get(_CANARY) == "true":
        total = int(annotations.get(f"{_CANARY}-weight-total", 100))
        share = int(annotations.get(f"{_CANARY}-weight", 0)) / total
    backends = {
        Route(namespace, rule.get("host", ""), path["path"]): Key(
            namespace, path["backend"]["service"]["name"]
        )
        for rule in obj["spec"].get("rules", [])
        for path in rule.get("http", {}).get("paths", [])
    }
    return Ingress(_key(obj), _rate(obj), share, backends)


T = TypeVar("T", Pod, Service, Ingress)


@dataclass(slots=True)
class Mirror(Generic[T]):
    """All objects of one kind as this process last heard of them."""

    plural: str
    decode: Callable[[Json], T]
    objects: dict[Key, T] = field(default_factory=dict)
    synced: bool = False

    async def keep(self, client: httpx.AsyncClient) -> None:
        """Follow the API server for ever; while it is away the last known objects stay."""
        while True:
            try:
                await self._watch(client, await self._list(client))
            except (httpx.HTTPError, json.JSONDecodeError):
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _list(self, client: httpx.AsyncClient) -> str:
        answer = await client.get(KINDS[self.plural].path(None))
        listed = answer.raise_for_status().json()
        self.objects = {_key(item): self.decode(item) for item in listed["items"]}
        self.synced = True
        version: str = listed["metadata"]["resourceVersion"]
        return version

    async def _watch(self, client: httpx.AsyncClient, version: str) -> None:
        params = {
            "watch": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        path = KINDS[self.plural].path(None)
        async with client.stream("GET", path, params=params) as answer:
            async for line in answer.raise_for_status().aiter_lines():
                event = json.loads(line)
                obj = event["object"]
                match event["type"]:
                    case "ADDED" | "MODIFIED":
                        self.objects[_key(obj)] = self.decode(obj)
                    case "DELETED":
                        self.objects.pop(_key(obj), None)
                    case _:
                        return


@dataclass(slots=True)
class World:
    """The three kinds that decide where requests go."""

    pods: Mirror[Pod] = field(default_factory=lambda: Mirror("pods", pod_of))
    services: Mirror[Service] = field(default_factory=lambda: Mirror("services", service_of))
    ingresses: Mirror[Ingress] = field(default_factory=lambda: Mirror("ingresses", ingress_of))

    @property
    def synced(self) -> bool:
        """Whether each kind was listed once."""
        return self.pods.synced and self.services.synced and self.ingresses.synced

    async def keep(self, client: httpx.AsyncClient) -> None:
        """Follow the API server for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.pods.keep(client))
            group.create_task(self.services.keep(client))
            group.create_task(self.ingresses.keep(client))


def _key(obj: Json) -> Key:
    return Key(obj["metadata"]["namespace"], obj["metadata"]["name"])


def _rate(obj: Json) -> float:
    return float(obj["metadata"].get("labels", {}).get(TRAFFIC_LABEL, 0))


def _behaviour(image: str) -> str:
    words = image.rpartition(":")[2].split("-")
    bad, slow = "bad" in words, "slow" in words
    if "slowbad" in words or (bad and slow):
        return "slowbad"
    return "bad" if bad else "slow" if slow else ""


def _container(status: Mapping[str, Any]) -> Container:
    waiting = status["state"].get("waiting")
    return Container(
        waiting=waiting["reason"] if waiting else None,
        crashes="terminated" in status.get("lastState", {}),
        restarts=status["restartCount"],
    )
