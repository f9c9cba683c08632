"""Pod logs: which lines, from which container, and for how long."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import httpx
import pytest

from tests.contract.planes import Plane
from tests.contract.raw import client, send, status
from tests.contract.waiting import until
from tests.controlplane import rollouts, states
from tests.controlplane.api import Api

_STAMPED: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z (.+)")
_CONTAINER: Final = "web"


class Logged(NamedTuple):
    """A pod that gets traffic and writes of it."""

    namespace: str
    pod: str

    @property
    def path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.pod}/log"


@pytest.fixture(scope="module")
def logged(control_plane: Plane) -> Iterator[Logged]:
    """A pod of a rollout with traffic, which has written a few lines."""
    with Api(control_plane) as api, api.namespace("logs") as namespace:
        api.apply(*rollouts.canary(namespace, _CONTAINER, [], replicas=1))
        pod = api.wait_any("pods", namespace, states.is_ready, timeout=60)
        found = Logged(namespace, pod["metadata"]["name"])
        until(lambda: read(control_plane, found), lambda lines: len(lines) > 5)
        yield found


def answer(plane: Plane, logged: Logged, **params: str) -> httpx.Response:
    return send(plane, "GET", logged.path, params={"container": _CONTAINER, **params})


def read(plane: Plane, logged: Logged, **params: str) -> list[str]:
    found = answer(plane, logged, **params)
    assert found.status_code == 200, found.text
    return found.text.splitlines()


def test_a_log_is_plain_text(control_plane: Plane, logged: Logged) -> None:
    found = answer(control_plane, logged)
    assert found.headers["Content-Type"] == "text/plain"
    assert found.text.endswith("\n")
    assert any("GET" in line for line in found.text.splitlines())


def test_the_only_container_need_not_be_named(control_plane: Plane, logged: Logged) -> None:
    found = send(control_plane, "GET", logged.path, params={"tailLines": "1"})
    assert (found.status_code, len(found.text.splitlines())) == (200, 1)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_tail_is_that_long(control_plane: Plane, logged: Logged, count: int) -> None:
    assert len(read(control_plane, logged, tailLines=str(count))) == count


def test_lines_may_bear_their_time(control_plane: Plane, logged: Logged) -> None:
    lines = read(control_plane, logged, timestamps="true", tailLines="4")
    assert all(_STAMPED.fullmatch(line) for line in lines)
    assert lines == sorted(lines, key=lambda line: line.partition(" ")[0])


def test_old_lines_may_be_left_out(control_plane: Plane, logged: Logged) -> None:
    assert read(control_plane, logged, sinceSeconds="3600")
    recent = read(control_plane, logged, sinceSeconds="1")
    assert len(recent) < len(until(lambda: read(control_plane, logged), lambda all_: len(all_) > 9))


def test_an_init_container_has_a_log_too(control_plane: Plane, logged: Logged) -> None:
    assert answer(control_plane, logged, container="migrate").status_code == 200


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"container": "nope"}, "container nope is not valid for pod POD"),
        (
            {"previous": "true"},
            f'previous terminated container "{_CONTAINER}" in pod "POD" not found',
        ),
        ({"tailLines": "x"}, 'strconv.ParseInt: parsing "x": invalid syntax'),
    ],
)
def test_what_there_is_not_is_refused(
    control_plane: Plane, logged: Logged, params: dict[str, str], message: str
) -> None:
    found = answer(control_plane, logged, **params)
    assert found.json() == status(400, "BadRequest", message.replace("POD", logged.pod))


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("tailLines", -1, "must be greater than or equal to 0"),
        ("sinceSeconds", 0, "must be greater than 0"),
        ("limitBytes", 0, "must be greater than 0"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(
    control_plane: Plane, logged: Logged, field: str, value: int, rule: str
) -> None:
    words = f"Invalid value: {value}: {rule}"
    assert answer(control_plane, logged, **{field: str(value)}).json() == status(
        422,
        "Invalid",
        f'PodLogOptions "{logged.pod}" is invalid: {field}: {words}',
        {
            "name": logged.pod,
            "kind": "PodLogOptions",
            "causes": [{"reason": "FieldValueInvalid", "message": words, "field": field}],
        },
    )


def test_a_followed_log_goes_on_until_the_pod_is_gone(
    control_plane: Plane, api: Api, namespace: str
) -> None:
    api.apply(*rollouts.canary(namespace, _CONTAINER, [], replicas=1))
    pod = api.wait_any("pods", namespace, states.is_ready, timeout=60)["metadata"]["name"]
    params = {"container": _CONTAINER, "follow": "true", "tailLines": "0"}
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
    with client(control_plane) as http, http.stream("GET", path, params=params) as stream:
        lines = stream.iter_lines()
        assert "GET" in next(line for line in lines if line.startswith("INFO"))
        api.patch("rollouts", namespace, _CONTAINER, {"spec": {"replicas": 0}})
        for _ in lines:
            pass
    api.wait_gone("pods", namespace, pod)


def test_a_pod_that_was_not_placed_has_no_log(
    control_plane: Plane, api: Api, namespace: str
) -> None:
    spec = {
        "containers": [{"name": "c", "image": "example/none:v1"}],
        "schedulingGates": [{"name": "example.com/never"}],
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": namespace}}
    api.create(pod | {"spec": spec})
    found = send(control_plane, "GET", f"/api/v1/namespaces/{namespace}/pods/p/log")
    assert (found.status_code, found.content) == (204, b"")


def test_an_image_that_cannot_be_pulled_writes_nothing(
    control_plane: Plane, api: Api, namespace: str
) -> None:
    api.apply(*rollouts.canary(namespace, _CONTAINER, [], replicas=1, tag="v1-nopull"))
    pod = api.wait_any(
        "pods",
        namespace,
        lambda pod: states.waiting_reason(pod) in ("ErrImagePull", "ImagePullBackOff"),
        timeout=60,
    )
    name = pod["metadata"]["name"]
    path = f"/api/v1/namespaces/{namespace}/pods/{name}/log"
    found = send(control_plane, "GET", path, params={"container": _CONTAINER})
    assert found.status_code == 400
    assert found.json()["message"].startswith(
        f'container "{_CONTAINER}" in pod "{name}" is waiting to start: '
    )
