"""Rollouts behave alike on both control planes."""

import pytest

from tests.contract import checks_canary
from tests.contract.actions import Check
from tests.contract.planes import Plane
from tests.contract.stage import PlaneStage
from tests.controlplane.api import Api

CHECKS: tuple[Check, ...] = (
    checks_canary.routed_canary,
    checks_canary.canary_scale,
    checks_canary.basic_canary,
)


@pytest.fixture
def stage(api: Api, namespace: str, control_plane: Plane) -> PlaneStage:
    return PlaneStage(api, namespace, control_plane.prometheus_url)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_both_control_planes_do_the_same(check: Check, stage: PlaneStage) -> None:
    check(stage)
