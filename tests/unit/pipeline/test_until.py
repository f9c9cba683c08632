"""What a command waits for, and what each state ends with."""

import pytest

from amas_tui.domain.rollout import Rollout
from amas_tui.errors import Exit, UsageError
from amas_tui.pipeline.until import reached, status_code, until
from tests import builders as b
from tests.builders import NEW

STEPS = (b.weight(20), b.pause("1m"), b.pause(), b.weight(50))


def timed() -> Rollout:
    return b.rollout(steps=STEPS, step=1, paused="CanaryPauseStep", phase="Paused")


def waiting() -> Rollout:
    return b.rollout(steps=STEPS, step=2, paused="CanaryPauseStep", phase="Paused")


def healthy() -> Rollout:
    return b.rollout(steps=STEPS, step=4, stable=NEW, phase="Healthy")


def halted(cause: str) -> Rollout:
    return b.rollout(
        steps=STEPS,
        step=0,
        abort=True,
        aborted_at=b.ago(minutes=1),
        phase="Degraded",
        message=f"RolloutAborted: Rollout aborted update to revision 2: {cause}",
        conditions=[b.aborted(cause)],
    )


def scaling() -> Rollout:
    return b.rollout(steps=STEPS, step=0, phase="Progressing")


FAILED = 'Step-based analysis phase error/failed: Metric "x" assessed Failed'


@pytest.mark.parametrize(
    ("rollout", "watched", "code"),
    [
        (healthy(), True, Exit.OK),
        (scaling(), True, Exit.PROGRESSING),
        (timed(), True, Exit.PROGRESSING),
        (timed(), False, Exit.PROGRESSING),
        (waiting(), True, Exit.PAUSED),
        (halted(FAILED), True, Exit.ANALYSIS),
        (halted('ReplicaSet "x" has timed out progressing.'), True, Exit.DEGRADED),
        (halted(""), True, Exit.ABORTED),
    ],
)
def test_each_state_has_its_code(rollout: Rollout, watched: bool, code: Exit) -> None:  # noqa: FBT001
    assert status_code(rollout, watched=watched) is code


@pytest.mark.parametrize(
    ("text", "at", "not_at"),
    [
        ("healthy", healthy(), waiting()),
        ("paused", waiting(), scaling()),
        ("paused", timed(), healthy()),
        ("degraded", halted(FAILED), timed()),
        ("aborted", halted(""), scaling()),
        ("settled", waiting(), timed()),
        ("weight=20", timed(), halted("")),
        ("weight=50", healthy(), timed()),
        ("step=2", waiting(), timed()),
    ],
)
def test_a_goal_is_reached_there_and_not_elsewhere(text: str, at: Rollout, not_at: Rollout) -> None:
    assert reached(until(text), at)
    assert not reached(until(text), not_at)
    assert str(until(text)) == text


def test_nothing_is_reached_before_the_controller_has_seen_the_spec() -> None:
    unseen = b.rollout(steps=STEPS, step=4, stable=NEW, phase="Healthy", generation=4, observed=3)
    assert not reached(until("healthy"), unseen)


@pytest.mark.parametrize("text", ["weight", "weight=x", "step=", "happy", ""])
def test_what_names_no_goal_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="there is no state"):
        until(text)
