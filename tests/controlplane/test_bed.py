"""The control plane does what tests of the product rely on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.controlplane import faults, prometheus, rollouts, stages, states, workload
from tests.controlplane.analysis import (
    BACKGROUND,
    SUCCESS_RATE,
    Timing,
    analysis,
    analysis_templates,
)
from tests.controlplane.api import Api, ApiError, WaitTimeoutError
from tests.controlplane.bed import ControlPlane
from tests.controlplane.build import SOURCES
from tests.controlplane.kinds import Json
from tests.controlplane.manifests import pod_template
from tests.controlplane.rollouts import pause, set_weight

pytest_plugins = ["tests.controlplane.fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(120)]

FIRST = set_weight(50)
HOLD = [set_weight(30), pause()]


def settled(api: Api, namespace: str, *manifests: Json) -> str:
    """Apply the manifests and return their Rollout's name once it is healthy."""
    api.apply(*manifests)
    name: str = next(m["metadata"]["name"] for m in manifests if m["kind"] == "Rollout")
    api.wait("rollouts", namespace, name, states.is_healthy)
    return name


def test_programs_are_those_of_a_release(bed: ControlPlane, api: Api) -> None:
    kubectl = bed.binary("kubectl")
    client = subprocess.run([kubectl, "version", "--client"], check=True, capture_output=True)
    plugin = subprocess.run(
        [bed.binary("kubectl-argo-rollouts"), "version", "--short"], check=True, capture_output=True
    )
    assert '"gitVersion": "v1.34.4"' in api.text("/version")
    assert b"v1.34.4" in client.stdout
    assert b"v1.10.1" in plugin.stdout


def test_a_good_version_goes_through_all_weights(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    parts = workload.orchestrator(namespace, prometheus_url=bed.prometheus_url)
    name = settled(api, namespace, *parts)
    api.set_image(namespace, name, "v1.5.0")
    weights: list[int | None] = []

    def promoted(rollout: Json) -> bool:
        weights.append(states.canary_weight(rollout))
        return states.is_promoted(rollout)

    api.wait("rollouts", namespace, name, promoted, timeout=60)
    assert list(dict.fromkeys(weights)) == [0, 10, 25, 50, 75, 100]


@pytest.mark.parametrize(
    ("tag", "metric"),
    [
        pytest.param("v1.5.0-bad", "success-rate", id="errors"),
        pytest.param("v1.5.0-slow", "latency-p95", id="latency"),
    ],
)
def test_a_faulty_version_is_aborted_by_its_gate(
    bed: ControlPlane, api: Api, namespace: str, tag: str, metric: str
) -> None:
    parts = workload.orchestrator(namespace, prometheus_url=bed.prometheus_url)
    name = settled(api, namespace, *parts)
    api.set_image(namespace, name, tag)
    aborted = api.wait("rollouts", namespace, name, states.is_aborted, timeout=40)
    assert f'Metric "{metric}" assessed Failed' in aborted["status"]["message"]


def test_a_background_analysis_aborts_during_a_pause(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    name = settled(
        api,
        namespace,
        *analysis_templates(namespace, bed.prometheus_url, Timing()),
        *rollouts.canary(
            namespace, "shop", HOLD, nginx=True, background=analysis("shop", namespace, BACKGROUND)
        ),
    )
    api.set_image(namespace, name, "v2-slowbad")
    aborted = api.wait("rollouts", namespace, name, states.is_aborted, timeout=40)
    assert "Background analysis phase error/failed" in aborted["status"]["message"]


def test_traffic_is_split_as_the_canary_ingress_says(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    parts = rollouts.canary(namespace, "shop", HOLD, nginx=True, requests_per_second=40)
    name = settled(api, namespace, *parts)
    api.set_image(namespace, name, "v2")
    paused = api.wait("rollouts", namespace, name, states.is_paused)
    fresh = paused["status"]["currentPodHash"]
    label = "rollouts_pod_template_hash"
    query = f'sum by ({label}) (rate(http_requests_total{{namespace="{namespace}"}}[5s]))'

    def as_asked(rates: dict[str, float]) -> bool:
        total = sum(rates.values())
        return 36 < total < 44 and abs(rates.get(fresh, 0) / total - 0.3) < 0.02

    prometheus.wait_for(bed.prometheus_url, query, as_asked, label=label)


def test_up_is_each_pods_own(bed: ControlPlane, api: Api, namespace: str) -> None:
    name = settled(api, namespace, *rollouts.canary(namespace, "shop", [FIRST], replicas=2))
    api.set_image(namespace, name, "v2-unready")
    query = f'up{{namespace="{namespace}"}}'
    # Prometheus looks for new targets every 5 s.
    seen = prometheus.wait_for(
        bed.prometheus_url,
        query,
        lambda up: sorted(up.values()) == [0.0, 1.0, 1.0],
        label="pod",
        timeout=30,
    )
    assert len(seen) == 3


FATES: dict[str, Callable[[Json], bool]] = {
    "good": states.is_ready,
    "crash": lambda pod: (
        states.waiting_reason(pod) == "CrashLoopBackOff" and _last_end(pod) == ("Error", 1)
    ),
    "oom": lambda pod: (
        states.waiting_reason(pod) == "CrashLoopBackOff" and _last_end(pod) == ("OOMKilled", 137)
    ),
    "nopull": lambda pod: states.waiting_reason(pod) == "ImagePullBackOff",
    "unready": lambda pod: pod["status"]["phase"] == "Running" and not states.is_ready(pod),
    "slowstart": states.is_ready,
    "creating": lambda pod: states.waiting_reason(pod) == "ContainerCreating",
    "initfail": lambda pod: (
        states.waiting_reason(pod, "initContainerStatuses") == "CrashLoopBackOff"
    ),
}


def test_every_fate_has_its_test() -> None:
    assert set(FATES) == {"good", *stages.FATES}


@pytest.mark.parametrize("fate", FATES)
def test_a_pods_fate_follows_from_its_tag(api: Api, namespace: str, fate: str) -> None:
    api.apply(*rollouts.canary(namespace, "shop", [], tag=f"v1-{fate}", replicas=1))
    api.wait("rollouts", namespace, "shop", lambda rollout: "currentPodHash" in _status(rollout))
    pod = api.wait_any("pods", namespace, lambda pod: "containerStatuses" in _status(pod))
    api.wait("pods", namespace, pod["metadata"]["name"], FATES[fate])


def test_pods_that_ask_for_too_much_are_not_scheduled(api: Api, namespace: str) -> None:
    greedy = pod_template("shop", "v1", cpu="1000")
    api.apply(*rollouts.canary(namespace, "shop", [], replicas=1, spec={"template": greedy}))
    pod = api.wait_any("pods", namespace, lambda pod: _condition(pod, "PodScheduled") is not None)
    scheduled = _condition(pod, "PodScheduled")
    assert scheduled is not None
    assert "Insufficient cpu" in scheduled["message"]


def test_pods_have_logs(api: Api, namespace: str) -> None:
    api.apply(*rollouts.canary(namespace, "shop", [], tag="v1-crash", replicas=1))
    pod = api.wait_any("pods", namespace, FATES["crash"])
    path = f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}/log"
    last = api.text(path, container="shop", previous="true").splitlines()[-1]
    assert last.startswith("ConnectionError: ")
    with pytest.raises(ApiError, match="previous terminated container"):
        api.text(path, container="migrate", previous="true")


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda ns: rollouts.canary(ns, "shop", HOLD), id="plain"),
        pytest.param(lambda ns: rollouts.canary(ns, "shop", HOLD, nginx=True), id="nginx"),
        pytest.param(
            lambda ns: rollouts.canary(
                ns,
                "shop",
                [rollouts.set_canary_scale(replicas=2), *HOLD],
                nginx=True,
                abort_delay=5,
                scale_down_delay=5,
            ),
            id="scaled",
        ),
        pytest.param(
            lambda ns: rollouts.canary(ns, "shop", [rollouts.experiment("2s"), *HOLD]),
            id="experiment",
        ),
        pytest.param(lambda ns: rollouts.blue_green(ns, "shop"), id="blue-green"),
    ],
)
def test_every_shape_is_accepted_and_pauses(
    api: Api, namespace: str, build: Callable[[str], list[Json]]
) -> None:
    name = settled(api, namespace, *build(namespace))
    api.set_image(namespace, name, "v2")
    api.wait("rollouts", namespace, name, states.is_paused)


def test_a_rollout_can_follow_a_deployment(api: Api, namespace: str) -> None:
    name = settled(api, namespace, *rollouts.workload_ref(namespace, "shop", HOLD))
    api.set_image(namespace, name, "v2", plural="deployments")
    api.wait("rollouts", namespace, name, states.is_paused)


def test_a_blue_green_switch_is_taken_back_by_its_post_analysis(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    post = analysis("shop", namespace, SUCCESS_RATE)
    name = settled(
        api,
        namespace,
        *analysis_templates(namespace, bed.prometheus_url, Timing(delay="3s")),
        *rollouts.blue_green(namespace, "shop", auto_promotion=True, post=post),
    )
    api.set_image(namespace, name, "v2-bad")
    aborted = api.wait("rollouts", namespace, name, states.is_aborted, timeout=40)
    assert "post-promotion analysis" in aborted["status"]["message"]


def test_a_blinded_controller_reacts_to_nothing(api: Api, namespace: str) -> None:
    name = settled(api, namespace, *rollouts.canary(namespace, "shop", HOLD, nginx=True))
    api.set_image(namespace, name, "v2")
    api.wait("rollouts", namespace, name, states.is_paused)
    faults.blind(api, namespace, name)
    abort = {"status": {"abort": True}}
    api.patch("rollouts", namespace, name, abort, subresource="status")
    with pytest.raises(WaitTimeoutError):
        api.wait("rollouts", namespace, name, states.is_aborted, timeout=2)
    faults.unblind(api, namespace, name)
    api.wait("rollouts", namespace, name, states.is_aborted)


def test_without_its_template_a_rollout_is_invalid_until_it_is_back(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    parts = workload.orchestrator(namespace, prometheus_url=bed.prometheus_url)
    name = settled(api, namespace, *parts)
    api.set_image(namespace, name, "v1.5.0")
    api.wait("rollouts", namespace, name, states.is_paused)
    template = faults.invalid_spec(api, namespace, SUCCESS_RATE)
    api.wait("rollouts", namespace, name, lambda r: "InvalidSpec" in _status(r).get("message", ""))
    api.apply(template)
    api.wait("rollouts", namespace, name, lambda r: _status(r)["phase"] != "Degraded", timeout=60)


def test_a_quota_keeps_new_pods_away(api: Api, namespace: str) -> None:
    name = settled(api, namespace, *rollouts.canary(namespace, "shop", HOLD, nginx=True))
    faults.quota(api, namespace, pods="3")
    api.wait("resourcequotas", namespace, "test-quota", lambda q: "used" in _status(q))
    api.set_image(namespace, name, "v2")
    failing = api.wait(
        "rollouts", namespace, name, lambda r: _condition(r, "ReplicaFailure") is not None
    )
    condition = _condition(failing, "ReplicaFailure")
    assert condition is not None
    assert "exceeded quota" in condition["message"]


def test_good_pods_can_turn_bad(bed: ControlPlane, api: Api, namespace: str) -> None:
    settled(api, namespace, *rollouts.canary(namespace, "shop", [FIRST]))
    faults.misbehave(api, namespace, "bad")
    errors = f'sum(http_requests_total{{namespace="{namespace}",status="500"}})'
    prometheus.wait_for(bed.prometheus_url, errors, lambda found: sum(found.values()) > 10)


def test_rights_are_what_was_granted(bed: ControlPlane, api: Api, namespace: str) -> None:
    with Api(bed, "oncall") as oncall, Api(bed, "viewer") as viewer:
        assert viewer.list("rollouts", namespace) == []
        with pytest.raises(ApiError, match="403"):
            oncall.list("rollouts", namespace)
        faults.grant(api, namespace, "oncall", faults.rule("argoproj.io", "rollouts", "get list"))
        eventually(lambda: oncall.list("rollouts", namespace) == [])


def test_a_client_certificate_is_as_good_as_a_token(bed: ControlPlane, namespace: str) -> None:
    config = bed.kubeconfig("admin", namespace=namespace, credentials="certificate")
    done = subprocess.run(
        [bed.binary("kubectl"), "--kubeconfig", config, "auth", "whoami", "-o", "yaml"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "system:masters" in done.stdout


def test_another_process_can_attach(bed: ControlPlane, namespace: str) -> None:
    attached = ControlPlane.attach(bed.folder)
    pids = {name: process.pid for name, process in bed.processes.items()}
    assert {name: process.pid for name, process in attached.processes.items()} == pids
    assert all(process.running() for process in attached.processes.values())
    with Api(attached) as api:
        assert api.get("namespaces", None, namespace)


def test_a_second_bed_runs_beside_and_leaves_nothing(tmp_path: Path, bed: ControlPlane) -> None:
    with ControlPlane(tmp_path / "second") as second:
        controller = second.processes["rollouts-controller"]
        before = controller.pid
        controller.kill()
        assert not controller.running()
        controller.restart()
        assert controller.pid != before
        server = second.processes["kube-apiserver"]
        with faults.paused(server):
            assert not server.is_ready()
        server.restart()
        with Api(second) as api, api.namespace() as namespace:
            settled(api, namespace, *rollouts.canary(namespace, "shop", [FIRST]))
    assert mentioned_by(second.folder) == []
    assert all(process.running() for process in bed.processes.values())


def test_a_bed_dies_with_who_started_it(tmp_path: Path) -> None:
    folder = tmp_path / "orphan"
    code = (
        "import sys, time; from pathlib import Path;"
        "from tests.controlplane.bed import ControlPlane;"
        "ControlPlane(Path(sys.argv[1])).start(); print('up', flush=True); time.sleep(600)"
    )
    environment = os.environ | {"PYTHONPATH": str(SOURCES.parent.parent)}
    with subprocess.Popen(
        [sys.executable, "-c", code, folder], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        assert len(mentioned_by(folder)) > 1
        parent.send_signal(signal.SIGKILL)
    eventually(lambda: mentioned_by(folder) == [])


def test_numbers_of_the_controller_are_scraped(bed: ControlPlane) -> None:
    prometheus.wait_for(bed.prometheus_url, 'up{job="argo-rollouts"}', lambda up: up == {"": 1.0})
    assert httpx.get(f"{bed.prometheus_url}/-/ready", trust_env=False).is_success


def eventually(statement: Callable[[], bool], seconds: float = 10) -> None:
    """Return once `statement` is true; a refusal by the API server counts as false."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if statement():
                return
        except ApiError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.05)


def mentioned_by(folder: Path) -> list[str]:
    """Return the command lines of all running processes that name the folder."""
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in command:
            found.append(command)
    return found


def _status(obj: Json) -> Json:
    status: Json = obj.get("status", {})
    return status


def _condition(obj: Json, type_: str) -> Json | None:
    conditions: list[Json] = _status(obj).get("conditions", [])
    return next((each for each in conditions if each["type"] == type_), None)


def _last_end(pod: Json) -> tuple[str, int]:
    ended = pod["status"]["containerStatuses"][0]["lastState"]["terminated"]
    return ended["reason"], ended["exitCode"]
