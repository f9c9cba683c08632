"""What there is to see while measuring."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Final

from tests.controlplane import rollouts
from tests.controlplane.analysis import LATENCY, SUCCESS_RATE, Timing, analysis, analysis_templates
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.faults import blind
from tests.controlplane.states import canary_weight, is_healthy, is_paused
from tests.terminal import planted

NAME: Final = "checkout"
NEIGHBOURS: Final = 9
FIRST_WEIGHT: Final = 32
WEIGHTS: Final = range(FIRST_WEIGHT, 44)
"""Weights that fill the same cells of a bar of eight, so that a change is a number alone."""

_NAMESPACES: Final = 4
_WORKERS: Final = 4


def set_weight(api: Api, namespace: str, weight: int) -> None:
    """Change the weight that the rollout reports, and nothing else."""
    weights = {"canary": {"weight": weight}, "stable": {"weight": 100 - weight}}
    planted.set_status(api, namespace, NAME, {"canary": {"weights": weights}})


def quiet(api: Api, namespace: str) -> None:
    """Have ten rollouts in which nothing happens by itself.

    One is real, with pods behind nginx, and waits at its first pause; then the controller is made
    to overlook it, so that its weight can be changed at will.
    """
    for number in range(NEIGHBOURS):
        planted.plant(api, namespace, f"service-{number}")
    steps = [rollouts.set_weight(FIRST_WEIGHT), rollouts.pause(), rollouts.set_weight(60)]
    api.apply(*rollouts.canary(namespace, NAME, steps, nginx=True, replicas=5))
    api.wait("rollouts", namespace, NAME, is_healthy)
    api.set_image(namespace, NAME, "v2.0.0")
    api.wait("rollouts", namespace, NAME, lambda it: canary_weight(it) == FIRST_WEIGHT)
    api.wait("rollouts", namespace, NAME, is_paused)
    blind(api, namespace, NAME)


def measured(bed: ControlPlane, api: Api, namespace: str) -> None:
    """Create a rollout with traffic and metrics that waits for a human before its gate."""
    timing = Timing(interval="5s", window="30s")
    gate = rollouts.gate(analysis(NAME, namespace, SUCCESS_RATE, LATENCY))
    steps = [rollouts.set_weight(25), rollouts.pause(), gate, rollouts.pause()]
    api.apply(
        *analysis_templates(namespace, bed.prometheus_url, timing),
        *rollouts.canary(namespace, NAME, steps, nginx=True, replicas=4, requests_per_second=40),
    )
    api.wait("rollouts", namespace, NAME, is_healthy)
    api.set_image(namespace, NAME, "v2.0.0")
    api.wait("rollouts", namespace, NAME, is_paused)


@contextmanager
def fleet(api: Api, count: int) -> Iterator[None]:
    """Have `count` quiet rollouts in four namespaces for the length of a `with`."""
    with ExitStack() as stack:
        namespaces = [stack.enter_context(api.namespace("fleet")) for _ in range(_NAMESPACES)]

        def plant(number: int) -> None:
            planted.plant(api, namespaces[number % _NAMESPACES], f"service-{number:04}")

        with ThreadPoolExecutor(_WORKERS) as workers:
            list(workers.map(plant, range(count)))
        yield
