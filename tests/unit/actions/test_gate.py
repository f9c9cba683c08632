import pytest

from amas_tui.actions.gate import why_not
from amas_tui.actions.state import is_first_deploy, is_invalid
from amas_tui.actions.template import undo_targets
from amas_tui.actions.verb import Verb
from amas_tui.domain.watch import Lost
from amas_tui.errors import ForbiddenError, UnreachableError
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Fact
from tests.builders import (
    NEW,
    NOW,
    Json,
    ago,
    gate,
    healthy,
    invalid,
    pause,
    replica_set,
    rollout,
    scene,
    stable_set,
    weight,
)

STEPS = (weight(20), pause(), gate("success-rate"), weight(50))
UPDATE: Json = {"steps": STEPS, "routed": True}
BLUE: Json = {"blue_green": {}, "step": None}

NOTHING = "nothing to promote: no update is in flight"
ABORTED = "aborted: promote has no lasting effect; retry, undo or promote fully"
UNSEEN = "the controller has not seen the newest spec yet"
INVALID = "InvalidSpec: the controller acts on nothing until the spec is repaired"
SWITCHES = "blue-green is not paused: it switches by itself when the new pods and checks are ready"
CLEARED = "a full promotion is under way and would clear the abort again: undo goes back"
NO_ABORT = "no update is in flight: abort would be cleared again"


def of(fields: Json) -> Scene:
    return scene(rollout(**fields), replica_set(), stable_set())


STATES = [
    # state, promote, promote --full, abort, undo
    pytest.param(
        {**UPDATE, "stable": ""},
        NOTHING,
        NOTHING,
        "first deployment: there is no stable version to send traffic to",
        None,
        id="first deployment",
    ),
    pytest.param(
        {**UPDATE, "step": 4, "stable": NEW}, NOTHING, NOTHING, NO_ABORT, None, id="fully promoted"
    ),
    pytest.param(
        {**UPDATE, "step": 1, "paused": "CanaryPauseStep"},
        None,
        None,
        None,
        None,
        id="at a pause step",
    ),
    pytest.param({**UPDATE, "step": 2}, None, None, None, None, id="at an analysis"),
    pytest.param({**UPDATE, "step": 0}, None, None, None, None, id="at a weight"),
    pytest.param({**UPDATE, "step": 4}, None, None, None, None, id="steps done, not stable yet"),
    pytest.param({**UPDATE, "step": 0, "held": True}, None, None, None, None, id="held"),
    pytest.param(
        {**UPDATE, "step": 1, "held": True, "paused": "CanaryPauseStep"},
        None,
        None,
        None,
        None,
        id="held at a pause",
    ),
    pytest.param(
        {"stable": NEW, "held": True}, None, NOTHING, NO_ABORT, None, id="held without an update"
    ),
    pytest.param(
        {**BLUE, "paused": "BlueGreenPause"}, None, None, None, None, id="blue-green waits"
    ),
    pytest.param(BLUE, SWITCHES, None, None, None, id="blue-green is on its way"),
    pytest.param(
        {**UPDATE, "step": 2, "paused": "InconclusiveAnalysisRun"},
        None,
        None,
        None,
        None,
        id="inconclusive",
    ),
    pytest.param(
        {**UPDATE, "step": 0, "abort": True, "aborted_at": ago(minutes=1)},
        ABORTED,
        None,
        "aborted already",
        None,
        id="aborted",
    ),
    pytest.param(
        {**UPDATE, "step": 0, "abort": True},
        ABORTED,
        None,
        "abort was asked for already",
        None,
        id="abort asked for",
    ),
    pytest.param(
        {**UPDATE, "step": 0, "conditions": [invalid("x")]},
        INVALID,
        INVALID,
        None,
        None,
        id="InvalidSpec",
    ),
    pytest.param(
        {**UPDATE, "step": 0, "observed": 2},
        UNSEEN,
        f"{UNSEEN}: a full promotion would be dropped",
        None,
        None,
        id="unobserved",
    ),
    pytest.param(
        {**UPDATE, "step": 1, "controller_pause": True},
        "the controller is still taking in the last promote",
        None,
        None,
        None,
        id="unpausing",
    ),
    pytest.param(
        {**UPDATE, "step": 1, "promote_full": True},
        "a full promotion is under way already",
        "a full promotion is under way already",
        CLEARED,
        None,
        id="being promoted",
    ),
    pytest.param(
        {"steps": (), "routed": True},
        "this canary has no steps: it goes on by itself",
        None,
        None,
        None,
        id="no steps",
    ),
]


@pytest.mark.parametrize(("fields", "promote", "full", "abort", "undo"), STATES)
def test_every_verb_is_offered_where_it_makes_sense(
    fields: Json, promote: str | None, full: str | None, abort: str | None, undo: str | None
) -> None:
    here = of(fields)
    assert why_not(Verb.PROMOTE, here) == promote
    assert why_not(Verb.PROMOTE_FULL, here) == full
    assert why_not(Verb.ABORT, here) == abort
    assert why_not(Verb.UNDO, here) == undo


@pytest.mark.parametrize("verb", Verb)
def test_nothing_is_asked_on_a_picture_that_may_be_old(verb: Verb) -> None:
    here = of({**UPDATE, "step": 1, "paused": "CanaryPauseStep"})
    lost = Lost(UnreachableError("gone"))
    snapshot = here.snapshot.after([Fact(StreamId(Kind.ROLLOUTS), lost, NOW)])
    reason = "the connection to the cluster is lost: what is shown may be old"
    assert why_not(verb, Scene(here.rollout, snapshot)) == reason
    assert why_not(verb, scene(here.rollout, unknown=[Kind.ROLLOUTS])) == reason


@pytest.mark.parametrize("verb", Verb)
def test_nothing_is_asked_of_a_rollout_that_is_being_deleted(verb: Verb) -> None:
    assert why_not(verb, of({**UPDATE, "deleted": ago(seconds=3)})) == (
        "the rollout is being deleted"
    )


def test_undo_needs_to_know_the_revisions() -> None:
    one = rollout(**UPDATE)
    unknown = scene(one, unknown=[Kind.REPLICA_SETS])
    assert why_not(Verb.UNDO, unknown) == "the revisions are not known yet"
    refused = Lost(ForbiddenError("cannot list replicasets: 403", status=403))
    fact = Fact(StreamId(Kind.REPLICA_SETS, "shop"), refused, NOW)
    assert why_not(Verb.UNDO, Scene(one, unknown.snapshot.after([fact]))) == (
        "the revisions are not known: cannot list replicasets: 403"
    )
    assert why_not(Verb.UNDO, scene(one, replica_set())) == (
        "there is no other revision to go back to"
    )


@pytest.mark.parametrize("verb", [Verb.UNDO, Verb.SET_IMAGE])
@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "PodTemplate", "DaemonSet"])
def test_a_template_is_written_where_it_is_unless_nobody_could(verb: Verb, kind: str) -> None:
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": "agents"}
    one = rollout(spec={"workloadRef": reference})
    refused = (
        "its pod template is that of DaemonSet agents, a kind that cannot be written here"
        if kind == "DaemonSet"
        else None
    )
    assert why_not(verb, scene(one, replica_set(), stable_set())) == refused


def test_the_revisions_to_go_back_to_leave_out_the_wanted_and_the_nameless() -> None:
    here = scene(
        rollout(),
        replica_set(revision=4),
        stable_set(revision=3),
        replica_set("a", revision=1),
        replica_set("b", revision=None),
        replica_set("c", revision=9, owner="else"),
    )
    assert undo_targets(here) == (3, 1)


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        pytest.param({"stable": ""}, True, id="no stable version"),
        pytest.param({"stable": NEW, "revision": 1}, True, id="revision 1"),
        pytest.param({"stable": NEW, "revision": 2}, False, id="revision 2"),
        pytest.param({"revision": 1}, False, id="revision 1 and already another"),
    ],
)
def test_a_first_deployment_has_nothing_to_go_back_to(*, fields: Json, first: bool) -> None:
    assert is_first_deploy(scene(rollout(**fields))) is first


def test_an_invalid_spec_is_known_by_its_condition() -> None:
    assert is_invalid(scene(rollout(conditions=[invalid("x")])))
    assert not is_invalid(scene(healthy()))
