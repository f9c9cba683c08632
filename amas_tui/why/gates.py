"""Analyses that fail, cannot decide or cannot measure.

Sources: rollout/analysis.go (what a run's phase does to a rollout), analysis/analysis.go,
cmd/promote/promote.go (what a promote does to an inconclusive one).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from amas_tui.actions.verb import Verb
from amas_tui.domain.analysis import AnalysisPhase, AnalysisRun
from amas_tui.rules.analysis import MetricState, culprit, metric_states, newest
from amas_tui.rules.pause import Waiting, pauses
from amas_tui.rules.steps import step_index
from amas_tui.why.case import Case
from amas_tui.why.finding import Cause, Chapter, Evidence, Finding, Severity
from amas_tui.why.measuring import (
    Fault,
    error_fault,
    error_words,
    errors_allowed,
    fault_of,
    host,
    query,
    short_error,
    telling_measurement,
    verdict_words,
)
from amas_tui.why.terms import next_words, sentence_end, where_traffic_is
from amas_tui.words import age, metric_words, step_words

_ANALYSIS: Final = "panel-4"


@dataclass(frozen=True, slots=True)
class Trial:
    """A metric that stands in the way, and the run it belongs to.

    Attributes:
        has_decided: Whether the run has ended over it; else it is still being measured.
    """

    run: AnalysisRun
    metric: MetricState
    has_decided: bool


def trial(case: Case) -> Trial | None:
    """Return the metric that halted an update, holds it, or is about to, `None` without one."""
    decided = case.is_aborted or inconclusive_since(case) is not None
    if decided:
        run = newest([one for one in case.scene.update_runs if culprit(one) is not None])
        bad = culprit(run) if run else None
        return Trial(run, bad, has_decided=True) if run and bad else None
    for run in case.running:
        for metric in metric_states(run):
            if not metric.is_dry_run and fault_of(metric) is not Fault.NONE:
                return Trial(run, metric, has_decided=False)
    return None


def inconclusive_since(case: Case) -> datetime | None:
    """Return since when an inconclusive analysis holds the rollout, `None` where none does."""
    held = [p for p in pauses(case.rollout) if p.waiting is Waiting.INCONCLUSIVE]
    return held[0].since if held else None


def _by_fault(fault: Fault, case: Case) -> Finding | None:
    found = trial(case)
    if found is None or fault_of(found.metric) is not fault:
        return None
    if _is_inconclusive(found, case) and fault is Fault.LIMIT:
        return None
    return _finding(found, fault, case)


def _is_inconclusive(found: Trial, case: Case) -> bool:
    phase = found.metric.phase
    return found.has_decided and not case.is_aborted and phase is AnalysisPhase.INCONCLUSIVE


def _finding(found: Trial, fault: Fault, case: Case) -> Finding:
    metric = found.metric
    short = metric_words(metric)
    sentence = verdict_words(metric)
    if (said := _TOLD.get(fault)) is not None:
        words, short = said(metric, case)
        is_error = telling_phase(metric) is AnalysisPhase.ERROR
        sentence = f"{sentence}{_allowance(found)}: {words}" if is_error else f"{sentence}: {words}"
    elif not found.has_decided:
        sentence = f"{sentence}{_margin(found)}"
    if _is_inconclusive(found, case):
        short = f"{short}, {age(_since(found, case), case.now)}"
    return Finding(
        sentence=sentence_end(sentence),
        short=sentence_end(short),
        following=_following(found, case),
        since=_since(found, case),
        evidence=_evidence(found),
        verbs=_verbs(found, case),
        look=_ANALYSIS,
    )


def telling_phase(metric: MetricState) -> AnalysisPhase:
    """Return the phase of the measurement that tells."""
    measurement = telling_measurement(metric)
    return AnalysisPhase(measurement.phase) if measurement else metric.phase


def _allowance(found: Trial) -> str:
    """Return how many errors in a row it takes, while that is still open."""
    return "" if found.has_decided else f" in a row ({errors_allowed(found.metric) + 1} halt)"


def _margin(found: Trial) -> str:
    failed = found.metric.result.failed if found.metric.result else 0
    left = found.metric.failure_limit - failed + 1
    if found.metric.failure_limit < 0 or left <= 0:
        return ""
    return f", {left} more halt{'s' * (left == 1)}"


def _unreachable(metric: MetricState, case: Case) -> tuple[str, str]:
    del case
    where = f"Prometheus at {host(metric)}" if host(metric) else "its provider"
    return (
        f"{where} does not answer the controller: {error_words(metric)}",
        f"Prometheus does not answer, {metric.name}",
    )


def _refused(metric: MetricState, case: Case) -> tuple[str, str]:
    del case
    return (
        f"Prometheus at {host(metric)} refuses the controller: {error_words(metric)}",
        f"{metric.name}: Prometheus refuses the controller",
    )


def _query_bad(metric: MetricState, case: Case) -> tuple[str, str]:
    del case
    return f"the query is wrong: {error_words(metric)}", f"{metric.name}: the query is wrong"


def _nan(metric: MetricState, case: Case) -> tuple[str, str]:
    del case
    return "NaN is 0/0, no requests in the query's window", metric_words(metric)


def _empty(metric: MetricState, case: Case) -> tuple[str, str]:
    pod_hash = case.rollout.status.current_pod_hash
    if pod_hash and pod_hash in query(metric):
        return (
            f"Prometheus has no series for the canary's hash {pod_hash}",
            f"{metric.name}: no series of the canary",
        )
    return "the query finds no series", f"{metric.name} gave no data"


def _other(metric: MetricState, case: Case) -> tuple[str, str]:
    del case
    said = error_words(metric)
    return said, f"{metric.name}: {said}"


def _argument(metric: MetricState, case: Case) -> tuple[str, str]:
    del case
    return error_words(metric), f"{metric.name}: an argument has no value"


_TOLD: Final[dict[Fault, Callable[[MetricState, Case], tuple[str, str]]]] = {
    Fault.UNREACHABLE: _unreachable,
    Fault.REFUSED: _refused,
    Fault.QUERY: _query_bad,
    Fault.NAN: _nan,
    Fault.EMPTY: _empty,
    Fault.ARGUMENT: _argument,
    Fault.OTHER: _other,
}


def _following(found: Trial, case: Case) -> str:
    if case.is_aborted:
        return f"{where_traffic_is(case)}Nothing moves by itself:"
    if found.has_decided:
        return lands_on(found.run, case)
    return next_words(case.rollout) if case.rollout.steps else ""


def lands_on(run: AnalysisRun, case: Case) -> str:
    """Return where a promote of an inconclusive analysis leads.

    Source: cmd/promote/promote.go: an inconclusive step is skipped, any other run starts anew.
    """
    rollout = case.rollout
    if run.rollout_type not in ("", "Step"):
        return "Promote starts this analysis anew."
    index = step_index(rollout) + 1
    if index >= len(rollout.steps):
        return "Promote skips it: all steps are done, the new version becomes stable."
    step = step_words(rollout.steps[index])
    return f"Promote skips it and lands on step {index + 1} of {len(rollout.steps)}, {step}."


def _since(found: Trial, case: Case) -> datetime | None:
    if case.is_aborted:
        return case.rollout.status.aborted_at
    return inconclusive_since(case) or found.run.status.started_at


def _verbs(found: Trial, case: Case) -> tuple[Verb, ...]:
    if case.is_aborted:
        return (Verb.UNDO, Verb.RETRY)
    return (Verb.PROMOTE, Verb.ABORT) if found.has_decided else (Verb.ABORT,)


def _evidence(found: Trial) -> tuple[Evidence, ...]:
    run, metric = f"analysisrun/{found.run.metadata.name}", found.metric
    facts = [
        Evidence(run, "status.phase", found.run.status.phase, found.run.status.started_at),
    ]
    measurement = telling_measurement(metric)
    if measurement is not None:
        value = measurement.value or measurement.message
        where = f"{metric.name} {'value' if measurement.value else 'error'}"
        facts.append(Evidence(run, where, value, measurement.finished_at))
    for name, condition in (
        ("successCondition", metric.metric.success_condition),
        ("failureCondition", metric.metric.failure_condition),
    ):
        if condition:
            facts.append(Evidence(run, f"{metric.name} {name}", condition))
    if asked := query(metric):
        facts.append(Evidence(run, f"{metric.name} query", asked))
    return tuple(facts)


def _inconclusive(case: Case) -> Finding | None:
    since = inconclusive_since(case)
    if since is None and not any(p.waiting is Waiting.INCONCLUSIVE for p in pauses(case.rollout)):
        return None
    found = trial(case)
    if found is None:
        return Finding(
            sentence="the analysis could not decide",
            short="analysis inconclusive",
            following=next_words(case.rollout),
            since=since,
            verbs=(Verb.PROMOTE, Verb.ABORT),
            look=_ANALYSIS,
        )
    if fault_of(found.metric) is not Fault.LIMIT:
        return None
    return _finding(found, Fault.LIMIT, case)


def _canary_unmeasured(case: Case) -> Finding | None:
    return _empty_of(case, of_canary=True)


def _no_data(case: Case) -> Finding | None:
    return _empty_of(case, of_canary=False)


def _empty_of(case: Case, *, of_canary: bool) -> Finding | None:
    found = trial(case)
    if found is None or fault_of(found.metric) is not Fault.EMPTY:
        return None
    pod_hash = case.rollout.status.current_pod_hash
    is_canary = bool(pod_hash) and pod_hash in query(found.metric)
    return _finding(found, Fault.EMPTY, case) if is_canary is of_canary else None


def _run_error(case: Case) -> Finding | None:
    """A run that ended before anything was measured: a bad spec or an argument without value."""
    bad = [run for run in case.scene.update_runs if run.phase is AnalysisPhase.ERROR]
    run = newest(bad)
    if run is None or not case.is_aborted or culprit(run) is not None or not run.status.message:
        return None
    said = short_error(run.status.message)
    is_argument = error_fault(said) is Fault.ARGUMENT
    return Finding(
        sentence=sentence_end(f"the analysis could not start: {said}"),
        short="an argument has no value" if is_argument else sentence_end(said),
        following=f"{where_traffic_is(case)}Nothing moves by itself:",
        since=case.rollout.status.aborted_at,
        evidence=(
            Evidence(
                f"analysisrun/{run.metadata.name}",
                "status.message",
                run.status.message,
                run.metadata.creation_timestamp,
            ),
        ),
        verbs=(Verb.UNDO, Verb.RETRY),
        look=_ANALYSIS,
    )


_RUN = "rollout/analysis.go, analysis/analysis.go"
_PROVIDER = "metricproviders/prometheus/prometheus.go"
_BOTH = (Chapter.STUCK, Chapter.ANALYSIS)

CAUSES: Final = (
    Cause(
        "prometheus-unreachable",
        "An analysis cannot reach Prometheus",
        "Look at the template's address, the Service and the network policies between the two; "
        "five errors in a row halt the update",
        Severity.TROUBLE,
        78,
        partial(_by_fault, Fault.UNREACHABLE),
        _PROVIDER,
        _BOTH,
    ),
    Cause(
        "prometheus-refuses",
        "Prometheus refuses the controller (401, 403)",
        "Give the template the authentication that Prometheus wants",
        Severity.TROUBLE,
        78,
        partial(_by_fault, Fault.REFUSED),
        _PROVIDER,
        (Chapter.ANALYSIS,),
    ),
    Cause(
        "query-bad",
        "A query that Prometheus cannot read",
        "Repair the query in the AnalysisTemplate, then retry",
        Severity.TROUBLE,
        78,
        partial(_by_fault, Fault.QUERY),
        _PROVIDER,
        (Chapter.ANALYSIS,),
    ),
    Cause(
        "argument-unresolved",
        "A metric whose argument has no value",
        "Give the argument a value in the rollout's analysis",
        Severity.TROUBLE,
        78,
        partial(_by_fault, Fault.ARGUMENT),
        "utils/template/template.go",
        (Chapter.ANALYSIS,),
    ),
    Cause(
        "canary-unmeasured",
        "Prometheus has no series for the canary's hash",
        "See whether the canary gets traffic and is scraped, and whether the label's name matches",
        Severity.TROUBLE,
        77,
        _canary_unmeasured,
        "utils/evaluate/evaluate.go: an empty result is an error",
        (Chapter.ANALYSIS, Chapter.TRAFFIC),
    ),
    Cause(
        "metric-empty",
        "A query that finds no series",
        "Compare the metric's name and labels with what Prometheus has",
        Severity.TROUBLE,
        76,
        _no_data,
        "utils/evaluate/evaluate.go: an empty result is an error",
        (Chapter.ANALYSIS,),
    ),
    Cause(
        "metric-nan",
        "A metric that is NaN: 0/0, no requests",
        "Send traffic, lengthen the window, or say what NaN means: isNaN(result[0]) || …",
        Severity.TROUBLE,
        76,
        partial(_by_fault, Fault.NAN),
        "utils/evaluate/evaluate.go: no comparison with NaN is true",
        (Chapter.ANALYSIS,),
    ),
    Cause(
        "analysis-inconclusive",
        "An analysis that could not decide",
        "Look at the value, then promote past it or abort",
        Severity.HUMAN,
        72,
        _inconclusive,
        _RUN,
        _BOTH,
    ),
    Cause(
        "analysis-unstarted",
        "An analysis that could not start",
        "Repair its spec or give its arguments values, then retry",
        Severity.TROUBLE,
        75,
        _run_error,
        "analysis/analysis.go: Analysis spec invalid, Unable to resolve metric arguments",
        (Chapter.ANALYSIS,),
    ),
    Cause(
        "metric-error",
        "A metric that cannot be measured",
        "Read the provider's message",
        Severity.TROUBLE,
        74,
        partial(_by_fault, Fault.OTHER),
        _RUN,
        (Chapter.ANALYSIS,),
    ),
    Cause(
        "analysis-failed",
        "A metric that breaks its limit",
        "Undo, or review the limit and retry",
        Severity.TROUBLE,
        70,
        partial(_by_fault, Fault.LIMIT),
        _RUN,
        (Chapter.STUCK, Chapter.ANALYSIS, Chapter.ROLLBACK),
    ),
)
