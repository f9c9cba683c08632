"""Reading and referring to stored objects."""

from datetime import UTC, datetime
from typing import Final

from amas_tui.demo.store import Json

HASH_LABEL: Final = "rollouts-pod-template-hash"
REVISION: Final = "rollout.argoproj.io/revision"
REVISION_HISTORY: Final = "rollout.argoproj.io/revision-history"
DESIRED_REPLICAS: Final = "rollout.argoproj.io/desired-replicas"
WORKLOAD_GENERATION: Final = "rollout.argoproj.io/workload-generation"
SCALE_DOWN_DEADLINE: Final = "scale-down-deadline"
MANAGED_BY: Final = "argo-rollouts.argoproj.io/managed-by-rollouts"
INSTANCE_ID: Final = "argo-rollouts.argoproj.io/controller-instance-id"


def name_of(obj: Json) -> str:
    """Return the object's name."""
    name: str = obj["metadata"]["name"]
    return name


def namespace_of(obj: Json) -> str:
    """Return the object's namespace, empty where its kind has none."""
    namespace: str = obj["metadata"].get("namespace", "")
    return namespace


def uid_of(obj: Json) -> str:
    """Return the object's uid."""
    uid: str = obj["metadata"]["uid"]
    return uid


def labels_of(obj: Json) -> dict[str, str]:
    """Return the object's labels; a Go map that is nil is an empty one."""
    return obj["metadata"].get("labels") or {}


def annotations_of(obj: Json) -> dict[str, str]:
    """Return the object's annotations."""
    return obj["metadata"].get("annotations") or {}


def status_of(obj: Json) -> Json:
    """Return the object's status, empty before anybody wrote it."""
    return obj.get("status") or {}


def hash_of(obj: Json | None) -> str:
    """Return the pod template hash in the object's labels, empty where it has none."""
    return "" if obj is None else labels_of(obj).get(HASH_LABEL, "")


def owner_reference(owner: Json) -> Json:
    """Return the reference that makes `owner` the controller of another object."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(obj: Json) -> Json | None:
    """Return the reference to the object's controller."""
    references = obj["metadata"].get("ownerReferences") or ()
    return next((each for each in references if each.get("controller")), None)


def is_controlled_by(obj: Json, owner: Json) -> bool:
    """Whether `owner` is the object's controller."""
    reference = controller_of(obj)
    return reference is not None and reference["uid"] == uid_of(owner)


def revision_of(obj: Json) -> int:
    """Return the revision in the annotations, 0 without one."""
    text = annotations_of(obj).get(REVISION, "0")
    return int(text) if text.isdecimal() else 0


def moment(text: str) -> datetime:
    """Return the time that metav1.Time writes."""
    return datetime.fromisoformat(text).astimezone(UTC)


def created_at(obj: Json) -> str:
    """Return the creation time as written, which sorts by time."""
    created: str = obj["metadata"]["creationTimestamp"]
    return created


def matches(selector: Json, labels: dict[str, str]) -> bool:
    """Whether a LabelSelector selects these labels."""
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_holds(each, labels) for each in selector.get("matchExpressions") or ())


def _holds(requirement: Json, labels: dict[str, str]) -> bool:
    key, values = requirement["key"], requirement.get("values") or []
    match requirement["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def selector_text(selector: Json) -> str:
    """Return a LabelSelector as `status.selector` writes it: sorted, comma between."""
    equal = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    parts = [_requirement_text(each) for each in selector.get("matchExpressions") or ()]
    return ",".join(sorted(equal) + sorted(parts))


def _requirement_text(requirement: Json) -> str:
    key, values = requirement["key"], ",".join(sorted(requirement.get("values") or []))
    match requirement["operator"]:
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "Exists":
            return str(key)
        case _:
            return f"!{key}"
