"""What etcd and the API server's registry are to a cluster: objects, versions, history.

Objects are JSON as the API has it. A stored object is never changed: every change stores a new one,
so that a reader may keep what it got; nobody changes what they were given.
"""

import random
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from amas_tui.demo import defaults, managed
from amas_tui.demo.clock import Clock, rfc3339
from amas_tui.demo.copies import copied
from amas_tui.demo.managed import Writer
from amas_tui.demo.resources import Resource

Json = dict[str, Any]

HISTORY: Final = 5_000
"""How many changes a watch may continue from."""


class Key(NamedTuple):
    """One object; `namespace` is empty for a kind without."""

    resource: Resource
    namespace: str
    name: str


class Change(NamedTuple):
    """What a watch tells: `ADDED`, `MODIFIED` or `DELETED`, the object after and before it."""

    version: int
    type: str
    key: Key
    object: Json
    before: Json | None


class StatusError(Exception):
    """A refusal as the API server words it: code, reason, message and details of a `Status`."""

    def __init__(
        self, code: int, reason: str, message: str, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = None if details is None else dict(details)
        self.metadata: Json = {}

    def body(self) -> Json:
        """Return the `Status` object."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
            **({"reason": self.reason} if self.reason else {}),
            **({} if self.details is None else {"details": self.details}),
            "code": self.code,
        }


def not_found(key: Key) -> StatusError:
    """Return what the server says of an object that is not there."""
    details = {"name": key.name, "group": key.resource.group, "kind": key.resource.plural}
    message = f'{key.resource.full_name} "{key.name}" not found'
    return StatusError(404, "NotFound", message, _without_empty(details))


def already_exists(key: Key) -> StatusError:
    """Return what the server says of a name that is taken."""
    details = {"name": key.name, "group": key.resource.group, "kind": key.resource.plural}
    message = f'{key.resource.full_name} "{key.name}" already exists'
    return StatusError(409, "AlreadyExists", message, _without_empty(details))


def _without_empty(details: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in details.items() if value}


class Store:
    """All objects of the demo, and who wants to hear of changes."""

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self.clock = clock
        self.random = random.Random(seed)  # noqa: S311 - the same names in every run
        self._objects: dict[Key, Json] = {}
        # By place and by owner as well: nothing is asked for as often as all of a kind.
        self._places: defaultdict[Resource, dict[str, dict[Key, Json]]] = defaultdict(dict)
        self._owned: defaultdict[str, dict[Key, Json]] = defaultdict(dict)
        self._version = 1_000
        self._history: deque[Change] = deque(maxlen=HISTORY)
        self._oldest = self._version
        self._listeners: list[Callable[[Change], None]] = []

    @property
    def version(self) -> int:
        """Return the newest version."""
        return self._version

    @property
    def oldest(self) -> int:
        """Return the oldest version that a watch may continue from."""
        return self._oldest

    def listen(self, hear: Callable[[Change], None]) -> Callable[[], None]:
        """Call `hear` with every change from now on, in order, as it is made.

        A listener changes nothing itself: it notes what to do and does it later, on the clock.
        Returns what ends it.
        """
        self._listeners.append(hear)
        return lambda: self._listeners.remove(hear)

    def since(self, version: int) -> list[Change] | None:
        """Return the changes after `version`, `None` when they are not known any more."""
        if version < self._oldest:
            return None
        return [change for change in self._history if change.version > version]

    def compact(self) -> None:
        """Forget the history: a watch that wants to continue from before must list anew."""
        self._history.clear()
        self._oldest = self._version

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """Return an object.

        Raises:
            StatusError: There is none (404).
        """
        key = Key(resource, namespace if resource.is_namespaced else "", name)
        try:
            return self._objects[key]
        except KeyError:
            raise not_found(key) from None

    def find(self, resource: Resource, namespace: str, name: str) -> Json | None:
        """Return an object, `None` where there is none."""
        return self._objects.get(Key(resource, namespace if resource.is_namespaced else "", name))

    def select(
        self, resource: Resource, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> list[Json]:
        """Return the objects of a kind by namespace and name; all namespaces where it is empty."""
        wanted = (labels or {}).items()
        places = self._places[resource]
        held = (places.get(namespace, {}),) if namespace else tuple(places.values())
        found = sorted((key.namespace, key.name, key) for place in held for key in place)
        objects = (self._objects[key] for *_, key in found)
        if not wanted:
            return list(objects)
        return [one for one in objects if wanted <= one["metadata"].get("labels", {}).items()]

    def owned(self, resource: Resource, owner: Json) -> list[Json]:
        """Return the objects of a kind whose controller `owner` is."""
        held = self._owned.get(owner["metadata"]["uid"], {})
        found = sorted((key.name, key) for key in held if key.resource == resource)
        return [held[key] for _, key in found]

    def create(
        self,
        resource: Resource,
        obj: Json,
        *,
        dry_run: bool = False,
        writer: Writer | None = None,
    ) -> Json:
        """Store a new object and return it as stored; `writer` goes into its managedFields.

        Raises:
            StatusError: The name is taken (409).
        """
        created = copied(obj)
        metadata = created.setdefault("metadata", {})
        if "name" not in metadata and "generateName" in metadata:
            metadata["name"] = metadata["generateName"] + self.suffix()
        key = self._key(resource, created)
        if key in self._objects:
            raise already_exists(key)
        created = {"apiVersion": resource.api_version, "kind": resource.kind, **created}
        metadata["uid"] = self.uid()
        metadata["creationTimestamp"] = rfc3339(self.clock.now)
        defaults.complete(resource, created)
        if resource.counts_generation:
            metadata["generation"] = 1
        if writer is not None:
            managed.record(None, created, writer, metadata["creationTimestamp"])
        return self._keep("ADDED", key, created, None, dry_run=dry_run)

    def update(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        change: Callable[[Json], None],
        *,
        subresource: str = "",
        dry_run: bool = False,
        writer: Writer | None = None,
        owned: Iterable[managed.Path] | None = None,
    ) -> Json:
        """Let `change` work on a copy and store it; return what is stored then.

        `writer` goes into its managedFields; `owned` are the fields that an apply names.

        As in the API server a write to `status` keeps the rest, a write to the object keeps
        `status` where that is a subresource, what identifies the object cannot be changed, an
        object that does not differ is not stored again, and `generation` counts changes of the
        wish.

        Raises:
            StatusError: There is none (404).
        """
        before = self.get(resource, namespace, name)
        key = self._key(resource, before)
        after = copied(before)
        change(after)
        if subresource == "status":
            status = {"status": after["status"]} if "status" in after else {}
            # Only its metadata may change yet; what is stored is never changed.
            after = {**before, **status, "metadata": copied(before["metadata"])}
            if not status:
                after.pop("status", None)
        elif resource.has_status:
            after.pop("status", None)
            if "status" in before:
                after["status"] = before["status"]
        metadata, old = after["metadata"], before["metadata"]
        for field in ("name", "namespace", "uid", "creationTimestamp", "generation"):
            if field in old:
                metadata[field] = old[field]
        metadata["resourceVersion"] = old["resourceVersion"]
        defaults.complete(resource, after)
        if after == before and owned is None:
            return before
        if resource.counts_generation and _wish(after, resource) != _wish(before, resource):
            metadata["generation"] = int(old.get("generation", 0)) + 1
        if writer is not None:
            managed.record(before, after, writer, rfc3339(self.clock.now), owned)
        if _apart_from_times(after) == _apart_from_times(before):
            return before
        return self._keep("MODIFIED", key, after, before, dry_run=dry_run)

    def delete(
        self, resource: Resource, namespace: str, name: str, *, dry_run: bool = False
    ) -> Json:
        """Remove an object and return it as it was.

        Raises:
            StatusError: There is none (404).
        """
        before = self.get(resource, namespace, name)
        key = self._key(resource, before)
        return self._keep("DELETED", key, copied(before), before, dry_run=dry_run)

    def _key(self, resource: Resource, obj: Json) -> Key:
        metadata = obj["metadata"]
        namespace = metadata.get("namespace", "") if resource.is_namespaced else ""
        return Key(resource, namespace, metadata["name"])

    def _keep(self, type_: str, key: Key, obj: Json, before: Json | None, *, dry_run: bool) -> Json:
        if dry_run:
            return obj
        self._version += 1
        obj["metadata"]["resourceVersion"] = str(self._version)
        self._place(key, before, None if type_ == "DELETED" else obj)
        change = Change(self._version, type_, key, obj, before)
        if len(self._history) == self._history.maxlen:
            self._oldest = self._history[0].version
        self._history.append(change)
        for hear in tuple(self._listeners):
            hear(change)
        return obj

    def _place(self, key: Key, before: Json | None, obj: Json | None) -> None:
        """Put an object where it is found, or take it away."""
        place = self._places[key.resource].setdefault(key.namespace, {})
        if before is not None:
            for uid in _controllers(before):
                self._owned[uid].pop(key, None)
        if obj is None:
            del self._objects[key], place[key]
            return
        self._objects[key] = place[key] = obj
        for uid in _controllers(obj):
            self._owned[uid][key] = obj

    def uid(self) -> str:
        """Return a new uid; the same ones in every run."""
        digits = f"{self.random.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def suffix(self, length: int = 5) -> str:
        """Return the random end of a generated name, in the letters that Kubernetes uses."""
        return "".join(self.random.choices("bcdfghjklmnpqrstvwxz2456789", k=length))


def _controllers(obj: Json) -> list[str]:
    """Return the uids of whoever controls an object: one at most."""
    references = obj["metadata"].get("ownerReferences") or ()
    return [reference["uid"] for reference in references if reference.get("controller")]


def _apart_from_times(obj: Json) -> Json:
    """Return the object without the times of its managedFields: they alone are no change."""
    metadata = obj["metadata"]
    entries = [
        {key: value for key, value in entry.items() if key != "time"}
        for entry in metadata.get("managedFields", ())
    ]
    return {**obj, "metadata": {**metadata, "managedFields": entries}}


def _wish(obj: Json, resource: Resource) -> Json:
    left_out = {"metadata", "status"} if resource.has_status else {"metadata"}
    return {key: value for key, value in obj.items() if key not in left_out}
