import pytest

from amas_tui.rules.gates import GateKind, gates, next_gates
from tests.builders import NEW, OLD, Json, gate, pause, rollout, weight

STEPS = (weight(20), gate("a"), weight(50), pause(), gate("b"))
BACKGROUND: Json = {"analysis": {**gate("c")["analysis"], "startingStep": 2}}
BOTH: Json = {
    "prePromotionAnalysis": gate("pre")["analysis"],
    "postPromotionAnalysis": gate("post")["analysis"],
}


def names(fields: Json) -> list[tuple[GateKind, int | None, str]]:
    found = next_gates(rollout(**fields))
    return [(one.kind, one.step, one.analysis.templates[0].template_name) for one in found]


def blue_green(active: str, **fields: str) -> Json:
    return {"blue_green": {**BOTH, "status": {"activeSelector": active}}, **fields}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"steps": STEPS, "step": 0}, [(GateKind.STEP, 1, "a")], id="ahead"),
        pytest.param({"steps": STEPS, "step": 1}, [(GateKind.STEP, 1, "a")], id="at hand"),
        pytest.param({"steps": STEPS, "step": 2}, [(GateKind.STEP, 4, "b")], id="the next one"),
        pytest.param({"steps": STEPS, "step": 5}, [], id="all are behind"),
        pytest.param(
            {"steps": STEPS, "step": 5, "stable": NEW},
            [(GateKind.STEP, 1, "a")],
            id="no update: the first that the next one meets",
        ),
        pytest.param(
            {"steps": STEPS, "step": 2, "abort": True},
            [(GateKind.STEP, 1, "a")],
            id="aborted: a retry begins anew",
        ),
        pytest.param(
            {"steps": STEPS, "step": 2, "canary": BACKGROUND},
            [(GateKind.STEP, 4, "b"), (GateKind.BACKGROUND, 2, "c")],
            id="and the one in the background",
        ),
        pytest.param(blue_green(OLD), [(GateKind.PRE, None, "pre")], id="before the switch"),
        pytest.param(blue_green(NEW), [(GateKind.POST, None, "post")], id="after the switch"),
        pytest.param(
            blue_green(NEW, stable=NEW), [(GateKind.PRE, None, "pre")], id="of the next update"
        ),
        pytest.param({"steps": (weight(20),)}, [], id="no gate at all"),
    ],
)
def test_the_gate_that_comes_next(
    fields: Json, expected: list[tuple[GateKind, int | None, str]]
) -> None:
    assert names(fields) == expected


def test_every_gate_of_a_strategy_is_found_steps_first() -> None:
    found = gates(rollout(steps=STEPS, canary=BACKGROUND))
    assert [(one.kind, one.step) for one in found] == [
        (GateKind.STEP, 1),
        (GateKind.STEP, 4),
        (GateKind.BACKGROUND, 2),
    ]
