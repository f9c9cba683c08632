"""The controller of AnalysisRuns.

Source: analysis/analysis.go, analysis/controller.go.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Final

from amas_tui.demo.analysis import assessment
from amas_tui.demo.analysis.arguments import ArgumentError, check_secrets, resolved
from amas_tui.demo.analysis.assessment import COMPLETED, result_of
from amas_tui.demo.analysis.measurement import ERROR, FAILED, Measure, query_of
from amas_tui.demo.analysis.metrics import Metric, SpecError, dry_run, metrics_of, retention
from amas_tui.demo.clock import rfc3339
from amas_tui.demo.controller.events import NORMAL, WARNING, Recorder
from amas_tui.demo.controller.loop import Controller, Name
from amas_tui.demo.controller.objects import INSTANCE_ID
from amas_tui.demo.resources import ANALYSIS_RUNS
from amas_tui.demo.store import Change, Json, Store

MEASUREMENTS_KEPT: Final = 10
ERROR_RETRY_SECONDS: Final = 10.0
_COMPONENT: Final = "rollouts-controller"


class AnalysisController(Controller):
    """Takes the measurements of AnalysisRuns when they are due, and says what they mean."""

    def __init__(self, store: Store, measure: Measure) -> None:
        self._measure = measure
        self._recorder = Recorder(store, _COMPONENT)
        super().__init__(store)

    def concerns(self, change: Change) -> Iterable[Name]:
        """Return the run that changed."""
        if change.key.resource == ANALYSIS_RUNS and change.type != "DELETED":
            yield Name(change.key.namespace, change.key.name)

    def everything(self) -> Iterable[Name]:
        """Return all runs."""
        for run in self.store.select(ANALYSIS_RUNS):
            yield Name(run["metadata"]["namespace"], run["metadata"]["name"])

    def reconcile(self, name: Name) -> None:
        """Take what measurements are due, and note what the run comes to."""
        run = self.store.find(ANALYSIS_RUNS, *name)
        if run is None or "deletionTimestamp" in run["metadata"]:
            return
        # Another controller's, as far as this one can tell.
        if INSTANCE_ID in run["metadata"].get("labels", {}):
            return
        before = run.get("status") or {}
        if before.get("phase") in COMPLETED:
            return
        status = deepcopy(before)
        work = _Work(run, status, self.clock.now, self._measure)
        events = work.do()
        self.store.update(ANALYSIS_RUNS, *name, lambda obj: obj.update(status=status))
        for reason, message, phase in events:
            type_ = WARNING if phase in (ERROR, FAILED) else NORMAL
            self._recorder.tell(run, reason, message, type_=type_)
        if work.next_in is not None:
            self.look_at(name, after=max(0.0, work.next_in))


_Event = tuple[str, str, str]
"""Reason, message, and the phase that it is about."""


class _Work:
    """One look at one run.

    Attributes:
        next_in: After how many seconds to look again; `None` for not by itself.
    """

    def __init__(self, run: Json, status: Json, now: datetime, measure: Measure) -> None:
        self._spec = run["spec"]
        self._status = status
        self._now = now
        self._measure = measure
        self.next_in: float | None = None

    def do(self) -> list[_Event]:
        """Bring the status up to date; return what to tell."""
        try:
            metrics, dry, kept = self._prepared()
        except ArgumentError as error:
            return self._give_up(f"Unable to resolve metric arguments: {error}")
        except SpecError as error:
            return self._give_up(f"Analysis spec invalid: {error}")
        self._status.setdefault("metricResults", [])
        terminating = assessment.is_terminating(self._spec, self._status)
        for metric in metrics if not terminating else ():
            if self._is_due(metric):
                self._take(metric, is_dry=metric.name in dry)
        self._status.setdefault("startedAt", rfc3339(self._now))
        verdict = assessment.assess(self._spec, self._status, metrics, dry)
        events = [
            (f"Metric{phase}", f"Metric '{name}' Completed. Result: {phase}", phase)
            for name, phase in verdict.ended
        ]
        events += self._conclude(verdict)
        self._trim(kept)
        self._plan(metrics)
        return events

    def _prepared(self) -> tuple[list[Metric], frozenset[str], Mapping[str, int]]:
        args: Sequence[Json] = self._spec.get("args") or ()
        metrics = metrics_of([resolved(each, args) for each in self._spec.get("metrics") or ()])
        dry = dry_run(self._spec.get("dryRun") or (), metrics)
        kept = retention(self._spec.get("measurementRetention") or (), metrics)
        check_secrets(args)
        return metrics, dry, kept

    def _give_up(self, message: str) -> list[_Event]:
        # Unlike other ends this one bears no time: the controller does not write it.
        self._status.update(phase=ERROR, message=message)
        return [_completion(ERROR)]

    def _conclude(self, verdict: assessment.Verdict) -> list[_Event]:
        if verdict.phase == self._status.get("phase"):
            return []
        self._status["phase"] = verdict.phase
        self._status.pop("message", None)
        if verdict.message:
            self._status["message"] = verdict.message
        if verdict.phase not in COMPLETED:
            return []
        self._status.setdefault("completedAt", rfc3339(self._now))
        return [_completion(verdict.phase)]

    def _is_due(self, metric: Metric) -> bool:
        result = result_of(self._status, metric.name)
        if result is None:
            return not metric.initial_delay or self._has_passed(
                self._status.get("startedAt"), metric.initial_delay
            )
        if result["phase"] in COMPLETED or assessment.is_counted_out(metric, result):
            return False
        last = result["measurements"][-1]
        return self._has_passed(last["finishedAt"], _pause(metric, last))

    def _has_passed(self, since: str | None, seconds: float) -> bool:
        if since is None:
            return False
        return self._now > datetime.fromisoformat(since) + timedelta(seconds=seconds)

    def _take(self, metric: Metric, *, is_dry: bool) -> None:
        taken = self._measure(metric)
        result = result_of(self._status, metric.name)
        if result is None:
            result = _first_result(metric, is_dry=is_dry, has_provider=taken.is_provided)
            self._status["metricResults"].append(result)
        assessment.count_measurement(result, taken.phase)
        at = rfc3339(self._now)
        measurement = {"phase": taken.phase, "startedAt": at, "finishedAt": at}
        if taken.message:
            measurement["message"] = taken.message
        if taken.value:
            measurement["value"] = taken.value
        result["measurements"].append(measurement)

    def _trim(self, kept: Mapping[str, int]) -> None:
        for result in self._status["metricResults"]:
            limit = kept.get(result["name"], 0)
            count = limit if limit > 0 else MEASUREMENTS_KEPT
            result["measurements"] = result["measurements"][-count:]

    def _plan(self, metrics: Sequence[Metric]) -> None:
        """Source: analysis.go:calculateNextReconcileTime."""
        if self._status["phase"] in COMPLETED:
            return
        for metric in metrics:
            result = result_of(self._status, metric.name)
            if result is None:
                self._look_at(self._status["startedAt"], metric.initial_delay)
            elif result["phase"] not in COMPLETED and not assessment.is_counted_out(metric, result):
                last = result["measurements"][-1]
                self._look_at(last["finishedAt"], _pause(metric, last))

    def _look_at(self, since: str, seconds: float) -> None:
        moment = datetime.fromisoformat(since) + timedelta(seconds=seconds)
        left = (moment - self._now).total_seconds()
        self.next_in = left if self.next_in is None else min(left, self.next_in)


def _pause(metric: Metric, last: Json) -> float:
    """Return the seconds from a measurement to the next."""
    if last["phase"] == ERROR or metric.interval is None:
        return ERROR_RETRY_SECONDS
    return metric.interval


def _first_result(metric: Metric, *, is_dry: bool, has_provider: bool) -> Json:
    result: Json = {"name": metric.name, "phase": assessment.RUNNING, "measurements": []}
    if is_dry:
        result["dryRun"] = True
    if has_provider and (query := query_of(metric)):
        result["metadata"] = {"ResolvedPrometheusQuery": query}
    return result


def _completion(phase: str) -> _Event:
    return f"AnalysisRun{phase}", f"Analysis Completed. Result: {phase}", phase
