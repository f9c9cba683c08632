"""Rollout: what was asked for and what the controller last reported.

Source: pkg/apis/rollouts/v1alpha1/types.go.
"""

from dataclasses import field
from enum import StrEnum
from typing import Final

from amas_tui.domain.base import (
    Condition,
    Flag,
    Int,
    IntOrStr,
    Key,
    Labels,
    Many,
    Names,
    Number,
    ObjectMeta,
    Present,
    Str,
    Time,
    record,
    revision_of,
)


class Phase(StrEnum):
    """`status.phase` of a Rollout."""

    HEALTHY = "Healthy"
    DEGRADED = "Degraded"
    PROGRESSING = "Progressing"
    PAUSED = "Paused"
    UNKNOWN = "Unknown"

    @classmethod
    def _missing_(cls, _value: object) -> "Phase":
        return cls.UNKNOWN


class PauseReason(StrEnum):
    """`status.pauseConditions[].reason`."""

    CANARY_STEP = "CanaryPauseStep"
    BLUE_GREEN = "BlueGreenPause"
    INCONCLUSIVE_ANALYSIS = "InconclusiveAnalysisRun"
    INCONCLUSIVE_EXPERIMENT = "InconclusiveExperiment"
    UNKNOWN = "Unknown"

    @classmethod
    def _missing_(cls, _value: object) -> "PauseReason":
        return cls.UNKNOWN


@record
class FieldRef:
    """A path into the Rollout, downward-API style or plain."""

    field_path: Str = ""


@record
class ArgumentSource:
    """Where a Rollout's analysis argument takes its value from."""

    pod_template_hash_value: Str = ""
    """`Latest` or `Stable`."""
    field_ref: FieldRef | None = None


@record
class Argument:
    """An argument given to an analysis."""

    name: Str = ""
    value: Str | None = None
    value_from: ArgumentSource | None = None


@record
class TemplateRef:
    """A named AnalysisTemplate or, with `cluster_scope`, ClusterAnalysisTemplate."""

    template_name: Str = ""
    cluster_scope: Flag = False


@record
class DryRun:
    """A rule that takes metrics out of the verdict."""

    metric_name: Str = ""


@record
class RolloutAnalysis:
    """An analysis as a step, in the background, or before or after a promotion."""

    templates: Many[TemplateRef] = ()
    args: Many[Argument] = ()
    dry_run: Many[DryRun] = ()
    starting_step: Number | None = None


@record
class PauseStep:
    """A pause; without a duration it waits for a human."""

    duration: IntOrStr | None = None


@record
class SetCanaryScale:
    """How many canary pods, apart from the weight."""

    weight: Number | None = None
    replicas: Number | None = None
    match_traffic_weight: Flag = False


@record
class NamedRoute:
    """A header or mirror route of a step."""

    name: Str = ""


@record
class ExperimentTemplate:
    """One ReplicaSet of an experiment step."""

    name: Str = ""
    spec_ref: Str = ""
    weight: Number | None = None


@record
class ExperimentStep:
    """An experiment as a step."""

    templates: Many[ExperimentTemplate] = ()
    duration: Str = ""


@record
class PluginStep:
    """A step run by a plugin of the controller."""

    name: Str = ""


@record
class Step:
    """One canary step. The API intends one key; several can get past its validation."""

    set_weight: Number | None = None
    pause: PauseStep | None = None
    analysis: RolloutAnalysis | None = None
    experiment: ExperimentStep | None = None
    set_canary_scale: SetCanaryScale | None = None
    set_header_route: NamedRoute | None = None
    set_mirror_route: NamedRoute | None = None
    plugin: PluginStep | None = None


@record
class NginxRouting:
    """The Ingress, or Ingresses, whose canary twin the controller writes."""

    stable_ingress: Str = ""
    stable_ingresses: Many[Str] = ()
    annotation_prefix: Str = ""

    @property
    def ingresses(self) -> tuple[str, ...]:
        """Return the names of the stable Ingresses."""
        return (self.stable_ingress,) if self.stable_ingress else self.stable_ingresses


@record
class TrafficRouting:
    """Who splits the traffic. Only nginx' objects are read here; others by their presence."""

    nginx: NginxRouting | None = None
    istio: Present = False
    alb: Present = False
    smi: Present = False
    ambassador: Present = False
    app_mesh: Present = False
    traefik: Present = False
    apisix: Present = False
    plugins: Names = ()
    max_traffic_weight: Number | None = None

    @property
    def provider(self) -> str:
        """Return the first configured provider's name as the API spells it."""
        named = {
            "nginx": self.nginx is not None,
            "istio": self.istio,
            "alb": self.alb,
            "smi": self.smi,
            "ambassador": self.ambassador,
            "appMesh": self.app_mesh,
            "traefik": self.traefik,
            "apisix": self.apisix,
        }
        plugin = next(iter(self.plugins), "")
        return next((name for name, present in named.items() if present), plugin)


@record
class PingPong:
    """Two Services that take turns at being stable."""

    ping_service: Str = ""
    pong_service: Str = ""


@record
class CanaryStrategy:
    """`spec.strategy.canary`."""

    steps: Many[Step] = ()
    canary_service: Str = ""
    stable_service: Str = ""
    traffic_routing: TrafficRouting | None = None
    analysis: RolloutAnalysis | None = None
    max_surge: IntOrStr | None = None
    max_unavailable: IntOrStr | None = None
    scale_down_delay_seconds: Number | None = None
    abort_scale_down_delay_seconds: Number | None = None
    dynamic_stable_scale: Flag = False
    min_pods_per_replica_set: Number | None = None
    ping_pong: PingPong | None = None


@record
class BlueGreenStrategy:
    """`spec.strategy.blueGreen`."""

    active_service: Str = ""
    preview_service: Str = ""
    preview_replica_count: Number | None = None
    auto_promotion_enabled: bool | None = None
    auto_promotion_seconds: Int = 0
    pre_promotion_analysis: RolloutAnalysis | None = None
    post_promotion_analysis: RolloutAnalysis | None = None
    scale_down_delay_seconds: Number | None = None
    abort_scale_down_delay_seconds: Number | None = None


@record
class Strategy:
    """Canary or blue-green; both absent is an invalid spec."""

    canary: CanaryStrategy | None = None
    blue_green: BlueGreenStrategy | None = None


@record
class ContainerImage:
    """A container of a pod template, as far as the screen needs it."""

    name: Str = ""
    image: Str = ""


@record
class TemplateSpec:
    """The pod template's spec: who runs."""

    containers: Many[ContainerImage] = ()
    init_containers: Many[ContainerImage] = ()


@record
class PodTemplate:
    """A pod template without what nobody looks at; the whole one is fetched when it is needed."""

    spec: TemplateSpec = TemplateSpec()


@record
class WorkloadRef:
    """The object that holds the pod template instead of the Rollout."""

    api_version: Str = ""
    kind: Str = ""
    name: Str = ""
    scale_down: Str = ""


@record
class LabelRequirement:
    """One expression of a label selector."""

    key: Str = ""
    operator: Str = ""
    """`In`, `NotIn`, `Exists` or `DoesNotExist`."""
    values: Many[Str] = ()


@record
class LabelSelector:
    """`spec.selector`."""

    match_labels: Labels = field(default_factory=dict)
    match_expressions: Many[LabelRequirement] = ()


@record
class RollbackWindow:
    """How many revisions back count as a rollback that skips steps."""

    revisions: Int = 0


@record
class RolloutSpec:
    """What was asked for."""

    replicas: Number | None = None
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()
    workload_ref: WorkloadRef | None = None
    min_ready_seconds: Int = 0
    paused: Flag = False
    restart_at: Time | None = None
    progress_deadline_seconds: Number | None = None
    progress_deadline_abort: Flag = False
    revision_history_limit: Number | None = None
    rollback_window: RollbackWindow | None = None
    strategy: Strategy = Strategy()


@record
class PauseCondition:
    """Why and since when the controller waits."""

    reason: Str = ""
    start_time: Time | None = None


@record
class WeightDestination:
    """The share of one ReplicaSet, in parts of the maximum weight."""

    weight: Int = 0
    service_name: Str = ""
    pod_template_hash: Str = ""


@record
class Weights:
    """What the controller last asked the router for."""

    canary: WeightDestination = WeightDestination()
    stable: WeightDestination = WeightDestination()
    additional: Many[WeightDestination] = ()
    verified: bool | None = None


@record
class RunStatus:
    """The analysis run that a Rollout currently looks at."""

    name: Str = ""
    status: Str = ""
    message: Str = ""


@record
class CanaryStatus:
    """`status.canary`."""

    weights: Weights | None = None
    current_step_analysis_run_status: RunStatus | None = None
    current_background_analysis_run_status: RunStatus | None = None
    current_experiment: Str = ""
    stable_ping_pong: Str = ""


@record
class BlueGreenStatus:
    """`status.blueGreen`; the selectors are copied from the live Services at each sync."""

    active_selector: Str = ""
    preview_selector: Str = ""
    scale_up_preview_check_point: Flag = False
    pre_promotion_analysis_run_status: RunStatus | None = None
    post_promotion_analysis_run_status: RunStatus | None = None


@record
class RolloutStatus:
    """What the controller last reported."""

    phase: Str = ""
    message: Str = ""
    observed_generation: Str = ""
    """A decimal number in a string; absent counts as observed."""
    workload_observed_generation: Str = ""
    current_pod_hash: Str = ""
    stable_rs: Str = ""
    """The *hash* of the stable ReplicaSet; empty until the first deployment was accepted."""
    current_step_index: Number | None = None
    """0-based; `len(steps)` when finished."""
    current_step_hash: Str = ""
    replicas: Int = 0
    updated_replicas: Int = 0
    ready_replicas: Int = 0
    available_replicas: Int = 0
    selector: Str = ""
    pause_conditions: Many[PauseCondition] = ()
    controller_pause: Flag = False
    abort: Flag = False
    aborted_at: Time | None = None
    promote_full: Flag = False
    restarted_at: Time | None = None
    conditions: Many[Condition] = ()
    canary: CanaryStatus = CanaryStatus()
    blue_green: BlueGreenStatus = BlueGreenStatus()


WORKLOAD_GENERATION: Final = "rollout.argoproj.io/workload-generation"


@record
class Rollout:
    """One Rollout at one resourceVersion."""

    metadata: ObjectMeta
    spec: RolloutSpec = RolloutSpec()
    status: RolloutStatus = RolloutStatus()

    @property
    def key(self) -> Key:
        """Return namespace and name."""
        return self.metadata.key

    @property
    def uid(self) -> str:
        """Return the identity that no rename or re-creation shares."""
        return self.metadata.uid

    @property
    def canary(self) -> CanaryStrategy | None:
        """Return the canary strategy, `None` for blue-green or an invalid spec."""
        return self.spec.strategy.canary

    @property
    def blue_green(self) -> BlueGreenStrategy | None:
        """Return the blue-green strategy, `None` for canary or an invalid spec."""
        return self.spec.strategy.blue_green

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the canary steps; empty for blue-green."""
        return self.canary.steps if self.canary else ()

    @property
    def desired(self) -> int:
        """Return the wanted number of pods; absent means 1."""
        return 1 if self.spec.replicas is None else self.spec.replicas

    @property
    def revision(self) -> int:
        """Return the newest revision's number, 0 when the controller never reconciled."""
        return revision_of(self.metadata)

    @property
    def is_promoted(self) -> bool:
        """Return whether the desired ReplicaSet is the stable one; says nothing about health.

        Source: utils/rollout/rolloututil.go:IsFullyPromoted.
        """
        return self.status.stable_rs == self.status.current_pod_hash

    @property
    def is_updating(self) -> bool:
        """Return whether an update is in flight: a stable version exists and is not the wanted."""
        return bool(self.status.stable_rs) and not self.is_promoted

    def condition(self, kind: str) -> Condition | None:
        """Return the condition of that type, or `None`."""
        return next((c for c in self.status.conditions if c.type == kind), None)
