"""Where a check happens: a namespace of a control plane, or the demo's controllers in this process.

A check is written once against `Stage`. In the process time is a number that the check's waiting
moves on, so that a story of minutes takes milliseconds.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

from amas_tui.demo.analysis.measurement import Provider
from amas_tui.demo.analysis.runs import AnalysisController
from amas_tui.demo.clock import ManualClock
from amas_tui.demo.controller import cluster
from amas_tui.demo.prometheus.service import Prometheus
from amas_tui.demo.resources import RESOURCES
from amas_tui.demo.store import Change, Store
from tests.controlplane import rollouts, states
from tests.controlplane.api import Api, WaitTimeoutError
from tests.controlplane.kinds import KINDS, Json, kind_of

RECORDED: Final = ("rollouts", "replicasets", "pods", "services", "ingresses", "analysisruns")
_PATIENCE: Final = 60.0
_STEP: Final = 0.05
_START: Final = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
_RESOURCES: Final = {resource.plural: resource for resource in RESOURCES}

Predicate = Callable[[Json], object]


class Seen(NamedTuple):
    """One version of an object; `version` orders all objects of a stage."""

    version: int
    object: Json


class Stage(Protocol):
    """Where a check happens."""

    namespace: str
    prometheus_url: str

    def now(self) -> datetime:
        """Return the time that the control plane has, UTC."""

    def apply(self, *manifests: Json) -> None:
        """Create the objects, or bring them to what the manifests say."""

    def patch(self, plural: str, name: str, body: Json, *, subresource: str = "") -> None:
        """Send a merge patch."""

    def delete(self, plural: str, name: str) -> None:
        """Delete an object."""

    def get(self, plural: str, name: str) -> Json:
        """Return an object."""

    def select(self, plural: str) -> list[Json]:
        """Return all objects of a kind in the namespace."""

    def wait(
        self, plural: str, name: str, predicate: Predicate, *, timeout: float = _PATIENCE
    ) -> Json:
        """Return the object as soon as the predicate holds."""

    def wait_gone(self, plural: str, name: str) -> None:
        """Return as soon as there is no such object."""

    def wait_any(self, plural: str, predicate: Predicate) -> Json:
        """Return the first object of which the predicate holds."""

    def history(self, plural: str, name: str) -> Sequence[Seen]:
        """Return all versions of an object since it was made, the oldest first."""


class PlaneStage:
    """A namespace of a control plane, over HTTP."""

    def __init__(self, api: Api, namespace: str, prometheus_url: str) -> None:
        self.namespace = namespace
        self.prometheus_url = prometheus_url
        self._api = api
        self._began = {plural: self._version(plural) for plural in RECORDED}

    def _version(self, plural: str) -> str:
        path = KINDS[plural].path(self.namespace)
        version: str = json.loads(self._api.text(path))["metadata"]["resourceVersion"]
        return version

    def now(self) -> datetime:
        """Return the time that the control plane has, UTC."""
        return datetime.now(UTC)

    def apply(self, *manifests: Json) -> None:
        """Create the objects, or bring them to what the manifests say."""
        self._api.apply(*manifests)

    def patch(self, plural: str, name: str, body: Json, *, subresource: str = "") -> None:
        """Send a merge patch."""
        self._api.patch(plural, self.namespace, name, body, subresource=subresource)

    def delete(self, plural: str, name: str) -> None:
        """Delete an object."""
        self._api.delete(plural, self.namespace, name)

    def get(self, plural: str, name: str) -> Json:
        """Return an object."""
        return self._api.get(plural, self.namespace, name)

    def select(self, plural: str) -> list[Json]:
        """Return all objects of a kind in the namespace."""
        return self._api.list(plural, self.namespace)

    def wait(
        self, plural: str, name: str, predicate: Predicate, *, timeout: float = _PATIENCE
    ) -> Json:
        """Return the object as soon as the predicate holds."""
        return self._api.wait(plural, self.namespace, name, predicate, timeout=timeout)

    def wait_gone(self, plural: str, name: str) -> None:
        """Return as soon as there is no such object."""
        self._api.wait_gone(plural, self.namespace, name, timeout=_PATIENCE)

    def wait_any(self, plural: str, predicate: Predicate) -> Json:
        """Return the first object of which the predicate holds."""
        return self._api.wait_any(plural, self.namespace, predicate, timeout=_PATIENCE)

    def history(self, plural: str, name: str) -> Sequence[Seen]:
        """Return all versions of an object since it was made, the oldest first."""
        last = int(self.get(plural, name)["metadata"]["resourceVersion"])
        seen = []
        for obj in self._changes_of(plural, name):
            seen.append(Seen(int(obj["metadata"]["resourceVersion"]), obj))
            if seen[-1].version >= last:
                return seen
        raise AssertionError(f"the history of {plural}/{name} ends before {last}")

    def _changes_of(self, plural: str, name: str) -> Iterator[Json]:
        """Yield what the server remembers since this stage began."""
        path = KINDS[plural].path(self.namespace)
        params = {
            "watch": "true",
            "resourceVersion": self._began[plural],
            "fieldSelector": f"metadata.name={name}",
            "timeoutSeconds": "20",
        }
        for event in self._api.stream(path, params):
            assert event["type"] != "ERROR", event
            yield event["object"]


class ModelStage:
    """The demo's controllers in this process, on a clock that only waiting moves."""

    prometheus_url = "http://prometheus.test:9090"

    def __init__(self, seed: int = 0) -> None:
        self.namespace = "stage"
        self.clock = ManualClock(_START)
        self.store = Store(self.clock, seed)
        self._changes: list[Change] = []
        self.store.listen(self._changes.append)
        self.controllers = cluster.start(self.store)
        # Nothing is scraped: the queries of checks are constants.
        prometheus = Prometheus(self.clock, [])
        provider = Provider(prometheus, self.prometheus_url)
        self.analyses = AnalysisController(self.store, provider.measure)

    def now(self) -> datetime:
        """Return the time that the control plane has, UTC."""
        return self.clock.now

    def apply(self, *manifests: Json) -> None:
        """Create the objects, or bring them to what the manifests say."""
        for manifest in manifests:
            resource = _RESOURCES[kind_of(manifest).plural]
            name = manifest["metadata"]["name"]
            if self.store.find(resource, self.namespace, name) is None:
                self.store.create(resource, manifest)
            else:
                self.patch(resource.plural, name, manifest)

    def patch(self, plural: str, name: str, body: Json, *, subresource: str = "") -> None:
        """Send a merge patch."""
        self.store.update(
            _RESOURCES[plural],
            self.namespace,
            name,
            lambda obj: _merge(obj, body),
            subresource=subresource,
        )

    def delete(self, plural: str, name: str) -> None:
        """Delete an object."""
        self.store.delete(_RESOURCES[plural], self.namespace, name)

    def get(self, plural: str, name: str) -> Json:
        """Return an object."""
        return self.store.get(_RESOURCES[plural], self.namespace, name)

    def select(self, plural: str) -> list[Json]:
        """Return all objects of a kind in the namespace."""
        return self.store.select(_RESOURCES[plural], self.namespace)

    def wait(
        self, plural: str, name: str, predicate: Predicate, *, timeout: float = _PATIENCE
    ) -> Json:
        """Return the object as soon as the predicate holds."""

        def found() -> Json | None:
            obj = self.store.find(_RESOURCES[plural], self.namespace, name)
            return obj if obj is not None and predicate(obj) else None

        try:
            return self._until(found, f"{plural}/{name}", timeout)
        except WaitTimeoutError as error:
            last = self.store.find(_RESOURCES[plural], self.namespace, name)
            raise WaitTimeoutError(f"{plural}/{name}", timeout, last) from error

    def wait_gone(self, plural: str, name: str) -> None:
        """Return as soon as there is no such object."""

        def found() -> Json | None:
            return None if self.store.find(_RESOURCES[plural], self.namespace, name) else {}

        self._until(found, f"the deletion of {plural}/{name}", _PATIENCE)

    def wait_any(self, plural: str, predicate: Predicate) -> Json:
        """Return the first object of which the predicate holds."""

        def found() -> Json | None:
            return next((each for each in self.select(plural) if predicate(each)), None)

        return self._until(found, f"any of {plural}", _PATIENCE)

    def history(self, plural: str, name: str) -> Sequence[Seen]:
        """Return all versions of an object since it was made, the oldest first."""
        kind = _RESOURCES[plural]
        mine = (each for each in self._changes if each.key.resource == kind)
        return [Seen(each.version, each.object) for each in mine if each.key.name == name]

    def _until(self, found: Callable[[], Json | None], what: str, timeout: float) -> Json:
        end = self.clock.elapsed + timeout
        while (obj := found()) is None:
            if self.clock.elapsed >= end:
                raise WaitTimeoutError(what, timeout, None)
            self.clock.advance(_STEP)
        return obj


def _merge(target: Json, patch: Json) -> None:
    """Apply a JSON merge patch (RFC 7386) in place."""
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            if not isinstance(target.get(key), dict):
                target[key] = {}
            _merge(target[key], value)
        else:
            target[key] = json.loads(json.dumps(value))


def pass_by(stage: Stage, name: str = "bystander") -> None:
    """Let time pass until something else has taken its course: a whole first deployment."""
    stage.apply(*rollouts.canary(stage.namespace, name, [], replicas=1))
    stage.wait("rollouts", name, states.is_healthy)
