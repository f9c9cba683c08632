"""Watches: from a version on, in order, with bookmarks, until history is gone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx
import pytest

from tests.contract.planes import Plane
from tests.contract.raw import client
from tests.contract.waiting import until
from tests.controlplane.api import Api
from tests.controlplane.kinds import Json
from tests.controlplane.manifests import manifest

_SECONDS: Final = "30"


class Stream:
    """The events of one watch, one after the other."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def next(self) -> tuple[str, str]:
        """Return the next event's type and object's name."""
        event = self.event()
        return event["type"], event["object"]["metadata"].get("name", "")

    def event(self) -> Json:
        """Return the next event."""
        found: Json = json.loads(next(self._lines))
        return found

    def rest(self) -> list[Json]:
        """Return what comes until the server ends the watch."""
        return [json.loads(line) for line in self._lines]


@contextmanager
def watching(plane: Plane, namespace: str, **params: str) -> Iterator[Stream]:
    """Watch the namespace's ConfigMaps that are ours."""
    params = {
        "watch": "true",
        "labelSelector": "is=ours",
        "timeoutSeconds": _SECONDS,
        **params,
    }
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    with client(plane) as http, http.stream("GET", path, params=params) as response:
        yield Stream(response)


def create(api: Api, namespace: str, name: str, **labels: str) -> str:
    """Create a ConfigMap of ours and return its version."""
    labels = {"is": "ours", **labels}
    made = api.create(manifest("v1", "ConfigMap", namespace, name, labels=labels))
    version: str = made["metadata"]["resourceVersion"]
    return version


def label(api: Api, namespace: str, name: str, **labels: str | None) -> str:
    changed = api.patch("configmaps", namespace, name, {"metadata": {"labels": labels}})
    version: str = changed["metadata"]["resourceVersion"]
    return version


def test_a_watch_goes_on_from_a_version(control_plane: Plane, api: Api, namespace: str) -> None:
    version = create(api, namespace, "before")
    with watching(control_plane, namespace, resourceVersion=version) as stream:
        create(api, namespace, "one")
        label(api, namespace, "one", new="yes")
        api.delete("configmaps", namespace, "one")
        assert [stream.next() for _ in range(3)] == [
            ("ADDED", "one"),
            ("MODIFIED", "one"),
            ("DELETED", "one"),
        ]


def test_a_watch_tells_what_happened_before_it_began(
    control_plane: Plane, api: Api, namespace: str
) -> None:
    version = create(api, namespace, "before")
    create(api, namespace, "one")
    label(api, namespace, "before", new="yes")
    with watching(control_plane, namespace, resourceVersion=version) as stream:
        assert [stream.next(), stream.next()] == [("ADDED", "one"), ("MODIFIED", "before")]


@pytest.mark.parametrize("version", [pytest.param({}, id="none"), {"resourceVersion": "0"}])
def test_a_watch_without_a_version_begins_with_what_there_is(
    control_plane: Plane, api: Api, namespace: str, version: dict[str, str]
) -> None:
    create(api, namespace, "one")
    create(api, namespace, "two")
    with watching(control_plane, namespace, **version) as stream:
        assert sorted([stream.next(), stream.next()]) == [("ADDED", "one"), ("ADDED", "two")]
        create(api, namespace, "three")
        assert stream.next() == ("ADDED", "three")


def test_versions_grow(control_plane: Plane, api: Api, namespace: str) -> None:
    version = create(api, namespace, "one")
    with watching(control_plane, namespace, resourceVersion=version) as stream:
        for number in range(5):
            label(api, namespace, "one", number=str(number))
        versions = [int(stream.event()["object"]["metadata"]["resourceVersion"]) for _ in range(5)]
    assert versions == sorted({*versions})
    assert versions[0] > int(version)


def test_a_deletion_bears_the_version_of_its_end(
    control_plane: Plane, api: Api, namespace: str
) -> None:
    version = create(api, namespace, "one", kept="yes")
    with watching(control_plane, namespace, resourceVersion=version) as stream:
        api.delete("configmaps", namespace, "one")
        event = stream.event()
    assert event["type"] == "DELETED"
    assert int(event["object"]["metadata"]["resourceVersion"]) > int(version)
    assert event["object"]["metadata"]["labels"]["kept"] == "yes"


def test_an_object_that_is_not_selected_any_more_is_told_as_deleted(
    control_plane: Plane, api: Api, namespace: str
) -> None:
    version = create(api, namespace, "one")
    with watching(control_plane, namespace, resourceVersion=version) as stream:
        left = label(api, namespace, "one", **{"is": "theirs"})
        event = stream.event()
        label(api, namespace, "one", **{"is": "ours"})
        assert stream.next() == ("ADDED", "one")
    assert event["type"] == "DELETED"
    assert event["object"]["metadata"]["labels"] == {"is": "ours"}
    assert event["object"]["metadata"]["resourceVersion"] == left


def test_a_field_selects_what_is_watched(control_plane: Plane, api: Api, namespace: str) -> None:
    version = create(api, namespace, "one")
    only = {"resourceVersion": version, "fieldSelector": "metadata.name=two"}
    with watching(control_plane, namespace, **only) as stream:
        label(api, namespace, "one", new="yes")
        create(api, namespace, "two")
        assert stream.next() == ("ADDED", "two")


def test_another_namespace_is_not_told_of(control_plane: Plane, api: Api, namespace: str) -> None:
    version = create(api, namespace, "one")
    with (
        api.namespace("beside") as other,
        watching(control_plane, namespace, resourceVersion=version) as stream,
    ):
        create(api, other, "theirs")
        create(api, namespace, "mine")
        assert stream.next() == ("ADDED", "mine")


def test_a_write_that_changes_nothing_is_not_told(
    control_plane: Plane, api: Api, namespace: str
) -> None:
    version = create(api, namespace, "one", kept="yes")
    with watching(control_plane, namespace, resourceVersion=version) as stream:
        assert label(api, namespace, "one", kept="yes") == version
        create(api, namespace, "two")
        assert stream.next() == ("ADDED", "two")


@pytest.mark.parametrize("word", ["true", "True", "1"])
def test_watch_is_spelled_in_many_ways(
    control_plane: Plane, api: Api, namespace: str, word: str
) -> None:
    version = create(api, namespace, "one")
    params = {"watch": word, "resourceVersion": version}
    with watching(control_plane, namespace, **params) as stream:
        create(api, namespace, "two")
        assert stream.next() == ("ADDED", "two")


def test_a_watch_ends_when_its_time_is_over(control_plane: Plane, api: Api, namespace: str) -> None:
    version = create(api, namespace, "one")
    params = {"resourceVersion": version, "timeoutSeconds": "1"}
    with watching(control_plane, namespace, **params) as stream:
        assert stream.rest() == []


def test_bookmarks_come_before_the_end_and_lead_on(
    control_plane: Plane, api: Api, namespace: str
) -> None:
    create(api, namespace, "one")

    def watched() -> tuple[str, list[Json]]:
        """Return a change's version, and what a short watch tells that has seen the change."""
        version = label(api, namespace, "one", new=None)
        params = {"resourceVersion": version, "timeoutSeconds": "5", "allowWatchBookmarks": "true"}
        with watching(control_plane, namespace, **params) as stream:
            changed = label(api, namespace, "one", new="yes")
            return changed, stream.rest()

    # The server promises no bookmark: it tries for one in the last two seconds.
    changed, events = until(watched, lambda found: len(found[1]) > 1)
    kinds = [event["type"] for event in events]
    assert kinds[0] == "MODIFIED"
    assert set(kinds[1:]) == {"BOOKMARK"}
    bookmark = events[-1]["object"]
    assert set(bookmark) == {"kind", "apiVersion", "metadata"}
    assert bookmark["kind"] == "ConfigMap"
    assert int(bookmark["metadata"]["resourceVersion"]) >= int(changed)
    then = bookmark["metadata"]["resourceVersion"]
    with watching(control_plane, namespace, resourceVersion=then) as stream:
        create(api, namespace, "two")
        assert stream.next() == ("ADDED", "two")


def test_no_bookmarks_come_unasked(control_plane: Plane, api: Api, namespace: str) -> None:
    version = create(api, namespace, "one")
    with watching(control_plane, namespace, resourceVersion=version, timeoutSeconds="4") as stream:
        label(api, namespace, "one", new="yes")
        assert [event["type"] for event in stream.rest()] == ["MODIFIED"]


def test_a_watch_is_a_stream_of_json(control_plane: Plane, api: Api, namespace: str) -> None:
    version = create(api, namespace, "one")
    params = {"resourceVersion": version, "timeoutSeconds": "1"}
    with watching(control_plane, namespace, **params) as stream:
        assert stream.response.headers["Content-Type"] == "application/json"
        assert stream.response.headers["Transfer-Encoding"] == "chunked"
        assert "Date" in stream.response.headers


def test_a_version_before_all_history_is_too_old(control_plane: Plane) -> None:
    path = "/apis/argoproj.io/v1alpha1/rollouts"
    params = {"watch": "true", "resourceVersion": "1", "timeoutSeconds": _SECONDS}
    with client(control_plane) as http, http.stream("GET", path, params=params) as response:
        assert response.status_code == 200
        (event,) = Stream(response).rest()
    assert event["type"] == "ERROR"
    body = event["object"]
    assert body.pop("message").startswith("too old resource version: 1 (")
    assert body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "reason": "Expired",
        "code": 410,
    }
