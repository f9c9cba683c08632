"""The menu, the lock, the log and the emergency rollback, on the screen and in the cluster."""

import asyncio

import pytest

from tests.controlplane import rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.ui.screen import on_cluster

pytestmark = [pytest.mark.controlplane, pytest.mark.xdist_group("acting-screens")]

STEPS = [rollouts.set_weight(20), rollouts.pause(), rollouts.pause("10m")]


@pytest.fixture
def shop(api: Api, namespace: str) -> str:
    """A canary with nginx that waits for a human at 20 %."""
    api.apply(*rollouts.canary(namespace, "checkout", STEPS, nginx=True, replicas=2))
    api.wait("rollouts", namespace, "checkout", states.is_healthy, timeout=60)
    api.set_image(namespace, "checkout", "v2.0.0")
    api.wait("rollouts", namespace, "checkout", states.is_paused, timeout=60)
    return namespace


async def test_a_rollback_is_started_by_the_typed_name_and_shows_its_four_checks(
    bed: ControlPlane, api: Api, shop: str
) -> None:
    good = api.get("rollouts", shop, "checkout")["status"]["stableRS"]
    async with on_cluster(bed.kubeconfig(namespace=shop), shop, open_name="checkout") as screen:
        await screen.until("Waiting")
        await screen.press("exclamation_mark")
        preview = await screen.until("Type checkout and press Enter to roll back")
        assert "the update in flight is replaced by the stable version" in preview
        await screen.press(*"check", "enter")
        await screen.until(lambda _: "That is not checkout." in screen.toasts)
        assert api.get("rollouts", shop, "checkout")["status"]["currentPodHash"] != good
        await screen.press(*"out", "enter")
        done = await screen.until("✔ done", 60)
        for check in ("traffic on stable", "canary pods gone", "service healthy", "metrics normal"):
            assert check in done
        rollout = await asyncio.to_thread(api.get, "rollouts", shop, "checkout")
        assert rollout["status"]["stableRS"] == rollout["status"]["currentPodHash"] == good
        assert states.canary_weight(rollout) == 0
        await screen.press("escape")
        await screen.until("rollback: done")


async def test_the_menu_gives_reasons_and_a_locked_screen_writes_nothing(
    bed: ControlPlane, api: Api, shop: str
) -> None:
    before = api.get("rollouts", shop, "checkout")["spec"]
    async with on_cluster(
        bed.kubeconfig(namespace=shop), shop, open_name="checkout", size=(120, 40)
    ) as screen:
        await screen.until("for you")
        await screen.press("a")
        menu = await screen.until("what to do with checkout")
        assert "no: nothing was aborted: there is nothing to try again" in menu
        assert "no: no analysis is running" in menu
        await screen.press("H")
        await screen.until("holds the rollout here: weight and pods stay")
        await screen.press("escape")
        await screen.press("Z")
        await screen.until("read-only")
        await screen.press("A")
        await screen.until(lambda _: "the screen is locked" in screen.toasts)
        await screen.press("a")
        locked = await screen.until("no: the screen is locked")
        assert locked.count("the screen is locked") >= 12
    rollout = api.get("rollouts", shop, "checkout")
    assert (rollout["spec"], rollout["status"].get("abort")) == (before, None)
