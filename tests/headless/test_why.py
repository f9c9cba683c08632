"""`why`: the sentence and its evidence as text, the whole diagnosis as JSON."""

import json
from collections.abc import Iterator

import pytest

from tests.controlplane import rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.headless.command import amas

pytestmark = pytest.mark.controlplane

STEPS = [rollouts.set_weight(50), rollouts.pause()]


@pytest.fixture(scope="module")
def shop(bed: ControlPlane) -> Iterator[str]:
    """A namespace with a healthy rollout, one that waits and one whose image is missing."""
    with Api(bed) as api, api.namespace("why") as namespace:
        names = ("healthy", "waiting", "broken")
        for name in names:
            api.apply(*rollouts.canary(namespace, name, STEPS, replicas=2, requests_per_second=0))
        for name in names:
            api.wait("rollouts", namespace, name, states.is_healthy, timeout=60)
        api.set_image(namespace, "waiting", "v2.0.0")
        api.set_image(namespace, "broken", "v2-nopull")
        api.wait("rollouts", namespace, "waiting", states.is_paused, timeout=60)
        pulling = {"ErrImagePull", "ImagePullBackOff"}
        api.wait_any(
            "pods", namespace, lambda pod: states.waiting_reason(pod) in pulling, timeout=60
        )
        yield namespace


def test_the_text_says_the_sentence_the_evidence_and_what_is_known(
    bed: ControlPlane, shop: str
) -> None:
    ran = amas("why", "broken", kubeconfig=bed.kubeconfig(namespace=shop))
    assert (ran.code, ran.err) == (0, "")
    head, evidence, known = ran.out.partition("Evidence")[0], "Evidence", "Known"
    assert "image ghcr.io/example/broken:v2-nopull cannot be pulled" in " ".join(head.split())
    assert "kubectl describe pod broken-" in ran.out
    assert evidence in ran.out
    assert known in ran.out
    assert all(len(line) <= 110 for line in ran.out.splitlines())


def test_json_holds_cause_evidence_and_facts(bed: ControlPlane, shop: str) -> None:
    ran = amas("why", "rollout/broken", "-o", "json", kubeconfig=bed.kubeconfig(namespace=shop))
    said = json.loads(ran.out)
    assert (said["kind"], said["name"], said["namespace"]) == ("RolloutWhy", "broken", shop)
    assert said["cause"]["id"] == "image-pull"
    assert said["cause"]["severity"] == "trouble"
    assert said["cause"]["verbs"] == ["abort", "undo"]
    (first, *_) = said["cause"]["evidence"]
    assert first["object"].startswith("pod/broken-")
    assert {"object", "field", "value", "since"} == set(first)
    assert said["facts"]


def test_who_waits_for_a_human_says_so(bed: ControlPlane, shop: str) -> None:
    ran = amas("why", "waiting", "-o", "json", kubeconfig=bed.kubeconfig(namespace=shop))
    said = json.loads(ran.out)
    assert said["cause"]["id"] == "waiting-for-human"
    assert said["sentence"].startswith("Waiting for you since ")


def test_a_healthy_rollout_has_no_cause(bed: ControlPlane, shop: str) -> None:
    kubeconfig = bed.kubeconfig(namespace=shop)
    said = json.loads(amas("why", "healthy", "-o", "json", kubeconfig=kubeconfig).out)
    assert (said["cause"], said["others"], said["state"]) == (None, [], "Healthy")
    text = amas("why", "healthy", kubeconfig=kubeconfig).out
    assert "Healthy: v1.0.0" in text
    assert "Nothing keeps it." in text


def test_a_rollout_that_is_not_there_is_named(bed: ControlPlane, shop: str) -> None:
    ran = amas("why", "nobody", kubeconfig=bed.kubeconfig(namespace=shop))
    assert (ran.code, ran.out) == (23, "")
    assert "nobody" in ran.err
