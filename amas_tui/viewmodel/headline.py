"""The state of one rollout in a sentence, what comes next, and its steps in a line."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from amas_tui.actions.verb import Verb
from amas_tui.domain.rollout import Rollout
from amas_tui.rules.duration import clock_duration
from amas_tui.rules.images import version
from amas_tui.rules.steps import step_index
from amas_tui.rules.weight import max_weight, weight_at
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.state import Standing, State, shown_step, state
from amas_tui.viewmodel.text import Line, Span, Tone, fit, line_width, merge, spread
from amas_tui.why.case import Case, quiet_for
from amas_tui.why.controller import awaited
from amas_tui.why.diagnosis import Diagnosis, diagnose
from amas_tui.why.terms import at_words, next_words, since_words, version_words
from amas_tui.words import age, step_token


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
    quiet = quiet_for(scene.snapshot, scene.rollout, now)
    return state(scene.rollout, scene.update_runs, quiet, scene.stopped_at)


def headline(scene: Scene, now: datetime) -> Headline:
    """Return the sentence for the state a rollout is in: its cause, else how far it is."""
    case = Case(scene, now)
    return headline_of(case, diagnose(scene, now))


def headline_of(case: Case, diagnosis: Diagnosis) -> Headline:
    """Return the sentence for a diagnosis that was made already."""
    found = scene_state(case.scene, case.now)
    head = diagnosis.head
    if head is None:
        return _course(case, found)
    finding = head.finding
    sentence = finding.sentence
    if not finding.is_whole:
        sentence = f"{lead(case, found)} {finding.sentence}"
    return Headline(found, f"{sentence}.", finding.following, finding.verbs)


def lead(case: Case, found: State) -> str:
    """Return how a rollout stands, for a cause to follow."""
    share = at_words(case.share)
    match found.standing:
        case Standing.HALTED | Standing.ABORTED:
            where = case.halted_at
            return f"{found.word}{at_words(None if where is None else float(where))}:"
        case Standing.INCONCLUSIVE:
            return f"{found.word}{share}{since_words(found.since, case)}:"
        case Standing.SCALING:
            return f"{found.word}{_goal(case.rollout, found)}:"
        case Standing.HEALTHY:
            return f"{found.word}, but"
        case Standing.WAITING | Standing.HELD | Standing.PAUSING | Standing.ANALYSING:
            return f"{found.word}{share}:"
        case _:
            return f"{found.word}:"


def _course(case: Case, found: State) -> Headline:
    """Return the sentence of a rollout that nothing keeps."""
    scene, rollout = case.scene, case.rollout
    match found.standing:
        case Standing.HEALTHY:
            return _healthy(scene, found, age(found.since, case.now))
        case Standing.PROMOTING:
            ready = f"{scene.ready(scene.current)} of {rollout.desired} pods ready"
            sentence = f"Promoting {version_words(scene.current)} fully: {ready}."
            return Headline(found, sentence, "Steps and analyses are skipped.", (Verb.ABORT,))
        case Standing.SILENT | Standing.ABORTING | Standing.UNOBSERVED | Standing.RESUMING:
            what = {"abort": "the abort", "promote": "the promote"}
            waits = awaited(case)
            sentence = f"Waiting for the controller to take in {what.get(waits, waits)}."
            return Headline(found, sentence, "")
        case Standing.UNKNOWN:
            sentence = "The controller has never reported on this rollout."
            return Headline(found, sentence, "")
        case _:
            return _scaling(scene, found)


def _scaling(scene: Scene, found: State) -> Headline:
    rollout = scene.rollout
    own = scene.current
    want = own.spec.replicas if own else rollout.desired
    goal = _goal(rollout, found)
    ready = f"{scene.ready(own)} of {want} pods of {version_words(own)} ready"
    following = next_words(rollout) if rollout.steps and rollout.is_updating else ""
    verbs = (Verb.ABORT,) if rollout.is_updating else ()
    return Headline(found, f"{found.word}{goal}: {ready}.", following, verbs)


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
    if found.standing in _ENDED and found.since is not None:
        lasted = age(found.since, _stepped(found.since, now))
        parts.append(f"{_ENDED[found.standing]} {lasted} ago")
    return (Span("  ".join(parts) + " "),) if parts else ()


_ENDED: Final = {
    Standing.INVALID: "invalid",
    Standing.HALTED: "halted",
    Standing.ABORTED: "aborted",
    Standing.TIMED_OUT: "timed out",
    Standing.DEGRADED: "degraded",
}
"""Nothing moves by itself any more: since when is what one has to know."""


def _stepped(since: datetime, now: datetime) -> datetime:
    """Return now in steps of five seconds: a clock that ticks each second costs bytes."""
    seconds = max(0, int((now - since).total_seconds()))
    return since + timedelta(seconds=seconds // 5 * 5)


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
            return f"active {version_words(active)} · preview {version_words(preview)}"
        return f"active {version_words(active)}"
    return "canary without steps"
