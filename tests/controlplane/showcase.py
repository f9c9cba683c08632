"""Rollouts in every state, for looking at the product on a hand-started bed."""

from collections.abc import Iterable
from typing import Final

from tests.controlplane import rollouts, workload
from tests.controlplane.analysis import SUCCESS_RATE, Timing, analysis
from tests.controlplane.api import Api
from tests.controlplane.kinds import Json
from tests.controlplane.rollouts import gate, pause, set_canary_scale, set_weight
from tests.controlplane.states import is_healthy

NAMESPACE: Final = "amas-prod"
TIMING: Final = Timing(
    pauses=("20s", "20s", "30s", "30s", "20s"), interval="5s", count=4, window="30s"
)
"""A good version takes about 4 minutes."""
_NEW: Final = {
    "amas-orchestrator": "v1.5.0",
    "checkout": "v2.1.0",
    "search": "v2.1.0-bad",
    "payments": "v2.1.0-slow",
    "api-gateway": "v2.1.0-nopull",
    "mailer": "v2.1.0-crash",
    "ledger": "v2.1.0",
    "recommender": "v2.1.0-slowstart",
}
"""The version each Rollout is at; the others stay at their first."""
_SETTLE_SECONDS: Final = 60


def install(api: Api, prometheus_url: str) -> None:
    """Create the workloads, wait until all are healthy and give them their new versions."""
    api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    manifests = list(_manifests(prometheus_url))
    api.apply(*manifests)
    for name in (each["metadata"]["name"] for each in manifests if each["kind"] == "Rollout"):
        api.wait("rollouts", NAMESPACE, name, is_healthy, timeout=_SETTLE_SECONDS)
    for name, tag in _NEW.items():
        api.set_image(NAMESPACE, name, tag)
    api.set_image(NAMESPACE, "agents", "v2.1.0", plural="deployments")


def _manifests(prometheus_url: str) -> Iterable[Json]:
    ns = NAMESPACE

    def gate_of(name: str) -> Json:
        return gate(analysis(name, ns, SUCCESS_RATE))

    by_hand = [set_weight(20), pause(), set_weight(60), pause("10m"), set_weight(100)]
    gated = [set_weight(30), pause("15s"), gate_of("search"), set_weight(60), pause("1m")]
    scaled = [set_canary_scale(replicas=1), set_weight(25), pause("45m"), set_weight(50)]
    plain = [set_weight(25), pause("1m"), set_weight(50), pause("1m")]
    yield from workload.orchestrator(ns, prometheus_url=prometheus_url, timing=TIMING)
    yield from rollouts.canary(ns, "checkout", by_hand, nginx=True, replicas=5)
    yield from rollouts.canary(ns, "search", gated, nginx=True)
    yield from rollouts.canary(ns, "payments", scaled, nginx=True, replicas=4)
    yield from rollouts.canary(ns, "api-gateway", plain, nginx=True)
    yield from rollouts.canary(ns, "mailer", plain, replicas=4)
    yield from rollouts.canary(ns, "recommender", [rollouts.experiment("5m"), *plain])
    yield from rollouts.canary(ns, "accounts", plain, tag="v2.3.1")
    yield from rollouts.blue_green(ns, "ledger")
    yield from rollouts.workload_ref(ns, "agents", [set_weight(50), pause()])
