"""Traffic to the newest revision over time, what is planned, and whether the router agrees."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from amas_tui.actions.repair import missing_services
from amas_tui.actions.state import is_invalid
from amas_tui.domain.rollout import Rollout, Step
from amas_tui.domain.workload import ReplicaSet
from amas_tui.errors import ForbiddenError
from amas_tui.rules.analysis import whole
from amas_tui.rules.duration import go_duration, pause_duration
from amas_tui.rules.roles import scale_down_deadline
from amas_tui.rules.steps import StepKind, step_index, step_kinds
from amas_tui.rules.traffic import Difference, Fault, is_flapping
from amas_tui.rules.weight import max_weight, weight_at
from amas_tui.store.gates import templates
from amas_tui.store.history import History, Sample
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Health
from amas_tui.viewmodel.chart import Chart, Curve, Mark, stairs, time_axis, time_ticks
from amas_tui.viewmodel.headline import update_began
from amas_tui.viewmodel.text import Line, Span, Tone, merge
from amas_tui.words import coarse

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
    until = seen_until(scene, now)
    curves = [
        Curve(points, Tone.CANARY) for points in _seen(samples, pod_hash, offset, start, until)
    ]
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


def seen_until(scene: Scene, now: datetime) -> datetime:
    """Return up to when it is known how the rollout stood: now, unless the connection is lost."""
    stream = scene.stream(Kind.ROLLOUTS)
    if stream is None or stream.health is not Health.LOST or stream.seen_at is None:
        return now
    return min(now, stream.seen_at + scene.snapshot.clock_offset)


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
    at = step_began(scene, now)
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


def step_began(scene: Scene, now: datetime) -> datetime:
    """Return when the step at hand began, as far as anybody tells; now where nobody does."""
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


def truth_lines(scene: Scene, now: datetime) -> tuple[Line, ...]:
    """Return whether router, Services and pods agree with the status.

    The first line says it in short; each difference that has stood too long has a line of its own,
    and so has what is not judged.
    """
    found = scene.differences
    standing = scene.traffic_faults(now)
    parts = [
        _router_words(scene, found, standing),
        _service_words(scene, found, standing),
        *_pod_words(scene, now),
    ]
    first: list[Span] = [Span(" ")]
    for part in parts:
        if part:
            first += [*([Span("  ")] if len(first) > 1 else []), *part]
    lines = [merge(first)]
    lines += [(Span(f" ✖ {one.sentence}", Tone.BAD),) for one in standing]
    if is_flapping(scene.routes):
        note = "the canary Service flaps while an abort waits for its pods: not judged"
        lines.append((Span(f" {note}", Tone.DIM),))
    return tuple(lines)


_ROUTER: Final = frozenset({Fault.INGRESS_MISSING, Fault.INGRESS_WEIGHT, Fault.WEIGHT_TOTAL})
_SERVICE: Final = frozenset({Fault.SELECTOR, Fault.OTHER_OWNER, Fault.ENDPOINTS})


def _router_words(
    scene: Scene, found: tuple[Difference, ...], standing: tuple[Difference, ...]
) -> list[Span]:
    rollout = scene.rollout
    routing = rollout.canary.traffic_routing if rollout.canary else None
    if routing is None:
        return []
    weights = rollout.status.canary.weights
    weight = weights.canary.weight if weights else 0
    status = f"{100 * weight // max_weight(rollout)}%"
    if routing.nginx is None:
        return [Span(f"status {status}, {routing.provider} not read here", Tone.DIM)]
    if not scene.is_known(Kind.INGRESSES):
        stream = scene.stream(Kind.INGRESSES)
        error = stream.error if stream is not None else None
        why = "not read yet" if error is None else "cannot be read now"
        if isinstance(error, ForbiddenError):
            why = "may not be read"
        return [Span(f"status {status}, ingress {why}", Tone.DIM)]
    own = [one for one in found if one.fault in _ROUTER]
    if own:
        late = any(one in standing for one in own)
        said = "missing" if own[0].fault is Fault.INGRESS_MISSING else own[0].found
        text = f"ingress {said}, status {status} {'✖' if late else '…'}"
        return [Span(text, Tone.BAD if late else Tone.DIM)]
    if scene.ingress_weight is None:
        return [Span(f"no canary ingress, status {status}", Tone.DIM)]
    return [Span(f"ingress {status} = status {status} "), Span("✔", Tone.GOOD)]


def _service_words(
    scene: Scene, found: tuple[Difference, ...], standing: tuple[Difference, ...]
) -> list[Span]:
    services = scene.routes.services
    lost = missing_services(scene) if is_invalid(scene) else ()
    if lost:
        return [Span(f"{', '.join(lost)} missing ✖", Tone.BAD)]
    if not services:
        return []
    own = [one for one in found if one.fault in _SERVICE]
    if not own:
        return [Span("services "), Span("✔", Tone.GOOD)]
    late = any(one in standing for one in own)
    return [Span(f"services {'✖' if late else '…'}", Tone.BAD if late else Tone.DIM)]


def _pod_words(scene: Scene, now: datetime) -> Iterator[list[Span]]:
    if not scene.is_known(Kind.PODS):
        return
    stable, current = scene.stable, scene.current
    if stable is not None:
        have, want = scene.ready(stable), stable.spec.replicas
        tone = Tone.GOOD if have >= want else Tone.WARN
        yield [Span("stable "), Span(f"{have}/{want} ready", tone)]
    if current is not None and current is not stable:
        name = "canary" if scene.rollout.blue_green is None else "preview"
        yield _version_words(scene, current, name, now)
    for old in scene.replica_sets:
        if old not in (stable, current) and old.spec.replicas:
            yield _version_words(scene, old, f"rev {old.revision}", now)


def _version_words(scene: Scene, one: ReplicaSet, name: str, now: datetime) -> list[Span]:
    have, want = scene.ready(one), one.spec.replicas
    tone = Tone.GOOD if have >= want else Tone.WARN
    spans = [Span(f"{name} "), Span(f"{have}/{want}", tone)]
    deadline = scale_down_deadline(one)
    if deadline is not None and deadline > now and want:
        spans.append(Span(f", gone in {coarse(deadline - now)}", Tone.DIM))
    return spans
