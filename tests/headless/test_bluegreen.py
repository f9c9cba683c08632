"""`bluegreen`: a whole round on a real blue-green Rollout, proved on the active Service."""

import pytest

from tests.controlplane import rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.headless.command import Ran, amas

pytestmark = pytest.mark.controlplane

NAME = "gateway"


def run(bed: ControlPlane, namespace: str, *arguments: str) -> Ran:
    kubeconfig = bed.kubeconfig(namespace=namespace)
    state = {"XDG_STATE_HOME": str(bed.folder / "state")}
    return amas("bluegreen", *arguments, "--timeout", "50s", kubeconfig=kubeconfig, env=state)


def active(api: Api, namespace: str) -> str:
    selector = api.get("services", namespace, f"{NAME}-active")["spec"]["selector"]
    found: str = selector["rollouts-pod-template-hash"]
    return found


def test_a_round_of_deploy_switch_and_rollback(bed: ControlPlane, api: Api, namespace: str) -> None:
    api.apply(
        *rollouts.blue_green(
            namespace, NAME, replicas=2, requests_per_second=0, scale_down_delay=600
        )
    )
    api.wait("rollouts", namespace, NAME, states.is_healthy)
    blue = active(api, namespace)
    ran = run(bed, namespace, "deploy", NAME, "--tag", "v2.0.0", "--yes")
    assert ran.code == 0, ran.out + ran.err
    assert "the preview v2.0.0 is up behind gateway-preview: 2 of 2 ready" in ran.out
    assert active(api, namespace) == blue
    ran = run(bed, namespace, "switch", NAME, "--yes")
    assert ran.code == 0, ran.out + ran.err
    green = active(api, namespace)
    assert green != blue
    assert f"gateway-active selects v2.0.0 ({green}), before it was {blue}" in ran.out
    ran = run(bed, namespace, "rollback", NAME, "--yes")
    assert ran.code == 0, ran.out + ran.err
    assert active(api, namespace) == blue
    assert states.is_healthy(api.get("rollouts", namespace, NAME))
    # A preview that nobody uses yet is taken back without a switch.
    assert run(bed, namespace, "deploy", NAME, "--tag", "v3.0.0", "--yes").code == 0
    ran = run(bed, namespace, "rollback", NAME, "--yes")
    assert ran.code == 0, ran.out + ran.err
    assert "traffic stays on" in ran.out
    assert active(api, namespace) == blue


def test_a_canary_is_refused(bed: ControlPlane, api: Api, namespace: str) -> None:
    api.apply(*rollouts.canary(namespace, NAME, [rollouts.set_weight(50)], replicas=1))
    api.wait("rollouts", namespace, NAME, states.is_healthy)
    ran = run(bed, namespace, "switch", NAME, "--yes")
    assert (ran.code, "is not blue-green" in ran.err) == (3, True)
