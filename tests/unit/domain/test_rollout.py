import pytest

from amas_tui.domain.rollout import PauseReason, Phase, TrafficRouting
from tests.builders import NEW, OLD, Json, condition, gate, pause, read, rollout, weight


def test_an_unknown_phase_or_reason_decodes_to_unknown() -> None:
    assert Phase("Sleeping") is Phase.UNKNOWN
    assert PauseReason("Lunch") is PauseReason.UNKNOWN


def test_steps_of_every_kind_are_read() -> None:
    steps = [
        weight(20),
        pause("1m"),
        pause(),
        gate("success-rate"),
        {"experiment": {"templates": [{"name": "a", "weight": 5}], "duration": "1m"}},
        {"setCanaryScale": {"matchTrafficWeight": True}},
        {"setHeaderRoute": {"name": "beta"}},
        {"setMirrorRoute": {"name": "shadow"}},
        {"plugin": {"name": "acme/step", "config": {"token": "x"}}},
        {"aStepOfTheFuture": {}},
    ]
    found = rollout(steps=steps).steps
    assert len(found) == len(steps)
    assert found[0].set_weight == 20
    assert found[2].pause is not None
    assert found[2].pause.duration is None
    assert found[8].plugin is not None
    assert found[8].plugin.name == "acme/step"


def test_a_step_with_an_odd_value_keeps_its_place() -> None:
    found = rollout(
        steps=[weight(5), {"setWeight": "many"}, {"pause": {"duration": []}}, weight(9)]
    )
    assert [step.set_weight for step in found.steps] == [5, None, None, 9]
    assert found.steps[2].pause is not None


def test_an_odd_field_does_not_cost_the_strategy_around_it() -> None:
    found = rollout(steps=[weight(5)], canary={"maxSurge": {"a": 1}, "canaryService": "new"})
    assert found.canary is not None
    assert found.canary.canary_service == "new"
    assert found.canary.max_surge is None


def test_a_hostile_duration_is_disarmed() -> None:
    (step,) = rollout(steps=[pause("\x1b]52;c;eA==\x07")]).steps
    assert step.pause is not None
    assert "\x1b" not in str(step.pause.duration)


def test_absent_replicas_mean_one_and_zero_means_zero() -> None:
    assert rollout(replicas=None).desired == 1
    assert rollout(replicas=0).desired == 0


@pytest.mark.parametrize(
    ("new", "stable", "promoted", "updating"),
    [
        pytest.param(NEW, OLD, False, True, id="update in flight"),
        pytest.param(NEW, NEW, True, False, id="promoted"),
        pytest.param(NEW, "", False, False, id="first deployment"),
        pytest.param("", "", True, False, id="never reconciled"),
    ],
)
def test_an_update_is_in_flight_while_the_wanted_version_is_not_stable(
    *, new: str, stable: str, promoted: bool, updating: bool
) -> None:
    found = rollout(new=new, stable=stable)
    assert (found.is_promoted, found.is_updating) == (promoted, updating)


def test_conditions_are_found_by_type() -> None:
    found = rollout(conditions=[condition("Healthy", "False"), condition("Paused")])
    paused = found.condition("Paused")
    assert paused is not None
    assert paused.status == "True"
    assert found.condition("Progressing") is None


@pytest.mark.parametrize(
    ("routing", "provider"),
    [
        pytest.param({"nginx": {"stableIngress": "x"}}, "nginx", id="nginx"),
        pytest.param({"istio": {"virtualService": {"name": "x"}}}, "istio", id="istio"),
        pytest.param({"alb": {}}, "alb", id="alb"),
        pytest.param({"appMesh": {}}, "appMesh", id="app mesh"),
        pytest.param({"plugins": {"acme/gateway": {"secret": "x"}}}, "acme/gateway", id="plugin"),
        pytest.param({"managedRoutes": []}, "", id="none"),
    ],
)
def test_the_traffic_provider_is_named(routing: Json, provider: str) -> None:
    assert read(TrafficRouting, routing).provider == provider


def test_one_or_several_stable_ingresses_are_read() -> None:
    one = read(TrafficRouting, {"nginx": {"stableIngress": "a"}})
    several = read(TrafficRouting, {"nginx": {"stableIngresses": ["a", "b"]}})
    assert one.nginx is not None
    assert several.nginx is not None
    assert one.nginx.ingresses == ("a",)
    assert several.nginx.ingresses == ("a", "b")
