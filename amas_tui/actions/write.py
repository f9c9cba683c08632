"""A write as a value: nothing is sent here.

Every write is a JSON patch whose `test` operations hold what the user saw, so that the API server
refuses it when the rollout has moved meanwhile. On a status subresource a merge patch with a wrong
uid is silently accepted; a JSON patch is not.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from amas_tui.domain.base import Key
from amas_tui.domain.rollout import PauseCondition, Rollout
from amas_tui.store.kinds import Kind

FIELD_MANAGER: Final = "amas-tui"
JSON_PATCH: Final = "application/json-patch+json"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a JSON patch (RFC 6902). A `test` for null also holds for an absent key."""

    op: str
    path: str
    value: Any = None

    def to_json(self) -> dict[str, Any]:
        """Return it as the API reads it."""
        if self.op == "remove":
            return {"op": self.op, "path": self.path}
        return {"op": self.op, "path": self.path, "value": self.value}


@dataclass(frozen=True, slots=True)
class Write:
    """One guarded write to one object or its status."""

    kind: Kind
    key: Key
    operations: tuple[Operation, ...]
    subresource: str = ""

    @property
    def body(self) -> bytes:
        """Return what goes over the wire; the same bytes for a dry-run and the real thing."""
        patch = [operation.to_json() for operation in self.operations]
        return json.dumps(patch, separators=(",", ":"), ensure_ascii=False).encode()

    @property
    def target(self) -> str:
        """Return the object in words, e.g. `rollouts/checkout/status in shop`."""
        parts = [str(self.kind), self.key.name, *([self.subresource] if self.subresource else [])]
        return "/".join(parts) + f" in {self.key.namespace}"

    def is_in(self, raw: Mapping[str, Any]) -> bool:
        """Return whether an object (as JSON) shows what this write makes of it."""
        return all(_holds(operation, raw) for operation in self.changes)

    def differs(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Return whether any place that is written differs between two versions (as JSON)."""
        places = (operation.path for operation in self.changes)
        return any(_at(place, before) != _at(place, after) for place in places)

    def is_undone(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
        """Return whether every place that is written is again as it was before (both as JSON)."""
        places = (operation.path for operation in self.changes)
        return all(_same(_at(place, before), _at(place, now)) for place in places)

    def is_kept(self, before: Mapping[str, Any], reply: Mapping[str, Any]) -> bool:
        """Return whether the server's reply shows the write at all, and not what was before."""
        return self.is_in(reply) or self.differs(before, reply)

    def noted(self) -> Iterator[dict[str, Any]]:
        """Yield the operations for the audit file: a pod template by its images alone.

        A template may hold secrets in its variables; what was in it is known by its hash.
        """
        for operation in self.changes:
            raw = operation.to_json()
            if isinstance(operation.value, Mapping):
                spec = operation.value.get("spec") or {}
                images = [str(one.get("image", "")) for one in spec.get("containers") or ()]
                body = json.dumps(operation.value, sort_keys=True).encode()
                raw["value"] = {"images": images, "sha256": sha256(body).hexdigest()}
            yield raw

    def still_fits(self, raw: Mapping[str, Any]) -> bool:
        """Return whether every guard holds for an object (as JSON): it has not moved."""
        return not self.broken_guards(raw)

    def broken_guards(self, raw: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the places of the guards that do not hold for an object (as JSON)."""
        guards = (operation for operation in self.operations if operation.op == "test")
        return tuple(guard.path for guard in guards if not _holds(guard, raw))

    @property
    def changes(self) -> tuple[Operation, ...]:
        """Return the operations that change something."""
        return tuple(operation for operation in self.operations if operation.op != "test")


_ABSENT: Final = object()


def _at(path: str, raw: Mapping[str, Any]) -> Any:
    """Return what is at a JSON pointer, `_ABSENT` for nothing."""
    found: Any = raw
    for escaped in path.split("/")[1:]:
        part = escaped.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping):
            found = found.get(part, _ABSENT)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return _ABSENT
    return found


def _same(one: Any, other: Any) -> bool:
    """Return whether two values mean the same: an absent switch is off."""
    off = (_ABSENT, None, False)
    return bool(one == other) or (one in off and other in off)


def _holds(operation: Operation, raw: Mapping[str, Any]) -> bool:
    found = _at(operation.path, raw)
    if operation.op == "remove":
        return found in (_ABSENT, None)
    if operation.value in (None, False):
        return found in (_ABSENT, None, False)
    return bool(found == operation.value)


def identity(rollout: Rollout) -> tuple[tuple[str, Any], ...]:
    """Return what every write to a rollout is held to: the object, and the version it wants."""
    return (
        ("/metadata/uid", rollout.uid),
        ("/status/currentPodHash", rollout.status.current_pod_hash or None),
    )


def status_write(rollout: Rollout, seen: tuple[tuple[str, Any], ...], *changes: Operation) -> Write:
    """Return a write to the status, held to identity and to what was seen."""
    guards = tests((*identity(rollout), *seen))
    return Write(Kind.ROLLOUTS, rollout.key, (*guards, *changes), "status")


def spec_write(rollout: Rollout, *changes: Operation) -> Write:
    """Return a write to the spec, held to the whole spec that was seen."""
    guards = tests(
        (
            ("/metadata/uid", rollout.uid),
            ("/metadata/generation", rollout.metadata.generation),
        )
    )
    return Write(Kind.ROLLOUTS, rollout.key, (*guards, *changes))


def tests(pairs: Iterable[tuple[str, Any]]) -> tuple[Operation, ...]:
    """Return a `test` for each path and the value that was seen there."""
    return tuple(Operation("test", path, value) for path, value in pairs)


def api_time(moment: datetime) -> str:
    """Return a time as the API writes metav1.Time: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def api_pauses(conditions: tuple[PauseCondition, ...]) -> list[dict[str, str]] | None:
    """Return pause conditions as the API holds them, `None` for none."""
    if not conditions:
        return None
    return [
        {
            "reason": condition.reason,
            **({"startTime": api_time(condition.start_time)} if condition.start_time else {}),
        }
        for condition in conditions
    ]
