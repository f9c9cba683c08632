"""A write as a value: nothing is sent here.

Every write is a JSON patch whose `test` operations hold what the user saw, so that the API server
refuses it when the rollout has moved meanwhile. On a status subresource a merge patch with a wrong
uid is silently accepted; a JSON patch is not.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from amas_tui.domain.base import Key
from amas_tui.domain.rollout import PauseCondition
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

    @property
    def changes(self) -> tuple[Operation, ...]:
        """Return the operations that change something."""
        return tuple(operation for operation in self.operations if operation.op != "test")


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
