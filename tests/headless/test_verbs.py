"""The verbs as commands: preview on stderr, proof on stdout, and an exit code for each ending."""

import io
import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from amas_tui.cli.main import main
from tests.controlplane import faults, rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane

pytestmark = [pytest.mark.controlplane, pytest.mark.xdist_group("verbs")]

STEPS = [
    rollouts.set_weight(20),
    *[rollouts.pause() for _ in range(6)],
    rollouts.set_weight(60),
    rollouts.pause(),
]
NAMES = ("paused", "settled", "blinded", "stuck", "denied")


@pytest.fixture(scope="module")
def shop(bed: ControlPlane) -> Iterator[str]:
    """A namespace with a rollout for each kind of ending."""
    with Api(bed) as api, api.namespace("verbs") as namespace:
        for name in NAMES:
            api.apply(*rollouts.canary(namespace, name, STEPS, replicas=1, requests_per_second=0))
        for name in NAMES:
            api.wait("rollouts", namespace, name, states.is_healthy, timeout=120)
        for name in NAMES:
            if name != "settled":
                api.set_image(namespace, name, "v2-unready" if name == "stuck" else "v2")
        for name in ("paused", "blinded", "denied"):
            api.wait("rollouts", namespace, name, states.is_paused, timeout=60)
        api.wait("rollouts", namespace, "stuck", lambda ro: states.at_step(ro, 0), timeout=60)
        faults.blind(api, namespace, "blinded")
        yield namespace


class Ended(NamedTuple):
    code: int
    out: str
    err: str


class Shell:
    """Runs commands in this process, as a shell without a terminal would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Ended:
        self._monkeypatch.setattr(sys, "argv", ["amas-tui", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)


@pytest.fixture
def shell(
    bed: ControlPlane,
    shop: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    monkeypatch.setenv("KUBECONFIG", str(bed.kubeconfig(namespace=shop)))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return Shell(monkeypatch, capsys)


def step(api: Api, shop: str, name: str = "paused") -> int:
    return int(api.get("rollouts", shop, name)["status"]["currentStepIndex"])


def facts(api: Api, shop: str, name: str = "paused") -> tuple[object, ...]:
    """Return everything that a write of ours would change."""
    rollout = api.get("rollouts", shop, name)
    status = rollout["status"]
    asked = (rollout["spec"], status.get("abort"), status.get("promoteFull"))
    return (*asked, status["currentStepIndex"], status["currentPodHash"])


def test_a_promote_is_previewed_sent_and_proved(api: Api, shop: str, shell: Shell) -> None:
    before = step(api, shop)
    ended = shell("promote", "paused", "--yes", "--reason", "looks well")
    assert ended.code == 0, ended.err
    assert f"ends the pause: step {before + 1} → {before + 2}" in ended.err
    assert "PATCH rollouts/paused/status" in ended.err
    assert ended.out.startswith(" ✔ promote: done".strip())
    assert step(api, shop) == before + 1
    notes = [
        event["message"]
        for event in api.list("events", shop, fieldSelector="involvedObject.name=paused")
        if event["source"].get("component") == "amas-tui"
    ]
    assert "promote by admin with amas-tui: looks well" in notes


def test_the_result_as_json_names_ending_and_stages(shop: str, shell: Shell) -> None:
    ended = shell("pause", "paused", "--yes", "-o", "json")
    assert ended.code == 0, ended.err
    result = json.loads(ended.out)
    assert (result["kind"], result["action"], result["ending"]) == ("ActionResult", "pause", "done")
    assert [stage["isReached"] for stage in result["stages"]] == [True, True]
    assert result["namespace"] == shop
    assert shell("resume", "paused", "--yes").code == 0


@pytest.mark.parametrize("how", ["server", "client"])
def test_a_dry_run_changes_nothing(api: Api, shop: str, shell: Shell, how: str) -> None:
    before = facts(api, shop)
    ended = shell("promote", "paused", "--yes", f"--dry-run={how}")
    assert (ended.code, ended.out) == (0, "")
    assert "PATCH" in ended.err
    assert facts(api, shop) == before


def test_without_a_terminal_yes_is_needed(api: Api, shop: str, shell: Shell) -> None:
    before = facts(api, shop)
    ended = shell("promote", "paused")
    assert ended.code == 2
    assert "nobody to confirm it" in ended.err
    assert facts(api, shop) == before


def test_wait_false_ends_with_the_write(api: Api, shop: str, shell: Shell) -> None:
    before = step(api, shop)
    ended = shell("promote", "paused", "--yes", "--wait=false")
    assert (ended.code, ended.out) == (0, "")
    assert "not waited for" in ended.err
    api.wait(
        "rollouts",
        shop,
        "paused",
        lambda ro: states.at_step(ro, before + 1) and states.is_paused(ro),
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(("promote", "settled"), 3, "no update is in flight", id="state gate"),
        pytest.param(("promote", "paused", "--read-only"), 3, "read-only", id="read-only"),
        pytest.param(
            ("set", "image", "settled", "nope=x:1"), 3, "there is no container nope", id="container"
        ),
        pytest.param(("set", "image", "settled", "x"), 2, "CONTAINER=IMAGE", id="usage"),
        pytest.param(("abort", "nowhere"), 23, "not found", id="no rollout"),
        pytest.param(("undo", "paused", "--to-revision", "9"), 23, "revision 9", id="no revision"),
        pytest.param(("terminate", "analysisrun", "x"), 23, "not found", id="no run"),
        pytest.param(("retry", "paused"), 3, "nothing was aborted", id="nothing to retry"),
        pytest.param(
            ("abort", "paused", "--server", "https://127.0.0.1:1"), 20, "refused", id="unreachable"
        ),
        pytest.param(("abort", "paused", "--token", "wrong"), 21, "401", id="unauthenticated"),
    ],
)
def test_what_cannot_be_done_ends_with_its_code_and_its_reason(
    api: Api, shop: str, shell: Shell, arguments: tuple[str, ...], code: int, said: str
) -> None:
    before = facts(api, shop)
    ended = shell(*arguments, "--yes")
    assert ended.code == code, ended
    assert said.lower() in ended.err.lower()
    assert facts(api, shop) == before


def test_a_missing_right_is_named(bed: ControlPlane, api: Api, shop: str, shell: Shell) -> None:
    faults.grant(
        api,
        shop,
        "oncall",
        faults.rule("argoproj.io", "rollouts analysisruns analysistemplates", "get list watch"),
        faults.rule("apps", "replicasets", "get list watch"),
        faults.rule("", "pods services", "get list watch"),
    )
    kubeconfig = str(bed.kubeconfig("oncall", namespace=shop))
    ended = shell("abort", "denied", "--yes", "--kubeconfig", kubeconfig)
    assert ended.code == 22
    assert f"you may not patch rollouts/status.argoproj.io in {shop}" in ended.err


def test_a_blind_controller_ends_as_sent_without_effect(shell: Shell) -> None:
    ended = shell("promote", "blinded", "--yes")
    assert ended.code == 24
    assert "sent, but the controller did not react" in ended.out


def test_an_effect_that_does_not_come_in_time_ends_as_not_observed(shell: Shell) -> None:
    ended = shell("promote", "stuck", "--full", "--confirm", "stuck", "--timeout", "3s")
    assert ended.code == 30, ended
    assert "new version is stable" in ended.out


def test_an_unready_version_is_promoted_by_its_typed_name_alone(
    api: Api, shop: str, shell: Shell
) -> None:
    faults.quota(api, shop, pods="0")
    api.set_image(shop, "denied", "v3")
    api.wait("rollouts", shop, "denied", lambda ro: states.at_step(ro, 0))
    ended = shell("promote", "denied", "--full", "--yes")
    faults.lift_quota(api, shop)
    assert ended.code == 3
    assert "Add --confirm denied" in ended.err
    assert "promoteFull" not in api.get("rollouts", shop, "denied")["status"]


def test_every_write_is_in_a_private_audit_file(shop: str, shell: Shell, tmp_path: Path) -> None:
    shell("pause", "paused", "--yes", "--reason", "lunch")
    shell("resume", "paused", "--yes")
    path = tmp_path / "amas-tui" / "audit.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(one["action"], one["outcome"].partition(" ")[0]) for one in lines] == [
        ("pause", "sent"),
        ("pause", "done"),
        ("resume", "sent"),
        ("resume", "done"),
    ]
    first = lines[0]
    assert (first["who"], first["reason"]) == ("admin", "lunch")
    assert first["object"] == f"rollouts/paused in {shop}"
    assert first["patch"] == [{"op": "add", "path": "/spec/paused", "value": True}]
