from typing import Any

import pytest

from amas_tui.domain.base import Key, ObjectMeta, json_name, revision_of
from amas_tui.domain.rollout import Rollout
from tests.builders import Json, ago, meta, raw_rollout, read, rollout, stamp


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("name", "name"),
        ("current_step_index", "currentStepIndex"),
        ("stable_rs", "stableRS"),
        ("hpa_replicas", "HPAReplicas"),
        ("pod_ip", "podIP"),
        ("continue_", "continue"),
    ],
)
def test_fields_are_spelled_as_the_api_spells_them(field: str, name: str) -> None:
    assert json_name(field) == name


@pytest.mark.parametrize(
    ("text", "revision"),
    [
        pytest.param("7", 7, id="number"),
        pytest.param("007", 7, id="zeros"),
        pytest.param("", 0, id="empty"),
        pytest.param("x", 0, id="word"),
        pytest.param("-1", 0, id="negative"),
        pytest.param("１２", 0, id="digits of another script"),
        pytest.param("9" * 900, int("9" * 900), id="huge"),
    ],
)
def test_a_revision_is_the_number_in_the_annotation(text: str, revision: int) -> None:
    raw = meta("it", annotations={"rollout.argoproj.io/revision": text})
    assert revision_of(read(ObjectMeta, raw)) == revision


def test_an_object_without_annotations_has_revision_0() -> None:
    assert revision_of(read(ObjectMeta, meta("it"))) == 0


def test_the_controlling_owner_is_not_just_any_owner() -> None:
    raw = meta("it")
    raw["ownerReferences"] = [{"uid": "a"}, {"uid": "b", "controller": True}]
    assert read(ObjectMeta, raw).controller_uid == "b"
    raw["ownerReferences"] = [{"uid": "a"}]
    assert read(ObjectMeta, raw).controller_uid == ""


def test_a_key_reads_as_namespace_and_name() -> None:
    assert str(Key("shop", "checkout")) == "shop/checkout"


def test_a_long_annotation_is_forgotten() -> None:
    raw = meta("it", annotations={"last-applied": "x" * 1_025, "short": "x" * 1_024})
    assert list(read(ObjectMeta, raw).annotations) == ["short"]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(("status", "pauseConditions"), id="list"),
        pytest.param(("status", "conditions"), id="conditions"),
        pytest.param(("metadata", "labels"), id="labels"),
        pytest.param(("metadata", "ownerReferences"), id="owners"),
        pytest.param(("spec", "paused"), id="switch"),
        pytest.param(("spec", "minReadySeconds"), id="count"),
        pytest.param(("spec", "replicas"), id="number"),
        pytest.param(("status", "message"), id="text"),
        pytest.param(("status", "abortedAt"), id="time"),
        pytest.param(("spec", "strategy", "canary", "steps"), id="steps"),
    ],
)
def test_null_reads_as_absent(path: tuple[str, ...]) -> None:
    raw = raw_rollout()
    absent = read(Rollout, _without(raw, path))
    _holder(raw, path)[path[-1]] = None
    assert read(Rollout, raw) == absent


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("2026-03-04T14:00:00", id="without a zone"),
        pytest.param("9999-12-31T23:59:59Z", id="the end of time"),
        pytest.param("0001-01-01T00:00:00Z", id="Go's zero time"),
        pytest.param("soon", id="word"),
    ],
)
def test_a_time_that_is_no_moment_reads_as_absent(value: str) -> None:
    raw = raw_rollout(aborted_at=ago(minutes=1))
    raw["status"]["abortedAt"] = value
    assert read(Rollout, raw).status.aborted_at is None


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 10**400], ids=["high", "low", "huge"])
def test_a_number_beyond_32_bits_reads_as_absent(value: int) -> None:
    raw = raw_rollout()
    raw["spec"]["progressDeadlineSeconds"] = value
    raw["spec"]["minReadySeconds"] = value
    spec = read(Rollout, raw).spec
    assert (spec.progress_deadline_seconds, spec.min_ready_seconds) == (None, 0)


def test_a_time_in_another_zone_is_the_same_moment() -> None:
    raw = raw_rollout(aborted_at=ago(hours=1))
    raw["status"]["abortedAt"] = "2026-03-04T14:07:21+01:00"
    assert stamp(read(Rollout, raw).status.aborted_at) == "2026-03-04T13:07:21Z"


def test_fields_of_a_newer_api_are_ignored() -> None:
    raw = raw_rollout()
    raw["spec"]["brandNew"] = {"deep": [1]}
    raw["status"]["duration"] = {"finishedAt": "x"}
    assert read(Rollout, raw) == rollout()


def _holder(raw: Json, path: tuple[str, ...]) -> Any:
    for step in path[:-1]:
        raw = raw[step]
    return raw


def _without(raw: Json, path: tuple[str, ...]) -> Json:
    _holder(raw, path).pop(path[-1], None)
    return raw
