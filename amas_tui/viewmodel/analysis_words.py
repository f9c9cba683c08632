"""The limits of a metric in words: how much it may still fail, and what its errors mean.

Source: analysis/analysis.go:assessMetricStatus, assessMetricFailureInconclusiveOrError.
"""

import math
from collections.abc import Iterator
from typing import Final

from amas_tui.domain.analysis import AnalysisPhase
from amas_tui.domain.base import IntOrStr
from amas_tui.rules.analysis import (
    DEFAULT_CONSECUTIVE_ERRORS,
    MetricState,
    newest_measurement,
    whole,
)
from amas_tui.rules.condition import first_number

_RETRY: Final = "an error is asked again after 10 s, whatever the interval"
_BOTH: Final = "neither condition held"


def margin(state: MetricState) -> str:
    """Return in words how much a metric may still fail, e.g. `1 more failure halts`."""
    result = state.result
    parts = [_failures(state.failure_limit, result.failed if result else 0)]
    inconclusive = result.inconclusive if result else 0
    if state.metric.success_condition and state.metric.failure_condition:
        parts.append(_inconclusive(_limit(state.metric.inconclusive_limit), inconclusive))
    errors = _error_limit(state) + 1
    in_a_row = result.consecutive_error if result else 0
    if in_a_row:
        parts.append(f"{in_a_row} {_plural('error', in_a_row)} in a row, {errors} halt")
    wanted = _limit(state.metric.consecutive_success_limit)
    if wanted:
        have = result.consecutive_success if result else 0
        parts.append(f"{have} of {wanted} good in a row pass")
    return "; ".join(parts)


def _limit(value: IntOrStr | None) -> int:
    return whole(value) or 0


def _error_limit(state: MetricState) -> int:
    limit = whole(state.metric.consecutive_error_limit)
    return DEFAULT_CONSECUTIVE_ERRORS if limit is None else limit


def _failures(limit: int, failed: int) -> str:
    if limit < 0:
        return "failures do not halt"
    left = limit - failed + 1
    return "1 more failure halts" if left <= 1 else f"{left} more failures halt"


def _inconclusive(limit: int, seen: int) -> str:
    left = limit - seen + 1
    return "1 inconclusive pauses" if left <= 1 else f"{left} inconclusive pause"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def explained(state: MetricState) -> Iterator[str]:
    """Yield what the newest measurement means where its word alone does not say it."""
    newest = newest_measurement(state.result)
    if newest is None:
        return
    phase = AnalysisPhase(newest.phase)
    value = first_number(newest.value)
    no_traffic = value is not None and math.isnan(value)
    if phase is AnalysisPhase.ERROR and not state.phase.is_final:
        yield f"{_RETRY}; {_error_limit(state) + 1} in a row halt"
    if phase is AnalysisPhase.INCONCLUSIVE:
        why = _because(newest.value, no_traffic=no_traffic)
        yield f"{_BOTH}{why}: the rollout pauses for a human"
    elif phase is AnalysisPhase.FAILED and no_traffic:
        yield "NaN fails every comparison: there was no traffic in the query's window"
    elif phase is AnalysisPhase.SUCCESSFUL and no_traffic:
        yield "NaN passed: there was no traffic in the query's window"


def _because(value: str, *, no_traffic: bool) -> str:
    if no_traffic:
        return ": NaN, there was no traffic"
    return ": the query gave no data" if value == "[]" else ""
