"""What goes wrong around a rollback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Final

from amas_tui.actions.progress import Ending
from tests.controlplane import faults
from tests.controlplane.process import Process
from tests.controlplane.proxy import Fault, FaultProxy
from tests.soak.places import NAME, TWO_WRITES, Place

_STOPPED_SECONDS: Final = 0.8
_RUNNING_SECONDS: Final = 0.2
_AWAY_SECONDS: Final = 1.0


class Weather(StrEnum):
    """One kind of trouble."""

    CALM = "calm"
    LATE_2 = "the watch is 2 s late"
    LATE_10 = "the watch is 10 s late"
    LATE_30 = "the watch is 30 s late"
    CONFLICT = "409 to the first write"
    LATER_CONFLICT = "409 to the second write"
    LOST_REPLY = "the first reply is lost"
    LOST_REQUEST = "the first request is lost"
    DROPPED = "the watches break after the first write"
    ANEW = "the program is started anew after its first write"
    SEES_LATE = "the controller sees it 3 s late"
    BLIND = "the controller never sees it"
    SLOWED = "the controller is stopped four fifths of the time"
    RESTARTED = "the controller is killed and started again"

    @property
    def breaks_the_bed(self) -> bool:
        """Return whether everybody on the bed feels it."""
        return self in (Weather.SLOWED, Weather.RESTARTED)

    def suits(self, state: str) -> bool:
        """Return whether it makes a difference in a state."""
        return self is not Weather.LATER_CONFLICT or state in TWO_WRITES

    def endings(self, state: str) -> frozenset[Ending]:
        """Return how a rollback may end in it."""
        if self is not Weather.BLIND:
            return _DONE
        # What was aborted has its traffic back, whoever is blind; its pods may be left.
        return _DONE | _SILENT if state == "aborted" else _SILENT


_DONE: Final = frozenset({Ending.DONE})
_SILENT: Final = frozenset({Ending.NO_EFFECT})

SHARES: Final = {
    Weather.CALM: 12,
    Weather.LATE_2: 2,
    Weather.LATE_10: 3,
    Weather.LATE_30: 3,
    Weather.CONFLICT: 2,
    Weather.LATER_CONFLICT: 2,
    Weather.LOST_REPLY: 3,
    Weather.LOST_REQUEST: 3,
    Weather.DROPPED: 3,
    Weather.ANEW: 3,
    Weather.SEES_LATE: 2,
    Weather.BLIND: 2,
    Weather.SLOWED: 5,
    Weather.RESTARTED: 5,
}
"""How many of fifty rollbacks meet each."""


class Around:
    """Makes one rollback's weather as it goes on.

    Attributes:
        anew: Whether the program is to be started anew now.
    """

    def __init__(self, weather: Weather, at: Place, proxy: FaultProxy) -> None:
        self._weather = weather
        self._at = at
        self._proxy = proxy
        self._is_over = False
        self._begun = 0.0
        self.anew = False

    def before(self) -> None:
        """Make what is there before the program looks."""
        if self._weather in (Weather.BLIND, Weather.SEES_LATE):
            faults.blind(self._at.api, self._at.namespace, NAME)

    def confirmed(self) -> None:
        """Make what begins with the confirmation."""
        proxy = self._proxy
        self._begun = asyncio.get_running_loop().time()
        match self._weather:
            case Weather.LATE_2 | Weather.LATE_10 | Weather.LATE_30:
                proxy.delay = _DELAYS[self._weather]
            case Weather.CONFLICT:
                proxy.answers.append(409)
            case Weather.LATER_CONFLICT:
                proxy.answers.extend((0, 409))
            case Weather.LOST_REPLY:
                proxy.faults.append(Fault.DROP_REPLY)
            case Weather.LOST_REQUEST:
                proxy.faults.append(Fault.DROP_REQUEST)
            case _:
                pass

    async def goes_on(self) -> None:
        """Make what comes in the middle; called after every look of the program."""
        if self._is_over:
            return
        match self._weather:
            case Weather.SEES_LATE if asyncio.get_running_loop().time() - self._begun > _LATE:
                self._is_over = True
                await asyncio.to_thread(faults.unblind, self._at.api, self._at.namespace, NAME)
            case Weather.DROPPED if self._proxy.sent:
                self._is_over = True
                self._proxy.drop_watches()
            case Weather.ANEW if self._proxy.sent:
                self._is_over = self.anew = True
            case _:
                pass


_LATE: Final = 3.0
_DELAYS: Final = {Weather.LATE_2: 2.0, Weather.LATE_10: 10.0, Weather.LATE_30: 30.0}


@asynccontextmanager
async def slowed(controller: Process) -> AsyncIterator[None]:
    """Stop the controller four fifths of every second."""

    async def in_turns() -> None:
        while True:
            controller.pause()
            await asyncio.sleep(_STOPPED_SECONDS)
            controller.resume()
            await asyncio.sleep(_RUNNING_SECONDS)

    turns = asyncio.create_task(in_turns())
    try:
        yield
    finally:
        turns.cancel()
        with suppress(asyncio.CancelledError):
            await turns
        controller.resume()


@asynccontextmanager
async def restarted(controller: Process, first: asyncio.Event) -> AsyncIterator[None]:
    """Kill the controller as soon as somebody has written, and start it again a second later."""

    async def once() -> None:
        await first.wait()
        controller.kill()
        await asyncio.sleep(_AWAY_SECONDS)
        # By this thread, which lives on: the controller dies with whoever started it.
        controller.start()

    restart = asyncio.create_task(once())
    try:
        yield
    finally:
        first.set()
        await restart
