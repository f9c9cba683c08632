"""Analysis runs: what is measured, what came out, what is left before a verdict."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from amas_tui.domain.analysis import AnalysisPhase, AnalysisRun, Measurement, WebProvider
from amas_tui.rules.analysis import (
    MetricState,
    is_cut_short,
    metric_states,
    passed_without_data,
)
from amas_tui.rules.condition import first_number
from amas_tui.safe import safe
from amas_tui.store.forecast import forecasts
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.analysis_words import explained, margin
from amas_tui.viewmodel.gate_lines import gate_lines
from amas_tui.viewmodel.text import Line, Span, Tone, merge
from amas_tui.words import age, number

_SIGN = {
    AnalysisPhase.SUCCESSFUL: ("✔", Tone.GOOD),
    AnalysisPhase.FAILED: ("✖", Tone.BAD),
    AnalysisPhase.ERROR: ("⚠", Tone.BAD),
    AnalysisPhase.INCONCLUSIVE: ("?", Tone.WARN),
    AnalysisPhase.RUNNING: ("◌", Tone.BUSY),
    AnalysisPhase.PENDING: ("◷", Tone.DIM),
    AnalysisPhase.UNKNOWN: (" ", Tone.DIM),
}
_LONG_VALUE: Final = 12


@dataclass(frozen=True, slots=True)
class AnalysisRow:
    """One line of the panel.

    Attributes:
        key: What the line is about; the cursor stays on it.
        copy: Name and text of what can be copied here, `None` for nothing.
    """

    key: str
    line: Line
    copy: tuple[str, str] | None = None


def analysis_lines(scene: Scene, now: datetime) -> tuple[Line, ...]:
    """Return the lines of `analysis_rows`."""
    return tuple(row.line for row in analysis_rows(scene, now))


def analysis_rows(scene: Scene, now: datetime) -> tuple[AnalysisRow, ...]:
    """Return every run of the newest version, the one at hand first, then the gate that is next.

    Each metric has its condition and limits in words, its measurements, what they mean, and what
    is asked with the arguments filled in.
    """
    if not scene.is_known(Kind.ANALYSIS_RUNS):
        stream = scene.stream(Kind.ANALYSIS_RUNS)
        text = stream.error.text if stream and stream.error else "asking for analysis runs"
        tone = Tone.WARN if stream and stream.error else Tone.DIM
        return (AnalysisRow("", (Span(f" {text}", tone),)),)
    rows: list[AnalysisRow] = []
    for run in _in_order(scene):
        if rows:
            rows.append(AnalysisRow(f"{run.metadata.name}/", ()))
        rows += _run_rows(run, scene, now)
    if not rows:
        text = " no analysis has run for this version"
        rows.append(AnalysisRow("none", (Span(text, Tone.DIM),)))
    return (*rows, *_next_rows(scene))


def _next_rows(scene: Scene) -> Iterator[AnalysisRow]:
    """Yield what the next gates would say, unless a run of theirs is measuring already."""
    is_measuring = scene.active_run is not None and not scene.active_run.phase.is_final
    ahead = () if is_measuring else forecasts(scene)[:1]
    for place, line in enumerate(gate_lines(scene, ahead)):
        if place == 0:
            yield AnalysisRow("next", ())
        yield AnalysisRow(f"next/{place}", line)


def _in_order(scene: Scene) -> list[AnalysisRun]:
    newest_first = list(reversed(scene.update_runs))
    active = [run for run in (scene.active_run, scene.background_run) if run is not None]
    rest = [run for run in newest_first if run not in active]
    return [*active, *rest, *_experiment_runs(scene)]


def _experiment_runs(scene: Scene) -> list[AnalysisRun]:
    """Return the runs of the newest version's experiments; they belong to these, newest first."""
    own = [one for one in scene.experiments if one.metadata.name.startswith(_prefix(scene))]
    return [
        run
        for one in reversed(own)
        for run in scene.snapshot.analysis_runs_of(one.metadata.uid)
        if run not in scene.update_runs
    ]


def _prefix(scene: Scene) -> str:
    """Return how the newest version's experiments begin.

    Source: utils/experiment/experiment.go: `{rollout}-{hash}-{revision}-{step}`.
    """
    rollout = scene.rollout
    return f"{rollout.key.name}-{rollout.status.current_pod_hash}-"


def run_verdict(run: AnalysisRun) -> tuple[str, str, Tone]:
    """Return sign, words and tone of a run; one that was cut short never reads as passed."""
    sign, tone = _SIGN[run.phase]
    if is_cut_short(run):
        done = max((state.measured for state in metric_states(run)), default=0)
        wanted = max((state.wanted or 0 for state in metric_states(run)), default=0)
        of = f" of {wanted}" if wanted else ""
        return "–", f"cut short after {done}{of}", Tone.DIM
    if passed_without_data(run):
        return "⚠", "Successful without one good measurement", Tone.WARN
    return sign, run.status.phase or "not started", tone


def _kind(run: AnalysisRun, scene: Scene) -> str:
    if run.rollout_type == "Step" and run.step_index is not None:
        return f"step {run.step_index + 1} of {len(scene.rollout.steps)}"
    names = {
        "Background": "in the background",
        "PrePromotion": "before promotion",
        "PostPromotion": "after promotion",
    }
    by_experiment = run.metadata.controller_uid != scene.rollout.uid
    other = "of an experiment" if by_experiment else "analysis"
    return names.get(run.rollout_type, run.rollout_type or other)


def _run_rows(run: AnalysisRun, scene: Scene, now: datetime) -> Iterator[AnalysisRow]:
    sign, words, tone = run_verdict(run)
    name = run.metadata.name
    copy = ("the name of the run", name)
    head = merge(
        (
            Span(f" {sign} {words}", tone),
            Span(f"  {_kind(run, scene)}", Tone.STRONG),
            Span(f"  {name}  {age(run.status.started_at, now)}", Tone.DIM),
        )
    )
    yield AnalysisRow(name, head, copy)
    if run.status.message and not is_cut_short(run):
        yield AnalysisRow(f"{name}/said", (Span(f"   {run.status.message}", Tone.DIM),), copy)
    for state in metric_states(run):
        asked = _asked(state)
        named = ("the query of " if _query(state) else "") + state.name
        copy = (named, _query(state) or asked) if asked else ("the name of the metric", state.name)
        for part, line in enumerate(_metric_lines(state, run, asked)):
            yield AnalysisRow(f"{name}/{state.name}/{part}", line, copy)


def _metric_lines(state: MetricState, run: AnalysisRun, asked: str) -> Iterator[Line]:
    sign, tone = _SIGN[state.phase]
    limit = ", ".join(f"{one.operator} {number(one.value)}" for one in state.limits)
    counted = f"{state.measured} of {state.wanted}" if state.wanted else f"{state.measured} so far"
    dry = "  dry-run: has no say" if state.is_dry_run else ""
    if is_cut_short(run) and state.phase is AnalysisPhase.SUCCESSFUL:
        # Nothing had broken a limit when it was cut short: that is no verdict.
        sign, tone = "–", Tone.DIM
    yield merge(
        (
            Span(f"   {sign} ", tone),
            Span(state.name, Tone.STRONG),
            Span(f"  {limit or state.metric.provider.kind or 'no condition'}"),
            Span(f"  {counted}{_interval(state)}", Tone.DIM),
            Span(dry, Tone.WARN),
        )
    )
    if state.phase in (AnalysisPhase.RUNNING, AnalysisPhase.PENDING) and not run.phase.is_final:
        yield (Span(f"     {margin(state)}", Tone.DIM),)
    measurements = state.result.measurements if state.result else ()
    if measurements:
        earlier = state.taken - len(measurements)
        dots = [Span(f"… {earlier} earlier  ", Tone.DIM)] if earlier > 0 else []
        yield merge((Span("     "), *dots, *_measured(measurements, state)))
    failing = next((m for m in reversed(measurements) if m.message), None)
    if failing is not None:
        yield (Span(f"     {failing.message}", Tone.WARN),)
    for words in explained(state):
        yield (Span(f"     {words}", Tone.WARN),)
    if asked:
        yield (Span(f"     {asked}", Tone.DIM),)


def _interval(state: MetricState) -> str:
    return f", every {state.metric.interval}" if state.metric.interval else ""


def _measured(measurements: tuple[Measurement, ...], state: MetricState) -> Iterator[Span]:
    for measurement in measurements:
        sign, tone = _SIGN[AnalysisPhase(measurement.phase)]
        yield Span(f"{sign} ", tone)
        yield Span(f"{_value(measurement)}  ", tone if state.phase.is_bad else Tone.NORMAL)


def _value(measurement: Measurement) -> str:
    job = measurement.metadata.get("job-name")
    if job:
        return f"job {job}"
    if not measurement.value:
        return "no value"
    value = first_number(measurement.value)
    if value is None:
        return measurement.value[:_LONG_VALUE]
    return "no traffic" if math.isnan(value) else number(value)


def _query(state: MetricState) -> str:
    """Return the query with its arguments filled in, but for those that come from a Secret.

    `ResolvedPrometheusQuery` of the result holds these in clear text: it is not used.
    """
    prometheus = state.metric.provider.prometheus
    return prometheus.query if prometheus else ""


def _asked(state: MetricState) -> str:
    """Return in one line what a metric asks, as far as its provider is read here."""
    web = state.metric.provider.web
    if web is not None:
        return _web_words(web)
    return safe(" ".join(_query(state).split()))


def _web_words(web: WebProvider) -> str:
    parts = (web.method or "GET", web.url or "a web server", web.json_path)
    return " ".join(part for part in parts if part)
