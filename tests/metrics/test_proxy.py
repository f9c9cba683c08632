"""A Prometheus inside the cluster, asked through the API server: for real."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(240)]

_REPOSITORY = Path(__file__).parents[2]


def own_network() -> tuple[str, ...] | None:
    """Return the command that gives a program a network of its own, `None` where none does."""
    as_root = ("unshare", "--net")
    as_anybody = ("unshare", "--map-root-user", "--net")
    for command in (as_root, as_anybody):
        try:
            subprocess.run((*command, "true"), check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return command
    return None


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the product finds on a bed of its own in a network of its own."""
    command = own_network()
    if command is None:
        reason = "no network of its own is to be had here (unshare --net)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("behind-proxy")
    environment = {name: value for name, value in os.environ.items() if name != "AMAS_TUI_BED"}
    done = subprocess.run(
        (*command, sys.executable, "-m", "tests.metrics.behind_proxy", folder / "bed"),
        cwd=_REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_numbers_come_through_the_api_server_and_the_screen_says_so(
    facts: dict[str, Any],
) -> None:
    assert facts["source"] == "prometheus.monitoring:9090 through the API server"
    assert facts["canary"] == 1.0
    assert facts["stable"] == 1.0


def test_without_the_right_the_missing_one_is_named(facts: dict[str, Any]) -> None:
    assert "403" in facts["without the right"]
    assert "Ask for get on services/proxy in monitoring" in facts["without the right"]
    assert "prometheus and prometheus:9090" in facts["without the right"]


def test_the_named_right_is_enough(facts: dict[str, Any]) -> None:
    assert facts["granted"] == 1.0


def test_prometheus_own_refusal_comes_through_as_such(facts: dict[str, Any]) -> None:
    assert facts["bad query"].startswith("bad_query: Prometheus: ")


def test_a_service_that_is_not_there_is_said(facts: dict[str, Any]) -> None:
    assert facts["no service"].startswith("unreachable: ")
    assert "404" in facts["no service"]
