from datetime import timedelta

import pytest

from amas_tui.rules.deadline import progress_deadline
from tests.builders import NEW, NOW, Json, ago, condition, gate, pause, rollout, weight

SINCE = ago(seconds=40)
GOING = condition("Progressing", reason="ReplicaSetUpdated", since=SINCE)
STEPS = (weight(20), pause("1m"), gate("t"))


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        pytest.param({"conditions": [GOING], "steps": STEPS, "step": 0}, 600, id="by default"),
        pytest.param(
            {
                "conditions": [GOING],
                "steps": STEPS,
                "step": 0,
                "spec": {"progressDeadlineSeconds": 30},
            },
            30,
            id="its own",
        ),
        pytest.param({"conditions": [GOING], "steps": STEPS, "step": 1}, None, id="at a pause"),
        pytest.param({"conditions": [GOING], "steps": STEPS, "step": 2}, None, id="at an analysis"),
        pytest.param(
            {"conditions": [GOING], "steps": STEPS, "step": 0, "held": True}, None, id="held"
        ),
        pytest.param(
            {"conditions": [GOING], "steps": STEPS, "step": 0, "paused": "InconclusiveAnalysisRun"},
            None,
            id="paused by the controller",
        ),
        pytest.param(
            {"conditions": [GOING], "steps": STEPS, "step": 0, "abort": True}, None, id="aborted"
        ),
        pytest.param(
            {"conditions": [GOING], "phase": "Healthy", "stable": NEW}, None, id="nothing moves"
        ),
        pytest.param({"conditions": [GOING], "stable": ""}, 600, id="the first deployment"),
        pytest.param({"steps": STEPS, "step": 0}, None, id="no condition"),
        pytest.param(
            {
                "conditions": [condition("Progressing", reason="ProgressDeadlineExceeded")],
                "steps": STEPS,
            },
            None,
            id="it has passed",
        ),
    ],
)
def test_the_deadline_runs_only_while_the_controller_waits_for_pods(
    fields: Json, seconds: int | None
) -> None:
    found = progress_deadline(rollout(**fields))
    assert found == (None if seconds is None else SINCE + timedelta(seconds=seconds))


def test_the_clock_starts_at_the_last_progress() -> None:
    found = progress_deadline(rollout(conditions=[GOING], steps=STEPS, step=0))
    assert found is not None
    assert (found - NOW).total_seconds() == 560
