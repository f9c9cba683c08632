"""The samples: one list per series, bounded in time."""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from amas_tui.demo.prometheus.labels import METRIC_NAME, Labels, Match, Matcher

RETENTION_SECONDS: Final = 3_600
LOOKBACK_MS: Final = 300_000
"""How long a sample speaks for its series."""
_TRIM_EVERY: Final = 300
"""Samples between two cuts of a series' head."""


class Series:
    """One series, its samples in order of time.

    Attributes:
        labels: What names it.
        times: Unix milliseconds, less the database's `epoch`, which makes them small.
        values: One for each time.
    """

    __slots__ = ("_ends", "_falls", "epoch", "labels", "times", "values")

    def __init__(self, labels: Labels, epoch: int) -> None:
        self.labels = labels
        self.epoch = epoch
        self.times = array("I")
        self.values = array("d")
        # Moments after which the series was known to be gone, until its next sample.
        self._ends = array("I")
        # Where the value fell: the index of the lower sample as time, and the value before.
        self._falls: list[tuple[int, float]] = []

    def append(self, ms: int, value: float) -> None:
        """Add a sample; one that is not newer than the last is left out, as Prometheus does."""
        at = ms - self.epoch
        if self.times and at <= self.times[-1]:
            return
        if self.values and value < self.values[-1]:
            self._falls.append((at, self.values[-1]))
        self.times.append(at)
        self.values.append(value)

    def end(self, ms: int) -> None:
        """Note that the series is gone at this moment."""
        self._ends.append(ms - self.epoch)

    def at(self, ms: int) -> float | None:
        """Return the value at a moment: the newest not older than five minutes."""
        at = ms - self.epoch
        index = bisect_right(self.times, at) - 1
        if index < 0 or self.times[index] < at - LOOKBACK_MS:
            return None
        end = bisect_right(self._ends, at) - 1
        if end >= 0 and self._ends[end] >= self.times[index]:
            return None
        return self.values[index]

    def window(self, start: int, end: int) -> tuple[int, int]:
        """Return from and before which index the samples of a time are, both ends included."""
        first = bisect_left(self.times, start - self.epoch)
        return first, bisect_right(self.times, end - self.epoch)

    def lost(self, first: int, last: int) -> float:
        """Return what a counter lost by resets between two of its samples."""
        start, end = self.times[first], self.times[last]
        return sum(before for at, before in self._falls if start < at <= end)

    def has_samples(self, start: int, end: int) -> bool:
        """Return whether there are samples in a time."""
        first, last = self.window(start, end)
        return first < last

    def forget(self, before: int) -> None:
        """Drop what is older, from time to time."""
        oldest = before - self.epoch
        count = bisect_left(self.times, max(oldest, 0))
        if count < min(_TRIM_EVERY, len(self.times)):
            return
        del self.times[:count], self.values[:count]
        del self._ends[: bisect_left(self._ends, max(oldest, 0))]
        self._falls = [fall for fall in self._falls if fall[0] >= oldest]


class Database:
    """All series.

    Attributes:
        epoch_ms: Unix milliseconds before all samples.
        retention_ms: How long samples are kept.
        newest_ms: Unix milliseconds of the newest sample.
    """

    def __init__(self, epoch_ms: int, retention_seconds: float = RETENTION_SECONDS) -> None:
        self.epoch_ms = epoch_ms
        self.retention_ms = round(retention_seconds * 1000)
        self.newest_ms = epoch_ms
        self._series: dict[Labels, Series] = {}
        self._by_name: defaultdict[str, dict[Labels, Series]] = defaultdict(dict)

    def __iter__(self) -> Iterator[Series]:
        return iter(self._series.values())

    def append(self, labels: Labels, ms: int, value: float) -> None:
        """Add a sample."""
        series = self._series.get(labels)
        if series is None:
            series = Series(labels, self.epoch_ms)
            self._series[labels] = series
            self._by_name[_name(labels)][labels] = series
        series.append(ms, value)
        self.newest_ms = max(self.newest_ms, ms)

    def end(self, labels: Labels, ms: int) -> None:
        """Note that a series is gone: from this moment on it has no value."""
        if (series := self._series.get(labels)) is not None:
            series.end(ms)

    def forget(self, now_ms: int) -> None:
        """Drop what is older than the retention, and series of which nothing is left."""
        before = now_ms - self.retention_ms
        for labels, series in list(self._series.items()):
            series.forget(before)
            if not series.times:
                del self._series[labels]
                del self._by_name[_name(labels)][labels]

    def select(self, matchers: Sequence[Matcher]) -> list[Series]:
        """Return the series that all matchers mean, by their labels."""
        named = [each for each in matchers if each.name == METRIC_NAME]
        among: Iterable[Series] = self
        if named and named[0].match is Match.EQUAL:
            among = self._by_name.get(named[0].value, {}).values()
        wanted = _all_of(matchers)
        return sorted((one for one in among if wanted(one.labels)), key=lambda one: one.labels)


def _name(labels: Labels) -> str:
    return next((value for name, value in labels if name == METRIC_NAME), "")


def _all_of(matchers: Sequence[Matcher]) -> Callable[[Labels], bool]:
    def wanted(labels: Labels) -> bool:
        values = dict(labels)
        return all(each.matches(values.get(each.name, "")) for each in matchers)

    return wanted
