"""Who gets how many requests, and what a pod's metrics say of them.

Shares are exact in the long run and the same in every run: what cannot be sent as a whole request
is owed to the next second, nothing is drawn by lot.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.controlplane.manifests import PORT
from tests.controlplane.world import HASH_LABEL, Key, Pod, Route, Service, World

ERROR_SHARE: Final = 0.2
"""Of a bad version's requests."""
_BUCKETS: Final = ("0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf")
_FAST: Final = (0.20, 0.60, 0.94, 0.99, 1, 1, 1, 1, 1)
"""Share of requests up to each bucket's limit: p95 is 0.3 s."""
_SLOW: Final = (0.05, 0.10, 0.20, 0.40, 0.60, 0.80, 0.97, 1, 1)
"""p95 is 4.7 s."""
_FAST_SECONDS: Final = 0.12
_SLOW_SECONDS: Final = 1.4


@dataclass(slots=True)
class Debt:
    """Turns a rate into whole numbers without losing the rest."""

    owed: float = 0

    def whole(self, amount: float) -> int:
        """Return how many of `amount` and of what was owed can be paid in whole."""
        # The nudge undoes the error of adding a tenth ten times.
        paid = math.floor(self.owed + amount + 1e-9)
        self.owed += amount - paid
        return paid


@dataclass(slots=True)
class Counters:
    """A pod's own counts since it started."""

    good: int = 0
    failed: int = 0
    fast: int = 0
    slow: int = 0
    _errors: Debt = field(default_factory=Debt)

    def add(self, requests: int, behaviour: str) -> int:
        """Count requests and return how many of them failed."""
        failed = self._errors.whole(requests * ERROR_SHARE) if "bad" in behaviour else 0
        self.failed += failed
        self.good += requests - failed
        if "slow" in behaviour:
            self.slow += requests
        else:
            self.fast += requests
        return failed

    def requests(self, labels: str) -> Iterator[str]:
        """Yield the series of `http_requests_total`; `labels` are the pod's."""
        yield f'http_requests_total{{{labels},status="200"}} {self.good}'
        # As with most client libraries there is no series before the first error.
        if self.failed:
            yield f'http_requests_total{{{labels},status="500"}} {self.failed}'

    def durations(self, labels: str) -> Iterator[str]:
        """Yield the series of `http_request_duration_seconds`."""
        name = "http_request_duration_seconds"
        for limit, fast, slow in zip(_BUCKETS, _FAST, _SLOW, strict=True):
            count = _rounded(self.fast * fast) + _rounded(self.slow * slow)
            yield f'{name}_bucket{{{labels},le="{limit}"}} {count}'
        seconds = self.fast * _FAST_SECONDS + self.slow * _SLOW_SECONDS
        yield f"{name}_sum{{{labels}}} {seconds:.3f}"
        yield f"{name}_count{{{labels}}} {self.fast + self.slow}"


def _rounded(count: float) -> int:
    """Return the nearest whole number, halves upwards: it never falls as `count` grows."""
    return math.floor(count + 0.5)


@dataclass(slots=True)
class Sent:
    """What one pod got in one round."""

    pod: Pod
    requests: int
    failed: int


class Traffic:
    """Sends requests to the world's pods and keeps what they counted."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._counters: dict[str, Counters] = {}
        self._rates: defaultdict[Key, Debt] = defaultdict(Debt)
        self._shares: defaultdict[Key, Debt] = defaultdict(Debt)
        self._turns: defaultdict[Key, int] = defaultdict(int)

    def exposition(self) -> str:
        """Return what all ready pods have counted, as Prometheus reads it."""
        counted = [
            (_labels(pod), self._counters.get(pod.uid) or Counters())
            for pod in self.scraped()
            if pod.ready
        ]
        lines = [
            "# TYPE http_requests_total counter",
            *(line for labels, counters in counted for line in counters.requests(labels)),
            "# TYPE http_request_duration_seconds histogram",
            *(line for labels, counters in counted for line in counters.durations(labels)),
        ]
        return "\n".join([*lines, ""])

    def scraped(self) -> list[Pod]:
        """Return the pods that Prometheus should know: of every version, ready or not."""
        pods = _Index(self._world.pods.objects.values())
        fronts = (stable for _, stable, *_ in self._flows())
        seen = {pod.uid: pod for front in fronts for pod in pods.of_any_version(front)}
        return [pod for pod in seen.values() if pod.address]

    def round(self, seconds: float) -> list[Sent]:
        """Send what `seconds` bring and return who got it."""
        pods = _Index(pod for pod in self._world.pods.objects.values() if pod.ready)
        alive = {pod.uid for pod in self._world.pods.objects.values()}
        for uid in self._counters.keys() - alive:
            del self._counters[uid]
        sent: list[Sent] = []
        for key, stable, fresh, share, rate in self._flows():
            requests = self._rates[key].whole(rate * seconds)
            to_fresh = pods.of(fresh) if fresh else []
            # As ingress-nginx does: a canary without endpoints takes nothing.
            part = self._shares[key].whole(requests * share) if to_fresh else 0
            sent += self._spread(part, to_fresh, fresh)
            sent += self._spread(requests - part, pods.of(stable), stable)
        return sent

    def _spread(
        self, requests: int, pods: Sequence[Pod], service: Service | None
    ) -> Iterator[Sent]:
        """Give each pod the same, and the rest to those whose turn it is."""
        if service is None or not requests or not pods:
            return
        each, rest = divmod(requests, len(pods))
        turn = self._turns[service.key]
        self._turns[service.key] = (turn + rest) % len(pods)
        for number, pod in enumerate(pods):
            count = each + ((number - turn) % len(pods) < rest)
            if count:
                counters = self._counters.setdefault(pod.uid, Counters())
                yield Sent(pod, count, counters.add(count, pod.behaviour))

    def _flows(self) -> Iterator[tuple[Key, Service, Service | None, float, float]]:
        """Yield key, stable and canary Service, the canary's share and the rate."""
        services = self._world.services.objects
        canaries = self._canaries()
        for ingress in self._world.ingresses.objects.values():
            if not ingress.rate or ingress.canary_share is not None:
                continue
            for route, backend in ingress.backends.items():
                fresh, share = canaries.get(route, (None, 0.0))
                if stable := services.get(backend):
                    canary = services.get(fresh) if fresh else None
                    yield ingress.key, stable, canary, share, ingress.rate
        for service in services.values():
            if service.rate:
                yield service.key, service, None, 0.0, service.rate

    def _canaries(self) -> dict[Route, tuple[Key, float]]:
        return {
            route: (backend, ingress.canary_share)
            for ingress in self._world.ingresses.objects.values()
            if ingress.canary_share is not None
            for route, backend in ingress.backends.items()
        }


def pod_labels(pod: Pod) -> dict[str, str]:
    """Return the labels that a scrape of the pod itself would give its series."""
    return {
        "instance": f"{pod.address}:{PORT}",
        "namespace": pod.key.namespace,
        "pod": pod.key.name,
        "service": pod.labels.get("app", ""),
        "rollouts_pod_template_hash": pod.template_hash,
    }


def _labels(pod: Pod) -> str:
    return ",".join(f'{name}="{value}"' for name, value in pod_labels(pod).items())


class _Index:
    """Pods by each of their labels: a selector looks at its rarest label's pods only."""

    def __init__(self, pods: Iterable[Pod]) -> None:
        self._pods: defaultdict[tuple[str, str, str], list[Pod]] = defaultdict(list)
        for pod in sorted(pods, key=lambda pod: pod.key):
            for label, value in pod.labels.items():
                self._pods[pod.key.namespace, label, value].append(pod)

    def of(self, service: Service) -> list[Pod]:
        """Return the pods that the Service selects."""
        return self._selected(service.key.namespace, dict(service.selector))

    def of_any_version(self, service: Service) -> list[Pod]:
        """Return the pods that the Service would select if its Rollout did not narrow it."""
        selector = {key: value for key, value in service.selector.items() if key != HASH_LABEL}
        return self._selected(service.key.namespace, selector)

    def _selected(self, namespace: str, selector: Mapping[str, str]) -> list[Pod]:
        lists = [self._pods.get((namespace, *pair), []) for pair in selector.items()]
        if not lists:
            return []
        wanted = selector.items()
        return [pod for pod in min(lists, key=len) if wanted <= pod.labels.items()]
