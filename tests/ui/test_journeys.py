"""Whole journeys through the running app on the real control plane.

Each write is proved twice: by the screen, and by a client of its own that asks the API server at
the moment when the screen says so.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.controlplane import analysis, rollouts, states, workload
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.faults import blind
from tests.ui.screen import Screen, on_cluster

pytestmark = pytest.mark.controlplane

BROKEN = re.compile(r"success-rate (0\.\d+) < 0\.95")
QUICK = analysis.Timing(
    pauses=("3s", "3s", "3s", "3s", "1s"), interval="1s", count=2, window="10s", delay="2s"
)


async def off_loop(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call the tests' own client without stopping the app."""
    return await asyncio.to_thread(function, *args, **kwargs)


async def act(screen: Screen, key: str, title: str) -> str:
    """Press a verb's key, read its preview, confirm it, and return the screen with the outcome."""
    await screen.press(key)
    preview = await screen.until(lambda text: title in text and "Esc" in text)
    assert "PATCH" in preview, preview
    await screen.press("enter")
    return await screen.until("done (")


def weight_of(rollout: dict[str, Any]) -> int:
    return int(rollout["status"]["canary"]["weights"]["canary"]["weight"])


def ingress_weight(api: Api, namespace: str) -> str:
    """Return the weight on the namespace's one canary Ingress."""
    prefix = "nginx.ingress.kubernetes.io"
    annotations = [
        found["metadata"].get("annotations", {}) for found in api.list("ingresses", namespace)
    ]
    (canary,) = [one for one in annotations if one.get(f"{prefix}/canary") == "true"]
    return str(canary[f"{prefix}/canary-weight"])


def service_hash(api: Api, namespace: str, name: str) -> str:
    service = api.get("services", namespace, name)
    return str(service["spec"]["selector"]["rollouts-pod-template-hash"])


async def test_a_good_version_goes_to_100_and_the_screen_tells_each_step(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    api.apply(*workload.orchestrator(namespace, prometheus_url=bed.prometheus_url, timing=QUICK))
    api.wait("rollouts", namespace, workload.NAME, states.is_healthy, timeout=60)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    async with on_cluster(kubeconfig, namespace, open_name=workload.NAME) as screen:
        await screen.until("Healthy: v1.4.0 (revision 1)")
        await off_loop(api.set_image, namespace, workload.NAME, "v1.5.0")
        for seen in (
            "Pausing at 10 %",
            "Pausing at 25 %",
            "Analysing at 25 %",
            "Pausing at 50 %",
            "Analysing at 50 %",
            "Pausing at 75 %",
            "Analysing at 75 %",
        ):
            text = await screen.until(seen, 40)
        assert "success-rate" in text
        await screen.until("Healthy: v1.5.0 (revision 2)", 60)
        await screen.press("4")
        text = await screen.until("success-rate  >= 0.95")
        assert "Successful" in text
    rollout = api.get("rollouts", namespace, workload.NAME)
    assert rollout["status"]["stableRS"] == rollout["status"]["currentPodHash"]


async def test_a_bad_version_is_rolled_back_and_the_screen_names_metric_value_and_limit(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    api.apply(*workload.orchestrator(namespace, prometheus_url=bed.prometheus_url, timing=QUICK))
    api.wait("rollouts", namespace, workload.NAME, states.is_healthy, timeout=60)
    async with on_cluster(bed.kubeconfig(namespace=namespace), namespace) as screen:
        await screen.until("Healthy")
        await off_loop(api.set_image, namespace, workload.NAME, "v1.6.0-bad")
        # The board alone names what went wrong, without a key.
        row = await screen.until(
            lambda text: "Halted 25%" in text and bool(BROKEN.search(text)), 60
        )
        assert "1 needs you" in row
        await screen.press("enter")
        # The first frame has the rollout's own words, until what explains it has been read.
        text = await screen.until(
            lambda text: "Halted at 25 %" in text and bool(BROKEN.search(text))
        )
        measured = BROKEN.search(text)
        assert measured
        assert "Traffic is back on v1.4.0" in text
        assert "u undo" in text
    rollout = api.get("rollouts", namespace, workload.NAME)
    assert rollout["status"]["phase"] == "Degraded"
    assert "success-rate" in rollout["status"]["message"]
    assert float(measured[1]) == pytest.approx(failed_value(api, namespace), abs=5e-4)


def failed_value(api: Api, namespace: str) -> float:
    """Return the newest value of success-rate in the run that failed."""
    run = next(
        run for run in api.list("analysisruns", namespace) if run["status"]["phase"] == "Failed"
    )
    results = {result["name"]: result for result in run["status"]["metricResults"]}
    return float(results["success-rate"]["measurements"][-1]["value"].strip("[]"))


@pytest.fixture
def paused(api: Api, namespace: str) -> str:
    """A canary with nginx that waits for a human at 20 %, then would go on."""
    steps = [
        rollouts.set_weight(20),
        rollouts.pause(),
        rollouts.set_weight(60),
        rollouts.pause(),
        rollouts.pause("10m"),
    ]
    api.apply(
        *rollouts.canary(
            namespace, "checkout", steps, nginx=True, abort_delay=2, scale_down_delay=2
        )
    )
    api.wait("rollouts", namespace, "checkout", states.is_healthy)
    api.set_image(namespace, "checkout", "v2.0.0")
    api.wait("rollouts", namespace, "checkout", states.is_paused)
    return "checkout"


async def test_promote_out_of_a_pause_is_proved(
    bed: ControlPlane, api: Api, namespace: str, paused: str
) -> None:
    async with on_cluster(bed.kubeconfig(namespace=namespace), namespace) as screen:
        board = await screen.until("for you")
        assert "checkout" in board
        text = await act(screen, "p", "ends the pause: step 2 → 3 of 5")
        rollout = await off_loop(api.get, "rollouts", namespace, paused)
        assert rollout["status"]["currentStepIndex"] >= 2
        assert "step 2 → " in text
        await screen.until("Waiting for you")
        await screen.until("at 60 %")


async def test_abort_is_done_only_when_router_and_service_are_on_stable(
    bed: ControlPlane, api: Api, namespace: str, paused: str
) -> None:
    async with on_cluster(
        bed.kubeconfig(namespace=namespace), namespace, open_name=paused
    ) as screen:
        await screen.until("Waiting for you")
        text = await act(screen, "A", "all traffic to stable v1.0.0")
        rollout = await off_loop(api.get, "rollouts", namespace, paused)
        assert rollout["status"]["abortedAt"]
        assert weight_of(rollout) == 0
        assert await off_loop(ingress_weight, api, namespace) == "0"
        stable = rollout["status"]["stableRS"]
        assert await off_loop(service_hash, api, namespace, f"{paused}-stable") == stable
        assert "controller saw it ✔" in text
        await screen.until("Aborted by hand")


async def test_undo_goes_to_the_chosen_revision(
    bed: ControlPlane, api: Api, namespace: str, paused: str
) -> None:
    async with on_cluster(
        bed.kubeconfig(namespace=namespace), namespace, open_name=paused
    ) as screen:
        await screen.until("Waiting for you")
        await screen.press("u")
        listed = await screen.until("go back to which revision?")
        assert "revision 1" in listed
        assert "stable" in listed
        await screen.press("enter")
        preview = await screen.until("PATCH rollouts/checkout")
        assert "image v2.0.0 → v1.0.0" in preview
        assert "it is the stable version" in preview
        await screen.press("enter")
        await screen.until("done (")
        rollout = await off_loop(api.get, "rollouts", namespace, paused)
        assert rollout["status"]["currentPodHash"] == rollout["status"]["stableRS"]
        image = rollout["spec"]["template"]["spec"]["containers"][0]["image"]
        assert image.endswith(":v1.0.0")
        await screen.until("Healthy: v1.0.0 (revision 3)")


async def test_full_promotion_is_done_only_when_everything_is_on_the_new_version(
    bed: ControlPlane, api: Api, namespace: str, paused: str
) -> None:
    async with on_cluster(
        bed.kubeconfig(namespace=namespace), namespace, open_name=paused
    ) as screen:
        await screen.until("Waiting for you")
        text = await act(screen, "P", "all traffic goes to v2.0.0")
        rollout = await off_loop(api.get, "rollouts", namespace, paused)
        status = rollout["status"]
        assert status["stableRS"] == status["currentPodHash"]
        assert "promoteFull" not in status
        assert await off_loop(ingress_weight, api, namespace) == "0"
        wanted = status["stableRS"]
        assert await off_loop(service_hash, api, namespace, f"{paused}-stable") == wanted
        assert "new version is stable ✔" in text


async def test_promote_says_that_it_skips_the_running_analysis(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    slow = analysis.Timing(interval="5s", count=20, window="10s", delay="3s")
    api.apply(
        *analysis.analysis_templates(namespace, bed.prometheus_url, slow),
        *rollouts.canary(
            namespace,
            "search",
            [
                rollouts.set_weight(50),
                rollouts.gate(analysis.analysis("search", namespace, "success-rate")),
                rollouts.pause(),
            ],
            nginx=True,
        ),
    )
    api.wait("rollouts", namespace, "search", states.is_healthy)
    api.set_image(namespace, "search", "v2.0.0")
    async with on_cluster(
        bed.kubeconfig(namespace=namespace), namespace, open_name="search"
    ) as screen:
        await screen.until("Analysing at 50 %")
        text = await act(screen, "p", "skips the running analysis success-rate")
        assert "step 3 begun ✔" in text
        rollout = await off_loop(api.get, "rollouts", namespace, "search")
        assert rollout["status"]["currentStepIndex"] == 2
        assert rollout["status"]["pauseConditions"]
        await screen.until("Waiting for you")
        # The run that was skipped reads Successful; it must not look as if it had passed.
        await screen.press("4")
        text = await screen.until("cut short after")
        assert "✔ Successful" not in text


@pytest.mark.parametrize(
    ("key", "title"),
    [
        pytest.param("p", "ends the pause", id="promote"),
        pytest.param("P", "all traffic goes to", id="promote-full"),
        pytest.param("A", "all traffic to stable", id="abort"),
        pytest.param("u", "undo to revision 1", id="undo"),
    ],
)
async def test_without_a_controller_every_verb_ends_as_sent_without_reaction(
    bed: ControlPlane, api: Api, namespace: str, paused: str, key: str, title: str
) -> None:
    blind(api, namespace, paused)
    async with on_cluster(
        bed.kubeconfig(namespace=namespace), namespace, open_name=paused
    ) as screen:
        await screen.until("Waiting for you")
        await screen.press(key)
        if key == "u":
            await screen.until("go back to which revision?")
            await screen.press("enter")
        await screen.until(title)
        await screen.press("enter")
        text = await screen.until("sent, but the controller did not react", 25)
        assert "done (" not in text


async def test_a_promote_that_somebody_else_made_first_is_refused_with_what_moved(
    bed: ControlPlane, api: Api, namespace: str, paused: str
) -> None:
    async with on_cluster(
        bed.kubeconfig(namespace=namespace), namespace, open_name=paused
    ) as screen:
        await screen.until("Waiting for you")
        await screen.press("p")
        await screen.until("ends the pause: step 2 → 3 of 5")
        clear = {"status": {"pauseConditions": None}}
        await off_loop(api.patch, "rollouts", namespace, paused, clear, subresource="status")
        moved = await screen.until("it moved meanwhile")
        assert "step 2 → " in moved
        await screen.press("enter")
        await screen.until(lambda _: "Nothing was sent" in screen.toasts)
        # Exactly one step was gone: the other one's.
        await off_loop(
            api.wait, "rollouts", namespace, paused, lambda it: states.at_step(it, 3), timeout=60
        )


async def test_events_and_logs_of_the_new_version_are_one_key_away(
    bed: ControlPlane, api: Api, namespace: str, paused: str
) -> None:
    api.set_image(namespace, paused, "v3.0.0-bad")
    async with on_cluster(
        bed.kubeconfig(namespace=namespace), namespace, open_name=paused
    ) as screen:
        await screen.until("Waiting for you", 40)
        await screen.press("e")
        await screen.until("RolloutUpdated rollout/checkout: Rollout updated to revision 3")
        await screen.press("l")
        canary = await screen.until(lambda text: "C " in text and " 500 " in text, 40)
        assert "canary pods  1 container" in canary
        await screen.press("l")
        stable = await screen.until(lambda text: "stable pods  3 containers" in text)
        assert " S " in await screen.until(lambda text: " 200 " in text and " S " in text, 40)
        assert " 500 " not in stable
