from datetime import datetime, timedelta

from amas_tui.domain.rollout import Rollout
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.timeline.moments import Moment, Sort, moments
from tests import builders as b
from tests.builders import NAME, NEW, ago, stamp

STEPS = (b.weight(20), b.pause(), b.gate("success-rate"), b.weight(50))
BEGAN = ago(minutes=9)


def updating(*things: b.Thing, **fields: object) -> Scene:
    known: dict[str, object] = {
        "steps": STEPS,
        "routed": True,
        "weights": (20, NEW),
        "step": 1,
        "conditions": [b.condition("Completed", "False", since=BEGAN)],
    }
    return b.scene(
        b.rollout(**{**known, **fields}),  # type: ignore[arg-type]
        b.replica_set(NEW, revision=2, born=BEGAN),
        b.stable_set(revision=1),
        *things,
    )


def texts(scene: Scene, *sorts: Sort) -> list[str]:
    return [one.text for one in moments(scene) if not sorts or one.sort in sorts]


def at(text: str, scene: Scene) -> datetime:
    return next(one.at for one in moments(scene) if text in one.text)


def test_the_controller_s_own_words_tell_steps_weights_and_pauses() -> None:
    scene = updating(
        b.event("TrafficWeightUpdated", "Traffic weight updated from 0 to 20", at=ago(minutes=8)),
        b.event(
            "RolloutStepCompleted",
            "Rollout step 1/4 completed (setWeight: 20)",
            at=ago(minutes=7, seconds=59),
        ),
        b.event("RolloutPaused", "Rollout is paused (CanaryPauseStep)", at=ago(minutes=7)),
    )
    assert texts(scene, Sort.WEIGHT, Sort.STEP, Sort.PAUSE) == [
        "Traffic weight updated from 0 to 20",
        "Rollout step 1/4 completed (setWeight: 20)",
        "Rollout is paused (CanaryPauseStep)",
    ]


def test_a_fact_that_two_witnesses_tell_is_one_moment() -> None:
    scene = updating(b.event("RolloutUpdated", "Rollout updated to revision 2", at=BEGAN))
    assert texts(scene, Sort.UPDATE).count("Rollout updated to revision 2") == 1
    assert "update to revision 2 began" not in texts(scene)


def test_without_events_the_conditions_tell_when_it_began() -> None:
    scene = updating()
    assert at("update to revision 2 began", scene) == BEGAN


def test_what_we_saw_fills_what_events_leave_out() -> None:
    first = b.rollout(steps=STEPS, routed=True, weights=(20, NEW), step=1, version=1)
    second = b.rollout(steps=STEPS, routed=True, weights=(50, NEW), step=3, version=2)
    known = b.snapshot(first, at=ago(minutes=2))
    scene = Scene(second, b.snapshot(second, at=ago(minutes=1), before=known))
    assert texts(scene, Sort.STEP, Sort.WEIGHT) == [
        "Rollout step 2/4 completed (pause)",
        "Rollout step 3/4 completed (analysis)",
        "Traffic to revision 2 from 20 % to 50 %",
    ]


def test_what_was_before_we_watched_is_set_off() -> None:
    scene = updating()
    assert texts(scene, Sort.GAP) == [
        "watching began; what stands before is what the cluster still tells"
    ]


def test_a_story_watched_from_its_begin_has_no_gap() -> None:
    first = b.healthy(version=1)
    fresh = b.rollout(
        version=2, conditions=[b.condition("Completed", "False", since=ago(seconds=30))]
    )
    known = b.snapshot(first, at=ago(minutes=2))
    scene = Scene(fresh, b.snapshot(fresh, at=ago(seconds=29), before=known))
    assert texts(scene, Sort.GAP) == []


def test_a_measurement_that_failed_stands_with_value_and_limit() -> None:
    run = b.analysis_run(
        phase="Failed",
        message='Metric "success-rate" assessed Failed',
        metrics=[b.metric(success="result[0] >= 0.95")],
        results=[
            b.result(
                phase="Failed",
                measured=[
                    b.measurement("Successful", "[0.99]", finishedAt=stamp(ago(minutes=2))),
                    b.measurement("Failed", "[0.812]", finishedAt=stamp(ago(minutes=1))),
                ],
                failed=1,
                successful=1,
                count=2,
            )
        ],
    )
    scene = updating(run)
    assert texts(scene, Sort.MEASUREMENT) == ["success-rate 0.812 < 0.95 Failed"]
    assert any("failed: Metric" in text for text in texts(scene, Sort.ANALYSIS))
    bad = next(one for one in moments(scene) if one.sort is Sort.MEASUREMENT)
    assert (bad.is_bad, bad.at) == (True, ago(minutes=1))


def test_a_run_that_was_cut_short_never_reads_as_passed() -> None:
    run = b.analysis_run(
        phase="Successful",
        terminate=True,
        results=[
            b.result(
                phase="Successful",
                successful=2,
                count=2,
                measured=[b.measurement("Successful", "[1]", finishedAt=stamp(ago(minutes=1)))],
            )
        ],
    )
    (began, ended) = texts(updating(run), Sort.ANALYSIS)
    assert "began: success-rate" in began
    assert ended.endswith("was cut short after 2 measurements")


def test_warnings_of_pods_are_told_once_with_their_count() -> None:
    pod = ("Pod", f"{NAME}-{NEW}-x", "pod-uid")
    scene = updating(
        b.event("BackOff", "Back-off pulling image", of=pod, kind="Warning", count=5),
        b.event("Pulled", "Normal things are no part of the story", of=pod),
    )
    assert texts(scene, Sort.WARNING) == [
        f"BackOff pod/{NAME}-{NEW}-x: Back-off pulling image (×5)"
    ]


def test_our_own_act_is_told_in_our_own_words_and_others_by_their_tool() -> None:
    ours = b.event("Promoted", "oncall@corp: promote, step 2 → 3", reporter="amas-tui")
    raw = b.raw_rollout()
    raw["metadata"]["managedFields"] = [
        {"manager": manager, "operation": "Update", "time": stamp(ago(hours=1))}
        for manager in ("kubectl-argo-rollouts", "rollouts-controller")
    ]
    rollout = b.read(Rollout, raw)
    scene = b.scene(rollout, ours)
    assert texts(scene, Sort.ACTION) == [
        "kubectl-argo-rollouts wrote it (person unknown)",
        "oncall@corp: promote, step 2 → 3",
    ]


def test_a_replica_set_that_was_taken_up_again_was_created_for_its_first_revision() -> None:
    again = b.replica_set(
        NEW, revision=5, annotations={"rollout.argoproj.io/revision-history": "2,4"}
    )
    assert [t for t in texts(b.scene(b.rollout(), again)) if "created" in t] == [
        "revision 2 created: v2.0.0"
    ]


def test_events_of_one_second_stand_in_the_order_in_which_they_were_said() -> None:
    moment = BEGAN
    later = b.event("RolloutPaused", "Rollout is paused (CanaryPauseStep)", at=moment)
    sooner = b.event("RolloutStepCompleted", "Rollout step 1/4 completed (x)", at=moment)
    named = {}
    for event, part in ((sooner, 0.2), (later, 0.7)):
        nanoseconds = int((moment + timedelta(seconds=part)).timestamp() * 1e9)
        named[event.reason] = f"{NAME}.{nanoseconds:x}"
    scene = updating(
        *(
            b.event(e.reason, e.message, at=moment, metadata=b.meta(named[e.reason]))
            for e in (later, sooner)
        )
    )
    told = [one.text for one in moments(scene) if one.source == "event"]
    assert told == [sooner.message, later.message]


def test_every_moment_is_in_order() -> None:
    scene = updating(
        b.failed_run(), b.event("RolloutAborted", "Rollout aborted update to revision 2: x")
    )
    story = moments(scene)
    assert list(story) == sorted(story, key=lambda one: one.at)
    assert all(isinstance(one, Moment) for one in story)
