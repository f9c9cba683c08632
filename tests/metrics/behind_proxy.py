"""Run inside a network of its own: a Prometheus that only the API server can reach.

    unshare -n python -m tests.metrics.behind_proxy FOLDER

The API server passes nothing on to a loopback address, so this network has an address of its own,
192.0.2.10, at which a Prometheus of the bed is reached through hand-made Endpoints. Prints what the
product finds, as JSON.
"""

import asyncio
import fcntl
import json
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from amas_tui.errors import MetricsError
from amas_tui.kube.kubeconfig import AccessOptions, load_access
from amas_tui.kube.transport import Transport
from amas_tui.rules.in_cluster import service_address
from amas_tui.session.metrics import MetricsOptions
from amas_tui.session.session import Session
from amas_tui.session.ways import ProxiedPrometheus
from amas_tui.store.slo import Side, Slo
from amas_tui.store.snapshot import Snapshot
from tests.controlplane import faults, prometheus, rollouts
from tests.controlplane.analysis import SUCCESS_RATE, Timing, analysis, analysis_templates
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json
from tests.controlplane.manifests import manifest
from tests.controlplane.rollouts import gate, pause, set_weight
from tests.controlplane.states import is_healthy, is_paused

ADDRESS: Final = "192.0.2.10"
PORT: Final = 9090
NAMESPACE: Final = "monitoring"
URL: Final = f"http://prometheus.{NAMESPACE}.svc.cluster.local:{PORT}"
NAME: Final = "shop"
_SIOCSIFADDR: Final = 0x8916
_SIOCSIFFLAGS: Final = 0x8914
_UP_AND_RUNNING: Final = 0x41
_SECONDS: Final = 60


def raise_network() -> None:
    """Bring the loopback interface up and give it a second address that is none of loopback's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        flags = struct.pack("16sh14x", b"lo", _UP_AND_RUNNING)
        fcntl.ioctl(sock, _SIOCSIFFLAGS, flags)
        address = struct.pack("16sH2x4s8x", b"lo:1", socket.AF_INET, socket.inet_aton(ADDRESS))
        fcntl.ioctl(sock, _SIOCSIFADDR, address)


def forward(port: int) -> None:
    """Pass connections to `ADDRESS:PORT` on to a port of loopback, for as long as we live."""
    listener = socket.create_server((ADDRESS, PORT))

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        while True:
            near, _ = listener.accept()
            far = socket.create_connection(("127.0.0.1", port))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def publish(api: Api) -> None:
    """Make the Service `prometheus` with a pod that nobody runs behind it."""
    ports = [{"name": "web", "port": PORT, "protocol": "TCP"}]
    spec: Json = {
        "schedulingGates": [{"name": "test/nobody-runs-it"}],
        "containers": [{"name": "prometheus", "image": "prometheus"}],
    }
    api.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        manifest("v1", "Service", NAMESPACE, "prometheus", spec={"ports": ports}),
        manifest("v1", "Pod", NAMESPACE, "prometheus-0", spec=spec),
    )
    status = {"status": {"podIP": ADDRESS, "podIPs": [{"ip": ADDRESS}]}}
    api.patch("pods", NAMESPACE, "prometheus-0", status, subresource="status")
    reference = {"kind": "Pod", "name": "prometheus-0", "namespace": NAMESPACE}
    subset = {"addresses": [{"ip": ADDRESS, "targetRef": reference}], "ports": ports}
    api.apply(manifest("v1", "Endpoints", NAMESPACE, "prometheus", subsets=[subset]))


def deploy(api: Api, namespace: str, real_url: str) -> str:
    """Have a canary wait before its gate, whose template names the Service; return its uid."""
    steps = [set_weight(30), pause(), gate(analysis(NAME, namespace, SUCCESS_RATE))]
    api.apply(
        *analysis_templates(namespace, URL, Timing()),
        *rollouts.canary(namespace, NAME, steps, nginx=True, requests_per_second=40),
    )
    api.wait("rollouts", namespace, NAME, is_healthy, timeout=_SECONDS)
    api.set_image(namespace, NAME, "v2")
    found = api.wait("rollouts", namespace, NAME, is_paused, timeout=_SECONDS)
    label = "rollouts_pod_template_hash"
    query = f'sum by ({label}) (rate(http_requests_total{{namespace="{namespace}"}}[10s]))'

    def both(rates: dict[str, float]) -> bool:
        return len(rates) > 1 and all(rate > 0 for rate in rates.values())

    prometheus.wait_for(real_url, query, both, label=label, timeout=_SECONDS)
    uid: str = found["metadata"]["uid"]
    return uid


async def seen(kubeconfig: Path, namespace: str, uid: str) -> Slo:
    """Return the series that a session finds of the open rollout, once it has some, or a reason."""
    access = load_access(AccessOptions(kubeconfig=str(kubeconfig)))
    async with (
        Session(access, (namespace,), metrics=MetricsOptions(interval=1.0)) as session,
        aclosing(session.pictures()) as pictures,
        asyncio.timeout(_SECONDS),
    ):
        session.focus(uid)
        async for snapshot in pictures:
            if (slo := _settled(snapshot, uid)) is not None:
                return slo
    raise AssertionError(uid)


def _settled(snapshot: Snapshot, uid: str) -> Slo | None:
    slo = snapshot.slos.get(uid, Slo())
    gauge = next((one for one in slo.gauges if one.name == SUCCESS_RATE), None)
    if gauge is None:
        return None
    canary = slo.of(gauge, Side.CANARY)
    return slo if slo.problem or canary.newest is not None else None


async def refusals(kubeconfig: Path) -> dict[str, str]:
    """Return what a bad query and a Service that is not there are called."""
    transport = Transport(load_access(AccessOptions(kubeconfig=str(kubeconfig))))
    found = {}
    for name, url, query in (
        ("bad query", URL, "rate("),
        ("no service", URL.replace("prometheus", "nobody"), "up"),
    ):
        address = service_address(url)
        if address is None:
            continue
        try:
            await ProxiedPrometheus(transport, address).query(query)
        except MetricsError as error:
            found[name] = f"{error.kind}: {error.sentence}"
    await transport.aclose()
    return found


@contextmanager
def bed_in(folder: Path) -> Iterator[ControlPlane]:
    """Have a bed whose Prometheus is reached at `ADDRESS`."""
    with ControlPlane(folder) as bed:
        forward(int(bed.prometheus_url.rpartition(":")[2]))
        yield bed


def facts(folder: Path) -> dict[str, Any]:
    """Return what the product finds with and without the right to ask through the API server."""
    with bed_in(folder) as bed, Api(bed) as api, api.namespace() as namespace:
        publish(api)
        uid = deploy(api, namespace, bed.prometheus_url)
        with_right = asyncio.run(seen(bed.kubeconfig("admin", namespace=namespace), namespace, uid))
        viewer = bed.kubeconfig("viewer", namespace=namespace)
        without = asyncio.run(seen(viewer, namespace, uid))
        proxy = faults.rule("", "services/proxy", "get")
        proxy["resourceNames"] = ["prometheus", f"prometheus:{PORT}"]
        faults.grant(api, NAMESPACE, "viewer", proxy)
        granted = asyncio.run(seen(viewer, namespace, uid))
        said = asyncio.run(refusals(bed.kubeconfig("admin", namespace=namespace)))
    (gauge,) = (one for one in with_right.gauges if one.name == SUCCESS_RATE)
    return {
        "source": with_right.source,
        "canary": with_right.of(gauge, Side.CANARY).newest,
        "stable": with_right.of(gauge, Side.STABLE).newest,
        "without the right": without.problem,
        "granted": granted.of(gauge, Side.CANARY).newest,
        **said,
    }


if __name__ == "__main__":
    raise_network()
    sys.stdout.write(json.dumps(facts(Path(sys.argv[1]))))
