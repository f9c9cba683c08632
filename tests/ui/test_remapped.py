"""Keys of the user's own: they do what the command does, and the old ones do nothing."""

from amas_tui.keymap import Keymap
from tests.ui.screen import Screen
from tests.ui.test_fleet import board, cluster

OWN = Keymap({"needs-human": ("n",), "record": ("R",), "open": ("o", "enter")})


async def until_filtered(screen: Screen, key: str) -> None:
    await screen.press(key)
    await screen.until("› needs you")


async def test_another_key_does_what_the_command_does_and_is_shown() -> None:
    async with board(("prod-eu", cluster("prod-eu", "checkout")), keymap=OWN) as screen:
        await screen.until("checkout")
        assert "n needs-you" in screen.text()
        await until_filtered(screen, "n")


async def test_the_key_of_before_does_nothing_any_more() -> None:
    async with board(("prod-eu", cluster("prod-eu", "checkout")), keymap=OWN) as screen:
        await screen.until("checkout")
        await screen.press("f", "j")
        assert "› needs you" not in screen.text()
        await until_filtered(screen, "n")


async def test_a_command_without_a_key_can_be_given_one() -> None:
    async with board(("prod-eu", cluster("prod-eu", "checkout")), keymap=OWN) as screen:
        await screen.until("checkout")
        await screen.press("R")
        await screen.until(lambda _: "Recording kept" in screen.toasts)


async def test_a_remapped_key_works_on_the_next_screen_too() -> None:
    own = Keymap({"panel-3": ("t",), "retry": ("N",)})
    async with board(("prod-eu", cluster("prod-eu", "checkout")), keymap=own) as screen:
        await screen.until("checkout")
        await screen.press("enter")
        await screen.until("1 Traffic")
        await screen.press("t")
        await screen.until("⟳ checkout")
        await screen.press("N")
        await screen.until(lambda _: "nothing was aborted" in screen.toasts)
