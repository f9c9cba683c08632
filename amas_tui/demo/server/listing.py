"""Lists: whole, by selector, and page by page from one moment's picture."""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from amas_tui.demo.resources import Resource
from amas_tui.demo.server.patching import go_words
from amas_tui.demo.server.requests import Asked, number
from amas_tui.demo.server.selectors import Predicate, fields, labels
from amas_tui.demo.server.status import bad_request
from amas_tui.demo.store import Json, StatusError, Store

_TOO_OLD: Final = (
    "The provided continue parameter is too old to display a consistent list result. You can start"
    " a new list without the continue parameter, or use the continue token in this response to"
    " retrieve the remainder of the results. Continuing with the provided token results in an"
    " inconsistent list - objects that were created, modified, or deleted between the time the"
    " first chunk was returned and now may show up in the list."
)
_TOO_OLD_VERSION: Final = "The resourceVersion for the provided list is too old."
_NEWEST: Final = -1
"""The version in a token that goes on from what is there now."""


class Place(NamedTuple):
    """Where a page begins: a version, and the key that the last page ended with."""

    version: int
    start: str

    def token(self) -> str:
        """Return the place as `metadata.continue` has it."""
        value = {"v": "meta.k8s.io/v1", "rv": self.version, "start": self.start + "\0"}
        text = json.dumps(value, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(text).decode().rstrip("=")


def selected(asked: Asked, resource: Resource, query: Mapping[str, str]) -> Predicate:
    """Return whether an object is among those that are asked for.

    Raises:
        StatusError: A selector cannot be read (400).
    """
    by_label = labels(query.get("labelSelector", ""))
    by_field = fields(query.get("fieldSelector", ""), resource)
    namespace = asked.scope
    return lambda obj: (
        (not namespace or obj["metadata"].get("namespace") == namespace)
        and by_label(obj)
        and by_field(obj)
    )


def page(store: Store, asked: Asked, resource: Resource, query: Mapping[str, str]) -> Json:
    """Return one page of a list, or all of it without `limit`.

    Raises:
        StatusError: The query makes no sense (400), the page's moment is forgotten (410), or the
            version asked for has not come (504).
    """
    _check_version(store, query)
    is_wanted = selected(asked, resource, query)
    limit = number(query, "limit") or 0
    place = _place(query, store.version)
    moment = store.version if place.version == _NEWEST else place.version
    keyed = sorted(
        (f"{obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}", obj)
        for obj in _at(store, resource, place._replace(version=moment))
        if is_wanted(obj)
    )
    keyed = [one for one in keyed if one[0] > place.start]
    chosen = keyed[:limit] if limit > 0 else keyed
    metadata: Json = {"resourceVersion": str(moment)}
    if left := len(keyed) - len(chosen):
        metadata["continue"] = Place(moment, chosen[-1][0]).token()
        if not (query.get("labelSelector") or query.get("fieldSelector")):
            metadata["remainingItemCount"] = left
    return whole(resource, [obj for _, obj in chosen], metadata)


def whole(resource: Resource, items: list[Json], metadata: Json) -> Json:
    """Return a list object; only custom resources name their kind in each item."""
    if not resource.is_custom:
        items = [
            {key: value for key, value in item.items() if key not in ("kind", "apiVersion")}
            for item in items
        ]
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": metadata,
        "items": items,
    }


def _check_version(store: Store, query: Mapping[str, str]) -> None:
    text = query.get("resourceVersion", "")
    if not text:
        return
    if not text.isdecimal():
        raise bad_request(
            f'invalid resource version: resourceVersion: Invalid value: "{text}":'
            f' strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    if int(text) > store.version:
        cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
        raise StatusError(
            504,
            "Timeout",
            f"Timeout: Too large resource version: {text}, current: {store.version}",
            {"causes": [cause], "retryAfterSeconds": 1},
        )


def _place(query: Mapping[str, str], newest: int) -> Place:
    token = query.get("continue", "")
    if not token:
        is_exact = query.get("resourceVersionMatch") == "Exact"
        return Place(int(query["resourceVersion"]) if is_exact else newest, "")
    data = b""
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        value: Any = json.loads(data.decode("latin-1"))
        return Place(int(value["rv"]), str(value["start"]).removesuffix("\0"))
    except (ValueError, KeyError, TypeError) as error:
        words = go_words(data, error) if isinstance(error, ValueError) else "it is no place"
        raise bad_request(f"invalid continue token: continue key is not valid: {words}") from None


def _at(store: Store, resource: Resource, place: Place) -> list[Json]:
    """Return all objects of a kind as they were at a version.

    Raises:
        StatusError: That is forgotten (410); it names the token that goes on from now.
    """
    changes = store.since(place.version)
    if changes is None:
        if not place.start:
            raise StatusError(410, "Expired", _TOO_OLD_VERSION)
        error = StatusError(410, "Expired", _TOO_OLD)
        error.metadata = {"continue": Place(_NEWEST, place.start).token()}
        raise error
    found = {_name(obj): obj for obj in store.select(resource)}
    for change in reversed(changes):
        if change.key.resource != resource:
            continue
        if change.before is None:
            found.pop((change.key.namespace, change.key.name), None)
        else:
            found[change.key.namespace, change.key.name] = change.before
    return list(found.values())


def _name(obj: Json) -> tuple[str, str]:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
