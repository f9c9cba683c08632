"""`status`: words on stdout, and an exit code for each state."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.controlplane import analysis, faults, rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.headless import test_get as situations
from tests.headless.command import amas

pytestmark = pytest.mark.controlplane

NAME = situations.NAME


def inconclusive(bed: ControlPlane, api: Api, namespace: str) -> None:
    timing = analysis.Timing(interval="1s", count=2, window="10s")
    api.apply(*analysis.analysis_templates(namespace, bed.prometheus_url, timing))
    gate = rollouts.gate(analysis.analysis("nobody", "nowhere", "success-rate"))
    situations.deploy(api, namespace, [rollouts.set_weight(50), gate])
    api.set_image(namespace, NAME, "v2.0.0")
    api.wait("rollouts", namespace, NAME, states.is_paused)


def halted(bed: ControlPlane, api: Api, namespace: str) -> None:
    # It ends with the second failure; what is measured before the errors show does not end it.
    timing = analysis.Timing(interval="1s", count=20, inconclusive_limit=18, window="10s")
    api.apply(*analysis.analysis_templates(namespace, bed.prometheus_url, timing))
    gate = rollouts.gate(analysis.analysis(NAME, namespace, "success-rate"))
    situations.deploy(api, namespace, [rollouts.set_weight(50), gate])
    api.set_image(namespace, NAME, "v2-bad")
    api.wait("rollouts", namespace, NAME, states.is_aborted)


def held(_bed: ControlPlane, api: Api, namespace: str) -> None:
    situations.deploy(api, namespace)
    api.patch("rollouts", namespace, NAME, {"spec": {"paused": True}})
    api.wait("rollouts", namespace, NAME, lambda ro: ro["status"].get("phase") == "Paused")


def invalid(bed: ControlPlane, api: Api, namespace: str) -> None:
    situations.healthy(bed, api, namespace)
    strategy = {"canary": {"canaryService": "missing"}}
    api.patch("rollouts", namespace, NAME, {"spec": {"strategy": strategy}})
    api.wait(
        "rollouts", namespace, NAME, lambda ro: "InvalidSpec" in ro["status"].get("message", "")
    )


def timed_out(_bed: ControlPlane, api: Api, namespace: str) -> None:
    spec = {"progressDeadlineSeconds": 2}
    api.apply(*rollouts.canary(namespace, NAME, situations.STEPS, tag="v1-unready", spec=spec))
    api.wait(
        "rollouts", namespace, NAME, lambda ro: ro.get("status", {}).get("phase") == "Degraded"
    )


@pytest.mark.parametrize(
    ("prepare", "words", "code"),
    [
        pytest.param(situations.healthy, "Healthy", 0, id="healthy"),
        pytest.param(situations.mid_canary, "Progressing - ", 13, id="progressing"),
        pytest.param(situations.paused, "Paused - CanaryPauseStep", 12, id="waiting"),
        pytest.param(held, "Paused - manually paused", 12, id="held"),
        pytest.param(situations.aborted, "Degraded - RolloutAborted", 11, id="aborted-by-hand"),
        pytest.param(halted, "success-rate", 14, id="analysis-failed"),
        pytest.param(inconclusive, "Paused - InconclusiveAnalysisRun", 14, id="inconclusive"),
        pytest.param(invalid, "Degraded - InvalidSpec", 10, id="invalid"),
        pytest.param(timed_out, "Degraded - ProgressDeadlineExceeded", 10, id="deadline"),
    ],
)
def test_each_state_has_its_words_and_its_exit_code(
    bed: ControlPlane,
    api: Api,
    namespace: str,
    prepare: Callable[[ControlPlane, Api, str], None],
    words: str,
    code: int,
) -> None:
    prepare(bed, api, namespace)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    ran = amas("status", NAME, kubeconfig=kubeconfig)
    assert words in ran.out
    assert (ran.code, ran.err) == (code, "")
    as_json = json.loads(amas("status", NAME, "-o", "json", kubeconfig=kubeconfig).out)
    assert as_json["kind"] == "RolloutStatus"
    assert as_json["phase"] == ran.out.split()[0]


def test_watch_ends_when_the_rollout_is_healthy(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    situations.paused(bed, api, namespace)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    process = _watching(kubeconfig)
    assert process.stdout is not None
    # It waits for a human: that is settled, and says so.
    assert process.wait(20) == 12
    process.stdout.close()
    api.patch(
        "rollouts", namespace, NAME, {"status": {"pauseConditions": None}}, subresource="status"
    )
    process = _watching(kubeconfig)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out.splitlines()[-1] == "Healthy"


def _watching(kubeconfig: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "amas_tui", "status", NAME, "-w", "--kubeconfig", str(kubeconfig)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_watch_gives_up_after_its_timeout(bed: ControlPlane, api: Api, namespace: str) -> None:
    situations.mid_canary(bed, api, namespace)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    ran = amas("status", NAME, "--watch", "--timeout", "1s", kubeconfig=kubeconfig)
    assert ran.code == 124
    assert "was not settled within 1 s" in ran.err


def test_a_rollout_that_is_not_there_is_23(bed: ControlPlane, namespace: str) -> None:
    kubeconfig = bed.kubeconfig(namespace=namespace)
    for command in ("get", "status"):
        ran = amas(command, "nope", kubeconfig=kubeconfig)
        assert ran.code == 23
        assert ran.out == ""
        assert 'rollouts.argoproj.io "nope" not found' in ran.err


def test_without_rights_it_is_22_and_the_verb_is_named(bed: ControlPlane, namespace: str) -> None:
    ran = amas("list", kubeconfig=bed.kubeconfig("nobody", namespace=namespace))
    assert ran.code == 22
    assert "cannot list rollouts" in ran.err


def test_get_lives_without_the_right_to_see_pods(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    situations.healthy(bed, api, namespace)
    faults.grant(
        api,
        namespace,
        "oncall",
        faults.rule("argoproj.io", "rollouts analysisruns experiments", "get list"),
        faults.rule("apps", "replicasets", "get list"),
    )
    ran = amas("get", NAME, kubeconfig=bed.kubeconfig("oncall", namespace=namespace))
    assert ran.code == 0
    assert "revision:1" in ran.out
    assert "cannot list pods" in ran.err


def test_a_wrong_token_is_21(bed: ControlPlane, namespace: str) -> None:
    kubeconfig = bed.kubeconfig(namespace=namespace)
    ran = amas("list", "--token", "nonsense", kubeconfig=kubeconfig)
    assert ran.code == 21
    assert "nonsense" not in ran.out + ran.err


def test_an_unreachable_server_is_20(bed: ControlPlane, namespace: str) -> None:
    kubeconfig = bed.kubeconfig(namespace=namespace)
    ran = amas("list", "--server", "https://127.0.0.1:9", kubeconfig=kubeconfig)
    assert ran.code == 20
    assert "cannot connect to 127.0.0.1:9" in ran.err


def test_impersonation_is_sent(bed: ControlPlane, namespace: str) -> None:
    ran = amas("list", "--as", "somebody", kubeconfig=bed.kubeconfig(namespace=namespace))
    assert ran.code == 22
    assert 'User "somebody" may not' in ran.err
