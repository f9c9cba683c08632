"""However the program ends, the terminal is as it was; and it never outlives its terminal."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.terminal import planted
from tests.terminal.conftest import Start
from tests.terminal.instrumented import CANARY
from tests.terminal.program import REPOSITORY, command, environment, script
from tests.terminal.pty import Terminal

END_SECONDS = 4.0
STALL_SECONDS = 5.0
INSTRUMENTED = script(Path(__file__).with_name("instrumented.py"))
IGNORING_HANGUP = ["sh", "-c", 'trap "" HUP; exec "$0" "$@"', *command()]
# Has Textual's import wait for the test.
SLOW_START = script(Path(__file__).with_name("slow_start.py"))
FLEET = 30

on_bed = pytest.mark.controlplane


@pytest.fixture
def opened(bed: ControlPlane, api: Api, namespace: str, start: Start) -> Terminal:
    """The screen of a rollout, live."""
    planted.plant(api, namespace, "checkout", planted.paused())
    kubeconfig = bed.kubeconfig(namespace=namespace)
    terminal = start("open", "checkout", "--kubeconfig", kubeconfig, "-n", namespace)
    terminal.until("Waiting for you")
    return terminal


@on_bed
@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGTERM, 143, id="SIGTERM"),
        pytest.param(signal.SIGHUP, 129, id="SIGHUP"),
        pytest.param(signal.SIGINT, 130, id="SIGINT"),
    ],
)
def test_a_signal_ends_it_with_its_code_and_a_clean_terminal(
    opened: Terminal, number: signal.Signals, code: int
) -> None:
    opened.signal(number)
    assert opened.wait(END_SECONDS) == code
    assert opened.left_over() == []


@on_bed
def test_a_key_that_leaves_twice_as_fast_as_the_screen_closes_leaves_twice(
    opened: Terminal,
) -> None:
    opened.press("q", "q")
    assert opened.wait(END_SECONDS) == 0
    assert opened.left_over() == []


@on_bed
def test_ctrl_c_asks_once_and_ends_it_the_second_time(opened: Terminal) -> None:
    opened.press("ctrl+c")
    opened.until("Ctrl-C again")
    opened.press("ctrl+c")
    assert opened.wait(END_SECONDS) == 130
    assert opened.left_over() == []


@on_bed
@pytest.mark.parametrize("way", ["Ctrl-Z", "SIGTSTP"])
def test_a_stopped_program_gives_the_terminal_back_and_goes_on_where_it_was(
    opened: Terminal, way: str
) -> None:
    if way == "Ctrl-Z":
        opened.press("ctrl+z")
    else:
        opened.signal(signal.SIGTSTP)
    opened.wait_stopped()
    opened.settled()
    assert opened.left_over() == []
    opened.signal(signal.SIGCONT)
    opened.until("Waiting for you")
    assert opened.modes.is_alternate
    opened.press("q")
    opened.until("STATE")
    opened.press("q")
    assert opened.wait(END_SECONDS) == 0
    assert opened.left_over() == []


@on_bed
def test_a_hang_up_ends_it_soon_without_burning_a_processor(opened: Terminal) -> None:
    before = opened.cpu_seconds
    opened.hang_up()
    assert opened.wait(END_SECONDS) == 129
    assert opened.cpu_seconds - before < 1.0


def test_a_hang_up_ends_it_even_where_hang_ups_are_ignored(start: Start, home: Path) -> None:
    kubeconfig = unreachable(home)
    terminal = start("--kubeconfig", kubeconfig, program=IGNORING_HANGUP)
    terminal.until("cannot")
    before = terminal.cpu_seconds
    terminal.hang_up()
    terminal.wait(END_SECONDS)
    assert terminal.cpu_seconds - before < 1.0


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGTERM, 143, id="SIGTERM"),
        pytest.param(signal.SIGHUP, 129, id="SIGHUP"),
        pytest.param(signal.SIGINT, 130, id="SIGINT"),
    ],
)
def test_a_signal_while_it_is_starting_ends_it_with_a_clean_terminal(
    start: Start, home: Path, number: signal.Signals, code: int
) -> None:
    """The first sign of life comes long before the program can show anything else."""
    terminal = start("--kubeconfig", unreachable(home), program=SLOW_START)
    terminal.until("starting")
    assert terminal.modes.is_alternate
    terminal.signal(number)
    assert terminal.wait(END_SECONDS) == code
    assert terminal.left_over() == []


def test_the_first_sign_of_life_gives_way_to_the_screen(start: Start, home: Path) -> None:
    terminal = start("--kubeconfig", unreachable(home))
    terminal.until("starting")
    assert "starting" not in terminal.until("cannot")
    # A terminal that is told to open the other screen twice may forget where its cursor was.
    assert terminal.output.count(b"\x1b[?1049h") == 1


def test_a_wrong_configuration_is_told_on_the_screen_that_was_there(
    start: Start, home: Path
) -> None:
    configuration = home / ".config" / "amas-tui" / "config.toml"
    configuration.parent.mkdir(parents=True)
    configuration.write_text('[keys]\npromote = "q"\n')
    terminal = start("--kubeconfig", unreachable(home))
    assert terminal.wait(END_SECONDS) == 2
    assert terminal.left_over() == []
    assert "promote" in terminal.text


def unreachable(folder: Path) -> Path:
    """Return a kubeconfig of a server that is not there."""
    path = folder / "nowhere.kubeconfig"
    path.write_text(
        "{apiVersion: v1, kind: Config, current-context: c,"
        " contexts: [{name: c, context: {cluster: c}}],"
        " clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]}"
    )
    return path


@pytest.mark.parametrize(
    ("term"), [pytest.param("dumb", id="dumb"), pytest.param(None, id="unset")]
)
def test_a_terminal_that_cannot_show_it_is_refused_with_what_works_there(
    start: Start, term: str | None
) -> None:
    terminal = start(variables={"TERM": term})
    assert terminal.wait() == 2
    assert "amas-tui list, get or status" in terminal.text
    assert b"\x1b" not in terminal.output


@pytest.mark.parametrize("arguments", [(), ("open", "checkout")], ids=["board", "open"])
def test_without_a_terminal_it_is_refused_with_what_works_there(
    home: Path, arguments: tuple[str, ...]
) -> None:
    done = subprocess.run(
        command(*arguments),
        env=environment(home),
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "amas-tui list, get or status" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("key", [pytest.param("f9", id="action"), pytest.param("f10", id="worker")])
def test_a_bug_gives_the_terminal_back_and_shows_no_secret(
    start: Start, home: Path, key: str
) -> None:
    terminal = start("--kubeconfig", unreachable(home), program=INSTRUMENTED)
    terminal.until("cannot")
    terminal.press(key)
    assert terminal.wait(END_SECONDS) == 1
    assert terminal.left_over() == []
    assert CANARY.encode() not in terminal.output
    assert b"a bug in a" in terminal.output


@on_bed
@pytest.mark.timeout(90)
def test_a_terminal_that_does_not_read_holds_nothing_up_and_gets_the_newest_picture(
    bed: ControlPlane, api: Api, namespace: str, start: Start, tmp_path: Path
) -> None:
    for number in range(FLEET):
        planted.plant(api, namespace, f"service-{number:02}")
    gap = tmp_path / "gap"
    terminal = start(
        "--kubeconfig",
        bed.kubeconfig(namespace=namespace),
        "-n",
        namespace,
        program=INSTRUMENTED,
        size=(120, 40),
        variables={"LOOP_GAP": str(gap)},
    )
    terminal.until(f"{FLEET} rollouts")
    terminal.settled()
    written = len(terminal.output)
    gap.write_text("0")
    with terminal.stalled():
        stream_changes(api, namespace, STALL_SECONDS)
        resumed = time.monotonic()
        planted.set_status(api, namespace, "service-00", {"phase": "Degraded", "message": "newest"})
    caught_up = terminal.see("newest")
    assert caught_up.at - resumed < 3.0
    # What waited, in the kernel and in the program, and one whole picture.
    assert len(terminal.output) - written < 200_000
    assert float(gap.read_text()) < 0.5
    terminal.press("q")
    assert terminal.wait(END_SECONDS) == 0
    assert terminal.left_over() == []


def stream_changes(api: Api, namespace: str, seconds: float) -> None:
    """Change one rollout after the other, as fast as the API server takes it."""
    end, turn = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        turn += 1
        status = planted.paused() if turn // FLEET % 2 else planted.healthy()
        planted.set_status(api, namespace, f"service-{turn % FLEET:02}", status)


@on_bed
def test_it_can_be_ended_while_the_terminal_does_not_read(opened: Terminal) -> None:
    with opened.stalled():
        for _ in range(60):
            opened.press("ctrl+l")
        opened.signal(signal.SIGTERM)
        assert opened.wait(END_SECONDS) == 143
