"""What a gate would have said of the past: its conditions against values that were measured."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from amas_tui.domain.analysis import AnalysisPhase, Metric
from amas_tui.rules.analysis import whole
from amas_tui.rules.condition import judge
from amas_tui.rules.duration import clock_duration


@dataclass(frozen=True, slots=True)
class Preview:
    """A gate over one revision's life.

    Attributes:
        span: From the first value to the last.
        phases: How many values would have been judged how.
        halts: In how many of `gates` runs the gate would have failed.
        gates: How many runs fit into the history.
        problem: Why there is nothing; empty where there is.
    """

    template: str
    metric: str
    revision: int
    pod_hash: str
    span: timedelta = timedelta(0)
    phases: tuple[tuple[str, int], ...] = ()
    halts: int = 0
    gates: int = 0
    problem: str = ""

    @property
    def values(self) -> int:
        """Return how many values there are."""
        return sum(count for _, count in self.phases)

    @property
    def sentence(self) -> str:
        """Return it in words."""
        where = f"{self.template} at revision {self.revision} ({self.pod_hash})"
        if self.problem:
            return f"{where}: {self.problem}"
        judged = ", ".join(f"{count} {phase}" for phase, count in self.phases)
        return (
            f"{where}: {clock_duration(self.span)} of history, {judged}; "
            f"{self.halts} of {self.gates} gates would have halted the update"
        )

    def to_json(self) -> dict[str, Any]:
        """Return it for `-o json`."""
        return {
            "template": self.template,
            "metric": self.metric,
            "revision": self.revision,
            "hash": self.pod_hash,
            "seconds": round(self.span.total_seconds()),
            "phases": dict(self.phases),
            "halts": self.halts,
            "gates": self.gates,
            "problem": self.problem,
        }


def preview(
    template: str,
    metric: Metric,
    revision: int,
    pod_hash: str,
    points: Sequence[tuple[float, float]],
) -> Preview:
    """Return what a gate would have said of a series, a value for each of its intervals.

    Args:
        template: The template's name.
        metric: With its arguments filled in.
        revision: Whose values these are.
        pod_hash: Likewise.
        points: Unix seconds and value, as far apart as the gate measures.
    """
    if not points:
        return Preview(template, metric.name, revision, pod_hash, problem="no history")
    verdicts = [judge(metric.success_condition, metric.failure_condition, [v]) for _, v in points]
    unknown = next((one.reason for one in verdicts if one.phase is None), "")
    if unknown:
        problem = f"its condition cannot be evaluated here: {unknown}"
        return Preview(template, metric.name, revision, pod_hash, problem=problem)
    phases = [one.phase for one in verdicts if one.phase is not None]
    counted = Counter(phase.value for phase in phases)
    size = min(whole(metric.count) or 1, len(phases))
    borne = whole(metric.failure_limit) or 0
    runs = [phases[start : start + size] for start in range(len(phases) - size + 1)]
    halts = sum(
        run.count(AnalysisPhase.FAILED) > borne or run.count(AnalysisPhase.ERROR) > 0
        for run in runs
    )
    span = timedelta(seconds=points[-1][0] - points[0][0])
    return Preview(
        template,
        metric.name,
        revision,
        pod_hash,
        span,
        tuple(counted.most_common()),
        halts,
        len(runs),
    )
