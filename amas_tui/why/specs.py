"""Specs that the controller refuses; it then acts on nothing, an abort included.

The condition InvalidSpec holds the first error alone. Sources: rollout/controller.go,
pkg/apis/rollouts/validation, rollout/templateref.go.
"""

import re
from dataclasses import dataclass
from functools import partial
from typing import Final

from amas_tui.why.case import Case
from amas_tui.why.finding import Cause, Chapter, Evidence, Finding, Severity
from amas_tui.why.terms import sentence_end


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of error of the validation.

    Attributes:
        said: Recognises it; its groups fill the words.
        words: The sentence.
        short: For the board.
        run: What to type in a shell.
    """

    said: re.Pattern[str]
    words: str
    short: str
    run: str = ""


_QUOTED: Final = r'["“\'`]([^"”\'`]+)["”\'`]'

REFUSALS: Final[dict[str, Refusal]] = {
    "service-managed": Refusal(
        re.compile(rf"Service {_QUOTED} is managed by another Rollout"),
        "Service {0} is managed by another rollout",
        "Service {0} is another rollout's",
        "kubectl get service {0} -n {namespace} -o yaml",
    ),
    "service-missing": Refusal(
        re.compile(rf"services? {_QUOTED} not found"),
        "Service {0} does not exist",
        "Service {0} is missing",
        "kubectl get services -n {namespace}",
    ),
    "service-selector": Refusal(
        re.compile(rf"Service {_QUOTED} has unmatch label {_QUOTED}"),
        "Service {0} selects by label {1}, which the rollout's pods do not have so",
        "Service {0}: selector {1} does not match",
        "kubectl get service {0} -n {namespace} -o yaml",
    ),
    "template-missing": Refusal(
        re.compile(rf"((?:Cluster)?AnalysisTemplate) {_QUOTED} not found"),
        "{0} {1} does not exist",
        "{0} {1} is missing",
        "kubectl get analysistemplates -n {namespace}",
    ),
    "ingress-missing": Refusal(
        re.compile(rf"ingress(?:es)?(?:\.\S+)? {_QUOTED} not found"),
        "Ingress {0} does not exist",
        "Ingress {0} is missing",
        "kubectl get ingresses -n {namespace}",
    ),
    "ingress-backend": Refusal(
        re.compile(rf"ingress {_QUOTED} has no rules using service (\S+)"),
        "Ingress {0} has no rule whose backend is Service {1}",
        "Ingress {0} does not use {1}",
        "kubectl describe ingress {0} -n {namespace}",
    ),
    "argument-missing": Refusal(
        re.compile(r"args\.([\w.-]+) was not resolved|missing analysis arg(ument)"),
        "the analysis argument {0} has no value",
        "argument {0} has no value",
    ),
    "workload-missing": Refusal(
        re.compile(
            r"(deployments?|replicasets?|podtemplates?)[.\w]* "
            r"[\"'](?:[^\"'/]+/)?([^\"'/]+)[\"'] not found"
        ),
        "workloadRef: {0} {1} does not exist",
        "workloadRef: {0} {1} is missing",
        "kubectl get {0} -n {namespace}",
    ),
}
"""By the cause's id, in the order in which they are tried."""


def refusal_text(case: Case) -> str:
    """Return the controller's error without the rollout's name, empty where the spec is valid."""
    condition = case.rollout.condition("InvalidSpec")
    if condition is None:
        return ""
    message = condition.message or case.rollout.status.message
    return message.partition("is invalid: ")[2] or message


def _matching(text: str) -> tuple[str, re.Match[str]] | None:
    for id_, refusal in REFUSALS.items():
        if (match := refusal.said.search(text)) is not None:
            return id_, match
    return None


def _known(id_: str, case: Case) -> Finding | None:
    text = refusal_text(case)
    found = _matching(text) if text else None
    if found is None or found[0] != id_:
        return None
    refusal, groups = REFUSALS[id_], [group for group in found[1].groups() if group]
    namespace = case.rollout.key.namespace
    return _finding(
        case,
        text,
        refusal.words.format(*groups),
        refusal.short.format(*groups),
        refusal.run.format(*groups, namespace=namespace),
    )


def _generic(case: Case) -> Finding | None:
    text = refusal_text(case)
    if not text or _matching(text) is not None:
        return None
    said = sentence_end(text)
    return _finding(case, text, said, said, "")


def _finding(case: Case, text: str, sentence: str, short: str, run: str) -> Finding:
    condition = case.rollout.condition("InvalidSpec")
    since = condition.last_transition_time if condition else None
    facts = [Evidence(case.name, "InvalidSpec", text, since)]
    if case.rollout.status.abort and case.rollout.status.aborted_at is None:
        facts.append(Evidence(case.name, "status.abort", "true, but nobody acts on it"))
    return Finding(
        sentence=sentence,
        short=short,
        following="The controller acts on nothing, abort included, until this is repaired.",
        since=since,
        evidence=tuple(facts),
        run=run,
    )


_SOURCE = "pkg/apis/rollouts/validation, rollout/controller.go"


def _cause(id_: str, title: str, remedy: str, *chapters: Chapter) -> Cause:
    return Cause(
        id_,
        title,
        remedy,
        Severity.TROUBLE,
        95,
        partial(_known, id_),
        _SOURCE,
        (Chapter.STUCK, *chapters),
    )


CAUSES: Final = (
    _cause(
        "service-missing",
        "A Service that the rollout names does not exist",
        "Make the Service; the controller looks again within 20 s",
        Chapter.TRAFFIC,
    ),
    _cause(
        "service-managed",
        "A Service that another rollout manages",
        "Give each rollout Services of its own",
        Chapter.TRAFFIC,
    ),
    _cause(
        "service-selector",
        "A Service that selects other pods than the rollout's",
        "Make its selector match the pod template's labels",
        Chapter.TRAFFIC,
    ),
    _cause(
        "ingress-missing",
        "An Ingress that the rollout names does not exist",
        "Make the Ingress",
        Chapter.TRAFFIC,
    ),
    _cause(
        "ingress-backend",
        "An Ingress without a rule for the stable Service",
        "Give it a rule whose backend is the stable Service",
        Chapter.TRAFFIC,
    ),
    _cause(
        "template-missing",
        "An AnalysisTemplate that the rollout names does not exist",
        "Apply the templates before the rollout",
        Chapter.ANALYSIS,
    ),
    _cause(
        "argument-missing",
        "An analysis argument that nobody gives a value",
        "Give it in the rollout's analysis, or a default in the template",
        Chapter.ANALYSIS,
    ),
    _cause(
        "workload-missing",
        "The workload that holds the pod template does not exist",
        "Make the Deployment that workloadRef names",
    ),
    Cause(
        "invalid-spec",
        "A spec that the controller refuses for another reason",
        "Repair the field that the message names",
        Severity.TROUBLE,
        92,
        _generic,
        _SOURCE,
        (Chapter.STUCK,),
    ),
)
