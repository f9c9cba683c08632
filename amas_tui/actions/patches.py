"""The exact writes of every verb, and a pod template as the Rollout once had it."""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from amas_tui.actions.rule import Material, Needs
from amas_tui.actions.table import RULES
from amas_tui.actions.verb import Choice, Verb
from amas_tui.actions.write import Write
from amas_tui.domain.base import HASH_LABEL
from amas_tui.domain.rollout import Rollout

EPHEMERAL: Final = "rollout.argoproj.io/ephemeral-metadata"
_NOTHING: Final = Material()


def writes(
    verb: Verb, rollout: Rollout, choice: Choice | None = None, material: Material = _NOTHING
) -> tuple[Write, ...]:
    """Return the writes of a verb in the order they are sent, guarded by what `rollout` shows.

    Args:
        verb: What is asked.
        rollout: What the user saw when deciding.
        choice: Revision, images, run or experiment, where the verb needs one.
        material: What is read from the cluster for it.

    Raises:
        RefusedError: The choice makes no write.
    """
    return RULES[verb].writes(rollout, choice, material)


def needs(verb: Verb, rollout: Rollout) -> Needs:
    """Return the kinds and subresources that a verb patches."""
    return RULES[verb].needs(rollout)


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
