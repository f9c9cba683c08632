from datetime import timedelta

import pytest

from amas_tui.actions.patches import writes
from amas_tui.actions.repair import ingress_command
from amas_tui.actions.rollback import (
    Move,
    Path,
    Proof,
    Trail,
    candidates,
    next_move,
    plan,
)
from amas_tui.actions.rule import Material, Workload
from amas_tui.actions.template import MARK
from amas_tui.actions.verb import Target, Verb
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from tests.builders import (
    NEW,
    NOW,
    OLD,
    Json,
    Thing,
    ago,
    analysis_run,
    gate,
    ingress,
    invalid,
    pause,
    replica_set,
    rollout,
    scene,
    service,
    stable_set,
    template,
    weight,
)

STEPS = (weight(20), pause(), gate("success-rate"), weight(50))
FLIGHT: Json = {"steps": STEPS, "step": 1, "paused": "CanaryPauseStep", "routed": True}
SETTLED: Json = {"steps": STEPS, "step": 4, "stable": NEW, "routed": True}
TEMPLATE = template("success-rate")
ARGO = {"argocd.argoproj.io/tracking-id": "shop:argoproj.io/Rollout:shop/checkout"}


FRONT = (service("checkout-stable", OLD), service("checkout-canary"), ingress("checkout-stable"))


def of(fields: Json, *things: Thing) -> Scene:
    return scene(rollout(**fields), replica_set(), stable_set(), TEMPLATE, *things)


def passed(of_: str = OLD) -> Thing:
    return analysis_run("passed", phase="Successful", of=of_, revision=1)


PLANS = [
    pytest.param(FLIGHT, [], Path.IN_FLIGHT, OLD, Proof.STABLE, id="in flight"),
    pytest.param({**FLIGHT, "held": True}, [], Path.IN_FLIGHT, OLD, Proof.STABLE, id="held"),
    pytest.param(
        {**FLIGHT, "abort": True, "paused": [], "step": 0},
        [],
        Path.IN_FLIGHT,
        OLD,
        Proof.STABLE,
        id="aborted",
    ),
    pytest.param(
        {**FLIGHT, "annotations": ARGO}, [], Path.ABORT, OLD, Proof.STABLE, id="owned by Git"
    ),
    pytest.param(SETTLED, [passed()], Path.COMPLETE, OLD, Proof.GATES, id="complete"),
    pytest.param(
        {**FLIGHT, "conditions": [invalid("x")], "steps": (weight(20), gate("missing"))},
        [*FRONT],
        Path.INVALID,
        OLD,
        Proof.STABLE,
        id="invalid",
    ),
    pytest.param(
        {**FLIGHT, "new": OLD, "stable": NEW, "annotations": {MARK: OLD}},
        [],
        Path.UNDER_WAY,
        OLD,
        Proof.SEEN,
        id="carried on by a program that was started anew",
    ),
    pytest.param(
        {**FLIGHT, "annotations": {MARK: "older"}},
        [],
        Path.IN_FLIGHT,
        OLD,
        Proof.STABLE,
        id="the mark of an earlier rollback",
    ),
]


@pytest.mark.parametrize(("fields", "things", "path", "to", "proof"), PLANS)
def test_the_path_follows_from_the_state(
    fields: Json, things: list[Thing], path: Path, to: str, proof: Proof
) -> None:
    route = plan(of(fields, *things))
    assert not route.refusal
    assert route.goal is not None
    assert (route.path, route.goal.target.pod_hash, route.goal.proof) == (path, to, proof)
    assert route.goal.target.lift_hold


@pytest.mark.parametrize(
    ("fields", "things", "refusal"),
    [
        pytest.param(
            {**FLIGHT, "stable": ""},
            [],
            "first deployment: there is no version to go back to",
            id="first deployment",
        ),
        pytest.param(
            SETTLED,
            [],
            "there is no earlier version that is known to be good",
            id="nothing is proven",
        ),
        pytest.param(
            SETTLED,
            [analysis_run("bad", phase="Failed", of=OLD, revision=1)],
            "there is no earlier version that is known to be good",
            id="it failed its gates",
        ),
        pytest.param(
            SETTLED,
            [analysis_run("cut", phase="Successful", of=OLD, revision=1, terminate=True)],
            "there is no earlier version that is known to be good",
            id="its gates were cut short",
        ),
    ],
)
def test_an_unproven_version_is_never_taken_without_a_choice(
    fields: Json, things: list[Thing], refusal: str
) -> None:
    here = of(fields, *things)
    assert plan(here).refusal == refusal
    if fields is SETTLED:
        chosen = plan(here, Target(1, OLD, "checkout-old"))
        assert (chosen.path, chosen.refusal) == (Path.COMPLETE, "")
        assert chosen.goal is not None
        assert chosen.goal.proof is Proof.UNPROVEN


def test_a_version_that_was_seen_as_stable_is_proven() -> None:
    (one,) = candidates(of(SETTLED), frozenset({OLD}))
    assert one.proof is Proof.SEEN
    assert plan(of(SETTLED), seen=frozenset({OLD})).refusal == ""


def test_without_the_right_to_write_the_spec_it_aborts() -> None:
    assert plan(of(FLIGHT), may_write_spec=False).path is Path.ABORT
    complete = plan(of(SETTLED, passed()), may_write_spec=False)
    assert complete.refusal == "you may not write the rollout checkout"


def test_an_invalid_spec_names_what_is_missing_and_the_command_by_hand() -> None:
    fields: Json = {**FLIGHT, "conditions": [invalid("x")], "steps": (weight(20), gate("missing"))}
    here = of(fields, *FRONT, ingress(weight_=20))
    assert plan(here).without == (("missing", False),)
    assert ingress_command(here) == (
        "kubectl -n shop annotate --overwrite ingress checkout-checkout-stable-canary "
        "nginx.ingress.kubernetes.io/canary-weight=0"
    )
    other = of({**FLIGHT, "conditions": [invalid("no such field")]}, *FRONT)
    assert plan(other).refusal == "the spec is invalid: no such field"


def test_what_a_hand_must_make_is_named_and_the_old_template_is_written_all_the_same() -> None:
    fields: Json = {**FLIGHT, "conditions": [invalid("service not found")]}
    here = of(fields, *FRONT[1:])
    route = plan(here)
    assert (route.path, route.refusal) == (Path.INVALID, "")
    assert [one.lack for one in route.needs] == ["Service checkout-stable is missing"]
    assert next_move(here, route, Trail(), NOW) is Move.PUT_BACK
    assert next_move(here, route, LONG_AGO, NOW) is Move.WAIT
    assert next_move(of(BACK, *FRONT), route, LONG_AGO, NOW) is Move.CHECK


def test_what_was_made_again_before_the_controller_looked_is_no_obstacle() -> None:
    said = 'spec.strategy.canary.stableService: Invalid value: "x": service "x" not found'
    here = of({**FLIGHT, "conditions": [invalid(said)]}, *FRONT)
    route = plan(here)
    assert (route.path, route.refusal, route.needs) == (Path.INVALID, "", ())
    assert next_move(here, route, LONG_AGO, NOW) is Move.WAIT


def test_a_pod_template_that_is_refused_is_repaired_by_the_old_one() -> None:
    said = 'spec.template.spec.containers[0].resources: Invalid value: "2"'
    fields: Json = {**SETTLED, "conditions": [invalid(said)]}
    here = of(fields, *FRONT, passed())
    route = plan(here, is_taken_up=False)
    assert not route.refusal
    assert route.goal is not None
    assert (route.goal.target.pod_hash, route.goal.proof) == (NEW, Proof.STABLE)
    assert next_move(here, route, Trail(), NOW) is Move.PUT_BACK


def test_a_spec_that_was_never_taken_up_goes_back_to_the_version_in_force() -> None:
    fields: Json = {**SETTLED, "conditions": [invalid("x")], "steps": (gate("missing"),)}
    here = of(fields, *FRONT, passed())
    for is_taken_up, to in ((True, OLD), (False, NEW)):
        goal = plan(here, is_taken_up=is_taken_up).goal
        assert goal is not None
        assert goal.target.pod_hash == to
    chosen = plan(here, Target(1, OLD, "checkout-old"), is_taken_up=False).goal
    assert chosen is not None
    assert chosen.target.pod_hash == OLD


@pytest.mark.parametrize(("mark", "kinds"), [("", 2), ("older", 2), (OLD, 1)])
def test_a_mark_that_is_there_is_not_written_again(mark: str, kinds: int) -> None:
    annotations = {MARK: mark} if mark else {}
    here = rollout(**{**FLIGHT, "annotations": annotations})
    target = Target(1, OLD, "checkout-old", lift_hold=True, mark=True)
    holder = Workload(Kind.DEPLOYMENTS, here.key, "uid", 3, {})
    found = writes(Verb.UNDO, here, target, Material({"spec": {}}, holder))
    assert len(found) == kinds
    assert found[-1].kind is Kind.DEPLOYMENTS


def test_unknown_revisions_are_waited_for() -> None:
    here = scene(rollout(**FLIGHT), unknown=[Kind.REPLICA_SETS])
    assert plan(here).refusal == "the revisions are not known yet"


PUT_BACK = Trail().after(Move.PUT_BACK, ago(seconds=2))
LONG_AGO = Trail().after(Move.PUT_BACK, ago(seconds=6))
BACK: Json = {**FLIGHT, "new": OLD, "stable": OLD, "step": 4, "paused": []}
COMING: Json = {**FLIGHT, "new": OLD, "stable": NEW, "step": 0, "paused": []}
ABORTED: Json = {**FLIGHT, "abort": True, "aborted_at": ago(seconds=1), "paused": [], "step": 0}


@pytest.mark.parametrize(
    ("start", "fields", "trail", "move"),
    [
        pytest.param(FLIGHT, FLIGHT, Trail(), Move.PUT_BACK, id="first the template"),
        pytest.param(FLIGHT, FLIGHT, PUT_BACK, Move.WAIT, id="not seen yet"),
        pytest.param(FLIGHT, FLIGHT, LONG_AGO, Move.ABORT, id="not seen in 5 s: abort"),
        pytest.param(
            FLIGHT,
            FLIGHT,
            LONG_AGO.after(Move.ABORT, NOW),
            Move.WAIT,
            id="the abort is sent once",
        ),
        pytest.param(FLIGHT, ABORTED, LONG_AGO, Move.CHECK, id="aborted: check"),
        pytest.param(
            FLIGHT, {**ABORTED, "held": True}, LONG_AGO, Move.RESUME, id="aborted but held"
        ),
        pytest.param(
            {**FLIGHT, "annotations": ARGO},
            {**FLIGHT, "annotations": ARGO},
            Trail(),
            Move.ABORT,
            id="owned by Git: abort at once",
        ),
        pytest.param(
            FLIGHT, FLIGHT, Trail(cannot_put_back="no"), Move.ABORT, id="not writable: abort"
        ),
        pytest.param(FLIGHT, BACK, PUT_BACK, Move.CHECK, id="stable again: check"),
        pytest.param(
            FLIGHT, {**BACK, "generation": 9, "observed": 8}, PUT_BACK, Move.WAIT, id="unobserved"
        ),
        pytest.param(FLIGHT, {**BACK, "held": True}, PUT_BACK, Move.RESUME, id="still held"),
        pytest.param(SETTLED, SETTLED, Trail(), Move.PUT_BACK, id="complete: the template"),
        pytest.param(
            SETTLED, SETTLED, LONG_AGO, Move.WAIT, id="complete: an abort would be no way back"
        ),
        pytest.param(SETTLED, COMING, PUT_BACK, Move.PROMOTE_FULL, id="seen: promote fully"),
        pytest.param(
            SETTLED,
            COMING,
            PUT_BACK.after(Move.PROMOTE_FULL, NOW),
            Move.WAIT,
            id="the promotion is sent once",
        ),
        pytest.param(
            SETTLED, {**COMING, "promote_full": True}, Trail(), Move.WAIT, id="promoting already"
        ),
    ],
)
def test_the_next_move_follows_from_the_cluster(
    start: Json, fields: Json, trail: Trail, move: Move
) -> None:
    route = plan(of(start, passed()))
    assert next_move(of(fields, passed()), route, trail, NOW) is move


def test_inside_the_rollback_window_no_promotion_is_needed() -> None:
    window: Json = {"spec": {"rollbackWindow": {"revisions": 3}}}
    route = plan(of({**SETTLED, **window}, passed()))
    fast = scene(
        rollout(**{**COMING, **window, "step": 4}),
        replica_set(born=ago(hours=1)),
        stable_set(born=ago(days=2)),
        TEMPLATE,
    )
    assert next_move(fast, route, PUT_BACK, NOW) is Move.WAIT
    assert next_move(of(COMING), route, PUT_BACK, NOW) is Move.PROMOTE_FULL


def test_a_program_that_was_started_anew_promotes_what_was_put_back() -> None:
    here = of({**COMING, "annotations": {MARK: OLD}})
    route = plan(here)
    assert next_move(here, route, Trail(), NOW + timedelta(minutes=1)) is Move.PROMOTE_FULL


def test_what_was_rolled_back_is_only_checked_when_it_is_asked_for_again() -> None:
    here = of({**BACK, "annotations": {MARK: OLD}}, passed(NEW))
    route = plan(here)
    assert route.path is Path.UNDER_WAY
    assert next_move(here, route, Trail(), NOW) is Move.CHECK
    chosen = plan(here, Target(2, NEW, "checkout-new"))
    assert chosen.path is Path.COMPLETE
