"""Gates that say less than they seem to: passed without data, cut short, blind for the canary.

Sources: analysis/analysis.go (a terminated run reads Successful), utils/evaluate/evaluate.go.
"""

import math
from collections.abc import Iterator
from typing import Final

from amas_tui.domain.analysis import AnalysisRun, Metric
from amas_tui.rules.analysis import (
    MetricState,
    is_cut_short,
    metric_states,
    newest,
    passed_without_data,
    resolved,
)
from amas_tui.rules.arguments import resolve
from amas_tui.rules.condition import limits
from amas_tui.rules.weight import max_weight, weight_at
from amas_tui.store.gates import analyses, templates
from amas_tui.why.case import Case
from amas_tui.why.finding import Cause, Chapter, Evidence, Finding, Severity
from amas_tui.why.measuring import query


def _is_over(case: Case) -> bool:
    return not case.rollout.is_updating or case.is_invalid


def _last_step_run(case: Case) -> AnalysisRun | None:
    """Return the newest run that a step waited for: what it says decides the next step."""
    return newest([run for run in case.scene.update_runs if run.rollout_type != "Background"])


def _without_data(case: Case) -> Finding | None:
    run = None if _is_over(case) else _last_step_run(case)
    if run is None or not passed_without_data(run):
        return None
    names = ", ".join(metric.name for metric in run.spec.metrics)
    return Finding(
        sentence=f"the last gate passed without one good measurement that counts: {names}",
        short="gate passed without data",
        following="Nothing is known of the canary: look at its metrics before you promote.",
        since=run.status.completed_at,
        evidence=(
            Evidence(
                f"analysisrun/{run.metadata.name}",
                "status.phase",
                f"{run.status.phase}, successful 0",
                run.status.completed_at,
            ),
        ),
        look="panel-4",
    )


def _cut_short(case: Case) -> Finding | None:
    run = None if _is_over(case) else _last_step_run(case)
    if run is None or not is_cut_short(run):
        return None
    states = metric_states(run)
    done = max((state.measured for state in states), default=0)
    wanted = max((state.wanted or 0 for state in states), default=0)
    of = f" of {wanted}" if wanted else ""
    return Finding(
        sentence=f"the last gate was cut short after {done}{of} measurements: it has not passed",
        short="gate cut short",
        following="Its phase reads Successful all the same: look at its metrics.",
        since=run.status.completed_at,
        evidence=(
            Evidence(f"analysisrun/{run.metadata.name}", "spec.terminate", "true"),
            Evidence(
                f"analysisrun/{run.metadata.name}",
                "status.phase",
                run.status.phase,
                run.status.completed_at,
            ),
        ),
        look="panel-4",
    )


def selects_canary(text: str, case: Case) -> bool:
    """Return whether a query names something that the canary alone has: its hash or Service."""
    canary = case.rollout.canary
    names = (case.rollout.status.current_pod_hash, canary.canary_service if canary else "")
    return any(name and name in text for name in names)


def _asked(case: Case) -> Iterator[tuple[str, str, Metric]]:
    """Yield object, query and metric of every gate of this update: its runs, then its templates."""
    for run in case.scene.update_runs:
        for state in metric_states(run):
            yield f"analysisrun/{run.metadata.name}", _text(state), state.metric
    status = case.rollout.status
    for analysis in analyses(case.rollout):
        for template in templates(case.scene, analysis):
            arguments = resolve(
                template.spec.args,
                analysis.args,
                latest=status.current_pod_hash,
                stable=status.stable_rs,
            )
            for metric in template.spec.metrics:
                own = resolved(metric, dict(arguments.values))
                prometheus = own.provider.prometheus
                text = prometheus.query if prometheus else ""
                yield f"analysistemplate/{template.metadata.name}", text, own


def _text(state: MetricState) -> str:
    return query(state) if state.metric.provider.prometheus else ""


def _blind(case: Case) -> Finding | None:
    if _is_over(case) or case.rollout.blue_green is not None or case.is_aborted:
        return None
    blind = [
        (thing, text, metric)
        for thing, text, metric in _asked(case)
        if text and not selects_canary(text, case)
    ]
    if not blind:
        return None
    thing, text, metric = blind[0]
    names = ", ".join(dict.fromkeys(one.name for _, _, one in blind))
    return Finding(
        sentence=f"the query of {names} does not select the canary{_passes(metric, case)}",
        short=f"{metric.name} does not select the canary",
        following="Give the template the canary's hash: podTemplateHashValue Latest.",
        evidence=(Evidence(thing, f"{metric.name} query", " ".join(text.split())),),
        look="panel-2",
    )


def _passes(metric: Metric, case: Case) -> str:
    """Return what share of errors a canary may have and still pass a gate over all the traffic."""
    limit = next((one for one in limits(metric) if one.operator in (">=", ">")), None)
    weights = [weight_at(case.rollout, index) for index in range(len(case.rollout.steps))]
    weight = int(case.share or 0) or next((w for w in weights if w), 0)
    share = weight / max_weight(case.rollout)
    if limit is None or not 0 < limit.value < 1 or not 0 < share < 1:
        return ""
    errors = math.floor(100 * (1 - limit.value) / share - 1e-6)
    worst = "every request failing" if errors >= 100 else f"{errors} % errors"
    return f": at {100 * share:.0f} % of the traffic one with {worst} passes {limit.value:g}"


CAUSES: Final = (
    Cause(
        "passed-without-data",
        "A gate that passed without one good measurement",
        "Look at the metrics before you promote; say in the condition what no data means",
        Severity.NOTICE,
        60,
        _without_data,
        "analysis/analysis.go: dry-run and unmeasured metrics do not fail a run",
        (Chapter.ANALYSIS,),
    ),
    Cause(
        "cut-short",
        "A gate that was cut short by promote, abort or undo and reads Successful",
        "Do not take it for passed",
        Severity.NOTICE,
        58,
        _cut_short,
        "analysis/analysis.go: Run Terminated",
        (Chapter.ANALYSIS,),
    ),
    Cause(
        "gate-blind",
        "A gate whose query does not select the canary",
        "Select the canary's pods by hash in the query",
        Severity.NOTICE,
        55,
        _blind,
        "utils/analysis/factory.go: podTemplateHashValue",
        (Chapter.ANALYSIS,),
    ),
)
