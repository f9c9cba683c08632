"""Puts a plot on: what was there before anybody looked, then what happens, on the clock."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from amas_tui.demo.clock import ManualClock
from amas_tui.demo.resources import RESOURCES, ROLLOUTS
from amas_tui.demo.scenarios.manifests import image
from amas_tui.demo.scenarios.pace import Pace
from amas_tui.demo.scenarios.plot import (
    ControllerStops,
    Happening,
    Life,
    NewImage,
    Plot,
    PrometheusStops,
)
from amas_tui.demo.store import Json, Store

_PAST: Final = 90.0
"""Seconds at speed 1 that were played before the curtain rises: charts begin with a past."""
_LEAST_PAST: Final = 12.0
_BREATH: Final = 1.0
"""Seconds between the curtain and the first thing that happens, at any speed."""
_SOON: Final = 0.1
_STEP: Final = 0.5
_KINDS: Final = {(one.api_version, one.kind): one for one in RESOURCES}


def past(pace: Pace) -> float:
    """Return how many seconds of a demo are played before anybody looks."""
    return max(_LEAST_PAST, pace.seconds(_PAST))


class Controller(Protocol):
    """What can hang."""

    def stop(self) -> None:
        """React to nothing until `resume`."""

    def resume(self) -> None:
        """React again."""


class Prometheus(Protocol):
    """What can be away."""

    def go_away(self, seconds: float) -> None:
        """Answer and scrape nothing for a while."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a plot is put on.

    Attributes:
        controller: Argo Rollouts.
        prometheus: What scrapes and answers.
    """

    store: Store
    clock: ManualClock
    controller: Controller
    prometheus: Prometheus

    def set(self, plot: Plot, pace: Pace) -> None:
        """Play the past; the clock stands where the curtain rises then.

        Each rollout gets its first version, then the one that is stable: that an undo has
        somewhere to go.
        """
        end = self.clock.elapsed + past(pace)
        self._create(plot)
        self._settle(plot.lives, end)
        for life in plot.lives:
            if life.tag != life.before:
                self.give(NewImage(life.namespace, life.name, life.tag))
        self._wait(end, lambda: all(self._is_observed(life) for life in plot.lives))
        for life in plot.lives:
            if life.tag != life.before:
                self._promote_fully(life)
        self._settle(plot.lives, end)
        self.clock.advance(max(0.0, end - self.clock.elapsed))

    def raise_curtain(self, plot: Plot) -> None:
        """Let happen from now on what is to happen."""
        for happening in plot.all_happenings:
            self.clock.call_later(_BREATH + happening.at, self._doing(happening))

    def give(self, new: NewImage) -> None:
        """Give a rollout another version, as `kubectl argo rollouts set image` does."""

        def change(rollout: Json) -> None:
            (container,) = rollout["spec"]["template"]["spec"]["containers"]
            container["image"] = image(new.name, new.tag)

        self.store.update(ROLLOUTS, new.namespace, new.name, change)

    def _create(self, plot: Plot) -> None:
        for namespace in plot.namespaces:
            self._make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        for manifest in (*plot.templates, *(one for life in plot.lives for one in life.objects)):
            self._make(manifest)

    def _make(self, manifest: Json) -> None:
        resource = _KINDS[manifest["apiVersion"], manifest["kind"]]
        metadata = manifest["metadata"]
        if self.store.find(resource, metadata.get("namespace", ""), metadata["name"]) is None:
            self.store.create(resource, manifest)

    def _promote_fully(self, life: Life) -> None:
        def change(rollout: Json) -> None:
            rollout.setdefault("status", {})["promoteFull"] = True

        self.store.update(ROLLOUTS, life.namespace, life.name, change, subresource="status")

    def _settle(self, lives: Iterable[Life], end: float) -> None:
        self._wait(end, lambda: all(self._status(life).get("phase") == "Healthy" for life in lives))

    def _wait(self, end: float, is_so: Callable[[], bool]) -> None:
        while not is_so() and self.clock.elapsed + _STEP <= end:
            self.clock.advance(_STEP)

    def _is_observed(self, life: Life) -> bool:
        rollout = self.store.get(ROLLOUTS, life.namespace, life.name)
        observed = rollout.get("status", {}).get("observedGeneration")
        return bool(observed == str(rollout["metadata"]["generation"]))

    def _status(self, life: Life) -> Json:
        found: Json = self.store.get(ROLLOUTS, life.namespace, life.name).get("status", {})
        return found

    def _doing(self, happening: Happening) -> Callable[[], None]:
        match happening.what:
            case NewImage() as new:
                return lambda: self.give(new)
            case ControllerStops() as stops:
                return lambda: self._hang(stops)
            case PrometheusStops(seconds):
                return lambda: self.prometheus.go_away(seconds)

    def _hang(self, stops: ControllerStops) -> None:
        rollout = self.store.get(ROLLOUTS, stops.namespace, stops.name)
        if not rollout.get("status", {}).get("pauseConditions"):
            self.clock.call_later(_SOON, lambda: self._hang(stops))
            return
        self.controller.stop()
        self.clock.call_later(stops.seconds, self.controller.resume)
