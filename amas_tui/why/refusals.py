"""Pods that the API server does not let in: quota, limit range, admission.

The ReplicaSet controller writes the refusal into its condition ReplicaFailure, which the rollout
copies. Sources: k8s.io/kubernetes pkg/controller/replicaset; rollout/sync.go.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from amas_tui.actions.verb import Verb
from amas_tui.domain.base import Condition
from amas_tui.why.case import Case
from amas_tui.why.finding import Cause, Chapter, Evidence, Finding, Severity
from amas_tui.why.terms import plural, refusal, sentence_end, version_words

_QUOTA: Final = re.compile(r"exceeded quota|failed quota|insufficient quota")
_LIMIT: Final = re.compile(
    r"(?:minimum|maximum) [\w./-]+ usage per|max(?:imum)? limit to request ratio|"
    r"[\w./-]+ max limit to request"
)


def _refused(case: Case) -> Iterator[tuple[str, Condition]]:
    """Yield the object and condition that tell of a refusal."""
    replica_set = case.wanted
    if replica_set is not None:
        for condition in replica_set.status.conditions:
            if condition.type == "ReplicaFailure" and condition.status == "True":
                yield f"replicaset/{replica_set.metadata.name}", condition
        return
    condition_ = case.rollout.condition("ReplicaFailure")
    if condition_ is not None and condition_.status == "True":
        yield case.name, condition_
    progressing = case.rollout.condition("Progressing")
    if progressing is not None and progressing.reason == "ReplicaSetCreateError":
        yield case.name, progressing


def _kind(message: str) -> str:
    if _QUOTA.search(message):
        return "quota"
    return "limit-range" if _LIMIT.search(message) else "admission"


_SHORT: Final = {"quota": "quota", "limit-range": "limit range", "admission": "refused"}


def _finding(kind: str, case: Case) -> Finding | None:
    for thing, condition in _refused(case):
        message = condition.message or condition.reason
        if _kind(message) != kind:
            continue
        why = sentence_end(refusal(message))
        return Finding(
            sentence=f"{_ready(case)} ready: {why}",
            short=f"{_SHORT[kind]}: {why}",
            following="The ReplicaSet tries again by itself, ever more seldom.",
            since=condition.last_transition_time,
            evidence=(
                Evidence(
                    thing,
                    condition.reason or condition.type,
                    message,
                    condition.last_transition_time,
                ),
            ),
            verbs=(Verb.ABORT, Verb.UNDO) if case.rollout.is_updating else (Verb.UNDO,),
            look="panel-3",
            run=_RUN[kind].format(namespace=case.rollout.key.namespace),
        )
    return None


_RUN: Final = {
    "quota": "kubectl describe resourcequota -n {namespace}",
    "limit-range": "kubectl describe limitrange -n {namespace}",
    "admission": "kubectl get events -n {namespace} --field-selector reason=FailedCreate",
}


def _ready(case: Case) -> str:
    want = case.wanted.spec.replicas if case.wanted else case.rollout.desired
    return (
        f"{case.scene.ready(case.wanted)} of {plural(want, 'pod')} of {version_words(case.wanted)}"
    )


_SOURCE = "pkg/controller/replicaset (Kubernetes): condition ReplicaFailure"
_BOTH = (Chapter.STUCK, Chapter.ROLLBACK)

CAUSES: Final = (
    Cause(
        "quota",
        "Pods that exceed a ResourceQuota",
        "Free or raise the quota that the message names",
        Severity.TROUBLE,
        88,
        partial(_finding, "quota"),
        _SOURCE,
        _BOTH,
    ),
    Cause(
        "limit-range",
        "Pods that break a LimitRange",
        "Change the pod's requests and limits, or the LimitRange",
        Severity.TROUBLE,
        88,
        partial(_finding, "limit-range"),
        _SOURCE,
        _BOTH,
    ),
    Cause(
        "admission",
        "Pods that admission refuses: PodSecurity, a webhook, a missing ServiceAccount",
        "Change what the refusal names",
        Severity.TROUBLE,
        87,
        partial(_finding, "admission"),
        _SOURCE,
        (Chapter.STUCK,),
    ),
)
