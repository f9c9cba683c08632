import pytest

from amas_tui.domain.event import Event
from amas_tui.domain.watch import Applied, Bookmark, Listed
from amas_tui.rules.names import ingress_names, service_names
from amas_tui.session.streams import (
    Wanted,
    board_streams,
    pod_selector,
    relevant,
    rollout_streams,
)
from amas_tui.store.kinds import Kind, StreamId
from tests.builders import Json, event, gate, rollout, weight


def test_the_board_watches_rollouts_and_nothing_else() -> None:
    assert board_streams(()) == (Wanted(StreamId(Kind.ROLLOUTS)),)
    assert [stream.id.namespace for stream in board_streams(("a", "b"))] == ["a", "b"]


def kinds(fields: Json) -> dict[Kind, int]:
    found = [stream.id.kind for stream in rollout_streams(rollout(**fields))]
    return {kind: found.count(kind) for kind in found}


USUAL = {
    Kind.REPLICA_SETS: 1,
    Kind.PODS: 1,
    Kind.ANALYSIS_RUNS: 1,
    Kind.ANALYSIS_TEMPLATES: 1,
    Kind.EVENTS: 1,
}


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        pytest.param({}, {}, id="plain"),
        pytest.param(
            {"routed": True},
            {Kind.SERVICES: 2, Kind.ENDPOINT_SLICES: 1, Kind.INGRESSES: 2},
            id="nginx",
        ),
        pytest.param(
            {"blue_green": {"previewService": "p"}},
            {Kind.SERVICES: 2, Kind.ENDPOINT_SLICES: 1},
            id="blue-green",
        ),
        pytest.param(
            {"steps": [weight(5), {"experiment": {}}]}, {Kind.EXPERIMENTS: 1}, id="experiment"
        ),
        pytest.param({"steps": [gate("x")]}, {}, id="analysis"),
        pytest.param(
            {"steps": [{"analysis": {"templates": [{"templateName": "x", "clusterScope": True}]}}]},
            {Kind.CLUSTER_ANALYSIS_TEMPLATES: 1},
            id="cluster template",
        ),
    ],
)
def test_an_open_rollout_watches_what_it_uses(fields: Json, more: dict[Kind, int]) -> None:
    assert kinds(fields) == {**USUAL, **more}


def test_no_stream_is_opened_twice() -> None:
    streams = rollout_streams(rollout(canary={"stableService": "s", "canaryService": "s"}))
    assert len(streams) == len({stream.id for stream in streams})


def test_services_and_ingresses_are_watched_by_name() -> None:
    streams = rollout_streams(rollout(routed=True))
    (stable, canary) = (one for one in streams if one.id.kind is Kind.SERVICES)
    assert stable.selectors == {"fieldSelector": "metadata.name=checkout-stable"}
    assert canary.id == StreamId(Kind.SERVICES, "shop", "checkout-canary")
    (slices,) = (one for one in streams if one.id.kind is Kind.ENDPOINT_SLICES)
    assert slices.selectors == {
        "labelSelector": "kubernetes.io/service-name in (checkout-stable,checkout-canary)"
    }


@pytest.mark.parametrize(
    ("spec", "status", "selector"),
    [
        pytest.param(
            {"matchLabels": {"app": "x", "tier": "web"}}, "", "app=x,tier=web", id="labels"
        ),
        pytest.param(
            {
                "matchExpressions": [
                    {"key": "a", "operator": "In", "values": ["b", "c"]},
                    {"key": "d", "operator": "NotIn", "values": ["e"]},
                    {"key": "f", "operator": "Exists"},
                    {"key": "g", "operator": "DoesNotExist"},
                ]
            },
            "",
            "a in (b,c),d notin (e),f,!g",
            id="expressions",
        ),
        pytest.param({"matchLabels": {"app": "x"}}, "app=y", "app=x", id="the spec wins"),
        pytest.param(
            None, "app=y,rollouts-pod-template-hash=abc", "app=y", id="of every version, not one"
        ),
        pytest.param(None, "a in (b,c),d=e", "a in (b,c),d=e", id="the status' own expressions"),
        pytest.param(None, "", "rollouts-pod-template-hash", id="nothing known"),
        pytest.param({}, "", "rollouts-pod-template-hash", id="empty"),
    ],
)
def test_pods_of_every_version_are_selected(spec: Json | None, status: str, selector: str) -> None:
    fields: Json = {"spec": {"selector": spec}, "status": {"selector": status}}
    assert pod_selector(rollout(**fields)) == selector


def test_names_are_those_of_the_strategy() -> None:
    assert service_names(rollout()) == ()
    assert service_names(rollout(blue_green={})) == ("checkout-active",)
    assert ingress_names(rollout()) == ()
    assert ingress_names(rollout(routed=True)) == (
        "checkout-stable",
        "checkout-checkout-stable-canary",
    )


EVENTS = next(s for s in rollout_streams(rollout(routed=True)) if s.id.kind is Kind.EVENTS)


def about(name: str) -> Event:
    return event(of=("Pod", name, f"{name}-uid"))


@pytest.mark.parametrize("name", ["checkout", "checkout-7d4b9c6f8-abcde", "checkout-stable"])
def test_events_of_the_rollout_and_what_is_named_after_it_are_kept(name: str) -> None:
    one = about(name)
    assert relevant(Listed((one,), "7"), EVENTS) == Listed((one,), "7")
    assert relevant(Applied(one), EVENTS) == Applied(one)


@pytest.mark.parametrize("name", ["checkouts", "payments-5d4-x"])
def test_events_of_strangers_are_dropped_but_prove_that_the_stream_lives(name: str) -> None:
    one = about(name)
    assert relevant(Listed((one,), "7"), EVENTS) == Listed((), "7")
    assert relevant(Applied(one), EVENTS) == Bookmark(one.metadata.resource_version)


def test_other_kinds_pass_as_they_are() -> None:
    update = Listed((about("payments"),), "7")
    assert relevant(update, Wanted(StreamId(Kind.PODS, "shop"))) is update
