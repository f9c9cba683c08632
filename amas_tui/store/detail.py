"""What was fetched to explain one rollout of the board."""

from dataclasses import dataclass
from datetime import datetime

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.workload import Pod


@dataclass(frozen=True, slots=True)
class Detail:
    """The newest version's runs and pods, as of one moment.

    Attributes:
        version: The rollout's resourceVersion that they were fetched for.
        missing: Kinds that may not be read, as the server names them.
    """

    version: str
    at: datetime
    runs: tuple[AnalysisRun, ...] = ()
    pods: tuple[Pod, ...] = ()
    missing: tuple[str, ...] = ()
