import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.rules.steps import StepKind, current_step, step_index, step_kinds, step_text
from tests.builders import Json, gate, pause, rollout, weight


@pytest.mark.parametrize(
    ("step", "kinds", "text"),
    [
        pytest.param(weight(20), ["setWeight"], "setWeight: 20", id="weight"),
        pytest.param(weight(0), ["setWeight"], "setWeight: 0", id="weight 0"),
        pytest.param(pause(), ["pause"], "pause", id="pause"),
        pytest.param(pause("1m"), ["pause"], "pause: 1m", id="timed pause"),
        pytest.param(pause(30), ["pause"], "pause: 30s", id="pause in seconds"),
        pytest.param(gate("x"), ["analysis"], "analysis", id="analysis"),
        pytest.param({"experiment": {}}, ["experiment"], "experiment", id="experiment"),
        pytest.param(
            {"setCanaryScale": {"weight": 5}},
            ["setCanaryScale"],
            "setCanaryScale{weight: 5}",
            id="scale by weight",
        ),
        pytest.param(
            {"setCanaryScale": {"replicas": 2}},
            ["setCanaryScale"],
            "setCanaryScale{replicas: 2}",
            id="scale by pods",
        ),
        pytest.param(
            {"setCanaryScale": {"matchTrafficWeight": True}},
            ["setCanaryScale"],
            "setCanaryScale{matchTrafficWeight: true}",
            id="scale as traffic",
        ),
        pytest.param(
            {"setCanaryScale": {}}, ["setCanaryScale"], "setCanaryScale", id="empty scale"
        ),
        pytest.param({"plugin": {"name": "a/b"}}, ["plugin"], "plugin: a/b", id="plugin"),
        pytest.param(
            {"setHeaderRoute": {"name": "h"}},
            ["setHeaderRoute"],
            "setHeaderRoute: h",
            id="header route",
        ),
        pytest.param(
            {"setMirrorRoute": {"name": "m"}},
            ["setMirrorRoute"],
            "setMirrorRoute: m",
            id="mirror route",
        ),
        pytest.param(
            {**weight(20), "setCanaryScale": {"replicas": 1}},
            ["setWeight", "setCanaryScale"],
            "setWeight: 20 + setCanaryScale{replicas: 1}",
            id="two keys",
        ),
        pytest.param({}, [], "invalid", id="no key"),
        pytest.param({"future": {}}, [], "invalid", id="unknown key"),
    ],
)
def test_a_step_is_worded_as_the_controller_does(step: Json, kinds: list[str], text: str) -> None:
    (found,) = rollout(steps=[step]).steps
    assert [kind.value for kind in step_kinds(found)] == kinds
    assert step_text(found) == text


@pytest.mark.parametrize(
    ("index", "shown", "kind"),
    [
        pytest.param(None, 0, StepKind.SET_WEIGHT, id="not begun"),
        pytest.param(0, 0, StepKind.SET_WEIGHT, id="first"),
        pytest.param(1, 1, StepKind.PAUSE, id="second"),
        pytest.param(2, 2, None, id="done"),
        pytest.param(9, 2, None, id="steps were removed"),
        pytest.param(-1, 0, StepKind.SET_WEIGHT, id="before the first"),
    ],
)
def test_the_step_at_hand_is_found(index: int | None, shown: int, kind: StepKind | None) -> None:
    found = rollout(steps=[weight(20), pause()], step=index)
    step = current_step(found)
    assert step_index(found) == shown
    assert (step_kinds(step)[0] if step else None) is kind


def test_blue_green_has_no_steps() -> None:
    assert current_step(rollout(blue_green={})) is None


@given(st.lists(st.sampled_from([weight(5), pause(), {}]), max_size=5), st.integers(-3, 9))
def test_steps_added_or_removed_meanwhile_do_no_harm(steps: list[Json], index: int) -> None:
    found = rollout(steps=steps, step=index)
    assert 0 <= step_index(found) <= len(steps)
    assert (current_step(found) is None) == (step_index(found) == len(steps))
