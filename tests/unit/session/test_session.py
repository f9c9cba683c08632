import asyncio
from contextlib import aclosing, suppress

from amas_tui.session.session import Session
from amas_tui.store.snapshot import Snapshot
from tests.builders import raw_rollout
from tests.unit.kube.loopback import Answer, Request, access, loopback, ok


def quiet_cluster(request: Request) -> Answer:
    """Answer with one rollout; what is watched has no news."""
    if request.query.get("watch"):
        return Answer(chunks=[], end="silence")
    items = [raw_rollout()] if request.path.endswith("rollouts") else []
    return ok({"metadata": {"resourceVersion": "9"}, "items": items})


async def until_quiet(session: Session) -> Snapshot:
    """Return the newest picture once there has been no news for a while."""
    newest: Snapshot | None = None
    async with aclosing(session.pictures()) as pictures:
        with suppress(TimeoutError):
            while True:
                newest = await asyncio.wait_for(anext(pictures), 1)
    assert newest is not None
    return newest


async def test_who_looks_later_sees_what_is_known_without_waiting_for_news() -> None:
    async with loopback(quiet_cluster) as server, Session(access(server.url), ("shop",)) as session:
        first = await until_quiet(session)
        async with asyncio.timeout(5), aclosing(session.pictures()) as pictures:
            second = await anext(pictures)
    assert set(second.rollouts) == set(first.rollouts) == {"checkout-uid"}
