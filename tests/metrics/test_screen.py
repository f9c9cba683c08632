"""What the screen says of gates and metrics is what the real controller measures and decides."""

import asyncio
from collections.abc import Iterator
from typing import Final

import pytest

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.kube.decode import decoder
from amas_tui.rules.analysis import metric_states
from amas_tui.rules.condition import first_number
from amas_tui.words import number
from tests.controlplane import faults, prometheus, rollouts, states
from tests.controlplane.analysis import (
    LATENCY,
    SUCCESS_RATE,
    Timing,
    analysis,
    analysis_templates,
)
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json
from tests.controlplane.rollouts import gate, pause, set_weight
from tests.ui.screen import Screen, on_cluster

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(180)]

NAME: Final = "shop"
_SIGNS: Final = {"Successful": "✔", "Failed": "✖", "Error": "⚠", "Inconclusive": "?"}
_SECONDS: Final = 60


@pytest.fixture
def waiting(bed: ControlPlane, api: Api, namespace: str) -> str:
    """A rollout that is healthy, with a pause for a human before its gate; returns its name."""
    steps = [
        set_weight(25),
        pause(),
        gate(analysis(NAME, namespace, SUCCESS_RATE, LATENCY)),
        pause(),
    ]
    api.apply(
        *analysis_templates(namespace, bed.prometheus_url, Timing(interval="1s")),
        *rollouts.canary(namespace, NAME, steps, nginx=True, requests_per_second=40),
    )
    api.wait("rollouts", namespace, NAME, states.is_healthy, timeout=_SECONDS)
    return NAME


def update(bed: ControlPlane, api: Api, namespace: str, tag: str) -> str:
    """Give it a new version, return its hash once it waits and has traffic in the window."""
    api.set_image(namespace, NAME, tag)
    found = api.wait("rollouts", namespace, NAME, states.is_paused, timeout=_SECONDS)
    pod_hash: str = found["status"]["currentPodHash"]
    selector = f'namespace="{namespace}",rollouts_pod_template_hash="{pod_hash}"'
    query = f"sum(rate(http_requests_total{{{selector}}}[10s])) > 0"
    prometheus.wait_for(bed.prometheus_url, query, bool, timeout=_SECONDS)
    return pod_hash


def promote(api: Api, namespace: str) -> None:
    """Lift the pause, as a promote does."""
    api.patch(
        "rollouts", namespace, NAME, {"status": {"pauseConditions": None}}, subresource="status"
    )


def runs(api: Api, namespace: str, pod_hash: str) -> Iterator[tuple[Json, AnalysisRun]]:
    """Yield the runs of a version."""
    selector = f"rollouts-pod-template-hash={pod_hash}"
    for raw in api.list("analysisruns", namespace, labelSelector=selector):
        yield raw, decoder(AnalysisRun).from_json(raw)


@pytest.mark.parametrize(
    ("tag", "words", "phase"),
    [
        pytest.param("v2", "✔ would pass  2 of 2 good now", "Successful", id="good"),
        pytest.param("v2-bad", "✖ would fail  1 of 2 good now", "Failed", id="bad"),
    ],
)
async def test_the_gate_does_what_its_preview_said_and_every_measurement_is_shown(
    bed: ControlPlane,
    api: Api,
    namespace: str,
    waiting: str,
    tag: str,
    words: str,
    phase: str,
) -> None:
    pod_hash = update(bed, api, namespace, tag)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    async with on_cluster(kubeconfig, namespace, open_name=waiting) as screen:
        await screen.until(f"next gate, step 3 of 4, {words}", _SECONDS)
        promote(api, namespace)
        run = await asyncio.to_thread(
            api.wait_any,
            "analysisruns",
            namespace,
            lambda it: it.get("status", {}).get("phase") == phase,
            timeout=_SECONDS,
        )
        name = run["metadata"]["name"]
        await screen.press("4")
        await screen.until(f"{_SIGNS[phase]} {phase}  step 3 of 4  {name}", _SECONDS)
        await every_measurement_is_shown(screen, api, namespace, pod_hash)
        if phase == "Failed":
            await screen.press("1")
            shown = await screen.until("Halted at 25 %: success-rate", _SECONDS)
            # Sentence, step, weight and failing metric, without a key.
            assert "2/4" in shown
            assert "status 0%" in shown
            assert "success-rate" in shown


async def every_measurement_is_shown(
    screen: Screen, api: Api, namespace: str, pod_hash: str
) -> None:
    """Assert that sign, value, limit and query on the screen are those of the controller."""
    for raw, run in runs(api, namespace, pod_hash):
        # The controller measures all at once and lists whichever is through first.
        named = {state.name: state for state in metric_states(run)}
        results = raw["status"]["metricResults"]
        assert named.keys() == {result["name"] for result in results}
        for result in results:
            state = named[result["name"]]
            line = "  ".join(
                f"{_SIGNS[one['phase']]} {number(first_number(one['value']) or 0.0)}"
                for one in result["measurements"]
            )
            await screen.until(line, _SECONDS)
            (limit,) = state.limits
            head = f"{state.name}  {limit.operator} {number(limit.value)}"
            await screen.until(f"{_SIGNS[result['phase']]} {head}", _SECONDS)
            asked = result["metadata"]["ResolvedPrometheusQuery"]
            ours = state.metric.provider.prometheus
            assert ours is not None
            assert ours.query == asked


async def test_versions_without_an_update_and_without_a_gate_have_live_numbers(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    api.apply(
        *analysis_templates(namespace, bed.prometheus_url, Timing()),
        *rollouts.canary(namespace, NAME, [set_weight(50)], requests_per_second=40),
    )
    api.wait("rollouts", namespace, NAME, states.is_healthy, timeout=_SECONDS)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    async with on_cluster(kubeconfig, namespace, open_name=NAME) as screen:
        await screen.until("Healthy: v1.0.0", _SECONDS)
        await screen.press("2")
        await screen.until("http_requests_total, by its hash", _SECONDS)
        shown = await screen.until(lambda text: "stable 0 ✔" in text, _SECONDS)
        assert "latency p50/p95/p99" in shown
        assert "canary" not in "".join(line for line in shown.splitlines() if "error rate" in line)


async def test_a_difference_is_a_fault_only_after_a_while(
    bed: ControlPlane, api: Api, namespace: str, waiting: str
) -> None:
    update(bed, api, namespace, "v2")
    ingress = f"{NAME}-{NAME}-stable-canary"

    faults.blind(api, namespace, NAME)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    async with on_cluster(kubeconfig, namespace, open_name=waiting) as screen:
        await screen.until("ingress 25% = status 25% ✔", _SECONDS)
        prefix = "nginx.ingress.kubernetes.io/canary-weight"
        api.patch("ingresses", namespace, ingress, {"metadata": {"annotations": {prefix: "60"}}})
        await screen.until("ingress 60%, status 25% …", _SECONDS)
        assert "✖ ingress/" not in screen.text()
        await screen.until(f"✖ ingress/{ingress} sends 60%, the status says 25%", _SECONDS)
