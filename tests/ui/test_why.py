"""The dialog on `w`: what it says, that it follows, and the keys that lead on from it."""

import pytest

from tests.controlplane import rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.ui.screen import on_cluster
from tests.ui.test_journeys import off_loop

pytestmark = pytest.mark.controlplane

NAME = "checkout"


@pytest.fixture
def stuck(api: Api, namespace: str) -> str:
    """A namespace with a rollout whose new version crashes."""
    steps = [rollouts.set_weight(50), rollouts.pause()]
    api.apply(*rollouts.canary(namespace, NAME, steps, replicas=2, requests_per_second=0))
    api.wait("rollouts", namespace, NAME, states.is_healthy, timeout=60)
    api.set_image(namespace, NAME, "v2-crash")
    api.wait_any("pods", namespace, lambda pod: _restarts(pod) > 0, timeout=60)
    return namespace


def _restarts(pod: dict[str, object]) -> int:
    status: dict[str, list[dict[str, int]]] = pod.get("status", {})  # type: ignore[assignment]
    return sum(one["restartCount"] for one in status.get("containerStatuses", []))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_from_the_board_w_says_why_and_a_key_leads_on(
    bed: ControlPlane, stuck: str, size: tuple[int, int]
) -> None:
    async with on_cluster(bed.kubeconfig(namespace=stuck), stuck, size=size) as screen:
        await screen.until("1 ready: ")
        await screen.press("w")
        text = await screen.until(lambda text: "connection refused" in text)
        flat = " ".join(text.replace("│", " ").split())
        assert "container checkout crashes (exit 1" in flat
        assert "A abort" in text
        assert "Esc close" in text
        await screen.press("A")
        await screen.until("abort checkout")


async def test_it_follows_the_rollout_while_it_is_read(
    bed: ControlPlane, api: Api, stuck: str
) -> None:
    async with on_cluster(bed.kubeconfig(namespace=stuck), stuck, open_name=NAME) as screen:
        await screen.until("traffic to revision 2")
        await screen.press("w")
        await screen.until("Evidence")
        await off_loop(
            api.patch, "rollouts", stuck, NAME, {"status": {"abort": True}}, subresource="status"
        )
        await screen.until("Aborted by hand")
        await screen.press("w")
        await screen.until("1 Traffic")
