import math

import pytest

from amas_tui.demo.clock import ManualClock
from amas_tui.demo.prometheus.service import Prometheus
from amas_tui.demo.prometheus.values import Vector
from amas_tui.demo.resources import NAMESPACES, PODS
from amas_tui.demo.store import Store
from amas_tui.demo.traffic.flows import Traffic
from tests.unit.demo import cluster


def _watched(store: Store, seed: int = 0) -> Prometheus:
    traffic = Traffic(store, seed)
    prometheus = Prometheus(store.clock, [traffic])
    traffic.start()
    prometheus.start()
    return prometheus


def _values(prometheus: Prometheus, query: str, label: str = "") -> dict[str, float]:
    found = prometheus.value(query)
    assert isinstance(found, Vector)
    return {dict(labels).get(label, ""): value for labels, value in found.samples}


_BY_VERSION = "rollouts_pod_template_hash"
_RATE = f"sum by ({_BY_VERSION}) (rate(http_requests_total[1m]))"
_SUCCESS = (
    f'sum by ({_BY_VERSION}) (rate(http_requests_total{{status!~"5.."}}[1m]))'
    f" / sum by ({_BY_VERSION}) (rate(http_requests_total[1m]))"
)
_P95 = (
    "histogram_quantile(0.95,"
    f" sum by (le, {_BY_VERSION}) (rate(http_request_duration_seconds_bucket[1m])))"
)


def test_the_canary_gets_its_weight_of_the_requests() -> None:
    store = cluster.store()
    cluster.canary(store, weight=25)
    prometheus = _watched(store)

    cluster.advance(store, 90)

    rates = _values(prometheus, _RATE, _BY_VERSION)
    assert math.isclose(rates["new"] + rates["old"], 40, rel_tol=0.1)
    assert math.isclose(rates["new"] / (rates["new"] + rates["old"]), 0.25, rel_tol=0.03)


def test_a_canary_that_is_not_ready_takes_nothing() -> None:
    store = cluster.store()
    cluster.canary(store, weight=25)
    cluster.set_ready(store, "web-new-0", is_ready=False)
    prometheus = _watched(store)

    cluster.advance(store, 90)

    rates = _values(prometheus, _RATE, _BY_VERSION)
    assert rates.keys() == {"old"}
    assert math.isclose(rates["old"], 40, rel_tol=0.1)
    assert _values(prometheus, "up", "pod") == {"web-old-0": 1, "web-old-1": 1, "web-new-0": 0}


@pytest.mark.parametrize(
    ("tag", "success", "p95"),
    [("v2", 0.998, 0.3), ("v2-bad", 0.8, 0.3), ("v2-slow", 0.998, 4.7), ("v2-slow-bad", 0.8, 4.7),
     ("v2-slowbad", 0.8, 4.7)],
)  # fmt: skip
def test_a_version_behaves_as_its_tag_says(tag: str, success: float, p95: float) -> None:
    store = cluster.store()
    cluster.canary(store, weight=50, tag=tag)
    prometheus = _watched(store)

    cluster.advance(store, 120)

    successes = _values(prometheus, _SUCCESS, _BY_VERSION)
    durations = _values(prometheus, _P95, _BY_VERSION)
    assert math.isclose(successes["new"], success, abs_tol=0.03)
    assert math.isclose(successes["old"], 0.998, abs_tol=0.003)
    assert math.isclose(durations["new"], p95, rel_tol=0.25)
    assert math.isclose(durations["old"], 0.3, rel_tol=0.25)


def test_a_pod_behaves_otherwise_once_its_annotation_says_so() -> None:
    store = cluster.store()
    cluster.canary(store, weight=50)
    prometheus = _watched(store)
    cluster.advance(store, 60)

    cluster.behave(store, "web-new-0", "bad")
    cluster.advance(store, 70)

    assert math.isclose(_values(prometheus, _SUCCESS, _BY_VERSION)["new"], 0.8, abs_tol=0.03)


def test_a_pod_that_is_gone_disappears_at_once() -> None:
    store = cluster.store()
    cluster.canary(store, weight=50)
    prometheus = _watched(store)
    cluster.advance(store, 60)

    store.delete(PODS, cluster.NAMESPACE, "web-old-1")
    cluster.advance(store, 2)

    assert _values(prometheus, "up", "pod").keys() == {"web-old-0", "web-new-0"}


def test_a_service_with_a_rate_of_its_own_is_sent_requests() -> None:
    store = cluster.store()
    cluster.pod(store, "web-0", "only")
    cluster.service(store, "web", rate=10)
    prometheus = _watched(store)

    cluster.advance(store, 90)

    assert math.isclose(_values(prometheus, _RATE, _BY_VERSION)["only"], 10, rel_tol=0.1)


def test_the_same_seed_gives_the_same_counts_and_another_gives_others() -> None:
    def counts(seed: int) -> dict[str, float]:
        store = cluster.store()
        cluster.canary(store, weight=30)
        prometheus = _watched(store, seed)
        cluster.advance(store, 60)
        return _values(prometheus, 'http_requests_total{status="200"}', "pod")

    assert counts(1) == counts(1)
    assert counts(1) != counts(2)


class _Suspended(ManualClock):
    """A clock that can leap: nothing that was due on the way happens on time."""

    def leap(self, seconds: float) -> None:
        self._elapsed += seconds


def test_no_flood_follows_a_standstill() -> None:
    clock = _Suspended(cluster.START)
    store = Store(clock)
    cluster.canary(store, weight=0)
    prometheus = _watched(store)
    clock.advance(30)
    before = _values(prometheus, "sum(http_requests_total)")[""]

    clock.leap(3_600)
    clock.advance(1)

    assert 0 < _values(prometheus, "sum(http_requests_total)")[""] - before < 40 * 8


def test_objects_of_no_concern_come_and_go_unnoticed() -> None:
    store = cluster.store()
    prometheus = _watched(store)
    store.create(NAMESPACES, {"metadata": {"name": "other"}})
    store.delete(NAMESPACES, "", "other")

    cluster.advance(store, 5)

    assert _values(prometheus, "up") == {}
