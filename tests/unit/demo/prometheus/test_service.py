import json
from collections.abc import Iterable
from itertools import pairwise

import pytest

from amas_tui.demo.prometheus.labels import Labels, labels_of
from amas_tui.demo.prometheus.service import AwayError, Prometheus
from amas_tui.demo.prometheus.values import Matrix, Sample, Vector
from tests.unit.demo import cluster


class _Told:
    """A target that tells what the test says."""

    def __init__(self, **values: float) -> None:
        self.values = dict(values)

    def samples(self) -> Iterable[tuple[Labels, float]]:
        return [(labels_of({"__name__": name}), value) for name, value in self.values.items()]


def test_targets_are_scraped_every_interval() -> None:
    store, target = cluster.store(), _Told(up=1)
    prometheus = Prometheus(store.clock, [target], interval=2)
    prometheus.start()

    cluster.advance(store, 10)

    found = prometheus.value("up[1m]")
    assert isinstance(found, Matrix)
    ((_, points),) = found.series
    start = round(cluster.START.timestamp() * 1000)
    assert [at - start for at, _ in points] == [0, 2_000, 4_000, 6_000, 8_000, 10_000]


def test_a_series_that_is_no_longer_told_has_no_value_at_the_next_scrape() -> None:
    store, target = cluster.store(), _Told(up=1, other=2)
    prometheus = Prometheus(store.clock, [target])
    prometheus.start()
    cluster.advance(store, 10)

    del target.values["other"]
    cluster.advance(store, 1)

    assert prometheus.value("other") == Vector(())
    assert prometheus.value("up") == Vector((Sample(labels_of({"__name__": "up"}), 1.0),))


def test_while_it_is_away_it_neither_answers_nor_scrapes() -> None:
    store, target = cluster.store(), _Told(up=1)
    prometheus = Prometheus(store.clock, [target])
    prometheus.start()
    cluster.advance(store, 10)

    prometheus.go_away(60)
    cluster.advance(store, 59)

    assert prometheus.is_away
    with pytest.raises(AwayError):
        prometheus.value("up")
    reply = prometheus.answer("/api/v1/query", [("query", "up")])
    assert reply.status == 503
    assert json.loads(reply.body)["reason"] == "ServiceUnavailable"

    cluster.advance(store, 11)

    assert not prometheus.is_away
    found = prometheus.value("up[2m]")
    assert isinstance(found, Matrix)
    ((_, points),) = found.series
    assert max(b[0] - a[0] for a, b in pairwise(points)) == 60_000
