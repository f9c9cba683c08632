"""What the manifests are made from, checked before anything is made."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from amas_tui.errors import UsageError
from amas_tui.rules.arguments import unresolved
from amas_tui.rules.duration import clock_duration, go_duration, pause_duration
from amas_tui.rules.expr import ExprError, parse


class Strategy(StrEnum):
    """How a new version takes over."""

    CANARY = "canary"
    BLUE_GREEN = "blue-green"


@dataclass(frozen=True, slots=True)
class Slo:
    """The limits of the gates.

    Attributes:
        success_rate: Least share of requests without a server error, 0 to 1.
        latency: Most seconds for 95 % of the requests.
        error_budget: Least share of the budget that must be left, 0 to 1.
        health_timeout: How long unready pods are borne, as a Go duration.
    """

    success_rate: float = 0.95
    latency: float = 3.0
    error_budget: float = 0.05
    health_timeout: str = "2m"


@dataclass(frozen=True, slots=True)
class Gate:
    """How often and over what time a gate measures.

    Attributes:
        count: Measurements.
        interval: Between two of them.
        window: Of the queries' rates.
        background_window: Of those of the background analysis: the shorter, the sooner it halts.
    """

    count: int = 3
    interval: str = "10s"
    window: str = "2m"
    background_window: str = "1m"


@dataclass(frozen=True, slots=True)
class Metrics:
    """Where the numbers are and what they are called.

    Attributes:
        address: Prometheus as the controller reaches it.
        hash_label: The label that tells the versions apart.
    """

    address: str = "http://prometheus.monitoring.svc.cluster.local:9090"
    requests: str = "http_requests_total"
    duration: str = "http_request_duration_seconds_bucket"
    status_label: str = "status"
    namespace_label: str = "namespace"
    hash_label: str = "rollouts_pod_template_hash"
    path: str = "/metrics"


@dataclass(frozen=True, slots=True)
class CustomGate:
    """A gate of the user's own: a query, and what makes its answer good.

    Attributes:
        condition: As an AnalysisTemplate words it, without missing data: `result[0] < 100`.
    """

    name: str
    query: str
    condition: str

    @property
    def selects_canary(self) -> bool:
        """Return whether the query is about the new version alone."""
        return "hash" in unresolved(self.query)


CANARY_PAUSES: Final = ("1m", "1m", "2m", "2m", "1m")
"""The guide's: after each of its weights, and before the last gate."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the manifests say.

    Attributes:
        image: The whole reference, with a version.
        weights: Percent of the traffic, rising, the last one 100.
        pauses: After each weight below 100, and one before the last gate; Go durations.
        skipped: Kinds that are left out.
    """

    namespace: str
    name: str
    image: str
    strategy: Strategy = Strategy.CANARY
    container: str = ""
    host: str = ""
    replicas: int = 3
    port: int = 8000
    cpu: str = "100m"
    memory: str = "128Mi"
    weights: tuple[int, ...] = (10, 25, 50, 75, 100)
    pauses: tuple[str, ...] = ()
    slo: Slo = Slo()
    gate: Gate = Gate()
    metrics: Metrics = Metrics()
    custom: tuple[CustomGate, ...] = ()
    ingress_class: str = "nginx"
    ingress_namespace: str = "ingress-nginx"
    monitoring_namespace: str = "monitoring"
    skipped: frozenset[str] = field(default_factory=frozenset)

    @property
    def container_name(self) -> str:
        """Return the container's name: given, else the rollout's without a leading `amas-`."""
        return self.container or self.name.removeprefix("amas-")

    @property
    def host_name(self) -> str:
        """Return the Ingress' host."""
        return self.host or f"{self.name}.example.com"

    @property
    def steps_pauses(self) -> tuple[str, ...]:
        """Return a pause for every weight below 100, and the one before the last gate."""
        if self.pauses:
            return self.pauses
        below = [weight for weight in self.weights if weight < _ALL]
        return (*("1m" if weight < _HALF else "2m" for weight in below), "1m")

    @property
    def duration(self) -> timedelta:
        """Return how long a good version takes, apart from the time its pods need to start."""
        pauses = sum((pause_duration(one) or timedelta(0) for one in self.steps_pauses), _ZERO)
        gates = max(0, len(self.steps_pauses) - 1)
        interval = go_duration(self.gate.interval) or _ZERO
        return pauses + gates * (self.gate.count - 1) * interval


_ZERO: Final = timedelta(0)
_ALL: Final = 100
_HALF: Final = 50
_NAME: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_IMAGE: Final = re.compile(
    r"[a-z0-9][a-zA-Z0-9._:/-]*?(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_QUANTITY: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:m|k|Ki|M|Mi|G|Gi|T|Ti)?")
_MAX_NAME: Final = 52
"""Kubernetes' 63 characters, less what a ReplicaSet's hash needs."""


def check_image(image: str) -> None:
    """Refuse an image that names no version.

    Raises:
        UsageError: It has no tag, or `latest`: nobody could say what runs, or go back to it.
    """
    match = _IMAGE.fullmatch(image)
    if match is None:
        raise UsageError(f"{image!r} is not the reference of an image")
    if match["digest"]:
        return
    if not match["tag"]:
        raise UsageError(f"the image {image} names no version", hint="Give one with --tag v1.2.3")
    if match["tag"] == "latest":
        raise UsageError(
            f"the image {image} is refused: latest is another image tomorrow, so nobody can say "
            "what runs or go back to it",
            hint="Give a version with --tag v1.2.3",
        )


def check(plan: Plan) -> None:
    """Refuse a plan whose manifests would not work.

    Raises:
        UsageError: The first thing that is wrong.
    """
    check_image(plan.image)
    for problem in _problems(plan):
        raise UsageError(problem)


def _problems(plan: Plan) -> Iterator[str]:
    yield from _names(plan)
    yield from _numbers(plan)
    if plan.strategy is Strategy.CANARY:
        yield from _steps(plan)
    yield from _gates(plan)


def _names(plan: Plan) -> Iterator[str]:
    named = {
        "name": plan.name,
        "namespace": plan.namespace,
        "container": plan.container_name,
        "ingress namespace": plan.ingress_namespace,
        "monitoring namespace": plan.monitoring_namespace,
        **{f"template {one.name}": one.name for one in plan.custom},
    }
    for what, name in named.items():
        if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
            yield (
                f"the {what} {name!r} is not a Kubernetes name: up to {_MAX_NAME} small letters, "
                "digits and dashes"
            )
    for what, name, shape in (
        ("metric", plan.metrics.requests, _METRIC),
        ("metric", plan.metrics.duration, _METRIC),
        ("label", plan.metrics.status_label, _LABEL),
        ("label", plan.metrics.namespace_label, _LABEL),
        ("label", plan.metrics.hash_label, _LABEL),
    ):
        if not shape.fullmatch(name):
            yield f"{name!r} is not the name of a {what} in Prometheus"


def _numbers(plan: Plan) -> Iterator[str]:
    slo, gate = plan.slo, plan.gate
    if not 0 < slo.success_rate < 1:
        yield f"the success rate must be between 0 and 1, as in 0.95, not {slo.success_rate:g}"
    if not 0 <= slo.error_budget < 1:
        yield f"the error budget left must be between 0 and 1, as in 0.05, not {slo.error_budget:g}"
    if slo.latency <= 0:
        yield f"the latency must be above 0 seconds, not {slo.latency:g}"
    if gate.count < 1:
        yield f"a gate measures at least once, not {gate.count} times"
    if plan.replicas < 1:
        yield f"at least one replica must run, not {plan.replicas}"
    if not 0 < plan.port < 1 << 16:
        yield f"{plan.port} is not a port"
    for quantity in (plan.cpu, plan.memory):
        if not _QUANTITY.fullmatch(quantity):
            yield f"{quantity!r} is not a quantity such as 100m or 128Mi"
    if not plan.metrics.address.startswith(("http://", "https://")):
        yield f"{plan.metrics.address!r} is not the URL of a Prometheus"
    for text in (slo.health_timeout, gate.interval, gate.window, gate.background_window):
        length = go_duration(text)
        if length is None or length <= _ZERO:
            yield f"{text!r} is not a length of time such as 30s or 2m"


def _steps(plan: Plan) -> Iterator[str]:
    weights, pauses = plan.weights, plan.steps_pauses
    if not weights or weights[-1] != _ALL:
        yield "the last step must be 100: without it the new version never takes over by weight"
    if list(weights) != sorted(set(weights)) or not all(0 < weight <= _ALL for weight in weights):
        yield f"steps must rise from above 0 to 100, not {_listed(weights)}"
    if len(pauses) != len(weights):
        yield (
            f"{len(weights)} steps need {len(weights)} pauses, one after each weight below 100 and "
            f"one before the last gate, not {len(pauses)}"
        )
    for pause in pauses:
        length = pause_duration(pause)
        if length is None or length <= _ZERO:
            yield f"{pause!r} is not a pause such as 30s or 2m"


def _gates(plan: Plan) -> Iterator[str]:
    reserved = set(GATES)
    for one in plan.custom:
        if one.name in reserved:
            yield f"there is a template {one.name} already"
        reserved.add(one.name)
        if "result" not in one.condition:
            yield f"the condition of {one.name} does not look at the result: {one.condition!r}"
        try:
            parse(one.condition)
        except ExprError as error:
            yield f"the condition of {one.name} cannot be read: {error.text}"
        if not one.query.strip():
            yield f"the query of {one.name} is empty"


SUCCESS_RATE: Final = "success-rate"
LATENCY: Final = "latency-p95"
ERROR_BUDGET: Final = "error-budget"
HEALTH: Final = "health-check"
BACKGROUND: Final = "background-slo"
GATES: Final = (SUCCESS_RATE, LATENCY, ERROR_BUDGET, HEALTH, BACKGROUND)


def _listed(weights: Iterable[int]) -> str:
    return ",".join(map(str, weights)) or "nothing"


def summary(plan: Plan) -> str:
    """Return in a sentence what the plan does and how long it takes."""
    if plan.strategy is Strategy.BLUE_GREEN:
        return (
            f"{plan.name}: blue-green; the preview must be healthy, you switch, and the switch is "
            "taken back when it breaks a limit"
        )
    return (
        f"{plan.name}: {_listed(plan.weights)} % in {clock_duration(plan.duration)} plus pod "
        f"starts; a breach is taken back by itself"
    )
