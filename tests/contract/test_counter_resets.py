"""Counters that begin anew with their pods: what is followed shows neither a fall nor a peak."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
import pytest

from amas_tui.session.metrics import MetricsFollower, MetricsOptions
from amas_tui.store.slo import Gauge, Side, Slo
from tests.builders import NAMESPACE, NEW, OLD, rollout, scene
from tests.contract import real_prometheus
from tests.contract.series import Written, exposition

_SECONDS: Final = 900
_EVERY: Final = 5
_LIFE: Final = 45
"""Seconds after which a pod is killed and its counters begin anew."""
_RATE: Final = {NEW: 10, OLD: 40}
_FAILED: Final = 50
"""One request in so many fails."""


def _counters(now: int) -> Iterator[Written]:
    """Yield requests at a steady rate, counted by pods that do not live long, up to now."""
    for pod_hash, rate in _RATE.items():
        for status, share in (("200", 1 - 1 / _FAILED), ("500", 1 / _FAILED)):
            labels = {
                "__name__": "http_requests_total",
                "namespace": NAMESPACE,
                "rollouts_pod_template_hash": pod_hash,
                "status": status,
            }
            moments = range(0, _SECONDS + 1, _EVERY)
            samples = ((now - _SECONDS + at, float(at % _LIFE) * rate * share) for at in moments)
            yield Written(labels, tuple((at * 1000, value) for at, value in samples))


@pytest.fixture(scope="module")
def restarting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus whose counters have been reset every 45 seconds."""
    if reason := real_prometheus.why_not():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    samples = exposition(list(_counters(int(time.time()))))
    with real_prometheus.running(tmp_path_factory.mktemp("resets"), exposition=samples) as url:
        yield url


def test_the_counters_do_fall(restarting: str) -> None:
    query = f'resets(http_requests_total{{status="200",rollouts_pod_template_hash="{NEW}"}}[15m])'
    found = httpx.get(f"{restarting}/api/v1/query", params={"query": query}, trust_env=False)
    (series,) = found.json()["data"]["result"]
    assert float(series["value"][1]) >= _SECONDS / _LIFE - 2


@asynccontextmanager
async def _followed(url: str) -> AsyncIterator[asyncio.Queue[Slo]]:
    here = scene(rollout())
    found: asyncio.Queue[Slo] = asyncio.Queue()
    follower = MetricsFollower(
        MetricsOptions(url=url, interval=0.2),
        lambda: here,
        lambda _uid, slo: found.put_nowait(slo),
    )
    task = asyncio.create_task(follower.run())
    follower.follow(here.rollout.uid)
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _slo(url: str) -> Slo:
    """Return what is followed once every query has had its range and its value."""
    async with asyncio.timeout(30), _followed(url) as found:
        while True:
            slo = await found.get()
            series = [slo.of(one, side) for one in slo.gauges for side, _ in one.queries]
            if series and all(one.result is not None for one in series):
                return slo


def _gauge(slo: Slo, name: str) -> Gauge:
    return next(one for one in slo.gauges if one.name == name)


async def test_a_rate_stays_level_while_its_counters_begin_anew(restarting: str) -> None:
    slo = await _slo(restarting)
    for side, pod_hash in ((Side.CANARY, NEW), (Side.STABLE, OLD)):
        values = [value for _, value in slo.of(_gauge(slo, "requests/s"), side).points]
        assert len(values) > 100
        # The first window is not full; what was counted between a pod's last scrape and its end
        # is lost for any counter.
        settled = values[len(values) // 4 : -1]
        assert min(settled) > 0.7 * _RATE[pod_hash]
        assert max(settled) < 1.1 * _RATE[pod_hash]


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        pytest.param("success rate", 0.97, 0.99, id="success"),
        pytest.param("error rate", 0.01, 0.03, id="errors"),
        pytest.param("error budget", 0.4, 0.8, id="budget"),
    ],
)
async def test_a_share_is_that_of_the_requests_whatever_was_reset(
    restarting: str, name: str, low: float, high: float
) -> None:
    slo = await _slo(restarting)
    for side in (Side.CANARY, Side.STABLE):
        values = [value for _, value in slo.of(_gauge(slo, name), side).points]
        assert len(values) > 100
        assert low <= min(values) <= max(values) <= high
