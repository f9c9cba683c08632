from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from amas_tui.demo.clock import ManualClock
from amas_tui.demo.resources import CONFIG_MAPS
from amas_tui.demo.server import watching
from amas_tui.demo.server.requests import Asked, parse
from amas_tui.demo.server.watching import Watcher
from amas_tui.demo.store import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATH = "/api/v1/namespaces/a/configmaps"


@pytest.fixture
def store() -> Store:
    return Store(ManualClock(NOW))


def create(store: Store, count: int, namespace: str = "a") -> None:
    for number in range(count):
        name = f"{namespace}-{store.version}-{number}"
        store.create(CONFIG_MAPS, {"metadata": {"name": name, "namespace": namespace}})


def watcher(store: Store, **query: str) -> Watcher:
    query = {"watch": "true", "timeoutSeconds": "60", **query}
    asked: Asked = parse("GET", PATH, query)
    return Watcher(store, asked, CONFIG_MAPS, query)


async def test_who_does_not_read_is_dropped_and_may_go_on_from_where_they_were(
    store: Store,
) -> None:
    create(store, 1)
    async with aclosing(watcher(store).lines()) as lines:
        assert (await anext(lines)).count(b"\n") == 1
        create(store, watching.BACKLOG + 1)
        assert [line async for line in lines] == []
    again = watcher(store, resourceVersion=str(store.version - 1))
    async with aclosing(again.lines()) as lines:
        assert (await anext(lines)).count(b"\n") == 1


async def test_who_reads_is_not_dropped_however_much_there_is_at_first(store: Store) -> None:
    create(store, watching.BACKLOG + 500)
    async with aclosing(watcher(store).lines()) as lines:
        assert (await anext(lines)).count(b"\n") == watching.BACKLOG + 500
        create(store, watching.BACKLOG)
        assert (await anext(lines)).count(b"\n") == watching.BACKLOG


async def test_what_others_do_is_no_backlog(store: Store) -> None:
    async with aclosing(watcher(store, resourceVersion=str(store.version)).lines()) as lines:
        create(store, 1)
        assert (await anext(lines)).count(b"\n") == 1
        create(store, watching.BACKLOG * 2, namespace="b")
        create(store, 1)
        assert (await anext(lines)).count(b"\n") == 1


async def test_nobody_is_told_of_after_they_left(store: Store) -> None:
    seen = watcher(store, resourceVersion=str(store.version))
    async with aclosing(seen.lines()) as lines:
        create(store, 1)
        await anext(lines)
    create(store, 1)
    assert not seen.has_news
