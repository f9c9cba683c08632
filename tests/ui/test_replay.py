"""A recording through the same screens, steered by its own keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from amas_tui.keymap import Keymap
from amas_tui.session.replay import Replay
from amas_tui.ui.app import AmasApp, Options
from amas_tui.viewmodel.frame import Place
from tests.ui.screen import Screen
from tests.unit.recording.test_replay import recorded


@asynccontextmanager
async def replaying(pictures: int) -> AsyncIterator[Screen]:
    replay = Replay(recorded(pictures)[0])
    replay.step(1)

    async def connect() -> Any:
        return replay

    options = Options(Place("prod-eu"), Keymap(is_replay=True), replayer=replay)
    app = AmasApp(options, connect, now=lambda: replay.now().astimezone())
    async with app.run_test(size=(100, 24), notifications=True) as pilot:
        yield Screen(app, pilot)


async def test_the_board_says_that_it_is_a_replay_and_where_it_stands() -> None:
    async with replaying(50) as screen:
        text = await screen.until("checkout")
        assert "REPLAY" in text.splitlines()[0]
        assert "paused" in text.splitlines()[0]
        assert "1/50" in text.splitlines()[0]


async def test_brackets_step_and_s_seeks() -> None:
    async with replaying(50) as screen:
        await screen.until("checkout")
        await screen.press("right_square_bracket", "right_square_bracket")
        await screen.until("3/50")
        await screen.press("left_square_bracket")
        await screen.until("2/50")
        await screen.press("S", "5", "0", "percent_sign", "enter")
        await screen.until("25/50")
        await screen.press("S", "x", "enter")
        await screen.until(lambda _: "no moment of this recording" in screen.toasts)


async def test_space_goes_on_until_the_end() -> None:
    async with replaying(3) as screen:
        await screen.until("1/3")
        await screen.press("space")
        await screen.until("end")
        assert "3/3" in screen.text()


async def test_a_verb_opens_no_write() -> None:
    async with replaying(5) as screen:
        await screen.until("checkout")
        await screen.press("enter")
        await screen.until("1 Traffic")
        await screen.press("p")
        await screen.until(
            lambda text: "recording" in text + screen.toasts or "read-only" in screen.toasts
        )
