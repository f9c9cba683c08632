import pytest

from amas_tui.actions.consequence import Consequence, revision_words
from amas_tui.actions.preview import consequence
from amas_tui.actions.template import is_fast
from amas_tui.actions.verb import Target, Verb
from tests.builders import (
    NEW,
    OLD,
    Json,
    Thing,
    ago,
    analysis_run,
    gate,
    invalid,
    metric,
    pause,
    pod,
    replica_set,
    result,
    rollout,
    scene,
    stable_set,
    weight,
)

STEPS = (weight(20), pause(), gate("success-rate"), weight(50))
ROUTED: Json = {"steps": STEPS, "routed": True, "weights": (20, NEW)}
BLUE: Json = {
    "blue_green": {"status": {"activeSelector": OLD, "previewSelector": NEW}},
    "paused": "BlueGreenPause",
}
RUN = {
    "canary": {
        "currentStepAnalysisRunStatus": {"name": "run", "status": "Running"},
        "weights": {"canary": {"weight": 20, "podTemplateHash": NEW}},
    }
}


def pods(count: int, of: str = NEW) -> list[Thing]:
    return [pod(f"{of}-{number}", of=of) for number in range(count)]


def said(verb: Verb, fields: Json, *things: Thing, target: Target | None = None) -> Consequence:
    return consequence(verb, scene(rollout(**fields), replica_set(), stable_set(), *things), target)


@pytest.mark.parametrize(
    ("fields", "things", "sentence", "after"),
    [
        pytest.param(
            {**ROUTED, "step": 1, "paused": "CanaryPauseStep"},
            [],
            "ends the pause: step 2 → 3 of 4; next is analysis",
            "20 %",
            id="pause",
        ),
        pytest.param(
            {**ROUTED, "step": 3},
            [],
            "skips setWeight: 50 before it is reached (0/5 ready): finishes the steps; "
            "all steps done",
            "100 %",
            id="last step",
        ),
        pytest.param(
            {**ROUTED, "step": 0},
            pods(2),
            "skips setWeight: 20 before it is reached (2/5 ready): step 1 → 2 of 4; next is pause",
            "20 %",
            id="weight",
        ),
        pytest.param(
            {**ROUTED, "steps": (*STEPS[:3], weight(75)), "step": 2, "status": RUN},
            [
                analysis_run(
                    "run", metrics=[metric(count=4, interval="10s")], results=[result(count=2)]
                )
            ],
            "skips the running analysis success-rate (2 of 4 done): step 3 → 4 of 4; "
            "next is setWeight: 75",
            "75 %",
            id="analysis",
        ),
        pytest.param(
            {**ROUTED, "step": 2, "status": RUN},
            [analysis_run("run", metrics=[metric(interval="10s")], results=[result(count=7)])],
            "skips the running analysis success-rate (7 of ∞ done): step 3 → 4 of 4; "
            "next is setWeight: 50",
            "50 %",
            id="endless analysis",
        ),
        pytest.param(
            {**ROUTED, "step": 2},
            [],
            "skips the running analysis success-rate: step 3 → 4 of 4; next is setWeight: 50",
            "50 %",
            id="analysis nobody has read",
        ),
        pytest.param(
            {
                **ROUTED,
                "step": 2,
                "paused": "InconclusiveAnalysisRun",
                "status": {
                    "canary": {
                        "currentStepAnalysisRunStatus": {"name": "x", "status": "Inconclusive"}
                    }
                },
            },
            [],
            "passes the inconclusive analysis: step 3 → 4 of 4; next is setWeight: 50",
            "50 %",
            id="inconclusive step",
        ),
    ],
)
def test_a_promote_says_what_it_skips_and_what_comes(
    fields: Json, things: list[Thing], sentence: str, after: str
) -> None:
    found = said(Verb.PROMOTE, fields, *things)
    assert found.sentences == (sentence,)
    ((what, _, then),) = found.numbers
    assert (what, then) == ("traffic to revision 2", after)


def test_a_promote_of_a_background_analysis_only_runs_it_again() -> None:
    found = said(Verb.PROMOTE, {**ROUTED, "step": 0, "paused": "InconclusiveAnalysisRun"})
    assert found == Consequence(("releases the pause; the inconclusive analysis runs again",))


def test_a_promote_of_a_hold_goes_on_where_it_stands() -> None:
    found = said(Verb.PROMOTE, {**ROUTED, "step": 2, "held": True})
    assert found.sentences == ("lifts the hold; the rollout goes on at step 3: analysis",)
    plain = said(Verb.PROMOTE, {"held": True})
    assert plain.sentences == ("lifts the hold; the rollout goes on",)


def test_a_promote_out_of_a_pause_and_a_hold_names_both() -> None:
    found = said(Verb.PROMOTE, {**ROUTED, "step": 1, "paused": "CanaryPauseStep", "held": True})
    assert found.sentences[1:] == ("also lifts the hold (spec.paused)",)


def test_a_promote_of_blue_green_names_the_service_and_what_is_ready() -> None:
    enough = said(Verb.PROMOTE, BLUE, *pods(5))
    assert enough.sentences == ("switches checkout-active to v2.0.0 (revision 2), 5 of 5 ready",)
    assert enough.numbers == (("traffic to revision 2", "0 %", "100 %"),)
    assert enough.warnings == ()
    short = said(Verb.PROMOTE, BLUE, *pods(2))
    assert short.warnings == ("only 2 of 5 new pods are ready",)


def test_a_full_promote_names_steps_analyses_and_pods() -> None:
    found = said(Verb.PROMOTE_FULL, {**ROUTED, "step": 1}, *pods(1))
    assert found.sentences == (
        "all traffic goes to v2.0.0 (revision 2) once 5 pods are ready; 1 are now",
        "skips 3 steps, 1 of them analyses; running analyses are ended",
    )
    assert found.numbers == (("traffic to revision 2", "20 %", "100 %"),)
    assert found.warnings == ("only 1 of 5 new pods are ready",)


def test_a_full_promote_of_a_halted_update_warns_that_it_ships_unjudged() -> None:
    message = "RolloutAborted: success-rate"
    halted = {**ROUTED, "abort": True, "message": message, "held": True}
    found = said(Verb.PROMOTE_FULL, halted, *pods(5))
    assert found.warnings == (f"this version was halted ({message}): it ships unjudged",)
    assert found.sentences[-1] == "also lifts the hold (spec.paused)"


def test_a_full_promote_after_the_last_step_skips_none() -> None:
    found = said(Verb.PROMOTE_FULL, {**ROUTED, "step": 4}, *pods(5))
    assert found.sentences[1] == "running analyses are ended"


@pytest.mark.parametrize(
    ("fields", "sentences"),
    [
        pytest.param(
            ROUTED,
            (
                "all traffic to stable v1.4.0 (revision 1), 5 of 5 ready, at once",
                "new pods go after 30s",
            ),
            id="routed",
        ),
        pytest.param(
            {**ROUTED, "canary": {"abortScaleDownDelaySeconds": 90}},
            (
                "all traffic to stable v1.4.0 (revision 1), 5 of 5 ready, at once",
                "new pods go after 1m30s",
            ),
            id="another delay",
        ),
        pytest.param(
            {**ROUTED, "canary": {"abortScaleDownDelaySeconds": 0}},
            (
                "all traffic to stable v1.4.0 (revision 1), 5 of 5 ready, at once",
                "new pods go at once, or stay where setCanaryScale holds them",
            ),
            id="no delay",
        ),
        pytest.param(
            {"steps": STEPS},
            ("pods go back to stable v1.4.0 (revision 1) within the surge limits; 5 of 5 ready",),
            id="by pods",
        ),
        pytest.param(
            BLUE,
            (
                "checkout-active goes to stable v1.4.0 (revision 1), 5 of 5 ready",
                "new pods go after 30s",
            ),
            id="blue-green",
        ),
    ],
)
def test_an_abort_says_where_traffic_and_pods_go(fields: Json, sentences: tuple[str, ...]) -> None:
    found = said(Verb.ABORT, fields)
    assert found.sentences == (*sentences, "the spec keeps the new version: retry or undo next")
    assert found.numbers[0][2] == "0 %"
    assert found.warnings == ()


def test_an_abort_warns_of_what_keeps_it_from_working() -> None:
    here = scene(rollout(**ROUTED, held=True, conditions=[invalid("x")]), stable_set(available=2))
    assert consequence(Verb.ABORT, here).warnings == (
        (
            "stable has only 2 of 5 pods ready: "
            "the controller holds traffic back until there are enough"
        ),
        "the rollout is held (spec.paused): new pods stay until it is resumed",
        "InvalidSpec: the controller acts on nothing, abort included",
    )


BACK = Target(1, OLD, f"checkout-{OLD}")


def test_an_undo_without_a_target_asks_for_one() -> None:
    assert said(Verb.UNDO, ROUTED).sentences == ("choose a revision to go back to",)


KEPT = "steps, strategy and number of pods stay as they are: a revision holds none of them"


def test_an_undo_to_stable_skips_the_steps() -> None:
    found = said(Verb.UNDO, ROUTED, target=BACK)
    assert found.sentences == (
        "undo to revision 1: image v2.0.0 → v1.4.0",
        "it is the stable version, so the steps are skipped",
        KEPT,
    )
    assert found.numbers == (("traffic to v1.4.0", "80 %", "100 %"),)
    assert found.warnings == ()


def test_an_undo_to_another_version_runs_every_step_again() -> None:
    older = replica_set("older", revision=7, images=("registry/checkout:v0.9.0",))
    found = said(Verb.UNDO, ROUTED, older, target=Target(7, "older", "x"))
    assert found.sentences == (
        "undo to revision 7: image v2.0.0 → v0.9.0",
        "a new update begins at step 1 of 4",
        KEPT,
    )
    assert found.warnings == ("no rollbackWindow: 4 steps and 1 analyses run again",)
    assert found.numbers == (("traffic to v0.9.0", "0 %", "0 % at first"),)


def test_an_undo_without_steps_just_begins() -> None:
    older = replica_set("older", revision=7)
    found = said(Verb.UNDO, {"stable": OLD}, older, target=Target(7, "older", "x"))
    assert found.sentences == (
        "undo to revision 7: same image v2.0.0, other settings",
        "a new update begins",
        KEPT,
    )
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("window", "between", "fast"),
    [
        pytest.param(None, 0, "", id="no window"),
        pytest.param(1, 0, "rollbackWindow of 1 revisions: the steps are skipped", id="inside"),
        pytest.param(1, 1, "", id="outside"),
        pytest.param(2, 1, "rollbackWindow of 2 revisions: the steps are skipped", id="wider"),
    ],
)
def test_inside_the_rollback_window_the_steps_are_skipped(
    window: int | None, between: int, fast: str
) -> None:
    spec = {"rollbackWindow": {"revisions": window}} if window is not None else {}
    one = rollout(steps=STEPS, stable=NEW, spec=spec)
    sets = [
        replica_set(NEW, revision=9, born=ago(minutes=1)),
        replica_set("target", revision=1, born=ago(minutes=99)),
        *(replica_set(f"b{n}", revision=n + 2, born=ago(minutes=50 - n)) for n in range(between)),
    ]
    assert is_fast(one, scene(one, *sets), Target(1, "target", "x")) == fast


def test_outside_the_window_the_warning_says_so() -> None:
    one: Json = {**ROUTED, "stable": NEW, "spec": {"rollbackWindow": {"revisions": 0}}}
    older = replica_set("older", revision=7, born=ago(minutes=99))
    found = said(Verb.UNDO, one, older, target=Target(7, "older", "x"))
    assert found.warnings == ("outside the rollbackWindow: 4 steps and 1 analyses run again",)


def test_a_version_is_named_by_tag_and_revision() -> None:
    assert revision_words(stable_set()) == "v1.4.0 (revision 1)"
    assert revision_words(replica_set(images=())) == "revision 2"
    assert revision_words(None) == "an unknown revision"
