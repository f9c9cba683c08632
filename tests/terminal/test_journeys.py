"""Whole journeys in a real terminal on the real control plane, as a person at the keys has them."""

from pathlib import Path

import pytest

from tests.controlplane import states
from tests.controlplane.api import Api
from tests.terminal import planted
from tests.terminal.conftest import WAITING, Start
from tests.terminal.pty import Terminal

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(120)]

NAME = WAITING


def act(terminal: Terminal, key: str, title: str) -> str:
    """Press a verb's key, read its preview, confirm it, and return the screen with the proof."""
    terminal.press(key)
    preview = terminal.until(lambda text: title in text and "Esc" in text)
    assert "PATCH" in preview, preview
    terminal.press("enter")
    return terminal.until("done (")


@pytest.mark.usefixtures("waiting")
def test_a_pause_is_promoted_from_the_board_and_the_api_server_agrees(
    start: Start, api: Api, namespace: str, kubeconfig: Path
) -> None:
    terminal = start("--kubeconfig", kubeconfig, "-n", namespace)
    board = terminal.until("1 needs you")
    assert "for you" in board
    terminal.press("enter")
    opened = terminal.until("Waiting for you")
    assert f"{namespace} › {NAME}" in opened
    act(terminal, "p", "ends the pause: step 2 → 3 of 4")
    rollout = api.get("rollouts", namespace, NAME)
    assert rollout["status"]["currentStepIndex"] >= 2
    terminal.until("at 60 %")
    terminal.press("q")
    terminal.until("STATE")
    terminal.press("q")
    assert terminal.wait() == 0
    assert terminal.left_over() == []


@pytest.mark.usefixtures("waiting")
def test_an_update_is_aborted_and_undone_to_a_chosen_revision(
    start: Start, api: Api, namespace: str, kubeconfig: Path
) -> None:
    terminal = start("open", NAME, "--kubeconfig", kubeconfig, "-n", namespace)
    terminal.until("Waiting for you")
    act(terminal, "A", "all traffic to stable v1.0.0")
    rollout = api.get("rollouts", namespace, NAME)
    assert states.is_aborted(rollout)
    assert states.canary_weight(rollout) == 0
    terminal.press("u")
    listed = terminal.until("go back to which revision?")
    assert "revision 1" in listed
    terminal.press("enter")
    assert "image v2.0.0 → v1.0.0" in terminal.until("PATCH rollouts/checkout")
    terminal.press("enter")
    terminal.until("Healthy: v1.0.0 (revision 3)")
    rollout = api.get("rollouts", namespace, NAME)
    assert rollout["status"]["currentPodHash"] == rollout["status"]["stableRS"]
    assert rollout["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":v1.0.0")


def test_the_board_is_filtered_and_the_keys_are_explained(
    start: Start, api: Api, namespace: str, kubeconfig: Path
) -> None:
    planted.plant(api, namespace, "accounts")
    planted.plant(api, namespace, "billing", planted.paused())
    terminal = start("--kubeconfig", kubeconfig, "-n", namespace)
    terminal.until(lambda text: "accounts" in text and "billing" in text)
    terminal.press("/")
    terminal.until(lambda text: text.splitlines()[-1] == "/")
    terminal.type("bil")
    terminal.until(lambda text: "accounts" not in text and "billing" in text)
    terminal.press("enter")
    assert "› /bil" in terminal.until("› /bil")
    terminal.press("escape")
    terminal.until("accounts")
    terminal.press("f")
    terminal.until(lambda text: "accounts" not in text and "billing" in text)
    terminal.press("f")
    terminal.until("accounts")
    terminal.press("?")
    terminal.until("Keys in the board view")
    terminal.press("escape")
    terminal.until(lambda text: "Keys in the board view" not in text)
    terminal.press(":")
    terminal.until(lambda text: text.splitlines()[-1].startswith(":"))
    terminal.type("q\r")
    assert terminal.wait() == 0
    assert terminal.left_over() == []


def test_a_smaller_and_a_bigger_terminal_are_filled_anew(
    start: Start, api: Api, namespace: str, kubeconfig: Path
) -> None:
    planted.plant(api, namespace, "accounts", planted.paused())
    terminal = start("open", "accounts", "--kubeconfig", kubeconfig, "-n", namespace)
    terminal.until("Waiting for you")
    terminal.resize(120, 40)
    terminal.until(lambda text: "? help" in text.splitlines()[-1] and "100┤" in text)
    assert len(terminal.text.splitlines()) == 40
    terminal.resize(40, 12)
    terminal.until(lambda text: "Waiting" in text and "promote" in text.splitlines()[-1])
    assert len(terminal.text.splitlines()) == 12


def test_the_rollout_to_open_is_looked_for_in_the_namespace_of_the_kubeconfig(
    start: Start, api: Api, namespace: str, kubeconfig: Path
) -> None:
    with api.namespace("aaa") as another:
        planted.plant(api, another, "accounts", planted.paused())
        planted.plant(api, namespace, "accounts", planted.paused())
        terminal = start("open", "accounts", "--kubeconfig", kubeconfig)
        assert namespace in terminal.until("Waiting for you").splitlines()[0]


def test_what_is_typed_ahead_into_the_filter_presses_no_other_key(
    start: Start, api: Api, namespace: str, kubeconfig: Path
) -> None:
    planted.plant(api, namespace, "accounts", planted.paused())
    terminal = start("--kubeconfig", kubeconfig, "-n", namespace)
    terminal.until("1 needs you")
    # As it comes over a slow line: in one piece. A is also the key that aborts.
    terminal.type("/A")
    terminal.until(lambda text: text.splitlines()[-1] == "/A")
    terminal.type("cc\r")
    assert "abort" not in terminal.until("› /Acc").splitlines()[5]
