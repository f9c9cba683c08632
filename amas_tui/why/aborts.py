"""Updates that were stopped: by whom, when, why.

Sources: rollout/sync.go, rollout/pause.go, rollout/analysis.go, rollout/stepplugin.go.
"""

import re
from datetime import timedelta
from typing import Final

from amas_tui.actions.verb import Verb
from amas_tui.rules.abort import abort_cause
from amas_tui.rules.analysis import culprit
from amas_tui.why.case import Case
from amas_tui.why.finding import Cause, Chapter, Evidence, Finding, Severity
from amas_tui.why.pods import trouble_words
from amas_tui.why.terms import at_words, current_words, sentence_end, where_traffic_is, writers
from amas_tui.words import age

_TIMED_OUT: Final = re.compile(r"has timed out progressing")
_DEADLINE: Final = 600
"""Source: utils/defaults/defaults.go."""
_NEAR: Final = timedelta(seconds=5)
"""An abort is acted on within moments of being written."""
_HELPS: Final = (Verb.UNDO, Verb.RETRY)


def deadline_seconds(case: Case) -> int:
    """Return how long a version may take to progress, in seconds."""
    seconds = case.rollout.spec.progress_deadline_seconds
    return _DEADLINE if seconds is None else seconds


def who_aborted(case: Case) -> str:
    """Return the program that asked for the abort; no object holds a person's name."""
    at = case.rollout.status.aborted_at
    for writer in writers(case.rollout.metadata.managed_fields):
        near = at is not None and writer.time is not None and abs(at - writer.time) <= _NEAR
        if near and writer.subresource == "status":
            return writer.manager
    return ""


def _evidence(case: Case) -> tuple[Evidence, ...]:
    rollout = case.rollout
    facts = [Evidence(case.name, "status.abortedAt", "set", rollout.status.aborted_at)]
    condition = rollout.condition("Progressing")
    if condition is not None and condition.message:
        facts.append(
            Evidence(case.name, condition.reason, condition.message, condition.last_transition_time)
        )
    if who := who_aborted(case):
        facts.append(Evidence(case.name, "status written by", f"{who}, person unknown"))
    return tuple(facts)


def _by_hand(case: Case) -> Finding | None:
    if not case.is_aborted or case.is_invalid or abort_cause(case.rollout):
        return None
    at = case.rollout.status.aborted_at
    lasted, who = age(at, case.now), who_aborted(case)
    ago = f" {lasted} ago" if lasted else ""
    where = at_words(None if case.halted_at is None else float(case.halted_at))
    return Finding(
        sentence=f"Aborted by hand{ago}{where}{f' with {who}' if who else ''}",
        short=f"by hand, {lasted}" if lasted else "by hand",
        following=f"{where_traffic_is(case)}Nothing moves by itself:",
        since=at,
        evidence=_evidence(case),
        verbs=_HELPS,
        is_whole=True,
    )


def _by_deadline(case: Case) -> Finding | None:
    cause = abort_cause(case.rollout)
    if not case.is_aborted or case.is_invalid or not _TIMED_OUT.search(cause):
        return None
    trouble = trouble_words(case, case.scene.pods_with(case.rollout.status.current_pod_hash))
    return Finding(
        sentence=f"{current_words(case)} was not ready within {deadline_seconds(case)} s"
        f"{f': {trouble}' if trouble else ''}",
        short=f"not ready within {deadline_seconds(case)} s",
        following=f"{where_traffic_is(case)}Nothing moves by itself:",
        since=case.rollout.status.aborted_at,
        evidence=(
            *_evidence(case),
            Evidence(case.name, "spec.progressDeadlineAbort", "true"),
        ),
        verbs=_HELPS,
        look="panel-3",
    )


def _by_controller(case: Case) -> Finding | None:
    cause = abort_cause(case.rollout)
    if not case.is_aborted or case.is_invalid or not cause or _TIMED_OUT.search(cause):
        return None
    # A run that is known says it better, with value and limit.
    if "nalysis phase" in cause and any(culprit(run) for run in case.scene.update_runs):
        return None
    return Finding(
        sentence=sentence_end(cause),
        short=sentence_end(cause),
        following=f"{where_traffic_is(case)}Nothing moves by itself:",
        since=case.rollout.status.aborted_at,
        evidence=_evidence(case),
        verbs=_HELPS,
        look="panel-4" if "nalysis" in cause else "panel-3",
    )


CAUSES: Final = (
    Cause(
        "aborted-by-deadline",
        "A version that was not ready in time and was aborted (progressDeadlineAbort)",
        "See why its pods were not ready, undo",
        Severity.TROUBLE,
        62,
        _by_deadline,
        "rollout/sync.go: progressDeadlineAbort",
        (Chapter.STUCK, Chapter.ROLLBACK),
    ),
    Cause(
        "aborted-by-controller",
        "An update that the controller aborted: analysis, experiment or step plugin",
        "Read the controller's reason, undo",
        Severity.TROUBLE,
        42,
        _by_controller,
        "rollout/pause.go: AddAbort",
        (Chapter.ANALYSIS, Chapter.ROLLBACK),
    ),
    Cause(
        "aborted-by-hand",
        "Somebody aborted the update",
        "Undo (u) makes the stable version the wanted one; retry (t) begins again",
        Severity.HUMAN,
        48,
        _by_hand,
        "rollout/sync.go: RolloutAborted without a cause",
        (Chapter.ROLLBACK,),
    ),
)
