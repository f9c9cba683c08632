"""Controllers of AnalysisRuns that do one thing wrong each."""

from collections.abc import Callable, Mapping
from typing import Final

import pytest

from amas_tui.demo.analysis import assessment, measurement, runs
from amas_tui.demo.analysis.assessment import Verdict
from amas_tui.demo.analysis.conditions.evaluation import Measured, holds
from amas_tui.demo.analysis.measurement import (
    ERROR,
    FAILED,
    INCONCLUSIVE,
    SUCCESSFUL,
    Measurement,
    Provider,
)
from amas_tui.demo.analysis.metrics import Metric
from tests.controlplane.kinds import Json

Mutate = Callable[[pytest.MonkeyPatch], None]

_problem = assessment.problem
_count = assessment.count_measurement
_assess = assessment.assess
_measure = Provider.measure


def _failure_limit_ignored(patch: pytest.MonkeyPatch) -> None:
    def problem(metric: Metric, result: Json) -> tuple[str, str]:
        found = _problem(metric, result)
        return ("", "") if found[0] == FAILED else found

    patch.setattr(assessment, "problem", problem)


def _failure_limit_off_by_one(patch: pytest.MonkeyPatch) -> None:
    def problem(metric: Metric, result: Json) -> tuple[str, str]:
        failed = result.get("failed", 0)
        return _problem(metric, {**result, "failed": failed + 1} if failed else result)

    patch.setattr(assessment, "problem", problem)


def _inconclusive_limit_ignored(patch: pytest.MonkeyPatch) -> None:
    def problem(metric: Metric, result: Json) -> tuple[str, str]:
        found = _problem(metric, result)
        return ("", "") if found[0] == INCONCLUSIVE else found

    patch.setattr(assessment, "problem", problem)


def _count_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(assessment, "is_counted_out", lambda _metric, _result: False)


def _missing_numbers_pass(patch: pytest.MonkeyPatch) -> None:
    def lenient(condition: str, measured: Measured) -> bool:
        numbers = measured if isinstance(measured, list) else [measured]
        return any(each != each for each in numbers) or holds(condition, measured)

    patch.setattr(measurement, "holds", lenient)


def _terminate_ignored(patch: pytest.MonkeyPatch) -> None:
    ends = assessment.is_terminating
    patch.setattr(assessment, "is_terminating", lambda _spec, status: ends({}, status))


def _failure_ends_nothing_else(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(assessment, "is_terminating", lambda spec, _status: bool(spec.get("terminate")))


def _taken_for(instead: Mapping[str, str]) -> Mutate:
    """Return a mutant that takes measurements of one phase for another."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        def measure(provider: Provider, metric: Metric) -> Measurement:
            taken = _measure(provider, metric)
            phase = instead.get(taken.phase, taken.phase)
            return Measurement(phase, taken.value, taken.message, taken.is_provided)

        patch.setattr(Provider, "measure", measure)

    return mutate


def _errors_counted_as_measurements(patch: pytest.MonkeyPatch) -> None:
    def count(result: Json, phase: str) -> None:
        _count(result, phase)
        if phase == ERROR:
            result["count"] = result.get("count", 0) + 1

    patch.setattr(assessment, "count_measurement", count)


def _errors_retried_at_the_interval(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(runs, "_pause", lambda metric, _last: metric.interval or 1.0)


def _interval_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(runs, "_pause", lambda _metric, last: 10.0 if last["phase"] == ERROR else -1.0)


def _dry_run_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(runs, "dry_run", lambda _rules, _metrics: frozenset())


def _every_measurement_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(runs, "MEASUREMENTS_KEPT", 1_000)


def _retention_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(runs, "retention", lambda _rules, _metrics: {})


def _best_metric_wins(patch: pytest.MonkeyPatch) -> None:
    worse = assessment._is_worse  # noqa: SLF001 - a mutant reaches into what it breaks
    patch.setattr(assessment, "_is_worse", lambda phase, than: worse(than, phase))


def _reason_untold(patch: pytest.MonkeyPatch) -> None:
    def assess(*arguments: object) -> Verdict:
        verdict = _assess(*arguments)  # type: ignore[arg-type]
        return Verdict(verdict.phase, "", verdict.ended)

    patch.setattr(assessment, "assess", assess)


def _arguments_kept_as_they_are(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(runs, "resolved", lambda metric, _args: metric)


def _nothing_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(runs, "_completion", lambda phase: ("Analysis", "It ended.", phase))


MUTANTS: Final[Mapping[str, Mutate]] = {
    "failureLimit is ignored": _failure_limit_ignored,
    "failureLimit is reached, not passed": _failure_limit_off_by_one,
    "inconclusiveLimit is ignored": _inconclusive_limit_ignored,
    "count is ignored": _count_ignored,
    "NaN passes": _missing_numbers_pass,
    "terminate is ignored": _terminate_ignored,
    "a failed metric ends no other": _failure_ends_nothing_else,
    "inconclusive is success": _taken_for({INCONCLUSIVE: SUCCESSFUL}),
    "inconclusive is failure": _taken_for({INCONCLUSIVE: FAILED}),
    "errors are failures": _taken_for({ERROR: FAILED}),
    "errors count as measurements": _errors_counted_as_measurements,
    "errors are retried at the interval": _errors_retried_at_the_interval,
    "the interval is ignored": _interval_ignored,
    "a dry run counts": _dry_run_counts,
    "every measurement is kept": _every_measurement_kept,
    "measurementRetention is ignored": _retention_ignored,
    "the best metric wins": _best_metric_wins,
    "the reason is untold": _reason_untold,
    "arguments are kept as they are": _arguments_kept_as_they_are,
    "the end is told in other words": _nothing_told,
}
