"""AnalysisTemplate and AnalysisRun: what is measured, and what came out.

Source: pkg/apis/rollouts/v1alpha1/analysis_types.go.
"""

from dataclasses import field
from enum import StrEnum
from typing import Final

from amas_tui.domain.base import (
    Flag,
    Host,
    Int,
    IntOrStr,
    Key,
    Labels,
    Many,
    ObjectMeta,
    Present,
    Raw,
    Str,
    Time,
    record,
)
from amas_tui.domain.rollout import DryRun, FieldRef


class AnalysisPhase(StrEnum):
    """Phase of a run, a metric or a measurement; the last four are final."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    ERROR = "Error"
    INCONCLUSIVE = "Inconclusive"
    UNKNOWN = ""

    @classmethod
    def _missing_(cls, _value: object) -> "AnalysisPhase":
        return cls.UNKNOWN

    @property
    def is_final(self) -> bool:
        """Return whether nothing more will be measured."""
        return self in _FINAL

    @property
    def is_bad(self) -> bool:
        """Return whether it halts an update."""
        return self in (AnalysisPhase.FAILED, AnalysisPhase.ERROR)


_FINAL: Final = frozenset(
    {
        AnalysisPhase.SUCCESSFUL,
        AnalysisPhase.FAILED,
        AnalysisPhase.ERROR,
        AnalysisPhase.INCONCLUSIVE,
    }
)

ROLLOUT_TYPE_LABEL: Final = "rollout-type"
STEP_INDEX_LABEL: Final = "step-index"


@record
class SecretKeyRef:
    """A Secret's name and key; its value is never read."""

    name: Str = ""
    key: Str = ""


@record
class TemplateArgumentSource:
    """Where a template's argument takes its value from."""

    secret_key_ref: SecretKeyRef | None = None
    field_ref: FieldRef | None = None


@record
class TemplateArgument:
    """An argument of a template or a run."""

    name: Str = ""
    value: Raw | None = None
    value_from: TemplateArgumentSource | None = None


@record
class PrometheusProvider:
    """A query and where it is asked. Headers and authentication are not read."""

    address: Raw = ""
    query: Raw = ""
    range_query: Present = False


@record
class WebProvider:
    """Whom a web metric asks. What may hold credentials is not kept: path, headers, body."""

    url: Host = ""
    json_path: Str = ""
    method: Str = ""


@record
class Provider:
    """Exactly one is set; what the others ask is not read, only that they are there."""

    prometheus: PrometheusProvider | None = None
    web: WebProvider | None = None
    job: Present = False
    datadog: Present = False
    kayenta: Present = False
    wavefront: Present = False
    new_relic: Present = False
    cloud_watch: Present = False
    graphite: Present = False
    influxdb: Present = False
    skywalking: Present = False
    plugin: Present = False

    @property
    def kind(self) -> str:
        """Return the provider's name as the API spells it, empty when none is known."""
        named = {
            "prometheus": self.prometheus is not None,
            "web": self.web is not None,
            "job": self.job,
            "datadog": self.datadog,
            "kayenta": self.kayenta,
            "wavefront": self.wavefront,
            "newRelic": self.new_relic,
            "cloudWatch": self.cloud_watch,
            "graphite": self.graphite,
            "influxdb": self.influxdb,
            "skywalking": self.skywalking,
            "plugin": self.plugin,
        }
        return next((name for name, present in named.items() if present), "")


@record
class Metric:
    """One metric of a template or run; limits may be numbers, strings or `{{args.x}}`."""

    name: Str = ""
    interval: Str = ""
    initial_delay: Str = ""
    count: IntOrStr | None = None
    success_condition: Raw = ""
    failure_condition: Raw = ""
    failure_limit: IntOrStr | None = None
    inconclusive_limit: IntOrStr | None = None
    consecutive_error_limit: IntOrStr | None = None
    consecutive_success_limit: IntOrStr | None = None
    provider: Provider = Provider()


@record
class NestedTemplate:
    """A template that another one includes."""

    template_name: Str = ""
    cluster_scope: Flag = False


@record
class AnalysisTemplateSpec:
    """What an analysis measures."""

    metrics: Many[Metric] = ()
    args: Many[TemplateArgument] = ()
    dry_run: Many[DryRun] = ()
    templates: Many[NestedTemplate] = ()


@record
class AnalysisTemplate:
    """A namespaced or cluster-wide template."""

    metadata: ObjectMeta
    spec: AnalysisTemplateSpec = AnalysisTemplateSpec()


@record
class Measurement:
    """One measurement; `value` is the provider's text, absent on an error."""

    phase: Str = ""
    message: Str = ""
    started_at: Time | None = None
    finished_at: Time | None = None
    value: Str = ""
    metadata: Labels = field(default_factory=dict)
    resume_at: Time | None = None


@record
class MetricResult:
    """What came of one metric; `measurements` holds the newest ten, the counters hold all."""

    name: Str = ""
    phase: Str = ""
    message: Str = ""
    count: Int = 0
    successful: Int = 0
    failed: Int = 0
    inconclusive: Int = 0
    error: Int = 0
    consecutive_error: Int = 0
    consecutive_success: Int = 0
    dry_run: Flag = False
    measurements: Many[Measurement] = ()
    metadata: dict[str, Raw] = field(default_factory=dict)
    """Holds `ResolvedPrometheusQuery`, to the letter."""


@record
class AnalysisRunSpec:
    """A snapshot of the templates at the time the run was made; queries stay unresolved."""

    metrics: Many[Metric] = ()
    args: Many[TemplateArgument] = ()
    dry_run: Many[DryRun] = ()
    terminate: Flag = False


@record
class AnalysisRunStatus:
    """What the analysis controller last reported."""

    phase: Str = ""
    message: Str = ""
    started_at: Time | None = None
    completed_at: Time | None = None
    metric_results: Many[MetricResult] = ()


@record
class AnalysisRun:
    """One run at one resourceVersion."""

    metadata: ObjectMeta
    spec: AnalysisRunSpec = AnalysisRunSpec()
    status: AnalysisRunStatus = AnalysisRunStatus()

    @property
    def key(self) -> Key:
        """Return namespace and name."""
        return self.metadata.key

    @property
    def phase(self) -> AnalysisPhase:
        """Return the phase; `UNKNOWN` until the controller first saw the run."""
        return AnalysisPhase(self.status.phase)

    @property
    def step_index(self) -> int | None:
        """Return the 0-based step that started it, `None` for other kinds of run."""
        text = self.metadata.labels.get(STEP_INDEX_LABEL, "")
        return int(text) if text.isascii() and text.isdecimal() else None

    @property
    def rollout_type(self) -> str:
        """Return `Step`, `Background`, `PrePromotion`, `PostPromotion`, or empty."""
        return self.metadata.labels.get(ROLLOUT_TYPE_LABEL, "")
