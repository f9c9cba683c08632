"""A rollout as `kubectl argo rollouts get` describes it: the numbers that people compare.

Where the plugin's own picture misleads (argo-rollouts' ActualWeight after an abort, dry-run metrics
in the counters …) this keeps its numbers; the screen's sentence and panels say what is true.
Source: pkg/kubectl-argo-rollouts/info.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.base import revision_of
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.workload import Experiment, Pod, ReplicaSet
from amas_tui.rules.analysis import Counts, counts
from amas_tui.rules.phase import rollout_verdict
from amas_tui.rules.pods import PodState, pod_state
from amas_tui.rules.roles import Role, replica_set_status, roles, scale_down_deadline
from amas_tui.rules.weight import actual_weight, set_weight
from amas_tui.store.scene import Scene, sorted_runs

API_VERSION: Final = "amas-tui/v1"
EXPERIMENT_TEMPLATE: Final = "experiment.argoproj.io/template-name"


@dataclass(frozen=True, slots=True)
class ImageView:
    """An image that runs, and in which roles."""

    image: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PodView:
    """A pod."""

    name: str
    created: datetime | None
    state: PodState


@dataclass(frozen=True, slots=True)
class ReplicaSetView:
    """A ReplicaSet and its pods.

    Attributes:
        has_delay: Whether it carries a scale-down deadline, readable or not.
    """

    name: str
    created: datetime | None
    status: str
    tags: tuple[str, ...]
    pods: tuple[PodView, ...]
    has_delay: bool = False
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobView:
    """A Job that a metric ran."""

    name: str
    status: str
    started: datetime | None


@dataclass(frozen=True, slots=True)
class AnalysisRunView:
    """An analysis run."""

    name: str
    created: datetime | None
    status: str
    counts: Counts
    jobs: tuple[JobView, ...]


@dataclass(frozen=True, slots=True)
class ExperimentView:
    """An Experiment with what it runs."""

    name: str
    created: datetime | None
    status: str
    message: str
    replica_sets: tuple[ReplicaSetView, ...]
    analysis_runs: tuple[AnalysisRunView, ...]


@dataclass(frozen=True, slots=True)
class RevisionView:
    """What belongs to one revision."""

    revision: int
    replica_sets: tuple[ReplicaSetView, ...]
    experiments: tuple[ExperimentView, ...]
    analysis_runs: tuple[AnalysisRunView, ...]


@dataclass(frozen=True, slots=True)
class Replicas:
    """The rollout's own counters."""

    desired: int
    current: int
    updated: int
    ready: int
    available: int


@dataclass(frozen=True, slots=True)
class RolloutView:
    """A rollout.

    Attributes:
        step: Index and count, `None` for blue-green, without steps, or before the first reconcile.
        set_weight: `None` for blue-green.
        actual_weight: As the plugin computes it, `None` for blue-green.
    """

    name: str
    namespace: str
    created: datetime | None
    phase: str
    message: str
    strategy: str
    step: tuple[int, int] | None
    set_weight: int | None
    actual_weight: int | None
    images: tuple[ImageView, ...]
    replicas: Replicas
    revisions: tuple[RevisionView, ...]


def rollout_view(scene: Scene) -> RolloutView:
    """Return the plugin's picture of a rollout."""
    rollout = scene.rollout
    verdict = rollout_verdict(rollout)
    is_canary = rollout.canary is not None
    experiments = [experiment_view(scene, experiment) for experiment in scene.experiments]
    return RolloutView(
        name=rollout.key.name,
        namespace=rollout.key.namespace,
        created=rollout.metadata.creation_timestamp,
        phase=verdict.phase.value,
        message=verdict.message,
        strategy="Canary" if is_canary else "BlueGreen" if rollout.blue_green else "unknown",
        step=_step(rollout),
        set_weight=set_weight(rollout) if is_canary else None,
        actual_weight=actual_weight(rollout, scene.replica_sets) if is_canary else None,
        images=_images(scene),
        replicas=Replicas(
            desired=rollout.desired,
            current=rollout.status.replicas,
            updated=rollout.status.updated_replicas,
            ready=rollout.status.ready_replicas,
            available=rollout.status.available_replicas,
        ),
        revisions=_revisions(scene, list(zip(scene.experiments, experiments, strict=True))),
    )


def _step(rollout: Rollout) -> tuple[int, int] | None:
    index = rollout.status.current_step_index
    return (index, len(rollout.steps)) if index is not None and rollout.steps else None


def _revisions(
    scene: Scene, experiments: Sequence[tuple[Experiment, ExperimentView]]
) -> tuple[RevisionView, ...]:
    numbers = {rs.revision for rs in scene.replica_sets}
    numbers |= {revision_of(run.metadata) for run in scene.runs}
    numbers |= {revision_of(experiment.metadata) for experiment, _ in experiments}
    return tuple(
        RevisionView(
            revision=number,
            replica_sets=tuple(
                replica_set_view(scene, rs) for rs in scene.replica_sets if rs.revision == number
            ),
            experiments=tuple(
                view for one, view in experiments if revision_of(one.metadata) == number
            ),
            analysis_runs=tuple(
                analysis_run_view(run) for run in scene.runs if revision_of(run.metadata) == number
            ),
        )
        for number in sorted(numbers, reverse=True)
    )


def replica_set_view(scene: Scene, rs: ReplicaSet, *, with_roles: bool = True) -> ReplicaSetView:
    """Return one ReplicaSet with its pods."""
    tags = tuple(roles(scene.rollout, rs.hash)) if with_roles else ()
    return ReplicaSetView(
        name=rs.metadata.name,
        created=rs.metadata.creation_timestamp,
        status=replica_set_status(rs).value,
        tags=tuple(tag.value for tag in tags),
        pods=tuple(pod_view(pod) for pod in scene.pods_of(rs)),
        has_delay="scale-down-deadline" in rs.metadata.annotations,
        deadline=scale_down_deadline(rs),
    )


def pod_view(pod: Pod) -> PodView:
    """Return one pod."""
    return PodView(pod.metadata.name, pod.metadata.creation_timestamp, pod_state(pod))


def analysis_run_view(run: AnalysisRun) -> AnalysisRunView:
    """Return one run with the Jobs its measurements name."""
    jobs = tuple(
        JobView(measurement.metadata["job-name"], measurement.phase, measurement.started_at)
        for result in run.status.metric_results
        for measurement in result.measurements
        if "job-name" in measurement.metadata
    )
    return AnalysisRunView(
        run.metadata.name, run.metadata.creation_timestamp, run.status.phase, counts(run), jobs
    )


def experiment_view(scene: Scene, experiment: Experiment) -> ExperimentView:
    """Return one Experiment with its ReplicaSets and runs."""
    uid = experiment.metadata.uid
    owned = scene.snapshot.replica_sets_of(uid)
    sets = sorted(owned, key=lambda rs: (-rs.revision, rs.metadata.name))
    runs = sorted_runs(scene.snapshot.analysis_runs_of(uid))
    return ExperimentView(
        name=experiment.metadata.name,
        created=experiment.metadata.creation_timestamp,
        status=experiment.status.phase,
        message=experiment.status.message,
        replica_sets=tuple(replica_set_view(scene, rs, with_roles=False) for rs in sets),
        analysis_runs=tuple(analysis_run_view(run) for run in runs),
    )


def experiment_images(scene: Scene, experiment: Experiment) -> tuple[ImageView, ...]:
    """Return the images that an Experiment runs, each with its templates."""
    found: dict[str, ImageView] = {}
    for rs in scene.snapshot.replica_sets_of(experiment.metadata.uid):
        if rs.status.replicas > 0:
            name = rs.metadata.annotations.get(EXPERIMENT_TEMPLATE, "")
            _add_images(found, rs, (f"Σ:{name}",) if name else ())
    return tuple(sorted(found.values(), key=lambda image: image.image))


def experiment_json(view: ExperimentView, namespace: str) -> dict[str, Any]:
    """Return the documented JSON of `get experiment -o json`."""
    below = _revision_json(RevisionView(0, view.replica_sets, (), view.analysis_runs))
    return {
        "apiVersion": API_VERSION,
        "kind": "ExperimentView",
        "name": view.name,
        "namespace": namespace,
        "status": view.status,
        "message": view.message,
        "replicaSets": below["replicaSets"],
        "analysisRuns": below["analysisRuns"],
    }


def _images(scene: Scene) -> tuple[ImageView, ...]:
    found: dict[str, ImageView] = {}
    for rs in scene.replica_sets:
        if rs.status.replicas > 0:
            tags = tuple(role.value for role in _image_order(roles(scene.rollout, rs.hash)))
            _add_images(found, rs, tags)
    for experiment in scene.experiments:
        for rs in scene.snapshot.replica_sets_of(experiment.metadata.uid):
            if rs.status.replicas > 0:
                name = rs.metadata.annotations.get(EXPERIMENT_TEMPLATE, "")
                _add_images(found, rs, (f"Σ:{name}",) if name else ())
    return tuple(sorted(found.values(), key=lambda image: image.image))


def _image_order(found: tuple[Role, ...]) -> list[Role]:
    """Return roles as image lines print them: canary, stable, active, preview, ping, pong."""
    order = (Role.CANARY, Role.STABLE, Role.ACTIVE, Role.PREVIEW, Role.PING, Role.PONG)
    return [role for role in order if role in found]


def _add_images(found: dict[str, ImageView], rs: ReplicaSet, tags: tuple[str, ...]) -> None:
    for container in rs.spec.template.spec.containers:
        known = found.get(container.image)
        if known is None:
            found[container.image] = ImageView(container.image, tags)
        else:
            merged = tuple(sorted({*known.tags, *tags}))
            found[container.image] = replace(known, tags=merged)


def to_json(view: RolloutView) -> dict[str, Any]:
    """Return the documented JSON of `get -o json`: `amas-tui/v1`, `RolloutView`."""
    return {
        "apiVersion": API_VERSION,
        "kind": "RolloutView",
        "name": view.name,
        "namespace": view.namespace,
        "phase": view.phase,
        "message": view.message,
        "strategy": view.strategy,
        "step": {"index": view.step[0], "count": view.step[1]} if view.step else None,
        "setWeight": view.set_weight,
        "actualWeight": view.actual_weight,
        "images": [{"image": image.image, "tags": list(image.tags)} for image in view.images],
        "replicas": {
            "desired": view.replicas.desired,
            "current": view.replicas.current,
            "updated": view.replicas.updated,
            "ready": view.replicas.ready,
            "available": view.replicas.available,
        },
        "revisions": [_revision_json(revision) for revision in view.revisions],
    }


def _revision_json(revision: RevisionView) -> dict[str, Any]:
    return {
        "revision": revision.revision,
        "replicaSets": [
            {
                "name": rs.name,
                "status": rs.status,
                "tags": list(rs.tags),
                "pods": [
                    {
                        "name": pod.name,
                        "status": pod.state.status,
                        "ready": f"{pod.state.ready}/{pod.state.total}",
                        "restarts": pod.state.restarts,
                    }
                    for pod in rs.pods
                ],
            }
            for rs in revision.replica_sets
        ],
        "analysisRuns": [
            {
                "name": run.name,
                "status": run.status,
                "counts": {
                    "successful": run.counts.successful,
                    "failed": run.counts.failed,
                    "inconclusive": run.counts.inconclusive,
                    "error": run.counts.error,
                },
            }
            for run in revision.analysis_runs
        ],
        "experiments": [
            {"name": experiment.name, "status": experiment.status}
            for experiment in revision.experiments
        ],
    }
