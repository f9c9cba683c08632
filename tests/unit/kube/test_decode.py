import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.domain.base import Many, record
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.watch import Applied, Bookmark, Deleted, Undecodable
from amas_tui.domain.workload import Pod
from amas_tui.errors import AmasError, ApiError, DecodeError, GoneError
from amas_tui.kube.decode import Decoder, decoder, status_error
from tests.builders import Json, pod, raw_rollout, rollout
from tests.unit.strategies import json_values, raw_records

PODS: Decoder[Pod] = decoder(Pod)
ROLLOUTS: Decoder[Rollout] = decoder(Rollout)


def raw_pod(name: str = "a", **more: Any) -> Json:
    return {"metadata": {"name": name, "uid": f"{name}-uid", "resourceVersion": "7"}, **more}


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def page(*items: Any, **meta: Any) -> bytes:
    return encoded(
        {"kind": "PodList", "metadata": {"resourceVersion": "9", **meta}, "items": items}
    )


def event(type_: str, item: Any) -> bytes:
    return encoded({"type": type_, "object": item})


_fragments = st.sampled_from(
    [
        b'{"type":"ADDED","object":',
        b'{"type":"BOOKMARK",',
        b'"metadata":{"name":"a","uid":"b"',
        b"}",
        b'"items":[',
        b"]",
        b"null",
        b",",
        b'"',
        b"\\ud800",
        b"\xff",
        b"NaN",
        b"1e999",
        b"[" * 300,
    ]
)


@given(st.binary(max_size=80) | st.lists(_fragments, max_size=8).map(b"".join))
def test_no_bytes_raise_anything_but_our_own_errors(content: bytes) -> None:
    for read in (PODS.one, PODS.page, PODS.event):
        with contextlib.suppress(AmasError):
            read(content)


@given(json_values)
def test_no_json_raises_anything_but_our_own_errors(value: Any) -> None:
    for content in (
        encoded(value),
        page(value),
        event("ADDED", value),
        event("ERROR", value),
        event("BOOKMARK", value),
        encoded({"metadata": value, "items": value}),
        encoded({"type": value, "object": value}),
    ):
        for read in (PODS.one, PODS.page, PODS.event):
            with contextlib.suppress(AmasError):
                read(content)


@given(raw_records(Rollout))
def test_an_odd_object_is_read_alike_alone_in_a_list_and_in_a_watch(raw: Any) -> None:
    try:
        alone = ROLLOUTS.one(encoded(raw))
    except DecodeError:
        assert ROLLOUTS.page(page(raw)).undecodable == 1
        assert isinstance(ROLLOUTS.event(event("ADDED", raw)), Undecodable)
        return
    assert ROLLOUTS.page(page(raw)).items == (alone,)
    assert ROLLOUTS.event(event("MODIFIED", raw)) == Applied(alone)
    assert ROLLOUTS.event(event("DELETED", raw)) == Deleted(alone)


def test_a_page_names_its_version_and_the_next_page() -> None:
    found = PODS.page(page(raw_pod(), **{"continue": "token"}))
    assert (found.resource_version, found.token, found.undecodable) == ("9", "token", 0)
    assert PODS.page(page()).items == ()
    assert PODS.page(encoded({"metadata": {"resourceVersion": "9"}, "items": None})).items == ()


def test_an_object_without_a_name_is_left_out_of_a_page_and_counted() -> None:
    odd = [{"metadata": {"uid": "x"}}, {}, 7, None, raw_pod("b", status={"phase": ["no"]})]
    found = PODS.page(page(raw_pod(), *odd))
    assert [item.metadata.name for item in found.items] == ["a", "b"]
    assert (found.undecodable, found.resource_version) == (4, "9")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>", id="page"),
        pytest.param(encoded([]), id="list"),
        pytest.param(encoded({"login": "required"}), id="another object"),
        pytest.param(encoded({"items": []}), id="without metadata"),
        pytest.param(encoded({"metadata": {}, "items": []}), id="without a version"),
        pytest.param(encoded({"metadata": {}, "items": [7]}), id="odd, without a version"),
        pytest.param(encoded({"metadata": {"resourceVersion": "9"}, "items": {}}), id="odd items"),
        pytest.param(page()[:-5], id="cut off"),
    ],
)
def test_what_is_not_a_list_never_reads_as_an_empty_one(body: bytes) -> None:
    with pytest.raises(DecodeError):
        PODS.page(body)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b'{"type":"EATEN","object":{}}',
        b'{"type":5}',
        b'{"type":"ADDED"',
        b"x" * 99,
    ],
)
def test_what_is_not_an_event_is_refused(line: bytes) -> None:
    with pytest.raises(DecodeError):
        PODS.event(line)


def test_an_event_of_an_object_without_a_name_is_skipped() -> None:
    assert PODS.event(event("ADDED", {"metadata": {"name": "a"}})) == Undecodable("a")
    assert PODS.event(event("ADDED", None)) == Undecodable("an object without a name")


def test_a_bookmark_tells_its_version() -> None:
    line = event("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": "12"}})
    assert PODS.event(line) == Bookmark("12")
    assert PODS.event(event("BOOKMARK", None)) == Bookmark("")


@pytest.mark.parametrize(
    ("status", "type_", "text"),
    [
        ({"code": 410, "message": "too old"}, GoneError, "cannot watch: 410 too old"),
        ({"code": 500, "reason": "Internal"}, ApiError, "cannot watch: 500 Internal"),
        ({}, ApiError, "cannot watch: 500 no reason given"),
        (None, ApiError, "cannot watch: 500 no reason given"),
        ({"code": "410"}, ApiError, "cannot watch: 500 no reason given"),
    ],
    ids=["gone", "no message", "empty", "null", "odd code"],
)
def test_an_error_event_is_an_error(status: Any, type_: type[ApiError], text: str) -> None:
    with pytest.raises(ApiError) as caught:
        PODS.event(event("ERROR", status))
    assert type(caught.value) is type_
    assert caught.value.text == text


def test_a_status_of_unknown_kind_is_an_api_error() -> None:
    error = status_error({"message": "I'm a teapot\x1b[2J"}, 418, "list pods")
    assert type(error) is ApiError
    assert error.text == "cannot list pods: 418 I'm a teapot\N{REPLACEMENT CHARACTER}[2J"


def test_characters_that_other_readers_split_at_stay_in_their_string() -> None:
    item = raw_pod(status={"message": "x\u0085y"})
    found = PODS.event(json.dumps({"type": "ADDED", "object": item}, ensure_ascii=False).encode())
    assert isinstance(found, Applied)
    assert found.object.status.message == "x y"


def test_a_long_line_is_read() -> None:
    item = raw_pod(status={"message": "x" * 5_000_000})
    found = PODS.event(event("ADDED", item))
    assert isinstance(found, Applied)
    assert len(found.object.status.message) == 2_000


def test_an_odd_field_is_dropped_and_nothing_around_it() -> None:
    raw = raw_rollout(canary={"maxSurge": [1], "maxUnavailable": {"a": 1}, "stableService": "s"})
    raw["status"]["pauseConditions"] = [
        {"reason": 5},
        {"reason": "CanaryPauseStep"},
        {"startTime": "x"},
        "odd",
    ]
    raw["metadata"]["labels"] = {"good": "yes", "odd": 5}
    found = ROLLOUTS.one(encoded(raw))
    assert found.canary is not None
    assert found.canary.stable_service == "s"
    reasons = [condition.reason for condition in found.status.pause_conditions]
    assert reasons == ["", "CanaryPauseStep", ""]
    assert found.metadata.labels == {"good": "yes"}
    assert found.status.current_pod_hash == rollout().status.current_pod_hash


@record
class _Numbers:
    items: Many[int] = ()


def test_of_a_list_exactly_the_odd_items_are_dropped() -> None:
    odd = encoded({"items": [1, "x", 2, {}, 3, None, 4]})
    assert Decoder(_Numbers).one(odd).items == (1, 2, 3, 4)


def test_an_object_that_is_odd_everywhere_is_given_up() -> None:
    with pytest.raises(DecodeError, match="cannot read a"):
        PODS.one(encoded({"metadata": {"name": "a", "uid": 7}}))


def test_a_decoder_is_built_once() -> None:
    assert decoder(Pod) is decoder(Pod)
    assert PODS.one(encoded(raw_pod("pod-1"))).key.name == pod().key.name
