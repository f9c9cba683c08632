"""Finds out which of the known metrics a Prometheus has of a rollout."""

from collections.abc import Iterator

from amas_tui.prometheus.client import Answer, Prometheus
from amas_tui.rules.presets import (
    FAMILIES,
    NAMESPACE_LABELS,
    Family,
    Preset,
    Selector,
    Subject,
    error_labels,
    inventory,
    presence,
    selectors,
)


async def survey(prometheus: Prometheus, subject: Subject) -> Preset | None:
    """Return the metrics that tell most of a rollout, `None` where the server knows none.

    Raises:
        MetricsError: It gives no usable answer.
    """
    for label in NAMESPACE_LABELS:
        answer = await prometheus.query(inventory(subject.namespace, label))
        names = {one.labels.get("__name__", "") for one in answer.series}
        for family in FAMILIES:
            if family.requests not in names:
                continue
            selector = await _selector(prometheus, family, subject, label)
            if selector is not None:
                return Preset(family, selector, await _error(prometheus, family, selector))
    return None


async def _selector(
    prometheus: Prometheus, family: Family, subject: Subject, label: str
) -> Selector | None:
    for one in selectors(family, subject, label):
        if (await prometheus.query(presence(family, one))).series:
            return one
    return None


async def _error(prometheus: Prometheus, family: Family, selector: Selector) -> str:
    """Return the matcher of a failed request, by the label of failure that the series have."""
    if len(family.errors) == 1:
        return next(iter(family.errors.values()))
    there = set(_labels(await prometheus.query(error_labels(family, selector))))
    fitting = (matcher for label, matcher in family.errors.items() if label in there)
    return next(fitting, next(iter(family.errors.values())))


def _labels(answer: Answer) -> Iterator[str]:
    for one in answer.series:
        yield from (label for label, value in one.labels.items() if value)
