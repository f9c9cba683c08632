"""What works in every test and fails on the day it is needed."""

import re
from collections.abc import Iterator
from typing import Final

from amas_tui.pipeline.lint.document import Bundle, Document, Path, mapping, sequence, text
from amas_tui.pipeline.lint.finding import Fault, Severity, rule
from amas_tui.pipeline.lint.spec_rules import CANARY, is_whole

_CONTAINERS: Final[Path] = ("spec", "template", "spec", "containers")


@rule("image-version", "Rollout", source="guide: Use semantic versioning for images")
def image_version(document: Document, _: Bundle) -> Iterator[Fault]:
    """An image without a version is another one tomorrow."""
    for base in (_CONTAINERS, (*_CONTAINERS[:-1], "initContainers")):
        for path, container in document.items(*base):
            image = text(mapping(container).get("image"))
            tag = image.rpartition("/")[2].partition(":")[2]
            if image and "@" not in image and tag in ("", "latest"):
                yield Fault(
                    (*path, "image"),
                    f"{image} names no version",
                    "nobody can say what runs, and an undo starts whatever the tag is by then",
                    "Give a version, e.g. :v1.2.3",
                )


@rule("probes", "Rollout", source="guide: Health Endpoints")
def probes(document: Document, _: Bundle) -> Iterator[Fault]:
    """Without a readiness probe a pod gets traffic before it can answer."""
    if not is_whole(document) or document.at("spec", "workloadRef") is not None:
        return
    for path, container in document.items(*_CONTAINERS):
        if mapping(container).get("readinessProbe") is None:
            yield Fault(
                path,
                f"container {text(mapping(container).get('name'))} has no readinessProbe",
                "a pod counts as available as soon as it runs, and gets traffic it cannot answer",
                "Probe e.g. /health/ready",
                Severity.WARNING,
            )


@rule("security-context", "Rollout", source="guide: Enable pod security")
def security_context(document: Document, _: Bundle) -> Iterator[Fault]:
    """Pods should not run as root."""
    if not is_whole(document) or document.at("spec", "workloadRef") is not None:
        return
    pod = mapping(document.at("spec", "template", "spec", "securityContext"))
    containers = [mapping(one) for _, one in document.items(*_CONTAINERS)]
    own = [mapping(one.get("securityContext")).get("runAsNonRoot") for one in containers]
    if containers and pod.get("runAsNonRoot") is not True and not all(own):
        yield Fault(
            ("spec", "template", "spec"),
            "the pods may run as root",
            "a hole in the application is a hole in the node",
            "Give securityContext: {runAsNonRoot: true}",
            Severity.WARNING,
        )


@rule("rollback-window", "Rollout", source="docs/features/rollback.md")
def rollback_window(document: Document, _: Bundle) -> Iterator[Fault]:
    """Without a window an undo runs through every step and analysis again."""
    steps = sequence(document.at(*CANARY, "steps"))
    if is_whole(document) and steps and document.at("spec", "rollbackWindow") is None:
        yield Fault(
            ("spec",),
            "there is no rollbackWindow",
            f"an undo after the end runs all {len(steps)} steps again, during an incident",
            "Give rollbackWindow: {revisions: 3}",
            Severity.WARNING,
        )


@rule("dynamic-stable", "Rollout", source="rollout/trafficrouting.go; argo-rollouts issue 3020")
def dynamic_stable(document: Document, _: Bundle) -> Iterator[Fault]:
    """With dynamicStableScale the way back is as slow as pods start."""
    path = (*CANARY, "dynamicStableScale")
    if document.at(*path) is True:
        yield Fault(
            path,
            "dynamicStableScale shrinks the stable version as traffic moves",
            "an abort cannot send the traffic back at once: stable pods must start first",
            "Remove it where a quick way back matters more than pods",
            Severity.WARNING,
        )


@rule("no-gate", "Rollout", source="guide: SLO-based Gates")
def no_gate(document: Document, _: Bundle) -> Iterator[Fault]:
    """A canary that nothing measures is a slow update."""
    steps = [mapping(step) for _, step in document.items(*CANARY, "steps")]
    if not is_whole(document) or not steps or document.at(*CANARY, "analysis") is not None:
        return
    looks = any(one.get("analysis") or one.get("experiment") for one in steps)
    waits = any(
        one.get("pause") is not None and not mapping(one["pause"]).get("duration") for one in steps
    )
    if not looks and not waits:
        yield Fault(
            (*CANARY, "steps"),
            "no step measures anything or waits for a human",
            "a bad version goes to all users, only slower",
            "Add an analysis: amas-tui manifests makes the gates",
            Severity.WARNING,
        )


_COMMANDS: Final = (
    (
        re.compile(r"kubectl\s+set\s+image\s+rollouts?(?:\.argoproj\.io)?[/ ]"),
        "kubectl set image knows no Rollouts",
        "amas-tui deploy NAME --image CONTAINER=IMAGE",
    ),
    (
        re.compile(r"kubectl\s+rollout\s+undo\s+rollouts?(?:\.argoproj\.io)?/\S+.*--force"),
        "kubectl rollout undo knows no Rollouts, and no --force",
        "amas-tui rollback NAME",
    ),
    (
        re.compile(
            r"kubectl\s+rollout\s+(?:undo|history|status|restart|pause|resume)\s+rollouts?[/ .]"
        ),
        "kubectl rollout knows no Rollouts",
        "amas-tui undo, history, status, restart, pause or resume NAME",
    ),
    (
        re.compile(r"kubectl\s+argo\s+rollouts\s+history\b"),
        "kubectl argo rollouts has no command history",
        "amas-tui history NAME",
    ),
)


def command_faults(line: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the commands in a line of a script, and what does it instead.

    Source: kubectl v1.34 and kubectl-argo-rollouts v1.10.1, tried.
    """
    for pattern, what, instead in _COMMANDS:
        if pattern.search(line):
            yield what, instead
            return
