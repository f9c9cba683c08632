"""A controller that breaks a rule fails the contract: each mutant is caught by its check."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from amas_tui.demo.controller import (
    analysis,
    canary,
    conditions,
    events,
    pause,
    promotion,
    replicas,
    revisions,
    scaling,
    services,
    spec,
    status,
    steps,
    validation,
    weights,
)
from amas_tui.demo.controller.objects import REVISION
from amas_tui.demo.controller.sync import Sync
from amas_tui.demo.resources import ANALYSIS_RUNS
from tests.contract import checks_actions as actions
from tests.contract import checks_analysis as analyses
from tests.contract import checks_blue_green as blue_green
from tests.contract import checks_canary as canaries
from tests.contract import checks_invalid as invalid
from tests.contract import checks_pods as fates
from tests.contract.actions import Check
from tests.contract.stage import ModelStage
from tests.controlplane.kinds import Json


class Mutant(NamedTuple):
    """One rule replaced by a wrong one, and the check that must notice."""

    owner: ModuleType | type
    name: str
    wrong: Callable[..., Any]
    check: Check


def _always(value: Any) -> Callable[..., Any]:
    return lambda *_args, **_more: value


def _without_abort_time(sync: Sync) -> bool:
    if sync.is_aborted:
        sync.status["abort"] = True
    return sync.is_aborted


def _index_as_before(sync: Sync) -> int | None:
    index: int | None = sync.before.get("currentStepIndex")
    return index


def _first_number_only(known: dict[str, str], revision: int) -> dict[str, str]:
    return {} if REVISION in known else {REVISION: str(revision)}


def _generation_as_number(made: Json) -> Json:
    kept = {key: value for key, value in made.items() if value or key == "currentStepIndex"}
    return {**kept, "observedGeneration": int(kept.get("observedGeneration", 0))}


def _tell_quietly(self: events.Recorder, obj: Json, reason: str, message: str) -> None:
    self.tell(obj, reason, message)


def _known_or_new(sync: Sync, run: Json, base: str) -> Json:
    run["metadata"]["name"] = base
    known = sync.store.find(ANALYSIS_RUNS, sync.namespace, base)
    return sync.store.create(ANALYSIS_RUNS, run) if known is None else known


MUTANTS = {
    "weight before pods are ready": Mutant(
        weights, "is_ready_for_weight", _always(value=True), canaries.routed_canary
    ),
    "abortedAt never written": Mutant(
        pause, "write_abort", _without_abort_time, actions.abort_and_retry_routed
    ),
    "step index kept by an abort": Mutant(
        canary, "index_after_abort", _index_as_before, actions.abort_and_retry_routed
    ),
    "promote ignored": Mutant(pause, "is_lifted", _always(value=False), actions.promote_at_a_pause),
    "a pause that never ends": Mutant(
        pause, "is_over", _always(value=False), canaries.routed_canary
    ),
    "revision not renumbered on undo": Mutant(
        revisions, "renumbered", _first_number_only, actions.undo_to_stable
    ),
    "full promotion leaves promoteFull": Mutant(
        promotion, "end_full_promotion", _always(value=None), actions.full_promotion
    ),
    "stable before its pods are ready": Mutant(
        promotion, "has_all_pods", _always(value=True), actions.full_promotion
    ),
    "Service not switched": Mutant(services, "switch", _always(value=None), canaries.routed_canary),
    "scale-down without delay": Mutant(
        scaling, "wait_out_delay", _always((0, 0)), canaries.routed_canary
    ),
    "aborted version not kept": Mutant(
        scaling, "keeps_aborted", _always(value=False), actions.abort_and_retry_routed
    ),
    "paused ignored": Mutant(spec, "is_paused", _always(value=False), actions.user_pause),
    "invalid spec not seen": Mutant(
        validation, "fault", _always(""), invalid.invalid_is_not_acted_on
    ),
    "observedGeneration a number": Mutant(
        status, "compact", _generation_as_number, canaries.routed_canary
    ),
    "abort told without a warning": Mutant(
        events.Recorder, "warn", _tell_quietly, actions.abort_basic
    ),
    "steps taken on the way back to stable": Mutant(
        canary, "skip_steps", _always(value=None), actions.undo_to_stable
    ),
    "rollback window ignored": Mutant(
        promotion, "is_rollback_within_window", _always(value=False), actions.undo_within_the_window
    ),
    "changed steps not seen": Mutant(steps, "steps_hash", _always("same"), actions.changed_steps),
    "all pods restarted at once": Mutant(spec, "max_unavailable", _always(9), actions.restart),
    "old versions kept for ever": Mutant(
        scaling, "limit_history", _always(value=None), actions.history_limit
    ),
    "weight of pods ignored": Mutant(replicas, "basic", _always((4, 4)), canaries.basic_canary),
    "no pause before the switch": Mutant(
        pause, "is_blue_green_pause_over", _always(value=True), blue_green.preview_and_switch
    ),
    "retry keeps the old runs": Mutant(
        analysis, "create_named", _known_or_new, analyses.step_analysis_fails
    ),
    "a skipped run goes on": Mutant(
        analysis, "cancel", _always(value=None), analyses.skipped_analysis_is_terminated
    ),
    "progress deadline ignored": Mutant(
        conditions, "is_timed_out", _always(value=False), fates.deadline_passes
    ),
    "small preview not grown": Mutant(
        promotion, "may_switch", _always(value=False), blue_green.small_preview
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_wrong_rule_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    assert getattr(mutant.owner, mutant.name) is not None
    monkeypatch.setattr(mutant.owner, mutant.name, mutant.wrong)
    with pytest.raises((AssertionError, LookupError)):
        mutant.check(ModelStage())
