"""What measurements mean for a metric, and metrics for a run.

Source: analysis/analysis.go.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from amas_tui.demo.analysis.measurement import ERROR, FAILED, INCONCLUSIVE, SUCCESSFUL
from amas_tui.demo.analysis.metrics import Metric
from amas_tui.demo.store import Json

RUNNING: Final = "Running"
PENDING: Final = "Pending"
COMPLETED: Final = frozenset({SUCCESSFUL, FAILED, ERROR, INCONCLUSIVE})
_BAD: Final = frozenset({FAILED, ERROR, INCONCLUSIVE})
_WORST_LAST: Final = (SUCCESSFUL, RUNNING, PENDING, INCONCLUSIVE, ERROR, FAILED)
_COUNTERS: Final = {
    SUCCESSFUL: "successful",
    FAILED: "failed",
    ERROR: "error",
    INCONCLUSIVE: "inconclusive",
}
TERMINATED: Final = "Run Terminated"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run comes to.

    Attributes:
        phase: `Running` while it goes on.
        message: Why, where it did not go well.
        ended: The metrics that ended just now, with their phase.
    """

    phase: str
    message: str
    ended: tuple[tuple[str, str], ...]


def result_of(status: Json, name: str) -> Json | None:
    """Return what the status says of a metric, `None` before its first measurement."""
    return next((each for each in status.get("metricResults", ()) if each["name"] == name), None)


def is_terminating(spec: Json, status: Json) -> bool:
    """Return whether nothing more is to be measured: it was asked for, or a metric ended badly."""
    return bool(spec.get("terminate")) or any(
        each["phase"] in _BAD and not each.get("dryRun") for each in status["metricResults"]
    )


def count_measurement(result: Json, phase: str) -> None:
    """Count one more measurement of a phase."""
    _add(result, _COUNTERS[phase])
    if phase == ERROR:
        _add(result, "consecutiveError")
        result.pop("consecutiveSuccess", None)
        return
    _add(result, "count")
    result.pop("consecutiveError", None)
    if phase == SUCCESSFUL:
        _add(result, "consecutiveSuccess")
    else:
        result.pop("consecutiveSuccess", None)


def _add(result: Json, name: str) -> None:
    result[name] = result.get(name, 0) + 1


def problem(metric: Metric, result: Json) -> tuple[str, str]:
    """Return as what a metric ends for its bad measurements, and why; empty while it does not.

    Of several limits that are passed the last one counts.
    """
    found = ("", "")
    failed, inconclusive = result.get("failed", 0), result.get("inconclusive", 0)
    errors = result.get("consecutiveError", 0)
    if 0 <= metric.failure_limit < failed:
        found = (FAILED, f"failed ({failed}) > failureLimit ({metric.failure_limit})")
    if inconclusive > metric.inconclusive_limit:
        limit = f"inconclusiveLimit ({metric.inconclusive_limit})"
        found = (INCONCLUSIVE, f"inconclusive ({inconclusive}) > {limit}")
    if errors > metric.error_limit:
        limit = f"consecutiveErrorLimit ({metric.error_limit})"
        found = (ERROR, f"consecutiveErrors ({errors}) > {limit}")
    return found


def is_counted_out(metric: Metric, result: Json) -> bool:
    """Return whether there are as many measurements as wanted."""
    return metric.count is not None and result.get("count", 0) >= metric.count


def metric_phase(metric: Metric, result: Json, *, terminating: bool) -> str:
    """Return a metric's phase after its measurements."""
    phase: str = result["phase"]
    if phase in COMPLETED:
        return phase
    if bad := problem(metric, result)[0]:
        return bad
    if 0 < metric.success_limit <= result.get("consecutiveSuccess", 0):
        return SUCCESSFUL
    if is_counted_out(metric, result):
        if metric.success_limit > 0:
            return INCONCLUSIVE if metric.failure_limit >= 0 else FAILED
        return SUCCESSFUL
    return SUCCESSFUL if terminating else RUNNING


def assess(spec: Json, status: Json, metrics: Sequence[Metric], dry_run: Set[str]) -> Verdict:
    """Return what a run comes to, and bring the results and summaries in its status up to date."""
    terminating = is_terminating(spec, status)
    summaries: Mapping[bool, Json] = {False: {}, True: {}}
    worst, message = "", TERMINATED if spec.get("terminate") else ""
    ended, is_over = [], True
    for metric in metrics:
        is_dry = metric.name in dry_run
        _add(summaries[is_dry], "count")
        result = result_of(status, metric.name)
        if result is None:
            is_over = False
            continue
        if _moved_on(metric, result, terminating=terminating):
            ended.append((metric.name, result["phase"]))
        if result["phase"] not in COMPLETED:
            is_over = False
            continue
        why, reason = problem(metric, result)
        _add(summaries[is_dry], _COUNTERS[why or SUCCESSFUL])
        if is_dry:
            worst = worst or SUCCESSFUL
            if reason:
                result["message"] = f"Metric assessed {result['phase']} due to {reason}"
        elif not worst or _is_worse(result["phase"], worst):
            worst = result["phase"]
            message = _message(metric, result, reason) or message
    status["runSummary"], status["dryRunSummary"] = summaries[False], summaries[True]
    if terminating:
        return Verdict(worst or SUCCESSFUL, message, tuple(ended))
    if not is_over or not worst:
        return Verdict(RUNNING, "", tuple(ended))
    return Verdict(worst, message, tuple(ended))


def _moved_on(metric: Metric, result: Json, *, terminating: bool) -> bool:
    """Bring a metric's phase up to date; return whether it ended by that."""
    phase = metric_phase(metric, result, terminating=terminating)
    if phase == result["phase"]:
        return False
    result["phase"] = phase
    result.pop("message", None)
    if last := result["measurements"][-1].get("message"):
        result["message"] = last
    return phase in COMPLETED


def _is_worse(phase: str, than: str) -> bool:
    return _WORST_LAST.index(phase) > _WORST_LAST.index(than)


def _message(metric: Metric, result: Json, reason: str) -> str:
    if not reason:
        return ""
    told = f'Metric "{metric.name}" assessed {result["phase"]} due to {reason}'
    last = result.get("message")
    return f'{told}: "Error Message: {last}"' if last else told
