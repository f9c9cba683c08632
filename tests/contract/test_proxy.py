"""The way to the demo's Prometheus through its API server.

On the real control plane it takes a network of its own, as it leads to pods: what it refuses is
tested on both, in `test_refusals`.
"""

from typing import Final

import httpx
import pytest

from tests.contract.planes import Plane
from tests.contract.raw import send
from tests.controlplane import faults
from tests.controlplane.api import Api

_PLACE: Final = "/api/v1/namespaces/monitoring/services"


@pytest.mark.parametrize("name", ["prometheus:9090", "prometheus:web", "http:prometheus:9090"])
def test_a_query_is_answered_as_by_prometheus_itself(demo_plane: Plane, name: str) -> None:
    query = {"query": "vector(1)", "time": "1700000000"}
    direct = httpx.get(
        f"{demo_plane.prometheus_url}/api/v1/query", params=query, trust_env=False, timeout=30
    )
    through = send(demo_plane, "GET", f"{_PLACE}/{name}/proxy/api/v1/query", params=query)
    assert through.json() == direct.json()
    assert through.json()["data"]["result"][0]["value"] == [1700000000, "1"]


def test_its_errors_come_through(demo_plane: Plane) -> None:
    path = f"{_PLACE}/prometheus:9090/proxy/api/v1/query"
    answer = send(demo_plane, "GET", path, params={"query": "sum("})
    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")


def test_a_right_may_be_given_by_name(demo_plane: Plane) -> None:
    rule = faults.rule("", "services/proxy", "get") | {"resourceNames": ["prometheus:9090"]}
    with Api(demo_plane) as api:
        faults.grant(api, "monitoring", "nobody", rule)
        allowed, *refused = (
            send(demo_plane, "GET", f"{_PLACE}/{name}/proxy/-/ready", user="nobody").status_code
            for name in ("prometheus:9090", "prometheus:web", "http:prometheus:9090")
        )
        faults.revoke(api, "monitoring")
    assert (allowed, refused) == (200, [403, 403])
