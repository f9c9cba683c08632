"""Clues: last log line, ingress classes, the workload's generation; each is left out if refused."""

import asyncio
from typing import Any

import pytest

from amas_tui.kube.transport import Transport
from amas_tui.session.clues import ClueFinder, crashed, find_clues
from amas_tui.store.detail import Clues
from amas_tui.store.scene import Scene
from tests.builders import Json, container, container_state, pod, replica_set, rollout, scene
from tests.unit.kube.loopback import Answer, access, loopback, ok, refusal
from tests.unit.kube.loopback import Request as Asked

CRASHED: Json = container(
    ready=False, restarts=3, state=container_state(waiting="CrashLoopBackOff")
)


def here(**fields: Any) -> Scene:
    """Return a rollout with a crashed pod and a good one."""
    return scene(rollout(**fields), replica_set(), pod("bad", containers=[CRASHED]), pod("good"))


def answering(log: Answer, classes: Answer, workload: Answer) -> object:
    """Return what answers by path."""

    def answer(request: Asked) -> Answer:
        if request.path.endswith("/log"):
            return log
        return classes if "ingressclasses" in request.path else workload

    return answer


async def found(one: Scene, *answers: Answer) -> tuple[Clues, list[Asked]]:
    async with loopback(answering(*answers)) as server:  # type: ignore[arg-type]
        transport = Transport(access(server.url))
        try:
            return await find_clues(transport, one), list(server.requests)
        finally:
            await transport.aclose()


LOG = Answer(body=b"first\npanic: \x1b[31mno route\x1b[0m\n", type="text/plain")
CLASSES = ok({"items": [{"metadata": {"name": "nginx"}}, {"metadata": {"name": "alb"}}]})
WORKLOAD = ok({"metadata": {"name": "x", "generation": 7}})


async def test_the_last_line_of_the_run_before_is_fetched_and_made_harmless() -> None:
    clues, asked = await found(here(), LOG, CLASSES, WORKLOAD)
    (line,) = clues.last_lines.values()
    assert line.startswith("panic: ")
    assert "\x1b" not in line
    (request,) = asked
    assert request.query == {
        "container": "app",
        "tailLines": "1",
        "limitBytes": "4096",
        "previous": "true",
    }


async def test_only_who_steers_an_ingress_asks_for_classes() -> None:
    clues, _ = await found(here(routed=True), LOG, CLASSES, WORKLOAD)
    assert clues.ingress_classes == frozenset({"nginx", "alb"})
    clues, _ = await found(here(), LOG, CLASSES, WORKLOAD)
    assert clues.ingress_classes is None


async def test_the_generation_of_the_workload_is_read() -> None:
    ref = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}
    clues, asked = await found(here(spec={"workloadRef": ref}), LOG, CLASSES, WORKLOAD)
    assert clues.workload_generation == 7
    paths = [request.path for request in asked]
    assert "/apis/apps/v1/namespaces/shop/deployments/checkout" in paths


@pytest.mark.parametrize("answer", [refusal(403, "no"), refusal(500)], ids=["403", "500"])
async def test_what_may_not_be_read_is_left_out(answer: Answer) -> None:
    ref = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}
    one = here(routed=True, spec={"workloadRef": ref})
    clues, _ = await found(one, answer, answer, answer)
    assert clues == Clues()


def test_at_most_two_containers_are_asked() -> None:
    pods = [pod(f"bad-{n}", containers=[CRASHED]) for n in range(5)]
    assert len(crashed(scene(rollout(), replica_set(), *pods))) == 2


async def test_the_same_crash_is_asked_for_once() -> None:
    one = here()
    told: asyncio.Queue[Clues] = asyncio.Queue()
    async with loopback(answering(LOG, CLASSES, WORKLOAD)) as server:  # type: ignore[arg-type]
        transport = Transport(access(server.url))
        finder = ClueFinder(transport, lambda: one, lambda _, clues: told.put_nowait(clues))
        task = asyncio.create_task(finder.run())
        finder.follow(one.rollout.uid)
        async with asyncio.timeout(5):
            await told.get()
        finder.follow(None)
        finder.follow(one.rollout.uid)
        async with asyncio.timeout(5):
            await told.get()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await transport.aclose()
    assert len(server.requests) == 2
