"""The app on the demo at one moment, brought to what is to be seen, and standing still."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from amas_tui.store.kinds import Kind
from tests.ui.demo import DemoCluster, Moment, moment
from tests.ui.picture import cells, readable
from tests.ui.screen import Screen, running

_STILL: Final = 3
"""How often in a row a picture must be the same."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One screen.

    Attributes:
        expect: What must be on it.
        rollout: What is opened; empty for the board.
        keys: What is pressed then.
        at: When, in seconds after the curtain rose.
    """

    expect: str
    rollout: str = ""
    keys: tuple[str, ...] = ()
    scenario: str = "tour"
    at: float = 75.0
    fleet: int = 0


@asynccontextmanager
async def posed(shown: Shown, size: tuple[int, int]) -> AsyncIterator[Screen]:
    """Run the app and bring it to what is to be seen."""
    at = moment(shown.scenario, shown.at, fleet=shown.fleet)
    async with _on(at, shown.rollout, size) as screen:
        await screen.until("demo ›")
        for key in shown.keys:
            await settled(screen)
            await screen.press(key)
        await screen.until(shown.expect)
        await settled(screen)
        yield screen


@asynccontextmanager
async def _on(at: Moment, name: str, size: tuple[int, int]) -> AsyncIterator[Screen]:
    keys = [key for kind, key in at.objects if kind is Kind.ROLLOUTS and key.name == name]
    cluster = DemoCluster(at, *(key.namespace for key in keys))

    @asynccontextmanager
    async def opened() -> AsyncIterator[DemoCluster]:
        yield cluster

    async def connect() -> Any:
        return opened()

    async with running(connect, size=size, open_name=name or None, now=lambda: at.now) as screen:
        yield screen


async def settled(screen: Screen) -> str:
    """Return the picture once it does not change any more."""
    picture, still = readable(cells(screen.app)), 1
    while still < _STILL:
        await screen.pilot.pause()
        before, picture = picture, readable(cells(screen.app))
        still = still + 1 if picture == before else 1
    return picture
