"""The verbs, and one request for one of them."""

from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """What can be asked of a rollout, in the words of `kubectl argo rollouts`."""

    PROMOTE = "promote"
    PROMOTE_FULL = "promote --full"
    ABORT = "abort"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Target:
    """The version that an undo goes back to."""

    revision: int
    pod_hash: str
    replica_set: str
    """Name of the ReplicaSet."""
