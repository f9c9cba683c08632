"""Every key of the table, pressed in every view: its effect, or a refusal that names the reason."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final

import pytest
from textual.command import CommandPalette

from amas_tui.keymap import COMMANDS, Command, View
from amas_tui.ui.screens.board import BoardScreen
from amas_tui.ui.screens.rollout import RolloutScreen
from amas_tui.ui.widgets.line_view import LineView
from amas_tui.ui.widgets.prompt import Prompt
from tests.controlplane import rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.ui.screen import Screen, on_cluster

pytestmark = pytest.mark.controlplane

Effect = Callable[[Screen, str], Awaitable[None]]
"""Gets the running app and a key; fails unless the key does what the table says."""


@pytest.fixture(scope="module")
def shop(bed: ControlPlane) -> Iterator[str]:
    """A namespace with one rollout that waits for a human and a screenful of healthy ones."""
    steps = [rollouts.set_weight(20), rollouts.pause(), rollouts.set_weight(60)]
    names = ["checkout", *(f"service-{number:02}" for number in range(28))]
    with Api(bed) as api, api.namespace("keys") as namespace:
        for name in names:
            api.apply(*rollouts.canary(namespace, name, steps, replicas=1, requests_per_second=0))
        for name in names:
            api.wait("rollouts", namespace, name, states.is_healthy, timeout=120)
        api.set_image(namespace, "checkout", "v2.0.0")
        api.wait("rollouts", namespace, "checkout", states.is_paused)
        yield namespace


def body(screen: Screen) -> LineView:
    front = screen.app.screen
    assert isinstance(front, BoardScreen | RolloutScreen)
    return front.body


def shows(text: str) -> Effect:
    async def effect(screen: Screen, key: str) -> None:
        assert text not in screen.text()
        await screen.press(key)
        await screen.until(text)

    return effect


def says(text: str) -> Effect:
    async def effect(screen: Screen, key: str) -> None:
        await screen.press(key)
        await screen.until(lambda _: text in screen.toasts)

    return effect


def moves(target: Callable[[int, int, int], int]) -> Effect:
    """Return the effect of moving the cursor from row 3; `target` gets row, page and last row."""

    async def effect(screen: Screen, key: str) -> None:
        if isinstance(screen.app.screen, RolloutScreen):
            await screen.press("3")
            await screen.until("revision:1")
        view = body(screen)
        rows = list(view.row_keys)
        view.move_to(rows[3])
        await screen.press(key)
        page = max(1, view.size.height - 1)
        wanted = min(len(rows) - 1, max(0, target(3, page, len(rows) - 1)))
        assert view.cursor_key == rows[wanted]

    return effect


def prompts(sign: str) -> Effect:
    async def effect(screen: Screen, key: str) -> None:
        await screen.press(key)
        await screen.until(lambda _: bool(screen.app.screen.query(Prompt)))
        assert screen.app.screen.query_one(Prompt).value == sign

    return effect


async def opens_palette(screen: Screen, key: str) -> None:
    await screen.press(key)
    await screen.until(lambda _: isinstance(screen.app.screen, CommandPalette))


async def lists_anew(screen: Screen, key: str) -> None:
    before = screen.app.snapshot
    await screen.press(key)
    await screen.until(lambda _: screen.app.snapshot is not before)


async def paints_anew(screen: Screen, key: str) -> None:
    view = body(screen)
    painted = view.lines_painted
    await screen.press(key)
    await screen.until(lambda _: view.lines_painted >= painted + view.size.height)


async def quits(screen: Screen, key: str) -> None:
    await screen.press(key)
    await screen.until(lambda _: screen.app.return_code == 0 and not screen.app.is_running)


async def goes_back(screen: Screen, key: str) -> None:
    await screen.press(key)
    await screen.until("TRAFFIC")
    assert isinstance(screen.app.screen, BoardScreen)


async def gives_a_filter_up(screen: Screen, key: str) -> None:
    await screen.press("f")
    await screen.until("› needs you")
    await screen.press(key)
    await screen.until(lambda text: "› needs you" not in text)


async def shows_favourite(screen: Screen, key: str) -> None:
    await screen.press("0")
    await screen.until("› all namespaces")
    await screen.press(key)
    await screen.until(lambda text: "› all namespaces" not in text and "checkout" in text)


async def maximises(screen: Screen, key: str) -> None:
    await screen.pilot.resize_terminal(140, 44)
    await screen.until("⧉")
    await screen.press(key)
    await screen.until(lambda text: "⧉" not in text)


CURSOR: Final[Mapping[str, Effect]] = {
    "down": moves(lambda row, _page, _last: row + 1),
    "up": moves(lambda row, _page, _last: row - 1),
    "page-down": moves(lambda row, page, _last: row + page),
    "page-up": moves(lambda row, page, _last: row - page),
    "top": moves(lambda _row, _page, _last: 0),
    "bottom": moves(lambda _row, _page, last: last),
}

EVERYWHERE: Final[Mapping[str, Effect]] = {
    **CURSOR,
    "promote": shows("promote checkout"),
    "promote-full": shows("promote --full checkout"),
    "abort": shows("abort checkout"),
    "undo": shows("undo checkout: go back to which revision?"),
    "hold": shows("pause checkout"),
    "why": shows("Why: checkout"),
    "rollback": shows("emergency rollback of checkout"),
    "actions": shows("what to do with checkout"),
    "log": shows("What was done"),
    "lock": says("Locked: nothing is written"),
    "retry": says("nothing was aborted: there is nothing to try again"),
    "restart": shows("restart checkout"),
    "resume": says("it is not held (spec.paused is off)"),
    "terminate": says("no analysis is running"),
    "end-experiment": says("no step of this rollout is an experiment"),
    "repeat-experiment": says("no step of this rollout is an experiment"),
    "command": prompts(":"),
    "palette": opens_palette,
    "relist": lists_anew,
    "repaint": paints_anew,
    "cancel": says("Ctrl-C again within two seconds quits"),
    "help": shows("Keys in the"),
    "record": says("Recording kept: amas-tui replay"),
    "copy": says("the name of the rollout"),
    "yaml": shows("YAML: checkout in"),
}

EFFECTS: Final[Mapping[View, Mapping[str, Effect]]] = {
    View.BOARD: {
        **EVERYWHERE,
        "open": shows("1 Traffic"),
        "needs-human": shows("› needs you"),
        "filter": prompts("/"),
        "all-namespaces": shows("all namespaces"),
        "favourite-1": shows_favourite,
        **{f"favourite-{n}": says(f"There is no favourite namespace {n}") for n in range(2, 10)},
        "back": gives_a_filter_up,
        "leave": gives_a_filter_up,
    },
    View.ROLLOUT: {
        **EVERYWHERE,
        "panel-1": shows("traffic to revision 2"),
        "panel-2": shows("names a Prometheus"),
        "panel-3": shows("revision:1"),
        "panel-4": shows("no analysis has run"),
        "panel-5": shows("RolloutUpdated rollout/checkout"),
        "panel-6": shows("canary pods  1 container"),
        "previous-logs": shows("previous run  1 container"),
        "panel-7": shows("revision 2 created"),
        "export": says("Timeline written to"),
        "compare": shows("Compare: revision 1 → 2"),
        "next-panel": shows("names a Prometheus"),
        "previous-panel": shows("x export"),
        "maximise": maximises,
        "back": goes_back,
        "leave": goes_back,
    },
}

KEYS = [
    pytest.param(view, command, key, id=f"{view}-{command.id}-{key}")
    for view in View
    for command in COMMANDS
    if view in command.views and not command.in_replay
    for key in command.keys
]


@pytest.mark.parametrize(("view", "command", "key"), KEYS)
async def test_a_key_does_what_the_table_says(
    bed: ControlPlane, shop: str, view: View, command: Command, key: str
) -> None:
    name = "checkout" if view is View.ROLLOUT else None
    async with on_cluster(bed.kubeconfig(namespace=shop), shop, open_name=name) as screen:
        await screen.until("traffic to revision 2" if name else "for you")
        if command.id == "panel-1":
            await screen.press("3")
            await screen.until("revision:1")
        await EFFECTS[view][command.id](screen, key)


async def test_q_on_the_board_quits(bed: ControlPlane, shop: str) -> None:
    async with on_cluster(bed.kubeconfig(namespace=shop), shop) as screen:
        await screen.until("for you")
        await quits(screen, "q")


async def test_escape_once_too_often_does_not_end_the_program(bed: ControlPlane, shop: str) -> None:
    async with on_cluster(bed.kubeconfig(namespace=shop), shop, open_name="checkout") as screen:
        await screen.until("traffic to revision 2")
        await screen.press("escape", "escape", "escape")
        await screen.until("TRAFFIC")
        await says("q quits.")(screen, "escape")
        assert screen.app.is_running


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        pytest.param("p", "nothing to promote: no update is in flight", id="promote"),
        pytest.param("P", "nothing to promote: no update is in flight", id="promote-full"),
        pytest.param("A", "no update is in flight: abort would be cleared again", id="abort"),
        pytest.param("u", "there is no other revision to go back to", id="undo"),
    ],
)
async def test_a_verb_that_makes_no_sense_is_refused_with_its_reason(
    bed: ControlPlane, shop: str, key: str, reason: str
) -> None:
    kubeconfig = bed.kubeconfig(namespace=shop)
    async with on_cluster(kubeconfig, shop, open_name="service-01") as screen:
        await screen.until("Healthy: v1.0.0")
        await says(reason)(screen, key)


@pytest.mark.parametrize("view", list(View))
async def test_each_word_of_the_command_line_does_what_its_key_does(
    bed: ControlPlane, shop: str, view: View
) -> None:
    words = [one for one in COMMANDS if view in one.views and one.word and one.id in EFFECTS[view]]
    name = "checkout" if view is View.ROLLOUT else None
    for command in words:
        if command.argument or command.id == "panel-1":
            continue
        async with on_cluster(bed.kubeconfig(namespace=shop), shop, open_name=name) as screen:
            await screen.until("traffic to revision 2" if name else "for you")
            await screen.press("colon", *map(_key, command.word))
            await EFFECTS[view][command.id](screen, "enter")


async def test_the_namespace_word_takes_a_namespace(bed: ControlPlane, shop: str) -> None:
    async with on_cluster(bed.kubeconfig(namespace=shop), shop) as screen:
        await screen.until("for you")
        await screen.press("colon", *map(_key, "ns nowhere"), "enter")
        await screen.until("there is no Rollout in nowhere")


async def test_an_unknown_word_is_named(bed: ControlPlane, shop: str) -> None:
    async with on_cluster(bed.kubeconfig(namespace=shop), shop) as screen:
        await screen.until("for you")
        await screen.press("colon", *"frobnicate", "enter")
        await screen.until(lambda _: "There is no :frobnicate here" in screen.toasts)


async def test_the_filter_takes_text_regex_inverse_labels_and_letters(
    bed: ControlPlane, shop: str
) -> None:
    async with on_cluster(bed.kubeconfig(namespace=shop), shop) as screen:
        await screen.until("for you")
        for typed, seen, unseen in (
            ("check", "checkout", "service-00"),
            ("ice-0[12]", "service-01", "service-03"),
            ("!service", "checkout", "service-00"),
            ("-l app=service-07", "service-07", "checkout"),
            ("-f srv03", "service-03", "service-04"),
        ):
            await screen.press("slash")
            await screen.press(*map(_key, typed), "enter")
            await screen.until(_between(seen, unseen))
            await screen.press("escape")
            await screen.until("service-00")


def _between(seen: str, unseen: str) -> Callable[[str], bool]:
    return lambda text: seen in text and unseen not in text


def _key(char: str) -> str:
    named = {" ": "space", "-": "minus", "=": "equals_sign", "!": "exclamation_mark"}
    return named.get(char, char)
