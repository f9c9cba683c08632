"""The demo's stories: what there is, and what happens when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from amas_tui.demo.scenarios import lives
from amas_tui.demo.scenarios.pace import Pace
from amas_tui.demo.scenarios.plot import Life, Plot
from amas_tui.demo.scenarios.templates import Gate, templates

Begin = Callable[[Pace], Life]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story: which rollouts live through it."""

    summary: str
    lives: tuple[Begin, ...] = ()


DEFAULT: Final = "tour"

SCENARIOS: Final[Mapping[str, Scenario]] = {
    DEFAULT: Scenario(
        "seven rollouts of different fates",
        (
            lives.good_canary,
            lives.bad_canary,
            lives.slow_canary,
            lives.waiting,
            lives.image_pull,
            lives.inconclusive,
            lives.blue_green,
        ),
    ),
    "good-canary": Scenario("the guide's canary goes to 100 %", (lives.good_canary,)),
    "bad-canary": Scenario("success-rate halts an update at 50 %", (lives.bad_canary,)),
    "slow-canary": Scenario("latency-p95 halts an update", (lives.slow_canary,)),
    "waiting": Scenario("an update waits for a human", (lives.waiting,)),
    "image-pull": Scenario("an image is not in the registry", (lives.image_pull,)),
    "inconclusive": Scenario("a gate cannot tell good from bad", (lives.inconclusive,)),
    "blue-green": Scenario("a new version waits on the preview Service", (lives.blue_green,)),
    "silent-controller": Scenario("the controller stops reacting", (lives.silent_controller,)),
    "prometheus-away": Scenario("Prometheus is away for a minute", (lives.prometheus_away,)),
    "quiet": Scenario("nothing happens"),
}

_GATES: Final[Mapping[str, tuple[float, float, float]]] = {
    lives.GUIDE: (120, 10, 60),
    lives.SHOP: (12, 4, 6),
}
"""Window, interval and pause before the gates of a namespace, in seconds at speed 1."""


def plot(name: str, pace: Pace, prometheus: str, fleet: int = 0) -> Plot:
    """Return a scenario at a pace.

    Args:
        name: One of `SCENARIOS`.
        pace: How fast.
        prometheus: The address that the AnalysisTemplates name.
        fleet: How many quiet rollouts there are beside it.
    """
    own = [begin(pace) for begin in SCENARIOS[name].lives]
    quiet = [lives.quiet(number) for number in range(1, fleet + 1)]
    found = Plot((*own, *quiet))
    gates = (
        (namespace, Gate(prometheus, *_GATES[namespace]))
        for namespace in found.namespaces
        if namespace in _GATES
    )
    made = tuple(one for namespace, gate in gates for one in templates(namespace, pace, gate))
    return Plot(found.lives, made)
