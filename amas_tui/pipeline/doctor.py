"""What must be so before a delivery can work: each check with result, evidence and remedy.

Pure: `Facts` come in as they were read, `Check`s go out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from amas_tui.errors import Exit
from amas_tui.pipeline.lint.finding import Finding, Severity
from amas_tui.ports import Right
from amas_tui.rules.duration import clock_duration
from amas_tui.safe import safe
from amas_tui.store.checks import Check, Result


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one question to the API server.

    Attributes:
        answer: What it said, `None` where it could not be had.
        problem: Why.
    """

    answer: Any = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PrometheusFact:
    """One address of Prometheus.

    Attributes:
        way: How it is reached from here; empty where it is not.
        problem: Why not.
        present: Each metric that the gates use, and whether the server has it.
    """

    address: str
    way: str = ""
    problem: str = ""
    present: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was read.

    Attributes:
        rights: Each right and why it is missing, `None` for one that is there.
        controllers: Pods of the controller, as JSON.
        rollouts: Of the namespace, or the one that was named, as JSON.
        runs: Its AnalysisRuns, as JSON.
        findings: Of the linter on the live objects.
        clock_offset: The server's clock minus ours.
        terminal: `TERM`, locale and such, as far as there is a terminal.
    """

    namespace: str
    who: str
    is_confirmed: bool
    version: Asked
    kinds: Asked
    rights: tuple[tuple[Right, str | None], ...]
    controllers: Asked
    classes: Asked
    ingress_controllers: Asked
    rollouts: Asked
    runs: Asked
    prometheus: tuple[PrometheusFact, ...] = ()
    findings: tuple[Finding, ...] = ()
    clock_offset: timedelta = timedelta(0)
    terminal: Mapping[str, str] = field(default_factory=dict)


_OLDEST: Final = (1, 20)
_KINDS: Final = (
    "rollouts",
    "analysisruns",
    "analysistemplates",
    "clusteranalysistemplates",
    "experiments",
)
_FIRST_CONTROLLER: Final = (1, 6)


def examine(facts: Facts) -> tuple[Check, ...]:
    """Return every check, in the order in which they depend on each other."""
    return tuple(_all(facts))


def _all(facts: Facts) -> Iterator[Check]:
    yield _cluster(facts)
    yield _identity(facts)
    yield from _rights(facts)
    yield _kinds(facts)
    yield _controller(facts)
    yield _reaction(facts)
    yield _ingress(facts)
    yield from _prometheus(facts)
    yield _measured(facts)
    yield from _manifests(facts)
    yield _clock(facts)
    yield _terminal(facts)


def _cluster(facts: Facts) -> Check:
    name, asked = "cluster", facts.version
    if asked.answer is None:
        return Check(name, Result.UNKNOWN, f"its version is not known: {asked.problem}")
    said = f"Kubernetes {asked.answer.get('gitVersion', '?')}"
    digits = re.findall(r"\d+", f"{asked.answer.get('major', '')} {asked.answer.get('minor', '')}")
    known = tuple(int(one) for one in digits[:2])
    if len(known) == len(_OLDEST) and known < _OLDEST:
        return Check(name, Result.FAILED, said, "Update the cluster to 1.20 or newer")
    return Check(name, Result.OK, said)


def _identity(facts: Facts) -> Check:
    if facts.is_confirmed:
        return Check("identity", Result.OK, f"the API server knows you as {facts.who}")
    return Check(
        "identity",
        Result.WARNING,
        f"the kubeconfig calls you {facts.who}; the API server does not tell (before 1.28)",
    )


WATCH: Final = ("get", "list", "watch")


def wanted_rights(namespace: str) -> tuple[tuple[str, Right], ...]:
    """Return each right that some part of the program wants, and that part.

    Source: the requests that the screens and verbs send.
    """
    argo, read = "argoproj.io", "see rollouts"
    found = [
        (read, Right(verb, group, resource, namespace))
        for group, resource in (
            (argo, "rollouts"),
            (argo, "analysisruns"),
            (argo, "analysistemplates"),
            (argo, "experiments"),
            ("apps", "replicasets"),
            ("", "pods"),
            ("", "services"),
            ("networking.k8s.io", "ingresses"),
            ("discovery.k8s.io", "endpointslices"),
        )
        for verb in WATCH
    ]
    found += [
        ("promote, abort, retry", Right("patch", argo, "rollouts", namespace, "status")),
        ("deploy, undo, pause, restart", Right("patch", argo, "rollouts", namespace)),
        ("terminate an analysis", Right("patch", argo, "analysisruns", namespace)),
        ("see events", Right("list", "", "events", namespace)),
        ("see events", Right("watch", "", "events", namespace)),
        ("read logs", Right("get", "", "pods", namespace, "log")),
        ("see network policies", Right("list", "networking.k8s.io", "networkpolicies", namespace)),
    ]
    return tuple(found)


_NEEDED: Final = "see rollouts"


def _rights(facts: Facts) -> Iterator[Check]:
    """Yield what may and may not be done, part by part."""
    purposes = dict.fromkeys(purpose for purpose, _ in wanted_rights(facts.namespace))
    by_right = dict(facts.rights)
    for purpose in purposes:
        rights = [right for one, right in wanted_rights(facts.namespace) if one == purpose]
        missing = [right for right in rights if by_right.get(right) is not None]
        name = f"right to {purpose}"
        if not missing:
            yield Check(name, Result.OK, f"{len(rights)} of {len(rights)} rights are there")
            continue
        said = "; ".join(f"you may not {right}" for right in missing[:3])
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        failed = purpose == _NEEDED or "patch" in {right.verb for right in missing}
        yield Check(
            name,
            Result.FAILED if failed else Result.WARNING,
            said + more,
            "Ask for the Role below",
            Exit.FORBIDDEN,
        )


def role_for(facts: Facts) -> dict[str, Any] | None:
    """Return the Role that would grant what is missing, `None` when nothing is."""
    missing = [right for right, reason in facts.rights if reason is not None]
    if not missing:
        return None
    rules: dict[tuple[str, str], list[str]] = {}
    for right in missing:
        resource = f"{right.resource}/{right.subresource}" if right.subresource else right.resource
        verbs = rules.setdefault((right.group, resource), [])
        if right.verb not in verbs:
            verbs.append(right.verb)
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "amas-tui", "namespace": facts.namespace},
        "rules": [
            {"apiGroups": [group], "resources": [resource], "verbs": verbs}
            for (group, resource), verbs in rules.items()
        ],
    }


def _kinds(facts: Facts) -> Check:
    name, asked = "Argo Rollouts kinds", facts.kinds
    install = (
        "Install them: kubectl create namespace argo-rollouts; kubectl apply -n argo-rollouts -f "
        "https://github.com/argoproj/argo-rollouts/releases/latest/download/install.yaml"
    )
    if asked.answer is None:
        return Check(
            name, Result.FAILED, f"there are none: {asked.problem}", install, Exit.NOT_FOUND
        )
    there = {str(one.get("name")) for one in asked.answer.get("resources") or ()}
    missing = [kind for kind in _KINDS if kind not in there]
    if missing:
        said = f"there is no {', '.join(missing)}"
        return Check(name, Result.FAILED, said, install, Exit.NOT_FOUND)
    return Check(name, Result.OK, f"{len(_KINDS)} of {len(_KINDS)} are served")


def _controller(facts: Facts) -> Check:
    name, asked = "controller", facts.controllers
    if asked.answer is None:
        return Check(name, Result.UNKNOWN, f"its pods cannot be listed: {asked.problem}")
    pods = asked.answer
    if not pods:
        return Check(
            name,
            Result.UNKNOWN,
            "no pod has the label app.kubernetes.io/name=argo-rollouts",
        )
    images = sorted({_image(pod) for pod in pods})
    said = ", ".join(images)
    ready = [pod for pod in pods if _is_ready(pod)]
    if not ready:
        said = f"{said}: none of {len(pods)} pods is ready"
        fix = "Look at its logs: kubectl logs -n argo-rollouts deploy/argo-rollouts"
        return Check(name, Result.FAILED, said, fix, Exit.CONTROLLER_SILENT)
    version = re.search(r":v?(\d+)\.(\d+)", images[-1])
    if version and (int(version[1]), int(version[2])) < _FIRST_CONTROLLER:
        return Check(name, Result.WARNING, said, "Update it to 1.6 or newer")
    return Check(name, Result.OK, f"{said}, {len(ready)} of {len(pods)} ready")


def _image(pod: Mapping[str, Any]) -> str:
    containers = (pod.get("spec") or {}).get("containers") or [{}]
    return safe(str(containers[0].get("image", "?")))


def _is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def _reaction(facts: Facts) -> Check:
    name, asked = "controller reacts", facts.rollouts
    if asked.answer is None:
        return Check(name, Result.UNKNOWN, f"no Rollout can be read: {asked.problem}")
    if not asked.answer:
        return Check(name, Result.UNKNOWN, f"there is no Rollout in {facts.namespace} to tell by")
    silent = [_name(one) for one in asked.answer if is_unobserved(one)]
    if silent:
        said = f"it has not seen the newest spec of {', '.join(silent[:3])}"
        fix = "Look whether it runs, and with which --namespaced and --instance-id flags"
        return Check(name, Result.FAILED, said, fix, Exit.CONTROLLER_SILENT)
    invalid = [_name(one) for one in asked.answer if _invalid(one)]
    if invalid:
        said = f"InvalidSpec: {', '.join(invalid[:3])}; it acts on nothing there"
        fix = f"amas-tui lint --live {invalid[0]} -n {facts.namespace}"
        return Check(name, Result.FAILED, said, fix, Exit.DEGRADED)
    count = len(asked.answer)
    return Check(
        name, Result.OK, f"it has seen the newest spec of {count} Rollout{'s' * (count > 1)}"
    )


def is_unobserved(rollout: Mapping[str, Any]) -> bool:
    """Return whether the controller has not seen the newest spec, or an abort."""
    status = rollout.get("status") or {}
    generation = (rollout.get("metadata") or {}).get("generation")
    waits = status.get("abort") and not status.get("abortedAt")
    return str(status.get("observedGeneration", "")) != str(generation) or bool(waits)


def _invalid(rollout: Mapping[str, Any]) -> bool:
    conditions = (rollout.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "InvalidSpec" for one in conditions)


def _name(one: Mapping[str, Any]) -> str:
    return safe(str((one.get("metadata") or {}).get("name", "?")))


def _ingress(facts: Facts) -> Check:
    name, asked = "ingress-nginx", facts.classes
    if asked.answer is None:
        return Check(name, Result.UNKNOWN, f"ingress classes cannot be listed: {asked.problem}")
    nginx = [
        _name(one)
        for one in asked.answer
        if "nginx" in str((one.get("spec") or {}).get("controller", ""))
    ]
    used = {_class for one in facts.rollouts.answer or () if (_class := _router(one))}
    if not nginx:
        result = Result.FAILED if "nginx" in used else Result.WARNING
        fix = "Install ingress-nginx, or use another router"
        return Check(name, result, "there is no IngressClass of nginx", fix)
    pods = facts.ingress_controllers.answer
    if pods is None:
        return Check(name, Result.OK, f"class {', '.join(nginx)}; its pods cannot be listed")
    ready = sum(_is_ready(pod) for pod in pods)
    if pods and not ready:
        said = f"class {', '.join(nginx)}, but none of {len(pods)} controllers is ready"
        return Check(name, Result.FAILED, said, "kubectl get pods -n ingress-nginx")
    seen = f"{ready} of {len(pods)} controllers ready" if pods else "no controller pod found"
    return Check(name, Result.OK, f"class {', '.join(nginx)}, {seen}")


def _router(rollout: Mapping[str, Any]) -> str:
    strategy = (rollout.get("spec") or {}).get("strategy") or {}
    routing = (strategy.get("canary") or {}).get("trafficRouting") or {}
    return next((str(name) for name in routing if name != "managedRoutes"), "")


def _prometheus(facts: Facts) -> Iterator[Check]:
    if not facts.prometheus:
        yield Check(
            "Prometheus from here",
            Result.UNKNOWN,
            "no template names an address, and none is given",
            "Give one with --prometheus-url",
        )
    for one in facts.prometheus:
        name = "Prometheus from here"
        if not one.way:
            fix = "Give an address that can be reached from here with --prometheus-url"
            yield Check(name, Result.WARNING, f"{one.address}: {one.problem}", fix)
            continue
        yield Check(name, Result.OK, f"{one.address} by {one.way}")
        absent = [metric for metric, is_there in one.present.items() if not is_there]
        if absent:
            yield Check(
                "metrics of the gates",
                Result.FAILED,
                f"Prometheus has no {', '.join(absent[:4])}",
                "Compare their names with what the application exports, and how it is scraped",
                Exit.ANALYSIS,
            )
        elif one.present:
            said = f"Prometheus has {', '.join(one.present)}"
            yield Check("metrics of the gates", Result.OK, said)


def _measured(facts: Facts) -> Check:
    """Return whether the controller itself reaches Prometheus: what its last runs say."""
    name = "Prometheus by the controller"
    if facts.runs.answer is None:
        said = f"AnalysisRuns cannot be listed: {facts.runs.problem}"
        return Check(name, Result.UNKNOWN, said)
    results = [
        result
        for run in facts.runs.answer
        for result in (run.get("status") or {}).get("metricResults") or ()
    ]
    if not results:
        return Check(name, Result.UNKNOWN, "no analysis has measured anything here yet")
    last = results[-1]
    measurements = last.get("measurements") or [{}]
    if measurements[-1].get("phase") == "Error":
        message = safe(str(measurements[-1].get("message") or last.get("message") or "an error"))
        fix = "Check the templates' address, network policies, and that Prometheus runs"
        return Check(name, Result.FAILED, message[:200], fix, Exit.ANALYSIS)
    value = safe(str(measurements[-1].get("value", "?")))
    return Check(name, Result.OK, f"its last measurement of {last.get('name')} was {value}")


def _manifests(facts: Facts) -> Iterator[Check]:
    errors = [one for one in facts.findings if one.severity is Severity.ERROR]
    warnings = [one for one in facts.findings if one.severity is Severity.WARNING]
    names = {"prometheus-cut-off": "network policy", "probes": "health endpoints"}
    for rule, title in names.items():
        found = next((one for one in facts.findings if one.rule == rule), None)
        if found is None:
            yield Check(title, Result.OK, "nothing found")
        else:
            yield Check(title, Result.WARNING, f"{found.what}: {found.happens}", found.fix)
    if errors:
        first = errors[0]
        yield Check(
            "manifests",
            Result.FAILED,
            f"{first.place}: {first.what}; {first.happens}",
            first.fix,
            Exit.DEGRADED,
        )
    elif warnings:
        said = f"{len(warnings)} warnings, the first: {warnings[0].what}"
        yield Check("manifests", Result.WARNING, said, "amas-tui lint --live NAME tells all")
    else:
        yield Check("manifests", Result.OK, "lint finds nothing")


_TOLERATED: Final = timedelta(seconds=30)


def _clock(facts: Facts) -> Check:
    offset = facts.clock_offset
    if abs(offset) > _TOLERATED:
        side = "ahead of" if offset > timedelta(0) else "behind"
        said = f"the server's clock is {clock_duration(abs(offset))} {side} this machine's"
        return Check("clock", Result.WARNING, said, "Set the clock; countdowns are corrected")
    return Check("clock", Result.OK, "within seconds of the server's")


def _terminal(facts: Facts) -> Check:
    seen = facts.terminal
    said = ", ".join(f"{name} {value}" for name, value in seen.items() if value)
    if not seen.get("TERM") or seen["TERM"] == "dumb":
        return Check(
            "terminal",
            Result.UNKNOWN,
            said or "there is none",
            "The screens need one with cursor control; every command works without",
        )
    if "utf" not in seen.get("encoding", "").lower():
        return Check("terminal", Result.OK, f"{said}: painted in ASCII")
    return Check("terminal", Result.OK, said)


_IMPORTANCE: Final = (
    Exit.UNREACHABLE,
    Exit.UNAUTHENTICATED,
    Exit.NOT_FOUND,
    Exit.CONTROLLER_SILENT,
    Exit.FORBIDDEN,
    Exit.DEGRADED,
    Exit.ANALYSIS,
    Exit.UNEXPECTED,
)


def exit_code(checks: Iterable[Check]) -> Exit:
    """Return what the command ends with: the class of the gravest failed check."""
    failed = {check.code for check in checks if check.result is Result.FAILED}
    return next((code for code in _IMPORTANCE if code in failed), Exit.OK)


_METRIC: Final = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?=[{\[])")


def metric_names(query: str) -> tuple[str, ...]:
    """Return the metrics that a query selects, each once."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', query)
    return tuple(dict.fromkeys(_METRIC.findall(bare)))
