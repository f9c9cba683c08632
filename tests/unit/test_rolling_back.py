from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from amas_tui.acting import Gate
from amas_tui.actions.limits import Limits
from amas_tui.actions.progress import Ending
from amas_tui.actions.rollback import Move, Path
from amas_tui.actions.template import MARK
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.watch import Lost
from amas_tui.errors import ConflictError, ForbiddenError, UnreachableError
from amas_tui.rollback_preview import preview_rollback
from amas_tui.rolling_back import BUDGET, Run, advance, begin, progress
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Fact
from tests.builders import (
    NEW,
    NOW,
    OLD,
    Json,
    endpoint_slice,
    ingress,
    invalid,
    pause,
    raw_rollout,
    read,
    replica_set,
    scene,
    service,
    stable_set,
    weight,
)
from tests.builders import gate as step_gate
from tests.fakes import FakeCluster
from tests.unit.test_acting import raw_set

STEPS = (weight(20), pause(), weight(50))
FLIGHT: Json = {"steps": STEPS, "step": 1, "paused": "CanaryPauseStep", "routed": True}


def cluster_of(**fields: Any) -> FakeCluster:
    return FakeCluster(
        raw_rollout(**{**FLIGHT, "annotations": {}, **fields}),
        raw_set(NEW, "registry/checkout:v2.0.0"),
        raw_set(OLD, "registry/checkout:v1.4.0"),
    )


def seen(cluster: FakeCluster, *, left: int = 5) -> Scene:
    """Return what a program sees of the cluster now."""
    here = read(Rollout, cluster.rollout("checkout"))
    hash_ = here.status.stable_rs
    return scene(
        here,
        replica_set(replicas=left),
        stable_set(),
        service("checkout-stable", hash_),
        service("checkout-canary"),
        ingress("checkout-stable"),
        endpoint_slice("checkout-stable", [True]),
    )


def react(cluster: FakeCluster) -> None:
    """Let the controller take up the stable template, as it does at once."""
    raw = cluster.rollout("checkout")
    raw["status"] |= {
        "currentPodHash": OLD,
        "observedGeneration": str(raw["metadata"]["generation"]),
        "currentStepIndex": 3,
    }
    raw["status"].pop("pauseConditions", None)
    newer(raw)


def newer(raw: Json) -> None:
    """Give an object the version that every write makes."""
    version = int(raw["metadata"]["resourceVersion"])
    raw["metadata"]["resourceVersion"] = str(version + 1)


async def started(cluster: FakeCluster, gate: Gate) -> Run:
    preview = await preview_rollback(gate, seen(cluster), NOW)
    assert not preview.refusal
    return begin(preview, NOW)


async def test_one_write_puts_the_stable_template_back_and_marks_where_it_goes() -> None:
    cluster = cluster_of(held=True)
    gate = Gate(cluster)
    run = await advance(gate, await started(cluster, gate), seen(cluster), NOW)
    assert run.trail.moves == (Move.PUT_BACK,)
    (write,) = cluster.writes
    assert [change.path for change in write.changes] == [
        "/spec/template",
        f"/metadata/annotations/{MARK.replace('/', '~1')}",
        "/spec/paused",
    ]
    raw = cluster.rollout("checkout")
    assert raw["spec"]["template"]["spec"]["containers"][0]["image"] == "registry/checkout:v1.4.0"


async def test_it_is_done_when_the_four_checks_are_and_sends_nothing_twice() -> None:
    cluster = cluster_of()
    gate = Gate(cluster)
    run = await started(cluster, gate)
    for _ in range(3):
        run = await advance(gate, run, seen(cluster), NOW)
        assert run.ending is Ending.WAITING
    react(cluster)
    run = await advance(gate, run, seen(cluster), NOW + timedelta(seconds=1))
    assert run.ending is Ending.WAITING
    assert "5 are left" in progress(run).stages[1].text
    run = await advance(gate, run, seen(cluster, left=0), NOW + timedelta(seconds=2))
    assert (run.ending, run.took) == (Ending.DONE, timedelta(seconds=2))
    assert len(cluster.writes) == 1
    assert await advance(gate, run, seen(cluster), NOW) is run


async def test_a_controller_that_sees_no_template_is_asked_to_abort_and_then_called_silent() -> (
    None
):
    cluster = cluster_of()
    gate = Gate(cluster)
    run = await started(cluster, gate)
    for second in range(30):
        run = await advance(gate, run, seen(cluster), NOW + timedelta(seconds=second))
    assert run.trail.moves == (Move.PUT_BACK, Move.ABORT)
    assert run.ending is Ending.NO_EFFECT
    assert len(cluster.writes) == 2


async def test_a_conflict_is_decided_anew_never_repeated_blindly() -> None:
    cluster = cluster_of()
    gate = Gate(cluster)
    run = await started(cluster, gate)
    cluster.failures = [None, ConflictError("409", status=409)]
    run = await advance(gate, run, seen(cluster), NOW)
    assert (run.trail.moves, run.ending) == ((), Ending.WAITING)
    assert run.trouble
    react(cluster)
    run = await advance(gate, run, seen(cluster, left=0), NOW)
    assert cluster.sent[-1].dry_run is False
    assert sum(not one.dry_run for one in cluster.sent) == 1


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_lost_reply_is_looked_for_before_anything_else_is_sent(*, arrived: bool) -> None:
    cluster = cluster_of()
    gate = Gate(cluster)
    run = await started(cluster, gate)
    cluster.failures = [None, UnreachableError("the connection broke")]
    run = await advance(gate, run, seen(cluster), NOW)
    assert run.trail.moves == (Move.PUT_BACK,)
    if arrived:
        raw = cluster.rollout("checkout")
        raw["spec"]["template"] = run.pending.write.changes[0].value  # type: ignore[union-attr]
        raw["metadata"]["annotations"][MARK] = OLD
        raw["metadata"]["generation"] += 1
    before = len(cluster.sent)
    run = await advance(gate, run, seen(cluster), NOW + timedelta(seconds=1))
    assert len(cluster.sent) == before
    assert run.ending is (Ending.WAITING if arrived else Ending.UNKNOWN)
    run = await advance(gate, run, seen(cluster), NOW + timedelta(seconds=4))
    sent_again = sum(not one.dry_run for one in cluster.sent)
    assert sent_again == (1 if arrived else 2)


async def test_a_template_that_may_not_be_written_leaves_the_abort() -> None:
    cluster = cluster_of()
    cluster.refused[""] = "no rule grants it"
    gate = Gate(cluster)
    preview = await preview_rollback(gate, seen(cluster), NOW)
    assert preview.route.path is Path.ABORT
    run = await advance(gate, begin(preview, NOW), seen(cluster), NOW)
    assert [write.changes[0].path for write in cluster.writes] == ["/status/abort"]
    assert run.trail.moves == (Move.ABORT,)


async def test_a_server_that_refuses_the_template_again_and_again_leaves_the_abort() -> None:
    cluster = cluster_of()
    gate = Gate(cluster)
    run = await started(cluster, gate)
    forbidden = ForbiddenError("cannot patch: 403", status=403)
    for _ in range(5):
        cluster.failures = [forbidden]
        run = await advance(gate, run, seen(cluster), NOW)
    assert run.trail.cannot_put_back
    run = await advance(gate, run, seen(cluster), NOW)
    assert run.trail.moves == (Move.ABORT,)


async def test_a_late_watch_is_no_silent_controller() -> None:
    cluster = cluster_of()
    gate = Gate(cluster)
    run = await started(cluster, gate)
    before = seen(cluster)
    for second in range(30):
        run = await advance(gate, run, before, NOW + timedelta(seconds=second))
        react(cluster)
    assert run.trail.moves == (Move.PUT_BACK,)
    assert run.ending is Ending.WAITING
    assert run.remark == "the controller has answered, but the watch has not brought it yet"
    later = NOW + timedelta(seconds=31)
    run = await advance(gate, run, seen(cluster, left=0), later)
    assert (run.ending, run.remark) == (Ending.DONE, "")


async def test_an_invalid_spec_is_waited_for_with_what_makes_it_whole() -> None:
    cluster = cluster_of(conditions=[invalid("service not found")])
    gate = Gate(cluster)

    def lost() -> Scene:
        here = read(Rollout, cluster.rollout("checkout"))
        return scene(here, replica_set(), stable_set(), ingress("checkout-stable"))

    preview = await preview_rollback(gate, lost(), NOW)
    (words, command), _ = preview.by_hand
    assert words.startswith("Service checkout-stable is missing: nothing happens before")
    assert "--name=checkout-stable" in command
    run = await advance(gate, begin(preview, NOW), lost(), NOW)
    assert run.trail.moves == (Move.PUT_BACK,)
    # It sees the spec and refuses it; the version stays.
    raw = cluster.rollout("checkout")
    raw["status"]["observedGeneration"] = str(raw["metadata"]["generation"])
    newer(raw)
    for second in range(20):
        run = await advance(gate, run, lost(), NOW + timedelta(seconds=second))
    assert len(cluster.writes) == 1
    assert command in run.blocked
    run = await advance(gate, run, lost(), NOW + BUDGET + timedelta(seconds=1))
    assert run.ending is Ending.INCOMPLETE
    assert command in run.trouble


async def test_a_template_that_is_back_in_an_invalid_spec_is_not_written_again() -> None:
    cluster = cluster_of(conditions=[invalid("service not found")])
    gate = Gate(cluster)
    here = seen(cluster)
    lost = Scene(here.rollout, replace(here.snapshot, services={}))
    first = await preview_rollback(gate, lost, NOW)
    await advance(gate, begin(first, NOW), lost, NOW)
    again = seen(cluster)
    lost = Scene(again.rollout, replace(again.snapshot, services={}))
    second = await preview_rollback(gate, lost, NOW)
    assert (second.refusal, second.is_there) == ("", True)
    run = await advance(gate, begin(second, NOW), lost, NOW)
    assert (len(cluster.writes), run.trail.moves) == (1, ())


async def test_a_program_that_comes_before_the_controller_has_looked_carries_on() -> None:
    cluster = cluster_of()
    gate = Gate(cluster)
    await advance(gate, await started(cluster, gate), seen(cluster), NOW)
    preview = await preview_rollback(gate, seen(cluster), NOW)
    assert (preview.route.path, preview.refusal) == (Path.IN_FLIGHT, "")
    run = await advance(gate, begin(preview, NOW), seen(cluster), NOW)
    assert (run.move, len(cluster.writes)) == (Move.WAIT, 1)
    react(cluster)
    run = await advance(gate, run, seen(cluster, left=0), NOW)
    assert run.ending is Ending.DONE


async def test_what_is_no_longer_kept_up_to_date_proves_nothing() -> None:
    cluster = cluster_of()
    gate = Gate(cluster)
    run = await advance(gate, await started(cluster, gate), seen(cluster), NOW)
    react(cluster)
    through = seen(cluster, left=0)
    lost = Fact(StreamId(Kind.REPLICA_SETS), Lost(UnreachableError("gone")), NOW)
    old = Scene(through.rollout, through.snapshot.after([lost]))
    run = await advance(gate, run, old, NOW)
    assert run.ending is Ending.WAITING
    assert run.remark == "what is shown may be old: replicasets"
    assert (await advance(gate, run, through, NOW)).ending is Ending.DONE


async def test_it_is_measured_anew_from_when_the_traffic_is_back() -> None:
    cluster = cluster_of()
    gate = Gate(cluster)
    run = await advance(gate, await started(cluster, gate), seen(cluster), NOW)
    react(cluster)
    later = NOW + timedelta(seconds=1)
    run = await advance(gate, run, seen(cluster), later)
    assert cluster.measured_since == run.since is not None
    run = await advance(gate, run, seen(cluster, left=0), later)
    assert (run.ending, cluster.measured_since) == (Ending.DONE, None)


async def test_a_controller_that_waits_between_its_looks_is_not_called_silent() -> None:
    cluster = cluster_of(conditions=[invalid("x")], steps=(weight(20), step_gate("missing")))
    gate = Gate(cluster)
    run = await started(cluster, gate)
    for second in range(25):
        run = await advance(gate, run, seen(cluster), NOW + timedelta(seconds=second))
        assert run.ending is Ending.WAITING
    run = await advance(gate, run, seen(cluster), NOW + timedelta(seconds=26))
    assert (run.ending, len(cluster.writes)) == (Ending.NO_EFFECT, 1)


async def test_what_was_aborted_and_is_seen_by_nobody_is_silence_not_a_lack_of_time() -> None:
    cluster = cluster_of(abort=True, aborted_at=NOW, paused=[], step=0, weights=(0, NEW))
    gate = Gate(cluster)
    run = await started(cluster, gate)
    for second in range(12):
        run = await advance(gate, run, seen(cluster, left=1), NOW + timedelta(seconds=second))
    assert (run.ending, run.trail.moves) == (Ending.NO_EFFECT, (Move.PUT_BACK,))
    left = progress(run).stages[1].text
    assert left == "canary pods gone: 1 are left"
    # Once its pods are gone it is done all the same, and says what is amiss.
    run = await advance(gate, run, seen(cluster, left=0), NOW + timedelta(seconds=13))
    assert run.ending is Ending.DONE
    said = "the controller has not taken up the template that was put back"
    assert progress(run).remark == said


async def test_after_two_minutes_it_says_which_check_is_missing() -> None:
    cluster = cluster_of()
    gate = Gate(cluster)
    run = await advance(gate, await started(cluster, gate), seen(cluster), NOW)
    react(cluster)
    run = await advance(gate, run, seen(cluster), NOW + BUDGET + timedelta(seconds=1))
    assert run.ending is Ending.INCOMPLETE
    assert run.trouble == "canary pods gone: 5 are left"


async def test_read_only_refuses_it_in_the_preview() -> None:
    cluster = cluster_of()
    preview = await preview_rollback(Gate(cluster, Limits(read_only=True)), seen(cluster), NOW)
    assert preview.refusal == "read-only: nothing is written"
    assert cluster.sent == []


async def test_a_rollout_that_is_gone_ends_it() -> None:
    cluster = cluster_of()
    gate = Gate(cluster)
    run = await advance(gate, await started(cluster, gate), None, NOW)
    assert run.ending is Ending.VANISHED
