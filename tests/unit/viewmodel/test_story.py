"""A story tells each thing once, in the order of cause and effect."""

from typing import Any

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.story import Story
from tests import builders as b
from tests.builders import NEW, NOW, OLD, ago

STEPS = (b.weight(20), b.pause(), b.gate("success-rate"), b.weight(50))


def healthy() -> Scene:
    return b.scene(
        b.healthy(
            new=OLD, revision=1, steps=STEPS, routed=True, images=("registry/checkout:v1.4.0",)
        ),
        b.stable_set(),
    )


def at_20(*more: Any, **fields: Any) -> Scene:
    usual: dict[str, Any] = {"steps": STEPS, "routed": True, "weights": (20, NEW), "step": 1}
    return b.scene(
        b.rollout(**{**usual, **fields}),
        b.replica_set(replicas=1),
        b.stable_set(),
        *more,
    )


def told(*pictures: Scene) -> list[str]:
    """Return what is told of pictures that follow each other."""
    story = Story()
    return [event.text for here in pictures for event in story.after(here.snapshot, NOW)]


def test_what_is_there_at_first_is_no_news() -> None:
    assert told(healthy()) == []


def test_a_picture_without_replica_sets_is_waited_out() -> None:
    bare = b.scene(
        b.rollout(steps=STEPS, routed=True, weights=(20, NEW), step=1), unknown=(Kind.REPLICA_SETS,)
    )
    assert told(bare, at_20()) == []


def test_a_version_is_told_when_its_replica_set_has_its_number() -> None:
    unnumbered = b.scene(
        b.rollout(steps=STEPS, routed=True, weights=(20, NEW), step=1, revision=4),
        b.replica_set(revision=2, replicas=1),
        b.stable_set(),
    )
    assert told(healthy(), unnumbered) == []


def test_a_new_version_and_its_traffic_are_told_once() -> None:
    assert told(healthy(), at_20(), at_20()) == [
        "v1.4.0 → v2.0.0 (revision 2)",
        "20 % of the traffic to v2.0.0",
    ]


def test_a_pause_for_a_human_is_told_without_an_age() -> None:
    paused = at_20(paused="CanaryPauseStep", phase="Paused", message="CanaryPauseStep")
    assert told(at_20(), paused) == ["Waiting for you at 20 %."]


def test_a_gate_that_passed_names_value_limit_and_count() -> None:
    good = b.analysis_run(
        phase="Successful",
        step=2,
        metrics=[b.metric(count=2, interval="5s")],
        results=[
            b.result(
                phase="Successful",
                measured=[b.measurement("Successful", "[0.991]")],
                count=2,
                successful=2,
            )
        ],
    )
    assert told(at_20(step=2), at_20(good, step=2)) == [
        "gate at 20 % passed: success-rate 0.991 >= 0.95 (2 of 2)"
    ]


def test_a_gate_that_was_cut_short_did_not_pass() -> None:
    cut = b.analysis_run(phase="Successful", step=2, terminate=True)
    assert told(at_20(step=2), at_20(cut, step=2)) == []


def test_a_halt_names_the_metric_and_then_where_the_traffic_is() -> None:
    cause = "Step-based analysis phase error/failed: Metric assessed Failed"
    halted = b.scene(
        b.rollout(
            steps=STEPS,
            routed=True,
            weights=(0, NEW),
            step=0,
            abort=True,
            aborted_at=ago(seconds=0),
            phase="Degraded",
            message=f"RolloutAborted: {b.WORDS_OF_ABORT}: {cause}",
            conditions=[b.aborted(cause)],
        ),
        b.replica_set(replicas=1),
        b.stable_set(),
        b.failed_run(step=2),
    )
    assert told(at_20(step=2), halted) == [
        "Halted at 20 %: success-rate 0.812 < 0.95, 1 of 1 failed.",
        "all traffic is back on v1.4.0",
    ]


def test_pods_that_cannot_start_are_told_in_their_own_word() -> None:
    stuck = b.pod(
        ready=False,
        phase="Pending",
        owner=f"checkout-{NEW}-uid",
        containers=[b.container(ready=False, state=b.container_state(waiting="ImagePullBackOff"))],
    )
    assert told(at_20(), at_20(stuck)) == ["pods of v2.0.0: ImagePullBackOff"]


def test_a_prometheus_that_is_away_and_comes_back_is_told() -> None:
    def run(errors: int) -> AnalysisRun:
        return b.analysis_run(
            step=2,
            results=[
                b.result(
                    measured=[b.measurement("Error", message="connection refused")],
                    error=errors,
                    consecutiveError=errors,
                )
            ],
        )

    def at_gate(errors: int) -> Scene:
        reference = {"currentStepAnalysisRunStatus": {"name": f"checkout-{NEW}-2-1"}}
        return at_20(run(errors), step=2, status={"canary": reference})

    assert told(at_gate(0), at_gate(1), at_gate(2), at_gate(0)) == [
        "success-rate cannot be measured: connection refused",
        "the analysis measures again",
    ]
