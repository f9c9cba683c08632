"""The rollouts of the demo. Seconds are those at speed 1."""

from typing import Final

from amas_tui.demo.scenarios import manifests as m
from amas_tui.demo.scenarios.pace import Pace
from amas_tui.demo.scenarios.plot import (
    ControllerStops,
    Happening,
    Life,
    NewImage,
    PrometheusStops,
)
from amas_tui.demo.scenarios.templates import (
    ERROR_BUDGET,
    HEALTH,
    LATENCY,
    PATIENT,
    STRICT,
    SUCCESS_RATE,
)
from amas_tui.demo.store import Json

GUIDE: Final = "amas-prod"
"""Its gates look at two minutes, as the guide's do."""
SHOP: Final = "shop"
"""Its gates look at twelve seconds, so that a fate is sealed within a minute."""
_FLEET_SIZE: Final = 20
"""How many quiet rollouts share a namespace."""

_LEAST_SILENCE: Final = 25.0
"""Seconds; a controller counts as silent after ten, whatever the speed."""


def _life(
    namespace: str,
    name: str,
    objects: list[Json],
    versions: tuple[str, str],
    *happenings: Happening,
) -> Life:
    before, tag = versions
    return Life(namespace, name, tuple(objects), before, tag, happenings)


def _release(pace: Pace, at: float, namespace: str, name: str, tag: str) -> Happening:
    return Happening(pace.seconds(at), NewImage(namespace, name, tag))


def good_canary(pace: Pace, at: float = 6) -> Life:
    """Return the guide's orchestrator: 10, 25, 50, 75, 100 % in 8 minutes 20 seconds."""
    app = "amas-orchestrator"
    latency = (SUCCESS_RATE, LATENCY)
    budget = (*latency, ERROR_BUDGET)
    steps = [
        *(m.weight(10), m.pause(pace.duration(60))),
        *(m.weight(25), m.pause(pace.duration(60)), m.gate(GUIDE, app, *latency)),
        *(m.weight(50), m.pause(pace.duration(120)), m.gate(GUIDE, app, *budget)),
        *(m.weight(75), m.pause(pace.duration(120)), m.gate(GUIDE, app, *budget)),
        *(m.pause(pace.duration(60)), m.gate(GUIDE, app, HEALTH), m.weight(100)),
    ]
    objects = m.nginx_canary(
        GUIDE,
        app,
        "v1.3.2",
        steps,
        replicas=5,
        requests_per_second=400,
        strategy=_delays(pace),
    )
    return _life(
        GUIDE, app, objects, ("v1.3.2", "v1.4.0"), _release(pace, at, GUIDE, app, "v1.5.0")
    )


def bad_canary(pace: Pace, at: float = 4) -> Life:
    """Return a version that works at 25 % and fails every fifth request under more load."""
    app = "checkout"
    steps = [
        *(m.weight(25), m.pause(pace.duration(6)), m.gate(SHOP, app, SUCCESS_RATE)),
        *(m.weight(50), m.pause(pace.duration(8)), m.gate(SHOP, app, SUCCESS_RATE)),
        *(m.weight(75), m.pause(pace.duration(30))),
    ]
    objects = m.nginx_canary(
        SHOP, app, "v2.2.0", steps, requests_per_second=300, strategy=_delays(pace)
    )
    return _life(
        SHOP, app, objects, ("v2.2.0", "v2.3.1"), _release(pace, at, SHOP, app, "v2.4.0-overload")
    )


def slow_canary(pace: Pace, at: float = 8) -> Life:
    """Return a version whose answers take longer than the limit of latency-p95."""
    app = "search"
    steps = [
        *(m.weight(20), m.pause(pace.duration(10)), m.gate(SHOP, app, SUCCESS_RATE, LATENCY)),
        *(m.weight(60), m.pause(pace.duration(30))),
    ]
    objects = m.nginx_canary(
        SHOP, app, "v5.0.3", steps, requests_per_second=250, strategy=_delays(pace)
    )
    return _life(
        SHOP, app, objects, ("v5.0.3", "v5.1.0"), _release(pace, at, SHOP, app, "v5.2.0-slow")
    )


def waiting(pace: Pace, at: float = 10) -> Life:
    """Return a canary that wants a human at 20 % and at 60 %."""
    app = "payments"
    steps = [m.weight(20), m.pause(), m.weight(60), m.pause(), m.weight(100)]
    objects = m.nginx_canary(
        SHOP, app, "v3.0.9", steps, requests_per_second=150, strategy=_delays(pace)
    )
    return _life(SHOP, app, objects, ("v3.0.9", "v3.1.0"), _release(pace, at, SHOP, app, "v3.2.0"))


def image_pull(pace: Pace, at: float = 2) -> Life:
    """Return a version whose image is not in the registry."""
    app = "recommender"
    steps = [m.weight(25), m.pause(pace.duration(60)), m.weight(50), m.pause(pace.duration(60))]
    objects = m.basic_canary(
        SHOP,
        app,
        "v0.8.1",
        steps,
        requests_per_second=100,
        progressDeadlineSeconds=max(10, pace.whole(120)),
    )
    return _life(
        SHOP, app, objects, ("v0.8.1", "v0.9.0"), _release(pace, at, SHOP, app, "v0.10.0-nopull")
    )


def inconclusive(pace: Pace, at: float = 12) -> Life:
    """Return a version that is too bad to go on and too good to be halted."""
    app = "billing"
    steps = [
        *(m.weight(30), m.pause(pace.duration(12)), m.gate(SHOP, app, STRICT)),
        *(m.weight(70), m.pause(pace.duration(30))),
    ]
    objects = m.nginx_canary(
        SHOP, app, "v1.0.4", steps, requests_per_second=200, strategy=_delays(pace)
    )
    return _life(
        SHOP, app, objects, ("v1.0.4", "v1.1.0"), _release(pace, at, SHOP, app, "v1.2.0-uneasy")
    )


def blue_green(pace: Pace, at: float = 14) -> Life:
    """Return a blue-green rollout whose new version waits on the preview Service."""
    app = "ledger"
    objects = m.blue_green(
        SHOP,
        app,
        "v4.4.0",
        requests_per_second=120,
        autoPromotionEnabled=False,
        scaleDownDelaySeconds=pace.whole(30),
    )
    return _life(SHOP, app, objects, ("v4.4.0", "v4.5.0"), _release(pace, at, SHOP, app, "v4.6.0"))


def silent_controller(pace: Pace, at: float = 4) -> Life:
    """Return a canary whose controller stops reacting at 20 %, and recovers after a while."""
    app = "notifier"
    steps = [m.weight(20), m.pause(), m.weight(60), m.pause(pace.duration(20))]
    objects = m.nginx_canary(
        SHOP, app, "v7.0.0", steps, requests_per_second=150, strategy=_delays(pace)
    )
    silence = ControllerStops(SHOP, app, max(_LEAST_SILENCE, pace.seconds(60)))
    return _life(
        SHOP,
        app,
        objects,
        ("v7.0.0", "v7.0.1"),
        _release(pace, at, SHOP, app, "v7.1.0"),
        Happening(pace.seconds(at), silence),
    )


def prometheus_away(pace: Pace, at: float = 4) -> Life:
    """Return a canary whose gate has to wait for Prometheus, which is away for a minute."""
    app = "catalog"
    steps = [
        *(m.weight(25), m.pause(pace.duration(10)), m.gate(SHOP, app, PATIENT)),
        *(m.weight(60), m.pause(pace.duration(10))),
    ]
    objects = m.nginx_canary(
        SHOP, app, "v6.1.0", steps, requests_per_second=200, strategy=_delays(pace)
    )
    return _life(
        SHOP,
        app,
        objects,
        ("v6.1.0", "v6.2.0"),
        _release(pace, at, SHOP, app, "v6.3.0"),
        Happening(pace.seconds(at + 22), PrometheusStops(pace.seconds(60))),
    )


def quiet(number: int) -> Life:
    """Return one of a fleet: healthy, and nobody touches it."""
    app = f"service-{number:03}"
    namespace = f"team-{1 + (number - 1) // _FLEET_SIZE:02}"
    objects = m.basic_canary(
        namespace,
        app,
        "v1.0.0",
        [m.weight(50), m.pause("1m")],
        requests_per_second=0,
        replicas=1,
    )
    return _life(namespace, app, objects, ("v1.0.0", "v1.0.0"))


def _delays(pace: Pace) -> Json:
    """Return how long the old pods are kept: 30 s unless told otherwise."""
    return {
        "scaleDownDelaySeconds": pace.whole(30),
        "abortScaleDownDelaySeconds": pace.whole(30),
    }
