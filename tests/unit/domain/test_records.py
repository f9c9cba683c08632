"""Laws that hold for every record of the domain."""

import dataclasses
import inspect
import json
from collections.abc import Iterator
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.domain import analysis, base, rollout, traffic, workload
from amas_tui.domain.base import Names, Raw, Str
from amas_tui.domain.rollout import Rollout
from amas_tui.errors import AmasError
from amas_tui.kube.decode import decoder
from amas_tui.kube.resources import RESOURCES
from tests.unit.strategies import json_values, raw_records
from tests.unit.test_safe import is_harmless

RECORDS: tuple[Any, ...] = tuple(
    record
    for module in (analysis, base, rollout, traffic, workload)
    for _, record in inspect.getmembers(module, inspect.isclass)
    if record.__module__ == module.__name__ and hasattr(record, "__pydantic_config__")
)
KINDS = tuple(dict.fromkeys(resource.type for resource in RESOURCES.values()))

SENT_BACK = frozenset(
    {
        "TemplateArgument.value",
        "PrometheusProvider.address",
        "PrometheusProvider.query",
        "Metric.success_condition",
        "Metric.failure_condition",
        "MetricResult.metadata",
    }
)
"""Kept to the letter, because it is evaluated or sent; each view makes it harmless itself."""


def _bare(hint: Any) -> Iterator[Any]:
    """Yield the parts of an annotation that let text through as it came."""
    if any(hint == known for known in (Str, Names, base.Labels, base.Host)):
        return
    if any(hint == loose for loose in (str, Any, object, Raw)):
        yield hint
        return
    origin = get_origin(hint)
    parts = get_args(hint)[:1] if origin is Annotated else get_args(hint)
    if origin is Annotated or origin in (UnionType, Union, tuple, dict):
        for part in parts:
            yield from _bare(part)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_no_field_lets_text_of_the_cluster_through(record: type) -> None:
    hints = get_type_hints(record, include_extras=True)
    raw = {f"{record.__name__}.{name}" for name, hint in hints.items() if list(_bare(hint))}
    assert raw <= SENT_BACK


def test_the_list_of_exceptions_names_only_fields_that_exist() -> None:
    known = {
        f"{record.__name__}.{field.name}"
        for record in RECORDS
        for field in dataclasses.fields(record)
    }
    assert known >= SENT_BACK


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_record_is_frozen_and_has_slots(record: Any) -> None:
    assert record.__dataclass_params__.frozen
    assert "__slots__" in vars(record)


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item, place)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield place, key
            yield from _texts(item, place)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            where = f"{type(value).__name__}.{field.name}"
            yield from _texts(getattr(value, field.name), where)


def _moments(value: Any) -> Iterator[datetime]:
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _moments(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _moments(getattr(value, field.name))


@given(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), raw_records(kind))))
def test_whatever_is_decoded_is_harmless(sent: tuple[Any, Any]) -> None:
    kind, raw = sent
    try:
        item = decoder(kind).one(json.dumps(raw).encode())
    except AmasError:
        return
    for place, text in _texts(item, kind.__name__):
        assert place in SENT_BACK or is_harmless(text), place
    assert all(moment.tzinfo is not None for moment in _moments(item))


@given(raw_records(Rollout), st.data())
def test_an_odd_field_costs_at_most_itself(raw: Any, data: st.DataObject) -> None:
    try:
        before = decoder(Rollout).one(json.dumps(raw).encode())
    except AmasError:
        return
    raw["spec"]["minReadySeconds"] = data.draw(json_values)
    after = decoder(Rollout).one(json.dumps(raw).encode())
    assert after.status == before.status
    assert after.spec.strategy == before.spec.strategy
    assert after.metadata == before.metadata
