"""The README's walk-through, from an empty namespace to a rollback, run as it stands there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.manifests import TRAFFIC_LABEL
from tests.headless.kubectl import prometheus_operator_kinds

pytestmark = pytest.mark.controlplane

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SHORT = """\
[manifests]
pauses = "3s,2s,2s,1s,1s"
count = 2
interval = "1s"
window = "10s"
background-window = "10s"
replicas = 2
"""
LINE_SECONDS = 170


def walk() -> Iterator[tuple[str, int]]:
    """Yield each line of the walk-through and the exit code that its comment tells."""
    block = re.search(r"<!-- walk -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert block is not None
    for line in block[1].splitlines():
        command, _, remark = line.partition("  # ")
        code = re.match(r"(\d+)", remark)
        yield command, int(code[1]) if code else 0


def programs(bed: ControlPlane, folder: Path) -> Path:
    """Return a folder with `amas-tui` and the bed's `kubectl`."""
    own = folder / "amas-tui"
    own.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m amas_tui "$@"\n')
    own.chmod(0o755)
    (folder / "kubectl").symlink_to(bed.binary("kubectl"))
    return folder


def send_traffic(api: Api, namespace: str) -> None:
    """Send requests along every Ingress that there is."""
    for ingress in api.list("ingresses", namespace):
        name = ingress["metadata"]["name"]
        if not name.endswith("-canary"):
            labels = {"metadata": {"labels": {TRAFFIC_LABEL: "40"}}}
            api.patch("ingresses", namespace, name, labels)


def surroundings(bed: ControlPlane, namespace: str, folder: Path) -> dict[str, str]:
    """Return the environment of somebody who has both programs, short timings and this cluster."""
    address = f'prometheus-address = "{bed.prometheus_url}"\n'
    (folder / "config.toml").write_text(SHORT + address)
    return {
        **os.environ,
        "PATH": f"{programs(bed, folder)}:{os.environ['PATH']}",
        "KUBECONFIG": str(bed.kubeconfig(namespace=namespace)),
        "AMAS_TUI_CONFIG_DIR": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "NAMESPACE": namespace,
        "DOCKER_REGISTRY": "ghcr.io/over7-maker",
        "IMAGE_NAME": "amas-orchestrator",
    }


def test_every_line_does_what_it_says(
    bed: ControlPlane, api: Api, namespace: str, tmp_path: Path
) -> None:
    prometheus_operator_kinds(api)
    environment = surroundings(bed, namespace, tmp_path)
    said: list[str] = []
    for command, code in walk():
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=LINE_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        said.append(f"$ {command}\n{done.stdout}{done.stderr}")
        assert done.returncode == code, "\n".join(said)
        send_traffic(api, namespace)
    story = "\n".join(said)
    assert "all gates passed" in story
    assert "success-rate" in story.partition("v1.6.0-bad --yes")[2]
