"""Analysis runs: what is measured, what came out, what is left before a verdict."""

from collections.abc import Iterator
from datetime import datetime

from amas_tui.domain.analysis import AnalysisPhase, AnalysisRun, Measurement
from amas_tui.rules.analysis import (
    DEFAULT_CONSECUTIVE_ERRORS,
    MetricState,
    is_cut_short,
    metric_states,
    passed_without_data,
    whole,
)
from amas_tui.rules.condition import first_number
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
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
_SHOWN_MEASUREMENTS = 8


def analysis_lines(scene: Scene, now: datetime) -> tuple[Line, ...]:
    """Return every run of the newest version, the one at hand first, metric by metric."""
    if not scene.is_known(Kind.ANALYSIS_RUNS):
        stream = scene.stream(Kind.ANALYSIS_RUNS)
        text = stream.error.text if stream and stream.error else "asking for analysis runs"
        return ((Span(f" {text}", Tone.WARN if stream and stream.error else Tone.DIM),),)
    runs = _in_order(scene)
    if not runs:
        return ((Span(" no analysis has run for this version", Tone.DIM),),)
    lines: list[Line] = []
    for run in runs:
        if lines:
            lines.append(())
        lines += _run_lines(run, scene, now)
    return tuple(lines)


def _in_order(scene: Scene) -> list[AnalysisRun]:
    newest_first = list(reversed(scene.update_runs))
    active = [run for run in (scene.active_run, scene.background_run) if run is not None]
    return [*active, *(run for run in newest_first if run not in active)]


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
    return names.get(run.rollout_type, run.rollout_type or "analysis")


def _run_lines(run: AnalysisRun, scene: Scene, now: datetime) -> Iterator[Line]:
    sign, words, tone = run_verdict(run)
    started = age(run.status.started_at, now)
    yield merge(
        (
            Span(f" {sign} {words}", tone),
            Span(f"  {_kind(run, scene)}", Tone.STRONG),
            Span(f"  {run.metadata.name}  {started}", Tone.DIM),
        )
    )
    if run.status.message:
        yield (Span(f"   {run.status.message}", Tone.DIM),)
    for state in metric_states(run):
        yield from _metric_lines(state)


def _metric_lines(state: MetricState) -> Iterator[Line]:
    sign, tone = _SIGN[state.phase]
    limit = ", ".join(f"{one.operator} {number(one.value)}" for one in state.limits)
    counted = f"{state.measured} of {state.wanted}" if state.wanted else f"{state.measured} so far"
    dry = "  dry-run: has no say" if state.is_dry_run else ""
    yield merge(
        (
            Span(f"   {sign} ", tone),
            Span(state.name, Tone.STRONG),
            Span(f"  {limit or state.metric.provider.kind or 'no condition'}"),
            Span(f"  {counted}{_interval(state)}", Tone.DIM),
            Span(dry, Tone.WARN),
        )
    )
    if state.phase in (AnalysisPhase.RUNNING, AnalysisPhase.PENDING):
        yield (Span(f"     {margin(state)}", Tone.DIM),)
    measurements = state.result.measurements[-_SHOWN_MEASUREMENTS:] if state.result else ()
    if measurements:
        yield merge((Span("     "), *_measured(measurements, state)))
    failing = next((m for m in reversed(measurements) if m.message), None)
    if failing is not None:
        yield (Span(f"     {failing.message}", Tone.WARN),)


def _interval(state: MetricState) -> str:
    return f", every {state.metric.interval}" if state.metric.interval else ""


def margin(state: MetricState) -> str:
    """Return in words how much a metric may still fail, e.g. `1 more failure halts`."""
    failed = state.result.failed if state.result else 0
    left = state.failure_limit - failed + 1
    if state.failure_limit < 0:
        failures = "failures do not halt"
    elif left <= 1:
        failures = "1 more failure halts"
    else:
        failures = f"{left} more failures halt"
    limit = whole(state.metric.consecutive_error_limit)
    errors = (DEFAULT_CONSECUTIVE_ERRORS if limit is None else limit) + 1
    consecutive = state.result.consecutive_error if state.result else 0
    if consecutive:
        return f"{failures}; {consecutive} errors in a row, {errors} halt"
    return failures


def _measured(measurements: tuple[Measurement, ...], state: MetricState) -> Iterator[Span]:
    for measurement in measurements:
        sign, tone = _SIGN[AnalysisPhase(measurement.phase)]
        value = first_number(measurement.value)
        text = measurement.value[:12] if value is None else number(value)
        if not measurement.value:
            text = "no value"
        yield Span(f"{sign} ", tone)
        yield Span(f"{text}  ", tone if state.phase.is_bad else Tone.NORMAL)
