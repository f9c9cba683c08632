"""A Rollout as YAML, to read: what says nothing new is folded, secrets are masked."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from amas_tui.safe import safe, safe_lines
from amas_tui.viewmodel.preview_lines import masked
from amas_tui.viewmodel.text import Line, Span, Tone

_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
"""Says the spec a second time, with the values of its variables."""
_FOLDED: Final = "(folded)"


def manifest_lines(raw: Mapping[str, Any]) -> tuple[Line, ...]:
    """Return an object (as JSON) in YAML, and below it who manages fields of it.

    Values of variables that are named like secrets are masked.
    """
    import yaml  # noqa: PLC0415 - where YAML is read alone

    shown: dict[str, Any] = deepcopy(dict(raw))
    metadata = shown.get("metadata") or {}
    managers = metadata.pop("managedFields", None) or ()
    notes = metadata.get("annotations") or {}
    if _APPLIED in notes:
        notes[_APPLIED] = _FOLDED
    spec = shown.get("spec") or {}
    if isinstance(spec.get("template"), Mapping):
        spec["template"] = masked(spec["template"])
    text = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=10_000)
    lines = [_toned(line) for line in safe_lines(text).splitlines()]
    return (*lines, *(_manager(one) for one in managers))


def _toned(text: str) -> Line:
    """Return a line of YAML with its key told from its value."""
    key, colon, value = text.partition(":")
    if not colon or (value and not value.startswith(" ")) or key.lstrip(" -")[:1] in ("", "'", '"'):
        return (Span(text),)
    return (Span(f"{key}:", Tone.KEY), Span(value)) if value else (Span(f"{key}:", Tone.KEY),)


def _manager(entry: Mapping[str, Any]) -> Line:
    part = f" of {entry['subresource']}" if entry.get("subresource") else ""
    words = f"{entry.get('manager', '')}: {entry.get('operation', '')}{part}"
    return (Span(safe(f"# managed by {words}, {entry.get('time', '')}"), Tone.DIM),)
