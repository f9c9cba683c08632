"""How a controller works: it hears what changed and looks at it soon, once."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from amas_tui.demo.clock import Timer
from amas_tui.demo.store import Change, StatusError, Store

LATENCY: Final = 0.02
"""Seconds from a change to the look at it: what changes together is looked at once."""
MARGIN: Final = 0.001
"""Seconds added to a wait until a moment, so that it is then past."""

_RETRY_SECONDS: Final = 1.0


class Name(NamedTuple):
    """Which object to look at."""

    namespace: str
    name: str


@dataclass(slots=True)
class _Later:
    at: float
    timer: Timer


class Controller(ABC):
    """One that keeps some objects as they should be.

    It never acts while it hears: changes are noted, and looked at on the clock.
    """

    latency: float = LATENCY

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = store.clock
        self.is_stopped = False
        self._soon: dict[Name, Timer] = {}
        self._later: dict[Name, _Later] = {}
        self._missed: dict[Name, None] = {}
        store.listen(self._hear)
        for name in self.everything():
            self.look_at(name)

    @abstractmethod
    def concerns(self, change: Change) -> Iterable[Name]:
        """Return what must be looked at because of a change."""

    @abstractmethod
    def everything(self) -> Iterable[Name]:
        """Return what to look at after a start."""

    @abstractmethod
    def reconcile(self, name: Name) -> None:
        """Look at one object and do what is missing."""

    def stop(self) -> None:
        """React to nothing until `resume`, as a process that hangs."""
        self.is_stopped = True

    def resume(self) -> None:
        """React again, also to what was missed."""
        self.is_stopped = False
        missed, self._missed = self._missed, {}
        for name in missed:
            self.look_at(name)

    def look_at(self, name: Name, after: float | None = None) -> None:
        """Look at an object soon, or after that many seconds; an earlier wish stands."""
        if after is not None and after > self.latency:
            self._look_later(name, after)
        elif name not in self._soon:
            self._soon[name] = self.clock.call_later(self.latency, lambda: self._look(name))

    def _look_later(self, name: Name, after: float) -> None:
        at = self.clock.elapsed + after
        planned = self._later.get(name)
        if planned is not None:
            if planned.at <= at:
                return
            planned.timer.cancel()
        timer = self.clock.call_later(after + MARGIN, lambda: self._look_planned(name))
        self._later[name] = _Later(at, timer)

    def _look_planned(self, name: Name) -> None:
        del self._later[name]
        self._look(name)

    def _look(self, name: Name) -> None:
        if (timer := self._soon.pop(name, None)) is not None:
            timer.cancel()
        if self.is_stopped:
            self._missed[name] = None
            return
        try:
            self.reconcile(name)
        except StatusError:
            # Somebody else was faster; what is there now is looked at anew.
            self.look_at(name, _RETRY_SECONDS)

    def _hear(self, change: Change) -> None:
        for name in self.concerns(change):
            self.look_at(name)
