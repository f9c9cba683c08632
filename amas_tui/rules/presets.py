"""Known metrics of applications, ingress controllers and meshes, and how they tell versions apart.

Which of them a server has is found out by asking; this says what to ask, in which order, and what
the charts are then made of. A query is tied to a version by a label with its hash, else by the
names of its pods; where neither is there, it covers all versions and says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

WINDOW: Final = "2m"
"""Of every rate, as in the guide."""

SLO: Final = 0.95
"""Share of requests that must succeed, as in the guide."""

MAX_P95_SECONDS: Final = 3.0
MIN_BUDGET: Final = 0.05
QUANTILES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
NAMESPACE_LABELS: Final = ("namespace", "exported_namespace")
"""A scrape with a namespace of its own keeps the application's label as `exported_namespace`."""

_HASH_LABELS: Final = ("rollouts_pod_template_hash", "label_rollouts_pod_template_hash")
_POD_LABELS: Final = ("pod", "exported_pod", "kubernetes_pod_name", "pod_name")


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of metrics.

    Attributes:
        requests: Counter of requests.
        buckets: Histogram of how long they took.
        errors: Matchers for a failed request, one of which fits; by the label that must be there.
        extra: Matchers that always hold.
        seconds: What one unit of the histogram is in seconds.
    """

    name: str
    requests: str
    buckets: str
    errors: Mapping[str, str]
    extra: str = ""
    seconds: float = 1.0


_5XX: Final = {
    label: f'{label}=~"5.."' for label in ("status", "code", "status_code", "http_status")
}

FAMILIES: Final = (
    Family("http", "http_requests_total", "http_request_duration_seconds_bucket", _5XX),
    Family(
        "ingress-nginx",
        "nginx_ingress_controller_requests",
        "nginx_ingress_controller_request_duration_seconds_bucket",
        {"status": 'status=~"5.."'},
    ),
    Family(
        "Istio",
        "istio_requests_total",
        "istio_request_duration_milliseconds_bucket",
        {"response_code": 'response_code=~"5.."'},
        extra='reporter="destination"',
        seconds=1e-3,
    ),
    Family(
        "Linkerd",
        "response_total",
        "response_latency_ms_bucket",
        {"classification": 'classification="failure"'},
        extra='direction="inbound"',
        seconds=1e-3,
    ),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose metrics are looked for.

    Attributes:
        canary: Hash of the version being rolled out, empty where there is none.
        stable: Hash of the running version.
        services: Names of its Services, the stable one first.
        ingresses: Names of its stable Ingresses.
    """

    namespace: str
    name: str
    canary: str
    stable: str
    services: tuple[str, ...] = ()
    ingresses: tuple[str, ...] = ()

    @property
    def hashes(self) -> tuple[str, ...]:
        """Return the hashes that are known."""
        return tuple(dict.fromkeys(one for one in (self.canary, self.stable) if one))


class Tie(StrEnum):
    """How a query is tied to a version."""

    HASH = "by its hash"
    POD = "by its pods' names"
    CANARY = "by the canary ingress"
    NONE = "cannot be separated by version"


@dataclass(frozen=True, slots=True)
class Selector:
    """Matchers that select a rollout's series.

    Attributes:
        canary: For the new version, `stable` for the running one, `every` for both together.
    """

    tie: Tie
    every: str
    canary: str = ""
    stable: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """What a server has of one rollout.

    Attributes:
        error: The matcher of a failed request.
    """

    family: Family
    selector: Selector
    error: str

    @property
    def words(self) -> str:
        """Return what it is made of, for the screen."""
        return f"{self.family.requests}, {self.selector.tie.value}"


def inventory(namespace: str, label: str) -> str:
    """Return the query for which of the known metrics a namespace has."""
    names = "|".join(family.requests for family in FAMILIES)
    return f'count by (__name__) ({{__name__=~"{names}",{label}="{_quoted(namespace)}"}})'


def selectors(family: Family, subject: Subject, label: str) -> Iterator[Selector]:
    """Yield ways to select a rollout's series, the one that separates the versions best first."""
    within = _joined(f'{label}="{_quoted(subject.namespace)}"', family.extra)
    for name in _HASH_LABELS:
        every = "|".join(subject.hashes)
        yield Selector(
            Tie.HASH,
            _joined(within, f'{name}=~"{every}"'),
            _joined(within, f'{name}="{subject.canary}"'),
            _joined(within, f'{name}="{subject.stable}"'),
        )
    for name in _POD_LABELS:
        prefix = _regex(subject.name)
        yield Selector(
            Tie.POD,
            _joined(within, f'{name}=~"{prefix}-({"|".join(subject.hashes)})-.*"'),
            _joined(within, f'{name}=~"{prefix}-{subject.canary}-.*"'),
            _joined(within, f'{name}=~"{prefix}-{subject.stable}-.*"'),
        )
    yield from _by_ingress(family, subject, within)
    for name in ("service", "exported_service", "destination_service_name"):
        services = "|".join(map(_regex, subject.services))
        if services:
            yield Selector(Tie.NONE, _joined(within, f'{name}=~"{services}"'))
    for name in ("app", "job", "deployment"):
        yield Selector(Tie.NONE, _joined(within, f'{name}="{_quoted(subject.name)}"'))


def _by_ingress(family: Family, subject: Subject, within: str) -> Iterator[Selector]:
    """Yield selectors by the Ingress; requests that went to the canary name it in a label."""
    if family.name != "ingress-nginx" or not subject.ingresses:
        return
    names = "|".join(map(_regex, subject.ingresses))
    for label in ("ingress", "exported_ingress"):
        own = _joined(within, f'{label}=~"{names}"')
        yield Selector(
            Tie.CANARY,
            _joined(own, 'canary!=""'),
            _joined(own, 'canary!=""'),
            _joined(own, 'canary=""'),
        )
        yield Selector(Tie.NONE, own)


def presence(family: Family, selector: Selector) -> str:
    """Return the query that has an answer where the selector selects something."""
    return f"count({family.requests}{{{selector.every}}})"


def error_labels(family: Family, selector: Selector) -> str:
    """Return the query for which of the labels of failure the series have."""
    names = ", ".join(family.errors)
    return f"count by ({names}) ({family.requests}{{{selector.every}}})"


def requests(preset: Preset, matchers: str) -> str:
    """Return the query for requests per second."""
    return f"sum({_rate(preset.family.requests, matchers)})"


def error_rate(preset: Preset, matchers: str) -> str:
    """Return the query for the share of failed requests; without a failed one it is 0."""
    failed = _rate(preset.family.requests, _joined(matchers, preset.error))
    return f"(sum({failed}) or vector(0)) / {requests(preset, matchers)}"


def success_rate(preset: Preset, matchers: str) -> str:
    """Return the query for the share of requests that succeeded."""
    return f"1 - {error_rate(preset, matchers)}"


def error_budget(preset: Preset, matchers: str) -> str:
    """Return the query for what is left of the error budget over the query's own window."""
    return f"1 - {error_rate(preset, matchers)} / (1 - {SLO})"


def latency(preset: Preset, matchers: str, quantile: float) -> str:
    """Return the query for a quantile of how long requests take, in seconds."""
    buckets = f"sum by (le) ({_rate(preset.family.buckets, matchers)})"
    query = f"histogram_quantile({quantile}, {buckets})"
    return query if preset.family.seconds == 1 else f"{query} * {preset.family.seconds:g}"


def _rate(metric: str, matchers: str) -> str:
    return f"rate({metric}{{{matchers}}}[{WINDOW}])"


def _joined(*matchers: str) -> str:
    return ",".join(one for one in matchers if one)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _regex(name: str) -> str:
    """Return a name as a regular expression inside a PromQL string: only dots are special in it."""
    return _quoted(name).replace(".", "\\\\.")
