"""A controller that does not react, that gave up, or whose work somebody undoes.

Sources: utils/rollout/rolloututil.go, rollout/sync.go, rollout/restart.go.
"""

import re
from datetime import timedelta
from typing import Final

from amas_tui.actions.verb import Verb
from amas_tui.domain.rollout import WORKLOAD_GENERATION
from amas_tui.rules.abort import abort_cause
from amas_tui.rules.authors import spec_writer
from amas_tui.rules.duration import clock_duration
from amas_tui.rules.phase import (
    is_observed,
    is_restarting,
    is_unpausing,
    is_workload_observed,
    rollout_verdict,
)
from amas_tui.rules.roles import scale_down_deadline
from amas_tui.store.kinds import Kind
from amas_tui.store.snapshot import Health
from amas_tui.why.aborts import deadline_seconds
from amas_tui.why.case import SILENCE, Case
from amas_tui.why.finding import Cause, Chapter, Evidence, Finding, Severity
from amas_tui.why.terms import current_words, plural, sentence_end, version_words
from amas_tui.why.traffic import leftover
from amas_tui.words import age

INSTANCE_LABEL: Final = "argo-rollouts.argoproj.io/controller-instance-id"
"""Source: pkg/apis/rollouts/v1alpha1/types.go: a controller sees the objects of its instance."""
REVISION_HISTORY: Final = "rollout.argoproj.io/revision-history"
"""On a ReplicaSet: the revisions it had before. Source: utils/annotations/annotations.go."""


_REPORT: Final = "the rollout"


def awaited(case: Case) -> str:
    """Return what the controller has yet to react to, empty where it owes nothing."""
    rollout = case.rollout
    if case.is_invalid:
        return ""
    if rollout.status.abort and rollout.status.aborted_at is None:
        return "abort"
    if not is_observed(rollout):
        return f"generation {rollout.metadata.generation}"
    if is_unpausing(rollout):
        return "promote"
    status = rollout.status
    return "" if status.phase or status.current_pod_hash else _REPORT


def _is_reading(case: Case) -> bool:
    """Whether what we know of the rollout is up to date: a broken stream proves no silence."""
    stream = case.scene.stream(Kind.ROLLOUTS)
    return stream is None or stream.health is not Health.LOST


def _silent(case: Case) -> Finding | None:
    waits = awaited(case)
    silence = _born(case) if waits == _REPORT else case.quiet_for
    if not waits or silence <= SILENCE or not _is_reading(case):
        return None
    instance = case.rollout.metadata.labels.get(INSTANCE_LABEL, "")
    following = "Is it running, and does it watch this rollout?"
    if instance:
        following = f"The rollout is labelled for controller instance {instance}: does that run?"
    if waits == _REPORT:
        sentence = f"The controller has never reported on this rollout, {_seconds(silence)} old"
    else:
        sentence = f"The controller has not reacted to {waits} for {_seconds(silence)}"
    return Finding(
        sentence=sentence,
        short=f"no reaction to {waits}, {_seconds(silence)}",
        following=following,
        since=case.now - silence,
        evidence=_debts(case, instance),
        run="kubectl get pods -A -l app.kubernetes.io/name=argo-rollouts",
        is_whole=True,
    )


def _born(case: Case) -> timedelta:
    created = case.rollout.metadata.creation_timestamp
    return case.now - created if created else timedelta(0)


def _seconds(length: timedelta) -> str:
    """Return a length of silence in steps that do not cost bytes each second."""
    seconds = int(length.total_seconds())
    return clock_duration(timedelta(seconds=seconds // 5 * 5))


def _debts(case: Case, instance: str) -> tuple[Evidence, ...]:
    rollout = case.rollout
    facts = [
        Evidence(
            case.name,
            "generation, observed",
            f"{rollout.metadata.generation}, {rollout.status.observed_generation or 'never'}",
        )
    ]
    if rollout.status.abort:
        facts.append(Evidence(case.name, "status.abort without abortedAt", "true"))
    if is_unpausing(rollout):
        facts.append(Evidence(case.name, "status.controllerPause without pauseConditions", "true"))
    if instance:
        facts.append(Evidence(case.name, f"label {INSTANCE_LABEL}", instance))
    return tuple(facts)


def _timed_out(case: Case) -> Finding | None:
    verdict = rollout_verdict(case.rollout)
    if not verdict.message.startswith("ProgressDeadlineExceeded"):
        return None
    condition = case.rollout.condition("Progressing")
    return Finding(
        sentence=sentence_end(verdict.message),
        short=sentence_end(verdict.message),
        following="The controller goes on by itself once the pods are ready.",
        since=condition.last_transition_time if condition else None,
        evidence=(
            Evidence(case.name, "spec.progressDeadlineSeconds", str(deadline_seconds(case))),
            Evidence(case.name, "status.message", case.rollout.status.message),
        ),
        verbs=(Verb.ABORT, Verb.UNDO) if case.rollout.is_updating else (Verb.UNDO,),
        look="panel-3",
        is_whole=True,
    )


def _degraded(case: Case) -> Finding | None:
    verdict = rollout_verdict(case.rollout)
    known = ("ProgressDeadlineExceeded", "InvalidSpec", "RolloutAborted")
    if verdict.phase != "Degraded" or verdict.message.startswith(known) or case.is_invalid:
        return None
    if case.is_aborted or abort_cause(case.rollout):
        return None
    condition = case.rollout.condition("Progressing")
    return Finding(
        sentence=sentence_end(verdict.message) or "Degraded, the controller does not say why",
        short=sentence_end(verdict.message) or "the controller does not say why",
        since=condition.last_transition_time if condition else None,
        evidence=(Evidence(case.name, "status.message", case.rollout.status.message),),
        verbs=(Verb.ABORT, Verb.UNDO) if case.rollout.is_updating else (Verb.UNDO,),
        is_whole=True,
    )


def _workload_stale(case: Case) -> Finding | None:
    rollout, ref = case.rollout, case.rollout.spec.workload_ref
    if ref is None or case.quiet_for <= SILENCE or case.is_invalid:
        return None
    seen = rollout.status.workload_observed_generation
    wanted = rollout.metadata.annotations.get(WORKLOAD_GENERATION, "")
    actual = case.scene.clues.workload_generation
    if actual is not None and seen.isdecimal() and actual != int(seen):
        wanted = str(actual)
    elif is_workload_observed(rollout):
        return None
    thing = f"{ref.kind.lower()}/{ref.name}"
    return Finding(
        sentence=f"The controller has not taken in generation {wanted} of {thing}, "
        f"only {seen or 'none'}",
        short=f"{thing} generation {wanted} not taken in",
        following="Is it running, and does it watch this rollout?",
        since=case.now - case.quiet_for,
        evidence=(
            Evidence(thing, "metadata.generation", wanted),
            Evidence(case.name, "status.workloadObservedGeneration", seen or "absent"),
        ),
        is_whole=True,
    )


_GITOPS: Final = re.compile(
    r"argocd|argo-cd|flux|kustomize-controller|helm-controller|fleet|gitops", re.IGNORECASE
)


def _written_back(case: Case) -> Finding | None:
    """A template that came back before our eyes, by a GitOps tool, after somebody else's write."""
    authors = case.scene.snapshot.authors.get(case.rollout.uid, ())
    if case.is_quiet or len(authors) < _THREE:
        return None
    first, before, back = authors[-_THREE:]
    came_back = back.pod_hash == first.pod_hash != before.pod_hash
    if not came_back or not _GITOPS.search(back.manager) or _GITOPS.search(before.manager):
        return None
    version = current_words(case)
    return Finding(
        sentence=f"{back.manager} wrote {version} back {age(back.at, case.now)} ago, "
        f"after {before.manager} had changed it",
        short=f"{back.manager} wrote {version} back",
        following="An undo here does not last: change the version in Git.",
        since=back.at,
        evidence=tuple(
            Evidence(case.name, f"generation {one.generation}", one.manager, one.at)
            for one in (first, before, back)
        ),
        verbs=(Verb.ABORT,) if case.rollout.is_updating and not case.is_aborted else (),
    )


_THREE: Final = 3
"""The version, somebody's other one, and the first one back."""


def _kept_by_gitops(case: Case) -> Finding | None:
    """A GitOps tool owns the spec of an update that somebody is about to undo."""
    if not case.is_aborted or case.is_invalid:
        return None
    writer = spec_writer(case.rollout)
    if writer is None or not _GITOPS.search(writer.manager):
        return None
    current = case.scene.current
    before = current.metadata.annotations.get(REVISION_HISTORY, "") if current else ""
    again = f" for the second time (it was revision {before} before)" if before else ""
    return Finding(
        sentence=f"{writer.manager} wrote {current_words(case)}{again} and will likely write it "
        "back after an undo",
        short=f"{writer.manager} keeps the spec",
        following="Change the version in Git.",
        since=writer.time,
        evidence=(Evidence(case.name, "spec last written by", writer.manager, writer.time),),
    )


def _restarting(case: Case) -> Finding | None:
    rollout = case.rollout
    asked = rollout.spec.restart_at
    if asked is None or not is_restarting(rollout) or case.is_invalid:
        return None
    pods = case.scene.pods_with(rollout.status.stable_rs)
    old = [p for p in pods if (born := p.metadata.creation_timestamp) and born < asked]
    evidence = (Evidence(case.name, "spec.restartAt", "set", asked),)
    if asked > case.now:
        left = clock_duration(asked - case.now)
        return Finding(
            sentence=f"Restart due in {left}",
            short=f"restart due in {left}",
            following="Then the pods are replaced, at most maxUnavailable at a time.",
            since=None,
            evidence=evidence,
            is_whole=True,
        )
    done = f"{len(pods) - len(old)} of {plural(len(pods), 'pod')} renewed"
    return Finding(
        sentence=f"Restarting{f' since {age(asked, case.now)}'}: {done}",
        short=f"restart: {done}",
        following="The pods are replaced, at most maxUnavailable at a time.",
        since=asked,
        evidence=evidence,
        look="panel-3",
        is_whole=True,
    )


def _min_ready(case: Case) -> Finding | None:
    rollout, wanted = case.rollout, case.wanted
    seconds = rollout.spec.min_ready_seconds
    if not seconds or wanted is None or case.is_invalid:
        return None
    ready, available = wanted.status.ready_replicas, wanted.status.available_replicas
    if ready <= available:
        return None
    return Finding(
        sentence=f"{ready} of {plural(wanted.spec.replicas, 'pod')} of {version_words(wanted)} "
        f"ready, {available} for the {seconds} s that minReadySeconds asks",
        short=f"{available}/{wanted.spec.replicas} ready for {seconds}s",
        following="It goes on by itself when they have been ready that long.",
        evidence=(
            Evidence(case.name, "spec.minReadySeconds", str(seconds)),
            Evidence(
                f"replicaset/{wanted.metadata.name}",
                "readyReplicas, availableReplicas",
                f"{ready}, {available}",
            ),
        ),
        look="panel-3",
    )


def _delayed(case: Case) -> Finding | None:
    other = leftover(case)
    deadline = scale_down_deadline(other) if other is not None else None
    if other is None or deadline is None or deadline <= case.now or case.is_quiet:
        return None
    left = clock_duration(deadline - case.now)
    pods = plural(other.spec.replicas, "pod")
    return Finding(
        sentence=f"{pods} of revision {other.revision} kept on purpose, gone in {left}",
        short=f"{pods} of revision {other.revision} gone in {left}",
        following="Until then a way back is at once.",
        evidence=(
            Evidence(
                f"replicaset/{other.metadata.name}",
                "scale-down-deadline",
                f"{deadline:%H:%M:%S} UTC",
            ),
        ),
        look="panel-3",
    )


_CLOCK: Final = timedelta(seconds=5)


def _clock(case: Case) -> Finding | None:
    if case.is_quiet:
        return None
    offset = case.scene.snapshot.clock_offset
    starts = [one.start_time for one in case.rollout.status.pause_conditions if one.start_time]
    ahead = max((start - case.now for start in starts), default=timedelta(0))
    if ahead > _CLOCK:
        return Finding(
            sentence=f"the controller's clock is {clock_duration(ahead)} ahead of the API server's",
            short=f"controller's clock {clock_duration(ahead)} ahead",
            following="Pauses end that much later than they say.",
            evidence=(Evidence(case.name, "pauseConditions.startTime", "lies ahead", None),),
        )
    if abs(offset) <= _CLOCK:
        return None
    word = "behind" if offset > timedelta(0) else "ahead of"
    return Finding(
        sentence=f"this machine's clock is {clock_duration(abs(offset))} {word} the API server's",
        short=f"own clock {clock_duration(abs(offset))} {word}",
        following="Ages and countdowns here go by the server's clock.",
        evidence=(Evidence("API server", "Date minus own clock", clock_duration(abs(offset))),),
    )


_UTIL = "utils/rollout/rolloututil.go"

CAUSES: Final = (
    Cause(
        "controller-silent",
        "The controller does not react: generation unobserved, abort or promote unanswered",
        "See whether it runs, and whether it watches this namespace and instance",
        Severity.TROUBLE,
        90,
        _silent,
        _UTIL,
        (Chapter.STUCK, Chapter.ROLLBACK),
    ),
    Cause(
        "workload-stale",
        "The workload behind workloadRef changed and the controller has not taken it in",
        "See whether the controller runs",
        Severity.TROUBLE,
        89,
        _workload_stale,
        "rollout/templateref.go",
        (Chapter.STUCK,),
    ),
    Cause(
        "written-back",
        "A GitOps tool wrote the spec back after somebody's change",
        "Change the version in Git",
        Severity.TROUBLE,
        57,
        _written_back,
        "metadata.managedFields of the versions seen",
        (Chapter.ROLLBACK,),
    ),
    Cause(
        "timed-out",
        "A version that makes no progress (ProgressDeadlineExceeded)",
        "See its pods; the controller goes on once they are ready",
        Severity.TROUBLE,
        41,
        _timed_out,
        "rollout/sync.go: progressDeadlineSeconds",
        (Chapter.STUCK,),
    ),
    Cause(
        "degraded",
        "Degraded for a reason that has no name here",
        "Read the controller's message",
        Severity.TROUBLE,
        20,
        _degraded,
        _UTIL,
        (Chapter.STUCK,),
    ),
    Cause(
        "kept-by-gitops",
        "A GitOps tool owns the spec of an aborted update",
        "Change the version in Git: an undo here does not last",
        Severity.NOTICE,
        50,
        _kept_by_gitops,
        "metadata.managedFields",
        (Chapter.ROLLBACK,),
    ),
    Cause(
        "restarting",
        "A restart under way, or due later",
        "Wait; a PodDisruptionBudget may slow it down",
        Severity.COURSE,
        50,
        _restarting,
        "rollout/restart.go",
        (Chapter.STUCK,),
    ),
    Cause(
        "min-ready",
        "Pods that are ready, but not for minReadySeconds yet",
        "Wait",
        Severity.COURSE,
        48,
        _min_ready,
        "spec.minReadySeconds (Kubernetes)",
        (Chapter.STUCK,),
    ),
    Cause(
        "scale-down-delay",
        "Pods of the other version that are kept for a while on purpose",
        "Wait until their deadline",
        Severity.COURSE,
        35,
        _delayed,
        "rollout/replicaset.go: scale-down-deadline",
        (Chapter.ROLLBACK,),
    ),
    Cause(
        "clock",
        "Clocks that differ",
        "Synchronise the clock that is off",
        Severity.COURSE,
        10,
        _clock,
        "HTTP Date header, pauseConditions.startTime",
        (Chapter.STUCK,),
    ),
)
