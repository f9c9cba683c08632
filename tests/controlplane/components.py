"""How each program of the bed is called."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

import yaml

from tests.controlplane.build import SOURCES, Binaries
from tests.controlplane.pki import Pki

CONTROLLER_NAMESPACE: Final = "argo-rollouts"
_NODE_CONTROLLERS: Final = (
    # They would take the fake nodes away: nobody but kwok's lease speaks for them.
    "node-lifecycle-controller",
    "node-ipam-controller",
    "taint-eviction-controller",
)
_REPOSITORY: Final = SOURCES.parent.parent


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of 127.0.0.1 that the programs listen on."""

    etcd: int
    apiserver: int
    controller_manager: int
    scheduler: int
    controller_health: int
    controller_metrics: int
    kwok: int
    traffic: int
    kubelet: int
    prometheus: int

    @classmethod
    def count(cls) -> int:
        """How many ports a bed needs."""
        return len(cls.__slots__)

    def as_json(self) -> dict[str, int]:
        """Return the ports by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one bed's files and ports are."""

    folder: Path
    binaries: Binaries
    ports: Ports
    node_lifecycle: bool = False

    @property
    def pki(self) -> Pki:
        """The bed's certificates."""
        return Pki(self.folder / "pki")

    @property
    def url(self) -> str:
        """The API server's address."""
        return f"https://127.0.0.1:{self.ports.apiserver}"

    @property
    def kubeconfig(self) -> Path:
        """What the programs themselves use."""
        return self.folder / "system.kubeconfig"

    @property
    def tokens(self) -> Path:
        """The API server's static tokens."""
        return self.folder / "tokens.csv"

    @property
    def stages(self) -> Path:
        """What kwok does with pods."""
        return self.folder / "kwok.yaml"

    @property
    def prometheus_config(self) -> Path:
        """What Prometheus scrapes."""
        return self.folder / "prometheus.yaml"


@dataclass(frozen=True, slots=True)
class Component:
    """One program: its command line and the address that answers 200 once it is ready."""

    name: str
    argv: tuple[str, ...]
    ready_url: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, program: Path | str, ready_url: str, **flags: Any) -> Self:
        """Return a component whose flags are `--like-this=value`."""
        options = (f"--{flag.replace('_', '-')}={value}" for flag, value in flags.items())
        return cls(name, (str(program), *options), ready_url)


def etcd(at: Layout) -> Component:
    """The API server's storage, which forgets everything in a power cut and is fast for it."""
    address = f"http://127.0.0.1:{at.ports.etcd}"
    return Component.of(
        "etcd",
        at.binaries.path("etcd"),
        f"{address}/readyz",
        data_dir=at.folder / "etcd",
        listen_client_urls=address,
        advertise_client_urls=address,
        # A single member has no peers; port 0 is any free one.
        listen_peer_urls="http://127.0.0.1:0",
        log_level="warn",
        # Alone it always wins the election: the shorter, the sooner it starts.
        heartbeat_interval=10,
        election_timeout=100,
        unsafe_no_fsync="true",
        quota_backend_bytes=4 << 30,
    )


def apiserver(at: Layout) -> Component:
    """The API server: TLS, client certificates, static tokens, RBAC."""
    return Component.of(
        "kube-apiserver",
        at.binaries.path("kube-apiserver"),
        f"{at.url}/readyz",
        etcd_servers=f"http://127.0.0.1:{at.ports.etcd}",
        bind_address="127.0.0.1",
        advertise_address="127.0.0.1",
        secure_port=at.ports.apiserver,
        tls_cert_file=at.pki.certificate("server"),
        tls_private_key_file=at.pki.key("server"),
        client_ca_file=at.pki.ca,
        token_auth_file=at.tokens,
        authorization_mode="RBAC",
        service_account_issuer=at.url,
        service_account_key_file=at.pki.service_account_public_key,
        service_account_signing_key_file=at.pki.service_account_key,
        service_cluster_ip_range="10.96.0.0/12",
        # Nobody makes the default service account in time, nor takes the not-ready taint away.
        disable_admission_plugins="ServiceAccount,TaintNodesByCondition",
        endpoint_reconciler_type="none",
        profiling="false",
    )


def controller_manager(at: Layout) -> Component:
    """ReplicaSets, endpoints, namespaces, garbage, quotas."""
    off = () if at.node_lifecycle else (f"-{name}" for name in _NODE_CONTROLLERS)
    return Component.of(
        "kube-controller-manager",
        at.binaries.path("kube-controller-manager"),
        f"https://127.0.0.1:{at.ports.controller_manager}/healthz",
        kubeconfig=at.kubeconfig,
        bind_address="127.0.0.1",
        secure_port=at.ports.controller_manager,
        tls_cert_file=at.pki.certificate("server"),
        tls_private_key_file=at.pki.key("server"),
        service_account_private_key_file=at.pki.service_account_key,
        root_ca_file=at.pki.ca,
        controllers=",".join(["*", *off]),
        leader_elect="false",
        kube_api_qps=200,
        kube_api_burst=400,
        profiling="false",
    )


def scheduler(at: Layout) -> Component:
    """Puts pods on the fake nodes, or says why it cannot."""
    return Component.of(
        "kube-scheduler",
        at.binaries.path("kube-scheduler"),
        f"https://127.0.0.1:{at.ports.scheduler}/healthz",
        kubeconfig=at.kubeconfig,
        bind_address="127.0.0.1",
        secure_port=at.ports.scheduler,
        tls_cert_file=at.pki.certificate("server"),
        tls_private_key_file=at.pki.key("server"),
        leader_elect="false",
        profiling="false",
    )


def rollouts_controller(at: Layout) -> Component:
    """Argo Rollouts with its own defaults; a faster client would change how it behaves."""
    return Component.of(
        "rollouts-controller",
        at.binaries.path("rollouts-controller"),
        f"http://127.0.0.1:{at.ports.controller_health}/healthz",
        kubeconfig=at.kubeconfig,
        namespace=CONTROLLER_NAMESPACE,
        leader_elect="false",
        healthzPort=at.ports.controller_health,
        metricsPort=at.ports.controller_metrics,
        logformat="text",
    )


def kwok(at: Layout) -> Component:
    """Plays the kubelets of all nodes."""
    return Component.of(
        "kwok",
        at.binaries.path("kwok"),
        f"http://127.0.0.1:{at.ports.kwok}/healthz",
        kubeconfig=at.kubeconfig,
        config=at.stages,
        manage_all_nodes="true",
        node_lease_duration_seconds=40,
        server_address=f"127.0.0.1:{at.ports.kwok}",
        # Where the API server asks for logs; the traffic process answers there.
        node_ip="127.0.0.1",
        node_port=at.ports.kubelet,
    )


def traffic(at: Layout) -> Component:
    """Requests, their metrics and the pods' logs."""
    component = Component.of(
        "traffic",
        sys.executable,
        f"http://127.0.0.1:{at.ports.traffic}/healthz",
        url=at.url,
        pki=at.pki.folder,
        tokens=at.tokens,
        port=at.ports.traffic,
        kubelet_port=at.ports.kubelet,
    )
    program, *options = component.argv
    argv = (program, "-m", "tests.controlplane.traffic", *options)
    return replace(component, argv=argv, environment={"PYTHONPATH": str(_REPOSITORY)})


def prometheus(at: Layout) -> Component:
    """Scrapes the pods and the controller once a second."""
    address = f"127.0.0.1:{at.ports.prometheus}"
    return Component.of(
        "prometheus",
        shutil.which("prometheus") or "prometheus",
        f"http://{address}/-/ready",
        **{
            "config.file": at.prometheus_config,
            "storage.tsdb.path": at.folder / "prometheus",
            "storage.tsdb.retention.time": "6h",
            "web.listen-address": address,
            "log.level": "warn",
        },
    )


def prometheus_config(at: Layout) -> str:
    """Return what Prometheus scrapes: the pods' counts, each pod's `up`, the controller."""
    controller = f"127.0.0.1:{at.ports.controller_metrics}"
    traffic_address = f"127.0.0.1:{at.ports.traffic}"
    discovery = f"http://{traffic_address}/sd"
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [
            {
                "job_name": "requests",
                "honor_labels": True,
                "static_configs": [{"targets": [traffic_address]}],
            },
            {
                "job_name": "pods",
                "http_sd_configs": [{"url": discovery, "refresh_interval": "1s"}],
            },
            {"job_name": "argo-rollouts", "static_configs": [{"targets": [controller]}]},
        ],
    }
    return yaml.safe_dump(config, sort_keys=False)
