"""What the API server refuses, and the whole body in which it says so."""

from typing import Any, Final, NamedTuple

import pytest

from tests.contract.planes import Plane
from tests.contract.raw import ANONYMOUS, APPLY, ARGO, JSON_PATCH, MERGE, WRONG, send, status
from tests.controlplane import faults, manifests, rollouts
from tests.controlplane.api import Api

NAME: Final = "web"
OF_ROLLOUT: Final = {"name": NAME, "group": "argoproj.io", "kind": "rollouts"}
OF_KIND: Final = {"name": NAME, "group": "argoproj.io", "kind": "Rollout"}
UNCHECKED: Final = (
    "Invalid value: null: some validation rules were not checked because the object was invalid;"
    " correct the existing errors to complete validation"
)
UNPROCESSABLE: Final = status(
    422, "Invalid", "the server rejected our request due to an error in our request", {}
)
ACCEPTED: Final = (
    "the body of the request was in an unknown format - accepted media types include: "
)
NO_PAGE: Final = "404 page not found\n"
PAUSED: Final = {"spec": {"paused": True}}


class Case(NamedTuple):
    """A request and the answer to it; `NS` stands for the namespace."""

    method: str
    path: str
    expected: Any
    body: object = None
    type_: str = "application/json"
    user: str = "admin"
    params: dict[str, str] | None = None


def invalid(field: str, reason: str, words: str, *, kind: str = "Rollout") -> dict[str, Any]:
    """Return the refusal of a custom resource with one wrong field."""
    causes = [
        {"reason": reason, "message": words, "field": field},
        {"reason": "FieldValueInvalid", "message": UNCHECKED, "field": "<nil>"},
    ]
    message = f'{kind}.argoproj.io "{NAME}" is invalid: [{field}: {words}, <nil>: {UNCHECKED}]'
    return status(422, "Invalid", message, OF_KIND | {"causes": causes})


def wrong_type(field: str, seen: str, wanted: str, *, words: str = "") -> dict[str, Any]:
    """Return the refusal of a value of another type; `words` where it is called otherwise."""
    sentence = (
        f'Invalid value: "{seen}": {words or field} in body must be of type {wanted}: "{seen}"'
    )
    return invalid(field, "FieldValueTypeInvalid", sentence)


def forbidden(verb: str, user: str, *, what: str = "rollouts", name: str = "") -> dict[str, Any]:
    """Return the refusal of what no rule allows, in the namespace."""
    named = f'rollouts.argoproj.io "{name}"' if name else "rollouts.argoproj.io"
    message = (
        f'{named} is forbidden: User "{user}" cannot {verb} resource "{what}" in API group'
        ' "argoproj.io" in the namespace "NS"'
    )
    details = {"group": "argoproj.io", "kind": "rollouts"} | ({"name": name} if name else {})
    return status(403, "Forbidden", message, details)


def options_refused(field: str, reason: str, words: str) -> dict[str, Any]:
    """Return the refusal of a patch's query."""
    cause = {"reason": reason, "message": words, "field": field}
    return status(
        422,
        "Invalid",
        f'PatchOptions.meta.k8s.io "" is invalid: {field}: {words}',
        {"group": "meta.k8s.io", "kind": "PatchOptions", "causes": [cause]},
    )


def bad(message: str) -> dict[str, Any]:
    return status(400, "BadRequest", message)


def rollout(**metadata: str) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": metadata,
        "spec": {},
    }


ROLLOUTS: Final = f"{ARGO}/namespaces/NS/rollouts"
WEB: Final = f"{ROLLOUTS}/{NAME}"
ABSENT: Final = status(
    404,
    "NotFound",
    'rollouts.argoproj.io "none" not found',
    {"name": "none", "group": "argoproj.io", "kind": "rollouts"},
)
CONFLICT: Final = status(
    409,
    "Conflict",
    f'Operation cannot be fulfilled on rollouts.argoproj.io "{NAME}": the object has been modified;'
    " please apply your changes to the latest version and try again",
    OF_ROLLOUT,
)
CASES: Final = {
    "absent": Case("GET", f"{ROLLOUTS}/none", ABSENT),
    "absent in the core group": Case(
        "GET",
        "/api/v1/namespaces/NS/services/none",
        status(404, "NotFound", 'services "none" not found', {"name": "none", "kind": "services"}),
    ),
    "absent to a patch": Case("PATCH", f"{ROLLOUTS}/none", ABSENT, {}, MERGE),
    "absent to a deletion": Case("DELETE", f"{ROLLOUTS}/none", ABSENT),
    "no such subresource": Case(
        "GET",
        f"{WEB}/nope",
        status(404, "NotFound", f'rollouts.argoproj.io "{NAME}" not found', OF_ROLLOUT),
    ),
    "no such resource": Case("GET", f"{ARGO}/nothings", NO_PAGE),
    "no such group": Case("GET", "/apis/nope.example/v1/things", NO_PAGE),
    "no such path": Case("GET", "/nope", NO_PAGE),
    "a token that nobody has": Case(
        "GET", ROLLOUTS, status(401, "Unauthorized", "Unauthorized"), user=WRONG
    ),
    "no token": Case("GET", ROLLOUTS, forbidden("list", "system:anonymous"), user=ANONYMOUS),
    "forbidden to list": Case("GET", ROLLOUTS, forbidden("list", "nobody"), user="nobody"),
    "forbidden to watch": Case(
        "GET", ROLLOUTS, forbidden("watch", "nobody"), user="nobody", params={"watch": "True"}
    ),
    "forbidden to get": Case("GET", WEB, forbidden("get", "nobody", name=NAME), user="nobody"),
    "forbidden to patch": Case(
        "PATCH", WEB, forbidden("patch", "viewer", name=NAME), PAUSED, MERGE, "viewer"
    ),
    "forbidden to patch the status": Case(
        "PATCH",
        f"{WEB}/status",
        forbidden("patch", "viewer", what="rollouts/status", name=NAME),
        {"status": {"abort": True}},
        MERGE,
        "viewer",
    ),
    "forbidden in all namespaces": Case(
        "GET",
        f"{ARGO}/rollouts",
        status(
            403,
            "Forbidden",
            'rollouts.argoproj.io is forbidden: User "nobody" cannot list resource "rollouts" in'
            ' API group "argoproj.io" at the cluster scope',
            {"group": "argoproj.io", "kind": "rollouts"},
        ),
        user="nobody",
    ),
    "forbidden to read a log": Case(
        "GET",
        "/api/v1/namespaces/NS/pods/x/log",
        status(
            403,
            "Forbidden",
            'pods "x" is forbidden: User "nobody" cannot get resource "pods/log" in API group ""'
            ' in the namespace "NS"',
            {"name": "x", "kind": "pods"},
        ),
        user="nobody",
    ),
    "forbidden to reach a service": Case(
        "GET",
        "/api/v1/namespaces/NS/services/web:9090/proxy/api/v1/query",
        status(
            403,
            "Forbidden",
            'services "web:9090" is forbidden: User "viewer" cannot get resource "services/proxy"'
            ' in API group "" in the namespace "NS"',
            {"name": "web:9090", "kind": "services"},
        ),
        user="viewer",
    ),
    "forbidden to get a namespace": Case(
        "GET",
        "/api/v1/namespaces/NS",
        status(
            403,
            "Forbidden",
            'namespaces "NS" is forbidden: User "nobody" cannot get resource "namespaces" in API'
            ' group "" in the namespace "NS"',
            {"name": "NS", "kind": "namespaces"},
        ),
        user="nobody",
    ),
    "forbidden path": Case(
        "GET",
        "/metrics",
        status(403, "Forbidden", 'forbidden: User "nobody" cannot get path "/metrics"', {}),
        user="nobody",
    ),
    "a word for a flag": Case(
        "PATCH",
        WEB,
        wrong_type("spec.paused", "string", "boolean"),
        {"spec": {"paused": "yes"}},
        MERGE,
    ),
    "a list for a flag": Case(
        "PATCH", WEB, wrong_type("spec.paused", "array", "boolean"), {"spec": {"paused": []}}, MERGE
    ),
    "a number for a flag, in a JSON patch": Case(
        "PATCH",
        WEB,
        wrong_type("spec.paused", "integer", "boolean"),
        [{"op": "add", "path": "/spec/paused", "value": 1}],
        JSON_PATCH,
    ),
    "no time": Case(
        "PATCH",
        WEB,
        wrong_type("spec.restartAt", "soon", "date-time"),
        {"spec": {"restartAt": "soon"}},
        MERGE,
    ),
    "no spec": Case(
        "PATCH", WEB, invalid("spec", "FieldValueRequired", "Required value"), {"spec": None}, MERGE
    ),
    "a word for a flag of the status": Case(
        "PATCH",
        f"{WEB}/status",
        wrong_type("status.abort", "string", "boolean", words="abort"),
        {"status": {"abort": "x"}},
        MERGE,
    ),
    "a word for a number of the status": Case(
        "PATCH",
        f"{WEB}/status",
        wrong_type("status.currentStepIndex", "string", "integer", words="currentStepIndex"),
        {"status": {"currentStepIndex": "x"}},
        MERGE,
    ),
    "a pause without its start": Case(
        "PATCH",
        f"{WEB}/status",
        invalid("status.pauseConditions[0].startTime", "FieldValueRequired", "Required value"),
        {"status": {"pauseConditions": [{"reason": "x"}]}},
        MERGE,
    ),
    "a word for a number of pods": Case(
        "PATCH",
        WEB,
        status(
            422,
            "Invalid",
            f'Rollout.argoproj.io "{NAME}" is invalid: [spec.replicas: Invalid value: "string":'
            ' spec.replicas in body must be of type integer: "string", .spec.replicas: Invalid'
            " value: 0: .spec.replicas accessor error: 3 is of the type string, expected int64,"
            f" <nil>: {UNCHECKED}]",
            OF_KIND
            | {
                "causes": [
                    {
                        "reason": "FieldValueTypeInvalid",
                        "message": 'Invalid value: "string": spec.replicas in body must be of type'
                        ' integer: "string"',
                        "field": "spec.replicas",
                    },
                    {
                        "reason": "FieldValueInvalid",
                        "message": "Invalid value: 0: .spec.replicas accessor error: 3 is of the"
                        " type string, expected int64",
                        "field": ".spec.replicas",
                    },
                    {"reason": "FieldValueInvalid", "message": UNCHECKED, "field": "<nil>"},
                ]
            },
        ),
        {"spec": {"replicas": "3"}},
        MERGE,
    ),
    "a patch that is a list": Case(
        "PATCH",
        WEB,
        bad(
            "error decoding patch: json: cannot unmarshal array into Go value of type"
            " map[string]interface {}"
        ),
        [],
        MERGE,
    ),
    "a patch that is no JSON": Case(
        "PATCH",
        WEB,
        bad(
            "error decoding patch: invalid character 'n' looking for beginning of object key string"
        ),
        "{nope",
        MERGE,
    ),
    "an old version in a patch": Case(
        "PATCH", WEB, CONFLICT, {"metadata": {"resourceVersion": "1"}}, MERGE
    ),
    "an old version in a patch of the status": Case(
        "PATCH", f"{WEB}/status", CONFLICT, {"metadata": {"resourceVersion": "1"}}, MERGE
    ),
    "another uid": Case(
        "PATCH",
        WEB,
        status(
            422,
            "Invalid",
            f'Rollout.argoproj.io "{NAME}" is invalid: metadata.uid: Invalid value: "1": field is'
            " immutable",
            OF_KIND
            | {
                "causes": [
                    {
                        "reason": "FieldValueInvalid",
                        "message": 'Invalid value: "1": field is immutable',
                        "field": "metadata.uid",
                    }
                ]
                * 2
            },
        ),
        {"metadata": {"uid": "1"}},
        MERGE,
    ),
    "another name": Case(
        "PATCH",
        WEB,
        bad(f"the name of the object (other) does not match the name on the URL ({NAME})"),
        {"metadata": {"name": "other"}},
        MERGE,
    ),
    "a strategic merge patch": Case(
        "PATCH",
        WEB,
        status(
            415,
            "UnsupportedMediaType",
            ACCEPTED + "application/json-patch+json, application/merge-patch+json,"
            " application/apply-patch+yaml",
        ),
        PAUSED,
        "application/strategic-merge-patch+json",
    ),
    "a patch without a format of its own": Case(
        "PATCH",
        WEB,
        status(
            415,
            "UnsupportedMediaType",
            ACCEPTED + "application/json-patch+json, application/merge-patch+json,"
            " application/apply-patch+yaml",
        ),
        PAUSED,
    ),
    "a test that fails": Case(
        "PATCH",
        WEB,
        UNPROCESSABLE,
        [{"op": "test", "path": "/metadata/uid", "value": "x"}],
        JSON_PATCH,
    ),
    "a test of what is absent": Case(
        "PATCH", WEB, UNPROCESSABLE, [{"op": "test", "path": "/spec/nope", "value": 1}], JSON_PATCH
    ),
    "a test below what is absent": Case(
        "PATCH",
        WEB,
        UNPROCESSABLE,
        [{"op": "test", "path": "/spec/nope/deep", "value": None}],
        JSON_PATCH,
    ),
    "a test without a null": Case(
        "PATCH",
        WEB,
        UNPROCESSABLE,
        [{"op": "test", "path": "/spec/replicas", "value": None}],
        JSON_PATCH,
    ),
    "a path that leads nowhere": Case(
        "PATCH",
        WEB,
        UNPROCESSABLE,
        [{"op": "replace", "path": "/spec/nope/deep", "value": 1}],
        JSON_PATCH,
    ),
    "an index beyond the end": Case(
        "PATCH",
        WEB,
        UNPROCESSABLE,
        [{"op": "replace", "path": "/spec/strategy/canary/steps/9", "value": {}}],
        JSON_PATCH,
    ),
    "the removal of what is absent": Case(
        "PATCH", WEB, UNPROCESSABLE, [{"op": "remove", "path": "/spec/nope"}], JSON_PATCH
    ),
    "no such operation": Case(
        "PATCH", WEB, UNPROCESSABLE, [{"op": "frob", "path": "/spec/nope", "value": 1}], JSON_PATCH
    ),
    "an operation without a path": Case(
        "PATCH", WEB, UNPROCESSABLE, [{"op": "add", "value": 1}], JSON_PATCH
    ),
    "a JSON patch that is no list": Case(
        "PATCH",
        WEB,
        bad(
            "error decoding patch: json: cannot unmarshal object into Go value of type"
            " []handlers.jsonPatchOp"
        ),
        {"op": "test"},
        JSON_PATCH,
    ),
    "no such dry run": Case(
        "PATCH",
        WEB,
        options_refused(
            "dryRun",
            "FieldValueNotSupported",
            'Unsupported value: ["Some"]: supported values: "All"',
        ),
        {},
        MERGE,
        params={"dryRun": "Some"},
    ),
    "force without an apply": Case(
        "PATCH",
        WEB,
        options_refused(
            "force", "FieldValueForbidden", "Forbidden: may not be specified for non-apply patch"
        ),
        {},
        MERGE,
        params={"force": "true"},
    ),
    "an apply by nobody": Case(
        "PATCH",
        WEB,
        options_refused(
            "fieldManager", "FieldValueRequired", "Required value: is required for apply patch"
        ),
        rollout(name=NAME),
        APPLY,
    ),
    "a long field manager": Case(
        "PATCH",
        WEB,
        options_refused(
            "fieldManager", "FieldValueTooLong", "Too long: may not be more than 128 bytes"
        ),
        {},
        MERGE,
        params={"fieldManager": "x" * 129},
    ),
    "an apply of an unknown field": Case(
        "PATCH",
        WEB,
        status(
            500,
            "",
            "failed to create typed patch object (/web; argoproj.io/v1alpha1, Kind=Rollout):"
            " .bogus: field not declared in schema",
        ),
        rollout(name=NAME) | {"bogus": 1},
        APPLY,
        params={"fieldManager": "somebody"},
    ),
    "a name that is taken": Case(
        "POST",
        ROLLOUTS,
        status(409, "AlreadyExists", f'rollouts.argoproj.io "{NAME}" already exists', OF_ROLLOUT),
        rollout(name=NAME),
    ),
    "another namespace": Case(
        "POST",
        ROLLOUTS,
        bad(
            "the namespace of the provided object does not match the namespace sent on the request"
        ),
        rollout(name="other", namespace="elsewhere"),
    ),
    "a namespace that is not there": Case(
        "POST",
        f"{ARGO}/namespaces/nowhere-NS/rollouts",
        status(
            404,
            "NotFound",
            'namespaces "nowhere-NS" not found',
            {"name": "nowhere-NS", "kind": "namespaces"},
        ),
        rollout(name="other"),
    ),
    "a new object with a version": Case(
        "POST",
        ROLLOUTS,
        status(500, "", "resourceVersion should not be set on objects to be created"),
        rollout(name="other", resourceVersion="5"),
    ),
    "text for an object": Case(
        "POST",
        ROLLOUTS,
        status(
            415,
            "UnsupportedMediaType",
            ACCEPTED + "application/json, application/yaml, application/vnd.kubernetes.protobuf",
        ),
        "x",
        "text/plain",
    ),
    "another kind": Case(
        "POST",
        ROLLOUTS,
        status(
            422,
            "Invalid",
            'Experiment.argoproj.io "other" is invalid: kind: Invalid value: "Experiment": must be'
            " Rollout",
            {
                "name": "other",
                "group": "argoproj.io",
                "kind": "Experiment",
                "causes": [
                    {
                        "reason": "FieldValueInvalid",
                        "message": 'Invalid value: "Experiment": must be Rollout',
                        "field": "kind",
                    }
                ],
            },
        ),
        rollout(name="other") | {"kind": "Experiment"},
    ),
    "an old version in an update": Case(
        "PUT", WEB, CONFLICT, rollout(name=NAME, resourceVersion="1")
    ),
    "no version in an update": Case(
        "PUT",
        WEB,
        status(
            422,
            "Invalid",
            f'rollouts.argoproj.io "{NAME}" is invalid: metadata.resourceVersion: Invalid value: 0:'
            " must be specified for an update",
            OF_ROLLOUT
            | {
                "causes": [
                    {
                        "reason": "FieldValueInvalid",
                        "message": "Invalid value: 0: must be specified for an update",
                        "field": "metadata.resourceVersion",
                    }
                ]
            },
        ),
        rollout(name=NAME),
    ),
    "a body too large": Case(
        "POST",
        ROLLOUTS,
        status(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728"),
        f'{{"x":"{"a" * 3_200_000}"}}',
    ),
    "no number of items": Case(
        "GET", ROLLOUTS, bad('strconv.ParseInt: parsing "x": invalid syntax'), params={"limit": "x"}
    ),
    "no version to list": Case(
        "GET",
        ROLLOUTS,
        bad(
            'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint:'
            ' parsing "x": invalid syntax'
        ),
        params={"resourceVersion": "x"},
    ),
    "no version to watch": Case(
        "GET",
        ROLLOUTS,
        status(
            500,
            "",
            'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
        ),
        params={"watch": "1", "resourceVersion": "x"},
    ),
    "a token that is none": Case(
        "GET",
        ROLLOUTS,
        bad(
            "invalid continue token: continue key is not valid: invalid character '\\u009e' looking"
            " for beginning of value"
        ),
        params={"continue": "nope", "limit": "1"},
    ),
    "a field that nothing is selected by": Case(
        "GET",
        ROLLOUTS,
        bad("field label not supported: spec.x"),
        params={"fieldSelector": "spec.x=1"},
    ),
    "a field selector without operator": Case(
        "GET",
        ROLLOUTS,
        bad("invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        params={"fieldSelector": "metadata.name"},
    ),
    "a set without parentheses": Case(
        "GET",
        ROLLOUTS,
        bad("unable to parse requirement: found 'web' expected: '('"),
        params={"labelSelector": "app in web"},
    ),
    "two words for a label": Case(
        "GET",
        ROLLOUTS,
        bad("unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        params={"labelSelector": "a b"},
    ),
    "nothing after a comma": Case(
        "GET",
        ROLLOUTS,
        bad("found '', expected: identifier after ','"),
        params={"labelSelector": "app=web,"},
    ),
    "a value without a label": Case(
        "GET",
        ROLLOUTS,
        bad("found '=', expected: !, identifier, or 'end of string'"),
        params={"labelSelector": "=x"},
    ),
    "two words for a value": Case(
        "GET",
        ROLLOUTS,
        bad("found 'b', expected: ',' or 'end of string'"),
        params={"labelSelector": "app=a b"},
    ),
    "an event elsewhere": Case(
        "POST",
        "/api/v1/namespaces/NS/events",
        status(
            422,
            "Invalid",
            'Event "e" is invalid: involvedObject.namespace: Invalid value: "other": does not match'
            " event.namespace",
            {
                "name": "e",
                "kind": "Event",
                "causes": [
                    {
                        "reason": "FieldValueInvalid",
                        "message": 'Invalid value: "other": does not match event.namespace',
                        "field": "involvedObject.namespace",
                    }
                ],
            },
        ),
        {
            "metadata": {"name": "e"},
            "involvedObject": {"kind": "Rollout", "name": "web", "namespace": "other"},
            "reason": "R",
            "message": "m",
            "type": "Normal",
        },
    ),
    "a service that is not there": Case(
        "GET",
        "/api/v1/namespaces/NS/services/nope:9090/proxy/api/v1/query",
        status(404, "NotFound", 'services "nope" not found', {"name": "nope", "kind": "services"}),
    ),
    "a service's port that is not there": Case(
        "GET",
        "/api/v1/namespaces/NS/services/web:9090/proxy/api/v1/query",
        status(503, "ServiceUnavailable", 'no service port 9090 found for service "web"'),
    ),
    "a service that nothing is behind": Case(
        "GET",
        "/api/v1/namespaces/NS/services/empty:80/proxy/x",
        status(503, "ServiceUnavailable", 'no endpoints available for service "empty"'),
    ),
    "a service's scheme that is none": Case(
        "GET",
        "/api/v1/namespaces/NS/services/ftp:web:80/proxy/x",
        bad('invalid service request "ftp:web:80"'),
    ),
    "a pod's log that is not there": Case(
        "GET",
        "/api/v1/namespaces/NS/pods/nope/log",
        status(404, "NotFound", 'pods "nope" not found', {"name": "nope", "kind": "pods"}),
    ),
    "rules of no namespace": Case(
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        bad("no namespace on request"),
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {},
        },
    ),
}


@pytest.fixture(scope="module")
def crowded(control_plane: Plane) -> Any:
    """A namespace that all refusals share: none of them changes anything there."""
    with Api(control_plane) as api, api.namespace("refusals") as name:
        steps = [rollouts.set_weight(20), rollouts.pause()]
        api.apply(*rollouts.canary(name, NAME, steps, replicas=1, requests_per_second=0))
        api.apply(manifests.service(name, "empty", "nobody"))
        # A controller that writes meanwhile would make an update a matter of luck.
        faults.blind(api, name, NAME)
        yield name


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_refusal_is_the_servers(control_plane: Plane, crowded: str, case: Case) -> None:
    path = case.path.replace("NS", crowded)
    answer = send(
        control_plane,
        case.method,
        path,
        case.body,
        type_=case.type_,
        user=case.user,
        params=case.params,
    )
    if isinstance(case.expected, str):
        assert (answer.status_code, answer.text) == (404, case.expected)
        return
    assert answer.json() == _in(crowded, case.expected)
    assert answer.status_code == case.expected["code"]
    assert answer.headers["Content-Type"] == "application/json"


def test_a_version_that_has_not_come_is_refused_for_a_second(
    control_plane: Plane, crowded: str
) -> None:
    path = ROLLOUTS.replace("NS", crowded)
    with Api(control_plane) as api:
        newest = api.get("rollouts", crowded, NAME)["metadata"]["resourceVersion"]
    answer = send(control_plane, "GET", path, params={"resourceVersion": f"{newest}000000"})
    body = answer.json()
    assert answer.headers["Retry-After"] == "1"
    assert body["message"].startswith(
        f"Timeout: Too large resource version: {newest}000000, current: "
    )
    assert {key: value for key, value in body.items() if key != "message"} == {
        key: value
        for key, value in status(
            504,
            "Timeout",
            "",
            {
                "causes": [
                    {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
                ],
                "retryAfterSeconds": 1,
            },
        ).items()
        if key != "message"
    }


def _in(namespace: str, value: Any) -> Any:
    """Return `value` with the namespace put in."""
    match value:
        case str():
            return value.replace("NS", namespace)
        case dict():
            return {key: _in(namespace, inner) for key, inner in value.items()}
        case list():
            return [_in(namespace, inner) for inner in value]
        case _:
            return value
