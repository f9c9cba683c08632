from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.domain.base import Key
from amas_tui.domain.watch import (
    Applied,
    Bookmark,
    Deleted,
    Listed,
    Lost,
    Undecodable,
    Update,
)
from amas_tui.domain.workload import Pod
from amas_tui.errors import UnreachableError
from amas_tui.store.detail import Detail
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.snapshot import Fact, Health, Snapshot
from tests.builders import (
    NOW,
    ago,
    analysis_run,
    event,
    experiment,
    ingress,
    pod,
    replica_set,
    rollout,
    service,
    snapshot,
    template,
)

PODS = StreamId(Kind.PODS)
ROLLOUTS = StreamId(Kind.ROLLOUTS)
DOWN = Lost(UnreachableError("cannot watch pods: gone"), NOW)


def fold(
    *updates: Update[Any] | None, stream: StreamId = PODS, on: Snapshot | None = None
) -> Snapshot:
    return (on or Snapshot()).after([Fact(stream, update, NOW) for update in updates])


_pods = st.builds(pod, st.sampled_from("abcd"), phase=st.sampled_from(["Pending", "Running"]))
_updates: st.SearchStrategy[Update[Pod]] = st.one_of(
    st.builds(Applied, _pods),
    st.builds(Deleted, _pods),
    st.builds(
        lambda items: Listed(tuple({one.metadata.uid: one for one in items}.values()), "1"),
        st.lists(_pods, max_size=4),
    ),
    st.just(Bookmark("7")),
    st.just(Undecodable("x")),
    st.just(DOWN),
)


def _expected(updates: Sequence[Update[Pod]]) -> dict[str, Pod]:
    known: dict[str, Pod] = {}
    for update in updates:
        match update:
            case Listed(objects):
                known = {one.metadata.uid: one for one in objects}
            case Applied(one):
                known[one.metadata.uid] = one
            case Deleted(one):
                known.pop(one.metadata.uid, None)
            case _:
                pass
    return known


@given(st.lists(_updates, max_size=12), st.integers(0, 12))
def test_folding_a_stream_gives_what_a_list_at_its_end_would(
    updates: list[Update[Pod]], cut: int
) -> None:
    at_once = fold(*updates)
    in_two = fold(*updates[cut:], on=fold(*updates[:cut]))
    one_by_one = Snapshot()
    for update in updates:
        one_by_one = fold(update, on=one_by_one)
    expected = fold(Listed(tuple(_expected(updates).values()), "9"))
    assert at_once.pods == in_two.pods == one_by_one.pods == expected.pods
    assert at_once.streams == one_by_one.streams


@given(st.lists(_updates, max_size=8))
def test_a_snapshot_is_never_changed_by_what_follows(updates: list[Update[Pod]]) -> None:
    first = fold(Listed((pod("a"), pod("b")), "1"))
    known, streams = dict(first.pods), dict(first.streams)
    fold(*updates, on=first)
    assert (dict(first.pods), dict(first.streams)) == (known, streams)


def test_losing_a_stream_keeps_the_picture_and_says_why() -> None:
    found = fold(Listed((pod("a"),), "1"), DOWN)
    stream = found.streams[PODS]
    assert list(found.pods) == ["a-uid"]
    assert stream.health is Health.LOST
    assert stream.error is not None
    assert stream.seen_at == NOW
    assert list(found.lost()) == [(PODS, stream)]


@pytest.mark.parametrize(
    "update",
    [Listed((), "1"), Applied(pod()), Deleted(pod()), Bookmark("1"), Undecodable("x")],
    ids=lambda update: type(update).__name__,
)
def test_any_word_of_the_server_makes_a_stream_live_again(update: Update[Pod]) -> None:
    later = NOW + timedelta(seconds=9)
    found = fold(Listed((), "1"), DOWN).after([Fact(PODS, update, later)])
    stream = found.streams[PODS]
    assert (stream.health, stream.error, stream.retry_at) == (Health.LIVE, None, None)
    assert stream.seen_at == later
    assert not list(found.lost())


def test_a_stream_lost_before_its_first_list_was_never_seen() -> None:
    assert fold(DOWN).streams[PODS].seen_at is None


def test_what_could_not_be_read_is_counted_over_the_life_of_a_stream() -> None:
    found = fold(Listed((), "1", 3), Undecodable("x"), DOWN, Undecodable("y"), Listed((), "2", 1))
    assert found.streams[PODS].undecodable == 6


def test_a_list_of_one_namespace_leaves_the_others_alone() -> None:
    first = fold(Listed((pod("a"), pod("b", namespace="other")), "1"))
    shop = StreamId(Kind.PODS, "shop")
    assert list(fold(Listed((), "2"), stream=shop, on=first).pods) == ["b-uid"]


def test_a_list_of_one_object_leaves_the_others_alone() -> None:
    services = StreamId(Kind.SERVICES)
    first = fold(Listed((service("a"), service("b")), "1"), stream=services)
    alone = StreamId(Kind.SERVICES, "shop", "a")
    assert list(fold(Listed((), "2"), stream=alone, on=first).services) == ["service-b"]


def test_closing_a_stream_forgets_what_it_brought() -> None:
    shop = StreamId(Kind.PODS, "shop")
    first = fold(Listed((pod("a"), pod("b", namespace="other")), "1"))
    found = fold(None, stream=shop, on=fold(Bookmark("2"), stream=shop, on=first))
    assert list(found.pods) == ["b-uid"]
    assert shop not in found.streams


def test_kinds_do_not_mix() -> None:
    found = snapshot(
        rollout(),
        replica_set(),
        pod(),
        analysis_run(),
        experiment(),
        service("s"),
        ingress(),
        template(),
        template("wide", namespace=""),
        event(),
    )
    sizes = {kind: len(found.table(kind)) for kind in Kind}
    none = (Kind.ENDPOINT_SLICES, Kind.DEPLOYMENTS, Kind.POD_TEMPLATES)
    assert sizes == {**dict.fromkeys(Kind, 1), **dict.fromkeys(none, 0)}


def test_every_kind_has_a_table() -> None:
    assert all(len(Snapshot().table(kind)) == 0 for kind in Kind)


def test_objects_are_found_by_owner_and_by_name() -> None:
    found = snapshot(
        rollout(),
        replica_set(),
        replica_set("x", owner="else"),
        pod(),
        analysis_run(),
        experiment(),
        service("s"),
        ingress("i"),
    )
    uid = "checkout-uid"
    assert [rs.hash for rs in found.replica_sets_of(uid)] == ["7d4b9c6f8"]
    assert [one.metadata.name for one in found.pods_of("checkout-7d4b9c6f8-uid")] == ["pod-1"]
    assert len(found.analysis_runs_of(uid)) == len(found.experiments_of(uid)) == 1
    assert found.rollout(Key("shop", "checkout")) is found.rollouts[uid]
    assert found.rollout(Key("else", "checkout")) is None
    assert found.service(Key("shop", "s")) is not None
    assert found.service(Key("shop", "t")) is None
    assert found.ingress(Key("shop", "i")) is not None
    assert found.ingress(Key("else", "i")) is None


def test_a_version_that_is_seen_again_touches_nothing() -> None:
    later = NOW + timedelta(minutes=1)
    first = fold(Listed((rollout(version=1),), "1"), stream=ROLLOUTS)
    again = first.after([Fact(ROLLOUTS, Listed((rollout(version=1),), "2"), later)])
    assert again.touched == {"checkout-uid": NOW}
    changed = again.after([Fact(ROLLOUTS, Applied(rollout(version=2)), later)])
    assert changed.touched == {"checkout-uid": later}


def test_a_batch_leaves_a_sample_for_every_version_in_it() -> None:
    seen = [
        rollout(version=n, routed=True, weights=(share, "7d4b9c6f8"))
        for n, share in enumerate((0, 20, 20, 50))
    ]
    found = fold(*map(Applied, seen), stream=ROLLOUTS)
    samples = found.histories["checkout-uid"].samples
    assert [sample.share_of("7d4b9c6f8") for sample in samples] == [0.0, 20.0, 50.0]


def test_what_is_remembered_goes_with_the_rollout() -> None:
    known = fold(Applied(rollout()), stream=ROLLOUTS)
    with_detail = Snapshot(
        rollouts=known.rollouts,
        histories=known.histories,
        touched=known.touched,
        details={"checkout-uid": Detail("1", ago(minutes=1))},
    )
    found = fold(Deleted(rollout()), stream=ROLLOUTS, on=with_detail)
    assert (dict(found.histories), dict(found.touched), dict(found.details)) == ({}, {}, {})


def test_another_kinds_news_leave_what_is_remembered_alone() -> None:
    first = fold(Applied(rollout()), stream=ROLLOUTS)
    found = fold(Applied(pod()), on=first)
    assert found.histories is first.histories
    assert found.touched is first.touched


def test_two_equal_pictures_are_not_the_same() -> None:
    assert fold(Bookmark("1")) != fold(Bookmark("1"))
