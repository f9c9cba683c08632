"""Who gets how many requests, second by second."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from amas_tui.demo.prometheus.labels import METRIC_NAME, Labels, labels_of
from amas_tui.demo.store import Store
from amas_tui.demo.traffic.counting import Counters, Remainder, Wobble
from amas_tui.demo.traffic.world import HASH_LABEL, PORT, Name, Pod, Route, Service, World

ROUND_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 5.0
"""After a standstill no flood follows."""
_RATE_STEP: Final = 0.03
_TIME_STEP: Final = 0.04


class Sent(NamedTuple):
    """What one pod got in one round."""

    pod: Pod
    requests: int
    failed: int
    seconds: float
    """Of a typical answer."""


class _Flow(NamedTuple):
    """Requests that come in at one place."""

    name: Name
    rate: float
    stable: Service
    canary: Service | None
    share: float


class Traffic:
    """Sends requests to the pods of a store and keeps what they counted.

    Attributes:
        world: What it knows of the cluster.
    """

    def __init__(self, store: Store, seed: int = 0) -> None:
        self.world = World(store)
        self._clock = store.clock
        self._random = random.Random(seed)  # noqa: S311 - the same in every run
        self._last = self._clock.elapsed
        self._counters: dict[str, Counters] = {}
        self._labels: dict[str, _SeriesLabels] = {}
        self._owed: defaultdict[tuple[Name, str], Remainder] = defaultdict(Remainder)
        self._turns: defaultdict[Name, int] = defaultdict(int)
        self._rates: dict[Name, Wobble] = {}
        self._times: dict[str, Wobble] = {}
        self._hearers: list[Callable[[Sequence[Sent]], None]] = []

    def start(self) -> None:
        """Send a round each second from now on."""
        self._last = self._clock.elapsed
        self._clock.call_later(ROUND_SECONDS, self._round)

    def listen(self, hear: Callable[[Sequence[Sent]], None]) -> None:
        """Call `hear` after each round."""
        self._hearers.append(hear)

    def samples(self) -> Iterator[tuple[Labels, float]]:
        """Yield what a scrape of all pods brings: counts of the ready ones, and who is up."""
        for pod in self._scraped():
            named = self._named(pod)
            yield named.up, float(pod.is_ready)
            if pod.is_ready:
                yield from named.of(self._counters.setdefault(pod.uid, Counters()))

    def _round(self) -> None:
        self._clock.call_later(ROUND_SECONDS, self._round)
        seconds = min(self._clock.elapsed - self._last, _LONGEST_SECONDS)
        self._last = self._clock.elapsed
        self._forget()
        sent = [one for flow in self._flows() for one in self._send(flow, seconds)]
        for hear in tuple(self._hearers):
            hear(sent)

    def _forget(self) -> None:
        alive = {pod.uid for pod in self.world.pods.values()}
        for kept in (self._counters, self._labels, self._times):
            for uid in kept.keys() - alive:
                del kept[uid]

    def _send(self, flow: _Flow, seconds: float) -> Iterator[Sent]:
        rate = self._rates.setdefault(flow.name, Wobble(self._random, _RATE_STEP))
        requests = self._owed[flow.name, "all"].whole(flow.rate * seconds * rate.next())
        canaries = self._ready(flow.canary)
        # As ingress-nginx does: a canary without endpoints takes nothing.
        part = self._owed[flow.name, "canary"].whole(requests * flow.share) if canaries else 0
        share = flow.share if canaries else 0.0
        if flow.canary is not None:
            yield from self._spread(flow.canary.name, part, share, canaries)
        rest, stable = requests - part, self._ready(flow.stable)
        yield from self._spread(flow.stable.name, rest, 1 - share, stable)

    def _spread(
        self, service: Name, requests: int, share: float, pods: Sequence[Pod]
    ) -> Iterator[Sent]:
        """Give each pod the same, and the rest to those whose turn it is."""
        if not requests or not pods:
            return
        each, rest = divmod(requests, len(pods))
        turn = self._turns[service]
        self._turns[service] = (turn + rest) % len(pods)
        for number, pod in enumerate(pods):
            if count := each + ((number - turn) % len(pods) < rest):
                yield self._count(pod, count, share)

    def _count(self, pod: Pod, requests: int, share: float) -> Sent:
        wobble = self._times.setdefault(pod.uid, Wobble(self._random, _TIME_STEP)).next()
        counters = self._counters.setdefault(pod.uid, Counters())
        before = counters.seconds
        failed = counters.add(requests, wobble, pod.errors(share), is_slow=pod.is_slow)
        return Sent(pod, requests, failed, (counters.seconds - before) / requests)

    def _flows(self) -> Iterator[_Flow]:
        services, canaries = self.world.services, self._canaries()
        for ingress in self.world.ingresses.values():
            if not ingress.rate or ingress.share is not None:
                continue
            for route, backend in ingress.backends.items():
                name, share = canaries.get(route, (None, 0.0))
                if stable := services.get(backend):
                    canary = services.get(name) if name else None
                    yield _Flow(ingress.name, ingress.rate, stable, canary, share)
        for service in services.values():
            if service.rate:
                yield _Flow(service.name, service.rate, service, None, 0.0)

    def _canaries(self) -> Mapping[Route, tuple[Name, float]]:
        return {
            route: (backend, ingress.share)
            for ingress in self.world.ingresses.values()
            if ingress.share is not None
            for route, backend in ingress.backends.items()
        }

    def _ready(self, service: Service | None) -> list[Pod]:
        if service is None:
            return []
        found = self._selected(service.name.namespace, service.selector)
        return [pod for pod in found if pod.is_ready]

    def _selected(self, namespace: str, selector: Mapping[str, str]) -> list[Pod]:
        wanted = selector.items()
        pods = (pod for pod in self.world.pods.values() if pod.name.namespace == namespace)
        return sorted(
            (pod for pod in pods if wanted and wanted <= pod.labels.items()),
            key=lambda pod: pod.name,
        )

    def _scraped(self) -> Iterable[Pod]:
        """Return the pods that are scraped: of every version that requests can come to."""
        found: dict[str, Pod] = {}
        for flow in self._flows():
            selector = {k: v for k, v in flow.stable.selector.items() if k != HASH_LABEL}
            for pod in self._selected(flow.stable.name.namespace, selector):
                found[pod.uid] = pod
        return (pod for pod in found.values() if pod.address)

    def _named(self, pod: Pod) -> "_SeriesLabels":
        if (found := self._labels.get(pod.uid)) is None:
            found = self._labels[pod.uid] = _SeriesLabels(pod)
        return found


class _SeriesLabels:
    """The labels of a pod's series, made once."""

    def __init__(self, pod: Pod) -> None:
        self._common = {
            "instance": f"{pod.address}:{PORT}",
            "job": "pods",
            "namespace": pod.name.namespace,
            "pod": pod.name.name,
            "service": pod.labels.get("app", ""),
            "rollouts_pod_template_hash": pod.labels.get(HASH_LABEL, ""),
        }
        self._made: dict[tuple[str, str], Labels] = {}
        self.up = labels_of({METRIC_NAME: "up", **self._common})

    def of(self, counters: Counters) -> Iterator[tuple[Labels, float]]:
        """Yield a pod's counts by their labels."""
        duration = "http_request_duration_seconds"
        for status, count in counters.requests():
            yield self._label("http_requests_total", status), count
        for limit, count in counters.buckets():
            yield self._label(f"{duration}_bucket", limit), count
        yield self._label(f"{duration}_sum", ""), counters.seconds
        yield self._label(f"{duration}_count", ""), counters.count

    def _label(self, metric: str, value: str) -> Labels:
        if (found := self._made.get((metric, value))) is None:
            own = {"status" if metric == "http_requests_total" else "le": value}
            found = labels_of({METRIC_NAME: metric, **self._common, **own})
            self._made[metric, value] = found
        return found
