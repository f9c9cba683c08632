"""What a Rollout names must exist and fit.

Source: pkg/apis/rollouts/validation/validation_references.go.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from amas_tui.pipeline.lint.document import Bundle, Document, Path, mapping, sequence, text
from amas_tui.pipeline.lint.finding import INVALID, Fault, Severity, rule
from amas_tui.pipeline.lint.spec_rules import BLUE_GREEN, CANARY, is_whole
from amas_tui.pipeline.lint.template_rules import TEMPLATES, analyses, metrics, name_of

_SOURCE: Final = "pkg/apis/rollouts/validation/validation_references.go"
_HASH: Final = "rollouts-pod-template-hash"
_MANAGED_BY: Final = "argo-rollouts.argoproj.io/managed-by-rollouts"


def _missing(bundle: Bundle, path: Path, kind: str, name: str) -> Iterator[Fault]:
    """Say that an object is not there; of files nobody knows whether it is elsewhere."""
    if bundle.is_complete:
        yield Fault(path, f"there is no {kind} {name}", INVALID, f"Create the {kind} {name}")
    elif bundle.of(kind):
        yield Fault(
            path,
            f"the {kind} {name} is not among these files",
            "without it in the cluster: InvalidSpec, and nothing moves",
            "Apply it before the Rollout",
            Severity.NOTE,
        )


@rule("service-exists", "Rollout", source=f"{_SOURCE}:ValidateService")
def service_exists(document: Document, bundle: Bundle) -> Iterator[Fault]:
    """Every Service must exist, select these pods, and belong to no other Rollout."""
    labels = mapping(document.at("spec", "template", "metadata", "labels"))
    names = [(*CANARY, "stableService"), (*CANARY, "canaryService")]
    names += [(*BLUE_GREEN, "activeService"), (*BLUE_GREEN, "previewService")]
    for path in names:
        name = text(document.at(*path))
        if not name:
            continue
        found = bundle.find("Service", name, document)
        if found is None:
            yield from _missing(bundle, path, "Service", name)
            continue
        for key, value in mapping(found.at("spec", "selector")).items():
            if key != _HASH and labels and labels.get(key) != value:
                yield Fault(
                    path,
                    f"the Service {name} selects {key}={value}, which the pods have not",
                    INVALID,
                    "Give Service and pod template the same label",
                )
        owner = mapping(found.at("metadata", "annotations")).get(_MANAGED_BY)
        if owner and owner != document.name:
            words = f"the Service {name} belongs to the Rollout {owner}"
            yield Fault(path, words, INVALID, "Give each Rollout its own Services")


@rule("ingress-exists", "Rollout", source=f"{_SOURCE}:validateNginxIngress")
def ingress_exists(document: Document, bundle: Bundle) -> Iterator[Fault]:
    """The stable Ingress must exist and lead to the stable Service."""
    base: Path = (*CANARY, "trafficRouting", "nginx")
    service = text(document.at(*CANARY, "stableService"))
    listed = [(*base, "stableIngress")]
    listed += [path for path, _ in document.items(*base, "stableIngresses")]
    for path in listed:
        name = text(document.at(*path))
        if not name:
            continue
        found = bundle.find("Ingress", name, document)
        if found is None:
            yield from _missing(bundle, path, "Ingress", name)
        elif service and service not in _backends(found):
            yield Fault(
                path,
                f"the Ingress {name} has no rule with the Service {service}",
                INVALID,
                f"Make {service} the backend of a path",
            )
        elif text(found.at("spec", "ingressClassName")) not in ("", "nginx"):
            yield Fault(
                path,
                f"the Ingress {name} is of class {found.at('spec', 'ingressClassName')}",
                "the controller sees its changes only with --nginx-ingress-classes",
                "Use class nginx, or start the controller with that flag",
                Severity.WARNING,
            )


def _backends(ingress: Document) -> set[str]:
    found = set()
    for _, one in ingress.items("spec", "rules"):
        for path in sequence(mapping(mapping(one).get("http")).get("paths")):
            service = mapping(mapping(mapping(path).get("backend")).get("service"))
            found.add(text(service.get("name")))
    return found


def _template(bundle: Bundle, near: Document, reference: Mapping[str, Any]) -> Document | None:
    kind = TEMPLATES[1] if reference.get("clusterScope") else TEMPLATES[0]
    return bundle.find(kind, text(reference.get("templateName")), near)


@rule("template-exists", "Rollout", source=f"{_SOURCE}:ValidateAnalysisTemplatesWithType")
def template_exists(document: Document, bundle: Bundle) -> Iterator[Fault]:
    """Every template must exist."""
    for _, path, analysis in analyses(document):
        for index, reference in enumerate(sequence(analysis.get("templates"))):
            found = mapping(reference)
            kind = TEMPLATES[1] if found.get("clusterScope") else TEMPLATES[0]
            name = text(found.get("templateName"))
            if not name:
                at = (*path, "templates", index)
                yield Fault(at, "a template without templateName", INVALID, "Name it")
            elif _template(bundle, document, found) is None:
                yield from _missing(bundle, (*path, "templates", index), kind, name)


@rule(
    "template-arguments", "Rollout", source="utils/analysis/factory.go:NewAnalysisRunFromTemplates"
)
def template_arguments(document: Document, bundle: Bundle) -> Iterator[Fault]:
    """What a template declares without a value the Rollout must give; the rest is dropped."""
    for _, path, analysis in analyses(document):
        given = {text(mapping(one).get("name")) for one in sequence(analysis.get("args"))}
        declared: set[str] = set()
        known = True
        for index, reference in enumerate(sequence(analysis.get("templates"))):
            template = _template(bundle, document, mapping(reference))
            if template is None:
                known = False
                continue
            for _, one in template.items("spec", "args"):
                name = text(mapping(one).get("name"))
                declared.add(name)
                has_value = mapping(one).get("value") is not None or mapping(one).get("valueFrom")
                if name not in given and not has_value:
                    yield Fault(
                        (*path, "templates", index),
                        f"{template.name} wants the argument {name}, which is not given",
                        INVALID,
                        f"Add - name: {name} to args",
                    )
        for name in sorted(given - declared) if known else ():
            yield Fault(
                (*path, "args"),
                f"no template declares the argument {name}",
                "it is dropped",
                "Remove it, or declare it in the template",
                Severity.WARNING,
            )


@rule("metric-names", "Rollout", source="utils/analysis/helpers.go:FlattenTemplates")
def metric_names(document: Document, bundle: Bundle) -> Iterator[Fault]:
    """The metrics of all templates of one analysis must have different names."""
    for _, path, analysis in analyses(document):
        seen: dict[str, str] = {}
        for index, reference in enumerate(sequence(analysis.get("templates"))):
            template = _template(bundle, document, mapping(reference))
            for _, metric in metrics(template) if template else ():
                name = name_of(metric)
                if template is not None and seen.get(name, template.name) != template.name:
                    yield Fault(
                        (*path, "templates", index),
                        f"{template.name} and {seen[name]} both have a metric {name}",
                        INVALID,
                        "Rename one of them",
                    )
                seen[name] = template.name if template else ""


@rule(
    "dry-run",
    "Rollout",
    source="analysis/analysis.go; utils/analysis/helpers.go:ValidateMetricRules",
)
def dry_run(document: Document, bundle: Bundle) -> Iterator[Fault]:
    """A rule about metrics that matches none is refused by the run."""
    for _, path, analysis in analyses(document):
        templates = [
            _template(bundle, document, mapping(one)) for one in sequence(analysis.get("templates"))
        ]
        if None in templates or not templates:
            continue
        names = [name_of(m) for one in templates if one is not None for _, m in metrics(one)]
        for key in ("dryRun", "measurementRetention"):
            for index, one in enumerate(sequence(analysis.get(key))):
                pattern = text(mapping(one).get("metricName"))
                if not any(_matches(pattern, name) for name in names):
                    yield Fault(
                        (*path, key, index),
                        f"{key} {pattern!r} matches no metric",
                        "the run ends in Error, which aborts the update",
                        "Correct the name",
                    )


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False


@rule(
    "stable-hash", "Rollout", source="utils/analysis/factory.go:BuildArgumentsForRolloutAnalysisRun"
)
def stable_hash(document: Document, _: Bundle) -> Iterator[Fault]:
    """A gate that is given only the stable hash judges the old version."""
    for use, path, analysis in analyses(document):
        hashes = {
            mapping(mapping(one).get("valueFrom")).get("podTemplateHashValue"): index
            for index, one in enumerate(sequence(analysis.get("args")))
        }
        if "Stable" in hashes and "Latest" not in hashes and use != "experiment":
            yield Fault(
                (*path, "args", hashes["Stable"]),
                "the analysis is given the stable version's hash alone",
                "it judges the old version, which is fine, and lets the new one pass",
                "Write podTemplateHashValue: Latest",
                Severity.WARNING,
            )


@rule("prometheus-cut-off", "NetworkPolicy", source="guide: Check network policies")
def prometheus_cut_off(document: Document, bundle: Bundle) -> Iterator[Fault]:
    """A policy about these pods must let Prometheus in."""
    selected = mapping(document.at("spec", "podSelector", "matchLabels"))
    types = sequence(document.at("spec", "policyTypes")) or ("Ingress",)
    about = [
        one
        for one in bundle.of("Rollout")
        if is_whole(one)
        and selected.items() <= mapping(one.at("spec", "template", "metadata", "labels")).items()
    ]
    if not about or "Ingress" not in types:
        return
    for _, one in document.items("spec", "ingress"):
        sources = sequence(mapping(one).get("from"))
        if not sources or any(
            "namespaceSelector" in mapping(s) or "ipBlock" in mapping(s) for s in sources
        ):
            return
    yield Fault(
        ("spec", "ingress"),
        f"no other namespace may reach the pods of {about[0].name}",
        "Prometheus cannot scrape them: every gate is without data",
        "Allow the namespace of Prometheus by namespaceSelector",
        Severity.WARNING,
    )


@rule("monitor-hash", "ServiceMonitor", "PodMonitor", source="prometheus-operator: podTargetLabels")
def monitor_hash(document: Document, _: Bundle) -> Iterator[Fault]:
    """Without the pods' hash on the series, stable and canary cannot be told apart."""
    wanted = sequence(document.at("spec", "podTargetLabels"))
    if _HASH in wanted or "rollouts_pod_template_hash" in str(document.content):
        return
    yield Fault(
        ("spec",),
        f"podTargetLabels has no {_HASH}",
        "stable and canary cannot be told apart in Prometheus: no gate can judge the canary",
        f"Add podTargetLabels: [{_HASH}]",
        Severity.WARNING,
    )
