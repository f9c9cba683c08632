"""What was fetched to explain rollouts: of the board, and more of the open one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.traffic import Ingress, Service
from amas_tui.domain.workload import Pod, ReplicaSet
from amas_tui.store.kinds import Kind


@dataclass(frozen=True, slots=True)
class Clues:
    """What no watch brings.

    Attributes:
        last_lines: Last log line of crashed containers, by the pod's uid and the container's name.
        ingress_classes: Names of the cluster's IngressClasses, `None` where they are not known.
        workload_generation: Generation of the workload behind a workloadRef.
    """

    last_lines: Mapping[tuple[str, str], str] = field(default_factory=dict)
    ingress_classes: frozenset[str] | None = None
    workload_generation: int | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """What explains one rollout of the board, as of one moment.

    Attributes:
        version: The rollout's resourceVersion that they were fetched for.
        runs: Of the newest version; so are the pods.
        missing: Kinds that may not be read, as the server names them.
        kinds: Kinds that were asked for and answered.
        replica_sets: Of the newest and of the stable version.
        services: Those that the rollout steers; empty where the traffic was not asked for.
    """

    version: str
    at: datetime
    runs: tuple[AnalysisRun, ...] = ()
    pods: tuple[Pod, ...] = ()
    missing: tuple[str, ...] = ()
    replica_sets: tuple[ReplicaSet, ...] = ()
    services: tuple[Service, ...] = ()
    ingresses: tuple[Ingress, ...] = ()
    kinds: tuple[Kind, ...] = ()
    clues: Clues = Clues()
