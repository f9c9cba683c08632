"""Results for the runs of a stage without Prometheus: the metric's name says what comes out."""

from collections.abc import Iterable
from typing import Final

from amas_tui.demo.clock import rfc3339
from amas_tui.demo.controller.loop import Controller, Name
from amas_tui.demo.resources import ANALYSIS_RUNS
from amas_tui.demo.store import Change
from tests.controlplane.kinds import Json

GOOD: Final = "good"
BAD: Final = "bad"
UNSURE: Final = "unsure"
ENDLESS: Final = "endless"
_SECONDS: Final = 0.3
_RESULTS: Final = {
    GOOD: ("Successful", ""),
    BAD: ("Failed", 'Metric "bad" assessed Failed due to failed (1) > failureLimit (0)'),
    UNSURE: (
        "Inconclusive",
        'Metric "unsure" assessed Inconclusive due to inconclusive (1) > inconclusiveLimit (0)',
    ),
}


class Judge(Controller):
    """Lets a run go on for a moment and then end as its metric is called."""

    def everything(self) -> Iterable[Name]:
        """Return nothing: a stage begins empty."""
        return ()

    def concerns(self, change: Change) -> Iterable[Name]:
        """Return the runs."""
        if change.key.resource == ANALYSIS_RUNS and change.type != "DELETED":
            return [Name(change.key.namespace, change.key.name)]
        return ()

    def reconcile(self, name: Name) -> None:
        """Begin a run, end it, or terminate it."""
        run = self.store.find(ANALYSIS_RUNS, *name)
        if run is None or run.get("status", {}).get("phase") not in (None, "Running"):
            return
        if run["spec"].get("terminate"):
            self._write(name, "Successful", "Run Terminated")
        elif "status" not in run:
            self._write(name, "Running", "")
            self.look_at(name, _SECONDS)
        else:
            self._end(name, run)

    def _end(self, name: Name, run: Json) -> None:
        began: float = run["status"]["began"]
        result = _RESULTS.get(run["spec"]["metrics"][0]["name"])
        if result is not None and self.clock.elapsed >= began + _SECONDS:
            self._write(name, *result)

    def _write(self, name: Name, phase: str, message: str) -> None:
        def change(run: Json) -> None:
            began = run.get("status", {}).get("began", self.clock.elapsed)
            run["status"] = {"phase": phase, "began": began, "startedAt": rfc3339(self.clock.now)}
            if message:
                run["status"]["message"] = message

        self.store.update(ANALYSIS_RUNS, *name, change)
