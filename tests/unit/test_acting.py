import json
from datetime import timedelta
from typing import Any

import pytest

from amas_tui.acting import (
    Gate,
    MovedError,
    Preview,
    carry_out,
    differences,
    is_moved,
    prepare,
    resolve,
    right_for,
)
from amas_tui.actions.children import child_of
from amas_tui.actions.consequence import Consequence
from amas_tui.actions.patches import writes
from amas_tui.actions.progress import Ending
from amas_tui.actions.proof import judge
from amas_tui.actions.verb import Child, Choice, Images, Target, Verb
from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.workload import Experiment
from amas_tui.errors import (
    AmasError,
    ApiError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    UnreachableError,
)
from amas_tui.ports import Right
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
    experiment,
    gate,
    pause,
    pod_template,
    raw_rollout,
    read,
    replica_set,
    rollout,
    scene,
    stable_set,
    weight,
)
from tests.fakes import FakeCluster

STEPS = (weight(20), pause(), gate("success-rate"), weight(50))
PAUSED: Json = {"steps": STEPS, "step": 1, "paused": "CanaryPauseStep"}
BACK = Target(1, OLD, f"checkout-{OLD}")
RUNNING = analysis_run(step=2)
EXPERIMENT = experiment()
FAILED = experiment(phase="Failed")

STATES: dict[Verb, Json] = {
    Verb.RETRY: {"step": 0, "paused": [], "abort": True, "aborted_at": ago(seconds=9)},
    Verb.RESUME: {"held": True},
    Verb.TERMINATE_EXPERIMENT: {"steps": [{"experiment": {}}], "step": 0, "paused": []},
    Verb.RETRY_EXPERIMENT: {"steps": [{"experiment": {}}], "step": 0, "paused": []},
}
"""Where each verb is possible; the others are so in a pause."""


def choice(verb: Verb) -> Choice | None:
    """Return what a verb needs beside the rollout."""
    match verb:
        case Verb.UNDO:
            return BACK
        case Verb.SET_IMAGE:
            return Images((("*", "registry/checkout:v3"),))
        case Verb.TERMINATE_RUN:
            return child_of(RUNNING)
        case Verb.TERMINATE_EXPERIMENT:
            return child_of(EXPERIMENT)
        case Verb.RETRY_EXPERIMENT:
            return child_of(FAILED)
        case _:
            return None


def raw_set(pod_hash: str, image: str) -> Json:
    template = pod_template(image)
    template["metadata"]["labels"]["rollouts-pod-template-hash"] = pod_hash
    return {
        "kind": "ReplicaSet",
        "metadata": {"name": f"checkout-{pod_hash}", "namespace": "shop"},
        "spec": {"template": template},
    }


def raw_child(kind: str, child: Child) -> Json:
    """Return an AnalysisRun or Experiment as the API server has it."""
    own = {"name": child.name, "namespace": "shop", "uid": child.uid, "resourceVersion": "100"}
    return {
        "kind": kind,
        "metadata": {**own, "generation": 1},
        "spec": {},
        "status": {"phase": child.phase},
    }


def cluster_of(*things: Thing, **fields: Any) -> tuple[FakeCluster, Scene]:
    """Return a cluster and what a user sees of it."""
    raw = raw_rollout(**{**PAUSED, **fields})
    cluster = FakeCluster(
        raw, raw_set(NEW, "registry/checkout:v2.0.0"), raw_set(OLD, "registry/checkout:v1.4.0")
    )
    return cluster, scene(read(Rollout, raw), replica_set(), stable_set(), *things)


def ready_for(verb: Verb) -> tuple[FakeCluster, Scene]:
    """Return a cluster in a state where a verb is possible."""
    things: dict[Verb, Thing] = {
        Verb.TERMINATE_RUN: RUNNING,
        Verb.TERMINATE_EXPERIMENT: EXPERIMENT,
        Verb.RETRY_EXPERIMENT: FAILED,
    }
    cluster, here = cluster_of(*([things[verb]] if verb in things else []), **STATES.get(verb, {}))
    picked = choice(verb)
    if isinstance(picked, Child):
        kind = "AnalysisRun" if picked.kind is Kind.ANALYSIS_RUNS else "Experiment"
        cluster.put(raw_child(kind, picked))
    return cluster, here


@pytest.mark.parametrize("verb", Verb)
async def test_a_verb_is_dry_run_and_nothing_else_before_it_is_confirmed(verb: Verb) -> None:
    cluster, here = ready_for(verb)
    preview = await prepare(Gate(cluster), verb, here, NOW, choice(verb))
    assert preview.is_possible, preview.refusal
    assert [one.dry_run for one in cluster.sent] == [True]
    assert cluster.writes == []
    assert cluster.sent[0].write == preview.writes[0]


@pytest.mark.parametrize("verb", Verb)
async def test_what_is_confirmed_is_sent_byte_for_byte_and_proved_by_the_watch(verb: Verb) -> None:
    cluster, here = ready_for(verb)
    preview = await prepare(Gate(cluster), verb, here, NOW, choice(verb))
    pending = await carry_out(Gate(cluster), preview, here, NOW)
    assert [write.body for write in cluster.writes] == [write.body for write in preview.writes]
    assert (pending.verb, pending.before, pending.sent_at) == (verb, here.rollout, NOW)
    last = cluster.writes[-1]
    written = await cluster.read(last.kind, last.key)
    assert pending.version == written["metadata"]["resourceVersion"]
    kept: list[Thing] = [*here.runs, *here.experiments]
    seen = scene(await cluster.look(here.rollout.key), replica_set(), stable_set(), *kept)
    assert judge(pending, seen, NOW).ending is Ending.WAITING


@pytest.mark.parametrize("verb", Verb)
async def test_our_own_write_alone_ends_as_a_controller_that_did_not_react(verb: Verb) -> None:
    cluster, here = ready_for(verb)
    preview = await prepare(Gate(cluster), verb, here, NOW, choice(verb))
    pending = await carry_out(Gate(cluster), preview, here, NOW)
    late = NOW + timedelta(seconds=11)
    assert judge(pending, written(cluster, here), late).ending is Ending.NO_EFFECT


def written(cluster: FakeCluster, here: Scene) -> Scene:
    """Return what the watch shows when nobody but us has written."""
    raw = [one for (kind, _), one in cluster.objects.items() if kind is Kind.ANALYSIS_RUNS]
    runs = [read(AnalysisRun, {**one, "metadata": one["metadata"] | _OWNED}) for one in raw]
    raw = [one for (kind, _), one in cluster.objects.items() if kind is Kind.EXPERIMENTS]
    tries = [read(Experiment, {**one, "metadata": one["metadata"] | _OWNED}) for one in raw]
    assert (len(runs), len(tries)) == (len(here.runs), len(here.experiments))
    own = read(Rollout, cluster.rollout("checkout"))
    return scene(own, replica_set(), stable_set(), *runs, *tries)


_OWNED: Json = {"ownerReferences": [{"kind": "Rollout", "uid": "checkout-uid", "controller": True}]}


async def test_a_verb_of_two_writes_sends_both_in_order() -> None:
    cluster, here = cluster_of(held=True)
    preview = await prepare(Gate(cluster), Verb.PROMOTE, here, NOW)
    await carry_out(Gate(cluster), preview, here, NOW)
    assert [write.subresource for write in cluster.writes] == ["", "status"]
    assert cluster.rollout("checkout")["spec"]["paused"] is False
    assert "pauseConditions" not in cluster.rollout("checkout")["status"]


async def test_the_state_gate_refuses_before_anything_is_asked() -> None:
    cluster, here = cluster_of(stable=NEW)
    preview = await prepare(Gate(cluster), Verb.ABORT, here, NOW)
    assert preview.refusal == "no update is in flight: abort would be cleared again"
    assert not preview.is_possible
    assert (cluster.sent, cluster.rights) == ([], [])


@pytest.mark.parametrize(
    ("verb", "fields", "subresource"),
    [
        pytest.param(Verb.ABORT, {}, "status", id="status"),
        pytest.param(Verb.UNDO, {}, "", id="object"),
        pytest.param(Verb.PROMOTE, {"held": True}, "status", id="the second of two"),
    ],
)
async def test_a_missing_right_refuses_before_the_dry_run(
    verb: Verb, fields: Json, subresource: str
) -> None:
    cluster, here = cluster_of(**fields)
    cluster.refused[subresource] = "no rule grants it"
    preview = await prepare(Gate(cluster), verb, here, NOW, choice(verb))
    resource = "rollouts/status" if subresource else "rollouts"
    assert preview.refusal == (
        f"you may not patch {resource}.argoproj.io in shop: no rule grants it"
    )
    assert "README" in preview.hint
    assert cluster.sent == []


async def test_only_the_rights_that_are_needed_are_asked_for() -> None:
    cluster, here = cluster_of()
    await prepare(Gate(cluster), Verb.ABORT, here, NOW)
    assert cluster.rights == [Right("patch", "argoproj.io", "rollouts", "shop", "status")]
    (write,) = writes(Verb.UNDO, here.rollout)
    assert right_for(write) == Right("patch", "argoproj.io", "rollouts", "shop")


async def test_a_write_without_effect_is_refused_as_one() -> None:
    cluster, here = cluster_of(step=4, paused=[])
    preview = await prepare(Gate(cluster), Verb.PROMOTE, here, NOW)
    assert preview.refusal == "the server accepts it, but nothing would change"


async def test_an_undo_reads_both_templates_and_strips_what_was_injected() -> None:
    cluster, here = cluster_of()
    preview = await prepare(Gate(cluster), Verb.UNDO, here, NOW, BACK)
    assert preview.templates is not None
    now, then = preview.templates
    assert now["spec"]["containers"][0]["image"] == "registry/checkout:v2.0.0"
    assert then["spec"]["containers"][0]["image"] == "registry/checkout:v1.4.0"
    assert "rollouts-pod-template-hash" not in json.dumps(preview.writes[0].changes[0].value)


async def test_an_undo_of_a_rollout_whose_set_is_unknown_compares_with_its_own_template() -> None:
    cluster, here = cluster_of(new="unknown")
    preview = await prepare(Gate(cluster), Verb.UNDO, here, NOW, BACK)
    assert preview.templates is not None
    assert preview.templates[0] == cluster.rollout("checkout")["spec"]["template"]


async def test_a_replica_set_that_is_gone_refuses_the_undo() -> None:
    cluster, here = cluster_of()
    preview = await prepare(Gate(cluster), Verb.UNDO, here, NOW, Target(7, "gone", "checkout-gone"))
    assert "checkout-gone" in preview.refusal
    assert cluster.sent == []


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        pytest.param(
            ForbiddenError("cannot patch: 403 no", status=403), "cannot patch: 403 no", id="403"
        ),
        pytest.param(
            InvalidError("cannot patch: 422 bad", status=422, causes=("replicas",)),
            "cannot patch: 422 bad",
            id="422 with causes",
        ),
        pytest.param(ApiError("cannot patch: 500", status=500), "cannot patch: 500", id="500"),
        pytest.param(
            ConflictError("409", status=409),
            "the guard failed although nothing moved: this is a bug in amas-tui",
            id="409 without a reason",
        ),
    ],
)
async def test_a_dry_run_that_is_refused_is_shown(error: AmasError, refusal: str) -> None:
    cluster, here = cluster_of()
    cluster.failures = [error]
    preview = await prepare(Gate(cluster), Verb.ABORT, here, NOW)
    assert preview.refusal == refusal
    assert not preview.is_possible


async def test_a_cluster_that_cannot_be_asked_raises() -> None:
    cluster, here = cluster_of()
    cluster.broken = UnreachableError("cannot get: gone")
    with pytest.raises(UnreachableError):
        await prepare(Gate(cluster), Verb.ABORT, here, NOW)


async def test_a_rollout_that_moved_before_the_dry_run_is_told_with_what_moved() -> None:
    cluster, here = cluster_of()
    cluster.rollout("checkout")["status"]["currentStepIndex"] = 2
    preview = await prepare(Gate(cluster), Verb.PROMOTE, here, NOW)
    assert preview.refusal == "the rollout moved: step 2 → 3 (analysis)"
    assert preview.hint == "Look again and press the key again"


async def test_a_rollout_that_moved_before_the_answer_is_not_written() -> None:
    cluster, here = cluster_of()
    preview = await prepare(Gate(cluster), Verb.PROMOTE, here, NOW)
    cluster.rollout("checkout")["status"]["abort"] = True
    with pytest.raises(MovedError, match="the rollout moved: it was aborted"):
        await carry_out(Gate(cluster), preview, here, NOW)
    assert "pauseConditions" in cluster.rollout("checkout")["status"]


async def test_when_only_the_second_write_fails_it_is_said() -> None:
    cluster, here = cluster_of(held=True)
    preview = await prepare(Gate(cluster), Verb.PROMOTE, here, NOW)
    cluster.failures = [None, InvalidError("422", status=422)]
    with pytest.raises(MovedError, match="the first 1 of 2 writes were made"):
        await carry_out(Gate(cluster), preview, here, NOW)


@pytest.mark.parametrize(
    "error",
    [ForbiddenError("403", status=403), InvalidError("422", status=422, causes=("x",))],
    ids=["403", "422 with causes"],
)
async def test_a_write_that_is_refused_for_another_reason_raises_that(error: AmasError) -> None:
    cluster, here = cluster_of()
    preview = await prepare(Gate(cluster), Verb.ABORT, here, NOW)
    cluster.failures = [error]
    with pytest.raises(type(error)) as caught:
        await carry_out(Gate(cluster), preview, here, NOW)
    assert caught.value is error


LOST = UnreachableError("cannot patch: the connection broke")


async def test_a_write_whose_answer_was_lost_is_neither_done_nor_refused() -> None:
    cluster, here = cluster_of()
    preview = await prepare(Gate(cluster), Verb.ABORT, here, NOW)
    cluster.failures = [LOST]
    pending = await carry_out(Gate(cluster), preview, here, NOW)
    assert pending.has_arrived is None
    assert judge(pending, here, NOW).ending is Ending.UNKNOWN
    late = NOW + timedelta(minutes=5)
    assert judge(pending, here, late).ending is Ending.UNKNOWN


@pytest.mark.parametrize(
    ("status", "seconds", "arrived"),
    [
        pytest.param({"abort": True}, 1, True, id="it is there"),
        pytest.param({}, 1, None, id="not there yet"),
        pytest.param({}, 4, False, id="never arrived"),
        pytest.param({"currentPodHash": "else"}, 1, True, id="moved: the watch decides"),
    ],
)
async def test_a_lost_answer_is_looked_for(
    *, status: Json, seconds: int, arrived: bool | None
) -> None:
    cluster, here = cluster_of()
    gate = Gate(cluster)
    preview = await prepare(gate, Verb.ABORT, here, NOW)
    cluster.failures = [LOST]
    pending = await carry_out(gate, preview, here, NOW)
    cluster.rollout("checkout")["status"].update(status)
    found = await resolve(gate, pending, NOW + timedelta(seconds=seconds))
    assert found.has_arrived is arrived
    cluster.broken = LOST
    assert await resolve(gate, pending, NOW) is pending


async def test_a_lost_answer_to_the_first_of_two_writes_raises_that() -> None:
    cluster, here = cluster_of(held=True)
    preview = await prepare(Gate(cluster), Verb.PROMOTE, here, NOW)
    cluster.failures = [LOST]
    with pytest.raises(UnreachableError):
        await carry_out(Gate(cluster), preview, here, NOW)


async def test_a_preview_that_was_refused_cannot_be_carried_out() -> None:
    cluster, here = cluster_of(stable=NEW)
    preview = await prepare(Gate(cluster), Verb.ABORT, here, NOW)
    with pytest.raises(AmasError, match="cannot abort: no update is in flight"):
        await carry_out(Gate(cluster), preview, here, NOW)
    assert cluster.sent == []


async def test_a_rollout_that_went_while_the_user_thought_is_not_written() -> None:
    cluster, here = cluster_of()
    preview = await prepare(Gate(cluster), Verb.ABORT, here, NOW)
    other = scene(rollout(uid="somebody else", **PAUSED))
    for latest in (None, other):
        with pytest.raises(MovedError, match="the rollout is gone"):
            await carry_out(Gate(cluster), preview, latest, NOW)
    assert cluster.writes == []


async def test_the_gate_is_asked_again_before_the_write() -> None:
    cluster, here = cluster_of()
    preview = await prepare(Gate(cluster), Verb.PROMOTE, here, NOW)
    halted = scene(rollout(**{**PAUSED, "paused": [], "abort": True, "aborted_at": ago(seconds=1)}))
    with pytest.raises(MovedError, match="cannot promote any more: aborted"):
        await carry_out(Gate(cluster), preview, halted, NOW)
    assert cluster.writes == []


@pytest.mark.parametrize(
    ("error", "moved"),
    [
        (ConflictError("409", status=409), True),
        (InvalidError("422", status=422), True),
        (InvalidError("422", status=422, causes=("x",)), False),
        (ForbiddenError("403", status=403), False),
        (ApiError("500", status=500), False),
    ],
    ids=["409", "failed test", "invalid", "403", "500"],
)
def test_a_conflict_or_a_failed_test_means_that_it_moved(*, error: ApiError, moved: bool) -> None:
    assert is_moved(error) is moved


@pytest.mark.parametrize(
    ("now", "found"),
    [
        pytest.param({}, (), id="nothing"),
        pytest.param({"version": 999}, (), id="only the version"),
        pytest.param({"uid": "else"}, ("it was deleted and created anew",), id="another object"),
        pytest.param({"new": "x"}, ("another version is being rolled out",), id="version"),
        pytest.param({"step": 2}, ("step 2 → 3 (analysis)",), id="step"),
        pytest.param({"step": 4}, ("step 2 → 5",), id="the end"),
        pytest.param({"abort": True}, ("it was aborted",), id="aborted"),
        pytest.param(
            {"paused": [], "controller_pause": False}, ("its pause has ended",), id="resumed"
        ),
        pytest.param(
            {"paused": "InconclusiveAnalysisRun"},
            ("it now pauses (InconclusiveAnalysisRun)",),
            id="another pause",
        ),
        pytest.param({"paused_at": ago(seconds=1)}, ("it pauses anew",), id="the same pause anew"),
        pytest.param({"generation": 4}, ("its spec was changed",), id="spec"),
        pytest.param(
            {"step": 0, "abort": True, "paused": [], "generation": 4},
            (
                "step 2 → 1 (setWeight: 20)",
                "it was aborted",
                "its pause has ended",
                "its spec was changed",
            ),
            id="all at once",
        ),
    ],
)
def test_what_moved_is_told_in_words(now: Json, found: tuple[str, ...]) -> None:
    seen: Json = {**PAUSED, "paused_at": ago(minutes=2)}
    assert differences(rollout(**seen), rollout(**{**seen, **now})) == found


def test_a_lifted_abort_is_told() -> None:
    assert differences(rollout(abort=True), rollout()) == ("the abort was lifted",)


def test_a_preview_without_writes_is_not_possible() -> None:
    here = scene(rollout())
    assert not Preview(Verb.ABORT, here, Consequence(())).is_possible
