"""Whose hand a write was, as far as managedFields tell: a field manager, never a person."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from amas_tui.actions.write import FIELD_MANAGER, Write
from amas_tui.domain.base import ManagedFields
from amas_tui.safe import safe
from amas_tui.store.kinds import Kind

OWN_MANAGERS: Final = frozenset({FIELD_MANAGER, "rollouts-controller", "argo-rollouts"})
"""Ours, and the controller's: they are no other hand."""

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def new_writers(
    before: Iterable[ManagedFields], now: Iterable[ManagedFields]
) -> tuple[ManagedFields, ...]:
    """Return which other hands have written between two versions, the newest last.

    The two are compared with each other and never with a clock: ours may be wrong.
    """
    known = {(entry.manager, entry.subresource, entry.time) for entry in before}
    found = [
        entry
        for entry in now
        if entry.manager not in OWN_MANAGERS
        and (entry.manager, entry.subresource, entry.time) not in known
    ]
    return tuple(sorted(found, key=lambda entry: entry.time or _NEVER))


def new_writer(before: Iterable[ManagedFields], now: Iterable[ManagedFields]) -> str:
    """Return which other hand wrote an object itself last, empty where none did."""
    own = [entry for entry in new_writers(before, now) if not entry.subresource]
    return own[-1].manager if own else ""


def fields_of(raw: Mapping[str, Any]) -> Iterator[ManagedFields]:
    """Yield the managedFields of an object as JSON."""
    for entry in (raw.get("metadata") or {}).get("managedFields") or ():
        time = entry.get("time")
        yield ManagedFields(
            manager=safe(str(entry.get("manager") or "")),
            subresource=safe(str(entry.get("subresource") or "")),
            time=datetime.fromisoformat(time) if isinstance(time, str) else None,
        )


def put_back(what: str, who: str) -> str:
    """Return the sentence of something that somebody put back."""
    return f"{who or 'somebody'} put {what} back"


def words_of(write: Write) -> str:
    """Return what a write changes, in words."""
    paths = [change.path for change in write.changes]
    is_template = any(path.startswith(("/template", "/spec/template")) for path in paths)
    what = "the pod template" if is_template else paths[0].strip("/").replace("/", ".")
    return what if write.kind is Kind.ROLLOUTS else f"{what} of {place(write)}"


def place(write: Write) -> str:
    """Return the object of a write in words, e.g. `deployment checkout`."""
    return f"{write.kind.removesuffix('s')} {write.key.name}"
