"""What the controller's own validation refuses in a Rollout: each is InvalidSpec.

Source: pkg/apis/rollouts/validation/validation.go.
"""

from collections.abc import Iterator
from typing import Any, Final

from amas_tui.pipeline.lint.document import (
    Bundle,
    Document,
    Path,
    mapping,
    sequence,
    text,
    whole,
)
from amas_tui.pipeline.lint.finding import INVALID, Fault, Severity, rule
from amas_tui.pipeline.lint.reading import PART

_SOURCE: Final = "pkg/apis/rollouts/validation/validation.go"
CANARY: Final[Path] = ("spec", "strategy", "canary")
BLUE_GREEN: Final[Path] = ("spec", "strategy", "blueGreen")
_ROUTING: Final[Path] = (*CANARY, "trafficRouting")


def is_whole(document: Document) -> bool:
    """Return whether the whole Rollout was given, so that what is missing is missing."""
    return document.at(PART) is None


@rule("selector", "Rollout", source=f"{_SOURCE}:ValidateRolloutSpec")
def selector(document: Document, _: Bundle) -> Iterator[Fault]:
    """The selector must be there, hold something, and fit the pods' labels."""
    if not is_whole(document):
        return
    path: Path = ("spec", "selector")
    found = mapping(document.at(*path))
    if document.at("spec", "workloadRef") is not None:
        return
    if not found:
        yield Fault(
            path, "the Rollout has no selector", INVALID, "Give matchLabels as in the pod template"
        )
        return
    labels = mapping(found.get("matchLabels"))
    if not labels and not sequence(found.get("matchExpressions")):
        yield Fault(path, "the selector is empty", INVALID, "Give matchLabels")
    have = mapping(document.at("spec", "template", "metadata", "labels"))
    for key, value in labels.items():
        if have.get(key) != value:
            yield Fault(
                (*path, "matchLabels", key),
                f"the selector wants {key}={value}, which the pod template has not",
                INVALID,
                "Give the pod template that label",
            )


_NUMBERS: Final = ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")


@rule("numbers", "Rollout", source=f"{_SOURCE}:ValidateRolloutSpec")
def numbers(document: Document, _: Bundle) -> Iterator[Fault]:
    """Counts and seconds may not be negative; the deadline must be beyond minReadySeconds."""
    for name in _NUMBERS:
        value = whole(document.at("spec", name))
        if value is not None and value < 0:
            yield Fault(("spec", name), f"{name} is {value}", INVALID, "Give 0 or more")
    deadline = whole(document.at("spec", "progressDeadlineSeconds"))
    ready = whole(document.at("spec", "minReadySeconds")) or 0
    wanted = 600 if deadline is None else deadline
    if wanted <= ready:
        name = "progressDeadlineSeconds" if deadline is not None else "minReadySeconds"
        yield Fault(
            ("spec", name),
            f"progressDeadlineSeconds ({wanted}) is not above minReadySeconds ({ready})",
            INVALID,
            "Give the deadline more seconds",
        )


@rule("strategy", "Rollout", source=f"{_SOURCE}:ValidateRolloutStrategy")
def strategy(document: Document, _: Bundle) -> Iterator[Fault]:
    """Exactly one of canary and blueGreen."""
    path: Path = ("spec", "strategy")
    given = [one for one in ("canary", "blueGreen") if document.at(*path, one) is not None]
    if not given:
        yield Fault(path, "there is neither canary nor blueGreen", INVALID, "Choose one of the two")
    elif len(given) > 1:
        yield Fault(path, "there are both canary and blueGreen", INVALID, "Keep one of the two")


@rule("blue-green", "Rollout", source=f"{_SOURCE}:ValidateRolloutStrategyBlueGreen")
def blue_green(document: Document, _: Bundle) -> Iterator[Fault]:
    """The active Service must be named and differ from the preview."""
    found = document.at(*BLUE_GREEN)
    if found is None:
        return
    active, preview = (text(mapping(found).get(f"{one}Service")) for one in ("active", "preview"))
    if not active:
        yield Fault(BLUE_GREEN, "activeService is not given", INVALID, "Name the active Service")
    elif active == preview:
        yield Fault(
            (*BLUE_GREEN, "previewService"),
            f"active and preview are both {active}",
            INVALID,
            "Make two Services",
        )
    kept = whole(document.at("spec", "revisionHistoryLimit"))
    limit = whole(mapping(found).get("scaleDownDelayRevisionLimit"))
    if limit is not None and limit > (10 if kept is None else kept):
        yield Fault(
            (*BLUE_GREEN, "scaleDownDelayRevisionLimit"),
            f"scaleDownDelayRevisionLimit ({limit}) is above revisionHistoryLimit",
            INVALID,
            "Lower it, or keep more revisions",
        )


@rule("anti-affinity", "Rollout", source=f"{_SOURCE}:ValidateRolloutStrategyAntiAffinity")
def anti_affinity(document: Document, _: Bundle) -> Iterator[Fault]:
    """Exactly one kind of anti-affinity, its weight from 1 to 100."""
    for base in (CANARY, BLUE_GREEN):
        path = (*base, "antiAffinity")
        found = document.at(*path)
        if found is None:
            continue
        preferred = mapping(found).get("preferredDuringSchedulingIgnoredDuringExecution")
        required = mapping(found).get("requiredDuringSchedulingIgnoredDuringExecution")
        if (preferred is None) == (required is None):
            yield Fault(path, "antiAffinity wants exactly one kind", INVALID, "Keep one of the two")
        weight = whole(mapping(preferred).get("weight")) if preferred is not None else None
        if preferred is not None and not 1 <= (weight or 0) <= _ALL:
            yield Fault(path, f"the weight is {weight}, not 1 to 100", INVALID, "Give 1 to 100")


_ALL: Final = 100
_NEED_SERVICES: Final = ("smi", "apisix", "ambassador", "nginx", "appMesh", "traefik")


def _needs_services(routing: Any, has_ping_pong: bool) -> bool:  # noqa: FBT001 - one fact
    """Source: validation.go:requireCanaryStableServices."""
    found = mapping(routing)
    istio = found.get("istio")
    if any(found.get(one) is not None for one in _NEED_SERVICES):
        return True
    if istio is not None and mapping(istio).get("destinationRule") is None:
        return not has_ping_pong
    return found.get("alb") is not None and not has_ping_pong


@rule("services", "Rollout", source=f"{_SOURCE}:ValidateRolloutStrategyCanary")
def services(document: Document, _: Bundle) -> Iterator[Fault]:
    """Traffic routing wants two different Services."""
    canary = mapping(document.at(*CANARY))
    stable, fresh = text(canary.get("stableService")), text(canary.get("canaryService"))
    if stable and stable == fresh:
        yield Fault(
            (*CANARY, "stableService"),
            f"stable and canary are both {stable}",
            INVALID,
            "Make two Services",
        )
    routing = canary.get("trafficRouting")
    if routing is None or not _needs_services(routing, canary.get("pingPong") is not None):
        return
    for name, value in (("stableService", stable), ("canaryService", fresh)):
        if not value:
            yield Fault(
                _ROUTING, f"traffic routing without {name}", INVALID, f"Name a Service in {name}"
            )


@rule("ping-pong", "Rollout", source=f"{_SOURCE}:ValidateRolloutStrategyCanary")
def ping_pong(document: Document, _: Bundle) -> Iterator[Fault]:
    """Ping-pong wants two different Services and a router that can do it."""
    path = (*CANARY, "pingPong")
    if document.at(*path) is None:
        return
    routing = document.at(*_ROUTING)
    able = ("alb", "istio", "plugins")
    if routing is not None and not any(mapping(routing).get(one) for one in able):
        yield Fault(path, "pingPong works with alb, istio and plugins alone", INVALID, "Remove it")
    ping, pong = (text(document.at(*path, f"{one}Service")) for one in ("ping", "pong"))
    if not ping or not pong or ping == pong:
        yield Fault(path, "pingPong wants two different Services", INVALID, "Name two Services")
    alb = mapping(routing).get("alb")
    if alb is not None and not text(mapping(alb).get("rootService")):
        yield Fault(
            (*_ROUTING, "alb"), "alb with pingPong wants a rootService", INVALID, "Name one"
        )


@rule("surge", "Rollout", source=f"{_SOURCE}:invalidMaxSurgeMaxUnavailable")
def surge(document: Document, _: Bundle) -> Iterator[Fault]:
    """Something must be able to move."""
    canary = mapping(document.at(*CANARY))
    both = (canary.get("maxSurge"), canary.get("maxUnavailable"))
    if all(one is not None and str(one).removesuffix("%") == "0" for one in both):
        yield Fault(
            (*CANARY, "maxSurge"),
            "maxSurge and maxUnavailable are both 0: no pod could be replaced",
            INVALID,
            "Give one of them 25%",
        )


@rule("routing-only", "Rollout", source=f"{_SOURCE}:ValidateRolloutStrategyCanary")
def routing_only(document: Document, _: Bundle) -> Iterator[Fault]:
    """Some fields want traffic routing, and exclude each other."""
    canary = mapping(document.at(*CANARY))
    routing = canary.get("trafficRouting")
    delayed = canary.get("scaleDownDelaySeconds") is not None
    dynamic = canary.get("dynamicStableScale") is True
    if routing is None:
        for name, given in (("scaleDownDelaySeconds", delayed), ("dynamicStableScale", dynamic)):
            if given:
                yield Fault(
                    (*CANARY, name), f"{name} without trafficRouting", INVALID, f"Remove {name}"
                )
        return
    if delayed and dynamic:
        yield Fault(
            (*CANARY, "dynamicStableScale"),
            "dynamicStableScale together with scaleDownDelaySeconds",
            INVALID,
            "Keep one of the two",
        )
    heaviest = mapping(routing).get("maxTrafficWeight")
    if heaviest is not None and not any(mapping(routing).get(one) for one in ("nginx", "plugins")):
        yield Fault(
            (*_ROUTING, "maxTrafficWeight"),
            "maxTrafficWeight works with nginx and plugins alone",
            INVALID,
            "Remove it",
        )


@rule(
    "nginx-ingress",
    "Rollout",
    source="pkg/apis/rollouts/validation/validation_references.go:"
    "ValidateRolloutNginxIngressesConfig",
)
def nginx_ingress(document: Document, _: Bundle) -> Iterator[Fault]:
    """Exactly one of stableIngress and stableIngresses."""
    path = (*_ROUTING, "nginx")
    nginx = document.at(*path)
    if nginx is None:
        return
    one, many = mapping(nginx).get("stableIngress"), mapping(nginx).get("stableIngresses")
    if bool(one) == bool(many):
        words = "both stableIngress and stableIngresses" if one else "no stableIngress"
        yield Fault(path, f"nginx has {words}", INVALID, "Name the Ingress in stableIngress")


@rule("pod-template", "Rollout", source=f"{_SOURCE}:ValidatePodTemplateSpecForReplicaSet")
def pod_template(document: Document, _: Bundle) -> Iterator[Fault]:
    """The pod template must have containers with names and images."""
    if not is_whole(document) or document.at("spec", "workloadRef") is not None:
        return
    path: Path = ("spec", "template", "spec", "containers")
    if not sequence(document.at(*path)):
        yield Fault(path, "the pod template has no containers", INVALID, "Give one")
    seen: set[str] = set()
    for at, container in document.items(*path):
        name, image = text(mapping(container).get("name")), mapping(container).get("image")
        if not name or name in seen:
            words = f"two containers are called {name}" if name else "a container has no name"
            yield Fault(at, words, INVALID, "Give each a name of its own")
        if not image:
            yield Fault(at, f"container {name or '?'} has no image", INVALID, "Give its image")
        seen.add(name)


@rule("workload-ref", "Rollout", source=f"{_SOURCE}:ValidateRolloutSpec")
def workload_ref(document: Document, _: Bundle) -> Iterator[Fault]:
    """A workloadRef takes the template from elsewhere."""
    if document.at("spec", "workloadRef") is None:
        return
    metadata = mapping(document.at("spec", "template", "metadata"))
    if metadata.get("labels") or metadata.get("annotations"):
        yield Fault(
            ("spec", "template"),
            "both a template and a workloadRef",
            "the template is not used: the pods come from the referenced workload",
            "Remove the template",
            Severity.WARNING,
        )
