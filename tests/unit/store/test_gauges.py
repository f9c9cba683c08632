from typing import Any

import pytest

from amas_tui.store.gates import analyses, find_template, templates
from amas_tui.store.gauges import gauges
from amas_tui.store.slo import Gauge, Side
from tests.builders import (
    NEW,
    OLD,
    Json,
    Thing,
    analysis_run,
    gate,
    metric,
    rollout,
    scene,
    template,
    weight,
)

HASHED = "rate(requests{hash='{{args.hash}}'}[1m])"
LATEST: Json = {"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}}


def found(fields: Json, *things: Thing) -> tuple[Gauge, ...]:
    return gauges(scene(rollout(**fields), *things))


def with_gate(*names: str, **more: Any) -> Json:
    return {"steps": [weight(20), gate(*names, **more)]}


def hashed(**more: Any) -> Thing:
    return template("t", metrics=[metric(query=HASHED, **more)], args=[{"name": "hash"}])


def test_a_gate_is_asked_once_for_the_canary_and_once_for_the_stable_version() -> None:
    (gauge,) = found(with_gate("t", args=[LATEST]), hashed())
    assert gauge.queries == (
        (Side.CANARY, f"rate(requests{{hash='{NEW}'}}[1m])"),
        (Side.STABLE, f"rate(requests{{hash='{OLD}'}}[1m])"),
    )
    assert [(limit.operator, limit.value) for limit in gauge.limits] == [(">=", 0.95)]
    assert (gauge.name, gauge.template, gauge.problem) == ("success-rate", "t", "")
    assert gauge.address == "http://prometheus.example:9090"


def test_a_query_without_a_hash_does_not_tell_the_versions_apart() -> None:
    (gauge,) = found(with_gate("t"), template("t"))
    assert gauge.queries == ((Side.ALL, "rate(requests[1m])"),)


def test_a_query_for_the_stable_hash_alone_does_not_tell_them_apart_either() -> None:
    stable = {"name": "hash", "valueFrom": {"podTemplateHashValue": "Stable"}}
    (gauge,) = found(with_gate("t", args=[stable]), hashed())
    assert [side for side, _ in gauge.queries] == [Side.ALL]


def test_after_the_promotion_there_is_only_the_stable_version() -> None:
    (gauge,) = found({**with_gate("t", args=[LATEST]), "stable": NEW}, hashed())
    assert [side for side, _ in gauge.queries] == [Side.STABLE]


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        pytest.param([{"name": "hash"}], "argument hash has no value", id="missing"),
        pytest.param(
            [{"name": "hash", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
            "argument hash comes from a Secret, which is not read",
            id="secret",
        ),
        pytest.param([], "argument hash has no value", id="not declared"),
    ],
)
def test_an_argument_without_a_value_is_named_and_never_guessed(
    args: list[Json], problem: str
) -> None:
    own = template("t", metrics=[metric(query=HASHED)], args=args)
    (gauge,) = found(with_gate("t"), own)
    assert gauge.problem == problem


def test_a_default_is_used_where_the_rollout_gives_nothing() -> None:
    args = [{"name": "hash"}, {"name": "window", "value": "5m"}, {"name": "least", "value": "0.9"}]
    own = template(
        "t",
        args=args,
        metrics=[
            metric(
                query="rate(x{hash='{{args.hash}}'}[{{args.window}}])",
                success="result[0] >= {{args.least}}",
            )
        ],
    )
    (gauge,) = found(with_gate("t", args=[LATEST, {"name": "window", "value": "1m"}]), own)
    assert gauge.queries[0][1] == f"rate(x{{hash='{NEW}'}}[1m])"
    assert gauge.limits[0].value == 0.9


def test_metrics_come_in_the_order_of_the_gates_and_once() -> None:
    first = template("a", metrics=[metric("one"), metric("two")])
    second = template("b", metrics=[metric("two", query="other"), metric("three")])
    names = [gauge.name for gauge in found({"steps": [gate("b"), gate("a", "b")]}, first, second)]
    assert names == ["two", "three", "one"]


def test_a_metric_of_another_provider_is_left_out() -> None:
    own = template("t", metrics=[metric("web", provider={"web": {}}), metric("prom")])
    assert [gauge.name for gauge in found(with_gate("t"), own)] == ["prom"]


def test_every_analysis_of_the_strategy_counts() -> None:
    canary = rollout(steps=[gate("a")], canary={"analysis": gate("b")["analysis"]})
    blue = rollout(
        blue_green={
            "prePromotionAnalysis": gate("c")["analysis"],
            "postPromotionAnalysis": gate("d")["analysis"],
        }
    )
    names = [
        ref.template_name
        for one in (canary, blue)
        for analysis in analyses(one)
        for ref in analysis.templates
    ]
    assert names == ["a", "b", "c", "d"]


def test_templates_include_others_and_never_go_in_circles() -> None:
    here = scene(
        rollout(**with_gate("a")),
        template(
            "a", includes=[{"templateName": "b"}, {"templateName": "wide", "clusterScope": True}]
        ),
        template("b", includes=[{"templateName": "a"}, {"templateName": "gone"}]),
        template("wide", namespace=""),
    )
    analysis = here.rollout.steps[1].analysis
    assert analysis is not None
    assert [one.metadata.name for one in templates(here, analysis)] == ["a", "b", "wide"]


def test_a_template_is_looked_for_where_its_reference_says() -> None:
    here = scene(
        rollout(), template("t"), template("t", namespace="else"), template("t", namespace="")
    )
    own, wide = (
        find_template(here, "t", is_cluster=False),
        find_template(here, "t", is_cluster=True),
    )
    assert own is not None
    assert wide is not None
    assert (own.metadata.namespace, wide.metadata.namespace) == ("shop", "")
    assert find_template(here, "gone", is_cluster=False) is None


def test_without_templates_the_runs_tell_the_metrics() -> None:
    run = analysis_run(metrics=[metric(query=HASHED)], args=[{"name": "hash", "value": NEW}])
    (gauge,) = found(with_gate("t"), run)
    assert gauge.queries == (
        (Side.CANARY, f"rate(requests{{hash='{NEW}'}}[1m])"),
        (Side.STABLE, f"rate(requests{{hash='{OLD}'}}[1m])"),
    )
    assert gauge.template == ""


def test_a_run_of_the_first_deployment_has_no_stable_side() -> None:
    run = analysis_run(metrics=[metric(query=HASHED)], args=[{"name": "hash", "value": NEW}])
    (gauge,) = found({"stable": ""}, run)
    assert [side for side, _ in gauge.queries] == [Side.CANARY]


def test_a_run_with_an_open_argument_says_so() -> None:
    (gauge,) = found({}, analysis_run(metrics=[metric(query=HASHED)]))
    assert gauge.problem == "an argument has no value"
    assert gauge.queries[0][0] is Side.ALL


def test_without_gates_there_is_nothing_to_follow() -> None:
    assert found({"steps": [weight(20)]}) == ()
