"""`export`: the story of a halted update, read from a cluster that nobody watched meanwhile."""

import json
from pathlib import Path

import pytest

from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.headless import test_status as situations
from tests.headless.command import amas

pytestmark = pytest.mark.controlplane


@pytest.fixture
def kubeconfig(bed: ControlPlane, namespace: str) -> Path:
    return bed.kubeconfig(namespace=namespace)


def test_a_halted_update_is_told_with_cause_value_and_limit(
    bed: ControlPlane, api: Api, namespace: str, kubeconfig: Path
) -> None:
    situations.halted(bed, api, namespace)
    ran = amas("export", situations.NAME, "-o", "json", kubeconfig=kubeconfig)
    assert (ran.code, ran.err) == (0, "")
    story = json.loads(ran.out)
    (event,) = story["rollbackEvents"]
    assert event["by"] == "the controller"
    assert "success-rate" in event["cause"]
    texts = [moment["text"] for moment in story["moments"]]
    assert any(text.startswith("success-rate 0.") and "< 0.95 Failed" in text for text in texts)
    assert any("revision 2 created: v2-bad" in text for text in texts)
    times = [moment["at"] for moment in story["moments"]]
    assert times == sorted(times)
    written = amas("export", situations.NAME, kubeconfig=kubeconfig)
    assert written.out.startswith(f"# {situations.NAME}: timeline\n")
    assert "## Rollback events" in written.out


def test_a_rollout_that_is_not_there_has_no_story(kubeconfig: Path) -> None:
    ran = amas("export", "nobody", kubeconfig=kubeconfig)
    assert (ran.code, ran.out) == (23, "")
