"""Runs every rule over everything that was read."""

from collections.abc import Iterator, Mapping
from typing import Final

from amas_tui.pipeline.lint import practice_rules, reference_rules, spec_rules, step_rules
from amas_tui.pipeline.lint import template_rules as templates_
from amas_tui.pipeline.lint.document import Bundle, Document
from amas_tui.pipeline.lint.finding import Finding, Rule, Severity, registered
from amas_tui.pipeline.lint.reading import PART, problem_at, read
from amas_tui.rules.duration import clock_duration
from amas_tui.safe import safe

MODULES: Final = (spec_rules, step_rules, templates_, reference_rules, practice_rules)
"""Where the rules are; importing them registers them."""
RULES: Final[tuple[Rule, ...]] = registered()

_ARGO: Final = "argoproj.io/v1alpha1"
_KINDS: Final[Mapping[str, str]] = {
    "Rollout": _ARGO,
    "AnalysisTemplate": _ARGO,
    "ClusterAnalysisTemplate": _ARGO,
    "AnalysisRun": _ARGO,
    "Experiment": _ARGO,
    "Ingress": "networking.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
}
"""The kinds that have one home; in another one they are not what they seem."""

_CORE: Final = (
    "v1",
    "apps/v1",
    "batch/v1",
    "policy/v1",
    "autoscaling/",
    "rbac.authorization.k8s.io/",
    "networking.k8s.io/",
    "monitoring.coreos.com/",
    "argoproj.io/",
)


def lint_files(files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Return every fault in some files, in the order of files and lines."""
    return lint_read(files)[0]


def lint_read(files: Mapping[str, bytes]) -> tuple[tuple[Finding, ...], Bundle]:
    """Return every fault in some files, and the objects in them."""
    documents: list[Document] = []
    findings: list[Finding] = []
    for file, raw in files.items():
        found = read(file, raw)
        documents += found.documents
        findings += found.findings
        findings += _commands(file, raw)
    bundle = Bundle(documents)
    findings += lint_documents(bundle)
    order = {file: position for position, file in enumerate(files)}
    findings.sort(key=lambda one: (order.get(one.file, 0), one.line, one.rule))
    return tuple(findings), bundle


def lint_documents(bundle: Bundle) -> tuple[Finding, ...]:
    """Return every fault of some objects."""
    found: list[Finding] = []
    for document in bundle.documents:
        found += _identity(document)
        for rule in RULES:
            if document.kind in rule.kinds:
                found += rule.findings(document, bundle)
    return tuple(dict.fromkeys(found))


def _identity(document: Document) -> Iterator[Finding]:
    """Say what keeps an object from being one."""
    kind, version = document.kind, document.api_version

    def problem(rule: str, what: str, fix: str, severity: Severity = Severity.ERROR) -> Finding:
        return Finding(
            document.file,
            document.line(),
            rule,
            severity,
            "",
            safe(what),
            "kubectl refuses it" if severity is Severity.ERROR else "nothing of it is judged here",
            fix,
            "Kubernetes API conventions",
        )

    if document.at(PART) is not None:
        yield problem("part", "this is a part of a Rollout", "Give apiVersion, kind and metadata")
    elif not kind or not version:
        missing = " and ".join(
            name for name, value in (("apiVersion", version), ("kind", kind)) if not value
        )
        yield problem("no-object", f"the object has no {missing}", f"Give {missing}")
    elif kind in _KINDS and version != _KINDS[kind]:
        yield problem("unknown-kind", f"there is no {kind} in {version}", f"Write {_KINDS[kind]}")
    elif version.startswith("argoproj.io/") and kind not in _KINDS:
        known = ", ".join(name for name, home in _KINDS.items() if home == _ARGO)
        yield problem("unknown-kind", f"Argo Rollouts has no kind {kind}", f"There are {known}")
    elif not any(
        version == one or (one.endswith("/") and version.startswith(one)) for one in _CORE
    ):
        words = f"{kind} of {version} is not known here"
        yield problem("unknown-kind", words, "Look at it yourself", Severity.NOTE)


def _commands(file: str, raw: bytes) -> Iterator[Finding]:
    """Yield the commands in a file that do not exist; they may stand over several lines."""
    text = raw[:1_000_000].decode("utf-8", errors="replace")
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        if "kubectl" not in line:
            continue
        for what, instead in practice_rules.command_faults(line):
            found = problem_at(file, number, "no-such-command", what, instead)
            yield Finding(
                found.file,
                number,
                found.rule,
                Severity.ERROR,
                "",
                found.what,
                "the job ends with an error, and nothing is deployed or taken back",
                found.fix,
                "kubectl v1.34, kubectl-argo-rollouts v1.10.1",
            )


def planned_times(bundle: Bundle) -> Iterator[str]:
    """Yield how long the steps of each Rollout take, for a person to compare with what is said."""
    lengths = {
        one.name: length
        for one in bundle.of("AnalysisTemplate")
        if (length := step_rules.run_length(one)) is not None
    }
    for document in bundle.of("Rollout"):
        if not document.at(*step_rules.STEPS):
            continue
        length = step_rules.planned(document, lengths)
        named = {name for _, step in step_rules.steps(document) for name in _named(step)}
        missing = sorted(named - lengths.keys())
        beside = f", and the analyses {', '.join(missing)}" if missing else ""
        said = "until a human promotes" if length is None else clock_duration(length)
        yield f"{document.name or document.file}: its steps take {said}{beside}, plus pod starts"


def _named(step: Mapping[str, object]) -> Iterator[str]:
    yield from step_rules.template_names(step.get("analysis"))
