"""Whether the next gate would pass, in lines: before a promote, not after it."""

from collections.abc import Iterator

from amas_tui.domain.analysis import AnalysisPhase
from amas_tui.rules.gates import Gate, GateKind
from amas_tui.rules.weight import new_share
from amas_tui.store.forecast import NOT_ASKED, Forecast, GateForecast, forecasts
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Gauge, Result
from amas_tui.viewmodel.text import Line, Span, Tone, merge, pad
from amas_tui.words import against, broken_limit, number

_LOOK = {
    AnalysisPhase.SUCCESSFUL: ("✔", "would pass", Tone.GOOD),
    AnalysisPhase.FAILED: ("✖", "would fail", Tone.BAD),
    AnalysisPhase.ERROR: ("⚠", "would err", Tone.BAD),
    AnalysisPhase.INCONCLUSIVE: ("?", "would be inconclusive", Tone.WARN),
    None: ("?", "cannot be told", Tone.WARN),
}


def gate_lines(scene: Scene, found: tuple[GateForecast, ...]) -> tuple[Line, ...]:
    """Return what the next gates would say now, metric by metric with value and limit."""
    lines: list[Line] = []
    for one in found:
        lines.append(gate_summary(scene, one))
        width = max((len(metric.metric.metric.name) for metric in one.metrics), default=0)
        for metric in one.metrics:
            lines += _metric_lines(scene, metric, width)
        if not one.metrics:
            lines.append((Span(f"   {_unread(scene)}", Tone.WARN),))
    return tuple(lines)


def next_gate_line(scene: Scene) -> tuple[Line, ...]:
    """Return the summary of the nearest gate, nothing where there is none ahead."""
    return tuple(gate_summary(scene, one) for one in forecasts(scene)[:1])


def trouble_lines(scene: Scene, found: tuple[GateForecast, ...]) -> tuple[Line, ...]:
    """Return a summary of each gate, and the metrics of it that would not simply pass."""
    lines: list[Line] = []
    for one in found:
        lines.append(gate_summary(scene, one))
        odd = [
            metric
            for metric in one.metrics
            if metric.reason != NOT_ASKED
            and (metric.phase is not AnalysisPhase.SUCCESSFUL or not metric.is_canary)
        ]
        width = max((len(metric.metric.metric.name) for metric in odd), default=0)
        for metric in odd:
            lines += _metric_lines(scene, metric, width)
    return tuple(lines)


def gate_summary(scene: Scene, forecast: GateForecast) -> Line:
    """Return one line: which gate it is and what it would say."""
    if not forecast.metrics:
        where = Span(f" {place(scene, forecast.gate)} ", Tone.STRONG)
        return (where, Span(_unread(scene), Tone.DIM))
    counted = [one for one in forecast.metrics if one.counts]
    sign, words, tone = _LOOK.get(forecast.phase, _LOOK[None])
    if forecast.phase is None and any(one.reason == NOT_ASKED for one in counted):
        sign, words, tone = "◌", "being asked", Tone.DIM
    passing = sum(one.phase is AnalysisPhase.SUCCESSFUL for one in counted)
    spans = [Span(f" {place(scene, forecast.gate)} ", Tone.STRONG), Span(f"{sign} {words}", tone)]
    if not counted or any(one.reason != NOT_ASKED for one in counted):
        spans.append(Span(f"  {passing} of {len(counted)} good now", Tone.DIM))
    if forecast.blind and scene.rollout.is_updating:
        names = ", ".join(forecast.blind)
        spans.append(Span(f"  {names} not about the new version", Tone.WARN))
    return merge(spans)


def _unread(scene: Scene) -> str:
    """Return why nothing is known of a gate's metrics."""
    stream = scene.stream(Kind.ANALYSIS_TEMPLATES)
    is_refused = stream is not None and stream.error is not None
    is_coming = not scene.is_known(Kind.ANALYSIS_TEMPLATES) and not is_refused
    return "its templates are being read" if is_coming else "its templates are not known here"


def place(scene: Scene, gate: Gate) -> str:
    """Return which gate it is, e.g. `next gate, step 8 of 14,`."""
    match gate.kind:
        case GateKind.STEP:
            step, steps = (gate.step or 0) + 1, len(scene.rollout.steps)
            is_now = (scene.rollout.status.current_step_index or 0) + 1 == step
            if is_now and scene.rollout.is_updating and not scene.rollout.status.abort:
                return f"gate at hand, step {step} of {steps},"
            return f"next gate, step {step} of {steps},"
        case GateKind.BACKGROUND:
            return "background analysis"
        case _:
            return f"gate {gate.kind.value}"


def _metric_lines(scene: Scene, one: Forecast, width: int) -> Iterator[Line]:
    sign, words, tone = _LOOK.get(one.phase, _LOOK[None])
    name = Span(pad(one.metric.metric.name, width) + "  ")
    dry = [Span("  dry-run: has no say", Tone.WARN)] if one.metric.is_dry_run else []
    if one.phase is None:
        yield merge((Span(f"   {sign} ", tone), name, Span(one.reason, Tone.DIM), *dry))
    else:
        said = measured(one)
        why = f"  {one.reason}" if one.reason else ""
        yield merge(
            (Span(f"   {sign} ", tone), name, Span(said), Span(f"  {words}{why}", tone), *dry)
        )
    if not one.is_canary:
        yield (Span(f"     {_dilution(scene, one)}", Tone.WARN),)


def measured(one: Forecast) -> str:
    """Return the measured value beside its limit, e.g. `0.812 < 0.95`."""
    gauge = one.metric.gauge
    return "" if gauge is None or one.result is None else result_words(gauge, one.result)


def result_words(gauge: Gauge, result: Result) -> str:
    """Return the answer to a gauge's query beside its limit, and how many series it had."""
    values = result if isinstance(result, tuple) else (result,)
    if not values:
        return "no data"
    limit = broken_limit(values[0], gauge.limits)
    said = number(values[0]) if limit is None else against(values[0], limit)
    more = f" ({len(values)} series, this is the first)" if len(values) > 1 else ""
    return f"{said}{more}"


def _dilution(scene: Scene, one: Forecast) -> str:
    """Return what a query that does not select the new version lets through."""
    text = "does not select the new version: it measures all of them together"
    share = new_share(scene.rollout, scene.replica_sets)
    gauge = one.metric.gauge
    limit = next((each for each in gauge.limits if 0 < each.value < 1), None) if gauge else None
    if not share or limit is None or limit.operator not in (">", ">="):
        return text
    hidden = min(100.0, 100 * (1 - limit.value) / (share / 100))
    return f"{text}; at {share:.0f} % of the traffic {hidden:.0f} % errors of its own would pass"
