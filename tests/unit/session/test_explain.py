import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from amas_tui.domain.rollout import Rollout
from amas_tui.kube.transport import Transport
from amas_tui.session.explain import MAX_ROLLOUTS, Explainer
from amas_tui.store.detail import Detail
from tests.builders import NEW, OLD, Json, meta, rollout
from tests.unit.kube.loopback import Answer, Answers, Loopback, access, loopback, ok, refusal
from tests.unit.kube.loopback import Request as Asked


def listed(*items: Json) -> Answer:
    return ok({"metadata": {"resourceVersion": "9"}, "items": items})


def run(name: str, owner: str = "checkout-uid", phase: str = "Failed") -> Json:
    return {"metadata": meta(name, owner=owner), "status": {"phase": phase}}


class Watched:
    """An explainer at work and what it found."""

    def __init__(self, transport: Transport) -> None:
        self.found: asyncio.Queue[tuple[Rollout, Detail]] = asyncio.Queue()
        self.explainer = Explainer(transport, lambda one, all_: self.found.put_nowait((one, all_)))

    async def detail(self) -> Detail:
        async with asyncio.timeout(5):
            return (await self.found.get())[1]


@asynccontextmanager
async def explaining(answers: Answers) -> AsyncIterator[tuple[Watched, Loopback]]:
    async with loopback(answers) as server:
        transport = Transport(access(server.url))
        watched = Watched(transport)
        task = asyncio.create_task(watched.explainer.run())
        try:
            yield watched, server
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await transport.aclose()


def by_kind(runs: Answer, pods: Answer) -> Answers:
    answers = {"analysisruns": runs, "pods": pods}
    return lambda request: answers.get(request.path.rpartition("/")[2], listed())


async def test_the_newest_versions_runs_and_pods_are_fetched() -> None:
    pods = listed({"metadata": meta("pod-1")})
    async with explaining(by_kind(listed(run("a"), run("b", "else")), pods)) as (watched, server):
        watched.explainer.attend((rollout(version=7),))
        detail = await watched.detail()
    assert [one.metadata.name for one in detail.runs] == ["a"]
    assert [one.metadata.name for one in detail.pods] == ["pod-1"]
    assert (detail.version, detail.missing) == ("7", ())
    selectors = {request.path: request.query["labelSelector"] for request in server.requests}
    label = "rollouts-pod-template-hash"
    assert {path.rpartition("/")[2]: one for path, one in selectors.items()} == {
        "analysisruns": f"{label} in ({NEW})",
        "pods": f"{label} in ({NEW})",
        "replicasets": f"{label} in ({OLD},{NEW})",
    }
    assert all("/namespaces/shop/" in request.path for request in server.requests)


@pytest.mark.parametrize("answer", [refusal(403, "no"), refusal(500)], ids=["403", "500"])
async def test_what_may_not_be_read_is_named_and_the_rest_kept(answer: Answer) -> None:
    async with explaining(by_kind(answer, listed({"metadata": meta("pod-1")}))) as (watched, _):
        watched.explainer.attend((rollout(),))
        detail = await watched.detail()
    assert (detail.runs, len(detail.pods), detail.missing) == ((), 1, ("analysisruns",))


async def test_a_rollout_that_was_never_reconciled_has_nothing_to_fetch() -> None:
    async with explaining(by_kind(listed(), listed())) as (watched, server):
        watched.explainer.attend((rollout(new="", stable=""),))
        detail = await watched.detail()
    assert (detail.runs, detail.pods, server.requests) == ((), (), [])


async def test_only_so_many_rollouts_are_explained() -> None:
    async with explaining(by_kind(listed(), listed())) as (watched, _):
        watched.explainer.attend(tuple(rollout(f"r{n}") for n in range(MAX_ROLLOUTS + 5)))
        for _ in range(MAX_ROLLOUTS):
            await watched.detail()
        assert watched.found.empty()


async def test_the_same_version_is_not_fetched_again() -> None:
    async with explaining(by_kind(listed(), listed())) as (watched, server):
        watched.explainer.attend((rollout("a", version=1),))
        await watched.detail()
        watched.explainer.attend((rollout("a", version=1), rollout("b", version=1)))
        await watched.detail()
        names = [request for request in server.requests if "analysisruns" in request.path]
    assert len(names) == 2


async def test_attending_nobody_asks_nothing() -> None:
    def never(request: Asked) -> Answer:
        pytest.fail(request.path)

    async with explaining(never) as (watched, server):
        watched.explainer.attend(())
        await asyncio.sleep(0)
    assert server.requests == []
