"""`doctor`: what it finds on a real cluster, and that it only looks."""

import json
from typing import Any

import pytest
import yaml

from tests import broken
from tests.controlplane import faults, rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.headless.command import Ran, amas
from tests.headless.counting_proxy import counting_proxy
from tests.headless.kubectl import kubectl

pytestmark = pytest.mark.controlplane

NAME = "checkout"
REVIEWS = (
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
)


def doctor(bed: ControlPlane, namespace: str, *arguments: str, user: str = "admin") -> Ran:
    kubeconfig = bed.kubeconfig(user, namespace=namespace)
    return amas("doctor", *arguments, "-o", "json", kubeconfig=kubeconfig)


def checks(ran: Ran) -> dict[str, dict[str, Any]]:
    report = json.loads(ran.out)
    assert (report["apiVersion"], report["kind"]) == ("amas-tui/v1", "DoctorReport")
    assert report["exitCode"] == ran.code
    return {one["name"]: one for one in report["checks"]}


def prepare(api: Api, namespace: str) -> None:
    steps = [rollouts.set_weight(50), rollouts.pause()]
    api.apply(
        *rollouts.canary(namespace, NAME, steps, replicas=1, nginx=True, requests_per_second=0)
    )
    api.wait("rollouts", namespace, NAME, states.is_healthy)


def test_a_cluster_in_order_is_told_with_evidence_and_by_reads_alone(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    prepare(api, namespace)
    with counting_proxy(bed) as (url, seen):
        ran = doctor(bed, namespace, NAME, "--server", url)
    assert ran.code == 0, ran.out
    found = checks(ran)
    assert found["cluster"]["evidence"].startswith("Kubernetes v1.34")
    assert found["identity"]["evidence"] == "the API server knows you as admin"
    assert found["controller reacts"]["result"] == "ok"
    assert found["ingress-nginx"]["result"] == "ok"
    assert json.loads(ran.out)["role"] is None
    assert {method for method, _ in seen} == {"GET", "POST"}
    assert {path for method, path in seen if method == "POST"} == set(REVIEWS)
    assert len(seen) > 30


def test_missing_rights_are_22_and_the_printed_role_grants_them(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    prepare(api, namespace)
    some = faults.rule("argoproj.io", "rollouts", "get list")
    faults.grant(api, namespace, "oncall", some)
    ran = doctor(bed, namespace, user="oncall")
    assert ran.code == 22
    found = checks(ran)
    assert found["right to see rollouts"]["result"] == "failed"
    assert "you may not watch rollouts.argoproj.io" in found["right to see rollouts"]["evidence"]
    role = json.loads(ran.out)["role"]
    admin = bed.kubeconfig(namespace=namespace)
    kubectl(bed, admin, "apply", "-f", "-", stdin=yaml.safe_dump(role))
    subject = ("--group", "oncall")
    kubectl(bed, admin, "create", "rolebinding", "it", "--role", "amas-tui", *subject)
    again = doctor(bed, namespace, user="oncall")
    missing = [
        name
        for name, one in checks(again).items()
        if one["code"] == 22 and "not" in one["evidence"]
    ]
    assert [name for name in missing if checks(again)[name]["result"] != "ok"] == []


def test_a_controller_that_does_not_see_it_is_24(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    prepare(api, namespace)
    faults.blind(api, namespace, NAME)
    api.set_image(namespace, NAME, "v2.0.0")
    ran = doctor(bed, namespace, NAME)
    assert ran.code == 24
    assert f"newest spec of {NAME}" in checks(ran)["controller reacts"]["evidence"]


def test_a_spec_that_the_controller_refuses_is_10(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    case = next(one for one in broken.CASES if one.id == "service-absent")
    api.create(broken.rollout(namespace, case))
    api.wait("rollouts", namespace, case.id, lambda ro: ro.get("status", {}).get("phase"))
    ran = doctor(bed, namespace)
    assert ran.code == 10
    found = checks(ran)
    assert "InvalidSpec: service-absent" in found["controller reacts"]["evidence"]
    assert "there is no Service absent" in found["manifests"]["evidence"]


def test_a_prometheus_without_the_metrics_of_the_gates_is_14(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    metric = broken.metric(
        provider={
            "prometheus": {
                "address": bed.prometheus_url,
                "query": 'nothing_here{h="{{args.hash}}"}',
            }
        }
    )
    case = broken.Broken("gated", "", template={"args": broken.HASH, "metrics": [metric]})
    api.create(broken.template(namespace, case))
    api.create(broken.rollout(namespace, case))
    api.wait("rollouts", namespace, case.id, lambda ro: ro.get("status", {}).get("phase"))
    ran = doctor(bed, namespace, case.id)
    assert ran.code == 14, ran.out
    assert checks(ran)["metrics of the gates"]["evidence"] == "Prometheus has no nothing_here"


def test_no_way_and_no_login_end_at_once(bed: ControlPlane, namespace: str) -> None:
    assert doctor(bed, namespace, "--server", "https://127.0.0.1:9").code == 20
    assert doctor(bed, namespace, "--token", "nonsense").code == 21
