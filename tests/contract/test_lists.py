"""Lists: selectors, and pages that show one moment."""

import base64
import json
from collections.abc import Iterator
from typing import Final, NamedTuple

import pytest

from tests.contract.planes import Plane
from tests.contract.raw import ARGO, send, status
from tests.contract.waiting import until
from tests.controlplane.api import Api
from tests.controlplane.kinds import Json
from tests.controlplane.manifests import manifest

NAMES: Final = ("a1", "a2", "b1", "b2", "c1")
LABELS: Final = {
    "a1": {"team": "a", "tier": "web"},
    "a2": {"team": "a"},
    "b1": {"team": "b", "tier": "web", "size": "3"},
    "b2": {"team": "b", "tier": "db", "size": "12"},
    "c1": {},
}


@pytest.fixture(scope="module")
def maps(control_plane: Plane) -> Iterator[str]:
    """A namespace with five ConfigMaps of several labels, which nothing else changes."""
    with Api(control_plane) as api, api.namespace("lists") as name:
        for each, labels in LABELS.items():
            api.create(manifest("v1", "ConfigMap", name, each, labels={"is": "ours", **labels}))
        yield name


def listed(plane: Plane, namespace: str, **params: str) -> Json:
    """Return a list of the ConfigMaps, of ours alone unless selected otherwise."""
    params = {"labelSelector": "is=ours", **params}
    answer = send(plane, "GET", f"/api/v1/namespaces/{namespace}/configmaps", params=params)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def names(found: Json) -> list[str]:
    return [item["metadata"]["name"] for item in found["items"]]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("team=a", ["a1", "a2"]),
        ("team==a", ["a1", "a2"]),
        ("team!=a", ["b1", "b2", "c1"]),
        ("team in (a, c)", ["a1", "a2"]),
        ("team notin (a)", ["b1", "b2", "c1"]),
        ("tier", ["a1", "b1", "b2"]),
        ("!tier", ["a2", "c1"]),
        ("team=a,!tier", ["a2"]),
        ("team in (a,b),tier notin (db)", ["a1", "a2", "b1"]),
        ("size>3", ["b2"]),
        ("size<12", ["b1"]),
        ("team=", []),
        ("team in (,a)", ["a1", "a2"]),
    ],
)
def test_labels_select(control_plane: Plane, maps: str, selector: str, expected: list[str]) -> None:
    assert names(listed(control_plane, maps, labelSelector=f"is=ours,{selector}")) == expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("metadata.name=a1", ["a1"]),
        ("metadata.name==a1", ["a1"]),
        ("metadata.name!=a1", ["a2", "b1", "b2", "c1"]),
        ("metadata.namespace=NS", list(NAMES)),
        ("metadata.namespace!=NS", []),
        ("metadata.name=a1,metadata.namespace=NS", ["a1"]),
    ],
)
def test_fields_select(control_plane: Plane, maps: str, selector: str, expected: list[str]) -> None:
    found = listed(control_plane, maps, fieldSelector=selector.replace("NS", maps))
    assert names(found) == expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("involvedObject.name=web", ["e1", "e2"]),
        ("involvedObject.kind=Rollout,involvedObject.name=web", ["e1"]),
        ("involvedObject.uid=u2", ["e2"]),
        ("involvedObject.namespace=NS", ["e1", "e2", "e3"]),
        ("reason=Odd", ["e3"]),
        ("type!=Normal", ["e3"]),
        ("source=watcher", ["e1"]),
    ],
)
def test_events_are_selected_by_what_they_are_about(
    control_plane: Plane, events: str, selector: str, expected: list[str]
) -> None:
    params = {"fieldSelector": selector.replace("NS", events)}
    answer = send(control_plane, "GET", f"/api/v1/namespaces/{events}/events", params=params)
    assert names(answer.json()) == expected


@pytest.fixture(scope="module")
def events(control_plane: Plane) -> Iterator[str]:
    """A namespace with three Events."""

    def event(name: str, kind: str, about: str, uid: str, reason: str, type_: str) -> Json:
        involved = {"kind": kind, "namespace": namespace, "name": about, "uid": uid}
        more: Json = {"source": {"component": "watcher"}} if name == "e1" else {}
        more |= {"involvedObject": involved, "reason": reason, "message": "m", "type": type_}
        return manifest("v1", "Event", namespace, name, **more)

    with Api(control_plane) as api, api.namespace("events") as namespace:
        for one in (
            event("e1", "Rollout", "web", "u1", "Fine", "Normal"),
            event("e2", "Pod", "web", "u2", "Fine", "Normal"),
            event("e3", "Pod", "web-1", "u3", "Odd", "Warning"),
        ):
            api.create(one)
        yield namespace


def test_a_list_without_a_limit_is_whole(control_plane: Plane, maps: str) -> None:
    found = listed(control_plane, maps)
    assert names(found) == list(NAMES)
    assert not found["metadata"].get("continue")
    assert (found["kind"], found["apiVersion"]) == ("ConfigMapList", "v1")


def test_items_of_the_core_do_not_name_their_kind(control_plane: Plane, maps: str) -> None:
    assert all("kind" not in item for item in listed(control_plane, maps)["items"])


def test_custom_items_name_their_kind(api: Api, namespace: str) -> None:
    api.create(_template(namespace, "t"))
    (item,) = api.list("analysistemplates", namespace)
    assert (item["kind"], item["apiVersion"]) == ("AnalysisTemplate", "argoproj.io/v1alpha1")


def test_pages_put_together_are_the_list(control_plane: Plane, maps: str) -> None:
    pages = list(_pages(control_plane, maps, "2"))
    assert [names(page) for page in pages] == [["a1", "a2"], ["b1", "b2"], ["c1"]]
    assert len({page["metadata"]["resourceVersion"] for page in pages}) == 1


def test_a_page_with_a_selector_does_not_say_how_many_are_left(
    control_plane: Plane, maps: str
) -> None:
    page = listed(control_plane, maps, limit="2")
    assert "remainingItemCount" not in page["metadata"]


def test_a_page_says_how_many_are_left(control_plane: Plane, api: Api, namespace: str) -> None:
    for number in range(3):
        api.create(_template(namespace, f"t{number}"))
    path = f"{ARGO}/namespaces/{namespace}/analysistemplates"
    answer = send(control_plane, "GET", path, params={"limit": "1"})
    assert answer.json()["metadata"]["remainingItemCount"] == 2


def test_pages_show_the_moment_of_the_first(control_plane: Plane, api: Api, namespace: str) -> None:
    for name in ("t1", "t2", "t3"):
        api.create(_template(namespace, name))
    path = f"{ARGO}/namespaces/{namespace}/analysistemplates"
    first = send(control_plane, "GET", path, params={"limit": "1"}).json()
    api.delete("analysistemplates", namespace, "t2")
    api.patch("analysistemplates", namespace, "t3", {"metadata": {"labels": {"late": "yes"}}})
    api.create(_template(namespace, "t4"))
    rest = {"limit": "9", "continue": first["metadata"]["continue"]}
    second = send(control_plane, "GET", path, params=rest).json()
    assert names(second) == ["t2", "t3"]
    assert "labels" not in second["items"][1]["metadata"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


class Forgotten(NamedTuple):
    """A moment that was listed and then forgotten, when `t2` of three templates had gone."""

    path: str
    version: str
    token: str


@pytest.fixture(scope="module")
def forgotten(control_plane: Plane) -> Iterator[Forgotten]:
    """A page and a version of a moment that the server knows no more."""
    with Api(control_plane) as api, api.namespace("forgotten") as namespace:
        for name in ("t1", "t2", "t3"):
            api.create(_template(namespace, name))
        path = f"{ARGO}/namespaces/{namespace}/analysistemplates"
        metadata = send(control_plane, "GET", path, params={"limit": "1"}).json()["metadata"]
        moment = Forgotten(path, metadata["resourceVersion"], metadata["continue"])
        api.delete("analysistemplates", namespace, "t2")
        control_plane.forget()
        until(
            lambda: send(control_plane, "GET", path, params={"continue": moment.token}),
            lambda answer: answer.status_code == 410,
        )
        yield moment


def test_a_page_of_a_forgotten_moment_is_gone_and_says_how_to_go_on(
    control_plane: Plane, forgotten: Forgotten
) -> None:
    path, rest = forgotten.path, {"limit": "9", "continue": forgotten.token}
    gone = send(control_plane, "GET", path, params=rest)
    body = gone.json()
    token = body["metadata"].pop("continue")
    assert gone.status_code == 410
    assert body == status(
        410,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can"
        " start a new list without the continue parameter, or use the continue token in this"
        " response to retrieve the remainder of the results. Continuing with the provided token"
        " results in an inconsistent list - objects that were created, modified, or deleted between"
        " the time the first chunk was returned and now may show up in the list.",
    )
    anew = send(control_plane, "GET", path, params={"limit": "9", "continue": token}).json()
    assert names(anew) == ["t3"]


def test_a_list_of_a_forgotten_moment_is_gone(control_plane: Plane, forgotten: Forgotten) -> None:
    params = {"resourceVersion": forgotten.version, "resourceVersionMatch": "Exact"}
    assert send(control_plane, "GET", forgotten.path, params=params).json() == status(
        410, "Expired", "The resourceVersion for the provided list is too old."
    )


def test_a_token_holds_version_and_place(control_plane: Plane, maps: str) -> None:
    page = listed(control_plane, maps, limit="2")
    token = page["metadata"]["continue"]
    place = json.loads(base64.urlsafe_b64decode(token + "=="))
    assert place["v"] == "meta.k8s.io/v1"
    assert str(place["rv"]) == page["metadata"]["resourceVersion"]


def test_a_list_of_an_exact_moment_shows_that(
    control_plane: Plane, api: Api, namespace: str
) -> None:
    api.create(_template(namespace, "t1"))
    path = f"{ARGO}/namespaces/{namespace}/analysistemplates"
    version = send(control_plane, "GET", path).json()["metadata"]["resourceVersion"]
    api.create(_template(namespace, "t2"))
    params = {"resourceVersion": version, "resourceVersionMatch": "Exact"}
    assert names(send(control_plane, "GET", path, params=params).json()) == ["t1"]


def test_a_namespaced_list_holds_that_namespace_alone(api: Api, namespace: str) -> None:
    with api.namespace("beside") as other:
        api.create(_template(namespace, "mine"))
        api.create(_template(other, "theirs"))
        mine = api.list("analysistemplates", namespace)
        all_ = api.list("analysistemplates")
    assert [item["metadata"]["name"] for item in mine] == ["mine"]
    places = {(item["metadata"]["namespace"], item["metadata"]["name"]) for item in all_}
    assert {(namespace, "mine"), (other, "theirs")} <= places


def _pages(plane: Plane, namespace: str, limit: str) -> Iterator[Json]:
    token = ""
    while True:
        more = {"continue": token} if token else {}
        page = listed(plane, namespace, limit=limit, **more)
        yield page
        token = page["metadata"].get("continue", "")
        if not token:
            return


def _template(namespace: str, name: str) -> Json:
    spec = {"metrics": [{"name": "m", "provider": {"prometheus": {"query": "1"}}}]}
    made = manifest("argoproj.io/v1alpha1", "AnalysisTemplate", namespace, name, spec=spec)
    del made["metadata"]["labels"]
    return made
