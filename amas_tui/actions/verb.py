"""The verbs, and what is chosen with one of them."""

from dataclasses import dataclass
from enum import StrEnum

from amas_tui.store.kinds import Kind


class Verb(StrEnum):
    """What can be asked of a rollout, in the words of `kubectl argo rollouts`."""

    PROMOTE = "promote"
    PROMOTE_FULL = "promote --full"
    ABORT = "abort"
    RETRY = "retry"
    PAUSE = "pause"
    RESUME = "resume"
    RESTART = "restart"
    UNDO = "undo"
    SET_IMAGE = "set image"
    TERMINATE_RUN = "terminate analysisrun"
    TERMINATE_EXPERIMENT = "terminate experiment"
    RETRY_EXPERIMENT = "retry experiment"


@dataclass(frozen=True, slots=True)
class Target:
    """The version that an undo goes back to."""

    revision: int
    pod_hash: str
    replica_set: str
    """Name of the ReplicaSet."""
    lift_hold: bool = False
    """Whether `spec.paused` is lifted in the same write: a held rollout would stay as it is."""
    mark: bool = False
    """Whether the rollout is marked with where it goes, for a program that is started anew."""
    without: tuple[tuple[str, bool], ...] = ()
    """Broken templates, by name and whether they are the cluster's: what needs them is taken out of
    the spec in the same write."""


@dataclass(frozen=True, slots=True)
class Images:
    """The images to set, by container; `*` stands for every container."""

    by_container: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return " ".join(f"{name}={image}" for name, image in self.by_container)


@dataclass(frozen=True, slots=True)
class Child:
    """An AnalysisRun or Experiment of the rollout.

    Attributes:
        phase: What it was when it was chosen; a write is refused when it moved.
    """

    kind: Kind
    name: str
    uid: str
    phase: str = ""


Choice = Target | Images | Child
"""What a verb needs beside the rollout."""
