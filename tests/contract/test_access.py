"""Who one is, what one may, and what there is."""

from typing import Final

import pytest

from tests.contract.planes import Plane
from tests.contract.raw import ARGO, MERGE, send
from tests.contract.waiting import until
from tests.controlplane import faults
from tests.controlplane.api import Api
from tests.controlplane.kinds import Json

ACCESS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
RULES: Final = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
WHO: Final = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
BASIC: Final = (
    {
        "verbs": ["create"],
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    },
    {
        "verbs": ["create"],
        "apiGroups": ["authentication.k8s.io"],
        "resources": ["selfsubjectreviews"],
    },
)


def may(plane: Plane, user: str, **attributes: str) -> Json:
    """Return the review's status."""
    attributes = {"group": "argoproj.io", "resource": "rollouts", **attributes}
    return review(plane, user, {"resourceAttributes": attributes})


def review(plane: Plane, user: str, spec: Json) -> Json:
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": spec,
    }
    answer = send(plane, "POST", ACCESS, body, user=user)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["kind"], made["spec"]) == ("SelfSubjectAccessReview", spec)
    status: Json = made["status"]
    return status


def test_an_administrator_may_without_a_reason(control_plane: Plane) -> None:
    assert may(control_plane, "admin", verb="patch", namespace="default") == {"allowed": True}


def test_a_cluster_role_is_the_reason(control_plane: Plane) -> None:
    assert may(control_plane, "viewer", verb="get", namespace="default") == {
        "allowed": True,
        "reason": 'RBAC: allowed by ClusterRoleBinding "dashboard-viewer" of ClusterRole'
        ' "dashboard-viewer" to Group "viewers"',
    }


def test_who_may_not_is_told_no_reason(control_plane: Plane) -> None:
    status = may(control_plane, "viewer", verb="patch", namespace="default", name="web")
    assert status == {"allowed": False}


def test_a_path_may_be_asked_for(control_plane: Plane) -> None:
    spec = {"nonResourceAttributes": {"path": "/version", "verb": "get"}}
    status = review(control_plane, "nobody", spec)
    assert status["allowed"]
    assert 'to Group "system:authenticated"' in status["reason"]


def test_a_role_is_the_reason_and_gives_the_right(
    control_plane: Plane, api: Api, namespace: str
) -> None:
    path = f"{ARGO}/namespaces/{namespace}/rollouts/none"
    assert send(control_plane, "PATCH", path, {}, type_=MERGE, user="oncall").status_code == 403
    faults.grant(api, namespace, "oncall", faults.rule("argoproj.io", "rollouts", "get patch"))
    status = until(
        lambda: may(control_plane, "oncall", verb="patch", namespace=namespace),
        lambda found: bool(found["allowed"]),
    )
    assert status["reason"] == (
        f'RBAC: allowed by RoleBinding "test-grant/{namespace}" of Role "test-grant" to Group'
        ' "oncall"'
    )
    assert send(control_plane, "PATCH", path, {}, type_=MERGE, user="oncall").status_code == 404
    assert (
        send(control_plane, "PATCH", f"{path}/status", {}, type_=MERGE, user="oncall")
        .json()["message"]
        .startswith('rollouts.argoproj.io "none" is forbidden')
    )
    assert not may(control_plane, "oncall", verb="patch", namespace="default")["allowed"]
    assert not may(
        control_plane, "oncall", verb="patch", namespace=namespace, subresource="status"
    )["allowed"]
    faults.revoke(api, namespace)
    until(
        lambda: may(control_plane, "oncall", verb="patch", namespace=namespace),
        lambda found: not found["allowed"],
    )


def test_a_name_restricts_a_right(control_plane: Plane, api: Api, namespace: str) -> None:
    rule = faults.rule("argoproj.io", "rollouts", "get list") | {"resourceNames": ["web"]}
    faults.grant(api, namespace, "oncall", rule)
    until(
        lambda: may(control_plane, "oncall", verb="get", namespace=namespace, name="web"),
        lambda found: bool(found["allowed"]),
    )
    assert not may(control_plane, "oncall", verb="get", namespace=namespace, name="shop")["allowed"]
    path = f"{ARGO}/namespaces/{namespace}/rollouts"
    only = {"fieldSelector": "metadata.name=web"}
    assert send(control_plane, "GET", path, user="oncall", params=only).status_code == 200
    assert send(control_plane, "GET", path, user="oncall").status_code == 403


def test_rules_are_listed(control_plane: Plane, api: Api, namespace: str) -> None:
    rule = faults.rule("argoproj.io", "rollouts rollouts/status", "get patch")
    faults.grant(api, namespace, "oncall", rule)
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }

    def rules() -> Json:
        found: Json = send(control_plane, "POST", RULES, body, user="oncall").json()["status"]
        return found

    status = until(rules, lambda found: rule in found["resourceRules"])
    assert status["incomplete"] is False
    assert all(one in status["resourceRules"] for one in BASIC)
    urls = {url for one in status["nonResourceRules"] for url in one["nonResourceURLs"]}
    assert {"/version", "/apis", "/healthz"} <= urls


def test_an_administrator_may_everything(control_plane: Plane) -> None:
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": "default"},
    }
    status = send(control_plane, "POST", RULES, body).json()["status"]
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    assert everything in status["resourceRules"]
    assert {"verbs": ["*"], "nonResourceURLs": ["*"]} in status["nonResourceRules"]


@pytest.mark.parametrize(
    ("user", "group"), [("admin", "system:masters"), ("viewer", "viewers"), ("nobody", "nobodies")]
)
def test_one_is_told_who_one_is(control_plane: Plane, user: str, group: str) -> None:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = send(control_plane, "POST", WHO, body, user=user)
    assert answer.status_code == 201
    assert answer.json()["status"] == {
        "userInfo": {"username": user, "uid": user, "groups": [group, "system:authenticated"]}
    }


def test_the_version_is_told_to_everybody(control_plane: Plane) -> None:
    found = send(control_plane, "GET", "/version", user="nobody").json()
    assert (found["major"], found["minor"]) == ("1", "34")
    assert found["gitVersion"].startswith("v1.34.")
    assert {"gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"} <= set(
        found
    )


@pytest.mark.parametrize("path", ["/readyz", "/livez", "/healthz"])
def test_it_is_healthy(control_plane: Plane, path: str) -> None:
    answer = send(control_plane, "GET", path, user="nobody")
    assert (answer.status_code, answer.text) == (200, "ok")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_the_core_is_found(control_plane: Plane) -> None:
    found = send(control_plane, "GET", "/api").json()
    assert (found["kind"], found["versions"]) == ("APIVersions", ["v1"])
    assert found["serverAddressByClientCIDRs"][0]["clientCIDR"] == "0.0.0.0/0"


def test_groups_are_found(control_plane: Plane) -> None:
    found = send(control_plane, "GET", "/apis").json()
    groups = {group["name"]: group for group in found["groups"]}
    only = {"groupVersion": "argoproj.io/v1alpha1", "version": "v1alpha1"}
    assert groups["argoproj.io"] == {
        "name": "argoproj.io",
        "versions": [only],
        "preferredVersion": only,
    }
    assert {"apps", "batch", "networking.k8s.io", "discovery.k8s.io"} <= set(groups)
    one = send(control_plane, "GET", "/apis/argoproj.io").json()
    assert one == {"kind": "APIGroup", "apiVersion": "v1", **groups["argoproj.io"]}


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("/api/v1", "pods", ("Pod", True, ["po"])),
        ("/api/v1", "namespaces", ("Namespace", False, ["ns"])),
        ("/api/v1", "services", ("Service", True, ["svc"])),
        ("/api/v1", "events", ("Event", True, ["ev"])),
        ("/apis/apps/v1", "replicasets", ("ReplicaSet", True, ["rs"])),
        ("/apis/networking.k8s.io/v1", "ingresses", ("Ingress", True, ["ing"])),
        (ARGO, "rollouts", ("Rollout", True, ["ro"])),
        (ARGO, "analysisruns", ("AnalysisRun", True, ["ar"])),
        (ARGO, "clusteranalysistemplates", ("ClusterAnalysisTemplate", False, ["cat"])),
    ],
)
def test_resources_are_found(
    control_plane: Plane, path: str, name: str, expected: tuple[str, bool, list[str]]
) -> None:
    found = send(control_plane, "GET", path).json()
    assert found["kind"] == "APIResourceList"
    assert found["groupVersion"] == path.removeprefix("/apis/").removeprefix("/api/")
    resources = {one["name"]: one for one in found["resources"]}
    one = resources[name]
    assert (one["kind"], one["namespaced"], one.get("shortNames", [])) == expected
    assert {"get", "list", "watch", "patch"} <= set(one["verbs"])


def test_a_rollout_has_a_status_of_its_own_and_an_analysis_run_has_none(
    control_plane: Plane,
) -> None:
    names = {one["name"] for one in send(control_plane, "GET", ARGO).json()["resources"]}
    assert "rollouts/status" in names
    assert "analysisruns/status" not in names


def test_every_answer_tells_the_time(control_plane: Plane) -> None:
    assert send(control_plane, "GET", "/version").headers["Date"].endswith(" GMT")
    assert send(control_plane, "GET", f"{ARGO}/rollouts", user="nobody").headers["Date"]
