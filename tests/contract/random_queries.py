"""Queries that nobody would write: whatever the pinned part of PromQL allows."""

import random
from collections.abc import Iterator
from typing import Final

_METRICS: Final = (
    "http_requests_total",
    'http_requests_total{status=~"5.."}',
    'http_requests_total{pod!="shop-abc-a"}',
    "http_request_duration_seconds_bucket",
    "odd_bucket",
    "up",
    "temperature",
    "still",
    "limit",
    "once",
    "extremes",
    "nothing",
)
_LABELS: Final = (
    "pod",
    "status",
    "instance",
    "le",
    "shape",
    "service",
    "rollouts_pod_template_hash",
)
_WINDOWS: Final = ("1s", "1500ms", "5s", "30s", "1m", "2m", "7m", "20m")
_NUMBERS: Final = ("1", "0", "2.5", "-3", "NaN", "Inf", "0.95", "1e3")
_ARITHMETIC: Final = ("+", "-", "*", "/")
_COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")
_DEPTH: Final = 3


def random_queries(seed: int, count: int) -> Iterator[str]:
    """Yield queries that all give a vector; the same ones in every run."""
    writer = _Writer(random.Random(seed))  # noqa: S311 - the same in every run
    for _ in range(count):
        yield writer.vector(_DEPTH)


class _Writer:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def vector(self, depth: int) -> str:
        """Return an expression that gives a vector."""
        if depth == 0 or self._chance.random() < 0.15:
            return self._series()
        kinds = (
            self._aggregated,
            self._quantile,
            self._signed,
            self._combined,
            self._with_number,
            self._constant,
        )
        (kind,) = self._chance.choices(kinds, weights=(6, 2, 2, 5, 5, 1))
        return kind(depth - 1)

    def _one(self, among: tuple[str, ...]) -> str:
        return self._chance.choice(among)

    def _some_labels(self) -> str:
        return ", ".join(self._chance.sample(_LABELS, self._chance.randint(0, 2)))

    def _series(self) -> str:
        metric, window = self._one(_METRICS), self._one(_WINDOWS)
        return self._one((metric, f"rate({metric}[{window}])", f"increase({metric}[{window}])"))

    def _number(self, depth: int) -> str:
        if depth == 0 or self._chance.random() < 0.6:
            return self._one(_NUMBERS)
        if self._chance.random() < 0.5:
            return f"scalar({self.vector(depth - 1)})"
        operator = self._one(_ARITHMETIC)
        return f"({self._number(depth - 1)} {operator} {self._number(depth - 1)})"

    def _aggregated(self, depth: int) -> str:
        operation = self._one(("sum", "avg", "min", "max", "count"))
        group = self._one(("", f" by ({self._some_labels()})", f" without ({self._some_labels()})"))
        return f"{operation}{group} ({self.vector(depth)})"

    def _quantile(self, depth: int) -> str:
        return f"histogram_quantile({self._one(_NUMBERS)}, {self.vector(depth)})"

    def _signed(self, depth: int) -> str:
        return f"{self._one(('+', '-'))}{self.vector(depth)}"

    def _constant(self, depth: int) -> str:
        return f"vector({self._number(depth)})"

    def _operator(self) -> str:
        if self._chance.random() < 0.5:
            return self._one(_ARITHMETIC)
        return self._one(_COMPARISONS) + self._one(("", " bool"))

    def _combined(self, depth: int) -> str:
        labels = self._some_labels()
        matching = self._one(("", f" on({labels})", f" ignoring({labels})"))
        return f"({self.vector(depth)} {self._operator()}{matching} {self.vector(depth)})"

    def _with_number(self, depth: int) -> str:
        vector, number, operator = self.vector(depth), self._number(depth), self._operator()
        return self._one((f"({vector} {operator} {number})", f"({number} {operator} {vector})"))
