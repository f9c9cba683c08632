"""Events, as client-go's recorder writes them: repeated ones are counted, floods are cut.

Many of one reason with different words become one Event whose message changes.

Source: k8s.io/client-go/tools/record/events_cache.go.
"""

from dataclasses import dataclass
from typing import Final

from amas_tui.demo.clock import rfc3339
from amas_tui.demo.controller.objects import name_of, namespace_of, uid_of
from amas_tui.demo.resources import EVENTS
from amas_tui.demo.store import Json, Store

NORMAL: Final = "Normal"
WARNING: Final = "Warning"
_BURST: Final = 25
_REFILL_SECONDS: Final = 300.0
_MOST_SIMILAR: Final = 10
_SIMILAR_SECONDS: Final = 600.0
_KEPT_SECONDS: Final = 3600.0
"""How long the API server keeps an Event."""


@dataclass(slots=True)
class _Bucket:
    """How many Events an object may still have, and when that was counted."""

    left: float
    at: float


@dataclass(slots=True)
class _Similar:
    """The messages of one reason, and when the last came."""

    messages: set[str]
    at: float


class Recorder:
    """One component that tells what it does."""

    def __init__(self, store: Store, component: str, *, host: str = "") -> None:
        self._store = store
        self._component = component
        self._host = host
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._told: dict[tuple[str, str, str, str], str] = {}
        self._similar: dict[tuple[str, str, str], _Similar] = {}

    def tell(self, obj: Json, reason: str, message: str, *, type_: str = NORMAL) -> None:
        """Write an Event about an object, or count it when it was told before."""
        same = (uid_of(obj), type_, reason, message)
        if self._is_one_of_many(same):
            same = (*same[:3], "")
            message = f"(combined from similar events): {message}"
        if not self._is_allowed(uid_of(obj), type_):
            return
        namespace = namespace_of(obj)
        if (name := self._told.get(same)) and self._store.find(EVENTS, namespace, name):
            self._store.update(EVENTS, namespace, name, lambda event: self._count(event, message))
            return
        self._told[same] = self._create(obj, reason, message, type_)

    def warn(self, obj: Json, reason: str, message: str) -> None:
        """Write a Warning."""
        self.tell(obj, reason, message, type_=WARNING)

    def _is_one_of_many(self, same: tuple[str, str, str, str]) -> bool:
        """Whether too many different messages of a reason came lately. Source: EventAggregate."""
        now = self._store.clock.elapsed
        known = self._similar.setdefault(same[:3], _Similar(set(), now))
        if now - known.at > _SIMILAR_SECONDS:
            known.messages.clear()
        known.at = now
        known.messages.add(same[3])
        if len(known.messages) < _MOST_SIMILAR:
            return False
        known.messages.remove(min(known.messages))
        return True

    def _is_allowed(self, uid: str, type_: str) -> bool:
        now = self._store.clock.elapsed
        bucket = self._buckets.setdefault((uid, type_), _Bucket(_BURST, now))
        bucket.left = min(_BURST, bucket.left + (now - bucket.at) / _REFILL_SECONDS)
        bucket.at = now
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True

    def _count(self, event: Json, message: str) -> None:
        event["count"] += 1
        event["message"] = message
        event["lastTimestamp"] = rfc3339(self._store.clock.now)

    def _create(self, obj: Json, reason: str, message: str, type_: str) -> str:
        now = rfc3339(self._store.clock.now)
        namespace = namespace_of(obj)
        name = f"{name_of(obj)}.{self._stamp(obj):x}"
        event = {
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": _reference(obj),
            "reason": reason,
            "message": message,
            "source": {
                "component": self._component,
                **({"host": self._host} if self._host else {}),
            },
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": type_,
            "eventTime": None,
            "reportingComponent": self._component,
            "reportingInstance": self._host,
        }
        self._store.create(EVENTS, event)
        self._store.clock.call_later(_KEPT_SECONDS, lambda: self._forget(namespace, name))
        return name

    def _stamp(self, obj: Json) -> int:
        """Return the time in nanoseconds, moved on until the Event's name is free."""
        stamp = int(self._store.clock.time * 1e9)
        while self._store.find(EVENTS, namespace_of(obj), f"{name_of(obj)}.{stamp:x}"):
            stamp += 1
        return stamp

    def _forget(self, namespace: str, name: str) -> None:
        if self._store.find(EVENTS, namespace, name):
            self._store.delete(EVENTS, namespace, name)
        self._told = {same: told for same, told in self._told.items() if told != name}


def _reference(obj: Json) -> Json:
    metadata = obj["metadata"]
    return {
        "kind": obj["kind"],
        **({"namespace": metadata["namespace"]} if "namespace" in metadata else {}),
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": obj["apiVersion"],
        "resourceVersion": metadata["resourceVersion"],
    }
