"""`:doctor` and the alerts of the dashboard, on a real cluster."""

import pytest

from amas_tui.errors import Exit
from amas_tui.store.checks import Check, Result
from amas_tui.viewmodel.doctor_lines import doctor_lines
from amas_tui.viewmodel.text import line_width, plain
from tests.controlplane import rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.ui.screen import on_cluster


@pytest.mark.controlplane
async def test_the_doctor_looks_at_the_cluster_and_the_lines_can_be_closed(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    api.apply(*rollouts.canary(namespace, "checkout", [rollouts.set_weight(50)], replicas=1))
    api.wait("rollouts", namespace, "checkout", states.is_healthy)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    async with on_cluster(kubeconfig, namespace, size=(120, 40)) as screen:
        await screen.until("checkout")
        await screen.press("colon", *"doctor", "enter")
        text = await screen.until("controller reacts", 30)
        assert "Kubernetes v1.34" in text
        assert "the API server knows you as admin" in text
        await screen.press("escape")
        await screen.until(lambda text: "controller reacts" not in text)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_each_check_has_its_sign_its_evidence_and_what_to_do(width: int) -> None:
    checks = [
        Check("cluster", Result.OK, "Kubernetes v1.34.4"),
        Check("rights", Result.FAILED, "you may not " + "list " * 60, "Ask", Exit.FORBIDDEN),
        Check("clock", Result.WARNING, "[/red] is no markup", "Set it"),
        Check("terminal", Result.UNKNOWN, "none"),
    ]
    lines = doctor_lines(checks, width)
    text = "\n".join(plain(line) for line in lines)
    for words in ("✔ cluster", "✖ rights", "! clock", "? terminal", "→ Ask", "[/red] is no markup"):
        assert words in text
    assert all(line_width(line) <= width for line in lines)
