"""What `manifests` makes is taken by a real API server and a real controller."""

import pytest

from tests.controlplane import states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.headless.command import amas
from tests.headless.kubectl import kubectl, prometheus_operator_kinds

pytestmark = pytest.mark.controlplane

NAME = "amas-orchestrator"


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="the-guides-canary"),
        pytest.param(("--steps", "5,15,30,60,100"), id="own-weights"),
        pytest.param(("--strategy", "blue-green"), id="blue-green"),
        pytest.param(
            ("--template", "queue", 'sum(q{h="{{args.hash}}"})', "result[0] < 9"), id="own-gate"
        ),
        pytest.param(("--count", "1", "--pauses", "1s,1s,1s,1s,1s"), id="one-measurement"),
    ],
)
def test_the_controller_finds_nothing_to_object_to(
    bed: ControlPlane, api: Api, namespace: str, arguments: tuple[str, ...]
) -> None:
    prometheus_operator_kinds(api)
    made = amas(
        "manifests",
        *("--name", NAME, "-n", namespace, "--image", "ghcr.io/example/orchestrator:v1.0.0"),
        *("--prometheus-address", bed.prometheus_url),
        *arguments,
    )
    assert made.code == 0, made.err
    kubectl(bed, bed.kubeconfig(namespace=namespace), "apply", "-f", "-", stdin=made.out)
    # Server-side validation accepts invalid steps; only a reconcile tells.
    found = api.wait("rollouts", namespace, NAME, states.is_healthy)
    assert not [one for one in found["status"]["conditions"] if one["type"] == "InvalidSpec"]
