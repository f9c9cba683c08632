"""A cluster's pictures, for several readers at once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from amas_tui.cli.pictures import Pictures
from amas_tui.errors import UnreachableError
from amas_tui.store.snapshot import Snapshot
from tests.builders import rollout, scene
from tests.fakes import FakeCluster

_SECONDS = 20.0


def picture(step: int) -> Snapshot:
    return scene(rollout(step=step)).snapshot


async def next_of(reader: AsyncGenerator[Snapshot, None]) -> Snapshot:
    async with asyncio.timeout(_SECONDS):
        return await anext(reader)


async def to_the_end(reader: AsyncGenerator[Snapshot, None]) -> None:
    async with asyncio.timeout(_SECONDS):
        async for _ in reader:
            pass


async def test_a_reader_inside_the_loop_of_another_sees_what_is_new_and_so_does_the_other() -> None:
    cluster, first, second = FakeCluster(), picture(1), picture(2)
    async with Pictures(cluster) as pictures:
        cluster.push(first)
        async with aclosing(pictures.ticking()) as outer:
            assert await next_of(outer) is first
            async with aclosing(pictures.ticking()) as inner:
                assert await next_of(inner) is first
                cluster.push(second)
                async with asyncio.timeout(_SECONDS):
                    while await anext(inner) is not second:
                        pass
            assert await next_of(outer) is second


async def test_a_picture_comes_again_when_only_time_has_passed() -> None:
    cluster, only = FakeCluster(), picture(1)
    async with Pictures(cluster) as pictures, aclosing(pictures.ticking()) as reader:
        cluster.push(only)
        assert [await next_of(reader) for _ in range(2)] == [only, only]


async def test_what_ends_the_pictures_is_raised_to_the_reader() -> None:
    class Broken(FakeCluster):
        async def pictures(self) -> AsyncGenerator[Snapshot, None]:
            yield picture(1)
            raise UnreachableError("the pictures have ended")

    async with Pictures(Broken()) as pictures, aclosing(pictures.ticking()) as reader:
        with pytest.raises(UnreachableError, match="have ended"):
            await to_the_end(reader)
