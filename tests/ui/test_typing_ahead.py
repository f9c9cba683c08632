"""Keys that are typed before a dialog is there, or after it was cleared, are no commands."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from amas_tui import rollback_preview
from amas_tui.ui.screens.rollback import RollbackPreviewScreen
from amas_tui.ui.screens.rollout import RolloutScreen
from amas_tui.ui.widgets.prompt import Prompt
from tests.ui.posing import Shown, posed
from tests.ui.screen import Screen

_WAITING = Shown("Waiting for you", "payments")


@pytest.fixture
async def screen() -> AsyncIterator[Screen]:
    async with posed(_WAITING, (80, 24)) as shown:
        yield shown


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Let no rollback's preview be made before the event is set."""
    event, preview = asyncio.Event(), rollback_preview.preview_rollback

    async def late(*arguments: Any, **more: Any) -> Any:
        await event.wait()
        return await preview(*arguments, **more)

    monkeypatch.setattr(rollback_preview, "preview_rollback", late)
    return event


def typed(screen: Screen) -> str:
    return screen.app.screen.query_one(Prompt).typed


@pytest.mark.parametrize("key", ["ctrl+u", "ctrl+w", "backspace"])
async def test_clearing_a_typed_name_does_not_close_its_dialog(screen: Screen, key: str) -> None:
    await screen.press("exclamation_mark")
    await screen.until("Type payments")
    await screen.press("x", "y", key, key, key, key)
    await screen.press(*"payments")
    assert isinstance(screen.app.screen, RollbackPreviewScreen)
    assert typed(screen) == "payments"
    assert screen.toasts == ""


async def test_what_is_typed_before_a_dialog_is_there_does_nothing(
    held: asyncio.Event, screen: Screen
) -> None:
    await screen.press("exclamation_mark", *"Zpaxtu", "enter")
    assert isinstance(screen.app.screen, RolloutScreen)
    assert not screen.app.is_locked
    assert screen.toasts == ""
    held.set()
    await screen.until("Type payments")
    assert typed(screen) == ""
    await screen.press("escape", "w")
    await screen.until("Why: payments")


async def test_a_letter_before_the_name_has_the_keys_does_not_close_the_dialog(
    screen: Screen,
) -> None:
    await screen.press("exclamation_mark")
    await screen.until("Type payments")
    screen.app.set_focus(None)
    await screen.press("q", "q")
    assert isinstance(screen.app.screen, RollbackPreviewScreen)
    await screen.press("escape")
    await screen.until(lambda text: "Type payments" not in text)


async def test_a_dialog_that_takes_its_time_is_said_to(held: asyncio.Event, screen: Screen) -> None:
    await screen.press("exclamation_mark")
    await screen.until(lambda _: "Still asking the cluster; Esc gives it up." in screen.toasts)
    held.set()
    await screen.until("Type payments")


async def test_escape_gives_up_a_dialog_that_does_not_come(
    held: asyncio.Event, screen: Screen
) -> None:
    await screen.press("exclamation_mark", "escape")
    await screen.press("w")
    await screen.until("Why: payments")
    held.set()
    await screen.pilot.pause()
    assert "Type payments" not in screen.text()


async def test_a_filter_is_cleared_as_in_a_shell_and_given_up_at_its_sign() -> None:
    async with posed(Shown("need you"), (80, 24)) as screen:
        await screen.press("slash", *"zzz")
        await screen.until("no rollout passes the filter")
        await screen.press("ctrl+u", *"pay")
        await screen.until("› /pay")
        await screen.press("backspace", "backspace", "backspace", "backspace")
        await screen.until(lambda text: "needs-you" in text.splitlines()[-1])
