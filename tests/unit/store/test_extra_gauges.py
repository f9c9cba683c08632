import pytest

from amas_tui.rules.presets import FAMILIES, Preset, Selector, Subject, Tie
from amas_tui.settings import OwnQuery
from amas_tui.store.extra_gauges import any_address, own_gauges, preset_gauges, subject
from amas_tui.store.slo import Gauge, Origin, Side
from tests.builders import NEW, OLD, Json, metric, rollout, scene, template

BY_HASH = Selector(Tie.HASH, "every", 'h="new"', 'h="old"')
OF = Subject("shop", "checkout", "new", "old")


def preset(selector: Selector = BY_HASH) -> Preset:
    return Preset(FAMILIES[0], selector, 'status=~"5.."')


def test_presets_complete_the_views_that_the_gates_leave_open() -> None:
    names = [one.name for one in preset_gauges(preset(), OF, ())]
    assert names == [
        "success rate",
        "error rate",
        "error budget",
        "latency p50",
        "latency p95",
        "latency p99",
        "requests/s",
    ]
    known = (Gauge("success-rate", ()), Gauge("error-budget", ()))
    fewer = [one.name for one in preset_gauges(preset(), OF, known)]
    assert fewer == ["error rate", "latency p50", "latency p95", "latency p99", "requests/s"]


def test_each_version_is_asked_for_apart() -> None:
    one = next(preset_gauges(preset(), OF, ()))
    assert [side for side, _ in one.queries] == [Side.CANARY, Side.STABLE]
    assert (one.origin, one.note) == (Origin.PRESET, "http_requests_total, by its hash")


def test_without_an_update_the_running_version_alone_is_asked_for() -> None:
    one = next(preset_gauges(preset(), Subject("shop", "checkout", "", "old"), ()))
    assert [side for side, _ in one.queries] == [Side.STABLE]


def test_what_cannot_be_separated_is_asked_once_and_says_so() -> None:
    one = next(preset_gauges(preset(Selector(Tie.NONE, "every")), OF, ()))
    assert [side for side, _ in one.queries] == [Side.ALL]
    assert one.note.endswith("cannot be separated by version")


def test_percentiles_are_of_one_family_and_p95_has_the_limit() -> None:
    found = [one for one in preset_gauges(preset(), OF, ()) if one.family == "latency"]
    assert [len(one.limits) for one in found] == [0, 1, 0]
    assert ["0.5" in q or "0.95" in q or "0.99" in q for one in found for _, q in one.queries]


@pytest.mark.parametrize(
    ("query", "fields", "sides"),
    [
        pytest.param("up", {}, [(Side.ALL, "up")], id="no hash"),
        pytest.param(
            "x{h='{{args.hash}}'}",
            {},
            [(Side.CANARY, f"x{{h='{NEW}'}}"), (Side.STABLE, f"x{{h='{OLD}'}}")],
            id="by hash",
        ),
        pytest.param(
            "x{h='{{args.hash}}'}",
            {"stable": NEW},
            [(Side.STABLE, f"x{{h='{NEW}'}}")],
            id="no update",
        ),
        pytest.param(
            "x{a='{{args.namespace}}/{{args.rollout}}'}",
            {},
            [(Side.ALL, "x{a='shop/checkout'}")],
            id="names",
        ),
    ],
)
def test_an_own_query_is_filled_in(query: str, fields: Json, sides: list[tuple[Side, str]]) -> None:
    own = OwnQuery("queue", query, "result[0] <= 5", "ms")
    (one,) = own_gauges([own], rollout(**fields))
    assert list(one.queries) == sides
    assert (one.origin, one.unit, one.limits[0].value) == (Origin.OWN, "ms", 5.0)


def test_whose_metrics_are_looked_for() -> None:
    of = subject(rollout(routed=True))
    assert of == Subject(
        "shop",
        "checkout",
        NEW,
        OLD,
        ("checkout-stable", "checkout-canary"),
        ("checkout-stable",),
    )
    assert subject(rollout(stable=NEW)).hashes == (NEW,)
    assert subject(rollout(blue_green={})).services == ("checkout-active",)


def test_a_rollout_without_an_analysis_borrows_the_address_of_its_neighbours() -> None:
    here = scene(
        rollout(),
        template(
            "a", metrics=[metric(address="{{args.url}}"), metric("web", provider={"web": {}})]
        ),
        template("b", metrics=[metric(address="http://prom:9090")]),
        template("c", namespace="else", metrics=[metric(address="http://a-other:9090")]),
    )
    assert any_address(here) == "http://prom:9090"
    assert any_address(scene(rollout())) == ""
