"""The process that plays users, applications and the kubelets' log endpoint.

Once a second it sends requests along every Ingress and Service that bears the traffic label, as the
Services' selectors and the canary Ingress' weight say, and shows what the pods would have counted:

- `/metrics`: what every ready pod has counted, in one page. Prometheus looks for new targets every
  5 s at most, too late for canaries that last seconds, hence not page by page;
- `/sd`: Prometheus' targets, one per pod; `/pods/NAMESPACE/NAME/metrics`: that a pod is up, 503
  while it is not ready, so that `up` is real;
- on another port, with TLS, the API server gets the pods' logs.
"""

import argparse
import asyncio
import csv
import json
import ssl
import time
from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx

from tests.controlplane.flows import Traffic, pod_labels
from tests.controlplane.http_server import Response, serve
from tests.controlplane.pki import Pki
from tests.controlplane.pod_logs import LogOptions, NoLogError, PodLogs, kubelet_path, now
from tests.controlplane.world import Key, Pod, World

ROUND_SECONDS: Final = 1.0
_LONGEST_ROUND_SECONDS: Final = 5.0
"""After a pause (SIGSTOP) no flood follows."""
_EXPOSITION: Final = "text/plain; version=0.0.4"
_TIMEOUT: Final = httpx.Timeout(10, read=300)


class TrafficServer:
    """What the process knows and how it answers."""

    def __init__(self, world: World, port: int) -> None:
        self.world = world
        self.traffic = Traffic(world)
        self.logs = PodLogs()
        self._port = port
        self._round_over = asyncio.Event()

    async def send(self) -> None:
        """Send a round of requests each second, for ever."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(ROUND_SECONDS - (time.monotonic() - last) % ROUND_SECONDS)
            moment = time.monotonic()
            sent = self.traffic.round(min(moment - last, _LONGEST_ROUND_SECONDS))
            last = moment
            self.logs.record(sent, now(), self._alive())
            self._round_over.set()
            self._round_over = asyncio.Event()

    def answer(self, path: str, _query: Mapping[str, str]) -> Response:
        """Answer Prometheus."""
        match path.strip("/").split("/"):
            case ["healthz"]:
                ready = self.world.synced
                return Response(status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)
            case ["sd"]:
                targets = [self._target(pod) for pod in self.traffic.scraped()]
                return Response(json.dumps(targets).encode(), content_type="application/json")
            case ["metrics"]:
                return Response(self.traffic.exposition().encode(), content_type=_EXPOSITION)
            case ["pods", namespace, name, "metrics"]:
                return _up(self.world.pods.objects.get(Key(namespace, name)))
        return Response(status=HTTPStatus.NOT_FOUND)

    def answer_as_kubelet(self, path: str, query: Mapping[str, str]) -> Response:
        """Answer the API server."""
        asked = kubelet_path(path)
        pod = self.world.pods.objects.get(asked[0]) if asked else None
        if asked is None or pod is None:
            return Response(status=HTTPStatus.NOT_FOUND)
        options = LogOptions.parse(query, now())
        try:
            lines = self.logs.read(pod, asked[1], options, now())
        except NoLogError as error:
            return Response(str(error).encode(), HTTPStatus.BAD_REQUEST)
        stream = self.logs.follow(pod, options, self._rounds()) if options.follow else None
        return Response(options.text(lines), stream=stream)

    def _target(self, pod: Pod) -> Mapping[str, object]:
        namespace, name = pod.key
        labels = {"__metrics_path__": f"/pods/{namespace}/{name}/metrics"} | pod_labels(pod)
        return {"targets": [f"127.0.0.1:{self._port}"], "labels": labels}

    async def _rounds(self) -> AsyncGenerator[set[str]]:
        while True:
            await self._round_over.wait()
            yield self._alive()

    def _alive(self) -> set[str]:
        return {pod.uid for pod in self.world.pods.objects.values()}


def _up(pod: Pod | None) -> Response:
    if pod is None:
        return Response(status=HTTPStatus.NOT_FOUND)
    if not pod.ready:
        return Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
    return Response(b"# TYPE build_info gauge\nbuild_info 1\n", content_type=_EXPOSITION)


async def run(url: str, pki: Pki, token: str, port: int, kubelet_port: int) -> None:
    """Follow the cluster, send requests and answer, for ever."""
    world = World()
    server = TrafficServer(world, port)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pki.certificate("server"), pki.key("server"))
    await serve(server.answer, port)
    await serve(server.answer_as_kubelet, kubelet_port, tls)
    context = ssl.create_default_context(cafile=str(pki.ca))
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(
            base_url=url, headers=headers, verify=context, timeout=_TIMEOUT, trust_env=False
        ) as client,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(world.keep(client))
        group.create_task(server.send())


def main() -> None:
    """Run with the arguments of the command line."""
    parser = argparse.ArgumentParser(description="generated traffic of a test control plane")
    parser.add_argument("--url", required=True)
    parser.add_argument("--pki", type=Path, required=True)
    parser.add_argument("--tokens", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kubelet-port", type=int, required=True)
    given = parser.parse_args()
    with given.tokens.open(newline="") as file:
        tokens = {user: token for token, user, *_ in csv.reader(file)}
    asyncio.run(run(given.url, Pki(given.pki), tokens["admin"], given.port, given.kubelet_port))


if __name__ == "__main__":
    main()
