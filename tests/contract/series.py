"""Samples for two Prometheus: what counters, gauges and histograms do on good and bad days."""

import math
import random
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

START: Final = 1_700_000_000
"""Unix seconds of the first sample."""
SECONDS: Final = 900
_BUCKETS: Final = ("0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf")


class Written(NamedTuple):
    """One series: its labels with the metric's name, and Unix milliseconds with values."""

    labels: Mapping[str, str]
    samples: tuple[tuple[int, float], ...]


def all_series() -> list[Written]:
    """Return the same series in every run."""
    return [*_requests(), *_latencies(), *_gauges(), *_odd_histograms()]


def exposition(series: list[Written]) -> str:
    """Return the series as OpenMetrics."""
    lines = [
        f"{_name(one.labels)} {_number(value)} {ms / 1000:.3f}"
        for one in series
        for ms, value in one.samples
    ]
    return "\n".join([*lines, "# EOF", ""])


def _name(labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{name}="{value}"' for name, value in labels.items() if name != "__name__")
    return f"{labels['__name__']}{{{inner}}}"


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value)


def _noise(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same series in every run


def _scrapes(seed: str, start: float = 0, end: float = SECONDS, every: float = 1) -> Iterator[int]:
    """Yield moments in Unix milliseconds: never quite punctual, as scrapes are."""
    noise = _noise(seed)
    moment = START + start + noise.random() * every
    while moment <= START + end:
        yield round((moment + noise.uniform(-0.02, 0.02)) * 1000)
        moment += every


def _counter(
    labels: Mapping[str, str],
    rate: float,
    *,
    start: float = 0,
    end: float = SECONDS,
    resets: tuple[float, ...] = (),
    gap: tuple[float, float] = (0, 0),
    first: float = 0,
) -> Written:
    seed = "".join(labels.values())
    noise, left = _noise(f"{seed} counts"), list(resets)
    value, samples = first, []
    for ms in _scrapes(seed, start, end):
        at = ms / 1000 - START
        if left and at > left[0]:
            value, left = float(noise.randrange(3)), left[1:]
        if not gap[0] <= at < gap[1]:
            samples.append((ms, value))
        value += noise.randrange(math.ceil(2 * rate) + 1)
    return Written(labels, tuple(samples))


def _requests() -> Iterator[Written]:
    def labels(pod: str, version: str, status: str) -> dict[str, str]:
        return {
            "__name__": "http_requests_total",
            "service": "shop",
            "pod": f"shop-{version}-{pod}",
            "rollouts_pod_template_hash": version,
            "status": status,
        }

    yield _counter(labels("a", "abc", "200"), 12, first=5_000)
    yield _counter(labels("a", "abc", "500"), 0.2, first=3)
    yield _counter(labels("b", "abc", "200"), 9, resets=(200, 460))
    yield _counter(labels("b", "abc", "503"), 0.3, start=300)
    yield _counter(labels("c", "abc", "200"), 7, gap=(100, 180))
    yield _counter(labels("d", "xyz", "200"), 3, start=400.4)
    yield _counter(labels("d", "xyz", "500"), 1, start=407)
    yield _counter(labels("e", "xyz", "200"), 4, end=300)


def _latencies() -> Iterator[Written]:
    for pod, shape in (("a", 1.0), ("b", 0.4), ("d", 3.0)):
        noise = _noise(f"latency {pod}")
        counts = dict.fromkeys(_BUCKETS, 0.0)
        rows: dict[str, list[tuple[int, float]]] = {limit: [] for limit in _BUCKETS}
        for ms in _scrapes(f"latency {pod}"):
            for _ in range(noise.randrange(20)):
                seconds = noise.expovariate(1 / shape)
                for limit in _BUCKETS:
                    counts[limit] += seconds <= float(limit)
            for limit in _BUCKETS:
                rows[limit].append((ms, counts[limit]))
        for limit in _BUCKETS:
            name = "http_request_duration_seconds_bucket"
            labels = {"__name__": name, "service": "shop", "pod": pod, "le": limit}
            yield Written(labels, tuple(rows[limit]))


def _gauges() -> Iterator[Written]:
    def gauge(name: str, instance: str, values: Mapping[int, float]) -> Written:
        labels = {"__name__": name, "instance": instance}
        return Written(labels, tuple(((START + at) * 1000, v) for at, v in values.items()))

    yield gauge("up", "one:80", dict.fromkeys(range(0, SECONDS, 5), 1.0))
    yield gauge("up", "two:80", {at: float(at < 500) for at in range(0, SECONDS, 5)})
    yield gauge("up", "gone:80", dict.fromkeys(range(0, 250, 5), 1.0))
    yield gauge("temperature", "one:80", {at: at % 60 - 30.5 for at in range(0, SECONDS, 10)})
    yield gauge("temperature", "two:80", {at: -at / 7 for at in range(0, SECONDS, 10)})
    yield gauge("temperature", "three:80", dict.fromkeys(range(0, SECONDS, 10), math.nan))
    yield gauge("extremes", "plus:80", dict.fromkeys(range(0, SECONDS, 10), math.inf))
    yield gauge("extremes", "minus:80", dict.fromkeys(range(0, SECONDS, 10), -math.inf))
    yield gauge("extremes", "big:80", dict.fromkeys(range(0, SECONDS, 10), 1.5e300))
    yield gauge("extremes", "small:80", dict.fromkeys(range(0, SECONDS, 10), 2.5e-9))
    yield gauge("once", "one:80", {450: 42.0})
    yield gauge("still", "one:80", dict.fromkeys(range(0, SECONDS, 10), 7.0))
    yield gauge("still", "zero:80", dict.fromkeys(range(0, SECONDS, 10), 0.0))
    yield gauge("limit", "one:80", dict.fromkeys(range(0, SECONDS, 10), 5.0))
    yield gauge("limit", "two:80", dict.fromkeys(range(0, SECONDS, 10), -5.0))


_ODD: Final[Mapping[str, Mapping[str, float]]] = {
    "falling": {"0.1": 5, "0.5": 3, "1": 9, "+Inf": 9},
    "no-infinity": {"0.1": 1, "1": 2},
    "only-infinity": {"+Inf": 4},
    "empty": {"0.1": 0, "1": 0, "+Inf": 0},
    "negative": {"-1": 2, "0": 3, "1": 4, "+Inf": 4},
    "all-above": {"0.1": 0, "1": 0, "+Inf": 8},
    "all-below": {"0.1": 8, "1": 8, "+Inf": 8},
    "not-a-number": {"0.1": 1, "x": 7, "1": 3, "+Inf": 3},
    "two-spellings": {"1": 1, "1.0": 2, "2": 4, "+Inf": 4},
    "unknown": {"0.1": math.nan, "1": 2, "+Inf": 4},
    "unknown-sum": {"0.1": 1, "1": 2, "+Inf": math.nan},
}


def _odd_histograms() -> Iterator[Written]:
    for name, counts in _ODD.items():
        for limit, count in counts.items():
            labels = {"__name__": "odd_bucket", "shape": name, "le": limit}
            moments = range(START, START + SECONDS, 10)
            yield Written(labels, tuple((at * 1000, float(count)) for at in moments))
