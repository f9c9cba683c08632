"""What happened to a rollout, from all that the cluster still tells and all that we saw.

Several witnesses tell the same: Events in the controller's own words until Kubernetes forgets
them, the versions of the Rollout that we saw, the analysis runs, the ReplicaSets, the conditions.
The first of them in that order is believed; the others fill what it leaves out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from amas_tui.domain.analysis import AnalysisPhase, AnalysisRun, Measurement
from amas_tui.domain.event import Event
from amas_tui.rules.abort import abort_cause
from amas_tui.rules.analysis import MetricState, is_cut_short, metric_states, passed_without_data
from amas_tui.rules.condition import first_number
from amas_tui.rules.images import version
from amas_tui.rules.steps import step_text
from amas_tui.store.history import Sample
from amas_tui.store.scene import Scene
from amas_tui.words import against, broken_limit, number


class Sort(StrEnum):
    """What sort of thing happened."""

    UPDATE = "update"
    STEP = "step"
    WEIGHT = "weight"
    PAUSE = "pause"
    ANALYSIS = "analysis"
    MEASUREMENT = "measurement"
    WARNING = "warning"
    ROLLBACK = "rollback"
    ACTION = "action"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened.

    Attributes:
        text: What, in a line.
        source: Who tells it: `event`, `seen`, `analysisrun`, `replicaset`, `condition`, `fields`.
        fact: What it comes down to; two witnesses of one fact within seconds are one moment.
        is_bad: Whether it stopped or endangered the update.
    """

    at: datetime
    sort: Sort
    text: str
    source: str
    fact: tuple[str, ...] = ()
    is_bad: bool = False


_RANK: Final = {Sort.ACTION: 0, Sort.ROLLBACK: 2}
"""Of the same second: who asked comes first, what came of it last."""

SAME: Final = timedelta(seconds=6)
"""How far two witnesses' clocks and whole seconds may lie apart."""

OUR_REPORTER: Final = "amas-tui"
"""The component that stands in the Events we leave ourselves."""


def moments(scene: Scene) -> tuple[Moment, ...]:
    """Return what happened, oldest first, each fact once."""
    told: list[Moment] = []
    witnesses = (_events, _seen, _runs, _replica_sets, _conditions, _writes)
    for witness in witnesses:
        told += [one for one in witness(scene) if not _is_told(one, told)]
    told += _gap(scene)
    return tuple(sorted(told, key=lambda moment: (moment.at, _RANK.get(moment.sort, 1))))


def _is_told(moment: Moment, told: Iterable[Moment]) -> bool:
    return bool(moment.fact) and any(
        other.fact == moment.fact and abs(other.at - moment.at) <= SAME for other in told
    )


# -------------------------------------------------------------- Events, in the controller's words

_STEP_EVENT: Final = re.compile(r"Rollout step (\d+)/(\d+) completed \((.*)\)")
_WEIGHT_EVENT: Final = re.compile(r"Traffic weight updated (?:from \d+ )?to (\d+)")
_REVISION: Final = re.compile(r"revision (\d+)")
_ANALYSIS_EVENT: Final = re.compile(r"(\w+) Analysis Run '([^']*)' Status New: '(\w+)'")

_SORTS: Final = {
    "RolloutUpdated": Sort.UPDATE,
    "RolloutCompleted": Sort.UPDATE,
    "SkipSteps": Sort.ROLLBACK,
    "RolloutAborted": Sort.ROLLBACK,
    "RolloutStepCompleted": Sort.STEP,
    "TrafficWeightUpdated": Sort.WEIGHT,
    "RolloutPaused": Sort.PAUSE,
    "RolloutResumed": Sort.PAUSE,
}


def _events(scene: Scene) -> Iterator[Moment]:
    for event in scene.events:
        if event.reporter == OUR_REPORTER:
            yield Moment(event.at, Sort.ACTION, event.message, "event")
        elif event.involved_object.kind == "Rollout":
            yield from _rollout_event(event)
        elif event.is_warning and event.involved_object.kind != "AnalysisRun":
            about = f"{event.involved_object.kind.lower()}/{event.involved_object.name}"
            times = f" (×{event.times})" if event.times > 1 else ""
            text = f"{event.reason} {about}: {event.message}{times}"
            yield Moment(event.first_at, Sort.WARNING, text, "event")


def _rollout_event(event: Event) -> Iterator[Moment]:
    sort, fact = _SORTS.get(event.reason), _fact(event)
    if sort is Sort.WEIGHT and not fact:
        # The controller also tells of an update that updates nothing.
        return
    if sort is not None:
        is_bad = event.reason == "RolloutAborted"
        yield Moment(event.at, sort, event.message, "event", fact, is_bad)
    elif event.is_warning and not event.reason.startswith("AnalysisRun"):
        text = f"{event.reason}: {event.message}"
        yield Moment(event.first_at, Sort.WARNING, text, "event", is_bad=True)


def _fact(event: Event) -> tuple[str, ...]:
    message = event.message
    revision = _REVISION.search(message)
    match event.reason:
        case "RolloutStepCompleted" if found := _STEP_EVENT.search(message):
            return ("step", found[1])
        case "TrafficWeightUpdated" if found := _WEIGHT_EVENT.search(message):
            return ("weight", found[1])
        case "RolloutUpdated" | "RolloutCompleted" | "RolloutAborted" if revision:
            return (event.reason, revision[1])
        case "RolloutPaused":
            return ("paused",)
        case _:
            return ()


# ------------------------------------------------------------------------ what we saw ourselves


def _seen(scene: Scene) -> Iterator[Moment]:
    history = scene.snapshot.histories.get(scene.rollout.uid)
    for before, after in pairwise(history.samples if history else ()):
        yield from _change(scene, before, after)


def _change(scene: Scene, before: Sample, after: Sample) -> Iterator[Moment]:
    at = after.at + scene.snapshot.clock_offset
    if after.pod_hash != before.pod_hash:
        text = f"Rollout updated to revision {after.revision}"
        yield Moment(at, Sort.UPDATE, text, "seen", ("RolloutUpdated", str(after.revision)))
        return
    if after.is_aborted and not before.is_aborted:
        text = f"Rollout aborted update to revision {after.revision}"
        fact = ("RolloutAborted", str(after.revision))
        yield Moment(at, Sort.ROLLBACK, text, "seen", fact, is_bad=True)
    elif after.step > before.step:
        steps = scene.rollout.steps
        for index in range(before.step, min(after.step, len(steps))):
            text = f"Rollout step {index + 1}/{len(steps)} completed ({step_text(steps[index])})"
            yield Moment(at, Sort.STEP, text, "seen", ("step", str(index + 1)))
    share, was = after.share_of(after.pod_hash), before.share_of(before.pod_hash)
    if share is not None and share != was:
        was_text = "" if was is None else f"from {was:.0f} % "
        text = f"Traffic to revision {after.revision} {was_text}to {share:.0f} %"
        yield Moment(at, Sort.WEIGHT, text, "seen", ("weight", f"{share:.0f}"))


def _gap(scene: Scene) -> list[Moment]:
    """Return the moment at which we began to watch, where the story began before."""
    history = scene.snapshot.histories.get(scene.rollout.uid)
    began = _completed_since(scene, "False")
    if history is None or not history.samples:
        return []
    first = history.samples[0].at + scene.snapshot.clock_offset
    if began is None or first - began <= SAME:
        return []
    text = "watching began; what stands before is what the cluster still tells"
    return [Moment(first, Sort.GAP, text, "seen")]


# ------------------------------------------------------------------------------ analysis runs

_WORD: Final = {
    AnalysisPhase.SUCCESSFUL: "passed",
    AnalysisPhase.FAILED: "failed",
    AnalysisPhase.ERROR: "could not be measured",
    AnalysisPhase.INCONCLUSIVE: "is inconclusive",
}


def _runs(scene: Scene) -> Iterator[Moment]:
    for run in scene.runs:
        status, name = run.status, run.metadata.name
        kind = run.rollout_type or "Analysis"
        if status.started_at is not None:
            metrics = ", ".join(metric.name for metric in run.spec.metrics)
            text = f"{kind} analysis {name} began: {metrics}"
            yield Moment(status.started_at, Sort.ANALYSIS, text, "analysisrun")
        for state in metric_states(run):
            yield from _measurements(state)
        ended = status.completed_at or _last_measured(run)
        if run.phase.is_final and ended is not None:
            is_bad = run.phase is not AnalysisPhase.SUCCESSFUL
            text = f"{kind} analysis {name} {_verdict(run)}"
            yield Moment(ended, Sort.ANALYSIS, text, "analysisrun", is_bad=is_bad)


def _verdict(run: AnalysisRun) -> str:
    if is_cut_short(run):
        done = max((state.measured for state in metric_states(run)), default=0)
        return f"was cut short after {done} measurement{'s' * (done != 1)}"
    if passed_without_data(run):
        return "passed without one good measurement"
    return f"{_WORD[run.phase]}{f': {run.status.message}' if run.status.message else ''}"


def _measurements(state: MetricState) -> Iterator[Moment]:
    """Yield the measurements that did not succeed, each with its value and limit."""
    for measurement in state.result.measurements if state.result else ():
        phase = AnalysisPhase(measurement.phase)
        at = measurement.finished_at or measurement.started_at
        if at is None or phase is AnalysisPhase.SUCCESSFUL or not phase.is_final:
            continue
        dry = " (dry run)" if state.is_dry_run else ""
        text = f"{state.name} {measured_words(state, measurement)} {phase}{dry}"
        is_bad = not state.is_dry_run
        yield Moment(at, Sort.MEASUREMENT, text, "analysisrun", is_bad=is_bad)


def measured_words(state: MetricState, measurement: Measurement) -> str:
    """Return one measurement with its limit, e.g. `0.812 < 0.95`, or why there is no number."""
    value = first_number(measurement.value)
    if value is None:
        return measurement.message or measurement.value or "without a value"
    limit = broken_limit(value, state.limits)
    return against(value, limit) if limit else number(value)


def _last_measured(run: AnalysisRun) -> datetime | None:
    """Return when a run ended, where it does not say (controllers before 1.7)."""
    times = [
        measurement.finished_at
        for result in run.status.metric_results
        for measurement in result.measurements
        if measurement.finished_at is not None
    ]
    return max(times, default=None)


# --------------------------------------------------------- ReplicaSets, conditions, written fields


def _replica_sets(scene: Scene) -> Iterator[Moment]:
    for rs in scene.replica_sets:
        if rs.metadata.creation_timestamp is None:
            continue
        image = version(rs.spec.template.spec.containers)
        history = rs.metadata.annotations.get("rollout.argoproj.io/revision-history", "")
        # A ReplicaSet that was taken up again was created for the first revision it had.
        revision = (history.split(",")[0] or str(rs.revision)).strip()
        text = f"revision {revision} created{f': {image}' if image else ''}"
        yield Moment(rs.metadata.creation_timestamp, Sort.UPDATE, text, "replicaset")


def _completed_since(scene: Scene, status: str) -> datetime | None:
    condition = scene.rollout.condition("Completed")
    if condition is None or condition.status != status:
        return None
    return condition.last_transition_time


def _conditions(scene: Scene) -> Iterator[Moment]:
    rollout, revision = scene.rollout, str(scene.rollout.revision)
    if (began := _completed_since(scene, "False")) is not None:
        text = f"update to revision {revision} began"
        yield Moment(began, Sort.UPDATE, text, "condition", ("RolloutUpdated", revision))
    if (ended := _completed_since(scene, "True")) is not None:
        text = f"update to revision {revision} completed"
        yield Moment(ended, Sort.UPDATE, text, "condition", ("RolloutCompleted", revision))
    status = rollout.status
    if status.abort and status.aborted_at is not None:
        cause = abort_cause(rollout)
        text = f"Rollout aborted update to revision {revision}{f': {cause}' if cause else ''}"
        fact = ("RolloutAborted", revision)
        yield Moment(status.aborted_at, Sort.ROLLBACK, text, "condition", fact, is_bad=True)
    for pause in status.pause_conditions:
        if pause.start_time is not None:
            text = f"Rollout is paused ({pause.reason})"
            yield Moment(pause.start_time, Sort.PAUSE, text, "condition", ("paused",))


_CONTROLLERS: Final = frozenset({"rollouts-controller", "argo-rollouts"})


def _writes(scene: Scene) -> Iterator[Moment]:
    """Yield who wrote the Rollout last, by the name of their tool: the API holds no person."""
    for entry in scene.rollout.metadata.managed_fields:
        if entry.time is None or entry.manager in _CONTROLLERS:
            continue
        what = f"its {entry.subresource}" if entry.subresource else "it"
        text = f"{entry.manager} wrote {what} (person unknown)"
        yield Moment(entry.time, Sort.ACTION, text, "fields")
