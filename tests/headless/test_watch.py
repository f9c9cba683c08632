"""`watch`, `history`, `analysis`: what is printed, and what it ends with."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.controlplane import rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.headless import test_status as halting
from tests.headless.command import amas

pytestmark = pytest.mark.controlplane

NAME = halting.NAME


def abort(api: Api, namespace: str) -> None:
    api.patch("rollouts", namespace, NAME, {"status": {"abort": True}}, subresource="status")
    api.wait("rollouts", namespace, NAME, states.is_aborted)


def test_a_story_ends_where_it_is_waited_for_and_a_rollback_runs_the_command(
    bed: ControlPlane, api: Api, namespace: str, tmp_path: Path
) -> None:
    steps = [rollouts.set_weight(50), rollouts.pause()]
    api.apply(*rollouts.canary(namespace, NAME, steps, replicas=2, requests_per_second=0))
    api.wait("rollouts", namespace, NAME, states.is_healthy)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    assert amas("watch", NAME, "--until", "healthy", kubeconfig=kubeconfig).code == 0
    api.set_image(namespace, NAME, "v2.0.0")
    api.wait("rollouts", namespace, NAME, states.is_paused)
    paused = amas("watch", NAME, "--until", "paused", "-o", "json", kubeconfig=kubeconfig)
    assert paused.code == 0
    events = [json.loads(line) for line in paused.out.splitlines()]
    assert {one["kind"] for one in events} == {"RolloutEvent"}
    assert amas("watch", NAME, kubeconfig=kubeconfig).code == 12
    told = tmp_path / "told"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "amas_tui", "watch", NAME, "--until", "healthy"),
            *("--on-rollback", f"cat > {told}.part && mv {told}.part {told}"),
        ],
        env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    abort(api, namespace)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 11
    assert "Waiting" in first
    assert "Aborted" in out
    event = json.loads(told.read_text())
    assert (event["kind"], event["event"], event["name"]) == ("RolloutAlert", "rollback", NAME)
    ended = amas("watch", NAME, "--until", "aborted", kubeconfig=kubeconfig)
    assert ended.code == 0


def test_revisions_and_runs_are_told_in_every_format(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    halting.halted(bed, api, namespace)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    text = amas("history", NAME, kubeconfig=kubeconfig).out
    assert [line.split()[0] for line in text.splitlines()] == ["REVISION", "2", "1"]
    assert "aborted: success-rate" in text.splitlines()[1]
    as_yaml = yaml.safe_load(amas("history", NAME, "-o", "yaml", kubeconfig=kubeconfig).out)
    as_json = json.loads(amas("history", NAME, "-o", "json", kubeconfig=kubeconfig).out)
    assert as_yaml == as_json
    assert set(as_json["revisions"][0]) == {
        *("revision", "replicaSet", "hash", "created", "roles", "images"),
        *("ready", "desired", "result"),
    }
    between = amas("history", NAME, "--diff", "1..2", kubeconfig=kubeconfig).out
    assert "image of checkout: v1.0.0 → v2-bad" in between
    one = amas("history", NAME, "--revision", "1", kubeconfig=kubeconfig).out
    assert yaml.safe_load(one)["spec"]["containers"][0]["image"].endswith(":v1.0.0")
    assert amas("history", NAME, "--revision", "9", kubeconfig=kubeconfig).code == 23
    report = json.loads(amas("analysis", NAME, "-o", "json", kubeconfig=kubeconfig).out)
    (run,) = report["runs"]
    (metric,) = run["metrics"]
    assert (run["phase"], run["step"], metric["phase"]) == ("Failed", 1, "Failed")
    assert metric["value"] < 0.95
    assert metric["measurements"]
    assert "rollouts_pod_template_hash=" in metric["query"]
    assert run["name"] in amas("analysis", NAME, "-o", "name", kubeconfig=kubeconfig).out
    assert "success-rate" in amas("analysis", NAME, kubeconfig=kubeconfig).out
    listed = amas("list", "-o", "wide", kubeconfig=kubeconfig).out
    assert "ghcr.io/example/checkout:v2-bad" in listed
    view = yaml.safe_load(amas("get", NAME, "-o", "yaml", kubeconfig=kubeconfig).out)
    assert view["kind"] == "RolloutView"
    # As the plugin ends, for scripts that know nothing but 0 and 1.
    assert amas("status", NAME, kubeconfig=kubeconfig).code == 14
    assert amas("status", NAME, "--compat-exit", kubeconfig=kubeconfig).code == 1
    assert amas("status", "absent", "--compat-exit", kubeconfig=kubeconfig).code == 1


def test_who_reads_no_further_ends_it_silently(bed: ControlPlane, namespace: str) -> None:
    kubeconfig = bed.kubeconfig(namespace=namespace)
    script = (
        f'"{sys.executable}" -m amas_tui list -A -o json | head -c 1; echo "${{PIPESTATUS[0]}}"'
    )
    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.endswith("0\n")


def test_a_signal_ends_it_with_its_number(bed: ControlPlane, api: Api, namespace: str) -> None:
    steps = [rollouts.set_weight(50), rollouts.pause()]
    api.apply(*rollouts.canary(namespace, NAME, steps, replicas=1, requests_per_second=0))
    api.wait("rollouts", namespace, NAME, states.is_healthy)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)):
        process = subprocess.Popen(
            [sys.executable, "-m", "amas_tui", "watch", NAME, "--until", "aborted"],
            env={**os.environ, "KUBECONFIG": str(kubeconfig)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
        assert (process.returncode, "Traceback" in err) == (code, False), err
