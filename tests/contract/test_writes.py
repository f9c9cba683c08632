"""Writes that are taken: what becomes of them, whole or as a dry run."""

from typing import Any, Final

import pytest

from tests.contract.planes import Plane
from tests.contract.raw import APPLY, ARGO, JSON_PATCH, MERGE, send
from tests.controlplane import faults, rollouts
from tests.controlplane.api import Api
from tests.controlplane.kinds import Json

NAME: Final = "web"


@pytest.fixture
def web(api: Api, namespace: str) -> str:
    """A rollout that no controller touches; returns its path."""
    (manifest,) = (
        one
        for one in rollouts.canary(
            namespace, NAME, [rollouts.set_weight(20), rollouts.pause()], replicas=0
        )
        if one["kind"] == "Rollout"
    )
    manifest["metadata"]["labels"][faults.INSTANCE_LABEL] = "nobody"
    api.create(manifest)
    return f"{ARGO}/namespaces/{namespace}/rollouts/{NAME}"


def patch(plane: Plane, path: str, body: object, type_: str = MERGE, **params: str) -> Json:
    answer = send(plane, "PATCH", path, body, type_=type_, params=params)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def read(plane: Plane, path: str) -> Json:
    found: Json = send(plane, "GET", path).json()
    return found


def test_a_merge_patch_sets_changes_and_removes(control_plane: Plane, web: str) -> None:
    after = patch(
        control_plane,
        web,
        {
            "metadata": {"annotations": {"a": "1"}, "labels": {"app": None}},
            "spec": {
                "paused": True,
                "revisionHistoryLimit": 3,
                "strategy": {"canary": {"steps": []}},
            },
        },
    )
    assert after["metadata"]["annotations"] == {"a": "1"}
    assert "app" not in after["metadata"]["labels"]
    assert after["spec"]["paused"] is True
    assert after["spec"]["revisionHistoryLimit"] == 3
    assert after["spec"]["strategy"] == {"canary": {"steps": []}}
    assert read(control_plane, web) == after


@pytest.mark.parametrize(
    ("operations", "path", "expected"),
    [
        ([{"op": "add", "path": "/spec/paused", "value": True}], ("paused",), True),
        ([{"op": "replace", "path": "/spec/paused", "value": True}], ("paused",), True),
        (
            [{"op": "remove", "path": "/spec/strategy/canary/steps/0"}],
            ("strategy", "canary", "steps"),
            [{"pause": {}}],
        ),
        (
            [{"op": "add", "path": "/spec/strategy/canary/steps/-", "value": {"setWeight": 50}}],
            ("strategy", "canary", "steps"),
            [{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}],
        ),
        (
            [{"op": "add", "path": "/spec/strategy/canary/steps/0", "value": {"setWeight": 5}}],
            ("strategy", "canary", "steps"),
            [{"setWeight": 5}, {"setWeight": 20}, {"pause": {}}],
        ),
        (
            [
                {
                    "op": "move",
                    "from": "/spec/strategy/canary/steps/1",
                    "path": "/spec/strategy/canary/steps/0",
                }
            ],
            ("strategy", "canary", "steps"),
            [{"pause": {}}, {"setWeight": 20}],
        ),
        (
            [{"op": "copy", "from": "/spec/revisionHistoryLimit", "path": "/spec/minReadySeconds"}],
            ("minReadySeconds",),
            5,
        ),
        (
            [
                {"op": "test", "path": "/spec/replicas", "value": 0},
                {"op": "test", "path": "/spec/paused", "value": None},
                {"op": "test", "path": "/status", "value": None},
                {"op": "add", "path": "/spec/paused", "value": True},
            ],
            ("paused",),
            True,
        ),
        (
            [{"op": "add", "path": "/metadata/annotations", "value": {"a/b": "1"}},
             {"op": "test", "path": "/metadata/annotations/a~1b", "value": "1"},
             {"op": "add", "path": "/spec/paused", "value": True}],
            ("paused",),
            True,
        ),
    ],
)  # fmt: skip
def test_a_json_patch_does_what_it_says(
    control_plane: Plane, web: str, operations: object, path: tuple[str, ...], expected: object
) -> None:
    found: Any = patch(control_plane, web, operations, JSON_PATCH)["spec"]
    for step in path:
        found = found[step]
    assert found == expected


def test_a_json_patch_is_taken_whole_or_not_at_all(control_plane: Plane, web: str) -> None:
    before = read(control_plane, web)
    operations = [
        {"op": "add", "path": "/spec/paused", "value": True},
        {"op": "test", "path": "/metadata/uid", "value": "another"},
    ]
    assert send(control_plane, "PATCH", web, operations, type_=JSON_PATCH).status_code == 422
    assert read(control_plane, web) == before


def test_a_patch_of_the_object_keeps_the_status(control_plane: Plane, web: str) -> None:
    patch(control_plane, f"{web}/status", {"status": {"phase": "Paused"}})
    after = patch(control_plane, web, {"spec": {"paused": True}, "status": {"phase": "Healthy"}})
    assert after["status"] == {"phase": "Paused"}
    assert after["spec"]["paused"] is True


def test_a_patch_of_the_status_keeps_the_object(control_plane: Plane, web: str) -> None:
    before = read(control_plane, web)
    body = {
        "metadata": {"labels": {"new": "yes"}},
        "spec": {"paused": True},
        "status": {"abort": True},
    }
    after = patch(control_plane, f"{web}/status", body)
    assert after["status"] == {"abort": True}
    assert after["spec"] == before["spec"]
    assert after["metadata"]["labels"] == before["metadata"]["labels"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]


def test_a_wrong_uid_goes_unnoticed_in_a_patch_of_the_status(
    control_plane: Plane, web: str
) -> None:
    body = {"metadata": {"uid": "another"}, "status": {"abort": True}}
    assert patch(control_plane, f"{web}/status", body)["status"] == {"abort": True}


def test_a_test_of_the_uid_holds_for_the_status_too(control_plane: Plane, web: str) -> None:
    operations = [
        {"op": "test", "path": "/metadata/uid", "value": "another"},
        {"op": "add", "path": "/status", "value": {"abort": True}},
    ]
    answer = send(control_plane, "PATCH", f"{web}/status", operations, type_=JSON_PATCH)
    assert answer.status_code == 422
    assert "status" not in read(control_plane, web)


@pytest.mark.parametrize(
    ("subresource", "body", "warning"),
    [
        ("/status", {"status": {"fnord": 1, "abort": True}}, 'unknown field \\"status.fnord\\"'),
        ("", {"spec": {"fnord": 1, "paused": True}}, 'unknown field \\"spec.fnord\\"'),
    ],
)
def test_an_unknown_field_is_dropped_with_a_warning(
    control_plane: Plane, web: str, subresource: str, body: Json, warning: str
) -> None:
    answer = send(control_plane, "PATCH", web + subresource, body, type_=MERGE)
    assert answer.status_code == 200
    assert answer.headers["Warning"] == f'299 - "{warning}"'
    part = answer.json()["status" if subresource else "spec"]
    assert "fnord" not in part
    assert part["abort" if subresource else "paused"] is True


def test_a_patch_of_an_unknown_field_alone_changes_nothing(control_plane: Plane, web: str) -> None:
    before = read(control_plane, web)
    patch(control_plane, f"{web}/status", {"status": {"fnord": 1}})
    after = read(control_plane, web)
    assert after.get("status", {}) == {}
    assert after["spec"] == before["spec"]


def test_generation_counts_the_changes_of_the_wish(control_plane: Plane, web: str) -> None:
    assert read(control_plane, web)["metadata"]["generation"] == 1
    patch(control_plane, web, {"metadata": {"annotations": {"a": "1"}}})
    patch(control_plane, f"{web}/status", {"status": {"phase": "Paused"}})
    assert read(control_plane, web)["metadata"]["generation"] == 1
    patch(control_plane, web, {"spec": {"paused": True}})
    assert read(control_plane, web)["metadata"]["generation"] == 2


def test_generation_of_what_has_no_status_of_its_own_counts_all(
    control_plane: Plane, namespace: str
) -> None:
    """An AnalysisRun's status is a part like any other."""
    metric = {"name": "m", "provider": {"prometheus": {"query": "1"}}}
    run = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisRun",
        "metadata": {"name": "run", "labels": {faults.INSTANCE_LABEL: "nobody"}},
        "spec": {"metrics": [metric]},
    }
    path = f"{ARGO}/namespaces/{namespace}/analysisruns"
    assert send(control_plane, "POST", path, run).status_code == 201
    after = patch(control_plane, f"{path}/run", {"status": {"phase": "Running"}})
    assert after["metadata"]["generation"] == 2
    assert after["status"] == {"phase": "Running"}
    ended = patch(control_plane, f"{path}/run", {"spec": {"terminate": True}})
    assert (ended["metadata"]["generation"], ended["spec"]["terminate"]) == (3, True)
    assert send(control_plane, "PATCH", f"{path}/run/status", {}, type_=MERGE).status_code == 404


def test_a_write_that_changes_nothing_keeps_the_version(control_plane: Plane, web: str) -> None:
    first = patch(control_plane, web, {"spec": {"paused": True}})
    assert patch(control_plane, web, {"spec": {"paused": True}}) == first


def test_the_own_version_may_be_given(control_plane: Plane, web: str) -> None:
    version = read(control_plane, web)["metadata"]["resourceVersion"]
    body = {"metadata": {"resourceVersion": version}, "spec": {"paused": True}}
    after = patch(control_plane, web, body)
    assert after["spec"]["paused"] is True
    assert int(after["metadata"]["resourceVersion"]) > int(version)


def test_an_update_replaces(control_plane: Plane, web: str) -> None:
    obj = read(control_plane, web)
    del obj["spec"]["revisionHistoryLimit"]
    obj["spec"]["paused"] = True
    answer = send(control_plane, "PUT", web, obj)
    assert answer.status_code == 200, answer.text
    after = read(control_plane, web)
    assert after["spec"] == obj["spec"]
    assert after["metadata"]["uid"] == obj["metadata"]["uid"]


@pytest.mark.parametrize("subresource", ["", "/status"])
@pytest.mark.parametrize("type_", [MERGE, JSON_PATCH])
def test_a_dry_run_answers_and_changes_nothing(
    control_plane: Plane, web: str, subresource: str, type_: str
) -> None:
    before = read(control_plane, web)
    body: Any = {"status": {"abort": True}} if subresource else {"spec": {"paused": True}}
    if type_ == JSON_PATCH:
        (part,) = body
        body = [
            {"op": "test", "path": "/metadata/uid", "value": before["metadata"]["uid"]},
            {"op": "add", "path": f"/{part}", "value": before.get(part, {}) | body[part]},
        ]
    after = patch(control_plane, web + subresource, body, type_, dryRun="All")
    assert after["status" if subresource else "spec"]["abort" if subresource else "paused"] is True
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert read(control_plane, web) == before


def test_a_dry_run_of_a_new_object_leaves_none(
    control_plane: Plane, api: Api, namespace: str
) -> None:
    path = f"{ARGO}/namespaces/{namespace}/rollouts"
    body = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "dry"},
        "spec": {"replicas": 0},
    }
    answer = send(control_plane, "POST", path, body, params={"dryRun": "All"})
    assert answer.status_code == 201
    assert answer.json()["metadata"]["uid"]
    assert "resourceVersion" not in answer.json()["metadata"]
    assert api.find("rollouts", namespace, "dry") is None


def test_a_dry_run_of_a_deletion_keeps_it(control_plane: Plane, web: str) -> None:
    answer = send(control_plane, "DELETE", web, params={"dryRun": "All"})
    assert (answer.status_code, answer.json()["status"]) == (200, "Success")
    assert send(control_plane, "GET", web).status_code == 200


def test_a_deletion_says_what_is_gone(control_plane: Plane, web: str) -> None:
    uid = read(control_plane, web)["metadata"]["uid"]
    answer = send(control_plane, "DELETE", web)
    assert answer.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": NAME, "group": "argoproj.io", "kind": "rollouts", "uid": uid},
    }
    assert send(control_plane, "GET", web).status_code == 404


def test_a_deletion_may_name_the_uid(control_plane: Plane, web: str) -> None:
    uid = read(control_plane, web)["metadata"]["uid"]
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": "another"}}
    answer = send(control_plane, "DELETE", web, options)
    assert (answer.status_code, answer.json()["reason"]) == (409, "Conflict")
    answer = send(control_plane, "DELETE", web, options | {"preconditions": {"uid": uid}})
    assert answer.status_code == 200


def test_a_new_object_gets_what_the_server_gives(api: Api, namespace: str) -> None:
    made = api.create(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "metadata": {"generateName": "web-", "namespace": namespace, "labels": {}},
            "spec": {"replicas": 0},
            "status": {"abort": True},
        }
    )
    metadata = made["metadata"]
    assert metadata["name"].removeprefix("web-").isalnum()
    assert metadata["generation"] == 1
    assert metadata["creationTimestamp"].endswith("Z")
    assert len(metadata["uid"]) == 36
    assert "labels" not in metadata
    assert "status" not in made


def test_a_service_is_completed(api: Api, namespace: str) -> None:
    made = api.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "s", "namespace": namespace},
            "spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]},
        }
    )
    assert made["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert made["spec"]["type"] == "ClusterIP"
    assert made["spec"]["sessionAffinity"] == "None"
    assert made["status"] == {"loadBalancer": {}}


def test_a_replica_sets_pods_are_completed(api: Api, namespace: str) -> None:
    (_, rollout) = rollouts.canary(namespace, NAME, [], replicas=0)
    template = rollout["spec"]["template"]
    made = api.create(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {"name": "rs", "namespace": namespace},
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": {"app": NAME}},
                "template": template,
            },
        }
    )
    pods = made["spec"]["template"]["spec"]
    container, first = pods["containers"][0], pods["initContainers"][0]
    assert container["ports"] == [{"name": "http", "containerPort": 8000, "protocol": "TCP"}]
    assert container["terminationMessagePolicy"] == "File"
    assert container["imagePullPolicy"] == first["imagePullPolicy"] == "IfNotPresent"
    assert container["readinessProbe"] == {
        "httpGet": {"path": "/health/ready", "port": "http", "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 5,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    assert first["resources"] == {}
    assert {key: pods[key] for key in ("restartPolicy", "dnsPolicy", "schedulerName")} == {
        "restartPolicy": "Always",
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
    }


def managers(obj: Json) -> list[tuple[str, str, str]]:
    entries = obj["metadata"]["managedFields"]
    return sorted((one["manager"], one["operation"], one.get("subresource", "")) for one in entries)


def test_who_wrote_is_remembered(control_plane: Plane, web: str) -> None:
    patch(control_plane, web, {"spec": {"paused": True}}, fieldManager="one")
    after = patch(control_plane, f"{web}/status", {"status": {"abort": True}}, fieldManager="two")
    assert managers(after) == [
        ("one", "Update", ""),
        ("python-httpx", "Update", ""),
        ("two", "Update", "status"),
    ]
    (mine,) = (one for one in after["metadata"]["managedFields"] if one["manager"] == "one")
    assert mine["fieldsV1"] == {"f:spec": {"f:paused": {}}}
    assert mine["apiVersion"] == "argoproj.io/v1alpha1"


def test_who_writes_last_owns_a_field(control_plane: Plane, web: str) -> None:
    patch(control_plane, web, {"spec": {"paused": True}}, fieldManager="one")
    after = patch(control_plane, web, {"spec": {"paused": False}}, fieldManager="two")
    assert [manager for manager, *_ in managers(after)] == ["python-httpx", "two"]


def test_who_removes_a_field_leaves_no_trace(control_plane: Plane, web: str) -> None:
    patch(control_plane, f"{web}/status", {"status": {"abort": True}}, fieldManager="one")
    after = patch(control_plane, f"{web}/status", {"status": {"abort": None}}, fieldManager="two")
    assert "two" not in [manager for manager, *_ in managers(after)]


def applied(namespace: str, **spec: Any) -> Json:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {
            "name": NAME,
            "namespace": namespace,
            "labels": {faults.INSTANCE_LABEL: "nobody"},
        },
        "spec": {"replicas": 0, **spec},
    }


def test_an_apply_creates_then_changes_then_removes_what_it_owned(
    control_plane: Plane, namespace: str
) -> None:
    path = f"{ARGO}/namespaces/{namespace}/rollouts/{NAME}"
    one = {"fieldManager": "one"}
    first = send(
        control_plane, "PATCH", path, applied(namespace, paused=True), type_=APPLY, params=one
    )
    assert first.status_code == 201
    assert managers(first.json()) == [("one", "Apply", "")]
    second = patch(
        control_plane, path, applied(namespace, minReadySeconds=1), APPLY, fieldManager="one"
    )
    assert second["spec"] == {"replicas": 0, "minReadySeconds": 1}
    third = patch(control_plane, path, {"spec": {"paused": True}}, fieldManager="other")
    assert third["spec"]["paused"] is True
    again = patch(
        control_plane, path, applied(namespace, minReadySeconds=1), APPLY, fieldManager="one"
    )
    assert again["spec"] == {"replicas": 0, "minReadySeconds": 1, "paused": True}


def test_an_apply_of_what_others_own_is_a_conflict_unless_forced(
    control_plane: Plane, namespace: str
) -> None:
    path = f"{ARGO}/namespaces/{namespace}/rollouts/{NAME}"
    one, two = {"fieldManager": "one"}, {"fieldManager": "two"}
    body = applied(namespace, paused=True)
    assert send(control_plane, "PATCH", path, body, type_=APPLY, params=one).status_code == 201
    other = applied(namespace, paused=False)
    refused = send(control_plane, "PATCH", path, other, type_=APPLY, params=two)
    assert refused.status_code == 409
    assert refused.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'Apply failed with 1 conflict: conflict with "one": .spec.paused',
        "reason": "Conflict",
        "details": {
            "causes": [
                {
                    "reason": "FieldManagerConflict",
                    "message": 'conflict with "one"',
                    "field": ".spec.paused",
                }
            ]
        },
        "code": 409,
    }
    forced = two | {"force": "true"}
    taken = send(control_plane, "PATCH", path, other, type_=APPLY, params=forced)
    assert taken.json()["spec"]["paused"] is False


def test_a_namespace_ends_with_all_that_is_in_it(control_plane: Plane, api: Api) -> None:
    with api.namespace("ending") as name:
        api.create(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": name}}
        )
        answer = send(control_plane, "DELETE", f"/api/v1/namespaces/{name}").json()
        assert answer["metadata"]["deletionTimestamp"]
        assert answer["status"]["phase"] == "Terminating"
        api.wait_gone("namespaces", None, name)
        assert api.list("configmaps", name) == []
