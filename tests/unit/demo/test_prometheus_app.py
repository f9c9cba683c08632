"""Prometheus' own port."""

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from amas_tui.demo.prometheus.service import Prometheus
from amas_tui.demo.prometheus_app import prometheus_app
from tests.unit.demo import cluster


async def test_it_hangs_up_while_prometheus_is_away() -> None:
    prometheus = Prometheus(cluster.store().clock, [])
    async with TestClient(TestServer(prometheus_app(prometheus))) as client:
        assert (await client.get("/-/ready")).status == 200

        prometheus.go_away()
        with pytest.raises(aiohttp.ClientError):
            await client.post("/api/v1/query", data={"query": "1"})

        prometheus.come_back()
        answer = await client.post("/api/v1/query", data={"query": "vector(1)"})
        assert (await answer.json())["status"] == "success"
