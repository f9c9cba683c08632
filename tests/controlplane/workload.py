"""The guide's AMAS orchestrator, as manifests that do what the guide says."""

from typing import Final

from tests.controlplane.analysis import (
    ERROR_BUDGET,
    HEALTH,
    LATENCY,
    SUCCESS_RATE,
    Timing,
    analysis,
    analysis_templates,
)
from tests.controlplane.kinds import Json
from tests.controlplane.rollouts import canary, gate, pause, set_weight

NAME: Final = "amas-orchestrator"
FIRST_TAG: Final = "v1.4.0"


def orchestrator(
    namespace: str,
    name: str = NAME,
    tag: str = FIRST_TAG,
    *,
    prometheus_url: str,
    timing: Timing | None = None,
    replicas: int = 5,
    requests_per_second: float = 40,
    abort_delay: int | None = None,
    scale_down_delay: int | None = None,
    background: Json | None = None,
    spec: Json | None = None,
) -> list[Json]:
    """Return the orchestrator with Services, Ingress and AnalysisTemplates.

    Canary by nginx, 10, 25, 50, 75, 100 percent, with gates at 25, 50, 75 and before 100: 14 steps.
    With the default timing a good version takes 30 s, a bad one is aborted at 25 percent after 8 s.
    """
    timing = timing or Timing()
    steps = orchestrator_steps(namespace, name, timing)
    return [
        *analysis_templates(namespace, prometheus_url, timing),
        *canary(
            namespace,
            name,
            steps,
            tag=tag,
            replicas=replicas,
            nginx=True,
            requests_per_second=requests_per_second,
            background=background,
            abort_delay=abort_delay,
            scale_down_delay=scale_down_delay,
            spec=spec,
        ),
    ]


def orchestrator_steps(namespace: str, name: str, timing: Timing) -> list[Json]:
    """Return the guide's steps, one kind per step."""

    def gate_of(*templates: str) -> Json:
        return gate(analysis(name, namespace, *templates))

    at_10, at_25, at_50, at_75, at_end = (pause(duration) for duration in timing.pauses)
    budgeted = gate_of(SUCCESS_RATE, LATENCY, ERROR_BUDGET)
    return [
        *(set_weight(10), at_10),
        *(set_weight(25), at_25, gate_of(SUCCESS_RATE, LATENCY)),
        *(set_weight(50), at_50, budgeted),
        *(set_weight(75), at_75, budgeted),
        *(at_end, gate_of(HEALTH), set_weight(100)),
    ]
