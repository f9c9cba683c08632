"""One running control plane."""

import base64
import json
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

import httpx

from tests.controlplane import bootstrap, components, stages, users
from tests.controlplane.api import Api
from tests.controlplane.build import Binaries, ensure
from tests.controlplane.components import Component, Layout, Ports
from tests.controlplane.kubeconfig import inline, kubeconfig
from tests.controlplane.ports import reserved_ports
from tests.controlplane.process import Process, StartError

START_SECONDS: Final = 60
_STOP_SECONDS: Final = 5
_STATE_FILE: Final = "state.json"
_QUEUES: Final = ("workqueue_depth", "workqueue_unfinished_work_seconds")
_CALM_LOOKS: Final = 4
_LOOK_SECONDS: Final = 0.2
_STORAGE: Final = (components.etcd, components.apiserver)
_WITHOUT_API: Final = (components.traffic, components.prometheus)
_WITH_API: Final = (
    components.controller_manager,
    components.scheduler,
    components.kwok,
)
_WITH_CRDS: Final = (components.rollouts_controller,)


@dataclass(frozen=True, slots=True)
class _State:
    """What another process must know to use a bed."""

    layout: Layout
    tokens: Mapping[str, str]
    detached: bool


class ControlPlane:
    """A control plane in one folder; a context manager that starts and stops it."""

    def __init__(
        self, folder: Path, *, detached: bool = False, node_lifecycle: bool = False
    ) -> None:
        """Describe a bed; `start` starts it.

        Args:
            folder: Where everything is kept; made if missing, else it must be empty.
            detached: The bed outlives this process; otherwise it dies with it.
            node_lifecycle: Nodes whose lease runs out (kwok paused, 50 s) become NotReady, and
                their pods with them.
        """
        self.folder = folder.resolve()
        self.detached = detached
        self.processes: dict[str, Process] = {}
        self._node_lifecycle = node_lifecycle
        self._state: _State | None = None

    @classmethod
    def attach(cls, folder: Path) -> Self:
        """Return the bed that another process started in `folder`.

        Raises:
            FileNotFoundError: No bed was started there.
        """
        saved = json.loads((folder / _STATE_FILE).read_text())
        bed = cls(folder, detached=saved["detached"], node_lifecycle=saved["nodeLifecycle"])
        bed._take(Binaries(Path(saved["binaries"])), Ports(**saved["ports"]), saved["tokens"])
        return bed

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start everything and return when all of it is ready.

        Raises:
            StartError: Some program ended or was not ready in time; nothing is left running.
        """
        binaries = ensure()
        deadline = time.monotonic() + START_SECONDS
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            # Until every program has bound its port no other bed may pick it.
            with reserved_ports(Ports.count()) as ports:
                self._take(binaries, Ports(*ports), users.new_tokens())
                self._write_files()
                self._launch(deadline)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End everything; what is not running is fine."""
        everything = list(self.processes.values())
        # The API server says goodbye to its clients one by one: quicker when they left before it.
        storage = {"etcd", "kube-apiserver"}
        clients = [process for process in everything if process.name not in storage]
        for group in (clients, [process for process in everything if process.name in storage]):
            for process in group:
                process.terminate()
            until = time.monotonic() + _STOP_SECONDS
            for process in group:
                if not process.wait_gone(max(until - time.monotonic(), 0)):
                    process.kill()

    @property
    def url(self) -> str:
        """The API server's address."""
        return self._known.layout.url

    @property
    def ca_file(self) -> Path:
        """The certificate authority of all the bed's TLS."""
        return self._known.layout.pki.ca

    @property
    def prometheus_url(self) -> str:
        """Prometheus' address, from here and for the rollouts controller."""
        return f"http://127.0.0.1:{self._known.layout.ports.prometheus}"

    def compact(self) -> None:
        """Make etcd forget what was before now, as another API server would every five minutes.

        Source: staging/src/k8s.io/apiserver/pkg/storage/etcd3/compact.go: the key tells the API
        server, which keeps pictures of its own.
        """
        etcd = f"http://127.0.0.1:{self._known.layout.ports.etcd}/v3/kv"
        with httpx.Client(trust_env=False, timeout=10) as client:
            newest = client.post(f"{etcd}/range", json={"key": "AA=="}).json()["header"]["revision"]
            told = {"key": _base64("compact_rev_key"), "value": _base64(newest)}
            client.post(f"{etcd}/put", json=told).raise_for_status()
            answer = client.post(f"{etcd}/compaction", json={"revision": newest})
        # Somebody else may have done it just now.
        assert answer.is_success or "compacted" in answer.text, answer.text

    def let_finish(self, seconds: float = 5) -> None:
        """Wait until the rollouts controller has nothing in hand, at most so many seconds.

        It may be busy for ever with what others have made; what it had in hand when this was called
        is brought to its end all the same.
        Source: client-go, util/workqueue/metrics.go: what is in hand is told twice a second.
        """
        url = f"http://127.0.0.1:{self._known.layout.ports.controller_metrics}/metrics"
        deadline, calm = time.monotonic() + seconds, 0
        with httpx.Client(trust_env=False, timeout=10) as client:
            while calm < _CALM_LOOKS and time.monotonic() < deadline:
                lines = client.get(url).text.splitlines()
                busy = [one for one in lines if one.startswith(_QUEUES) and one[-2:] != " 0"]
                calm = 0 if busy else calm + 1
                time.sleep(_LOOK_SECONDS)

    def token(self, user: str) -> str:
        """Return the static token of `admin`, `oncall`, `viewer` or `nobody`."""
        return self._known.tokens[user]

    def binary(self, name: str) -> Path:
        """Return a program, e.g. `kubectl` or `kubectl-argo-rollouts`."""
        return self._known.layout.binaries.path(name)

    def kubeconfig(
        self,
        user: str = "admin",
        *,
        namespace: str = "default",
        name: str = "controlplane",
        credentials: Literal["token", "certificate"] = "token",
    ) -> Path:
        """Return a kubeconfig file of this bed, written now.

        Args:
            user: One of `users.GROUPS`.
            namespace: The context's namespace.
            name: What cluster and context are called.
            credentials: How the user proves who they are.
        """
        layout = self._known.layout
        if credentials == "token":
            proof = {"token": self.token(user)}
        else:
            layout.pki.issue_client(user, users.GROUPS[user])
            proof = {
                "client-certificate-data": inline(layout.pki.certificate(user)),
                "client-key-data": inline(layout.pki.key(user)),
            }
        target = self.folder / "kubeconfigs" / f"{name}.{user}.{namespace}.{credentials}"
        target.parent.mkdir(exist_ok=True)
        target.write_text(
            kubeconfig(
                self.url, self.ca_file, name=name, user=user, namespace=namespace, credentials=proof
            )
        )
        return target

    @property
    def _known(self) -> _State:
        if self._state is None:
            raise StartError("the control plane was not started")
        return self._state

    def _take(self, binaries: Binaries, ports: Ports, tokens: Mapping[str, str]) -> None:
        layout = Layout(self.folder, binaries, ports, node_lifecycle=self._node_lifecycle)
        self._state = _State(layout, tokens, self.detached)
        for make in (*_STORAGE, *_WITHOUT_API, *_WITH_API, *_WITH_CRDS):
            component = make(layout)
            self.processes[component.name] = Process(
                component.name,
                component.argv,
                self.folder,
                _answers(component, layout),
                detached=self.detached,
                environment=component.environment,
            )

    def _write_files(self) -> None:
        layout, tokens = self._known.layout, self._known.tokens
        layout.pki.create()
        layout.tokens.write_text(users.token_file(tokens))
        layout.stages.write_text(stages.kwok_config())
        layout.prometheus_config.write_text(components.prometheus_config(layout))
        layout.kubeconfig.write_text(
            kubeconfig(
                self.url,
                self.ca_file,
                name="system",
                user="admin",
                namespace="default",
                credentials={"token": tokens["admin"]},
            ),
        )
        state = {
            "binaries": str(layout.binaries.folder),
            "ports": layout.ports.as_json(),
            "tokens": dict(tokens),
            "detached": self.detached,
            "nodeLifecycle": self._node_lifecycle,
        }
        (self.folder / _STATE_FILE).write_text(json.dumps(state, indent=2))

    def _launch(self, deadline: float) -> None:
        """Start the programs, each as soon as what it needs is there."""
        self._start(_STORAGE)
        self._start(_WITHOUT_API)
        self._wait(_STORAGE, deadline)
        self._start(_WITH_API)
        with Api(self) as api:
            bootstrap.prepare(api, self._known.layout.binaries, deadline)
            self._start(_WITH_CRDS)
            for node in bootstrap.NODES:
                api.wait("nodes", None, node, _is_ready, timeout=deadline - time.monotonic())
        self._wait((*_WITH_API, *_WITH_CRDS, *_WITHOUT_API), deadline)

    def _start(self, makes: Iterable[Callable[[Layout], Component]]) -> None:
        for process in self._of(makes):
            process.start()

    def _wait(self, makes: Iterable[Callable[[Layout], Component]], deadline: float) -> None:
        for process in self._of(makes):
            process.wait_ready(deadline)

    def _of(self, makes: Iterable[Callable[[Layout], Component]]) -> list[Process]:
        return [self.processes[make(self._known.layout).name] for make in makes]


def _answers(component: Component, layout: Layout) -> Callable[[], bool]:
    """Return the question whether the program is ready."""

    def ready() -> bool:
        context = ssl.create_default_context(cafile=str(layout.pki.ca))
        with suppress(httpx.TransportError):
            url = component.ready_url
            return httpx.get(url, verify=context, timeout=1, trust_env=False).is_success
        return False

    return ready


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _is_ready(node: Mapping[str, object]) -> bool:
    status = node["status"]
    assert isinstance(status, dict)
    conditions = status.get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
