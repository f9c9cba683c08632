"""Pauses and analyses that take their time, and what waits for a human.

Sources: rollout/pause.go, rollout/canary.go, rollout/bluegreen.go.
"""

from datetime import timedelta
from typing import Final

from amas_tui.actions.verb import Verb
from amas_tui.domain.rollout import PauseReason
from amas_tui.rules.analysis import MetricState, metric_states
from amas_tui.rules.duration import clock_duration
from amas_tui.rules.pause import Pause, Waiting, pauses
from amas_tui.rules.steps import current_step, step_index
from amas_tui.why.case import Case
from amas_tui.why.finding import Cause, Chapter, Evidence, Finding, Severity
from amas_tui.why.terms import at_words, current_words, next_words, since_words, writers
from amas_tui.words import age, coarse, metric_words, number, step_words


def _pause(case: Case, waiting: Waiting) -> Pause | None:
    if case.is_unsettled or case.is_aborted or case.is_invalid:
        return None
    if case.rollout.status.promote_full:
        return None
    return next((p for p in pauses(case.rollout) if p.waiting is waiting), None)


def _evidence(case: Case) -> tuple[Evidence, ...]:
    status = case.rollout.status
    facts = [
        Evidence(case.name, "status.pauseConditions", one.reason, one.start_time)
        for one in status.pause_conditions
    ]
    if case.rollout.steps:
        index, steps = step_index(case.rollout), case.rollout.steps
        step = step_words(steps[index]) if index < len(steps) else "done"
        facts.append(Evidence(case.name, "step", f"{index + 1} of {len(steps)}, {step}"))
    return tuple(facts)


def _human(case: Case) -> Finding | None:
    pause = _pause(case, Waiting.HUMAN)
    if pause is None or _pause(case, Waiting.INCONCLUSIVE) is not None:
        return None
    rollout, lasted = case.rollout, age(pause.since, case.now)
    sentence = f"Waiting for you{since_words(pause.since, case)}{at_words(case.share)}"
    following = next_words(rollout)
    if rollout.blue_green is not None:
        ready = f"{case.scene.ready(case.scene.current)} of {rollout.desired} ready"
        sentence = (
            f"Waiting for you{since_words(pause.since, case)}: "
            f"preview {current_words(case)} is up, {ready}"
        )
        following = f"Promote switches {rollout.blue_green.active_service} to it."
    return Finding(
        sentence=sentence,
        short=f"for you, {lasted}" if lasted else "for you",
        following=following,
        since=pause.since,
        evidence=_evidence(case),
        verbs=(Verb.PROMOTE, Verb.ABORT),
        is_whole=True,
    )


def _experiment(case: Case) -> Finding | None:
    reasons = {PauseReason(one.reason) for one in case.rollout.status.pause_conditions}
    pause = _pause(case, Waiting.INCONCLUSIVE)
    if pause is None or PauseReason.INCONCLUSIVE_EXPERIMENT not in reasons:
        return None
    return Finding(
        sentence="the experiment could not decide",
        short="experiment inconclusive",
        following=next_words(case.rollout),
        since=pause.since,
        evidence=_evidence(case),
        verbs=(Verb.PROMOTE, Verb.ABORT),
        look="panel-3",
    )


def _held(case: Case) -> Finding | None:
    pause = _pause(case, Waiting.SPEC)
    if pause is None:
        return None
    lasted = age(pause.since, case.now)
    who = next(
        (w for w in writers(case.rollout.metadata.managed_fields) if not w.subresource), None
    )
    evidence = [Evidence(case.name, "spec.paused", "true", pause.since), *_evidence(case)]
    if who is not None:
        evidence.append(Evidence(case.name, "spec last written by", who.manager, who.time))
    return Finding(
        sentence=f"Held by spec.paused{at_words(case.share)}{since_words(pause.since, case)}",
        short=f"held by spec.paused, {lasted}" if lasted else "held by spec.paused",
        following="The pause's clock and the analyses keep running.",
        since=pause.since,
        evidence=tuple(evidence),
        verbs=(Verb.PROMOTE, Verb.ABORT),
        is_whole=True,
    )


def _timer(case: Case) -> Finding | None:
    pause = _pause(case, Waiting.TIMER)
    if pause is None:
        return None
    left = pause.remaining(case.now)
    rest = f": {coarse(left)} left" if left is not None else ""
    index, steps = step_index(case.rollout) + 1, case.rollout.steps
    then = step_words(steps[index]) if index < len(steps) else "done"
    return Finding(
        sentence=f"Pausing{at_words(case.share)}{rest}",
        short=f"{coarse(left)}, then {then}" if left is not None else f"then {then}",
        following=next_words(case.rollout) if steps else "Then the active Service is switched.",
        since=pause.since,
        evidence=(
            *_evidence(case),
            *((Evidence(case.name, "ends", _moment(pause)),) if pause.until else ()),
        ),
        verbs=(Verb.PROMOTE, Verb.ABORT),
        is_whole=True,
    )


def _moment(pause: Pause) -> str:
    length = pause.until - pause.since if pause.until and pause.since else timedelta(0)
    return f"{pause.until:%H:%M:%S} UTC, after {clock_duration(length)}" if pause.until else ""


def is_judging(case: Case) -> bool:
    """Return whether the update stands at an analysis: its step's, or before or after a switch."""
    rollout = case.rollout
    if case.is_unsettled or case.is_aborted or case.is_invalid or not rollout.is_updating:
        return False
    if pauses(rollout) or rollout.status.promote_full:
        return False
    if rollout.blue_green is not None:
        own = rollout.status.blue_green
        both = (own.pre_promotion_analysis_run_status, own.post_promotion_analysis_run_status)
        return any(run is not None and run.status in ("Running", "Pending") for run in both)
    step = current_step(rollout)
    return step is not None and step.analysis is not None


def _analysis(case: Case) -> Finding | None:
    if not is_judging(case):
        return None
    run = case.scene.active_run or next(iter(case.running), None)
    states = metric_states(run) if run else ()
    step = current_step(case.rollout)
    asked = step_words(step) if step else "waiting for the first measurement"
    words = ", ".join(f"{metric_words(one)} ({one.measured}/{one.wanted or '∞'})" for one in states)
    return Finding(
        sentence=f"Analysing{at_words(case.share)}: {words or asked}",
        short=_slowest(states) or asked,
        following=next_words(case.rollout) if case.rollout.steps else "",
        since=run.status.started_at if run else None,
        evidence=tuple(
            Evidence(f"analysisrun/{run.metadata.name}", one.name, metric_words(one))
            for one in states
            if run is not None
        ),
        verbs=(Verb.ABORT,),
        look="panel-4",
        is_whole=True,
    )


def _slowest(states: tuple[MetricState, ...]) -> str:
    """Return the metric that is furthest from done: it is the one that is being waited for."""
    if not states:
        return ""
    slowest = min(states, key=_done)
    counted = f"{slowest.measured}/{slowest.wanted}" if slowest.wanted else f"{slowest.measured}"
    value = "" if slowest.value is None else f" {number(slowest.value)}"
    return f"{slowest.name}{value}, {counted}"


def _done(metric: MetricState) -> float:
    return metric.measured / metric.wanted if metric.wanted else 0.0


_PAUSE = "rollout/pause.go"

CAUSES: Final = (
    Cause(
        "waiting-for-human",
        "A pause without an end, or a blue-green switch: it waits for a human",
        "Promote (p) or abort (A)",
        Severity.HUMAN,
        40,
        _human,
        _PAUSE,
        (Chapter.STUCK,),
    ),
    Cause(
        "experiment-inconclusive",
        "An experiment that could not decide",
        "Look at its analyses, then promote past it or abort",
        Severity.HUMAN,
        71,
        _experiment,
        "rollout/experiment.go",
        (Chapter.STUCK,),
    ),
    Cause(
        "held",
        "Somebody holds it by spec.paused",
        "Promote lifts the hold; find out who set it",
        Severity.HUMAN,
        50,
        _held,
        "rollout/context.go, rollout/pause.go",
        (Chapter.STUCK, Chapter.ROLLBACK),
    ),
    Cause(
        "timed-pause",
        "A pause that ends by itself",
        "Wait, or promote (p)",
        Severity.COURSE,
        40,
        _timer,
        _PAUSE,
        (Chapter.STUCK,),
    ),
    Cause(
        "analysis-running",
        "An analysis that still measures",
        "Wait for its verdict",
        Severity.COURSE,
        45,
        _analysis,
        "rollout/analysis.go",
        (Chapter.STUCK, Chapter.ANALYSIS),
    ),
)
