from dataclasses import replace
from datetime import datetime

import pytest

from amas_tui.actions.checks import Check, Result, are_settled, checks
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Anew, Gauge, Origin, Point, Series, Side, Slo
from tests.builders import (
    NEW,
    NOW,
    OLD,
    Json,
    Thing,
    ago,
    endpoint_slice,
    ingress,
    replica_set,
    rollout,
    scene,
    service,
    snapshot,
    stable_set,
    stamp,
    weight,
)

BACK: Json = {
    "steps": (weight(20),),
    "routed": True,
    "new": OLD,
    "stable": OLD,
    "weights": (0, OLD),
    "step": 1,
}
QUERY = 'rate(errors{hash="old"}[2m])'


def gauge(
    side: Side = Side.STABLE, *, problem: str = "", origin: Origin = Origin.TEMPLATE
) -> Gauge:
    good = "result[0] >= 0.95"
    return Gauge("success-rate", ((side, QUERY),), success=good, problem=problem, origin=origin)


def followed(one: Gauge, *values: float, last: datetime = NOW) -> Slo:
    """Return a series of values, one a second, the newest at `last`."""
    points: tuple[Point, ...] = tuple(
        (last.timestamp() - len(values) + 1 + number, value) for number, value in enumerate(values)
    )
    asked = (one.address, QUERY)
    return Slo(gauges=(one,), series={asked: Series(points)}, at=last)


FRONT = (service("checkout-stable", OLD), service("checkout-canary"), ingress("checkout-stable"))


def of(fields: Json, *things: Thing, slo: Slo | None = None) -> Scene:
    one = rollout(**fields)
    reached = endpoint_slice("checkout-stable", [True])
    picture = snapshot(one, stable_set(), *FRONT, reached, *things)
    return Scene(one, replace(picture, slos={one.uid: slo} if slo else {}))


def found(here: Scene, since: datetime | None = None) -> dict[str, Check]:
    return {one.name: one for one in checks(here, OLD, since, NOW)}


def test_a_rollback_that_is_through_passes_every_check() -> None:
    here = of(BACK, replica_set(replicas=0), ingress(weight_=0), slo=followed(gauge(), 1, 1, 1))
    results = {name: one.result for name, one in found(here).items()}
    assert results == {
        "traffic on stable": Result.PASSED,
        "canary pods gone": Result.PASSED,
        "service healthy": Result.PASSED,
        "metrics normal": Result.PASSED,
    }
    assert are_settled(tuple(found(here).values()))


@pytest.mark.parametrize(
    ("fields", "things", "name", "words"),
    [
        pytest.param({"weights": (20, NEW)}, [], "traffic on stable", "weight 20", id="status"),
        pytest.param({}, [ingress(weight_=20)], "traffic on stable", "ingress 20", id="ingress"),
        pytest.param({}, [replica_set()], "canary pods gone", "5 are left", id="pods"),
        pytest.param(
            {"replicas": 7}, [], "service healthy", "stable 5 of 7 ready", id="too few pods"
        ),
    ],
)
def test_a_check_that_is_not_through_says_what_it_saw(
    fields: Json, things: list[Thing], name: str, words: str
) -> None:
    one = found(of({**BACK, **fields}, *things))[name]
    assert one.result is Result.PENDING
    assert words in one.words


@pytest.mark.parametrize(
    ("until", "fields", "result", "words"),
    [
        pytest.param(
            ago(seconds=-24),
            {},
            Result.PASSED,
            "1 kept on purpose until 14:07:45; they get no traffic",
            id="kept on purpose",
        ),
        pytest.param(
            ago(seconds=-24),
            {"weights": (20, NEW)},
            Result.PASSED,
            "1 kept on purpose until 14:07:45",
            id="with traffic still",
        ),
        pytest.param(
            ago(seconds=5), {}, Result.PENDING, "1 are left, due to go at 14:07:16", id="due"
        ),
        pytest.param(
            ago(seconds=-24), {"held": True}, Result.PENDING, "1 are left", id="held: for ever"
        ),
    ],
)
def test_pods_that_are_kept_on_purpose_are_no_trouble(
    until: datetime, fields: Json, result: Result, words: str
) -> None:
    kept = replica_set(replicas=1, annotations={"scale-down-deadline": str(stamp(until))})
    one = found(of({**BACK, **fields}, kept))["canary pods gone"]
    assert (one.result, one.words) == (result, words)


@pytest.mark.parametrize(
    ("values", "result", "words"),
    [
        pytest.param((0.5, 1.0, 0.99, 0.98), Result.PASSED, "is inside its limit", id="3 good"),
        pytest.param((0.5, 0.99), Result.PENDING, "1 of 3 values inside", id="1 good"),
        pytest.param((1.0, 1.0, 0.5), Result.FAILED, "is outside its limit", id="bad"),
        pytest.param((float("nan"),), Result.UNKNOWN, "no traffic", id="no traffic is never red"),
    ],
)
def test_metrics_are_normal_after_three_values_in_a_row(
    values: tuple[float, ...], result: Result, words: str
) -> None:
    one = found(of(BACK, slo=followed(gauge(), *values)))["metrics normal"]
    assert (one.result, words in one.words) == (result, True)


def test_values_from_before_the_traffic_came_back_do_not_count() -> None:
    slo = followed(gauge(), 1, 1, 1, last=ago(seconds=20))
    early = found(of(BACK, slo=slo), ago(seconds=10))["metrics normal"]
    assert (early.result, early.words) == (Result.PENDING, "success-rate: no value yet")
    late = followed(gauge(), 1, 1, 1, last=ago(seconds=40))
    none = found(of(BACK, slo=late), ago(seconds=30))["metrics normal"]
    assert (none.result, none.words) == (Result.UNKNOWN, "success-rate: no traffic")
    assert found(of(BACK, slo=slo))["metrics normal"].result is Result.PASSED


@pytest.mark.parametrize(
    ("due", "values", "result", "words"),
    [
        pytest.param(
            ago(seconds=-5), (), Result.PENDING, "first value at 14:07:26", id="too early"
        ),
        pytest.param(ago(seconds=5), (1.0,), Result.PENDING, "1 of 3 values", id="one value"),
        pytest.param(ago(seconds=5), (1.0, 1.0, 1.0), Result.PASSED, "inside", id="normal"),
        pytest.param(ago(seconds=5), (1.0, 1.0, 0.5), Result.FAILED, "outside", id="bad"),
        pytest.param(ago(seconds=5), (), Result.PENDING, "no value yet", id="no value yet"),
        pytest.param(ago(seconds=30), (), Result.UNKNOWN, "no traffic", id="no traffic"),
    ],
)
@pytest.mark.parametrize("side", [Side.STABLE, Side.ALL])
def test_what_is_measured_anew_counts_alone(
    side: Side, due: datetime, values: tuple[float, ...], result: Result, words: str
) -> None:
    one = gauge(side)
    whole = followed(one, *([0.5] * 3 if result is Result.PASSED else [1.0] * 3))
    points = followed(one, *values).of(one, side).points
    anew = Anew(ago(seconds=40).timestamp(), due.timestamp(), Series(points))
    slo = replace(whole, anew={(one.address, QUERY): anew})
    check = found(of(BACK, slo=slo), ago(seconds=40))["metrics normal"]
    assert (check.result, words in check.words) == (result, True), check


def test_values_of_the_same_moment_count_once() -> None:
    one = gauge()
    points = tuple((NOW.timestamp() - back, 1.0) for back in (2.0, 0.1, 0.0))
    slo = replace(followed(one), series={(one.address, QUERY): Series(points)})
    check = found(of(BACK, slo=slo), ago(seconds=30))["metrics normal"]
    assert (check.result, "2 of 3 values" in check.words) == (Result.PENDING, True)


def test_a_query_of_all_versions_is_pending_until_its_window_is_clear() -> None:
    slo = followed(gauge(Side.ALL), 0.5, 0.5, 0.5)
    early = found(of(BACK, slo=slo), ago(seconds=30))["metrics normal"]
    assert early.result is Result.PENDING
    assert "its window is clear at" in early.words
    late = found(of(BACK, slo=slo), ago(minutes=3))["metrics normal"]
    assert late.result is Result.FAILED


def test_what_cannot_be_looked_at_holds_nothing_up() -> None:
    here = of(BACK, slo=followed(gauge(problem="an argument has no value"), 1))
    one = found(here)["metrics normal"]
    assert (one.result, one.result.is_settled) == (Result.UNKNOWN, True)
    preset = gauge(origin=Origin.PRESET)
    assert found(of(BACK, slo=followed(preset, 0)))["metrics normal"].result is Result.UNKNOWN


def test_an_ingress_that_is_missing_is_no_way_for_the_traffic() -> None:
    one = rollout(**BACK)
    here = scene(one, stable_set(), *FRONT[:2], endpoint_slice("checkout-stable", [True]))
    check = found(here)["traffic on stable"]
    assert (check.result, check.words) == (Result.FAILED, "Ingress checkout-stable is missing")


def test_blue_green_has_its_traffic_where_its_active_service_is() -> None:
    blue: Json = {"blue_green": {"status": {"activeSelector": NEW}}, "new": OLD, "stable": OLD}
    lost = found(of(blue))
    for name in ("traffic on stable", "service healthy"):
        assert lost[name] == Check(name, Result.FAILED, "Service checkout-active is missing")
    before = found(of(blue, service("checkout-active", NEW)))["traffic on stable"]
    assert before.result is Result.PENDING
    switched = found(of(blue, service("checkout-active", OLD)))["traffic on stable"]
    assert (switched.result, switched.words) == (Result.PASSED, f"checkout-active selects {OLD}")
