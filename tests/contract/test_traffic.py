"""Users are alike on both control planes: who gets requests, and what is measured of them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import httpx
import pytest

from tests.contract import actions as act
from tests.contract.actions import NAME
from tests.contract.planes import Plane
from tests.contract.stage import PlaneStage
from tests.controlplane.api import Api
from tests.controlplane.prometheus import wait_for
from tests.controlplane.rollouts import canary, pause, set_weight

_HASH: Final = "rollouts_pod_template_hash"
_WINDOW: Final = "10s"
_PATIENCE: Final = 60.0
_LABELS: Final = {"instance", "job", "namespace", "pod", "service", _HASH}
"""What every series of a pod bears."""

Values = Mapping[str, float]


@pytest.fixture
def stage(api: Api, namespace: str, control_plane: Plane) -> PlaneStage:
    return PlaneStage(api, namespace, control_plane.prometheus_url)


@pytest.fixture
def prometheus(control_plane: Plane) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=control_plane.prometheus_url, timeout=30, trust_env=False) as client:
        yield client


def _wait(stage: PlaneStage, query: str, predicate: Callable[[Values], object]) -> Values:
    return wait_for(stage.prometheus_url, query, predicate, label=_HASH, timeout=_PATIENCE)


def _rate(stage: PlaneStage, more: str = "") -> str:
    selector = f'namespace="{stage.namespace}"{more}'
    return f"sum by ({_HASH}) (rate(http_requests_total{{{selector}}}[{_WINDOW}]))"


def _p95(stage: PlaneStage) -> str:
    selector = f'namespace="{stage.namespace}"'
    buckets = f"rate(http_request_duration_seconds_bucket{{{selector}}}[{_WINDOW}])"
    return f"histogram_quantile(0.95, sum by (le, {_HASH}) ({buckets}))"


def _release(stage: PlaneStage, tag: str) -> tuple[str, str]:
    """Bring a canary of a version to half of the traffic; return stable and new hash."""
    steps = [set_weight(50), pause()]
    manifests = canary(stage.namespace, NAME, steps, nginx=True, replicas=2, requests_per_second=60)
    act.deploy(stage, *manifests)
    act.release(stage, tag)
    status = act.wait(stage, act.paused_at(1))["status"]
    return status["stableRS"], status["currentPodHash"]


def test_a_bad_canary_gets_its_share_and_fails_a_fifth_of_it(stage: PlaneStage) -> None:
    stable, fresh = _release(stage, "v2-bad")

    _wait(
        stage,
        _rate(stage),
        lambda found: (
            found.keys() == {stable, fresh} and all(20 < rate < 40 for rate in found.values())
        ),
    )
    good = _rate(stage, ',status!~"5.."')
    success = f"{good} / {_rate(stage)}"
    _wait(stage, success, lambda found: 0.7 < found.get(fresh, 0) < 0.9)
    _wait(stage, success, lambda found: found.get(stable, 0) > 0.97)
    _wait(stage, _p95(stage), lambda found: 0.2 < found.get(fresh, 0) < 0.45)


def test_a_slow_canary_answers_late_and_its_pods_are_up(
    stage: PlaneStage, prometheus: httpx.Client
) -> None:
    stable, fresh = _release(stage, "v2-slow")

    _wait(stage, _p95(stage), lambda found: 3.5 < found.get(fresh, 0) < 6)
    _wait(stage, _p95(stage), lambda found: 0.2 < found.get(stable, 0) < 0.45)
    up = f'avg by ({_HASH}) (up{{namespace="{stage.namespace}"}})'
    assert _wait(stage, up, lambda found: len(found) == 2) == {stable: 1, fresh: 1}
    for metric, own in (
        ("up", set()),
        ("http_requests_total", {"status"}),
        ("http_request_duration_seconds_bucket", {"le"}),
        ("http_request_duration_seconds_sum", set()),
        ("http_request_duration_seconds_count", set()),
    ):
        query = f'{metric}{{namespace="{stage.namespace}"}}'
        found = prometheus.get("/api/v1/query", params={"query": query}).json()
        series = [set(each["metric"]) for each in found["data"]["result"]]
        assert series
        assert all(labels == {"__name__"} | _LABELS | own for labels in series)


def test_pods_that_are_gone_disappear_at_once(stage: PlaneStage) -> None:
    stable, fresh = _release(stage, "v2")
    up = f'sum by ({_HASH}) (up{{namespace="{stage.namespace}"}})'
    _wait(stage, up, lambda found: found.keys() == {stable, fresh})

    stage.delete("rollouts", NAME)

    # A series without new samples would speak for five minutes.
    _wait(stage, up, lambda found: not found)


def test_a_query_may_be_posted_and_nothing_else_may(prometheus: httpx.Client) -> None:
    form = {"query": "vector(1)", "time": "5"}

    posted = prometheus.post("/api/v1/query", data=form, params={"query": "vector(2)"})
    got = prometheus.get("/api/v1/query", params=form)

    assert posted.json() == got.json()
    assert prometheus.request("DELETE", "/api/v1/query").status_code == 405
    assert prometheus.get("/-/ready").text == "Prometheus Server is Ready.\n"
    assert prometheus.get("/api/v1/query").status_code == 400
