import math
from dataclasses import replace
from typing import Any

import pytest

from amas_tui.domain.analysis import AnalysisPhase
from amas_tui.store.forecast import GateForecast, forecasts
from amas_tui.store.gauges import gauges
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Result, Series, Side, Slo
from amas_tui.viewmodel.gate_lines import gate_lines, gate_summary, next_gate_line, trouble_lines
from amas_tui.viewmodel.text import plain
from tests.builders import (
    NEW,
    OLD,
    Json,
    gate,
    metric,
    pause,
    rollout,
    scene,
    template,
    weight,
)

HASHED = "rate(x{hash='{{args.hash}}'}[1m])"
LATEST: Json = {"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}}
STEPS = (weight(20), pause(), gate("t", args=[LATEST]))


def measured(
    *metrics: Json,
    canary: Result | None = None,
    stable: Result | None = None,
    problem: str = "",
    query: str = HASHED,
    stable_hash: str = OLD,
    **fields: Any,
) -> Scene:
    """Return a rollout at a pause before its gate, whose queries gave these answers."""
    own = template("t", metrics=list(metrics) or [metric(query=query)], args=[{"name": "hash"}])
    usual = {
        "steps": STEPS,
        "step": 1,
        "routed": True,
        "weights": (20, NEW),
        "stable": stable_hash,
    }
    here = scene(rollout(**{**usual, **fields}), own)
    series = {}
    for gauge in gauges(here):
        for side, asked in gauge.queries:
            result = stable if side is Side.STABLE else canary
            points = () if result in (None, ()) else ((1.0, _first(result)),)
            series["http://prometheus.example:9090", asked] = Series(points, problem, result)
    slo = Slo(gauges(here), series)
    return Scene(here.rollout, replace(here.snapshot, slos={here.rollout.uid: slo}))


def _first(result: Result | None) -> float:
    return result[0] if isinstance(result, tuple) else result or 0.0


def first(here: Scene) -> GateForecast:
    return forecasts(here)[0]


@pytest.mark.parametrize(
    ("one", "result", "phase"),
    [
        pytest.param({}, (0.99,), AnalysisPhase.SUCCESSFUL, id="good"),
        pytest.param({}, (0.81,), AnalysisPhase.FAILED, id="bad"),
        pytest.param({}, (math.nan,), AnalysisPhase.FAILED, id="no traffic"),
        pytest.param({}, (), AnalysisPhase.ERROR, id="no data"),
        pytest.param(
            {"failure": "result[0] < 0.9"}, (0.92,), AnalysisPhase.INCONCLUSIVE, id="between"
        ),
        pytest.param({"success": "result >= 0.95"}, 0.99, AnalysisPhase.SUCCESSFUL, id="scalar"),
        pytest.param({"success": "max(result) > 0"}, (0.99,), None, id="not judged here"),
        pytest.param({"success": ""}, (0.1,), AnalysisPhase.SUCCESSFUL, id="no condition"),
        pytest.param({}, None, None, id="not asked yet"),
    ],
)
def test_the_gate_says_now_what_the_controller_would(
    one: Json, result: Result | None, phase: AnalysisPhase | None
) -> None:
    assert first(measured(metric(query=HASHED, **one), canary=result)).phase is phase


def test_the_new_version_is_judged_not_the_stable_one() -> None:
    here = measured(canary=(0.5,), stable=(0.99,))
    (one,) = first(here).metrics
    assert (one.side, one.phase, one.result) == (Side.CANARY, AnalysisPhase.FAILED, (0.5,))


def test_without_an_update_the_running_version_is() -> None:
    here = measured(canary=(0.1,), stable=(0.99,), stable_hash=NEW, step=3)
    (one,) = first(here).metrics
    assert (one.side, one.phase) == (Side.STABLE, AnalysisPhase.SUCCESSFUL)


def test_a_dry_run_metric_has_no_say() -> None:
    own = gate("t", args=[LATEST], dryRun=[{"metricName": "bad"}])
    here = measured(
        metric("good", query=HASHED),
        metric("bad", query=HASHED + " + 0", success="result[0] > 5"),
        canary=(0.99,),
        steps=(weight(20), pause(), own),
    )
    assert first(here).phase is AnalysisPhase.SUCCESSFUL
    assert [one.phase for one in first(here).metrics] == [
        AnalysisPhase.SUCCESSFUL,
        AnalysisPhase.FAILED,
    ]
    assert "dry-run: has no say" in plain(gate_lines(here, forecasts(here))[2])


def test_one_that_fails_settles_it_whatever_is_not_known() -> None:
    web = metric("web", provider={"web": {"url": "http://x"}})
    here = measured(metric(query=HASHED), web, canary=(0.1,))
    assert first(here).phase is AnalysisPhase.FAILED
    assert first(measured(metric(query=HASHED), web, canary=(0.99,))).phase is None


def lines(here: Scene) -> list[str]:
    return [plain(line).rstrip() for line in gate_lines(here, forecasts(here))]


def test_the_preview_says_gate_value_limit_and_verdict() -> None:
    assert lines(measured(canary=(0.812,))) == [
        " next gate, step 3 of 3, ✖ would fail  0 of 1 good now",
        "   ✖ success-rate  0.812 < 0.95  would fail",
    ]
    assert lines(measured(canary=(0.99,)))[0] == (
        " next gate, step 3 of 3, ✔ would pass  1 of 1 good now"
    )


def test_templates_that_are_still_being_read_are_no_gate_without_metrics() -> None:
    waiting = rollout(steps=(weight(20), pause(), gate("t")))
    coming = scene(waiting, unknown=[Kind.ANALYSIS_TEMPLATES])
    assert lines(coming)[0] == " next gate, step 3 of 3, its templates are being read"
    assert lines(scene(waiting))[0] == " next gate, step 3 of 3, its templates are not known here"


def test_what_has_had_no_answer_is_not_counted_as_bad() -> None:
    (line, *_) = lines(measured())
    assert line == " next gate, step 3 of 3, ◌ being asked"


def test_the_gate_at_hand_is_called_so() -> None:
    assert lines(measured(canary=(0.99,), step=2))[0].startswith(" gate at hand, step 3 of 3,")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        pytest.param(
            metric("m", provider={"job": {}}), "job is asked by the controller alone", id="job"
        ),
        pytest.param(
            metric("m", query="x{a='{{args.gone}}'}"), "argument gone has no value", id="argument"
        ),
        pytest.param(
            metric("m", success="max(result) > 1"), "max() cannot be evaluated here", id="function"
        ),
        pytest.param(
            metric("m", provider={"prometheus": {"query": "x", "rangeQuery": {"step": "1m"}}}),
            "it asks for a range, which is not evaluated here",
            id="range",
        ),
    ],
)
def test_what_cannot_be_evaluated_says_why(one: Json, words: str) -> None:
    shown = lines(measured(one, canary=(1.0,)))
    assert "? cannot be told" in shown[0]
    assert shown[1].strip() == f"? m  {words}"


def test_a_prometheus_that_fails_is_the_reason() -> None:
    shown = lines(measured(canary=None, problem="Prometheus did not answer"))
    assert shown[1].strip() == "? success-rate  Prometheus did not answer"


def test_a_query_that_does_not_select_the_new_version_is_named() -> None:
    here = measured(canary=(0.96,), query="rate(x[1m])", weights=(25, NEW))
    summary, _, words = lines(here)
    assert summary.endswith("success-rate not about the new version")
    assert words.strip() == (
        "does not select the new version: it measures all of them together; "
        "at 25 % of the traffic 20 % errors of its own would pass"
    )
    assert first(here).blind == ("success-rate",)


def test_a_query_by_the_canarys_service_selects_it() -> None:
    here = measured(canary=(0.96,), query='rate(x{service="checkout-canary"}[1m])')
    assert first(here).blind == ()


def test_a_vector_of_several_series_says_that_the_first_counts() -> None:
    shown = lines(measured(canary=(0.99, 0.1)))
    assert "0.99 >= 0.95 (2 series, this is the first)" in shown[1]


def test_before_the_first_answer_nothing_is_claimed() -> None:
    here = measured()
    assert "◌ being asked" in plain(gate_summary(here, first(here)))
    assert len(trouble_lines(here, forecasts(here))) == 1


def test_only_what_would_not_pass_is_told_in_short() -> None:
    here = measured(canary=(0.99,))
    assert len(trouble_lines(here, forecasts(here))) == 1
    bad = measured(canary=(0.1,))
    assert len(trouble_lines(bad, forecasts(bad))) == 2
    assert plain(next_gate_line(bad)[0]).startswith(" next gate")


def test_templates_that_may_not_be_read_are_said() -> None:
    here = scene(rollout(steps=STEPS, step=1))
    assert lines(here)[1].strip() == "its templates are not known here"
    assert next_gate_line(scene(rollout())) == ()


def test_after_an_abort_nothing_is_forecast() -> None:
    assert forecasts(measured(canary=(0.99,), abort=True)) == ()
