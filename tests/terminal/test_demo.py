"""The demo as a newcomer meets it: the whole program, its cluster in a process beside it."""

import os
import re
import select
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from amas_tui.cli.demo_command import SCENARIOS as NAMES
from amas_tui.demo.scenarios import SCENARIOS
from tests.bench.install import install
from tests.terminal.conftest import Start
from tests.terminal.program import command, environment
from tests.terminal.pty import Terminal

SECONDS: Final = 40.0
EVENT: Final = re.compile(r"\d\d:\d\d:\d\d  [a-z-]+ +\S.*")


VERBS: Final = {"p": "promote", "P": "promote --full", "A": "abort"}


def act(terminal: Terminal, key: str, title: str) -> str:
    """Press a verb's key, read its preview, confirm it and return the screen with the proof."""
    terminal.press(key)
    preview = terminal.until(lambda text: title in text and "Esc" in text, SECONDS)
    assert "PATCH" in preview, preview
    terminal.press("enter")
    return terminal.until(f"✔ {VERBS[key]}: done (", SECONDS)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def has_ended(handle: int, seconds: float = 10.0) -> bool:
    """Return whether a process, given as its pidfd, ends in time."""
    ready, _, _ = select.select([handle], [], [], seconds)
    return bool(ready)


def run(home: Path, *arguments: str, **variables: str | None) -> subprocess.CompletedProcess[str]:
    """Run the demo without a terminal."""
    return subprocess.run(
        command("demo", *arguments),
        env=environment(home, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command_offers_the_scenarios_that_there_are() -> None:
    assert tuple(SCENARIOS) == NAMES


def test_the_four_keys_act_on_it_and_are_proved(start: Start) -> None:
    terminal = start("demo", "--scenario", "waiting", "--speed", "20", size=(100, 30))
    board = terminal.until(lambda text: "payments" in text and "for you" in text, SECONDS)
    assert "demo" in board.splitlines()[0]
    terminal.press("enter")
    terminal.until("Waiting for you", SECONDS)
    assert "pause lifted ✔" in act(terminal, "p", "ends the pause: step 2 → 3 of 5")
    terminal.until("at 60 %", SECONDS)
    assert "new version is stable ✔" in act(terminal, "P", "all traffic goes to v3.2.0")
    terminal.until("Healthy: v3.2.0", SECONDS)
    terminal.press("u")
    terminal.until("go back to which revision?", SECONDS)
    terminal.press("enter")
    terminal.until("image v3.2.0 → v3.1.0", SECONDS)
    terminal.press("enter")
    terminal.until(lambda text: "undo: done (" in text and "Waiting for you" in text, SECONDS)
    assert "controller saw it ✔" in act(terminal, "A", "all traffic to stable v3.2.0")
    terminal.press("q")
    terminal.until("STATE", SECONDS)
    terminal.press("q")
    assert terminal.wait() == 0
    assert terminal.left_over() == []


def test_six_fates_are_on_the_board_within_a_minute_at_speed_one(start: Start) -> None:
    terminal = start("demo", "--speed", "6", size=(110, 24))

    def has_six_fates(text: str) -> bool:
        states = ("Halted", "Waiting", "Inconclusive", "Pausing", "ImagePullBackOff", "latency-p95")
        return all(word in text for word in states)

    terminal.until(has_six_fates, SECONDS)


def test_the_process_dies_with_the_program_even_if_that_is_killed(start: Start) -> None:
    terminal = start("demo", "--scenario", "quiet", "--fleet", "2")
    terminal.until("service-002", SECONDS)
    (child,) = children(terminal.pid)
    handle = os.pidfd_open(child)
    terminal.signal(signal.SIGKILL)
    assert has_ended(handle)


def test_two_at_once_do_not_disturb_each_other(start: Start) -> None:
    first, second = (
        start("demo", "--scenario", "waiting", "--speed", "20", size=(100, 24)) for _ in range(2)
    )
    for terminal in (first, second):
        terminal.until("for you", SECONDS)
        terminal.press("enter")
        terminal.until("Waiting for you", SECONDS)
    act(first, "A", "all traffic to stable v3.1.0")
    assert "Waiting for you" in second.until("at 20 %")
    second.press("q")
    second.until("STATE", SECONDS)
    second.press("q")
    assert second.wait() == 0
    first.until("Aborted by hand", SECONDS)


def test_the_silence_of_the_controller_is_called_so_and_ends(start: Start) -> None:
    terminal = start("demo", "--scenario", "silent-controller", "--speed", "20", size=(100, 24))
    terminal.until("for you", SECONDS)
    terminal.press("enter")
    terminal.until("Waiting for you", SECONDS)
    # It stops within a moment of the pause.
    terminal.collect(1.0)
    terminal.press("p")
    terminal.until("ends the pause", SECONDS)
    terminal.press("enter")
    terminal.until("sent, but the controller did not react", SECONDS)
    terminal.until("promote: done (", SECONDS)


def test_a_prometheus_that_is_away_is_named_until_it_is_back(start: Start) -> None:
    terminal = start("demo", "--scenario", "prometheus-away", "--speed", "20", size=(80, 24))
    board = terminal.until("Prometheus does not answer", SECONDS)
    assert "catalog" in board
    assert "1 rollout  live" in board
    terminal.press("enter")
    terminal.until("does not answer the controller", SECONDS)
    healed = terminal.until("Healthy: v6.3.0", SECONDS)
    assert "does not answer" not in healed
    terminal.press("2")
    panel = terminal.until("last sample just now", SECONDS)
    assert "(old)" not in panel
    terminal.press("escape")
    back = terminal.until("v6.3.0,", SECONDS)
    assert "Healthy" in back


def test_without_a_terminal_the_story_is_told_and_its_actions_are_proved(tmp_path: Path) -> None:
    told = run(tmp_path)
    assert told.returncode == 0, told.stderr + told.stdout
    assert "\x1b" not in told.stdout + told.stderr
    assert "story" in told.stderr
    lines = told.stdout.splitlines()
    assert [line for line in lines if not EVENT.fullmatch(line)] == []
    for name, *words in (
        ("amas-orchestrator", "v1.4.0 → v1.5.0 (revision 3)"),
        ("amas-orchestrator", "gate at 50 % passed: success-rate", ">= 0.95"),
        ("amas-orchestrator", "Healthy: v1.5.0"),
        ("checkout", "gate at 25 % passed: success-rate"),
        ("checkout", "Halted at 50 %: success-rate 0.", "< 0.95"),
        ("checkout", "undo: done (", "controller saw it ✔"),
        ("search", "Halted at 20 %: latency-p95", "> 3"),
        ("payments", "promote: done (", "step 2 → 3 ✔"),
        ("payments", "promote --full: done (", "new version is stable ✔"),
        ("billing", "Inconclusive at 30 %: success-rate"),
        ("billing", "abort: done (", "weight 0 ✔", "ingress 0 ✔"),
        ("ledger", "promote: done (", "ledger-active switched ✔"),
        ("recommender", "pods of", "ImagePullBackOff"),
        ("recommender", "undo: done ("),
    ):
        own = [line for line in lines if line.split()[1] == name]
        assert any(all(word in line for word in words) for line in own), (name, words, told.stdout)


def first_line_of(told: subprocess.Popen[str]) -> str:
    assert told.stdout is not None
    return told.stdout.readline()


def tell(home: Path, arguments: Sequence[str] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("demo", *arguments),
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def test_whoever_has_read_enough_of_the_story_hears_no_complaint(tmp_path: Path) -> None:
    with tell(tmp_path, ["--scenario", "waiting"]) as told:
        assert EVENT.match(first_line_of(told))
        assert told.stdout is not None
        told.stdout.close()
        assert told.wait(60) == 0
        assert told.stderr is not None
        assert "Traceback" not in told.stderr.read()


def test_ctrl_c_ends_the_story_and_its_cluster(tmp_path: Path) -> None:
    with tell(tmp_path, ["--scenario", "waiting"]) as told:
        first_line_of(told)
        (child,) = children(told.pid)
        handle = os.pidfd_open(child)
        os.killpg(told.pid, signal.SIGINT)
        assert told.wait(10) == 130
        assert has_ended(handle)
        assert told.stderr is not None
        assert "Traceback" not in told.stderr.read()


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"HOME": None}, id="no home"),
        pytest.param({"HOME": "/proc/self/fdinfo"}, id="a home that cannot be written"),
        pytest.param({"KUBECONFIG": "/nowhere"}, id="a kubeconfig that is not there"),
        pytest.param(
            {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"},
            id="a proxy that is not there",
        ),
        pytest.param({"LANG": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}, id="ascii"),
    ],
)
def test_it_needs_nothing_of_its_surroundings(
    tmp_path: Path, variables: dict[str, str | None]
) -> None:
    told = run(tmp_path, "--scenario", "waiting", "--speed", "60", **variables)
    assert told.returncode == 0, told.stderr + told.stdout
    assert "promote: done (" in told.stdout


def test_it_works_from_a_wheel_away_from_the_checkout(tmp_path: Path) -> None:
    program = install(tmp_path / "installed")
    told = subprocess.run(
        [program, "demo", "--scenario", "waiting", "--speed", "60"],
        cwd=tmp_path,
        env=environment(tmp_path, PYTHONPATH=None),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stderr + told.stdout
    assert "promote: done (" in told.stdout
