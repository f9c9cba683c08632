"""The revisions of a rollout: what ran, since when, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.workload import ReplicaSet
from amas_tui.rules.abort import abort_cause
from amas_tui.rules.analysis import culprit, is_cut_short, passed_without_data
from amas_tui.rules.roles import roles
from amas_tui.store.scene import Scene, run_hash
from amas_tui.viewmodel.get_text import table
from amas_tui.viewmodel.rollout_view import API_VERSION
from amas_tui.words import age, metric_words


@dataclass(frozen=True, slots=True)
class RevisionLine:
    """One revision.

    Attributes:
        result: What came of it, as far as the cluster still knows.
        pods: Ready of wanted.
    """

    revision: int
    replica_set: str
    pod_hash: str
    created: datetime | None
    roles: tuple[str, ...]
    images: tuple[tuple[str, str], ...]
    pods: tuple[int, int]
    result: str

    def to_json(self) -> dict[str, Any]:
        """Return the documented JSON."""
        return {
            "revision": self.revision,
            "replicaSet": self.replica_set,
            "hash": self.pod_hash,
            "created": self.created.isoformat() if self.created else None,
            "roles": list(self.roles),
            "images": dict(self.images),
            "ready": self.pods[0],
            "desired": self.pods[1],
            "result": self.result,
        }


def revisions(scene: Scene) -> tuple[RevisionLine, ...]:
    """Return the revisions that the cluster still holds, newest first."""
    return tuple(_line(scene, rs) for rs in scene.replica_sets)


def _line(scene: Scene, rs: ReplicaSet) -> RevisionLine:
    containers = rs.spec.template.spec.containers
    return RevisionLine(
        revision=rs.revision,
        replica_set=rs.metadata.name,
        pod_hash=rs.hash,
        created=rs.metadata.creation_timestamp,
        roles=tuple(role.value for role in roles(scene.rollout, rs.hash)),
        images=tuple((container.name, container.image) for container in containers),
        pods=(rs.status.ready_replicas, rs.spec.replicas),
        result=result_of(scene, rs),
    )


def result_of(scene: Scene, rs: ReplicaSet) -> str:
    """Return what came of a revision: proved by its runs, else by its role, else unproven."""
    rollout = scene.rollout
    own = [run for run in scene.runs if run_hash(run) == rs.hash]
    bad = next((run for run in reversed(own) if run.phase.is_bad), None)
    is_current = rs.hash == rollout.status.current_pod_hash
    if is_current and rollout.status.abort:
        return f"aborted: {_why(bad) or abort_cause(rollout) or 'by hand'}"
    if is_current and not rollout.is_promoted:
        return "under way"
    if bad is not None:
        return f"halted: {_why(bad)}"
    passed = [run for run in own if run.phase.is_final and not is_cut_short(run)]
    if passed and not any(passed_without_data(run) for run in passed):
        return f"passed its gates ({len(passed)})"
    return "stable" if rs.hash == rollout.status.stable_rs else "unproven"


def _why(run: AnalysisRun | None) -> str:
    metric = culprit(run) if run is not None else None
    return metric_words(metric) if metric is not None else ""


def history_text(scene: Scene, now: datetime, *, is_wide: bool = False) -> str:
    """Return the table of revisions."""
    head = ["REVISION", "AGE", "ROLE", "IMAGES", "READY", "RESULT"]
    rows = [[*head, "REPLICASET"] if is_wide else head]
    for one in revisions(scene):
        images = ", ".join(f"{name}={image}" for name, image in one.images)
        row = [
            str(one.revision),
            age(one.created, now),
            ",".join(one.roles) or "-",
            images if is_wide else _short(one),
            f"{one.pods[0]}/{one.pods[1]}",
            one.result,
        ]
        rows.append([*row, one.replica_set] if is_wide else row)
    return "\n".join(table(rows)) + "\n"


def _short(one: RevisionLine) -> str:
    return ", ".join(image.rpartition("/")[2] for _, image in one.images)


def history_json(scene: Scene) -> dict[str, Any]:
    """Return the documented JSON of `history`."""
    return {
        "apiVersion": API_VERSION,
        "kind": "RolloutHistory",
        "name": scene.rollout.key.name,
        "namespace": scene.rollout.key.namespace,
        "revisions": [one.to_json() for one in revisions(scene)],
    }
