"""What goes wrong is said in one sentence with the next step, and nothing else is lost."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.faults import grant, rule
from tests.terminal import kubeconfigs, planted
from tests.terminal.conftest import Start
from tests.terminal.kubeconfigs import Json, edited, exec_helper, with_server, with_user
from tests.terminal.program import command, environment
from tests.terminal.pty import Terminal
from tests.terminal.wire import Wire

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(120)]

HELPER_SECONDS = 30
HEAL_SECONDS = 30
HOSTILE = (
    "\x1b[3J\x1b[31m\x1b]52;c;aGFja2Vk\x07\x9b31m[/red][@click=app.quit]x[/]\u202e\u200b\r\n\x07"
)


@pytest.fixture(scope="module")
def hanging(bed: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """The program behind a credential helper that never answers; its deadline is half a minute.

    Its keys work from the beginning on.
    """
    folder = tmp_path_factory.mktemp("hanging")
    kubeconfig = edited(bed.kubeconfig(), folder / "config", exec_helper("sleep", "3600"))
    with Terminal(command("--kubeconfig", kubeconfig), environment(folder)) as terminal:
        terminal.until("connecting")
        terminal.press("?")
        terminal.until("Keys in the board view")
        terminal.press("escape")
        yield terminal


def unwrapped(text: str) -> str:
    """Return a screen's text as one line, with single blanks."""
    return " ".join(text.split())


def says(*words: str) -> Callable[[str], bool]:
    """Return what tells whether a screen holds all the words, across its lines."""

    def shown(text: str) -> bool:
        return all(word in unwrapped(text) for word in words)

    shown.__name__ = repr(words)
    return shown


def ends_well(terminal: Terminal) -> None:
    """See that the program has not crashed and gives the terminal back."""
    assert "Traceback" not in terminal.output.decode()
    terminal.press("ctrl+c")
    terminal.until("Ctrl-C again")
    terminal.press("ctrl+c")
    assert terminal.wait() == 130
    assert terminal.left_over() == []


@pytest.mark.usefixtures("hanging")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param([], ["cannot find a kubeconfig", "Set KUBECONFIG"], id="none"),
        pytest.param(
            ["--kubeconfig", "/nowhere/config"],
            ["/nowhere/config does not exist", "Check --kubeconfig"],
            id="missing",
        ),
    ],
)
def test_a_kubeconfig_that_is_not_there(
    start: Start, arguments: list[str], words: list[str]
) -> None:
    terminal = start(*arguments)
    terminal.until(says(*words))
    ends_well(terminal)


@pytest.mark.parametrize("how", kubeconfigs.BROKEN)
def test_a_file_that_is_no_kubeconfig(start: Start, home: Path, how: str) -> None:
    path = home / "config"
    path.write_bytes(kubeconfigs.BROKEN[how])
    terminal = start("--kubeconfig", path)
    terminal.until(says("cannot read the kubeconfig", str(path.name), "is a kubeconfig"))
    ends_well(terminal)


def test_an_unknown_context_is_answered_with_those_there_are(
    start: Start, kubeconfig: Path
) -> None:
    terminal = start("--kubeconfig", kubeconfig, "--context", "nope")
    terminal.until(says("has no context nope", "It has controlplane"))
    ends_well(terminal)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            kubeconfigs.without_current_context,
            ["no current context", "Pass --context: controlplane"],
            id="no current context",
        ),
        pytest.param(
            with_user({"token": "expired"}),
            ["cannot list rollouts", "401 Unauthorized", "kubectl"],
            id="expired token",
        ),
        pytest.param(
            exec_helper("no-such-helper"),
            ["cannot run the credential helper no-such-helper", "Check exec.command"],
            id="missing helper",
        ),
        pytest.param(
            exec_helper("sh", "-c", "echo 'the session \x1b[31mexpired' >&2; exit 3"),
            ["credential helper sh failed (3): the session", "Run kubectl get rollouts"],
            id="failing helper",
        ),
        pytest.param(
            kubeconfigs.without_authority,
            ["the certificate of", "is not trusted", "Check certificate-authority"],
            id="unknown authority",
        ),
    ],
)
def test_a_kubeconfig_that_does_not_let_us_in(
    start: Start, kubeconfig: Path, home: Path, change: Callable[[Json], object], words: list[str]
) -> None:
    terminal = start("--kubeconfig", edited(kubeconfig, home / "config", change))
    terminal.until(says(*words))
    # Where nothing was ever listed, nothing is counted.
    assert "0 rollouts" not in terminal.text
    ends_well(terminal)


def test_a_user_without_rights_reads_which_right_is_missing_and_what_to_do(
    start: Start, bed: ControlPlane, namespace: str
) -> None:
    terminal = start("--kubeconfig", bed.kubeconfig("nobody", namespace=namespace))
    terminal.until(says("cannot list rollouts in namespace", "403", "Role"))
    ends_well(terminal)


def test_who_may_read_one_namespace_only_sees_that_one(
    start: Start, bed: ControlPlane, api: Api, namespace: str
) -> None:
    planted.plant(api, namespace, "accounts")
    grant(api, namespace, "oncall", rule("argoproj.io", "rollouts", "get list watch"))
    terminal = start("--kubeconfig", bed.kubeconfig("oncall", namespace=namespace))
    board = terminal.until(lambda text: "accounts" in text and "live" in text)
    assert f"controlplane › {namespace}" in board
    ends_well(terminal)


def test_without_the_right_to_pods_the_rest_lives_and_the_right_is_named(
    start: Start, bed: ControlPlane, api: Api, namespace: str
) -> None:
    planted.plant(api, namespace, "accounts", planted.paused())
    kinds = "rollouts analysisruns analysistemplates experiments"
    reads = "get list watch"
    grant(
        api,
        namespace,
        "oncall",
        rule("argoproj.io", kinds, reads),
        rule("apps", "replicasets", reads),
        rule("networking.k8s.io", "ingresses", reads),
        rule("discovery.k8s.io", "endpointslices", reads),
        rule("", "services", reads),
    )
    kubeconfig = bed.kubeconfig("oncall", namespace=namespace)
    terminal = start("open", "accounts", "--kubeconfig", kubeconfig, "-n", namespace)
    terminal.until("Waiting for you")
    terminal.press("3")
    terminal.until(says("pods", "403"))
    assert "live" in terminal.text
    planted.set_status(api, namespace, "accounts", planted.healthy(controllerPause=False))
    terminal.until("Healthy")
    ends_well(terminal)


def test_a_server_that_comes_up_later_is_found(
    start: Start, bed: ControlPlane, api: Api, namespace: str, kubeconfig: Path, home: Path
) -> None:
    planted.plant(api, namespace, "accounts")
    with Wire(bed.url) as wire:
        path = edited(kubeconfig, home / "config", with_server(wire.url))
        terminal = start("--kubeconfig", path, "-n", namespace)
        terminal.until(says("cannot list rollouts", "cannot connect to", "Check the network"))
        wire.mend()
        terminal.until(lambda text: "accounts" in text and "live" in text, HEAL_SECONDS)
        # Who we are could not be asked before.
        terminal.until(lambda text: "admin " in text, HEAL_SECONDS)
        ends_well(terminal)


def test_a_server_that_dies_leaves_its_last_picture_with_its_age_and_is_found_again(
    start: Start, bed: ControlPlane, api: Api, namespace: str, kubeconfig: Path
) -> None:
    planted.plant(api, namespace, "accounts")
    terminal = start("--kubeconfig", kubeconfig, "-n", namespace)
    terminal.until(lambda text: "accounts" in text and "live" in text)
    server = bed.processes["kube-apiserver"]
    server.kill()
    try:
        stale = terminal.until(says("STALE", "cannot watch rollouts"))
        assert "accounts" in stale
        # Its age is told, not only that it has one.
        terminal.until("STALE 5s")
    finally:
        server.restart()
    terminal.until(lambda text: "live" in text and "cannot" not in text, HEAL_SECONDS)
    planted.set_status(api, namespace, "accounts", planted.paused())
    terminal.until("Waiting")
    ends_well(terminal)


@pytest.mark.parametrize(
    "status",
    [
        pytest.param({"phase": "Degraded", "message": HOSTILE + "A" * 10_000}, id="message"),
        pytest.param({"phase": HOSTILE, "conditions": None, "pauseConditions": None}, id="phase"),
        pytest.param({"currentStepIndex": 99, "message": None, "stableRS": HOSTILE}, id="numbers"),
    ],
)
def test_what_others_wrote_into_a_rollout_acts_on_no_terminal(
    start: Start, api: Api, namespace: str, kubeconfig: Path, status: Json
) -> None:
    planted.plant(api, namespace, "accounts", planted.healthy(**status), tag=f"v1{HOSTILE}")
    terminal = start("--kubeconfig", kubeconfig, "-n", namespace)
    terminal.until(lambda text: "accounts" in text and "live" in text)
    terminal.press("enter")
    terminal.until("2 SLO")
    for panel in "2341":
        terminal.press(panel)
        terminal.settled()
    text = terminal.output.decode()
    assert "52;c" not in [command[:4] for command in terminal.modes.operating_system]
    assert "\x1b[3J" not in text
    assert not {"\x9b", "\u202e", "\u200b", "\x07"} & set(text.replace("\x1b]22;default\x07", ""))
    ends_well(terminal)


def test_a_rollout_without_a_status_is_shown_as_unknown(
    start: Start, api: Api, namespace: str, kubeconfig: Path
) -> None:
    api.create(planted.manifest(namespace, "accounts"))
    terminal = start("open", "accounts", "--kubeconfig", kubeconfig, "-n", namespace)
    text = terminal.until("The controller has never reported on this rollout")
    # Not one of its steps was ever done.
    assert "✔" not in text
    ends_well(terminal)


def test_a_rollout_that_is_deleted_while_it_is_open_stays_with_a_word_about_it(
    start: Start, api: Api, namespace: str, kubeconfig: Path
) -> None:
    planted.plant(api, namespace, "accounts", planted.paused())
    terminal = start("open", "accounts", "--kubeconfig", kubeconfig, "-n", namespace)
    terminal.until("Waiting for you")
    api.delete("rollouts", namespace, "accounts")
    terminal.until(says("accounts is gone: it was deleted", "its last state"))
    terminal.press("A")
    terminal.until("The rollout is gone.")
    terminal.press("q")
    terminal.until("there is no Rollout")
    ends_well(terminal)


def test_a_rollout_that_is_not_there_is_named(
    start: Start, namespace: str, kubeconfig: Path
) -> None:
    terminal = start("open", "nobody-knows-me", "--kubeconfig", kubeconfig, "-n", namespace)
    terminal.until("nobody-knows-me")
    ends_well(terminal)


def test_a_credential_helper_that_hangs_is_named_and_the_keys_work_meanwhile(
    hanging: Terminal,
) -> None:
    words = "the credential helper sleep gave no answer in 30 s"
    hanging.until(says(words, "Run kubectl get rollouts"), HELPER_SECONDS + 40)
    ends_well(hanging)
