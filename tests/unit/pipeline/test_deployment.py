"""Where a deployment stands, and when it is over."""

import pytest

from amas_tui.domain.rollout import Rollout
from amas_tui.errors import Exit
from amas_tui.pipeline.deployment import Outcome, progress_bar, verdict
from amas_tui.store.scene import Scene
from tests import builders as b
from tests.builders import NEW, NOW
from tests.unit.pipeline import test_until as states


def scene(rollout: Rollout) -> Scene:
    return b.scene(rollout, b.replica_set(NEW, revision=2), b.stable_set(revision=1))


@pytest.mark.parametrize(
    ("rollout", "code", "reacts"),
    [
        (states.scaling(), None, False),
        (states.timed(), None, False),
        (states.healthy(), Exit.OK, False),
        (states.waiting(), Exit.PAUSED, False),
        # Traffic is back on stable already: there is nothing to take back.
        (states.halted(states.FAILED), Exit.ANALYSIS, False),
        (
            b.rollout(
                phase="Paused",
                paused="InconclusiveAnalysisRun",
                controller_pause=True,
                steps=states.STEPS,
            ),
            Exit.ANALYSIS,
            True,
        ),
        (
            b.rollout(phase="Degraded", message="ProgressDeadlineExceeded: x", steps=states.STEPS),
            Exit.DEGRADED,
            True,
        ),
    ],
)
def test_it_ends_with_the_code_of_its_state(
    rollout: Rollout,
    code: Exit | None,
    reacts: bool,  # noqa: FBT001
) -> None:
    found = verdict(scene(rollout), NEW, NOW)
    assert (found.code, found.needs_reaction) == (code, reacts)
    assert found.code is None or found.sentence


def test_only_a_pause_of_a_step_waits_for_a_human_who_promotes() -> None:
    assert verdict(scene(states.waiting()), NEW, NOW).waits_for_human
    held = b.rollout(steps=states.STEPS, held=True, phase="Paused")
    found = verdict(scene(held), NEW, NOW)
    assert (found.code, found.waits_for_human) == (Exit.PAUSED, False)


def test_another_version_that_took_over_is_an_end() -> None:
    found = verdict(scene(states.timed()), "other", NOW)
    assert found.code is Exit.ABORTED
    assert "another deployment took over: v2.0.0" in found.sentence


def test_a_spec_that_was_not_seen_yet_is_no_end() -> None:
    unseen = b.rollout(steps=states.STEPS, stable=NEW, phase="Healthy", generation=4, observed=3)
    assert verdict(scene(unseen), NEW, NOW).code is None


def test_the_bar_fills_with_the_steps() -> None:
    begun, done = progress_bar(scene(states.timed())), progress_bar(scene(states.healthy()))
    assert begun.startswith("██████░")
    assert "step 2/4" in begun
    assert done.startswith("█" * 24)
    assert "100 % of the traffic" in done


def test_gates_are_praised_only_for_what_they_measured() -> None:
    good = b.result(phase="Successful", successful=2, count=2)
    passed = b.analysis_run("a", phase="Successful", results=[good])
    empty = b.analysis_run("b", phase="Successful")
    cut = b.analysis_run("c", phase="Successful", results=[good], terminate=True)
    for runs, words in (
        ((), "healthy; no gate measured it"),
        ((passed,), "healthy, and all gates passed"),
        ((passed, empty, cut), "healthy; 2 of 3 gates passed without enough data"),
    ):
        here = b.scene(states.healthy(), b.replica_set(NEW, revision=2), *runs)
        assert verdict(here, NEW, NOW).sentence == words


@pytest.mark.parametrize("code", [code for code in Exit if code not in (1, 2, 130, 143)])
def test_every_ending_has_a_word(code: Exit) -> None:
    outcome = Outcome("c", "n", "x", "i:v1", code, "why", 1.25)
    assert outcome.word != "failed"
    assert outcome.to_json()["exitCode"] == int(code)
