"""What is due happens at its own moment, in the past as in real time."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from amas_tui.demo.clock import LoopClock, ManualClock

START = datetime(2026, 1, 2, 3, tzinfo=UTC)


def test_what_is_due_runs_at_its_own_moment_and_in_the_order_it_was_asked() -> None:
    clock = ManualClock(START)
    seen: list[tuple[str, float]] = []

    def note(word: str) -> None:
        seen.append((word, clock.elapsed))

    def first() -> None:
        note("first")
        clock.call_later(1, lambda: note("third"))

    clock.call_later(2, lambda: note("second"))
    clock.call_later(1, first)
    clock.call_later(9, lambda: note("never"))
    clock.call_later(1.5, lambda: note("cancelled")).cancel()
    clock.advance(5)
    assert seen == [("first", 1), ("second", 2), ("third", 2)]
    assert clock.now == START + timedelta(seconds=5)


def test_a_past_is_over_when_real_time_begins() -> None:
    clock = LoopClock(past=60)
    seen: list[float] = []
    clock.call_later(10, lambda: seen.append(clock.elapsed))
    clock.call_later(50, lambda: seen.append(clock.elapsed))
    clock.advance(20)
    assert seen == [10]
    assert clock.elapsed == 20
    clock.catch_up()
    assert seen == [10, 50]
    assert clock.elapsed >= 60
    assert abs(clock.now - datetime.now(UTC)) < timedelta(seconds=5)
    with pytest.raises(RuntimeError, match="real time"):
        clock.advance(1)


async def test_real_time_does_what_is_due_and_what_comes_up_meanwhile() -> None:
    clock = LoopClock()
    done = asyncio.Event()

    def first() -> None:
        clock.call_later(0.02, done.set)

    clock.call_later(0.02, first)
    running = asyncio.create_task(clock.run())
    async with asyncio.timeout(10):
        await done.wait()
    running.cancel()
    assert clock.elapsed >= 0.04
