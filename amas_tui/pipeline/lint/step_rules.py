"""The steps of a canary.

Source: pkg/apis/rollouts/validation/validation.go:ValidateRolloutStrategyCanary.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from amas_tui.pipeline.lint.document import (
    Bundle,
    Document,
    Path,
    mapping,
    sequence,
    text,
    whole,
    words,
)
from amas_tui.pipeline.lint.finding import INVALID, PRUNED, Fault, Severity, rule
from amas_tui.pipeline.lint.spec_rules import CANARY
from amas_tui.rules.duration import clock_duration, go_duration, pause_duration

_SOURCE: Final = "pkg/apis/rollouts/validation/validation.go"
STEPS: Final[Path] = (*CANARY, "steps")
KINDS: Final = (
    "setWeight",
    "pause",
    "analysis",
    "experiment",
    "setCanaryScale",
    "setHeaderRoute",
    "setMirrorRoute",
    "plugin",
)
_EXCLUSIVE: Final = ("setWeight", "pause", "experiment", "analysis")
_ALL: Final = 100


def steps(document: Document) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield each step with its path."""
    for path, step in document.items(*STEPS):
        yield path, mapping(step)


def kinds(step: Mapping[str, Any]) -> list[str]:
    """Return the kinds that a step has."""
    return [kind for kind in KINDS if step.get(kind) is not None]


def number(path: Path) -> str:
    """Return a step as people count them, e.g. `step 3`."""
    return f"step {int(path[len(STEPS)]) + 1}"


@rule("one-kind", "Rollout", source=f"{_SOURCE}:hasMultipleStepsType")
def one_kind(document: Document, _: Bundle) -> Iterator[Fault]:
    """A step is one thing: several keys are refused, or done in an order nobody wrote."""
    for path, step in steps(document):
        found = kinds(step)
        if not found:
            said = ", ".join(step) or "nothing"
            yield Fault(path, f"{number(path)} has no kind, but {said}", INVALID, "Give it one")
        elif len([kind for kind in found if kind in _EXCLUSIVE]) > 1:
            yield Fault(
                path,
                f"{number(path)} is {' and '.join(found)} at once",
                INVALID,
                f"Write {len(found)} steps, each with its own dash",
            )
        elif len(found) > 1:
            yield Fault(
                path,
                f"{number(path)} is {' and '.join(found)} at once",
                "it passes validation, but ends with the first of them",
                f"Write {len(found)} steps",
                Severity.WARNING,
            )


def max_weight(document: Document) -> int:
    """Return the weight that stands for all traffic."""
    return whole(document.at(*CANARY, "trafficRouting", "maxTrafficWeight")) or _ALL


@rule("weight", "Rollout", source=f"{_SOURCE}:InvalidSetWeightMessage")
def weight(document: Document, _: Bundle) -> Iterator[Fault]:
    """Weights are parts of the whole, and rise."""
    most, before = max_weight(document), -1
    for path, step in steps(document):
        value = whole(step.get("setWeight"))
        if value is None:
            continue
        at = (*path, "setWeight")
        if not 0 <= value <= most:
            yield Fault(at, f"the weight is {value}", INVALID, f"Give 0 to {most}")
        elif value < before:
            yield Fault(
                at,
                f"the weight falls from {before} to {value}",
                "the new version loses traffic in the middle of its update",
                "Let the weights rise",
                Severity.WARNING,
            )
        before = value


@rule("pause", "Rollout", source=f"{_SOURCE}:InvalidDurationMessage")
def pause(document: Document, _: Bundle) -> Iterator[Fault]:
    """A pause counts seconds or is a Go duration."""
    for path, step in steps(document):
        duration = mapping(step.get("pause")).get("duration")
        if duration is None:
            continue
        length = pause_duration(duration) if isinstance(duration, int | str) else None
        if length is None or length < timedelta(0):
            yield Fault(
                (*path, "pause", "duration"),
                f"{duration!r} is not a length of time",
                INVALID,
                "Write seconds, or e.g. 90s, 5m, 1h30m; days have no unit",
            )


@rule("scale-and-routes", "Rollout", source=f"{_SOURCE}:ValidateRolloutStrategyCanary")
def scale_and_routes(document: Document, _: Bundle) -> Iterator[Fault]:
    """Some kinds of step want a router that can do them, and named routes."""
    routing = document.at(*CANARY, "trafficRouting")
    routes = {
        text(mapping(one).get("name")) for one in sequence(mapping(routing).get("managedRoutes"))
    }
    able = {
        "setHeaderRoute": ("istio", "alb", "apisix", "plugins"),
        "setMirrorRoute": ("istio", "plugins"),
    }
    for path, step in steps(document):
        if step.get("setCanaryScale") is not None and routing is None:
            at = (*path, "setCanaryScale")
            yield Fault(at, "setCanaryScale without trafficRouting", INVALID, "Remove the step")
        for kind, routers in able.items():
            if step.get(kind) is None:
                continue
            at, name = (*path, kind), text(mapping(step[kind]).get("name"))
            if not any(mapping(routing).get(one) for one in routers):
                said = f"{kind} works with {', '.join(routers)} alone"
                yield Fault(at, said, INVALID, "Remove the step")
            elif name not in routes:
                said = f"the route {name!r} is not in trafficRouting.managedRoutes"
                yield Fault((*at, "name"), said, INVALID, "Add it to managedRoutes")
            yield from _matches(at, mapping(step[kind]), kind, routing)


def _matches(path: Path, route: Mapping[str, Any], kind: str, routing: Any) -> Iterator[Fault]:
    """Source: validation.go:hasMultipleMatchValues, hasALBInvalidValues."""
    for index, one in enumerate(sequence(route.get("match"))):
        fields = ("headerValue",) if kind == "setHeaderRoute" else ("method", "path")
        for name in fields:
            value = mapping(one).get(name)
            if value is None and kind == "setMirrorRoute":
                continue
            given = [key for key in ("exact", "regex", "prefix") if mapping(value).get(key)]
            only_exact = mapping(routing).get("alb") is not None and kind == "setHeaderRoute"
            if len(given) != 1 or (only_exact and given != ["exact"]):
                wanted = "exact" if only_exact else "one of exact, regex, prefix"
                at = (*path, "match", index, name)
                yield Fault(at, f"{name} wants {wanted}", INVALID, "Give exactly one")


@rule("experiment-weight", "Rollout", source=f"{_SOURCE}:ValidateRolloutStrategyCanary")
def experiment_weight(document: Document, _: Bundle) -> Iterator[Fault]:
    """Weighted experiments want a router that can split more than two ways."""
    routing = mapping(document.at(*CANARY, "trafficRouting"))
    for path, step in steps(document):
        for index, one in enumerate(sequence(mapping(step.get("experiment")).get("templates"))):
            if mapping(one).get("weight") is not None and not any(
                routing.get(router) for router in ("alb", "smi", "istio", "plugins")
            ):
                yield Fault(
                    (*path, "experiment", "templates", index, "weight"),
                    "an experiment's weight works with smi, alb, istio and plugins alone",
                    INVALID,
                    "Remove the weight",
                )


_PLAIN_FIELDS: Final = ("metadata.name", "metadata.namespace", "metadata.uid")


@rule("field-ref", "Rollout", source=f"{_SOURCE}:InvalidAnalysisArgsMessage")
def field_ref(document: Document, _: Bundle) -> Iterator[Fault]:
    """Of metadata only what the downward API knows can be an argument."""
    for path, step in steps(document):
        for index, one in enumerate(sequence(mapping(step.get("analysis")).get("args"))):
            field = mapping(mapping(mapping(one).get("valueFrom")).get("fieldRef"))
            where = text(field.get("fieldPath"))
            subscripted = where.startswith(("metadata.labels[", "metadata.annotations["))
            plain = where in (*_PLAIN_FIELDS, "metadata.labels", "metadata.annotations")
            if where.startswith("metadata") and not subscripted and not plain:
                yield Fault(
                    (*path, "analysis", "args", index, "valueFrom", "fieldRef", "fieldPath"),
                    f"{where} cannot be an argument",
                    INVALID,
                    "Use metadata.name, .namespace, .uid, .labels['x'] or .annotations['x']",
                )


def planned(document: Document, lengths: Mapping[str, timedelta]) -> timedelta | None:
    """Return how long the steps take, `None` where a pause waits for a human.

    Args:
        document: A Rollout.
        lengths: Of each AnalysisTemplate's run.
    """
    total = timedelta(0)
    for _, step in steps(document):
        if step.get("pause") is not None:
            length = pause_duration(mapping(step["pause"]).get("duration"))
            if length is None:
                return None
            total += max(length, timedelta(0))
        names = template_names(step.get("analysis"))
        total += max((lengths.get(name, timedelta(0)) for name in names), default=timedelta(0))
    return total


def template_names(analysis: Any) -> list[str]:
    """Return the templates that an analysis names."""
    listed = sequence(mapping(analysis).get("templates"))
    return [text(mapping(one).get("templateName")) for one in listed]


def run_length(template: Document) -> timedelta | None:
    """Return how long a run of a template takes when all goes well, `None` for ever."""
    longest = timedelta(0)
    for _, metric in template.items("spec", "metrics"):
        count = whole(mapping(metric).get("count"))
        interval = go_duration(text(mapping(metric).get("interval")))
        delay = go_duration(text(mapping(metric).get("initialDelay"))) or timedelta(0)
        if not count and interval is not None:
            return None
        enough = whole(mapping(metric).get("consecutiveSuccessLimit")) or count or 1
        longest = max(longest, delay + (enough - 1) * (interval or timedelta(0)))
    return longest


@rule("unwatched-steps", "Rollout", source="docs/features/canary.md")
def unwatched_steps(document: Document, _: Bundle) -> Iterator[Fault]:
    """A weight that is followed by the next one at once tests nothing."""
    if document.at(*CANARY, "analysis") is not None:
        return
    run: list[tuple[Path, int]] = []
    listed = list(steps(document))
    for position, (path, step) in enumerate(listed):
        value = whole(step.get("setWeight"))
        following = kinds(listed[position + 1][1]) if position + 1 < len(listed) else []
        if value is not None and kinds(step) == ["setWeight"] and following == ["setWeight"]:
            run.append((path, value))
    if run:
        weights = ", ".join(f"{value} %" for _, value in run)
        yield Fault(
            run[0][0],
            f"at {weights} there is neither a pause nor an analysis",
            "the update runs through as fast as pods start: nobody and nothing looks at it",
            "Put a pause and an analysis after each weight",
            Severity.WARNING,
        )


@rule(
    "few-pods", "Rollout", source="utils/replicaset/canary.go:CalculateReplicaCountsForBasicCanary"
)
def few_pods(document: Document, _: Bundle) -> Iterator[Fault]:
    """Without traffic routing a weight is only as fine as the pods are many."""
    if document.at(*CANARY, "trafficRouting") is not None or document.at(*CANARY) is None:
        return
    replicas = whole(document.at("spec", "replicas"))
    if not replicas:
        return
    for path, step in steps(document):
        value = whole(step.get("setWeight"))
        if value is None or not 0 < value < _ALL:
            continue
        real = 100 * max(1, math.ceil(replicas * value / _ALL)) / (replicas + 1)
        if real > 2 * value:
            yield Fault(
                (*path, "setWeight"),
                f"{value} % of {replicas} replicas cannot be had without trafficRouting",
                f"about {real:.0f} % of the traffic goes to the new version",
                "Add trafficRouting, or more replicas",
                Severity.WARNING,
            )


@rule("background-ends", "Rollout", source="rollout/analysis.go:reconcileBackgroundAnalysisRun")
def background_ends(document: Document, bundle: Bundle) -> Iterator[Fault]:
    """A background analysis with a count stops measuring before the update ends."""
    whole_time = planned(document, {})
    for index, name in enumerate(template_names(document.at(*CANARY, "analysis"))):
        template = bundle.find("AnalysisTemplate", name, document)
        length = run_length(template) if template else None
        if length is not None and (whole_time is None or length < whole_time):
            yield Fault(
                (*CANARY, "analysis", "templates", index),
                f"the background analysis {name} measures for {clock_duration(length)} only",
                "a breach after that goes on until the next gate",
                "Take count out of its metrics: it ends with the update",
                Severity.WARNING,
            )


_STEP_FIELDS: Final = frozenset(KINDS)
_CANARY_FIELDS: Final = words(
    "canaryService stableService steps trafficRouting maxSurge maxUnavailable "
    "analysis canaryMetadata stableMetadata scaleDownDelaySeconds "
    "scaleDownDelayRevisionLimit abortScaleDownDelaySeconds dynamicStableScale "
    "minPodsPerReplicaSet pingPong replicaProgressThreshold antiAffinity"
)
_BLUE_GREEN_FIELDS: Final = words(
    "activeService previewService previewReplicaCount autoPromotionEnabled "
    "autoPromotionSeconds prePromotionAnalysis postPromotionAnalysis "
    "scaleDownDelaySeconds scaleDownDelayRevisionLimit abortScaleDownDelaySeconds "
    "maxUnavailable activeMetadata previewMetadata antiAffinity"
)
_SPEC_FIELDS: Final = words(
    "replicas selector template workloadRef minReadySeconds paused restartAt "
    "progressDeadlineSeconds progressDeadlineAbort revisionHistoryLimit "
    "rollbackWindow analysis strategy"
)


@rule("unknown-field", "Rollout", source="pkg/apis/rollouts/v1alpha1/types.go")
def unknown_field(document: Document, _: Bundle) -> Iterator[Fault]:
    """A misspelt field is pruned, and what it should do is not done."""
    places: list[tuple[Path, frozenset[str]]] = [
        (("spec",), _SPEC_FIELDS),
        (CANARY, _CANARY_FIELDS),
        (("spec", "strategy", "blueGreen"), _BLUE_GREEN_FIELDS),
        *((path, _STEP_FIELDS) for path, _ in steps(document)),
    ]
    for path, known in places:
        for name in mapping(document.at(*path)):
            if name not in known:
                yield Fault(
                    (*path, name), f"there is no field {name} here", PRUNED, _nearest(name, known)
                )


def _nearest(name: str, known: frozenset[str]) -> str:
    import difflib  # noqa: PLC0415 - only where something is wrong

    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]}?" if near else "Remove it"
