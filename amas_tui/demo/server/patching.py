"""The three patches: JSON merge patch, JSON patch, server-side apply.

Sources: RFC 7386 and RFC 6902 as github.com/evanphx/json-patch reads it, on which the API server
stands; staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go for the words.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from amas_tui.demo.copies import copied
from amas_tui.demo.server.status import bad_request, unprocessable
from amas_tui.demo.store import StatusError

Json = dict[str, Any]

MERGE: Final = "application/merge-patch+json"
JSON: Final = "application/json-patch+json"
APPLY: Final = "application/apply-patch+yaml"
STRATEGIC: Final = "application/strategic-merge-patch+json"

_KINDS: Final = {dict: "object", list: "array", str: "string", bool: "bool"}


class _MissingError(Exception):
    """A path of a JSON patch leads nowhere."""


def merge_patch(body: bytes) -> Callable[[Json], Json]:
    """Return what a merge patch does to an object.

    Raises:
        StatusError: It is no JSON object (400).
    """
    patch = decoded(body)
    if not isinstance(patch, dict):
        raise _not_a("map[string]interface {}", patch)
    return lambda obj: merged(obj, patch)


def merged(target: Any, patch: Any) -> Any:
    """Return `target` after a merge patch. Source: RFC 7386, section 2."""
    if not isinstance(patch, dict):
        return copied(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def json_patch(body: bytes) -> Callable[[Json], Json]:
    """Return what a JSON patch does to an object; that may raise `StatusError` (422).

    Raises:
        StatusError: It is no list of operations (400).
    """
    patch = decoded(body)
    if not isinstance(patch, list):
        raise _not_a("[]handlers.jsonPatchOp", patch)

    def change(obj: Json) -> Json:
        document: Any = copied(obj)
        try:
            for operation in patch:
                _apply(document, operation)
        except (_MissingError, KeyError, TypeError, AttributeError):
            raise unprocessable() from None
        return dict(document)

    return change


def _not_a(go_type: str, patch: Any) -> StatusError:
    return bad_request(
        f"error decoding patch: json: cannot unmarshal {_kind(patch)} into Go value of type"
        f" {go_type}"
    )


def decoded(body: bytes) -> Any:
    """Return the JSON of a patch.

    Raises:
        StatusError: It is none (400).
    """
    try:
        return json.loads(body)
    except ValueError as error:
        raise bad_request(f"error decoding patch: {go_words(body, error)}") from None


def go_words(body: bytes, error: ValueError) -> str:
    """Return what Go's decoder says of a body that is not JSON, for the usual mistakes."""
    text = body.decode("latin-1")
    at = error.pos if isinstance(error, json.JSONDecodeError) else 0
    if at >= len(text):
        return "unexpected end of JSON input"
    before = text[:at].rstrip()
    where = "object key string" if before.endswith(("{", ",")) and _in_object(before) else "value"
    shown = text[at] if text[at].isprintable() else f"\\u{ord(text[at]):04x}"
    return f"invalid character '{shown}' looking for beginning of {where}"


def _in_object(before: str) -> bool:
    return before.rfind("{") >= before.rfind("[")


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "number" if isinstance(value, int | float) else "null")


def _apply(document: Any, operation: Json) -> None:
    match operation["op"]:
        case "add":
            _add(document, operation["path"], copied(operation.get("value")))
        case "remove":
            _remove(document, operation["path"])
        case "replace":
            _replace(document, operation["path"], copied(operation.get("value")))
        case "test":
            if _found(document, operation["path"]) != operation.get("value"):
                raise _MissingError
        case "copy":
            _add(document, operation["path"], copied(_found(document, operation["from"])))
        case "move":
            value = _found(document, operation["from"])
            _remove(document, operation["from"])
            _add(document, operation["path"], value)
        case _:
            raise _MissingError


def _parent(document: Any, pointer: str) -> tuple[Any, str]:
    """Return what holds the value at a pointer, and the last step to it."""
    if not pointer.startswith("/"):
        raise _MissingError
    *way, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))
    for step in way:
        document = _item(document, step)
        if not isinstance(document, dict | list):
            raise _MissingError
    return document, last


def _item(holder: Any, step: str) -> Any:
    if isinstance(holder, list):
        return holder[_index(holder, step, len(holder) - 1)]
    return holder.get(step)


def _index(holder: list[Any], step: str, highest: int) -> int:
    try:
        index = int(step)
    except ValueError:
        raise _MissingError from None
    index = index + len(holder) if index < 0 else index
    if not 0 <= index <= highest:
        raise _MissingError
    return index


def _found(document: Any, pointer: str) -> Any:
    """Return the value at a pointer; a key that is absent reads as null."""
    holder, last = _parent(document, pointer)
    return _item(holder, last)


def _add(document: Any, pointer: str, value: Any) -> None:
    holder, last = _parent(document, pointer)
    if isinstance(holder, list):
        at = len(holder) if last == "-" else _index(holder, last, len(holder))
        holder.insert(at, value)
    else:
        holder[last] = value


def _replace(document: Any, pointer: str, value: Any) -> None:
    holder, last = _parent(document, pointer)
    if isinstance(holder, list):
        holder[_index(holder, last, len(holder) - 1)] = value
    else:
        holder[last] = value


def _remove(document: Any, pointer: str) -> None:
    holder, last = _parent(document, pointer)
    if isinstance(holder, list):
        del holder[_index(holder, last, len(holder) - 1)]
    else:
        del holder[last]
