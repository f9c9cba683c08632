from datetime import timedelta
from typing import Any

import pytest

from amas_tui.actions.progress import REACTION, Ending, Pending, Progress
from amas_tui.actions.proof import judge, patience, written
from amas_tui.actions.verb import Target, Verb
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.watch import Lost
from amas_tui.errors import UnreachableError
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Fact
from tests.builders import (
    NEW,
    NOW,
    OLD,
    Json,
    Thing,
    aborted,
    ago,
    condition,
    gate,
    ingress,
    invalid,
    pause,
    replica_set,
    rollout,
    scene,
    service,
    stable_set,
    weight,
)

STEPS = (weight(20), pause(), gate("success-rate"), weight(50))
SENT = ago(seconds=3)
BEFORE: Json = {"steps": STEPS, "routed": True, "weights": (20, NEW), "version": 100}
TARGET = Target(1, OLD, f"checkout-{OLD}")


def sent(
    verb: Verb,
    before: Rollout,
    *,
    generation: int = 3,
    target: Target | None = None,
    seconds: float = 3,
) -> Pending:
    """Return a write that the API server accepted as version 101."""
    at = NOW - timedelta(seconds=seconds)
    return Pending(verb, before, at, generation, "101", target)


def judged(verb: Verb, before: Json, after: Json, *things: Thing, **how: Any) -> Progress:
    """Return where a write stands, made from one version and judged by a later one."""
    first = rollout(**{**BEFORE, **before})
    later = rollout(**{**BEFORE, "version": 102, **before, **after})
    return judge(sent(verb, first, **how), scene(later, *things), NOW)


def stages(progress: Progress) -> dict[str, bool | None]:
    return {stage.text: stage.is_reached for stage in progress.stages}


PAUSED: Json = {"step": 1, "paused": "CanaryPauseStep"}
LIFTED: Json = {"paused": [], "controller_pause": True}
BLUE: Json = {"steps": (), "routed": False, "weights": None, "step": None}
BLUE_PAUSED: Json = {
    **BLUE,
    "paused": "BlueGreenPause",
    "blue_green": {"status": {"activeSelector": OLD, "previewSelector": NEW}},
}
INCONCLUSIVE: Json = {
    "step": 2,
    "paused": "InconclusiveAnalysisRun",
    "status": {
        "canary": {"currentStepAnalysisRunStatus": {"name": "run", "status": "Inconclusive"}}
    },
}
HELD: Json = {"step": 0, "held": True, "conditions": [condition("Paused")]}
FULL: Json = {"step": 2, "promote_full": True}
ABORT: Json = {"step": 2, "abort": True}


@pytest.mark.parametrize(
    ("verb", "before", "own_write"),
    [
        pytest.param(Verb.PROMOTE, PAUSED, LIFTED, id="promote out of a pause"),
        pytest.param(Verb.PROMOTE, {"step": 2}, {"step": 3, "version": 101}, id="promote a step"),
        pytest.param(
            Verb.PROMOTE,
            INCONCLUSIVE,
            {"step": 3, "paused": [], "controller_pause": False, "version": 101},
            id="promote an inconclusive step",
        ),
        pytest.param(
            Verb.PROMOTE,
            {"step": 0, "paused": "InconclusiveAnalysisRun"},
            LIFTED,
            id="promote an inconclusive background",
        ),
        pytest.param(Verb.PROMOTE, BLUE_PAUSED, LIFTED, id="promote blue-green"),
        pytest.param(
            Verb.PROMOTE, HELD, {"held": False, "generation": 4, "observed": 3}, id="lift a hold"
        ),
        pytest.param(Verb.PROMOTE_FULL, {"step": 2}, {"promote_full": True}, id="promote fully"),
        pytest.param(Verb.ABORT, {"step": 2}, {"abort": True}, id="abort"),
        pytest.param(Verb.UNDO, {"step": 2}, {"generation": 4, "observed": 3}, id="undo"),
        pytest.param(
            Verb.RETRY,
            {"step": 0, "abort": True, "aborted_at": ago(minutes=1)},
            {"abort": False},
            id="retry",
        ),
        pytest.param(
            Verb.PAUSE, {"step": 2}, {"held": True, "generation": 4, "observed": 3}, id="pause"
        ),
        pytest.param(
            Verb.RESUME, HELD, {"held": False, "generation": 4, "observed": 3}, id="resume"
        ),
        pytest.param(
            Verb.RESTART,
            {"step": 2},
            {"spec": {"restartAt": "2026-01-31T12:00:00Z"}, "generation": 4, "observed": 3},
            id="restart",
        ),
        pytest.param(Verb.SET_IMAGE, {"step": 2}, {"generation": 4, "observed": 3}, id="set image"),
    ],
)
@pytest.mark.parametrize(
    ("seconds", "ending"), [(1, Ending.WAITING), (11, Ending.NO_EFFECT)], ids=["soon", "late"]
)
def test_our_own_write_is_never_the_proof(
    verb: Verb, before: Json, own_write: Json, seconds: int, ending: Ending
) -> None:
    progress = judged(
        verb,
        before,
        own_write,
        replica_set(),
        stable_set(),
        seconds=seconds,
        generation=4 if "generation" in own_write else 3,
        target=TARGET,
    )
    assert progress.ending is ending
    assert not progress.ending.is_final


DONE = [
    pytest.param(Verb.PROMOTE, PAUSED, {"step": 2, "paused": []}, (), id="the next step has begun"),
    pytest.param(
        Verb.PROMOTE,
        PAUSED,
        {"step": 3, "paused": "CanaryPauseStep"},
        (),
        id="the next pause has begun already",
    ),
    pytest.param(
        Verb.PROMOTE,
        PAUSED,
        {"step": 1, "paused": [], "stable": NEW},
        (),
        id="the update is over already",
    ),
    pytest.param(
        Verb.PROMOTE,
        {"step": 2},
        {"step": 3, "weights": (50, NEW)},
        (),
        id="the skipped-to step moves the weight",
    ),
    pytest.param(
        Verb.PROMOTE,
        {"step": 0},
        {"step": 1, "paused": "CanaryPauseStep"},
        (),
        id="the skipped-to step pauses",
    ),
    pytest.param(Verb.PROMOTE, {"step": 2}, {"step": 4}, (), id="beyond the skipped-to step"),
    pytest.param(
        Verb.PROMOTE,
        {"step": 1},
        {
            "step": 2,
            "status": {
                "canary": {"currentStepAnalysisRunStatus": {"name": "run", "status": "Running"}}
            },
        },
        (),
        id="the skipped-to analysis runs",
    ),
    pytest.param(
        Verb.PROMOTE,
        INCONCLUSIVE,
        {"step": 3, "paused": [], "weights": (50, NEW), "status": {}},
        (),
        id="the step after an inconclusive one moves the weight",
    ),
    pytest.param(
        Verb.PROMOTE,
        {"step": 0, "paused": "InconclusiveAnalysisRun"},
        {"paused": [], "controller_pause": False},
        (),
        id="the background runs again",
    ),
    pytest.param(
        Verb.PROMOTE,
        BLUE_PAUSED,
        {"paused": [], "blue_green": {"status": {"activeSelector": NEW}}},
        (),
        id="blue-green has switched",
    ),
    pytest.param(
        Verb.PROMOTE,
        HELD,
        {"held": False, "generation": 4, "conditions": [condition("Paused", "False")]},
        (),
        id="the hold is lifted",
    ),
    pytest.param(
        Verb.PROMOTE_FULL,
        {"step": 2},
        {"step": 4, "stable": NEW, "weights": (0, NEW)},
        (ingress(weight_=0), service("checkout-stable", NEW)),
        id="fully promoted",
    ),
    pytest.param(
        Verb.PROMOTE_FULL,
        {"step": 2, "routed": False, "weights": None},
        {"step": 4, "stable": NEW},
        (replica_set(), stable_set(available=0)),
        id="fully promoted by pods",
    ),
    pytest.param(
        Verb.PROMOTE_FULL,
        BLUE_PAUSED,
        {"paused": [], "stable": NEW, "blue_green": {"status": {"activeSelector": NEW}}},
        (),
        id="fully promoted, blue-green",
    ),
    pytest.param(
        Verb.ABORT,
        {"step": 2},
        {"step": 0, "abort": True, "aborted_at": SENT, "weights": (0, NEW)},
        (ingress(weight_=0), service("checkout-stable", OLD), stable_set()),
        id="aborted and all traffic back",
    ),
    pytest.param(
        Verb.ABORT,
        {"step": 2, "routed": False, "weights": None},
        {"step": 0, "abort": True, "aborted_at": SENT},
        (replica_set(available=0), stable_set()),
        id="aborted by pods",
    ),
    pytest.param(
        Verb.ABORT,
        BLUE_PAUSED,
        {"paused": [], "abort": True, "aborted_at": SENT},
        (),
        id="aborted, blue-green",
    ),
    pytest.param(Verb.UNDO, {"step": 2}, {"generation": 4, "new": OLD}, (), id="undone"),
]


@pytest.mark.parametrize(("verb", "before", "after", "things"), DONE)
@pytest.mark.parametrize("seconds", [2, 5_000], ids=["soon", "late"])
def test_the_controllers_answer_is_the_proof_however_late(
    verb: Verb, before: Json, after: Json, things: tuple[Thing, ...], seconds: int
) -> None:
    progress = judged(
        verb,
        before,
        after,
        *things,
        seconds=seconds,
        target=TARGET,
        generation=4 if "generation" in after else 3,
    )
    assert progress.ending is Ending.DONE, stages(progress)


@pytest.mark.parametrize(
    ("verb", "before", "after", "things", "missing"),
    [
        pytest.param(Verb.PROMOTE, PAUSED, LIFTED, (), "step 2 → 2", id="the index stands"),
        pytest.param(
            Verb.PROMOTE,
            BLUE_PAUSED,
            LIFTED,
            (),
            "checkout-active switched",
            id="the service has not switched",
        ),
        pytest.param(
            Verb.PROMOTE,
            HELD,
            {"held": False, "generation": 4},
            (),
            "hold lifted",
            id="the condition still says paused",
        ),
        pytest.param(
            Verb.PROMOTE_FULL, {"step": 2}, FULL, (), "new version is stable", id="not stable yet"
        ),
        pytest.param(
            Verb.PROMOTE_FULL,
            {"step": 2},
            {"stable": NEW, "weights": (0, NEW), "promote_full": True},
            (),
            "promotion finished",
            id="not cleared yet",
        ),
        pytest.param(
            Verb.PROMOTE_FULL,
            {"step": 2},
            {"stable": NEW, "weights": (100, NEW)},
            (),
            "weight 100",
            id="the weight still stands",
        ),
        pytest.param(
            Verb.PROMOTE_FULL,
            {"step": 2},
            {"stable": NEW, "weights": (0, NEW)},
            (ingress(weight_=50),),
            "ingress 50",
            id="the Ingress still splits",
        ),
        pytest.param(
            Verb.PROMOTE_FULL,
            {"step": 2},
            {"stable": NEW, "weights": (0, NEW)},
            (service("checkout-stable", OLD),),
            "checkout-stable selects it",
            id="the Service selects the old one",
        ),
        pytest.param(
            Verb.PROMOTE_FULL,
            {"step": 2, "routed": False, "weights": None},
            {"stable": NEW},
            (replica_set(), stable_set(available=1)),
            "old pods gone",
            id="an old pod is left",
        ),
        pytest.param(
            Verb.ABORT,
            {"step": 2},
            {"abort": True, "weights": (0, NEW)},
            (stable_set(),),
            "controller saw it",
            id="not seen",
        ),
        pytest.param(
            Verb.ABORT,
            {"step": 2, "aborted_at": ago(hours=1)},
            {"abort": True, "weights": (0, NEW)},
            (stable_set(),),
            "controller saw it",
            id="an old abort is no proof",
        ),
        pytest.param(
            Verb.ABORT,
            {"step": 2},
            {"abort": True, "aborted_at": SENT},
            (stable_set(),),
            "weight 20",
            id="the first write still carries the weight",
        ),
        pytest.param(
            Verb.ABORT,
            {"step": 2},
            {"abort": True, "aborted_at": SENT, "weights": (0, NEW)},
            (stable_set(), ingress(weight_=20)),
            "ingress 20",
            id="the Ingress lags",
        ),
        pytest.param(
            Verb.ABORT,
            {"step": 2},
            {"abort": True, "aborted_at": SENT, "weights": (0, NEW)},
            (stable_set(available=3),),
            "stable 3/5",
            id="stable lacks pods",
        ),
        pytest.param(
            Verb.ABORT,
            {"step": 2, "routed": False, "weights": None},
            {"abort": True, "aborted_at": SENT},
            (replica_set(available=2), stable_set()),
            "canary pods 2",
            id="canary pods are left",
        ),
        pytest.param(
            Verb.ABORT,
            BLUE_PAUSED,
            {"abort": True, "aborted_at": SENT, "blue_green": {"status": {"activeSelector": NEW}}},
            (),
            "checkout-active on stable",
            id="the service is still on the new one",
        ),
        pytest.param(
            Verb.UNDO,
            {"step": 2},
            {"generation": 4, "observed": 3, "new": OLD},
            (),
            "controller saw it",
            id="not observed",
        ),
    ],
)
def test_half_an_answer_waits_and_names_what_is_missing(
    verb: Verb, before: Json, after: Json, things: tuple[Thing, ...], missing: str
) -> None:
    progress = judged(
        verb, before, after, *things, target=TARGET, generation=4 if "generation" in after else 3
    )
    assert progress.ending is Ending.WAITING
    assert stages(progress)[missing] is False


@pytest.mark.parametrize(
    ("verb", "before", "after", "things", "unread"),
    [
        pytest.param(
            Verb.PROMOTE_FULL,
            {"step": 2},
            {"stable": NEW, "weights": (0, NEW)},
            Kind.INGRESSES,
            "ingress not read",
            id="Ingress",
        ),
        pytest.param(
            Verb.PROMOTE_FULL,
            {"step": 2, "routed": False, "weights": None},
            {"stable": NEW},
            Kind.REPLICA_SETS,
            "old pods gone",
            id="old pods",
        ),
        pytest.param(
            Verb.ABORT,
            {"step": 2},
            {"abort": True, "aborted_at": SENT, "weights": (0, NEW)},
            Kind.REPLICA_SETS,
            "stable pods not read",
            id="stable pods",
        ),
        pytest.param(
            Verb.ABORT,
            {"step": 2, "routed": False, "weights": None},
            {"abort": True, "aborted_at": SENT},
            Kind.REPLICA_SETS,
            "canary pods 0",
            id="canary pods",
        ),
    ],
)
def test_what_may_not_be_read_is_said_and_does_not_hold_up_the_proof(
    verb: Verb, before: Json, after: Json, things: Kind, unread: str
) -> None:
    first = rollout(**{**BEFORE, **before})
    later = rollout(**{**BEFORE, "version": 102, **before, **after})
    progress = judge(sent(verb, first), scene(later, unknown=[things]), NOW)
    assert progress.ending is Ending.DONE
    assert stages(progress)[unread] is None


@pytest.mark.parametrize(
    ("verb", "before", "after", "remark"),
    [
        pytest.param(
            Verb.PROMOTE,
            {"step": 2},
            {"step": 0, "version": 103},
            "the controller went back to step 0",
            id="the index fell back",
        ),
        pytest.param(
            Verb.PROMOTE,
            PAUSED,
            {"step": 0, "abort": True, "message": "why"},
            "halted meanwhile: why",
            id="aborted while promoting",
        ),
        pytest.param(
            Verb.PROMOTE_FULL,
            {"step": 2},
            {"step": 0, "abort": True, "message": "why"},
            "halted meanwhile: why",
            id="aborted while promoting fully",
        ),
        pytest.param(
            Verb.ABORT,
            {"step": 2},
            {"stable": NEW},
            "the controller cleared it again",
            id="an abort of what is promoted",
        ),
    ],
)
def test_what_the_controller_took_back_is_refused(
    verb: Verb, before: Json, after: Json, remark: str
) -> None:
    progress = judged(verb, before, after)
    assert (progress.ending, progress.remark) == (Ending.REFUSED, remark)
    assert progress.ending.is_final


def test_a_picture_of_before_a_full_promotion_does_not_refuse_it() -> None:
    halted: Json = {"step": 0, "abort": True, "aborted_at": ago(minutes=1)}
    for version, ending in ((100, Ending.WAITING), (102, Ending.REFUSED)):
        found = judged(Verb.PROMOTE_FULL, halted, {"version": version}, stable_set())
        assert found.ending is ending


def test_an_undo_that_made_a_version_of_its_own_is_done_but_not_as_asked() -> None:
    progress = judged(
        Verb.UNDO, {"step": 2}, {"generation": 4, "new": "fresh"}, generation=4, target=TARGET
    )
    assert progress.ending is Ending.DIFFERENT
    assert "a new version fresh of that template instead of taking up revision 1" in progress.remark


def test_an_undo_whose_template_is_not_taken_up_yet_waits() -> None:
    progress = judged(Verb.UNDO, {"step": 2}, {"generation": 4}, generation=4, target=TARGET)
    assert progress.ending is Ending.WAITING


@pytest.mark.parametrize(
    ("verb", "before"),
    [
        pytest.param(Verb.PROMOTE, PAUSED, id="promote"),
        pytest.param(Verb.PROMOTE, {"step": 2}, id="promote a step"),
        pytest.param(Verb.PROMOTE, {"step": 4}, id="promote beyond the end"),
        pytest.param(Verb.PROMOTE, BLUE_PAUSED, id="promote blue-green"),
        pytest.param(Verb.PROMOTE_FULL, {"step": 2}, id="full"),
        pytest.param(Verb.ABORT, {"step": 2}, id="abort"),
        pytest.param(Verb.UNDO, {"step": 2}, id="undo"),
    ],
)
def test_a_write_without_any_effect_never_reads_as_done(verb: Verb, before: Json) -> None:
    first = rollout(**{**BEFORE, **before})
    again = rollout(**{**BEFORE, **before, "version": 101, "labels": {"touched": "yes"}})
    # While the watch has not even brought our own write back, nobody knows who is slow.
    for seen, late in ((first, Ending.UNKNOWN), (again, Ending.NO_EFFECT)):
        for seconds in (1, 11, 10_000):
            pending = sent(verb, first, seconds=seconds, target=TARGET, generation=4)
            ending = judge(pending, scene(seen, replica_set(), stable_set()), NOW).ending
            assert ending is (Ending.WAITING if seconds == 1 else late)


def test_what_was_on_its_way_before_the_write_is_no_reaction_to_it() -> None:
    before = rollout(**BEFORE, step=2)
    meanwhile: Json = {"step": 2, "available": 3}
    pending = sent(Verb.PROMOTE_FULL, before, seconds=11)
    own = rollout(**{**BEFORE, **meanwhile, "promote_full": True, "version": 101})
    assert judge(pending, scene(own), NOW).ending is Ending.NO_EFFECT
    later = rollout(**{**BEFORE, **meanwhile, "promote_full": True, "version": 102})
    assert judge(pending, scene(later), NOW).ending is Ending.WAITING


def test_a_controller_that_began_and_does_not_finish_is_incomplete() -> None:
    begun = {"abort": True, "aborted_at": SENT}
    assert judged(Verb.ABORT, {"step": 2}, begun, stable_set(), seconds=31).ending is (
        Ending.INCOMPLETE
    )
    assert judged(Verb.ABORT, {"step": 2}, begun, stable_set(), seconds=29).ending is (
        Ending.WAITING
    )


@pytest.mark.parametrize(
    ("verb", "after"),
    [
        pytest.param(Verb.SET_IMAGE, {"generation": 4, "observed": 4}, id="set image"),
        pytest.param(Verb.UNDO, {"generation": 4, "observed": 4}, id="undo"),
        pytest.param(Verb.ABORT, {"abort": True}, id="abort"),
    ],
)
def test_a_spec_that_nobody_acts_on_is_named_as_the_reason(verb: Verb, after: Json) -> None:
    def ending(seconds: int, **more: Any) -> Progress:
        after_ = {**after, **more}
        return judged(verb, {}, after_, seconds=seconds, generation=4, target=TARGET)

    standing = {"conditions": [invalid("no such service")]}
    late = ending(4, **standing)
    assert late.ending is Ending.NO_EFFECT
    assert late.remark == 'InvalidSpec: The Rollout "checkout" is invalid: no such service'
    assert ending(2, **standing).ending is Ending.WAITING
    assert ending(4).ending is Ending.WAITING


def test_a_lost_connection_makes_the_ending_unknown_until_it_is_back() -> None:
    first = rollout(**BEFORE, **PAUSED)
    later = rollout(**{**BEFORE, **PAUSED, **LIFTED, "version": 102})
    pending = sent(Verb.PROMOTE, first, seconds=60)
    here = scene(later)
    lost = here.snapshot.after([Fact(StreamId(Kind.ROLLOUTS), Lost(UnreachableError("gone")), NOW)])
    assert judge(pending, Scene(later, lost), NOW).ending is Ending.UNKNOWN
    assert not Ending.UNKNOWN.is_final
    assert judge(pending, here, NOW).ending is Ending.NO_EFFECT


def test_what_was_proved_before_the_connection_was_lost_stays_proved() -> None:
    first = rollout(**BEFORE, **PAUSED)
    later = rollout(**{**BEFORE, **PAUSED, "step": 2, "paused": [], "version": 102})
    lost = scene(later).snapshot.after(
        [Fact(StreamId(Kind.ROLLOUTS), Lost(UnreachableError("gone")), NOW)]
    )
    assert judge(sent(Verb.PROMOTE, first), Scene(later, lost), NOW).ending is Ending.DONE


def test_a_rollout_that_is_gone_is_gone() -> None:
    progress = judge(sent(Verb.ABORT, rollout()), None, NOW)
    assert progress.ending is Ending.VANISHED
    assert progress.ending.is_final


@pytest.mark.parametrize(
    ("verb", "fields", "seconds"),
    [
        pytest.param(Verb.PROMOTE, {}, 10, id="promote"),
        pytest.param(Verb.PROMOTE_FULL, {}, 600, id="full, default deadline"),
        pytest.param(Verb.PROMOTE_FULL, {"spec": {"progressDeadlineSeconds": 90}}, 90, id="full"),
        pytest.param(
            Verb.PROMOTE_FULL, {"spec": {"progressDeadlineSeconds": 0}}, 10, id="full, no deadline"
        ),
        pytest.param(Verb.ABORT, {}, 30, id="abort"),
        pytest.param(
            Verb.ABORT, {"canary": {"dynamicStableScale": True}}, 600, id="abort that walks back"
        ),
        pytest.param(Verb.UNDO, {}, 30, id="undo"),
    ],
)
def test_how_long_a_verb_may_take(verb: Verb, fields: Json, seconds: int) -> None:
    assert patience(sent(verb, rollout(**fields))) == timedelta(seconds=seconds)
    assert timedelta(seconds=1) < REACTION


def test_what_we_wrote_is_known() -> None:
    paused = rollout(**BEFORE, **PAUSED)
    assert written(sent(Verb.PROMOTE, paused)).pause_conditions == ()
    assert written(sent(Verb.PROMOTE, rollout(**BEFORE, step=2))).current_step_index == 3
    both = written(sent(Verb.PROMOTE, rollout(**{**BEFORE, **INCONCLUSIVE})))
    assert (both.current_step_index, both.controller_pause, both.pause_conditions) == (3, False, ())
    assert written(sent(Verb.ABORT, paused)).abort
    assert written(sent(Verb.PROMOTE_FULL, paused)).promote_full
    assert written(sent(Verb.UNDO, paused)) == paused.status
    assert written(sent(Verb.PROMOTE, rollout(held=True))) == rollout(held=True).status


def test_the_abort_of_a_halted_update_is_told_from_the_new_one() -> None:
    halted: Json = {"step": 0, "conditions": [aborted()], "aborted_at": ago(minutes=9)}
    newer = judged(
        Verb.ABORT, halted, {"abort": True, "aborted_at": SENT, "weights": (0, NEW)}, stable_set()
    )
    assert newer.ending is Ending.DONE
