import pytest

from amas_tui.actions.repair import broken_templates, repairs
from amas_tui.actions.template import is_of, repaired
from amas_tui.domain.traffic import Ingress, Service
from amas_tui.store.kinds import Kind
from tests.builders import (
    OLD,
    Json,
    gate,
    ingress,
    meta,
    pause,
    read,
    replica_set,
    rollout,
    scene,
    service,
    stable_set,
    template,
    weight,
)

FLIGHT: Json = {"steps": (weight(20), gate("success-rate")), "step": 1, "routed": True}
CANARY = "checkout-checkout-stable-canary"


def canary_service(port: Json) -> Service:
    spec = {"selector": {"app": "checkout"}, "ports": [port]}
    return read(Service, {"metadata": meta("checkout-canary", uid="canary"), "spec": spec})


def copy(path: Json, host: str = "shop.test") -> Ingress:
    spec = {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": [path]}}]}
    return read(Ingress, {"metadata": meta(CANARY, uid="copy"), "spec": spec})


@pytest.mark.parametrize(
    ("port", "words"),
    [
        ({"port": 80, "targetPort": "http"}, "--port=80 --target-port=http"),
        ({"port": 8080, "targetPort": 80}, "--port=8080 --target-port=80"),
        ({"port": 80}, "--port=80"),
    ],
)
def test_a_missing_service_is_made_with_the_port_of_its_sibling(port: Json, words: str) -> None:
    here = scene(rollout(**FLIGHT), stable_set(), canary_service(port), ingress("checkout-stable"))
    (one,) = repairs(here, OLD)
    assert one.lack == "Service checkout-stable is missing"
    assert one.command == (
        f"kubectl -n shop expose replicaset checkout-{OLD} --name=checkout-stable {words} "
        f"--selector=app=checkout,rollouts-pod-template-hash={OLD}"
    )
    assert not one.note


def test_a_port_that_nothing_tells_is_left_to_whoever_types() -> None:
    here = scene(rollout(**FLIGHT), stable_set(), ingress("checkout-stable"))
    for one in repairs(here, OLD):
        assert "--port=PORT" in one.command
        assert one.note == "its port is not known here: put it in"


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ({"path": "/", "pathType": "Prefix"}, "--rule=shop.test/*=checkout-stable:80"),
        ({"path": "/a", "pathType": "Exact"}, "--rule=shop.test/a=checkout-stable:80"),
    ],
)
def test_a_missing_ingress_is_made_after_the_controllers_copy(path: Json, rule: str) -> None:
    backend = {"backend": {"service": {"name": "checkout-canary", "port": {"number": 80}}}}
    front = (service("checkout-stable", OLD), service("checkout-canary"))
    here = scene(rollout(**FLIGHT), stable_set(), *front, copy({**path, **backend}))
    (one,) = repairs(here, OLD)
    assert one.lack == "Ingress checkout-stable is missing"
    assert one.command.replace("'", "") == (
        f"kubectl -n shop create ingress checkout-stable --class=nginx {rule}"
    )
    assert one.note == "its TLS and annotations are not known here: add them"


def test_what_may_not_be_read_is_not_called_missing() -> None:
    unknown = [Kind.SERVICES, Kind.INGRESSES, Kind.ANALYSIS_TEMPLATES]
    here = scene(rollout(**FLIGHT), replica_set(), stable_set(), unknown=unknown)
    assert repairs(here, OLD) == ()
    assert broken_templates(here) == ()


def test_a_template_is_broken_when_one_that_it_includes_is_gone() -> None:
    outer = template("success-rate", includes=({"templateName": "inner"},))
    assert broken_templates(scene(rollout(**FLIGHT), outer)) == (("success-rate", False),)
    whole = scene(
        rollout(**FLIGHT), outer, template("inner", includes=({"templateName": "success-rate"},))
    )
    assert broken_templates(whole) == ()


def test_only_what_needs_a_broken_template_is_taken_out() -> None:
    named: Json = {"templates": [{"templateName": "gone"}]}
    kept: Json = {"templates": [{"templateName": "gone", "clusterScope": True}]}
    canary = {"steps": [weight(20), {"analysis": named}, pause()], "analysis": kept}
    (change,) = repaired({"canary": canary}, (("gone", False),))
    assert (change.path, change.value) == (
        "/spec/strategy/canary/steps",
        [weight(20), pause()],
    )
    (change,) = repaired({"canary": canary}, (("gone", True),))
    assert (change.op, change.path) == ("remove", "/spec/strategy/canary/analysis")
    blue = {"prePromotionAnalysis": named, "postPromotionAnalysis": kept}
    (change,) = repaired({"blueGreen": blue}, (("gone", False),))
    assert change.path == "/spec/strategy/blueGreen/prePromotionAnalysis"


@pytest.mark.parametrize(
    ("template_", "is_same"),
    [
        pytest.param({"spec": {"containers": [{"image": "a:1"}]}}, True, id="without defaults"),
        pytest.param({"spec": {"containers": [{"image": "a:2"}]}}, False, id="another image"),
        pytest.param(
            {"spec": {"containers": [{"image": "a:1", "env": [{"name": "X"}]}]}},
            False,
            id="more variables",
        ),
        pytest.param({"metadata": {"labels": {"app": "a"}}, "spec": {}}, True, id="own labels"),
    ],
)
def test_a_version_is_known_by_all_that_the_template_says(
    template_: Json, *, is_same: bool
) -> None:
    version: Json = {
        "metadata": {"labels": {"app": "a", "rollouts-pod-template-hash": OLD}},
        "spec": {"containers": [{"image": "a:1", "imagePullPolicy": "Always"}], "dnsPolicy": "x"},
    }
    assert is_of(template_, version) is is_same
