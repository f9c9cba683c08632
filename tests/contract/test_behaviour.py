"""Rollouts behave alike on both control planes."""

import pytest

from tests.contract import (
    checks_actions,
    checks_analysis,
    checks_blue_green,
    checks_canary,
    checks_final,
    checks_invalid,
    checks_pods,
)
from tests.contract.actions import Check
from tests.contract.planes import Plane
from tests.contract.stage import PlaneStage
from tests.controlplane.api import Api

CHECKS: tuple[Check, ...] = (
    checks_canary.routed_canary,
    checks_canary.canary_scale,
    checks_canary.basic_canary,
    checks_actions.abort_and_retry_routed,
    checks_actions.abort_basic,
    checks_actions.abort_of_a_promoted_rollout,
    checks_actions.promote_skips_the_running_step,
    checks_actions.promote_at_a_pause,
    checks_actions.full_promotion,
    checks_actions.undo_to_stable,
    checks_actions.undo_within_the_window,
    checks_actions.undo_after_promotion,
    checks_actions.restart,
    checks_actions.user_pause,
    checks_actions.scaling,
    checks_actions.changed_steps,
    checks_actions.history_limit,
    checks_actions.deletion,
    checks_actions.another_controllers_rollout,
    checks_blue_green.preview_and_switch,
    checks_blue_green.abort_before_the_switch,
    checks_blue_green.fast_rollback,
    checks_blue_green.automatic_promotion,
    checks_blue_green.small_preview,
    checks_blue_green.blue_green_full_promotion,
    checks_invalid.faults,
    checks_invalid.invalid_is_not_acted_on,
    checks_invalid.missing_service_that_comes,
    checks_analysis.step_analysis_passes,
    checks_analysis.step_analysis_fails,
    checks_analysis.background_analysis_fails,
    checks_analysis.inconclusive_analysis,
    checks_analysis.skipped_analysis_is_terminated,
    checks_analysis.analyses_around_the_switch,
    checks_pods.fates,
    checks_pods.slow_pods,
    checks_pods.deadline_passes,
    checks_pods.deadline_aborts,
    checks_pods.workload_reference,
    checks_final.events,
    checks_final.final_objects,
)


@pytest.fixture
def stage(api: Api, namespace: str, control_plane: Plane) -> PlaneStage:
    return PlaneStage(api, namespace, control_plane.prometheus_url)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_both_control_planes_do_the_same(check: Check, stage: PlaneStage) -> None:
    check(stage)
