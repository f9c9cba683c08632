"""A write that somebody else takes back: told from a silent controller, by its hand."""

from copy import deepcopy
from datetime import timedelta

import pytest

from amas_tui.acting import Gate, MovedError, carry_out, prepare, resolve
from amas_tui.actions.children import child_of
from amas_tui.actions.progress import Ending, Pending
from amas_tui.actions.proof import judge, noted
from amas_tui.actions.verb import Choice, Images, Target, Verb
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout
from amas_tui.errors import UnreachableError
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from tests.builders import (
    NEW,
    NOW,
    OLD,
    Json,
    analysis_run,
    pause,
    pod_template,
    raw_rollout,
    read,
    replica_set,
    scene,
    stable_set,
    stamp,
    weight,
)
from tests.fakes import FakeCluster

IMAGES = Images((("*", "registry/checkout:v3"),))
BACK = Target(1, OLD, f"checkout-{OLD}")
KEY = Key("shop", "checkout")
REFERENCE = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}
PAUSED: Json = {"steps": (weight(20), pause()), "step": 1, "paused": "CanaryPauseStep"}
REFERRING: Json = {
    **PAUSED,
    "spec": {"workloadRef": REFERENCE, "template": None},
    "status": {"workloadObservedGeneration": "5"},
}


def deployment() -> Json:
    return {
        "kind": "Deployment",
        "metadata": {
            "name": "checkout",
            "namespace": "shop",
            "uid": "deployment-uid",
            "resourceVersion": "70",
            "generation": 5,
            "managedFields": [{"manager": "helm", "time": stamp(NOW)}],
        },
        "spec": {"template": pod_template("registry/checkout:v2.0.0")},
    }


def stable_template() -> Json:
    return {
        "kind": "ReplicaSet",
        "metadata": {"name": f"checkout-{OLD}", "namespace": "shop"},
        "spec": {"template": pod_template("registry/checkout:v1.4.0")},
    }


def seen(cluster: FakeCluster) -> Scene:
    """Return what the watch shows now."""
    raw = cluster.rollout("checkout")
    return scene(read(Rollout, deepcopy(raw)), replica_set(), stable_set())


async def sent(cluster: FakeCluster, verb: Verb, choice: Choice | None) -> Pending:
    gate, here = Gate(cluster), seen(cluster)
    new_set = {**stable_template(), "metadata": {"name": f"checkout-{NEW}", "namespace": "shop"}}
    cluster.put(stable_template())
    cluster.put(new_set)
    preview = await prepare(gate, verb, here, NOW, choice)
    assert preview.is_possible, preview.refusal
    return noted(await carry_out(gate, preview, here, NOW), seen(cluster), NOW)


def take_back(cluster: FakeCluster, kind: Kind, before: Json) -> None:
    """Let a GitOps tool put an object's spec back, one generation later."""
    now = cluster.objects[kind, KEY]
    now["spec"] = before["spec"]
    metadata = now["metadata"]
    metadata["generation"] += 1
    entries = metadata.setdefault("managedFields", [])
    # By the server's clock, which may be behind ours.
    entries.append({"manager": "argocd-controller", "time": stamp(NOW - timedelta(hours=1))})


CASES = [
    pytest.param(Verb.PAUSE, None, PAUSED, "spec.paused", id="pause"),
    pytest.param(Verb.RESUME, None, {**PAUSED, "held": True}, "spec.paused", id="resume"),
    pytest.param(Verb.RESTART, None, PAUSED, "spec.restartAt", id="restart"),
    pytest.param(Verb.SET_IMAGE, IMAGES, PAUSED, "the pod template", id="set image"),
    pytest.param(Verb.UNDO, BACK, PAUSED, "the pod template", id="undo"),
    pytest.param(
        Verb.SET_IMAGE,
        IMAGES,
        REFERRING,
        "the pod template of deployment checkout",
        id="set image of a Deployment",
    ),
    pytest.param(
        Verb.UNDO,
        BACK,
        REFERRING,
        "the pod template of deployment checkout",
        id="undo of a Deployment",
    ),
    pytest.param(Verb.RESTART, None, REFERRING, "spec.restartAt", id="restart, workloadRef"),
]


@pytest.mark.parametrize(("verb", "choice", "fields", "what"), CASES)
async def test_what_another_hand_put_back_before_a_blind_controller_is_named_with_the_hand(
    verb: Verb, choice: Choice | None, fields: Json, what: str
) -> None:
    cluster = FakeCluster(raw_rollout(**fields), deployment())
    before = deepcopy(cluster.objects)
    pending = await sent(cluster, verb, choice)
    kind = pending.write.kind if pending.write else Kind.ROLLOUTS
    take_back(cluster, kind, before[kind, KEY])
    # What the watch shows of the Rollout is as a controller leaves it that sees nothing.
    here, soon, late = seen(cluster), NOW + timedelta(seconds=3), NOW + timedelta(seconds=9)
    gate = Gate(cluster)
    early = await resolve(gate, pending, soon, here)
    assert (early.looked_at, early.is_undone) == (None, False)
    found = await resolve(gate, pending, late, here)
    progress = judge(found, here, late)
    assert (progress.ending, progress.remark) == (
        Ending.REVERTED,
        f"argocd-controller put {what} back",
    )


@pytest.mark.parametrize(("verb", "choice", "fields", "what"), CASES)
async def test_a_write_that_stands_is_no_ones_but_the_controllers_silence(
    verb: Verb, choice: Choice | None, fields: Json, what: str
) -> None:
    del what
    cluster = FakeCluster(raw_rollout(**fields), deployment())
    pending = await sent(cluster, verb, choice)
    gate, here, looked = Gate(cluster), seen(cluster), NOW + timedelta(seconds=9)
    found = await resolve(gate, pending, looked, here)
    assert (found.looked_at, found.is_undone) == (looked, False)
    soon, late = looked + timedelta(seconds=2), looked + timedelta(seconds=6)
    assert await resolve(gate, found, soon, here) is found
    assert (await resolve(gate, found, late, here)).looked_at == late
    assert judge(found, here, soon).ending is Ending.NO_EFFECT


async def test_a_controller_that_took_in_the_old_template_again_has_it_looked_at_at_once() -> None:
    cluster = FakeCluster(raw_rollout(**REFERRING), deployment())
    before = deepcopy(cluster.objects)
    pending = await sent(cluster, Verb.SET_IMAGE, IMAGES)
    take_back(cluster, Kind.DEPLOYMENTS, before[Kind.DEPLOYMENTS, KEY])
    cluster.rollout("checkout")["status"]["workloadObservedGeneration"] = "7"
    here, soon = seen(cluster), NOW + timedelta(seconds=1)
    found = await resolve(Gate(cluster), pending, soon, here)
    progress = judge(found, here, soon)
    assert progress.ending is Ending.REVERTED
    assert progress.remark.startswith("argocd-controller put the pod template of deployment")


async def test_where_the_workload_cannot_be_read_it_was_put_back_by_somebody() -> None:
    cluster = FakeCluster(raw_rollout(**REFERRING), deployment())
    pending = await sent(cluster, Verb.SET_IMAGE, IMAGES)
    cluster.rollout("checkout")["status"]["workloadObservedGeneration"] = "7"
    here = seen(cluster)
    cluster.broken = UnreachableError("cannot get: gone")
    soon, late = NOW + timedelta(seconds=1), NOW + timedelta(seconds=11)
    assert not (await resolve(Gate(cluster), pending, soon, here)).is_undone
    assert judge(pending, here, soon).ending is Ending.WAITING
    progress = judge(pending, here, late)
    assert (progress.ending, progress.remark) == (
        Ending.REVERTED,
        "somebody put the pod template of deployment checkout back",
    )


async def test_a_workload_that_somebody_only_scaled_was_not_put_back() -> None:
    cluster = FakeCluster(raw_rollout(**REFERRING), deployment())
    pending = await sent(cluster, Verb.SET_IMAGE, IMAGES)
    scaled = cluster.objects[Kind.DEPLOYMENTS, KEY]
    scaled["spec"]["replicas"] = 0
    scaled["metadata"]["generation"] += 1
    status = cluster.rollout("checkout")["status"]
    status |= {"workloadObservedGeneration": "7", "currentPodHash": "another"}
    here = seen(cluster)
    found = await resolve(Gate(cluster), pending, NOW + timedelta(seconds=9), here)
    assert judge(found, here, NOW + timedelta(seconds=11)).ending is Ending.DONE


async def test_a_lost_reply_to_a_workload_that_moved_on_is_judged_by_its_own_generation() -> None:
    cluster = FakeCluster(raw_rollout(**REFERRING), deployment())
    gate, here = Gate(cluster), seen(cluster)
    preview = await prepare(gate, Verb.SET_IMAGE, here, NOW, IMAGES)
    cluster.failures = [UnreachableError("cannot patch: the connection broke")]
    pending = await carry_out(gate, preview, here, NOW)
    moved = cluster.objects[Kind.DEPLOYMENTS, KEY]
    moved["metadata"]["generation"] = 9
    found = await resolve(gate, pending, NOW)
    assert (found.has_arrived, found.generation) == (True, 6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            {"generation": 6, "managedFields": [{"manager": "kubectl-edit", "time": stamp(NOW)}]},
            "deployment checkout was changed (by kubectl-edit, person unknown)",
            id="changed",
        ),
        pytest.param({"generation": 6}, "deployment checkout was changed", id="by nobody known"),
        pytest.param(
            {"uid": "another"}, "deployment checkout was deleted and created anew", id="anew"
        ),
    ],
)
async def test_a_workload_that_moved_before_the_write_is_told_from_the_rollout(
    change: Json, words: str
) -> None:
    cluster = FakeCluster(raw_rollout(**REFERRING), deployment())
    gate, here = Gate(cluster), seen(cluster)
    preview = await prepare(gate, Verb.SET_IMAGE, here, NOW, IMAGES)
    cluster.objects[Kind.DEPLOYMENTS, KEY]["metadata"] |= change
    with pytest.raises(MovedError) as caught:
        await carry_out(gate, preview, here, NOW)
    assert caught.value.text == words


async def test_an_analysis_that_ended_before_the_write_is_told_with_its_phase() -> None:
    run = analysis_run(step=1)
    name = run.metadata.name
    raw: Json = {
        "kind": "AnalysisRun",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": run.metadata.uid,
            "resourceVersion": "100",
            "generation": 1,
        },
        "spec": {},
        "status": {"phase": run.status.phase},
    }
    cluster = FakeCluster(raw_rollout(**PAUSED), raw)
    here = scene(read(Rollout, raw_rollout(**PAUSED)), run)
    preview = await prepare(Gate(cluster), Verb.TERMINATE_RUN, here, NOW, child_of(run))
    raw["status"] = {"phase": "Failed"}
    with pytest.raises(MovedError, match=f"analysisrun {name} is Failed now"):
        await carry_out(Gate(cluster), preview, here, NOW)
    del cluster.objects[Kind.ANALYSIS_RUNS, Key("shop", name)]
    again = await prepare(Gate(cluster), Verb.TERMINATE_RUN, here, NOW, child_of(run))
    assert name in again.refusal
