"""Rollouts and templates with one fault each, for the linter and for the real controller."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

Json = dict[str, Any]
SERVICES: Final = ("front-stable", "front-canary", "odd")
INGRESSES: Final = {"front": "front-stable", "elsewhere": "other"}
GOOD: Final = "len(result) > 0 && !isNaN(result[0]) && result[0] > 0"


@dataclass(frozen=True)
class Broken:
    """One fault.

    Attributes:
        change: Puts it into a Rollout's spec.
        base: Which Rollout: `plain`, `routed` or `blue`.
        rule: The rule that finds it; empty for a Rollout without a fault.
        template: Spec of an AnalysisTemplate that the Rollout's first step names.
        is_found_by_run: The Rollout is valid; the run that the step makes ends in Error.
    """

    id: str
    rule: str
    change: Callable[[Json], None] = lambda _: None
    base: str = "plain"
    template: Mapping[str, Any] = field(default_factory=dict)
    is_found_by_run: bool = False


def rollout(namespace: str, case: Broken) -> Json:
    """Return the Rollout of a case; it runs no pods."""
    labels = {"app": "front"}
    container = {"name": "front", "image": "ghcr.io/example/front:v1.0.0"}
    probe = {"httpGet": {"path": "/health/ready", "port": 8000}}
    pod = {
        "containers": [container | {"readinessProbe": probe}],
        "securityContext": {"runAsNonRoot": True},
    }
    spec: Json = {
        "replicas": 0,
        "rollbackWindow": {"revisions": 3},
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": dict(labels)}, "spec": pod},
        "strategy": deepcopy(_STRATEGIES[case.base]),
    }
    if case.template:
        analysis = {"analysis": {"templates": [{"templateName": case.id}]}}
        spec["strategy"]["canary"]["steps"].insert(0, analysis)
    case.change(spec)
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": case.id, "namespace": namespace},
        "spec": spec,
    }


def template(namespace: str, case: Broken) -> Json:
    """Return the AnalysisTemplate of a case."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": case.id, "namespace": namespace},
        "spec": dict(case.template),
    }


def run(namespace: str, case: Broken) -> Json:
    """Return the AnalysisRun that the step of a case makes."""
    made = rollout(namespace, case)
    analysis = made["spec"]["strategy"]["canary"]["steps"][0]["analysis"]
    rules = {key: analysis[key] for key in ("dryRun",) if key in analysis}
    return template(namespace, case) | {"kind": "AnalysisRun", "spec": {**case.template, **rules}}


def surroundings(namespace: str) -> list[Json]:
    """Return the Services and Ingresses that the cases name."""

    def backend(service: str) -> Json:
        return {"service": {"name": service, "port": {"number": 80}}}

    services = [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "selector": {"app": "odd" if name == "odd" else "front"},
                "ports": [{"port": 80}],
            },
        }
        for name in SERVICES
    ]
    ingresses = [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "ingressClassName": "nginx",
                "rules": [
                    {
                        "host": f"{name}.test",
                        "http": {
                            "paths": [
                                {"path": "/", "pathType": "Prefix", "backend": backend(service)}
                            ]
                        },
                    }
                ],
            },
        }
        for name, service in INGRESSES.items()
    ]
    return [*services, *ingresses]


_STRATEGIES: Final[dict[str, Json]] = {
    "plain": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}},
    "routed": {
        "canary": {
            "stableService": "front-stable",
            "canaryService": "front-canary",
            "trafficRouting": {"nginx": {"stableIngress": "front"}},
            "steps": [{"setWeight": 50}, {"pause": {}}],
        }
    },
    "blue": {"blueGreen": {"activeService": "front-stable", "previewService": "front-canary"}},
}


def _set(path: str, value: Any) -> Callable[[Json], None]:
    """Return a change that puts a value at a dotted path; `None` takes it out."""

    def change(spec: Json) -> None:
        *parents, last = path.split(".")
        at: Any = spec
        for name in parents:
            at = at[int(name)] if name.isdecimal() else at.setdefault(name, {})
        if value is None:
            del at[last]
        elif last.isdecimal():
            at[int(last)] = value
        else:
            at[last] = value

    return change


def _canary(name: str, value: Any) -> Callable[[Json], None]:
    return _set(f"strategy.canary.{name}", value)


def _step(step: Json) -> Callable[[Json], None]:
    return _set("strategy.canary.steps.0", step)


_PROMETHEUS: Final = {"prometheus": {"address": "http://p:9090", "query": 'q{h="{{args.hash}}"}'}}
HASH: Final = [{"name": "hash", "value": "x"}]


def metric(**changes: Any) -> Json:
    """Return a metric without a fault, with changes; `None` takes a field out."""
    whole = {
        "name": "m",
        "count": 1,
        "interval": "1s",
        "successCondition": GOOD,
        "failureCondition": f"{GOOD} && false",
        "provider": _PROMETHEUS,
    }
    return {key: value for key, value in (whole | changes).items() if value is not None}


def _spec(*metrics: Json, **more: Any) -> Json:
    return {"args": HASH, "metrics": list(metrics), **more}


_SPREAD: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_APART: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_ARGUMENT: Final = {"name": "a", "valueFrom": {"fieldRef": {"fieldPath": "metadata.owner"}}}

CASES: Final[tuple[Broken, ...]] = (
    Broken("plain", ""),
    Broken("integer-pause", "", _step({"pause": {"duration": "5"}})),
    Broken("good-template", "", template=_spec(metric())),
    Broken("once", "", template=_spec(metric(count=None, interval=None))),
    Broken("selector-missing", "selector", _set("selector", None)),
    Broken("selector-empty", "selector", _set("selector", {})),
    Broken("selector-mismatch", "selector", _set("selector.matchLabels.app", "other")),
    Broken("ready-negative", "numbers", _set("minReadySeconds", -1)),
    Broken("history-negative", "numbers", _set("revisionHistoryLimit", -1)),
    Broken("deadline-low", "numbers", _set("minReadySeconds", 600)),
    Broken("strategy-missing", "strategy", _set("strategy", {})),
    Broken(
        "strategy-twice", "strategy", _set("strategy.blueGreen", {"activeService": "front-stable"})
    ),
    Broken(
        "same-blue-green",
        "blue-green",
        _set("strategy.blueGreen.previewService", "front-stable"),
        "blue",
    ),
    Broken(
        "down-limit",
        "blue-green",
        _set("strategy.blueGreen.scaleDownDelayRevisionLimit", 11),
        "blue",
    ),
    Broken(
        "affinity-twice",
        "anti-affinity",
        _canary("antiAffinity", {_SPREAD: {"weight": 1}, _APART: {}}),
    ),
    Broken("affinity-weight", "anti-affinity", _canary("antiAffinity", {_SPREAD: {"weight": 0}})),
    Broken(
        "no-surge",
        "surge",
        lambda spec: spec["strategy"]["canary"].update(maxSurge=0, maxUnavailable="0%"),
    ),
    Broken("same-services", "services", _canary("canaryService", "front-stable"), "routed"),
    Broken("no-canary-service", "services", _canary("canaryService", None), "routed"),
    Broken("delay-unrouted", "routing-only", _canary("scaleDownDelaySeconds", 30)),
    Broken("dynamic-unrouted", "routing-only", _canary("dynamicStableScale", value=True)),
    Broken(
        "dynamic-delayed",
        "routing-only",
        lambda spec: spec["strategy"]["canary"].update(
            dynamicStableScale=True, scaleDownDelaySeconds=30
        ),
        "routed",
    ),
    Broken(
        "weight-of-alb",
        "routing-only",
        _canary(
            "trafficRouting",
            {"maxTrafficWeight": 1000, "alb": {"ingress": "front", "servicePort": 80}},
        ),
        "routed",
    ),
    Broken(
        "ping-pong-nginx",
        "ping-pong",
        _canary("pingPong", {"pingService": "a", "pongService": "b"}),
        "routed",
    ),
    Broken("two-kinds", "one-kind", _step({"setWeight": 10, "pause": {}})),
    Broken(
        "three-kinds",
        "one-kind",
        _step({"setWeight": 10, "pause": {"duration": "1m"}, "analysis": {"templates": []}}),
    ),
    Broken("no-kind", "one-kind", _step({})),
    Broken("weight-101", "weight", _step({"setWeight": 101})),
    Broken("weight-negative", "weight", _step({"setWeight": -1})),
    Broken("pause-days", "pause", _step({"pause": {"duration": "1d"}})),
    Broken("pause-negative", "pause", _step({"pause": {"duration": -5}})),
    Broken("scale-unrouted", "scale-and-routes", _step({"setCanaryScale": {"replicas": 1}})),
    Broken(
        "header-nginx",
        "scale-and-routes",
        _step({"setHeaderRoute": {"name": "r", "match": []}}),
        "routed",
    ),
    Broken("mirror-nginx", "scale-and-routes", _step({"setMirrorRoute": {"name": "r"}}), "routed"),
    Broken(
        "experiment-weight",
        "experiment-weight",
        _step(
            {
                "experiment": {
                    "templates": [{"name": "a", "specRef": "canary", "weight": 5}],
                    "duration": "1s",
                }
            }
        ),
    ),
    Broken(
        "field-ref",
        "field-ref",
        lambda spec: spec["strategy"]["canary"]["steps"][0]["analysis"].update(args=[_ARGUMENT]),
        template=_spec(metric(), args=[*HASH, {"name": "a"}]),
    ),
    Broken("no-ingress", "nginx-ingress", _canary("trafficRouting.nginx", {}), "routed"),
    Broken(
        "two-ingresses",
        "nginx-ingress",
        _canary("trafficRouting.nginx.stableIngresses", ["front"]),
        "routed",
    ),
    Broken("service-absent", "service-exists", _canary("stableService", "absent")),
    Broken("service-odd", "service-exists", _canary("stableService", "odd")),
    Broken(
        "ingress-absent",
        "ingress-exists",
        _canary("trafficRouting.nginx.stableIngress", "absent"),
        "routed",
    ),
    Broken(
        "ingress-elsewhere",
        "ingress-exists",
        _canary("trafficRouting.nginx.stableIngress", "elsewhere"),
        "routed",
    ),
    Broken(
        "template-absent",
        "template-exists",
        _step({"analysis": {"templates": [{"templateName": "absent"}]}}),
    ),
    Broken(
        "argument-absent",
        "template-arguments",
        template=_spec(metric(), args=[*HASH, {"name": "other"}]),
    ),
    Broken("for-ever", "runs-for-ever", template=_spec(metric(count=None))),
    Broken("no-metrics", "metrics", template=_spec(), is_found_by_run=True),
    Broken("twins", "metrics", template=_spec(metric(), metric())),
    Broken("no-provider", "metrics", template=_spec(metric(provider={})), is_found_by_run=True),
    Broken(
        "two-providers",
        "metrics",
        template=_spec(metric(provider={**_PROMETHEUS, "web": {"url": "http://x"}})),
        is_found_by_run=True,
    ),
    Broken(
        "count-low", "limits", template=_spec(metric(count=1, failureLimit=2)), is_found_by_run=True
    ),
    Broken(
        "undecided-high",
        "limits",
        template=_spec(metric(count=1, inconclusiveLimit=2)),
        is_found_by_run=True,
    ),
    Broken(
        "no-interval",
        "limits",
        template=_spec(metric(count=2, interval=None)),
        is_found_by_run=True,
    ),
    Broken("never-ends", "limits", template=_spec(metric(failureLimit=-1)), is_found_by_run=True),
    Broken(
        "interval-days", "durations", template=_spec(metric(interval="1d")), is_found_by_run=True
    ),
    Broken(
        "delay-bad", "durations", template=_spec(metric(initialDelay="soon")), is_found_by_run=True
    ),
    Broken(
        "no-containers",
        "pod-template",
        _set("template.spec.containers", []),
    ),
    Broken("no-image", "pod-template", _set("template.spec.containers.0.image", "")),
    Broken(
        "containers-twice",
        "pod-template",
        lambda spec: spec["template"]["spec"]["containers"].append(
            spec["template"]["spec"]["containers"][0]
        ),
    ),
    Broken(
        "dry-run-none",
        "dry-run",
        lambda spec: spec["strategy"]["canary"]["steps"][0]["analysis"].update(
            dryRun=[{"metricName": "other"}]
        ),
        template=_spec(metric()),
        is_found_by_run=True,
    ),
)
