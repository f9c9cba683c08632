from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from amas_tui.domain.traffic import Service
from amas_tui.rules.traffic import (
    PATIENCE,
    Difference,
    Fault,
    Mark,
    Routes,
    differences,
    faults,
    is_flapping,
    standing,
)
from tests.builders import (
    NEW,
    NOW,
    OLD,
    Json,
    Thing,
    endpoint_slice,
    ingress,
    meta,
    pod,
    read,
    replica_set,
    rollout,
    scene,
    service,
    stable_set,
)

ROUTED: Json = {"routed": True, "weights": (20, NEW)}
CANARY = "checkout-checkout-stable-canary"


def found(fields: Json, *things: Thing) -> tuple[Difference, ...]:
    return scene(rollout(**fields), *things).differences


def sentences(fields: Json, *things: Thing) -> list[str]:
    return [one.sentence for one in found(fields, *things)]


def pods(pod_hash: str, count: int) -> Sequence[Thing]:
    return [pod(f"{pod_hash}-{number}", of=pod_hash) for number in range(count)]


def annotated(annotations: Json) -> Thing:
    raw = {"metadata": meta(CANARY, annotations=annotations), "spec": {}}
    return read(type(ingress()), raw)


def owned(name: str, by: str) -> Service:
    annotations = {"argo-rollouts.argoproj.io/managed-by-rollouts": by}
    return read(Service, {"metadata": meta(name, annotations=annotations), "spec": {}})


@pytest.mark.parametrize(
    ("fields", "things", "said"),
    [
        pytest.param(ROUTED, [ingress(weight_=20)], [], id="ingress agrees"),
        pytest.param(
            ROUTED,
            [ingress(weight_=50)],
            [f"ingress/{CANARY} sends 50%, the status says 20%"],
            id="ingress differs",
        ),
        pytest.param(
            ROUTED,
            [ingress()],
            [f"ingress/{CANARY} sends no weight, the status says 20%"],
            id="ingress without weight",
        ),
        pytest.param(
            ROUTED, [], [f"ingress/{CANARY} is not there, the status says 20%"], id="no ingress"
        ),
        pytest.param({**ROUTED, "weights": (0, NEW)}, [], [], id="no ingress is needed"),
        pytest.param({"routed": True}, [ingress(weight_=7)], [], id="no weight was asked for yet"),
        pytest.param({}, [ingress(weight_=7)], [], id="no traffic routing"),
        pytest.param(
            {
                "weights": (100, NEW),
                "canary": {
                    "trafficRouting": {
                        "nginx": {"stableIngress": "checkout-stable"},
                        "maxTrafficWeight": 1000,
                    }
                },
            },
            [ingress(weight_=100)],
            [f"ingress/{CANARY} counts in 100 parts, the rollout in 1000"],
            id="another total",
        ),
        pytest.param(
            {"blue_green": {}, "stable": OLD},
            [service("checkout-active", NEW), replica_set(OLD)],
            [f"service/checkout-active selects {NEW}, not {OLD}"],
            id="blue-green: active was changed by somebody",
        ),
        pytest.param(
            {"routed": True},
            [service("checkout-stable", NEW), stable_set()],
            [f"service/checkout-stable selects {NEW}, not {OLD}"],
            id="stable Service selects the new version",
        ),
        pytest.param(
            {"routed": True},
            [service("checkout-stable"), stable_set()],
            [f"service/checkout-stable selects every version, not {OLD}"],
            id="stable Service lost its hash",
        ),
        pytest.param(
            {"routed": True},
            [service("checkout-stable"), stable_set(available=4)],
            [],
            id="the first switch waits for every pod",
        ),
        pytest.param(
            {"routed": True},
            [service("checkout-canary", OLD), replica_set(available=0)],
            [],
            id="a switch waits for one pod",
        ),
        pytest.param(
            {"routed": True},
            [service("checkout-canary", OLD), replica_set(available=1)],
            [f"service/checkout-canary selects {OLD}, not {NEW}"],
            id="canary Service lags behind",
        ),
        pytest.param(
            {"routed": True, "abort": True},
            [service("checkout-canary", OLD), replica_set()],
            [],
            id="the canary Service flaps after an abort",
        ),
        pytest.param(
            {"routed": True, "promote_full": True},
            [service("checkout-stable", NEW), stable_set()],
            [],
            id="a full promotion switches it first",
        ),
        pytest.param(
            {
                "canary": {
                    "pingPong": {"pingService": "a", "pongService": "b"},
                    "stableService": "a",
                }
            },
            [service("a", NEW), stable_set()],
            [],
            id="ping and pong take turns",
        ),
        pytest.param(
            {"routed": True},
            [owned("checkout-stable", "other"), stable_set(available=0)],
            ["service/checkout-stable is managed by rollout other"],
            id="another rollout's Service",
        ),
        pytest.param(
            {"routed": True},
            [
                service("checkout-stable", OLD),
                stable_set(replicas=2),
                *pods(OLD, 2),
                endpoint_slice("checkout-stable", [True, False]),
            ],
            ["service/checkout-stable has 1 ready endpoint, 2 pods are ready"],
            id="an endpoint is missing",
        ),
        pytest.param(
            {"routed": True},
            [
                service("checkout-stable", OLD),
                stable_set(replicas=2),
                *pods(OLD, 1),
                endpoint_slice("checkout-stable", [True, None]),
            ],
            [],
            id="an endpoint of a pod that ends is no fault",
        ),
        pytest.param(
            {**ROUTED, "stable": OLD},
            [ingress(weight_=20), replica_set(ready=0), stable_set(), *pods(OLD, 1)],
            [f"20% of the traffic goes to replicaset/checkout-{NEW}, which has no ready pod"],
            id="traffic to a version without pods",
        ),
    ],
)
def test_what_differs_is_said(fields: Json, things: list[Thing], said: list[str]) -> None:
    assert sentences(fields, *things) == said


def test_a_total_that_agrees_is_no_difference() -> None:
    prefix = "nginx.ingress.kubernetes.io/canary-weight"
    routing = {"nginx": {"stableIngress": "checkout-stable"}, "maxTrafficWeight": 1000}
    one = annotated({prefix: "100", f"{prefix}-total": "1000"})
    assert found({"weights": (100, NEW), "canary": {"trafficRouting": routing}}, one) == ()


def test_what_is_not_known_is_not_judged() -> None:
    assert differences(Routes(rollout(**ROUTED), replica_sets=[replica_set(), stable_set()])) == ()


def test_a_missing_service_is_the_controllers_own_complaint() -> None:
    assert found({"routed": True}, stable_set()) == ()


@pytest.mark.parametrize(
    ("fields", "things", "flaps"),
    [
        pytest.param({"routed": True, "abort": True}, [replica_set()], True, id="aborted"),
        pytest.param({"routed": True}, [replica_set()], False, id="not aborted"),
        pytest.param(
            {"routed": True, "abort": True}, [replica_set(replicas=0, total=1)], True, id="ending"
        ),
        pytest.param(
            {"routed": True, "abort": True}, [replica_set(replicas=0)], False, id="pods are gone"
        ),
        pytest.param({"abort": True}, [replica_set()], False, id="no router, nothing to flap"),
    ],
)
def test_an_abort_flaps_the_canary_service_while_there_are_pods(
    fields: Json, things: list[Any], *, flaps: bool
) -> None:
    assert is_flapping(scene(rollout(**fields), *things).routes) is flaps


def test_a_difference_keeps_its_age_while_its_value_changes() -> None:
    first = found(ROUTED, ingress(weight_=50))
    second = found(ROUTED, ingress(weight_=60))
    since = standing({}, first, NOW)
    later = NOW + timedelta(seconds=3)
    assert standing(since, second, later) == {Mark(Fault.INGRESS_WEIGHT, f"ingress/{CANARY}"): NOW}
    assert standing(since, (), later) == {}


def test_only_what_stands_for_a_while_is_a_fault() -> None:
    differing = found(ROUTED, ingress(weight_=50))
    since = standing({}, differing, NOW)
    assert faults(differing, since, NOW + PATIENCE - timedelta(seconds=1)) == ()
    assert faults(differing, since, NOW + PATIENCE) == differing
    assert faults(differing, {}, NOW + PATIENCE) == ()
