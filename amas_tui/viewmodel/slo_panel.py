"""The metrics that judge: canary beside stable against the limit, as lines and as charts."""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from amas_tui.domain.analysis import AnalysisPhase
from amas_tui.rules.duration import clock_duration
from amas_tui.store.extra_gauges import any_address
from amas_tui.store.forecast import verdict
from amas_tui.store.gauges import gauges
from amas_tui.store.history import History
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Gauge, Origin, Series, Side, Slo
from amas_tui.viewmodel.chart import (
    Chart,
    Curve,
    curves,
    spacing,
    time_axis,
    time_ticks,
    value_axis,
)
from amas_tui.viewmodel.headline import update_began
from amas_tui.viewmodel.text import Line, Span, Tone, merge, pad
from amas_tui.viewmodel.timeline.lines import clock, rollback_words
from amas_tui.viewmodel.timeline.moments import moments
from amas_tui.viewmodel.timeline.rollbacks import rollbacks
from amas_tui.viewmodel.traffic import seen_until
from amas_tui.words import broken_limit, number

_TONE = {Side.CANARY: Tone.CANARY, Side.STABLE: Tone.STABLE, Side.ALL: Tone.NORMAL}
_LABEL = {Side.CANARY: "canary", Side.STABLE: "stable", Side.ALL: "all versions"}
_STALE_SECONDS = 30
_FRESH_SECONDS = 15


def slo_of(scene: Scene) -> Slo:
    """Return the live series of a rollout, empty before the first answer."""
    return scene.snapshot.slos.get(scene.rollout.uid, Slo())


def slo_lines(slo: Slo) -> tuple[Line, ...]:
    """Return one line per gauge: newest values of each side and the limit."""
    return (*_gauge_lines(slo, slo.gauges), *_problem_lines(slo, slo.gauges))


def _problem_lines(slo: Slo, shown: Iterable[Gauge]) -> tuple[Line, ...]:
    """Return why there are no numbers: in one sentence, or each query's own with its name."""
    if slo.problem:
        return ((Span(f" {slo.problem}", Tone.WARN),),)
    named: dict[str, str] = {}
    for gauge in shown:
        for side, _ in gauge.queries:
            if problem := slo.of(gauge, side).problem:
                named.setdefault(problem, gauge.name)
    return tuple((Span(f" {name}: {problem}", Tone.WARN),) for problem, name in named.items())


def short_slo_lines(slo: Slo, room: int) -> tuple[Line, ...]:
    """Return at most `room` lines: those of the gates, and of these the ones that fail first."""
    judging = [one for one in slo.gauges if one.origin in (Origin.TEMPLATE, Origin.RUN)]
    shown = judging or [one for one in slo.gauges if one.limits]
    told = _problem_lines(slo, shown)[:1] if slo.gauges else ()
    room -= len(told)
    if len(shown) > room:
        failing = [one for one in shown if is_failing(slo, one)]
        kept = (failing + [one for one in shown if one not in failing])[: max(0, room)]
        shown = [one for one in shown if one in kept]
    return (*_gauge_lines(slo, shown), *told)


def _gauge_lines(slo: Slo, shown: Sequence[Gauge]) -> tuple[Line, ...]:
    families = tuple(_families(shown))
    name = max((len(_family_name(one)) for one in families), default=0)
    return tuple(_family_line(slo, one, name) for one in families)


def _families(shown: Sequence[Gauge]) -> Iterator[tuple[Gauge, ...]]:
    """Yield the gauges that share a line and a chart, each family in the place of its first."""
    seen: set[str] = set()
    for one in shown:
        if not one.family:
            yield (one,)
        elif one.family not in seen:
            seen.add(one.family)
            yield tuple(other for other in shown if other.family == one.family)


def _family_name(family: tuple[Gauge, ...]) -> str:
    """Return e.g. `latency p50/p95/p99`."""
    if len(family) == 1:
        return family[0].name
    own = family[0].family
    return f"{own} {'/'.join(one.name.removeprefix(own).strip() for one in family)}"


def _judge_of(family: tuple[Gauge, ...]) -> Gauge:
    """Return the gauge of a family that has a limit, else its first."""
    return next((one for one in family if one.limits), family[0])


def is_failing(slo: Slo, gauge: Gauge) -> bool:
    """Return whether a side of a gauge breaks its limit or gives nothing."""
    found = (slo.of(gauge, side) for side, _ in gauge.queries)
    return any(
        one.problem or one.newest is None or _is_good(gauge, one, one.newest) is False
        for one in found
    )


def source_line(slo: Slo, local: datetime) -> Line:
    """Return where the numbers come from, on which way, and how old the last answer is."""
    if not slo.source:
        return ()
    if slo.at is None:
        return (Span(f" from {slo.source}: no answer yet", Tone.DIM),)
    old = max(0, int((local - slo.at).total_seconds()))
    # The age first: where the line is cut it is what must stay.
    if old < _FRESH_SECONDS:
        return (Span(f" last sample just now, from {slo.source}", Tone.DIM),)
    # In steps of five seconds: a clock that ticks each second costs bytes.
    age = clock_duration(timedelta(seconds=old // 5 * 5))
    tone = Tone.WARN if old > _STALE_SECONDS else Tone.DIM
    return (Span(f" last sample {age} ago, from {slo.source}", tone),)


def without_numbers(scene: Scene, slo: Slo) -> str:
    """Return why there is nothing to draw: what is still being read is not missing."""
    if not scene.is_known(Kind.ANALYSIS_TEMPLATES) and not _is_refused(scene):
        return "reading the analysis templates …"
    if slo.note:
        return slo.note
    if gauges(scene) or any_address(scene):
        return "asking Prometheus …"
    return "no template here names a Prometheus; give one with --prometheus-url"


def _is_refused(scene: Scene) -> bool:
    stream = scene.stream(Kind.ANALYSIS_TEMPLATES)
    return stream is not None and stream.error is not None


def _family_line(slo: Slo, family: tuple[Gauge, ...], name: int) -> Line:
    judge = _judge_of(family)
    spans = [Span(f" {pad(_family_name(family), name)}  ")]
    for side, _ in judge.queries:
        spans += _side(slo, family, side)
    limit = ", ".join(f"{one.operator} {number(one.value)}{judge.unit}" for one in judge.limits)
    which = f" ({judge.name.removeprefix(judge.family).strip()})" if len(family) > 1 else ""
    spans.append(Span(limit + which if limit else ""))
    return merge(spans)


def _side(slo: Slo, family: tuple[Gauge, ...], side: Side) -> list[Span]:
    judge = _judge_of(family)
    series = slo.of(judge, side)
    value = series.newest
    label = Span(f"{_LABEL[side]} ", _TONE[side])
    if value is None:
        return [label, Span(f"{_nothing_yet(series)}  ", Tone.DIM)]
    if series.problem:
        # The newest value is from before the failure: it must not read as a verdict of now.
        return [label, Span(f"{number(value)} (old)  ", Tone.DIM)]
    if math.isnan(value):
        # 0/0: nothing was asked of this version in the query's window.
        return [label, Span("no traffic  ", Tone.DIM)]
    good = _is_good(judge, series, value)
    values = [slo.of(one, side).newest for one in family]
    text = (number(value) if len(values) == 1 else "/".join(map(_short, values))) + judge.unit
    if good is None:
        return [label, Span(f"{text}  ")]
    tone = Tone.GOOD if good else Tone.BAD
    return [label, Span(f"{text} "), Span("✔  " if good else "✖  ", tone)]


def _nothing_yet(series: Series) -> str:
    """Return why there is no value: not known is not the same as nothing there."""
    if series.problem:
        return "not known"
    return "being asked" if series.result is None else "no data"


def _short(value: float | None) -> str:
    """Return one of several values in two digits, e.g. `.31`: they share a line."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return number(value)
    text = number(float(f"{value:.2g}"))
    return text.removeprefix("0") if text.startswith("0.") else text


def _is_good(gauge: Gauge, series: Series, value: float) -> bool | None:
    """Return what the gate's own conditions say, else its limits; `None` without either."""
    if (gauge.success or gauge.failure) and series.result is not None:
        said = verdict(gauge, series)
        if said.phase is not None:
            return said.phase is AnalysisPhase.SUCCESSFUL
    limit = broken_limit(value, gauge.limits)
    return None if limit is None else limit.holds(value)


def slo_charts(scene: Scene, slo: Slo, now: datetime, ticks: int) -> tuple[Chart, ...]:
    """Return one chart per gauge, or family of gauges, over the time axis of the update.

    Under each axis stands the weight of the new version. A gate that fails comes first.
    """
    steps = weight_steps(scene, now)
    families = sorted(_families(slo.gauges), key=lambda one: not _is_broken_gate(slo, one[0]))
    return tuple(_chart(scene, slo, family, now, ticks, steps) for family in families)


def _is_broken_gate(slo: Slo, gauge: Gauge) -> bool:
    return gauge.origin in (Origin.TEMPLATE, Origin.RUN) and is_failing(slo, gauge)


def weight_steps(scene: Scene, now: datetime) -> tuple[tuple[float, str], ...]:
    """Return when the new version got which share of the traffic, in percent, up to now."""
    rollout = scene.rollout
    samples = scene.snapshot.histories.get(rollout.uid, History()).samples
    found: list[tuple[float, str]] = []
    for sample in samples:
        share = sample.share_of(rollout.status.current_pod_hash)
        words = "?" if share is None else f"{share:.0f}"
        at = (sample.at + scene.snapshot.clock_offset).timestamp()
        if not found or found[-1][1] != words:
            found.append((at, words))
    until = max(found[-1][0], seen_until(scene, now).timestamp()) if found else 0.0
    return (*found, (until, "")) if found else ()


def _chart(
    scene: Scene,
    slo: Slo,
    family: tuple[Gauge, ...],
    now: datetime,
    ticks: int,
    steps: tuple[tuple[float, str], ...],
) -> Chart:
    judge = _judge_of(family)
    drawn: list[Curve] = []
    values: list[float] = []
    first = now.timestamp()
    for gauge in family:
        for side, _ in gauge.queries:
            points = slo.of(gauge, side).points
            values += [value for _, value in points]
            first = min([first, *(at for at, _ in points[:1])])
            gap = max(3.0, 3.0 * spacing(points))
            drawn += curves(points, _TONE[side], gap, is_faint=gauge is not judge)
    heights = tuple(limit.value for limit in judge.limits)
    low, high = value_axis(values, heights)
    began = update_began(scene.rollout)
    start = began if began is not None else datetime.fromtimestamp(first, now.tzinfo)
    axis = time_axis(start, now)
    return Chart(
        title=_title(family),
        x=axis,
        y=(low, high),
        # What is judged is drawn last, the canary above the stable version.
        curves=tuple(sorted(drawn, key=lambda one: (not one.is_faint, one.tone is Tone.CANARY))),
        y_ticks=tuple((height, number(height)) for height in _heights(low, high, heights)),
        x_ticks=time_ticks(axis, now.tzinfo, ticks),
        limits=heights,
        steps=steps,
    )


def _heights(low: float, high: float, limits: tuple[float, ...]) -> list[float]:
    """Return the heights to label: both ends, and the limits that are not too near to them."""
    apart = (high - low) / 6
    inner = [limit for limit in limits if low + apart <= limit <= high - apart]
    return [low, *inner, high]


def _title(family: tuple[Gauge, ...]) -> str:
    judge = _judge_of(family)
    limit = ", ".join(f"{one.operator} {number(one.value)}" for one in judge.limits)
    separated = "" if Side.ALL not in dict(judge.queries) else "does not tell the versions apart"
    # A preset's note says so already, and why.
    notes = "; ".join(one for one in (judge.note or separated,) if one)
    return f"{_family_name(family)} {limit}{f' ({notes})' if notes else ''}".strip()


def rollback_lines(scene: Scene, now: datetime, most: int = 3) -> tuple[Line, ...]:
    """Return the newest rollbacks of which the cluster still tells, newest first."""
    found = rollbacks(moments(scene))
    newest = sorted(found, key=lambda one: one.at, reverse=True)[:most]
    return tuple(
        (
            Span(f" rollback {clock(one.at, now, now.tzinfo)} ", Tone.BAD),
            Span(rollback_words(one)),
        )
        for one in newest
    )
