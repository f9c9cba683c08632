import asyncio

from amas_tui.session.mailbox import Mailbox


async def test_the_reader_gets_all_that_came_since_it_last_looked() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(1)
    mailbox.put(2)
    await mailbox.wait()
    assert mailbox.take() == [1, 2]
    assert mailbox.take() == []


async def test_a_waiting_reader_is_woken_with_or_without_an_item() -> None:
    mailbox: Mailbox[int] = Mailbox()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(mailbox.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        mailbox.wake()
    assert mailbox.take() == []


async def test_what_was_taken_does_not_wake_again() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(1)
    mailbox.take()
    waiting = asyncio.create_task(mailbox.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
