"""Traffic to the newest revision over time, what is planned, and whether the router agrees."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from amas_tui.domain.rollout import Rollout, Step
from amas_tui.rules.analysis import whole
from amas_tui.rules.duration import clock_duration, go_duration, pause_duration
from amas_tui.rules.roles import scale_down_deadline
from amas_tui.rules.steps import StepKind, step_index, step_kinds
from amas_tui.rules.weight import max_weight, weight_at
from amas_tui.store.gates import templates
from amas_tui.store.history import History, Sample
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.chart import Chart, Curve, Mark, stairs, time_axis, time_ticks
from amas_tui.viewmodel.headline import update_began
from amas_tui.viewmodel.text import Line, Span, Tone

_QUIET: Final = timedelta(minutes=10)
_Y_TICKS: Final = ((0.0, "0"), (25.0, "25"), (50.0, "50"), (75.0, "75"), (100.0, "100"))


def traffic_chart(scene: Scene, now: datetime, ticks: int) -> Chart:
    """Return the share of traffic of the newest revision over time, in percent.

    The newest revision is one curve that stays at 100 after its promotion. What was not seen is not
    drawn; what is planned is.

    Args:
        scene: The rollout.
        now: The server's time, in the zone to label with.
        ticks: How many moments to label at most.
    """
    rollout = scene.rollout
    history = scene.snapshot.histories.get(rollout.uid, History())
    offset = scene.snapshot.clock_offset
    began = update_began(rollout) if rollout.is_updating else None
    last_change = history.samples[-1].at + offset if history.samples else now
    start = began or min(now - _QUIET, last_change - timedelta(minutes=1))
    samples = history.since(start - offset)
    plan = tuple(_plan(scene, now)) if rollout.is_updating and not rollout.status.abort else ()
    end = max([now, *(at for at, _ in plan)])
    axis = time_axis(start, end)
    pod_hash = rollout.status.current_pod_hash
    curves = [Curve(points, Tone.CANARY) for points in _seen(samples, pod_hash, offset, start, now)]
    if len(plan) > 1:
        points = stairs((at.timestamp(), share) for at, share in plan)
        curves.insert(0, Curve(points, Tone.DIM, is_planned=True))
    return Chart(
        title=f"traffic to revision {rollout.revision}, %",
        x=axis,
        y=(0.0, 100.0),
        curves=tuple(curves),
        y_ticks=_Y_TICKS,
        x_ticks=time_ticks(axis, now.tzinfo, ticks),
        marks=tuple(_marks(rollout, samples, offset)),
    )


def _seen(
    samples: tuple[Sample, ...],
    pod_hash: str,
    offset: timedelta,
    start: datetime,
    now: datetime,
) -> Iterator[tuple[tuple[float, float], ...]]:
    """Yield the parts of the curve that were seen, as steps that reach to now."""
    part: list[tuple[float, float]] = []
    for sample in samples:
        share = sample.share_of(pod_hash)
        at = max(sample.at + offset, start)
        if share is None:
            if part:
                yield stairs([*part, (at.timestamp(), part[-1][1])])
            part = []
        else:
            part.append((at.timestamp(), share))
    if part:
        yield stairs([*part, (max(now.timestamp(), part[-1][0]), part[-1][1])])


def _marks(rollout: Rollout, samples: tuple[Sample, ...], offset: timedelta) -> Iterator[Mark]:
    aborted = rollout.status.aborted_at
    if rollout.status.abort and aborted is not None:
        pod_hash = rollout.status.current_pod_hash
        before = [sample for sample in samples if sample.at + offset <= aborted]
        share = before[-1].share_of(pod_hash) if before else None
        yield Mark(aborted.timestamp(), share or 0.0, "✖ halted", Tone.BAD)


def _plan(scene: Scene, now: datetime) -> Iterator[tuple[datetime, float]]:
    """Yield when which share is due, from the step at hand on; ends where a human must act.

    The times hang on when the step at hand began, so that the plan stands still while it runs.
    """
    rollout = scene.rollout
    index = step_index(rollout)
    total = max_weight(rollout)
    at = _step_began(scene, now)
    yield at, 100.0 * weight_at(rollout, index) / total
    for position in range(index, len(rollout.steps)):
        step = rollout.steps[position]
        length = planned_length(scene, step)
        if length is None:
            yield at + timedelta(minutes=1), 100.0 * weight_at(rollout, position) / total
            return
        at = max(at + length, now) if position == index else at + length
        following = position + 1
        share = weight_at(rollout, following) if following < len(rollout.steps) else total
        yield at, 100.0 * share / total


def _step_began(scene: Scene, now: datetime) -> datetime:
    pauses = scene.rollout.status.pause_conditions
    if pauses and pauses[0].start_time is not None:
        return pauses[0].start_time
    run = scene.active_run
    if run is not None and run.status.started_at is not None:
        return run.status.started_at
    history = scene.snapshot.histories.get(scene.rollout.uid, History())
    index = step_index(scene.rollout)
    same = [sample.at for sample in history.samples if sample.step == index]
    return min(same[-1] + scene.snapshot.clock_offset, now) if same else now


def planned_length(scene: Scene, step: Step) -> timedelta | None:
    """Return how long a step should take, `None` where a human or the metrics decide.

    Scaling counts as no time: how long pods take is not known before.
    """
    length = timedelta(0)
    for kind in step_kinds(step):
        match kind:
            case StepKind.PAUSE:
                pause = pause_duration(step.pause.duration if step.pause else None)
                if pause is None:
                    return None
                length += pause
            case StepKind.ANALYSIS:
                length += _analysis_length(scene, step)
            case StepKind.EXPERIMENT:
                own = go_duration(step.experiment.duration) if step.experiment else None
                if own is None:
                    return None
                length += own
            case _:
                continue
    return length


def _analysis_length(scene: Scene, step: Step) -> timedelta:
    """Return how long an analysis takes when it passes: the longest of its metrics."""
    longest = timedelta(0)
    if step.analysis is None:
        return longest
    for template in templates(scene, step.analysis):
        for metric in template.spec.metrics:
            interval = go_duration(metric.interval) or timedelta(0)
            delay = go_duration(metric.initial_delay) or timedelta(0)
            count = whole(metric.count) or 1
            longest = max(longest, delay + (count - 1) * interval)
    return longest


def truth_line(scene: Scene, now: datetime) -> Line:
    """Return whether router, Service and pods agree with the status, in one line."""
    rollout = scene.rollout
    weights = rollout.status.canary.weights
    spans: list[Span] = [Span(" ")]
    routing = rollout.canary.traffic_routing if rollout.canary else None
    if routing is not None and routing.nginx is not None:
        spans += _ingress_words(scene, weights.canary.weight if weights else 0)
    elif routing is not None:
        status = weights.canary.weight if weights else 0
        spans.append(Span(f"status {status}%, {routing.provider} not read here   ", Tone.DIM))
    spans += _service_words(scene)
    stable, current = scene.stable, scene.current
    if stable is not None and scene.is_known(Kind.PODS):
        have, want = scene.ready(stable), stable.spec.replicas
        spans.append(Span("stable "))
        spans.append(Span(f"{have}/{want} ready", Tone.GOOD if have >= want else Tone.WARN))
    if current is not None and current is not stable and scene.is_known(Kind.PODS):
        have, want = scene.ready(current), current.spec.replicas
        tone = Tone.GOOD if have >= want else Tone.WARN
        spans += [Span("   canary "), Span(f"{have}/{want}", tone)]
        deadline = scale_down_deadline(current)
        if deadline is not None and deadline > now and want:
            spans.append(Span(f", gone in {clock_duration(deadline - now)}", Tone.DIM))
    return tuple(spans)


def _ingress_words(scene: Scene, status: int) -> list[Span]:
    if not scene.is_known(Kind.INGRESSES):
        stream = scene.stream(Kind.INGRESSES)
        why = "may not be read" if stream is not None and stream.error else "not read yet"
        return [Span(f"status {status}%, ingress {why}   ", Tone.DIM)]
    weight = scene.ingress_weight
    if weight is None:
        return [Span(f"no canary ingress, status {status}%   ", Tone.DIM)]
    if weight == status:
        return [Span(f"ingress {weight}% = status {status}% "), Span("✔", Tone.GOOD), Span("   ")]
    return [Span(f"ingress {weight}%, status {status}% ", Tone.BAD), Span("✖   ", Tone.BAD)]


def _service_words(scene: Scene) -> list[Span]:
    """Return a finding about the stable Service; nothing while it is as it should be."""
    service = scene.stable_service
    wanted = scene.rollout.status.stable_rs
    if service is None or not wanted or scene.rollout.blue_green is not None:
        return []
    if service.hash and service.hash != wanted and not scene.rollout.status.promote_full:
        return [Span(f"{service.metadata.name} selects {service.hash}   ", Tone.BAD)]
    return []
