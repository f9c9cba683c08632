"""ReplicaSets, Pods and Experiments: what runs.

Sources: k8s.io/api apps/v1 and core/v1; pkg/apis/rollouts/v1alpha1/experiment_types.go.
"""

from typing import Final

from amas_tui.domain.base import (
    HASH_LABEL,
    Condition,
    Flag,
    Int,
    Key,
    Many,
    Number,
    ObjectMeta,
    Str,
    Time,
    record,
    revision_of,
)
from amas_tui.domain.rollout import PodTemplate

SCALE_DOWN_DEADLINE: Final = "scale-down-deadline"
"""Annotation without prefix: RFC 3339 time after which the ReplicaSet may be scaled to 0."""


@record
class WorkloadSpec:
    """What another workload would run."""

    replicas: Number | None = None
    template: PodTemplate = PodTemplate()


@record
class Workload:
    """A Deployment or PodTemplate that holds the pod template of a Rollout."""

    metadata: ObjectMeta
    spec: WorkloadSpec = WorkloadSpec()


@record
class ReplicaSetSpec:
    """What a ReplicaSet should run."""

    replicas: Int = 0
    template: PodTemplate = PodTemplate()


@record
class ReplicaSetStatus:
    """What a ReplicaSet runs."""

    replicas: Int = 0
    ready_replicas: Int = 0
    available_replicas: Int = 0
    observed_generation: Int = 0
    conditions: Many[Condition] = ()


@record
class ReplicaSet:
    """One version of a Rollout's pods, or a template of an Experiment."""

    metadata: ObjectMeta
    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()

    @property
    def hash(self) -> str:
        """Return the pod template hash."""
        return self.metadata.labels.get(HASH_LABEL, "")

    @property
    def revision(self) -> int:
        """Return the revision number, 0 where it is not known."""
        return revision_of(self.metadata)


@record
class ContainerStateWaiting:
    """Why a container does not run yet."""

    reason: Str = ""
    message: Str = ""


@record
class ContainerStateRunning:
    """Since when a container runs."""

    started_at: Time | None = None


@record
class ContainerStateTerminated:
    """How a container ended."""

    reason: Str = ""
    message: Str = ""
    exit_code: Int = 0
    signal: Int = 0
    finished_at: Time | None = None


@record
class ContainerState:
    """At most one is set."""

    waiting: ContainerStateWaiting | None = None
    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None


@record
class ContainerStatus:
    """What the kubelet says of one container."""

    name: Str = ""
    image: Str = ""
    ready: Flag = False
    started: bool | None = None
    restart_count: Int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


@record
class Container:
    """A container as the pod asks for it."""

    name: Str = ""
    image: Str = ""
    restart_policy: Str = ""
    """`Always` on an init container makes it a sidecar."""


@record
class PodSpec:
    """What a pod runs, and where."""

    node_name: Str = ""
    containers: Many[Container] = ()
    init_containers: Many[Container] = ()


@record
class PodStatus:
    """What the kubelet and the scheduler say."""

    phase: Str = ""
    reason: Str = ""
    message: Str = ""
    conditions: Many[Condition] = ()
    init_container_statuses: Many[ContainerStatus] = ()
    container_statuses: Many[ContainerStatus] = ()
    start_time: Time | None = None


@record
class Pod:
    """One pod at one resourceVersion."""

    metadata: ObjectMeta
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def key(self) -> Key:
        """Return namespace and name."""
        return self.metadata.key

    @property
    def hash(self) -> str:
        """Return the pod template hash."""
        return self.metadata.labels.get(HASH_LABEL, "")


@record
class ExperimentSpec:
    """What an Experiment was asked for."""

    terminate: Flag = False
    duration: Str = ""


@record
class ExperimentTemplateStatus:
    """What became of one template."""

    name: Str = ""
    status: Str = ""
    message: Str = ""
    replicas: Int = 0
    available_replicas: Int = 0


@record
class ExperimentRunStatus:
    """What became of one analysis of an Experiment."""

    name: Str = ""
    analysis_run: Str = ""
    phase: Str = ""
    message: Str = ""


@record
class ExperimentStatus:
    """What the experiment controller last reported."""

    phase: Str = ""
    message: Str = ""
    available_at: Time | None = None
    template_statuses: Many[ExperimentTemplateStatus] = ()
    analysis_runs: Many[ExperimentRunStatus] = ()


@record
class Experiment:
    """One Experiment at one resourceVersion."""

    metadata: ObjectMeta
    spec: ExperimentSpec = ExperimentSpec()
    status: ExperimentStatus = ExperimentStatus()

    @property
    def key(self) -> Key:
        """Return namespace and name."""
        return self.metadata.key
