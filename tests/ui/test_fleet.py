"""Several clusters on one board: one that is down is a group of its own and delays nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from amas_tui.domain.rollout import Rollout
from amas_tui.domain.watch import Lost
from amas_tui.errors import UnreachableError
from amas_tui.keymap import Keymap
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.snapshot import Fact, Snapshot
from amas_tui.ui.app import AmasApp, Options
from amas_tui.ui.link import Connect
from amas_tui.viewmodel.frame import Place
from tests import builders as b
from tests.fakes import FakeCluster
from tests.ui.screen import Screen

DOWN = UnreachableError("cannot list rollouts: prod-us did not answer within 10 s")


def cluster(context: str, *names: str) -> FakeCluster:
    """Return a cluster with a canary that waits for a human under each name."""
    fake = FakeCluster(context=context)
    fake.push(b.snapshot(*rollouts(context, *names)))
    return fake


def rollouts(context: str, *names: str) -> list[Rollout]:
    return [
        b.rollout(
            name,
            uid=f"{context}-{name}",
            phase="Paused",
            steps=[b.weight(20), b.pause()],
            step=1,
            paused="CanaryPauseStep",
        )
        for name in names
    ]


def way(fake: FakeCluster | None) -> Connect:
    @asynccontextmanager
    async def session() -> AsyncIterator[Any]:
        yield fake

    async def connect() -> Any:
        if fake is None:
            raise DOWN
        return session()

    return connect


@asynccontextmanager
async def board(
    first: tuple[str, FakeCluster | None],
    *others: tuple[str, FakeCluster | None],
    keymap: Keymap | None = None,
) -> AsyncIterator[Screen]:
    more = tuple((Place(context), way(fake)) for context, fake in others)
    options = Options(Place(first[0]), keymap or Keymap(), others=more)
    app = AmasApp(options, way(first[1]), now=lambda: b.NOW)
    async with app.run_test(size=(100, 24), notifications=True) as pilot:
        yield Screen(app, pilot)


async def test_the_rollouts_of_all_contexts_stand_in_one_list_with_their_context() -> None:
    eu, us = cluster("prod-eu", "checkout"), cluster("prod-us", "checkout", "search")
    async with board(("prod-eu", eu), ("prod-us", us)) as screen:
        text = await screen.until("search")
    lines = [line.split() for line in text.splitlines()[2:5]]
    assert [(line[1], line[2]) for line in lines] == [
        ("prod-eu", "checkout"),
        ("prod-us", "checkout"),
        ("prod-us", "search"),
    ]
    assert "prod-eu, prod-us" in text
    assert "3 rollouts · 3 need you" in text


async def test_a_cluster_that_is_down_is_a_group_with_its_reason_below_the_others() -> None:
    async with board(("prod-us", None), ("prod-eu", cluster("prod-eu", "checkout"))) as screen:
        text = await screen.until(lambda t: "checkout" in t and "no connection" in t)
    row = next(i for i, line in enumerate(text.splitlines()) if "checkout" in line)
    down = next(i for i, line in enumerate(text.splitlines()) if "✖ prod-us" in line)
    assert row < down
    assert "did not answer within 10 s" in text.splitlines()[down]
    assert "1 of 2 not live" in text


async def test_a_rollout_opens_on_its_own_cluster_and_nothing_is_asked_of_the_other() -> None:
    eu, us = cluster("prod-eu", "checkout"), cluster("prod-us", "search")
    async with board(("prod-eu", eu), ("prod-us", us)) as screen:
        await screen.until("search")
        await screen.press("j", "enter")
        text = await screen.until("1 Traffic")
        assert "prod-us › shop › search" in text
        assert (eu.focused, us.focused) == (None, "prod-us-search")
        await screen.press("q")
        await screen.until("NOW")
        assert us.focused is None


async def test_the_lines_on_the_screen_are_explained_by_their_own_cluster() -> None:
    eu, us = cluster("prod-eu", "checkout"), cluster("prod-us", "search")
    async with board(("prod-eu", eu), ("prod-us", us)) as screen:
        await screen.until("search")
        await screen.until(lambda _: bool(eu.attended and us.attended))
    assert (eu.attended, us.attended) == (("prod-eu-checkout",), ("prod-us-search",))


async def test_the_line_of_a_cluster_that_is_down_opens_its_whole_reason_alone() -> None:
    async with board(("prod-us", None), ("prod-eu", cluster("prod-eu", "checkout"))) as screen:
        await screen.until(lambda t: "checkout" in t and "no connection" in t)
        await screen.press("G", "enter")
        # Where the line is cut, the next step would be lost.
        await screen.until(lambda _: DOWN.sentence in screen.toasts)
        assert "NOW" in screen.text()


async def test_a_key_does_not_act_on_the_neighbour_of_a_rollout_that_went_under_the_cursor() -> (
    None
):
    eu = cluster("prod-eu", "checkout", "search")
    async with board(("prod-eu", eu)) as screen:
        await screen.until("search")
        await screen.press("j")
        eu.push(b.snapshot(*rollouts("prod-eu", "checkout")))
        await screen.until(lambda text: "search" not in text)
        await screen.press("A")
        await screen.until(lambda _: "it is on checkout now. Press the key again" in screen.toasts)
        assert "NOW" in screen.text()
        await screen.press("A")
        await screen.until("abort checkout")


def lost(context: str) -> FakeCluster:
    """Return a cluster that could be named but not listed."""
    fake = FakeCluster(context=context)
    fake.push(Snapshot().after([Fact(StreamId(Kind.ROLLOUTS), Lost(DOWN), b.NOW)]))
    return fake


async def test_a_rollout_opens_although_another_cluster_cannot_be_listed() -> None:
    eu, ap = FakeCluster(context="prod-eu"), lost("prod-ap")
    async with board(("prod-eu", eu), ("prod-ap", ap)) as screen:
        await screen.until("no data")
        eu.push(b.snapshot(*rollouts("prod-eu", "checkout", "search")))
        await screen.until("search")
        await screen.press("j", "enter")
        assert "prod-eu › shop › search" in await screen.until("1 Traffic")
