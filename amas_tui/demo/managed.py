"""`metadata.managedFields`: who wrote which field last.

Lists are taken whole, where the real server knows some by their items' keys.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

Json = dict[str, Any]
Path = tuple[str, ...]

_NOT_OWNED: Final = frozenset(
    {
        ("apiVersion",),
        ("kind",),
        ("metadata", "name"),
        ("metadata", "namespace"),
        ("metadata", "uid"),
        ("metadata", "resourceVersion"),
        ("metadata", "generation"),
        ("metadata", "creationTimestamp"),
        ("metadata", "deletionTimestamp"),
        ("metadata", "deletionGracePeriodSeconds"),
        ("metadata", "managedFields"),
    }
)


class Writer(NamedTuple):
    """Who writes: what stands in `managedFields`."""

    manager: str
    operation: str = "Update"
    subresource: str = ""


def leaves(value: Json) -> dict[Path, Any]:
    """Return the fields that can be owned, each with its value."""
    return dict(_leaves(value, ()))


def _leaves(value: Json, path: Path) -> Iterator[tuple[Path, Any]]:
    for key, inner in value.items():
        here = (*path, key)
        if here in _NOT_OWNED:
            continue
        if isinstance(inner, dict) and inner:
            yield from _leaves(inner, here)
        else:
            yield here, inner


def record(
    before: Json | None, after: Json, writer: Writer, time: str, owned: Iterable[Path] | None = None
) -> None:
    """Note in `after` that `writer` changed what differs from `before`.

    Args:
        before: The object as it was, `None` when it is new.
        after: The object to be stored; its `managedFields` are replaced.
        writer: Who.
        time: When, as in the API.
        owned: The fields that an apply names; otherwise those that differ.
    """
    old, new = leaves(before or {}), leaves(after)
    changed = {path for path, value in new.items() if path not in old or old[path] != value}
    mine = set(changed if owned is None else owned)
    entries = []
    for entry in (before or {}).get("metadata", {}).get("managedFields", ()):
        paths = paths_of(entry)
        if _writer(entry) == writer:
            if owned is None:
                mine |= {path for path in paths if path in new}
            continue
        left = {path for path in paths if path in new and path not in changed}
        if left:
            entries.append(entry if left == paths else {**entry, "fieldsV1": _tree(left)})
    if mine:
        entries.append(_entry(after, writer, time, mine))
    if entries:
        after["metadata"]["managedFields"] = entries
    else:
        after["metadata"].pop("managedFields", None)


def owners(obj: Mapping[str, Any], path: Path) -> list[Writer]:
    """Return who owns a field."""
    entries = obj.get("metadata", {}).get("managedFields", ())
    return [_writer(entry) for entry in entries if path in paths_of(entry)]


def owned_by(obj: Mapping[str, Any], writer: Writer) -> set[Path]:
    """Return the fields that `writer` owns."""
    entries = obj.get("metadata", {}).get("managedFields", ())
    return {path for entry in entries if _writer(entry) == writer for path in paths_of(entry)}


def _writer(entry: Mapping[str, Any]) -> Writer:
    return Writer(entry["manager"], entry["operation"], entry.get("subresource", ""))


def _entry(obj: Json, writer: Writer, time: str, paths: set[Path]) -> Json:
    return {
        "apiVersion": obj["apiVersion"],
        "fieldsType": "FieldsV1",
        "fieldsV1": _tree(paths),
        "manager": writer.manager,
        "operation": writer.operation,
        **({"subresource": writer.subresource} if writer.subresource else {}),
        "time": time,
    }


def _tree(paths: Iterable[Path]) -> Json:
    tree: Json = {}
    for path in sorted(paths):
        node = tree
        for step in path:
            node = node.setdefault(f"f:{step}", {})
    return tree


def paths_of(entry: Mapping[str, Any]) -> set[Path]:
    """Return the fields of an entry."""
    return set(_paths(entry.get("fieldsV1", {}), ()))


def _paths(tree: Mapping[str, Any], path: Path) -> Iterator[Path]:
    for key, inner in tree.items():
        if key == ".":
            continue
        here = (*path, key.removeprefix("f:"))
        if inner and any(name != "." for name in inner):
            yield from _paths(inner, here)
        else:
            yield here
