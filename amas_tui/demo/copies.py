"""Copies of JSON: objects are copied at every change, so it matters how long that takes."""

from typing import Any

_HOLDERS = frozenset({dict, list})


def copied(value: Any) -> Any:
    """Return a copy that shares nothing that can change: JSON holds only dicts, lists, scalars."""
    if type(value) is dict:
        return {
            key: copied(item) if type(item) in _HOLDERS else item for key, item in value.items()
        }
    if type(value) is list:
        return [copied(item) if type(item) in _HOLDERS else item for item in value]
    return value
