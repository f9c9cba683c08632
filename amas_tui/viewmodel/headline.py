"""The state of one rollout in a sentence, what comes next, and its steps in a line."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from amas_tui.actions.verb import Verb
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.workload import Pod, ReplicaSet
from amas_tui.rules.abort import abort_cause
from amas_tui.rules.analysis import MetricState, culprit, metric_states, newest
from amas_tui.rules.duration import clock_duration
from amas_tui.rules.images import version
from amas_tui.rules.pause import pauses
from amas_tui.rules.phase import rollout_verdict
from amas_tui.rules.pods import is_ready, pod_state
from amas_tui.rules.steps import current_step, step_index
from amas_tui.rules.weight import max_weight, new_share, weight_at
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.state import Standing, State, halted_weight, shown_step, state
from amas_tui.viewmodel.text import Line, Span, Tone, fit, line_width, merge, spread
from amas_tui.words import age, coarse, metric_words, step_token, step_words


@dataclass(frozen=True, slots=True)
class Headline:
    """What is so, and what comes next.

    Attributes:
        sentence: Subject, value, limit, consequence.
        following: What happens next, or who has to act.
        verbs: The verbs that help now, the most fitting first.
    """

    state: State
    sentence: str
    following: str
    verbs: tuple[Verb, ...] = ()


def scene_state(scene: Scene, now: datetime) -> State:
    """Return the state of a rollout that is open."""
    touched = scene.snapshot.touched.get(scene.rollout.uid)
    local = now - scene.snapshot.clock_offset
    return state(scene.rollout, scene.update_runs, local - touched if touched else timedelta(0))


def headline(scene: Scene, now: datetime) -> Headline:
    """Return the sentence for the state a rollout is in."""
    found = scene_state(scene, now)
    rollout = scene.rollout
    since = age(found.since, now)
    match found.standing:
        case Standing.HALTED:
            return _halted(scene, found)
        case Standing.ABORTED:
            return _aborted(scene, found, since)
        case Standing.INVALID:
            return _invalid(scene, found)
        case Standing.WAITING | Standing.INCONCLUSIVE | Standing.HELD:
            return _waiting(scene, found, since)
        case Standing.SILENT | Standing.ABORTING | Standing.UNOBSERVED | Standing.RESUMING:
            return _unsettled(scene, found)
        case Standing.TIMED_OUT | Standing.DEGRADED:
            return _degraded(scene, found)
        case Standing.PAUSING:
            return _pausing(scene, found, now)
        case Standing.ANALYSING:
            return _analysing(scene, found)
        case Standing.PROMOTING:
            ready = f"{scene.ready(scene.current)} of {rollout.desired} pods ready"
            sentence = f"Promoting {_words(scene.current)} fully: {ready}."
            return Headline(found, sentence, "Steps and analyses are skipped.", (Verb.ABORT,))
        case Standing.HEALTHY:
            return _healthy(scene, found, since)
        case Standing.UNKNOWN:
            sentence = "The controller has never reported on this rollout."
            return Headline(found, sentence, "Is the Argo Rollouts controller running?")
        case _:
            return _scaling(scene, found)


def _words(replica_set: ReplicaSet | None) -> str:
    if replica_set is None:
        return "the new version"
    tag = version(replica_set.spec.template.spec.containers)
    return tag or f"revision {replica_set.revision}"


def _share(rollout: Rollout) -> str:
    share = new_share(rollout)
    return "" if share is None else f" at {share:.0f} %"


def _at(scene: Scene, found: State) -> str:
    weight = halted_weight(scene.rollout, found)
    return "" if weight is None else f" at {100 * weight // max_weight(scene.rollout)} %"


def _where_traffic_is(scene: Scene) -> str:
    """Return where the traffic went after a halt, as the status says it is."""
    rollout = scene.rollout
    share = new_share(rollout, scene.replica_sets)
    stable = _words(scene.stable) if scene.stable else "the stable version"
    if share is None:
        return ""
    if share == 0:
        return f"Traffic is back on {stable}. "
    return f"{share:.0f} % of the traffic is still on {_words(scene.current)}. "


def _halted(scene: Scene, found: State) -> Headline:
    deciding = newest([run for run in scene.update_runs if culprit(run) is not None])
    bad = culprit(deciding) if deciding else None
    cause = _failed_words(bad) if bad else abort_cause(scene.rollout)
    return Headline(
        found,
        f"Halted{_at(scene, found)}: {cause}".rstrip(".") + ".",
        f"{_where_traffic_is(scene)}Nothing moves by itself:",
        (Verb.UNDO, Verb.PROMOTE_FULL),
    )


def _failed_words(metric: MetricState) -> str:
    result = metric.result
    if result is None:
        return metric.name
    if result.error and result.consecutive_error:
        return (
            f"{metric.name} could not be measured {result.consecutive_error} times: {_said(metric)}"
        )
    count = result.count
    bad = result.failed or result.inconclusive
    word = "failed" if result.failed else "inconclusive"
    return f"{metric_words(metric)}, {bad} of {count} {word}"


def _said(metric: MetricState) -> str:
    return metric.result.message if metric.result else ""


def _aborted(scene: Scene, found: State, since: str) -> Headline:
    ago = f" {since} ago" if since else ""
    return Headline(
        found,
        f"Aborted by hand{ago}{_at(scene, found)}.",
        f"{_where_traffic_is(scene)}Nothing moves by itself:",
        (Verb.UNDO, Verb.PROMOTE_FULL),
    )


def _invalid(scene: Scene, found: State) -> Headline:
    condition = scene.rollout.condition("InvalidSpec")
    message = condition.message if condition else scene.rollout.status.message
    cause = message.partition("is invalid: ")[2] or message
    return Headline(
        found,
        f"InvalidSpec: {cause}".rstrip(".") + ".",
        "The controller acts on nothing, abort included, until this is repaired.",
    )


def _waiting(scene: Scene, found: State, since: str) -> Headline:
    rollout = scene.rollout
    for_ = f" since {since}" if since else ""
    following = _following(rollout)
    if found.standing is Standing.INCONCLUSIVE:
        deciding = newest([run for run in scene.update_runs if culprit(run) is not None])
        bad = culprit(deciding) if deciding else None
        what = _failed_words(bad) if bad else "the analysis could not decide"
        sentence = f"Inconclusive{_share(rollout)}{for_}: {what}."
    elif found.standing is Standing.HELD:
        sentence = f"Held by spec.paused{_share(rollout)}{for_}."
        following = "The pause's clock and the analyses keep running."
    elif rollout.blue_green is not None:
        ready = f"{scene.ready(scene.current)} of {rollout.desired} ready"
        sentence = f"Waiting for you{for_}: preview {_words(scene.current)} is up, {ready}."
        following = f"Promote switches {rollout.blue_green.active_service} to it."
    else:
        sentence = f"Waiting for you{for_}{_share(rollout)}."
    return Headline(found, sentence, following, (Verb.PROMOTE, Verb.ABORT))


def _following(rollout: Rollout) -> str:
    index = step_index(rollout) + 1
    if index >= len(rollout.steps):
        return "Next: all steps are done, the new version becomes stable."
    rest = [step_words(step) for step in rollout.steps[index : index + 2]]
    return f"Next: {', then '.join(rest)}."


def _unsettled(scene: Scene, found: State) -> Headline:
    rollout = scene.rollout
    what = {
        Standing.ABORTING: "the abort",
        Standing.UNOBSERVED: f"generation {rollout.metadata.generation}",
        Standing.RESUMING: "the promote",
    }
    if found.standing is Standing.SILENT:
        waits = (
            "abort"
            if rollout.status.abort
            else "promote"
            if rollout.status.controller_pause
            else f"generation {rollout.metadata.generation}"
        )
        return Headline(
            found,
            f"The controller does not react to {waits}.",
            "Is it running, and does it watch this rollout?",
        )
    return Headline(found, f"Waiting for the controller to take in {what[found.standing]}.", "")


def _degraded(scene: Scene, found: State) -> Headline:
    message = rollout_verdict(scene.rollout).message
    trouble = _trouble(scene, scene.current)
    sentence = f"{message}{f' ({trouble})' if trouble else ''}".rstrip(".") + "."
    following = (
        "The controller goes on by itself once the pods are ready."
        if found.standing is Standing.TIMED_OUT
        else ""
    )
    verbs = (Verb.ABORT, Verb.UNDO) if scene.rollout.is_updating else (Verb.UNDO,)
    return Headline(found, sentence, following, verbs)


def _trouble(scene: Scene, replica_set: ReplicaSet | None) -> str:
    """Return what keeps a ReplicaSet's pods from being ready, empty when nothing does."""
    if replica_set is None:
        return ""
    for condition in replica_set.status.conditions:
        if condition.type == "ReplicaFailure" and condition.status == "True":
            return condition.message or condition.reason
    for pod in scene.pods_of(replica_set):
        if is_ready(pod):
            continue
        word = pod_state(pod).status
        message = _waiting_message(pod)
        if word not in (
            "Running",
            "Pending",
            "ContainerCreating",
            "PodInitializing",
            "Terminating",
        ):
            return f"{word}: {message}" if message else word
        unscheduled = next(
            (c for c in pod.status.conditions if c.type == "PodScheduled" and c.status == "False"),
            None,
        )
        if unscheduled is not None:
            return f"{unscheduled.reason}: {unscheduled.message}"
    return ""


def _waiting_message(pod: Pod) -> str:
    statuses = pod.status.container_statuses
    return next((c.state.waiting.message for c in statuses if c.state.waiting), "")


def _pausing(scene: Scene, found: State, now: datetime) -> Headline:
    rollout = scene.rollout
    pause = next(iter(pauses(rollout)), None)
    left = pause.remaining(now) if pause else None
    rest = f": {coarse(left)} left" if left is not None else ""
    return Headline(
        found,
        f"Pausing{_share(rollout)}{rest}.",
        _following(rollout),
        (Verb.PROMOTE, Verb.ABORT),
    )


def _analysing(scene: Scene, found: State) -> Headline:
    run = scene.active_run
    states = metric_states(run) if run else ()
    measured = ", ".join(
        f"{metric_words(metric)} ({metric.measured}/{metric.wanted or '∞'})" for metric in states
    )
    step = current_step(scene.rollout)
    what = measured or (step_words(step) if step else "waiting for the first measurement")
    return Headline(
        found,
        f"Analysing{_share(scene.rollout)}: {what}.",
        _following(scene.rollout) if scene.rollout.steps else "",
        (Verb.ABORT,),
    )


def _scaling(scene: Scene, found: State) -> Headline:
    rollout = scene.rollout
    own = scene.current
    want = own.spec.replicas if own else rollout.desired
    ready = scene.ready(own)
    trouble = _trouble(scene, own)
    goal = _goal(rollout, found)
    sentence = f"{found.word}{goal}: {ready} of {want} pods of {_words(own)} ready"
    if trouble:
        sentence += f": {trouble}"
    following = _following(rollout) if rollout.steps and rollout.is_updating else ""
    verbs = (Verb.ABORT,) if rollout.is_updating else ()
    return Headline(found, f"{sentence}.", following, verbs)


def _goal(rollout: Rollout, found: State) -> str:
    if found.standing is not Standing.SCALING or not rollout.steps:
        return ""
    return f" to {100 * weight_at(rollout, step_index(rollout)) // max_weight(rollout)} %"


def _healthy(scene: Scene, found: State, since: str) -> Headline:
    rollout = scene.rollout
    tag = version(rollout.spec.template.spec.containers)
    for_ = f" since {since}" if since else ""
    ready = f"{rollout.status.ready_replicas} of {rollout.desired} ready"
    sentence = f"Healthy: {tag or 'revision'} (revision {rollout.revision}){for_}, {ready}."
    return Headline(found, sentence, "")


_DONE_MARK = "✔"


def steps_line(scene: Scene, now: datetime, width: int) -> Line:
    """Return the steps in one line: done, at hand, planned, with position and elapsed time.

    Where they do not fit, the part around the step at hand is shown.
    """
    rollout = scene.rollout
    found = scene_state(scene, now)
    right = _position(scene, found, now)
    if not rollout.steps:
        return spread((Span(" " + _without_steps(scene), Tone.DIM),), right, width)
    is_done = rollout.is_promoted and bool(rollout.status.stable_rs)
    index = len(rollout.steps) if is_done else shown_step(rollout, found)
    halted = found.standing in (Standing.HALTED, Standing.ABORTED)
    unknown = halted and found.halted_step is None
    tokens: list[Line] = []
    for position, step in enumerate(rollout.steps):
        text = step_token(step)
        if unknown:
            tokens.append((Span(text, Tone.DIM),))
        elif position < index:
            tokens.append((Span(text), Span(_DONE_MARK, Tone.GOOD)))
        elif position == index:
            mark = found.glyph if not halted else "✖"
            tokens.append((Span(text + mark, found.tone),))
        else:
            tokens.append((Span(text, Tone.DIM),))
    room = width - line_width(right) - 2
    return spread((Span(" "), *_window(tokens, min(index, len(tokens) - 1), room)), right, width)


def _window(tokens: list[Line], index: int, room: int) -> Line:
    """Return the tokens around `index` that fit, with an ellipsis where some are left out."""
    first, last = index, index
    size = line_width(tokens[index])
    while True:
        grown = False
        for position in (first - 1, last + 1):
            if not 0 <= position < len(tokens):
                continue
            more = line_width(tokens[position]) + 1
            if size + more <= room - 4:
                size += more
                first, last = min(first, position), max(last, position)
                grown = True
        if not grown:
            break
    line: list[Span] = [Span("… ", Tone.DIM)] if first > 0 else []
    for position in range(first, last + 1):
        line += [*tokens[position], Span(" ")]
    if last < len(tokens) - 1:
        line.append(Span("…", Tone.DIM))
    return fit(merge(line), room)


def _position(scene: Scene, found: State, now: datetime) -> Line:
    rollout = scene.rollout
    elapsed = update_elapsed(scene, found, now)
    parts = []
    if rollout.steps:
        index = shown_step(rollout, found)
        unknown = (
            found.standing in (Standing.HALTED, Standing.ABORTED) and found.halted_step is None
        )
        parts.append(f"{'?' if unknown else index}/{len(rollout.steps)}")
    if elapsed is not None:
        parts.append(clock_duration(elapsed))
    return (Span("  ".join(parts) + " "),) if parts else ()


def update_elapsed(scene: Scene, found: State, now: datetime) -> timedelta | None:
    """Return how long the update has run or ran, to whole tens of seconds while it runs."""
    began = update_began(scene.rollout)
    if began is None:
        return None
    if found.standing in (Standing.HALTED, Standing.ABORTED):
        ended = found.since
        return ended - began if ended is not None and ended >= began else None
    if not scene.rollout.is_updating:
        return None
    seconds = max(0, int((now - began).total_seconds()))
    return timedelta(seconds=seconds // 10 * 10)


def update_began(rollout: Rollout) -> datetime | None:
    """Return when the update in flight began: the moment `Completed` turned False."""
    condition = rollout.condition("Completed")
    if condition is None or condition.status != "False":
        return None
    return condition.last_transition_time


def _without_steps(scene: Scene) -> str:
    rollout = scene.rollout
    if rollout.blue_green is not None:
        active = scene.by_hash(rollout.status.blue_green.active_selector)
        preview = scene.by_hash(rollout.status.blue_green.preview_selector)
        if preview is not None and preview is not active:
            return f"active {_words(active)} · preview {_words(preview)}"
        return f"active {_words(active)}"
    return "canary without steps"
