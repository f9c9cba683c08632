"""Analysis runs as JSON: every metric with its limits and what was measured."""

import math
from typing import Any

from amas_tui.domain.analysis import AnalysisRun, Measurement
from amas_tui.rules.analysis import MetricState, is_cut_short, metric_states, passed_without_data
from amas_tui.rules.condition import first_number
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.rollout_view import API_VERSION


def analysis_json(scene: Scene) -> dict[str, Any]:
    """Return the documented JSON of `analysis`."""
    return {
        "apiVersion": API_VERSION,
        "kind": "RolloutAnalysis",
        "name": scene.rollout.key.name,
        "namespace": scene.rollout.key.namespace,
        "runs": [run_json(run) for run in scene.runs],
    }


def run_json(run: AnalysisRun) -> dict[str, Any]:
    """Return one run."""
    return {
        "name": run.metadata.name,
        "type": run.rollout_type,
        "step": run.step_index,
        "phase": run.status.phase,
        "message": run.status.message,
        "cutShort": is_cut_short(run),
        "passedWithoutData": passed_without_data(run),
        "metrics": [_metric(state) for state in metric_states(run)],
    }


def _metric(state: MetricState) -> dict[str, Any]:
    result, metric = state.result, state.metric
    prometheus = metric.provider.prometheus
    return {
        "name": state.name,
        "phase": state.phase.value,
        "dryRun": state.is_dry_run,
        "value": _finite(state.value),
        "successCondition": metric.success_condition,
        "failureCondition": metric.failure_condition,
        "failureLimit": state.failure_limit,
        "measured": state.measured,
        "wanted": state.wanted,
        "failed": result.failed if result else 0,
        "query": prometheus.query if prometheus else None,
        "measurements": [_measurement(one) for one in result.measurements] if result else [],
    }


def _measurement(one: Measurement) -> dict[str, Any]:
    return {
        "phase": one.phase,
        "value": _finite(first_number(one.value)),
        "text": one.value,
        "message": one.message,
        "finishedAt": one.finished_at.isoformat() if one.finished_at else None,
    }


def _finite(value: float | None) -> float | None:
    """Return a number that JSON can hold."""
    return value if value is not None and math.isfinite(value) else None
