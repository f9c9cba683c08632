from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from amas_tui.store.history import MAX_SAMPLES, History
from tests.builders import NEW, NOW, OLD, Json, ago, pause, rollout, weight

_STEPS = (weight(20), pause(), weight(50))


def test_a_weight_that_stands_is_one_sample() -> None:
    one = rollout(routed=True, weights=(20, NEW))
    first = History().after(one, ago(minutes=5))
    assert first.after(one, NOW) is first


def test_a_sample_holds_the_shares_of_every_version() -> None:
    (sample,) = History().after(rollout(routed=True, weights=(20, NEW)), NOW).samples
    assert sample.share_of(NEW) == 20.0
    assert sample.share_of(OLD) == 80.0
    assert sample.share_of("else") == 0.0


def test_without_routing_the_pods_tell_the_shares() -> None:
    (sample,) = History().after(rollout(updated=1, available=5), NOW).samples
    assert (sample.share_of(NEW), sample.share_of(OLD)) == (20.0, 80.0)


def test_where_nothing_is_known_no_share_is_claimed() -> None:
    (sample,) = History().after(rollout(new="", stable=""), NOW).samples
    assert sample.share_of(NEW) is None


def test_a_step_an_abort_and_a_revision_are_changes() -> None:
    history = History()
    versions: tuple[Json, ...] = (
        {"step": 0},
        {"step": 1},
        {"step": 1, "abort": True},
        {"step": 1, "revision": 3},
    )
    for number, fields in enumerate(versions):
        history = history.after(rollout(steps=_STEPS, **fields), ago(minutes=9 - number))
    assert [sample.step for sample in history.samples] == [0, 1, 1, 1]
    assert [sample.is_aborted for sample in history.samples] == [False, False, True, False]
    assert history.samples[-1].revision == 3


@given(st.lists(st.integers(0, 100), min_size=1, max_size=20))
def test_no_two_neighbours_are_alike_and_the_last_is_the_newest(shares: list[int]) -> None:
    history = History()
    for number, share in enumerate(shares):
        one = rollout(routed=True, weights=(share, NEW))
        history = history.after(one, NOW + timedelta(seconds=number))
    found = [sample.share_of(NEW) for sample in history.samples]
    assert all(a != b for a, b in pairwise(found))
    assert found[-1] == shares[-1]


def test_only_so_many_samples_are_kept() -> None:
    history = History()
    for number in range(MAX_SAMPLES + 5):
        one = rollout(routed=True, weights=(number % 2, NEW))
        history = history.after(one, NOW + timedelta(seconds=number))
    assert len(history.samples) == MAX_SAMPLES
    assert history.samples[0].at == NOW + timedelta(seconds=5)


def test_the_sample_that_held_at_the_start_is_part_of_a_window() -> None:
    history = History()
    for minutes, share in ((9, 0), (6, 20), (3, 50)):
        history = history.after(rollout(routed=True, weights=(share, NEW)), ago(minutes=minutes))
    assert [s.share_of(NEW) for s in history.since(ago(minutes=5))] == [20.0, 50.0]
    assert [s.share_of(NEW) for s in history.since(ago(minutes=6))] == [20.0, 50.0]
    assert len(history.since(ago(hours=1))) == 3
    assert History().since(NOW) == ()


def test_the_step_at_which_an_abort_was_seen_is_remembered() -> None:
    steps = [weight(20), pause(), weight(40), weight(50), pause()]
    history = History()
    assert history.stopped_at is None
    seen: tuple[Json, ...] = ({"step": 1}, {"step": 4}, {"step": 0, "abort": True})
    for second, fields in enumerate(seen):
        one = rollout(steps=steps, routed=True, weights=(20, NEW), **fields)
        history = history.after(one, NOW + timedelta(seconds=second))
    assert history.stopped_at == 4
