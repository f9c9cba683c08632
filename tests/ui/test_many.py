"""Many rollouts in several namespaces, of which one never rests."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from amas_tui.ui.screens.board import BoardScreen
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.terminal import planted
from tests.ui.screen import Screen, on_cluster

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(120)]

COUNT: Final = 20
BUSY: Final = "service-07"
CHOSEN: Final = "service-10"
_SECONDS: Final = 60


def selected(screen: Screen) -> str:
    """Return the name of the rollout under the cursor."""
    board = screen.app.screen
    assert isinstance(board, BoardScreen)
    rollouts = board.shown.snapshot.rollouts if board.shown.snapshot else {}
    found = rollouts.get(board.selected or "")
    return found.key.name if found else ""


@pytest.fixture
def fleet(api: Api, namespace: str) -> str:
    """Twenty quiet rollouts; returns their namespace."""
    with ThreadPoolExecutor(4) as workers:
        names = (f"service-{number:02}" for number in range(COUNT))
        list(workers.map(lambda name: planted.plant(api, namespace, name), names))
    return namespace


async def test_the_cursor_stays_on_its_object_while_rows_move(
    bed: ControlPlane, api: Api, fleet: str
) -> None:
    kubeconfig: Path = bed.kubeconfig(namespace=fleet)
    async with on_cluster(kubeconfig, fleet) as screen:
        await screen.until(f"{COUNT} rollouts", _SECONDS)
        while selected(screen) != CHOSEN:
            await screen.press("j")
        weights = {"canary": {"weight": 20}, "stable": {"weight": 80}}
        for number in (15, 16, 7):
            # What waits for a human comes first: rows move, above and below the cursor.
            status = planted.paused(canary={"weights": weights})
            planted.set_status(api, fleet, f"service-{number:02}", status)
        await screen.until("3 need you", _SECONDS)
        assert selected(screen) == CHOSEN
        assert CHOSEN in screen.text()
        for name in ("service-00", "service-19"):
            api.delete("rollouts", fleet, name)
        await screen.until(f"{COUNT - 2} rollouts", _SECONDS)
        assert selected(screen) == CHOSEN


async def test_a_busy_one_moves_nobody_else(bed: ControlPlane, api: Api, fleet: str) -> None:
    kubeconfig: Path = bed.kubeconfig(namespace=fleet)
    async with on_cluster(kubeconfig, fleet) as screen:
        await screen.until(f"{COUNT} rollouts", _SECONDS)
        planted.set_status(api, fleet, BUSY, planted.paused())
        await screen.until("1 needs you", _SECONDS)
        await screen.press("j")
        before = selected(screen)
        for ready in range(1, 26):
            planted.set_status(api, fleet, BUSY, {"readyReplicas": ready, "message": f"m{ready}"})
        planted.set_status(api, fleet, BUSY, planted.healthy(pauseConditions=None))
        await screen.until(lambda text: "need" not in text.splitlines()[0], _SECONDS)
        assert selected(screen) == before
