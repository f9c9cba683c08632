"""Bytes in, records out: the edge where pydantic validates what the API server sent.

A field of an unexpected shape costs only itself: it is dropped and the object is read without it.
An object without a name or uid makes no sense; it is counted and left out.
"""

import json
import logging
import re
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from amas_tui.domain.base import Many, Str, record
from amas_tui.domain.watch import Applied, Bookmark, Deleted, Undecodable
from amas_tui.errors import BY_STATUS, ApiError, DecodeError, InvalidError
from amas_tui.safe import safe

log = logging.getLogger(__name__)

T = TypeVar("T")

_MAX_REPAIRS: Final = 64
_DAY: Final = 86_400
_NO_LIST: Final = "the answer is not a list of the Kubernetes API"
_TYPE = re.compile(rb'\s*\{\s*"type"\s*:\s*"([A-Z]+)"')


@record
class _ListMeta:
    resource_version: Str = ""
    continue_: Str = ""
    remaining_item_count: int | None = None


@record
class _Page(Generic[T]):
    items: Many[T] = ()
    metadata: _ListMeta = _ListMeta()


@record
class _Event(Generic[T]):
    type: Str
    object: T


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        token: What asks for the next page; empty on the last.
        undecodable: Objects left out.
    """

    items: tuple[T, ...]
    resource_version: str
    token: str
    undecodable: int = 0


class Decoder(Generic[T]):
    """Reads one kind of object."""

    def __init__(self, type_: type[T]) -> None:
        self._type: Any = type_

    # Each takes ten milliseconds to build, and the first picture needs one of them.

    @cached_property
    def _one(self) -> TypeAdapter[T]:
        return TypeAdapter(self._type)

    @cached_property
    def _page(self) -> TypeAdapter[_Page[T]]:
        page: Any = _Page
        return TypeAdapter(page[self._type])

    @cached_property
    def _event(self) -> TypeAdapter[_Event[T]]:
        event: Any = _Event
        return TypeAdapter(event[self._type])

    def prepare_events(self) -> None:
        """Get ready for a watch, so that its first event does not wait for it."""
        _ = self._event

    def one(self, body: bytes) -> T:
        """Return the object in `body`.

        Raises:
            DecodeError: It is not JSON, or not an object with a name and uid.
        """
        try:
            return self._one.validate_json(body)
        except ValidationError:
            return self.from_json(json_object(body))

    def page(self, body: bytes) -> Page[T]:
        """Return one page of a list.

        Raises:
            DecodeError: The body is not a list of the API.
        """
        try:
            page = self._page.validate_json(body)
        except ValidationError:
            return self._odd_page(json_object(body))
        if not page.metadata.resource_version:
            raise DecodeError(_NO_LIST)
        return Page(page.items, page.metadata.resource_version, page.metadata.continue_)

    def event(self, line: bytes) -> Applied[T] | Deleted[T] | Bookmark | Undecodable:
        """Return what one line of a watch tells.

        Raises:
            GoneError: The version to continue from has expired.
            ApiError: The server ended the watch with another error.
            DecodeError: The line is not an event.
        """
        found = _TYPE.match(line)
        if found is None or found[1] not in _CHANGES:
            return _special(json_object(line))
        kind = found[1]
        try:
            item = self._event.validate_json(line).object
        except ValidationError:
            raw = json_object(line).get("object")
            name = _name(raw)
            try:
                item = self.from_json(raw if isinstance(raw, dict) else {})
            except DecodeError as error:
                log.warning("skipped an event: %s", error.text)
                return Undecodable(name)
        return Deleted(item) if kind == b"DELETED" else Applied(item)

    def from_json(self, raw: dict[str, Any]) -> T:
        """Return the object in parsed JSON, without the fields that cannot be read.

        Raises:
            DecodeError: Nothing sensible is left.
        """
        name = _name(raw)
        for _ in range(_MAX_REPAIRS):
            try:
                return self._one.validate_python(raw)
            except ValidationError as error:
                # A union reports a field once per alternative; it is dropped once. The last come
                # first, so that the places of a list's earlier items still hold.
                odd = {_existing(raw, detail["loc"]) for detail in error.errors()} - {()}
                if not odd:
                    reason = safe(str(error.errors()[0]["msg"]))
                    raise DecodeError(f"cannot read {name}: {reason}") from error
                for path in sorted(odd, key=_place, reverse=True):
                    _drop(raw, path)
                log.warning("odd fields in %s were left out", name)
        raise DecodeError(f"cannot read {name}: too many odd fields")

    def _odd_page(self, raw: dict[str, Any]) -> Page[T]:
        meta = raw.get("metadata")
        items = raw.get("items")
        version = meta.get("resourceVersion") if isinstance(meta, dict) else None
        if not isinstance(meta, dict) or not version or not isinstance(items, list | None):
            raise DecodeError(_NO_LIST)
        found, undecodable = [], 0
        for item in items or []:
            try:
                found.append(self.from_json(item if isinstance(item, dict) else {}))
            except DecodeError as error:
                log.warning("left out of the list: %s", error.text)
                undecodable += 1
        return Page(
            tuple(found),
            str(version),
            str(meta.get("continue") or ""),
            undecodable,
        )


_CHANGES: Final = frozenset({b"ADDED", b"MODIFIED", b"DELETED"})


@cache
def decoder(type_: Any) -> Decoder[Any]:
    """Return the decoder of a record type; building one takes milliseconds, so it is kept."""
    return Decoder(type_)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`.

    Raises:
        DecodeError: It is not one.
    """
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"not JSON: {safe(repr(body[:60]))}") from error
    if not isinstance(raw, dict):
        raise DecodeError(f"not a JSON object: {safe(repr(body[:60]))}")
    return raw


def _name(raw: object) -> str:
    meta = raw.get("metadata") if isinstance(raw, dict) else None
    name = meta.get("name") if isinstance(meta, dict) else None
    return safe(str(name or "an object without a name"))


_Path = tuple[int | str, ...]


def _existing(raw: Any, path: _Path) -> _Path:
    """Return the part of `path` that leads to something in `raw`."""
    value = raw
    for depth, step in enumerate(path):
        known = isinstance(value, dict) and step in value
        known = known or (isinstance(value, list) and isinstance(step, int) and step < len(value))
        if not known:
            return path[:depth]
        value = value[step]
    return path


def _place(path: _Path) -> tuple[tuple[bool, int | str], ...]:
    return tuple((isinstance(step, str), step) for step in path)


def _drop(raw: Any, path: _Path) -> None:
    """Remove the field at `path`."""
    *way, last = path
    for step in way:
        raw = raw[step]
    del raw[last]


def _special(raw: dict[str, Any]) -> Bookmark:
    body = raw.get("object")
    body = body if isinstance(body, dict) else {}
    match raw.get("type"):
        case "BOOKMARK":
            meta = body.get("metadata")
            return Bookmark(str(meta.get("resourceVersion") if isinstance(meta, dict) else ""))
        case "ERROR":
            code = body.get("code")
            raise status_error(body, code if isinstance(code, int) else 500, "watch")
        case _:
            raise DecodeError(f"not a watch event: {safe(json.dumps(raw)[:60])}")


def _shorter(message: str) -> str:
    """Return who is refused, where the rest of a sentence repeats what was asked."""
    found = _REFUSED.match(message)
    return f"Forbidden: {found[1]} may not" if found else message


_REFUSED = re.compile(r'.* is forbidden: (User "[^"]*") cannot \S+ resource')


def status_error(
    body: dict[str, Any], status: int, doing: str, retry_after: float | None = None
) -> ApiError:
    """Return the error that a `Status` body stands for.

    Args:
        body: The parsed Status; may be empty.
        status: The HTTP status, or the body's own code inside a watch.
        doing: What was tried, e.g. `list rollouts`.
        retry_after: Seconds from the header.
    """
    message = body.get("message")
    reason = str(body.get("reason") or "")
    said = _shorter(str(message or reason or "no reason given"))
    text = f"cannot {doing}: {status} {said}"
    details = body.get("details")
    if isinstance(details, dict) and retry_after is None:
        seconds = details.get("retryAfterSeconds")
        retry_after = (
            float(min(seconds, _DAY)) if isinstance(seconds, int) and seconds > 0 else None
        )
    type_ = BY_STATUS.get(status, ApiError)
    if type_ is InvalidError:
        causes = details.get("causes") if isinstance(details, dict) else None
        messages = tuple(
            safe(str(cause.get("message", ""))) for cause in causes or () if isinstance(cause, dict)
        )
        return InvalidError(
            text, status=status, reason=reason, retry_after=retry_after, causes=messages
        )
    hint = _HINTS.get(status, "")
    return type_(text, status=status, reason=reason, retry_after=retry_after, hint=hint)


_HINTS: Final = {
    401: "Log in again, e.g. by kubectl get rollouts, then press Ctrl-R",
    403: "Ask for the Role in the README, or choose a namespace with -n",
}
"""The next step, where a status alone tells it."""
