"""Argo Rollouts as one process: its controllers hang together."""

from dataclasses import dataclass

from amas_tui.demo.analysis.runs import AnalysisController
from amas_tui.demo.controller.rollouts import RolloutController


@dataclass(frozen=True, slots=True)
class ArgoRollouts:
    """The controllers of Rollouts and of AnalysisRuns."""

    rollouts: RolloutController
    analyses: AnalysisController

    def stop(self) -> None:
        """React to nothing until `resume`, as a process that hangs."""
        self.rollouts.stop()
        self.analyses.stop()

    def resume(self) -> None:
        """React again, also to what was missed."""
        self.rollouts.resume()
        self.analyses.resume()
