"""Revisions: which ReplicaSet a template has, and how they are numbered.

Source: utils/annotations/annotations.go, utils/hash/hash.go, utils/replicaset/replicaset.go.
"""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from amas_tui.demo import defaults
from amas_tui.demo.controller import spec
from amas_tui.demo.controller.objects import (
    DESIRED_REPLICAS,
    HASH_LABEL,
    REVISION,
    REVISION_HISTORY,
    SCALE_DOWN_DEADLINE,
    annotations_of,
    created_at,
    hash_of,
    name_of,
    namespace_of,
    owner_reference,
    revision_of,
    status_of,
)
from amas_tui.demo.copies import copied
from amas_tui.demo.resources import REPLICA_SETS
from amas_tui.demo.store import Json

_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
_NOT_COPIED: Final = (
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    "notified.notifications.argoproj.io",
)


def normal(template: Json) -> Json:
    """Return a pod template as the controller's own types write it. Source: remarshalRollout."""
    made: Json = copied(template)
    own = made.get("spec") or {}
    for container in (*(own.get("initContainers") or ()), *(own.get("containers") or ())):
        container.setdefault("resources", {})
    return made


@lru_cache(maxsize=512)
def short_hash(text: str) -> str:
    """Return FNV-32a of the text in the letters that Kubernetes uses for generated names."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return "".join(_LETTERS[ord(digit) % len(_LETTERS)] for digit in str(value))


def template_hash(template: Json) -> str:
    """Return the hash of a pod template, the same for equal templates."""
    return short_hash(json.dumps(template, sort_keys=True))


def find_new(template: Json, sets: Iterable[Json]) -> Json | None:
    """Return the oldest ReplicaSet of this template. Source: replicaset.go:FindNewReplicaSet."""
    ordered = sorted(sets, key=created_at)
    wanted = template_hash(template)
    by_hash = (each for each in ordered if hash_of(each) == wanted)
    if (found := next(by_hash, None)) is not None:
        return found
    whole = _completed(template)
    return next((each for each in ordered if own_template(each) == whole), None)


def own_template(replica_set: Json) -> Json:
    """Return a ReplicaSet's template without the label that the controller adds."""
    return _bare(replica_set["spec"]["template"])


def _completed(template: Json) -> Json:
    """Return a template as the API server completes it in a ReplicaSet."""
    replica_set = {"metadata": {}, "spec": {"template": _bare(template)}}
    defaults.complete(REPLICA_SETS, replica_set)
    completed: Json = replica_set["spec"]["template"]
    return completed


def _bare(template: Json) -> Json:
    bare: Json = copied(template)
    (bare.setdefault("metadata", {}).get("labels") or {}).pop(HASH_LABEL, None)
    return bare


def next_revision(older: Iterable[Json]) -> int:
    """Return the number of the newest ReplicaSet, one more than all the others have."""
    return max(map(revision_of, older), default=0) + 1


def new_replica_set(rollout: Json, template: Json, selector: Json, revision: int) -> Json:
    """Return a ReplicaSet for the template, without pods yet.

    Source: rollout/sync.go:createDesiredReplicaSet.
    """
    pod_hash = template_hash(template)
    own = copied(template)
    labels = {**(own.setdefault("metadata", {}).get("labels") or {}), HASH_LABEL: pod_hash}
    own["metadata"]["labels"] = labels
    wanted = copied(selector)
    wanted["matchLabels"] = {**(wanted.get("matchLabels") or {}), HASH_LABEL: pod_hash}
    replica_set: Json = {
        "metadata": {
            "name": f"{name_of(rollout)}-{pod_hash}",
            "namespace": namespace_of(rollout),
            "labels": dict(labels),
            "annotations": {DESIRED_REPLICAS: str(spec.replicas(rollout))},
            "ownerReferences": [owner_reference(rollout)],
        },
        "spec": {"replicas": 0, "selector": wanted, "template": own, **_min_ready(rollout)},
    }
    replica_set["metadata"]["annotations"] |= noted(rollout, replica_set, revision)
    return replica_set


def _min_ready(rollout: Json) -> Json:
    seconds = rollout["spec"].get("minReadySeconds", 0)
    return {"minReadySeconds": seconds} if seconds else {}


def noted(rollout: Json, replica_set: Json, revision: int) -> dict[str, str]:
    """Return the annotations to set: the rollout's own, the revision, and its history.

    A template that comes back gets the highest number again and remembers the one it had.
    Source: annotations.go:SetNewReplicaSetAnnotations.
    """
    known = annotations_of(replica_set)
    copied = {
        key: value
        for key, value in annotations_of(rollout).items()
        if key not in _NOT_COPIED and known.get(key) != value
    }
    numbered = renumbered(known, revision)
    changed = copied | numbered
    if changed and REVISION in known:
        earlier = known.get(REVISION_HISTORY, "")
        changed[REVISION_HISTORY] = f"{earlier},{known[REVISION]}" if earlier else known[REVISION]
    return changed


def renumbered(known: dict[str, str], revision: int) -> dict[str, str]:
    """Return the revision to write, nothing where a ReplicaSet has it or a higher one."""
    return {REVISION: str(revision)} if int(known.get(REVISION) or 0) < revision else {}


def has_deadline(replica_set: Json | None) -> bool:
    """Whether a ReplicaSet waits for its end."""
    return replica_set is not None and bool(annotations_of(replica_set).get(SCALE_DOWN_DEADLINE))


def is_changed(rollout: Json, new_set: Json | None, template: Json) -> bool:
    """Whether the template is another than the one in the status.

    Source: replicaset.go:CheckPodSpecChange.
    """
    known = status_of(rollout).get("currentPodHash", "")
    return bool(known) and known != (hash_of(new_set) or template_hash(template))


def is_fully_promoted(rollout: Json) -> bool:
    """Whether the newest version is the stable one; also before there is any."""
    status = status_of(rollout)
    return bool(status.get("stableRS", "") == status.get("currentPodHash", ""))
