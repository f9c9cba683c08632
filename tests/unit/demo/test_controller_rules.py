"""Rules of the demo's controllers, one by one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.demo.clock import ManualClock
from amas_tui.demo.controller import conditions, replicas, revisions, spec, steps, templates
from amas_tui.demo.controller.events import Recorder
from amas_tui.demo.resources import EVENTS, ROLLOUTS
from amas_tui.demo.store import Store
from tests.contract import actions as act
from tests.contract.actions import NAME
from tests.contract.stage import ModelStage, pass_by
from tests.controlplane import states
from tests.controlplane.kinds import Json
from tests.controlplane.rollouts import canary, pause, set_weight

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_text", "seconds"),
    [("30", 30), (30, 30), ("1m30s", 90), ("1.5h", 5400), ("500ms", 0), ("1d", -1), ("", -1)],
)
def test_a_pause_is_read_as_go_reads_it(given_text: int | str, seconds: int) -> None:
    assert spec.seconds(given_text) == seconds


@pytest.mark.parametrize(
    ("wanted", "weight", "surge", "pods"),
    [
        (5, 10, 1, (1, 5)),
        (10, 10, 1, (1, 9)),
        (1, 5, 1, (1, 1)),
        (1, 5, 0, (0, 1)),
        (3, 50, 0, (2, 1)),
        (0, 50, 1, (0, 0)),
    ],
)
def test_pods_come_closest_to_the_weight(
    wanted: int, weight: int, surge: int, pods: tuple[int, int]
) -> None:
    assert replicas.approximated(wanted, weight, 100, surge) == pods


@given(st.integers(1, 40), st.integers(1, 99), st.integers(0, 3))
def test_a_weight_between_leaves_pods_to_both(wanted: int, weight: int, surge: int) -> None:
    new, stable = replicas.approximated(wanted, weight, 100, surge)
    assert new + stable in (wanted, wanted + 1)
    assert new + stable <= wanted + surge
    if wanted + min(surge, 1) > 1:
        assert new >= 1
        assert stable >= 1


def _set(name: str, wanted: int, available: int) -> Json:
    return {
        "metadata": {"name": name, "labels": {"rollouts-pod-template-hash": name}},
        "spec": {"replicas": wanted},
        "status": {"replicas": wanted, "availableReplicas": available},
    }


@given(
    whole=st.integers(1, 20),
    weight=st.integers(0, 100),
    surge=st.integers(1, 5),
    data=st.data(),
)
def test_a_basic_canary_never_asks_for_more_than_its_surge(
    whole: int, weight: int, surge: int, data: st.DataObject
) -> None:
    new = data.draw(st.integers(0, whole))
    stable = data.draw(st.integers(0, whole + surge - new))
    rollout = {
        "spec": {
            "replicas": whole,
            "strategy": {"canary": {"steps": [{"setWeight": weight}], "maxSurge": surge}},
        },
        "status": {"stableRS": "s", "currentPodHash": "n", "currentStepIndex": 0},
    }
    sets = (
        _set("n", new, data.draw(st.integers(0, new))),
        _set("s", stable, data.draw(st.integers(0, stable))),
    )
    counts = replicas.basic(rollout, *sets, [])
    assert sum(counts) <= max(whole + surge, new + stable)
    assert min(counts) >= 0


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ({"setWeight": 20}, "setWeight: 20"),
        ({"pause": {}}, "pause"),
        ({"pause": {"duration": "30s"}}, "pause: 30s"),
        ({"analysis": {}}, "analysis"),
        ({"setCanaryScale": {"weight": 5}}, "setCanaryScale{weight: 5}"),
        ({"setCanaryScale": {"replicas": 2}}, "setCanaryScale{replicas: 2}"),
        (
            {"setCanaryScale": {"matchTrafficWeight": True}},
            "setCanaryScale{matchTrafficWeight: true}",
        ),
    ],
)
def test_events_name_a_step_in_the_controllers_words(step: Json, text: str) -> None:
    assert steps.text(step) == text


def test_a_condition_of_the_same_reason_keeps_its_words() -> None:
    first = {
        "type": "Progressing",
        "status": "True",
        "reason": "A",
        "message": "one",
        "lastTransitionTime": "t1",
    }
    status: Json = {"conditions": [first]}
    assert not conditions.put(status, {**first, "message": "two"})
    assert status["conditions"] == [first]
    assert conditions.put(status, {**first, "reason": "B", "lastTransitionTime": "t2"})
    assert status["conditions"][0]["lastTransitionTime"] == "t1"


def test_equal_templates_have_one_hash() -> None:
    template = {"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"containers": []}}
    turned = {"spec": {"containers": []}, "metadata": {"labels": {"b": "2", "a": "1"}}}
    assert revisions.template_hash(template) == revisions.template_hash(turned)


def test_arguments_without_a_value_are_refused() -> None:
    with pytest.raises(templates.TemplateError, match=r"args\.service was not resolved"):
        templates.merged_args([], [{"name": "service"}])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "web"),
        ("metadata.labels['tier']", "front"),
        ("spec.replicas", "3"),
        ("spec.strategy.canary.steps[0].setWeight", "20"),
    ],
)
def test_a_field_of_the_rollout_is_an_argument(path: str, value: str) -> None:
    rollout = {
        "metadata": {"name": "web", "labels": {"tier": "front"}},
        "spec": {"replicas": 3, "strategy": {"canary": {"steps": [{"setWeight": 20}]}}},
    }
    assert templates.field_of(rollout, path) == value


@pytest.mark.parametrize("path", ["spec.absent", "spec", "spec.replicas.more"])
def test_a_field_that_is_no_plain_value_is_refused(path: str) -> None:
    with pytest.raises(templates.TemplateError):
        templates.field_of({"metadata": {}, "spec": {"replicas": 3}}, path)


def _recorder() -> tuple[ManualClock, Store, Recorder, Json]:
    clock = ManualClock(NOW)
    store = Store(clock)
    obj = store.create(ROLLOUTS, canary("ns", NAME, [])[-1])
    return clock, store, Recorder(store, "tester"), obj


def test_what_is_told_again_is_counted() -> None:
    _, store, recorder, obj = _recorder()
    recorder.tell(obj, "Same", "once more")
    recorder.tell(obj, "Same", "once more")
    assert [each["count"] for each in store.select(EVENTS)] == [2]


def test_many_of_one_reason_become_one_event() -> None:
    _, store, recorder, obj = _recorder()
    for number in range(12):
        recorder.tell(obj, "Scaling", f"to {number}")
    events = store.select(EVENTS)
    assert len(events) == 10
    assert min(each["message"] for each in events) == "(combined from similar events): to 11"


def test_an_object_has_twenty_five_events_and_then_one_in_five_minutes() -> None:
    clock, store, recorder, obj = _recorder()
    for number in range(40):
        recorder.tell(obj, f"Reason{number}", "text")
    assert len(store.select(EVENTS)) == 25
    recorder.warn(obj, "Bad", "warnings have their own")
    assert len(store.select(EVENTS)) == 26
    clock.advance(300)
    recorder.tell(obj, "Late", "text")
    assert len(store.select(EVENTS)) == 27
    clock.advance(3600)
    assert store.select(EVENTS) == []


def test_a_stopped_controller_reacts_to_nothing_until_it_is_resumed() -> None:
    stage = ModelStage()
    act.deploy(stage, *canary(stage.namespace, NAME, [set_weight(50), pause()], replicas=2))
    stage.controllers.rollouts.stop()
    act.release(stage, "v2")
    stage.clock.advance(60)
    silent = stage.get("rollouts", NAME)
    assert not act.is_observed(silent)
    assert act.revision(silent) == "1"
    stage.controllers.rollouts.resume()
    act.wait(stage, act.paused_at(1))


def test_a_story_is_the_same_in_every_run() -> None:
    def story() -> list[str]:
        stage = ModelStage(seed=7)
        act.deploy(stage, *canary(stage.namespace, NAME, [set_weight(50), pause(1)], replicas=3))
        act.release(stage, "v2")
        act.wait(stage, states.is_promoted)
        return [
            seen.object["metadata"]["resourceVersion"] for seen in stage.history("rollouts", NAME)
        ]

    assert story() == story()


def test_a_rollout_at_rest_makes_no_changes() -> None:
    stage = ModelStage()
    act.deploy(stage, *canary(stage.namespace, NAME, [set_weight(50)], replicas=3, nginx=True))
    pass_by(stage)
    before = stage.store.version
    stage.clock.advance(1200)
    assert stage.store.version == before
