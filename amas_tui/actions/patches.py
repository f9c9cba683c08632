"""The exact writes of every verb.

Source: pkg/kubectl-argo-rollouts/cmd/{promote,abort,undo}; the guards are ours.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from amas_tui.actions.verb import Verb
from amas_tui.actions.write import Operation, Write, api_pauses, tests
from amas_tui.domain.base import HASH_LABEL
from amas_tui.domain.rollout import PauseReason, Rollout
from amas_tui.rules.pause import Waiting, pauses
from amas_tui.rules.steps import step_index
from amas_tui.store.kinds import Kind

EPHEMERAL: Final = "rollout.argoproj.io/ephemeral-metadata"


def writes(
    verb: Verb, rollout: Rollout, template: Mapping[str, Any] | None = None
) -> tuple[Write, ...]:
    """Return the writes of a verb in the order they are sent, guarded by what `rollout` shows.

    Args:
        verb: What is asked.
        rollout: What the user saw when deciding.
        template: For `undo`, the pod template to go back to, from `undo_template`.
    """
    match verb:
        case Verb.PROMOTE:
            return _promote(rollout)
        case Verb.PROMOTE_FULL:
            return _promote_full(rollout)
        case Verb.ABORT:
            return (_status(rollout, (), Operation("add", "/status/abort", value=True)),)
        case Verb.UNDO:
            replace = Operation("replace", "/spec/template", template)
            return (_spec(rollout, replace),)


def _identity(rollout: Rollout) -> tuple[tuple[str, Any], ...]:
    return (
        ("/metadata/uid", rollout.uid),
        ("/status/currentPodHash", rollout.status.current_pod_hash or None),
    )


def _status(rollout: Rollout, seen: tuple[tuple[str, Any], ...], *changes: Operation) -> Write:
    guards = tests((*_identity(rollout), *seen))
    return Write(Kind.ROLLOUTS, rollout.key, (*guards, *changes), "status")


def _spec(rollout: Rollout, *changes: Operation) -> Write:
    guards = tests(
        (
            ("/metadata/uid", rollout.uid),
            ("/metadata/generation", rollout.metadata.generation),
        )
    )
    return Write(Kind.ROLLOUTS, rollout.key, (*guards, *changes))


def _unpause(rollout: Rollout) -> Write:
    return _spec(rollout, Operation("replace", "/spec/paused", value=False))


def is_inconclusive_step(rollout: Rollout) -> bool:
    """Return whether the running step's analysis could not decide and pauses the rollout.

    Source: cmd/promote/promote.go:isInconclusive.
    """
    run = rollout.status.canary.current_step_analysis_run_status
    paused = rollout.status.pause_conditions and rollout.status.controller_pause
    return bool(paused) and run is not None and run.status == "Inconclusive"


def promote_lifts_pause(rollout: Rollout) -> bool:
    """Return whether a promote releases a pause, rather than skipping the step in execution."""
    return bool(rollout.status.pause_conditions) and not is_inconclusive_step(rollout)


def promoted_index(rollout: Rollout) -> int:
    """Return the step index that a promote which skips a step writes."""
    return min(step_index(rollout) + 1, len(rollout.steps))


def _promote(rollout: Rollout) -> tuple[Write, ...]:
    status = rollout.status
    # The spec goes first: between the two the controller would pause again at the same step.
    first = (_unpause(rollout),) if rollout.spec.paused else ()
    if {pause.waiting for pause in pauses(rollout)} == {Waiting.SPEC}:
        return first
    seen = (
        ("/status/currentStepIndex", status.current_step_index),
        ("/status/pauseConditions", api_pauses(status.pause_conditions)),
        ("/status/abort", True if status.abort else None),
    )
    clear = Operation("remove", "/status/pauseConditions")
    index = Operation("add", "/status/currentStepIndex", promoted_index(rollout))
    if is_inconclusive_step(rollout):
        unpause = Operation("add", "/status/controllerPause", value=False)
        return (*first, _status(rollout, seen, clear, unpause, index))
    if status.pause_conditions:
        return (*first, _status(rollout, seen, clear))
    return (*first, _status(rollout, seen, index))


def _promote_full(rollout: Rollout) -> tuple[Write, ...]:
    seen = (("/status/abort", True if rollout.status.abort else None),)
    full = _status(rollout, seen, Operation("add", "/status/promoteFull", value=True))
    return (_unpause(rollout), full) if rollout.spec.paused else (full,)


def is_background_inconclusive(rollout: Rollout) -> bool:
    """Return whether a pause comes from an analysis that a promote would only run again."""
    reasons = {PauseReason(condition.reason) for condition in rollout.status.pause_conditions}
    inconclusive = PauseReason.INCONCLUSIVE_ANALYSIS in reasons
    return inconclusive and not is_inconclusive_step(rollout)


def undo_template(replica_set: Mapping[str, Any]) -> dict[str, Any]:
    """Return the pod template of a ReplicaSet (as JSON) as the Rollout once had it.

    What the controller injected is taken out again: the hash label, the metadata of its role, and
    the anti-affinity against the stable version. Left in, they would make it a version of its own,
    without the fast way back.
    Source: utils/replicaset/canary.go:SyncEphemeralPodMetadata, replicaset.go:RemoveInjected…Rule.
    """
    template: dict[str, Any] = deepcopy(replica_set["spec"]["template"])
    metadata = template.setdefault("metadata", {})
    injected = _ephemeral(replica_set)
    for section in ("labels", "annotations"):
        values = metadata.get(section) or {}
        for name in injected.get(section) or {}:
            values.pop(name, None)
        if section == "labels":
            values.pop(HASH_LABEL, None)
        if not values:
            metadata.pop(section, None)
    _drop_anti_affinity(template.get("spec") or {})
    return template


def _ephemeral(replica_set: Mapping[str, Any]) -> Mapping[str, Any]:
    annotations = replica_set.get("metadata", {}).get("annotations") or {}
    try:
        injected = json.loads(annotations.get(EPHEMERAL, "{}"))
    except ValueError:
        return {}
    return injected if isinstance(injected, dict) else {}


_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


def _drop_anti_affinity(spec: dict[str, Any]) -> None:
    affinity = spec.get("affinity")
    anti = affinity.get("podAntiAffinity") if isinstance(affinity, dict) else None
    if not isinstance(anti, dict) or not isinstance(affinity, dict):
        return
    before = deepcopy(anti)
    for section in (_PREFERRED, _REQUIRED):
        if section in anti:
            anti[section] = [term for term in anti[section] or () if not _is_injected(term)]
            if not anti[section]:
                del anti[section]
    if anti == before:
        return
    if not anti:
        del affinity["podAntiAffinity"]
    if not affinity:
        del spec["affinity"]


def _is_injected(term: Mapping[str, Any]) -> bool:
    inner = term.get("podAffinityTerm", term)
    selector = inner.get("labelSelector") or {}
    keys = [expression.get("key") for expression in selector.get("matchExpressions") or ()]
    return keys == [HASH_LABEL]
