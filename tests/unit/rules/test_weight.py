from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.domain.workload import ReplicaSet
from amas_tui.rules.weight import (
    actual_weight,
    max_weight,
    new_share,
    set_weight,
    share_by_hash,
    weight_at,
)
from tests.builders import NEW, OLD, Json, pause, replica_set, rollout, stable_set, weight

_STEPS = (weight(20), pause(), weight(50), pause("1m"))
_ROUTING: Json = {"trafficRouting": {"nginx": {"stableIngress": "x"}}}


def _of(most: int) -> Json:
    return {"trafficRouting": {"nginx": {}, "maxTrafficWeight": most}}


@pytest.mark.parametrize(
    ("canary", "most"),
    [
        pytest.param({}, 100, id="no routing"),
        pytest.param(_ROUTING, 100, id="default"),
        pytest.param(_of(1000), 1000, id="given"),
        pytest.param(_of(0), 100, id="0 cannot be divided by"),
    ],
)
def test_all_traffic_is_100_unless_said_otherwise(canary: Json, most: int) -> None:
    assert max_weight(rollout(canary=canary)) == most


@pytest.mark.parametrize(
    ("index", "asked"),
    [(None, 20), (0, 20), (1, 20), (2, 50), (3, 50), (4, 100), (99, 100)],
)
def test_the_step_at_hand_or_one_before_it_asks_for_a_weight(index: int | None, asked: int) -> None:
    assert set_weight(rollout(steps=_STEPS, step=index)) == asked


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        pytest.param({"steps": [pause(), weight(5)], "step": 0}, 0, id="no weight yet"),
        pytest.param({"steps": _STEPS, "step": 2, "abort": True}, 0, id="aborted"),
        pytest.param({"steps": ()}, 100, id="no steps"),
        pytest.param({"steps": _STEPS, "step": 4, "canary": _of(1000)}, 1000, id="most is 1000"),
        pytest.param({"blue_green": {}}, 100, id="blue-green"),
    ],
)
def test_without_a_weight_the_ends_of_the_range_count(fields: Json, asked: int) -> None:
    assert set_weight(rollout(**fields)) == asked


_any_steps = st.lists(
    st.builds(weight, st.integers(-(2**31), 2**31 - 1)) | st.just(pause()) | st.just({}),
    max_size=6,
)


@given(_any_steps, st.integers(-5, 10), st.sampled_from([1, 100, 1000, -7]))
def test_weights_stay_in_range_whatever_the_steps(steps: list[Json], index: int, most: int) -> None:
    found = rollout(steps=steps, step=index, canary=_of(most), weights=(index, NEW))
    assert 0 <= set_weight(found) <= max_weight(found)
    assert 0 <= weight_at(found, index) <= max_weight(found)
    share = new_share(found, [replica_set()])
    assert share is None or 0.0 <= share <= 100.0


@pytest.mark.parametrize(
    ("fields", "sets", "printed"),
    [
        pytest.param({"steps": _STEPS, "step": 4}, (), 100, id="done"),
        pytest.param({}, (), 100, id="no steps"),
        pytest.param({"steps": _STEPS, "step": 0, "available": 0}, (), 0, id="no pods"),
        pytest.param(
            {"steps": _STEPS, "step": 0, "available": 5},
            (replica_set(available=2),),
            40,
            id="by pods",
        ),
        pytest.param(
            {"steps": _STEPS, "step": 0, "available": 7},
            (replica_set(available=2),),
            28,
            id="rounded down",
        ),
        pytest.param({"steps": _STEPS, "step": 0}, (stable_set(),), 0, id="no canary set"),
        pytest.param(
            {"steps": _STEPS, "step": 0, "stable": NEW},
            (replica_set(),),
            0,
            id="the canary is the stable one",
        ),
        pytest.param(
            {"steps": _STEPS, "step": 0, "canary": _ROUTING, "weights": (35, NEW)},
            (),
            35,
            id="as the router was asked",
        ),
        pytest.param({"steps": _STEPS, "step": 2, "canary": _ROUTING}, (), 50, id="not asked yet"),
    ],
)
def test_the_plugins_actual_weight_is_kept(
    fields: Json, sets: tuple[ReplicaSet, ...], printed: int
) -> None:
    assert actual_weight(rollout(**fields), sets) == printed


@pytest.mark.parametrize(
    ("fields", "share"),
    [
        pytest.param({"routed": True, "weights": (25, NEW)}, 25.0, id="on its way"),
        pytest.param({"canary": _of(1000), "weights": (250, NEW)}, 25.0, id="of a thousand"),
        pytest.param({"routed": True, "weights": (0, NEW)}, 0.0, id="not yet"),
        pytest.param(
            {"routed": True, "weights": (0, NEW), "stable": NEW},
            100.0,
            id="promoted: canary and stable are one",
        ),
        pytest.param({"routed": True, "weights": (0, NEW), "abort": True}, 0.0, id="aborted"),
        pytest.param({"routed": True, "weights": (40, "other")}, 0.0, id="the router has another"),
        pytest.param({"routed": True}, 0.0, id="router not asked"),
        pytest.param({"routed": True, "stable": NEW}, 100.0, id="promoted, router not asked"),
        pytest.param({"stable": NEW}, 100.0, id="promoted"),
        pytest.param({"stable": NEW, "available": 0}, 0.0, id="promoted without pods"),
        pytest.param({"stable": NEW, "available": 0, "replicas": 0}, 100.0, id="scaled to nothing"),
        pytest.param({"updated": 1, "available": 5}, 20.0, id="by the rollout's own counters"),
        pytest.param({"updated": 9, "available": 5}, 100.0, id="never more than all"),
        pytest.param({"updated": 1, "available": 0}, 0.0, id="nobody is there"),
        pytest.param({"new": ""}, None, id="never reconciled"),
        pytest.param({"blue_green": {}}, 0.0, id="blue-green before the switch"),
        pytest.param({"blue_green": {"status": {"activeSelector": NEW}}}, 100.0, id="after it"),
        pytest.param({"blue_green": {"status": {}}}, None, id="blue-green without a selector"),
    ],
)
def test_the_newest_revisions_share_is_the_truth(fields: Json, share: float | None) -> None:
    assert new_share(rollout(**fields)) == share


@given(st.tuples(*[st.integers(0, 4)] * 4))
def test_counters_tell_the_share_of_the_pods_or_nothing(pods: tuple[int, int, int, int]) -> None:
    stable, stable_unready, new, new_unready = pods
    found = rollout(updated=new + new_unready, available=stable + new)
    counted = replace(found, status=replace(found.status, replicas=sum(pods)))
    told = new_share(counted)
    sets = [replica_set(available=new), stable_set(available=stable)]
    assert told in (None, new_share(counted, sets))
    # Where every pod is available nothing is left open.
    assert told is not None or stable_unready or new_unready


def test_pods_tell_the_share_better_than_counters() -> None:
    found = rollout(updated=5, available=10)
    assert new_share(found, [replica_set(available=2), stable_set(available=8)]) == 20.0


def test_shares_per_version_add_up() -> None:
    found = rollout(routed=True, weights=(20, NEW))
    assert share_by_hash(found) == {NEW: 20.0, OLD: 80.0}
    promoted = rollout(routed=True, weights=(0, NEW), stable=NEW)
    assert share_by_hash(promoted) == {NEW: 100.0}
    assert share_by_hash(rollout()) == {}


def test_an_experiments_share_counts() -> None:
    extra = {"weight": 10, "podTemplateHash": "exp"}
    weights = {
        "canary": {"weight": 20, "podTemplateHash": NEW},
        "stable": {"weight": 70, "podTemplateHash": OLD},
        "additional": [extra, {"weight": 5}],
    }
    found = rollout(routed=True, status={"canary": {"weights": weights}})
    assert share_by_hash(found) == {NEW: 20.0, OLD: 70.0, "exp": 10.0}
