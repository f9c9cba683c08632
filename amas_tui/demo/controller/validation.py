"""What makes a Rollout invalid: the first fault, in the controller's words.

Source: pkg/apis/rollouts/validation/validation.go and validation_references.go.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from amas_tui.demo.controller import spec, steps, templates, traffic
from amas_tui.demo.controller.objects import (
    HASH_LABEL,
    MANAGED_BY,
    annotations_of,
    matches,
    name_of,
    namespace_of,
)
from amas_tui.demo.resources import INGRESSES, SERVICES
from amas_tui.demo.store import Json, Store

_STRATEGY: Final = "spec.strategy"
_STEP_MESSAGE: Final = (
    "Step must have one of the following set:"
    " experiment, setWeight, setCanaryScale, plugin or pause"
)
_SINGLE: Final = ("experiment", "pause", "setWeight", "analysis")
_KINDS: Final = (*_SINGLE, "setCanaryScale", "setHeaderRoute", "setMirrorRoute", "plugin")


def fault(store: Store, rollout: Json, template: Json, selector: Json | None) -> str:
    """Return what is wrong first, empty where nothing is."""
    faults = _faults(store, rollout, template, selector)
    return next(faults, "")


def _faults(store: Store, rollout: Json, template: Json, selector: Json | None) -> Iterator[str]:
    yield from _spec(rollout, template, selector)
    yield from _missing_services(store, rollout)
    yield from _missing_templates(store, rollout)
    yield from _missing_ingresses(store, rollout)
    yield from _wrong_services(store, rollout, template)
    yield from _wrong_templates(store, rollout)
    yield from _wrong_ingresses(store, rollout)


def invalid(path: str, value: Any, message: str) -> str:
    """Return the text of `field.Invalid`."""
    return f"{path}: Invalid value: {_text(value)}: {message}"


def required(path: str, message: str) -> str:
    """Return the text of `field.Required`."""
    return f"{path}: Required value: {message}"


def _text(value: Any) -> str:
    if value is None:
        return "null"
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _spec(rollout: Json, template: Json, selector: Json | None) -> Iterator[str]:
    least = "must be greater than or equal to 0"
    if (replicas := spec.replicas(rollout)) < 0:
        yield invalid("spec.replicas", replicas, least)
    if rollout["spec"].get("workloadRef") is None:
        yield from _selector(selector)
    yield from _template(template, selector or {})
    ready = int(rollout["spec"].get("minReadySeconds", 0))
    deadline = spec.deadline_seconds(rollout)
    numbers = {
        "minReadySeconds": ready,
        "revisionHistoryLimit": spec.history_limit(rollout),
        "progressDeadlineSeconds": deadline,
    }
    for name, number in numbers.items():
        if number < 0:
            yield invalid(f"spec.{name}", number, least)
    if deadline <= ready:
        path = "spec.progressDeadlineSeconds"
        yield invalid(path, deadline, "must be greater than minReadySeconds")
    yield from _strategy(rollout)


def _selector(selector: Json | None) -> Iterator[str]:
    if selector is None:
        yield required("spec.selector", "Rollout has missing field '.spec.selector'")
    elif not (selector.get("matchLabels") or selector.get("matchExpressions")):
        yield invalid("spec.selector", {}, "empty selector is invalid for deployment")


def _template(template: Json, selector: Json) -> Iterator[str]:
    """Source: k8s.io/kubernetes/pkg/apis/apps/validation:ValidatePodTemplateSpecForReplicaSet."""
    labels = (template.get("metadata") or {}).get("labels") or {}
    is_given = selector.get("matchLabels") or selector.get("matchExpressions")
    if is_given and not matches(selector, labels):
        path = "spec.template.metadata.labels"
        yield invalid(path, labels, "`selector` does not match template `labels`")
    if not (template.get("spec") or {}).get("containers"):
        yield "spec.template.spec.containers: Required value"


def _strategy(rollout: Json) -> Iterator[str]:
    path = f"{_STRATEGY}.strategy"
    canary, blue_green = spec.canary_of(rollout), spec.blue_green_of(rollout)
    if canary is None and blue_green is None:
        names = ".spec.strategy.canary or .spec.strategy.blueGreen"
        yield required(path, f"Rollout has missing field '{names}'")
    elif canary is not None and blue_green is not None:
        yield invalid(path, "blueGreen: true canary: true", "Multiple Strategies can not be listed")
    elif blue_green is not None:
        yield from _blue_green(rollout, blue_green)
    elif canary is not None:
        yield from _canary(rollout, canary)


def _same_service(which: str) -> str:
    return (
        f"This rollout uses the same service for the {which} services,"
        " but two different services are required."
    )


def _blue_green(rollout: Json, strategy: Json) -> Iterator[str]:
    active = strategy.get("activeService", "")
    if active == strategy.get("previewService", ""):
        yield invalid(f"{_STRATEGY}.activeService", active, _same_service("active and preview"))
    limit = strategy.get("scaleDownDelayRevisionLimit")
    if limit is not None and spec.history_limit(rollout) < limit:
        yield invalid(
            f"{_STRATEGY}.scaleDownDelayRevisionLimit",
            limit,
            "This rollout's revision history limit can not be smaller than"
            " the rollout's scale down limit",
        )


def _canary(rollout: Json, strategy: Json) -> Iterator[str]:
    surge, missing = strategy.get("maxSurge", "25"), strategy.get("maxUnavailable", "25")
    if _number(surge) == 0 and _number(missing) == 0:
        text = "MaxSurge and MaxUnavailable both can not be zero"
        yield invalid(f"{_STRATEGY}.maxSurge", surge, text)
    stable, canary = strategy.get("stableService", ""), strategy.get("canaryService", "")
    if canary and canary == stable:
        yield invalid(f"{_STRATEGY}.stableService", stable, _same_service("stable and canary"))
    routing = spec.routing_of(rollout)
    if routing is not None and routing.get("nginx") is not None:
        text = "Canary service and Stable service must to be set to use Traffic Routing"
        for name, value in (("stableService", stable), ("canaryService", canary)):
            if not value:
                yield invalid(f"{_STRATEGY}.{name}", value, text)
    yield from _routing(strategy, routing)
    for index, step in enumerate(spec.steps_of(rollout)):
        yield from _step(rollout, step, f"{_STRATEGY}.steps[{index}]")


def _number(value: int | str) -> int:
    text = str(value).removesuffix("%")
    return int(text) if text.lstrip("-").isdecimal() else 0


def _routing(strategy: Json, routing: Json | None) -> Iterator[str]:
    delay, is_dynamic = strategy.get("scaleDownDelaySeconds"), strategy.get("dynamicStableScale")
    only = "can only be used with traffic routing"
    if routing is None and delay is not None:
        path = f"{_STRATEGY}.scaleDownDelaySeconds"
        yield invalid(path, delay, f"Canary scaleDownDelaySeconds {only}")
    path = f"{_STRATEGY}.dynamicStableScale"
    if routing is None and is_dynamic:
        yield invalid(path, value=True, message=f"Canary dynamicStableScale {only}")
    if routing is not None and delay is not None and is_dynamic:
        text = "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds"
        yield invalid(path, value=True, message=text)


def _step(rollout: Json, step: Json, path: str) -> Iterator[str]:
    given = [kind for kind in _SINGLE if steps.has(step, kind)]
    if len(given) > 1:
        yield invalid(path, _kinds_text(_SINGLE, step, is_given=True), _STEP_MESSAGE)
    if not any(steps.has(step, kind) for kind in _KINDS):
        yield invalid(path, _kinds_text(_KINDS, step, is_given=False), _STEP_MESSAGE)
    most = spec.max_weight(rollout)
    weight = step.get("setWeight")
    if weight is not None and not 0 <= weight <= most:
        text = f"SetWeight needs to be between 0 and {most}"
        yield invalid(f"{path}.setWeight", weight, text)
    duration = (step.get("pause") or {}).get("duration", 0)
    if (seconds := spec.seconds(duration)) < 0:
        text = "Duration needs to be greater than 0"
        yield invalid(f"{path}.pause.duration", seconds, text)
    if steps.has(step, "setCanaryScale") and not spec.is_routed(rollout):
        text = "SetCanaryScale requires TrafficRouting to be set"
        yield required(f"{_STRATEGY}.trafficRouting", text)


def _kinds_text(kinds: tuple[str, ...], step: Json, *, is_given: bool) -> str:
    """Return the list of kinds that the message quotes: given ones, or missing ones, are true."""
    flags = ((kind, steps.has(step, kind) is is_given) for kind in kinds)
    return " ".join(
        f"step.{kind[0].upper()}{kind[1:]}: {str(flag).lower()}" for kind, flag in flags
    )


def _services(rollout: Json) -> list[tuple[str, str]]:
    """Return the Services that the spec names, with the paths of their fields."""
    for name, fields in (
        ("blueGreen", ("activeService", "previewService")),
        ("canary", ("stableService", "canaryService")),
    ):
        strategy = (rollout["spec"].get("strategy") or {}).get(name)
        if strategy is not None:
            found = ((f"{_STRATEGY}.{name}.{field}", strategy.get(field)) for field in fields)
            return [(path, service) for path, service in found if service]
    return []


def service_names(rollout: Json) -> set[str]:
    """Return the names of the Services that the Rollout refers to."""
    return {service for _, service in _services(rollout)}


def _missing_services(store: Store, rollout: Json) -> Iterator[str]:
    for path, name in _services(rollout):
        if store.find(SERVICES, namespace_of(rollout), name) is None:
            yield invalid(path, name, f'service "{name}" not found')


def _wrong_services(store: Store, rollout: Json, template: Json) -> Iterator[str]:
    labels = (template.get("metadata") or {}).get("labels") or {}
    for path, name in _services(rollout):
        service = store.get(SERVICES, namespace_of(rollout), name)
        for key, value in (service["spec"].get("selector") or {}).items():
            if key != HASH_LABEL and labels.get(key) != value:
                text = f'Service "{name}" has unmatch label "{key}" in rollout'
                yield invalid(path, name, text)
        if annotations_of(service).get(MANAGED_BY, name_of(rollout)) != name_of(rollout):
            yield invalid(path, name, f'Service "{name}" is managed by another Rollout')


def _analyses(rollout: Json) -> Iterator[tuple[str, Json, bool]]:
    """Yield the path of each analysis' templates, the analysis, and whether it may last."""
    if (blue_green := spec.blue_green_of(rollout)) is not None:
        for field in ("prePromotionAnalysis", "postPromotionAnalysis"):
            if blue_green.get(field) is not None:
                yield f"{_STRATEGY}.blueGreen.{field}.templates", blue_green[field], False
        return
    for index, step in enumerate(spec.steps_of(rollout)):
        if steps.has(step, "analysis"):
            path = f"{_STRATEGY}.canary.steps[{index}].analysis.templates"
            yield path, step["analysis"], False
    background = (spec.canary_of(rollout) or {}).get("analysis")
    if background is not None:
        yield f"{_STRATEGY}.canary.analysis.templates", background, True


def _missing_templates(store: Store, rollout: Json) -> Iterator[str]:
    for path, analysis, _ in _analyses(rollout):
        try:
            templates.find(store, namespace_of(rollout), analysis.get("templates") or ())
        except templates.MissingTemplateError as error:
            yield invalid(path, error.name, str(error))


def _wrong_templates(store: Store, rollout: Json) -> Iterator[str]:
    for path, analysis, may_last in _analyses(rollout):
        found = templates.find(store, namespace_of(rollout), analysis.get("templates") or ())
        try:
            args = templates.built_args(
                analysis.get("args") or (), "dummy-stable-hash", "dummy-new-hash", rollout
            )
            templates.run_spec(found, args, {})
        except templates.TemplateError as error:
            names = " ".join(map(name_of, found))
            yield invalid(path, f"templateNames: [{names}]", str(error))
            return
        if not may_last:
            for template in found:
                yield from _endless(template, path)


def _endless(template: Json, path: str) -> Iterator[str]:
    """Yield the metrics that would measure for ever, where a step waits for their end."""
    name, args = name_of(template), template["spec"].get("args") or ()
    for metric in template["spec"].get("metrics") or ():
        if tag := templates.unresolved(json.dumps(metric, ensure_ascii=False), args):
            text = f"AnalysisTemplate {name}: failed to resolve {{{{{tag}}}}}"
            yield invalid(path, name, text)
        count = metric.get("count")
        if metric.get("interval") and (count is None or _number(count) == 0):
            shown = "<nil>" if count is None else count
            text = f"AnalysisTemplate {name} has metric {metric['name']} which runs indefinitely."
            yield invalid(path, name, f"{text} Invalid value for count: {shown}")


def _nginx(rollout: Json) -> Json | None:
    nginx: Json | None = (spec.routing_of(rollout) or {}).get("nginx")
    return nginx


def _missing_ingresses(store: Store, rollout: Json) -> Iterator[str]:
    nginx = _nginx(rollout)
    if nginx is None:
        return
    path = f"{_STRATEGY}.canary.trafficRouting.nginx"
    given = [name for name in ("stableIngress", "stableIngresses") if nginx.get(name)]
    if len(given) != 1:
        which = "Both are" if given else "Neither are"
        text = f"Either StableIngress or StableIngresses must be configured. {which} configured."
        yield f"{path}: Internal error: {text}"
    for name in traffic.stable_ingresses(rollout):
        if store.find(INGRESSES, namespace_of(rollout), name) is None:
            text = f'ingress.networking.k8s.io "{name}" not found'
            yield invalid(f"{path}.{given[0]}", nginx[given[0]], text)


def _wrong_ingresses(store: Store, rollout: Json) -> Iterator[str]:
    nginx = _nginx(rollout)
    if nginx is None:
        return
    service = (spec.canary_of(rollout) or {}).get("stableService", "")
    field = "stableIngresses" if nginx.get("stableIngresses") else "stableIngress"
    path = f"{_STRATEGY}.canary.trafficRouting.nginx.{field}"
    for name in traffic.stable_ingresses(rollout):
        if not traffic.has_rule(store.get(INGRESSES, namespace_of(rollout), name), service):
            text = f"ingress `{name}` has no rules using service {service} backend"
            yield invalid(path, name, text)
