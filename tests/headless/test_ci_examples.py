"""The README's examples for GitHub Actions and GitLab, run as the shell scripts that they are."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.headless.command import Ran
from tests.headless.kubectl import prometheus_operator_kinds
from tests.headless.test_walkthrough import LINE_SECONDS, README, send_traffic, surroundings

pytestmark = pytest.mark.controlplane


def script(host: str, namespace: str) -> str:
    """Return the shell script of an example, in the namespace of this test."""
    block = re.search(rf"<!-- ci: {host} -->\n```yaml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    document = yaml.safe_load(block[1])
    text = document[0]["run"] if host == "github" else "\n".join(document["deploy"]["script"])
    return text.replace("${{ github.sha }}", "$GITHUB_SHA").replace("amas-prod", namespace)


def run(text: str, folder: Path, environment: Mapping[str, str]) -> Ran:
    """Run a script as both hosts do: the first failure ends it."""
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LINE_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_a_good_version_passes_the_job_and_a_bad_one_fails_it_with_14(
    bed: ControlPlane, api: Api, namespace: str, tmp_path: Path
) -> None:
    prometheus_operator_kinds(api)
    around = surroundings(bed, namespace, tmp_path)
    (tmp_path / "k8s").mkdir()
    first = (
        "amas-tui manifests --name amas-orchestrator --tag v1.4.0 > k8s/all.yaml"
        " && kubectl apply -f k8s/ && amas-tui watch amas-orchestrator --until healthy"
    )
    made = run(first, tmp_path, around)
    assert made.code == 0, made
    send_traffic(api, namespace)
    good = run(script("gitlab", namespace), tmp_path, {**around, "CI_COMMIT_SHA": "v1.5.0"})
    assert good.code == 0, good
    image = {"IMAGE": "ghcr.io/over7-maker/amas-orchestrator", "GITHUB_SHA": "v1.6.0-bad"}
    bad = run(script("github", namespace), tmp_path, {**around, **image})
    assert bad.code == 14, bad
    assert "success-rate" in bad.out + bad.err
