"""The cluster of the tests obeys a JSON patch as the real API server does."""

import pytest

from amas_tui.actions.write import Operation, Write
from amas_tui.domain.base import Key
from amas_tui.errors import InvalidError, NotFoundError
from amas_tui.store.kinds import Kind
from amas_tui.store.snapshot import Snapshot
from tests.builders import raw_rollout
from tests.fakes import FakeCluster

KEY = Key("shop", "checkout")


def patch(*operations: Operation, subresource: str = "status") -> Write:
    return Write(Kind.ROLLOUTS, KEY, operations, subresource)


async def test_a_dry_run_answers_as_the_write_would_and_changes_nothing() -> None:
    cluster = FakeCluster(raw_rollout())
    reply = await cluster.send(patch(Operation("add", "/status/abort", value=True)), dry_run=True)
    assert reply["status"]["abort"] is True
    assert "abort" not in cluster.rollout("checkout")["status"]


async def test_a_subresource_takes_its_own_part_alone() -> None:
    cluster = FakeCluster(raw_rollout())
    both = (
        Operation("add", "/status/abort", value=True),
        Operation("add", "/spec/paused", value=True),
    )
    await cluster.send(patch(*both), dry_run=False)
    assert "paused" not in cluster.rollout("checkout")["spec"]
    await cluster.send(patch(*both, subresource=""), dry_run=False)
    assert cluster.rollout("checkout")["spec"]["paused"] is True
    assert cluster.rollout("checkout")["metadata"]["generation"] == 4


@pytest.mark.parametrize(
    "operation",
    [
        Operation("test", "/metadata/uid", "other"),
        Operation("test", "/status/abort", value=False),
        Operation("remove", "/status/abort"),
        Operation("replace", "/spec/paused", value=False),
    ],
    ids=["another value", "absent is not false", "remove of nothing", "replace of nothing"],
)
async def test_a_patch_that_does_not_fit_is_refused_whole(operation: Operation) -> None:
    cluster = FakeCluster(raw_rollout())
    change = Operation("add", "/status/message", "x")
    with pytest.raises(InvalidError) as caught:
        await cluster.send(patch(change, operation), dry_run=False)
    assert caught.value.causes == ()
    assert "message" not in cluster.rollout("checkout")["status"]


async def test_a_test_for_null_holds_for_what_is_absent() -> None:
    cluster = FakeCluster(raw_rollout())
    await cluster.send(patch(Operation("test", "/status/abort", None)), dry_run=False)


async def test_what_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        await FakeCluster().look(KEY)


async def test_only_the_newest_picture_is_shown() -> None:
    cluster = FakeCluster()
    newest = Snapshot()
    cluster.push(Snapshot())
    cluster.push(newest)
    assert await anext(cluster.pictures()) is newest
