"""Rollbacks without end: many states, a controller that is blind or away, a network that lies.

At each "done" a client of its own reads Rollout, Ingress, Services and pods at that moment.
"""

import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from amas_tui.actions.progress import Ending
from amas_tui.cli.following import followed
from amas_tui.cli.options import Flags
from amas_tui.rolling_back import Run, advance, begin, preview_rollback
from tests.controlplane import faults, rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json
from tests.controlplane.proxy import Fault, FaultProxy

REVISION: Final = "rollout.argoproj.io/revision"
HASH: Final = "rollouts-pod-template-hash"
NAME: Final = "web"
STEPS: Final = [rollouts.set_weight(20), rollouts.pause(), rollouts.set_weight(60)]
_LIMIT_SECONDS: Final = 150.0


@dataclass(frozen=True, slots=True)
class State:
    """A state that a rollback starts from."""

    name: str
    make: Callable[[Api, str], None]
    expected: frozenset[Ending] = frozenset({Ending.DONE})


def _apply(api: Api, namespace: str, *parts: Json) -> None:
    api.apply(*parts)
    api.wait("rollouts", namespace, NAME, states.is_healthy, timeout=90)


def _canary(api: Api, namespace: str, *, nginx: bool = True, tag: str = "v2") -> None:
    delays: Json = {"abort_delay": 2, "scale_down_delay": 2} if nginx else {}
    parts = rollouts.canary(namespace, NAME, STEPS, nginx=nginx, replicas=2, **delays)
    _apply(api, namespace, *parts)
    api.set_image(namespace, NAME, tag)


def in_flight(api: Api, namespace: str) -> None:
    """Make a canary that waits at 20 %."""
    _canary(api, namespace)
    api.wait("rollouts", namespace, NAME, states.is_paused)


def basic(api: Api, namespace: str) -> None:
    """Make a canary without a router that waits."""
    _canary(api, namespace, nginx=False)
    api.wait("rollouts", namespace, NAME, states.is_paused)


def stuck(api: Api, namespace: str) -> None:
    """Make a canary whose pods never become ready."""
    _canary(api, namespace, tag="v2-unready")
    api.wait("rollouts", namespace, NAME, lambda ro: states.at_step(ro, 0))


def held(api: Api, namespace: str) -> None:
    """Make a canary that somebody holds."""
    in_flight(api, namespace)
    api.patch("rollouts", namespace, NAME, {"spec": {"paused": True}})
    api.wait("rollouts", namespace, NAME, lambda ro: states.at_step(ro, 1))


def aborted(api: Api, namespace: str) -> None:
    """Make a canary that was aborted."""
    in_flight(api, namespace)
    api.patch("rollouts", namespace, NAME, {"status": {"abort": True}}, subresource="status")
    api.wait("rollouts", namespace, NAME, states.is_aborted)


def complete(api: Api, namespace: str) -> None:
    """Make a canary whose newest version is the stable one."""
    in_flight(api, namespace)
    body = {"status": {"promoteFull": True}}
    api.patch("rollouts", namespace, NAME, body, subresource="status")
    api.wait("rollouts", namespace, NAME, states.is_promoted, timeout=60)


def blue_green(api: Api, namespace: str) -> None:
    """Make a blue-green rollout whose preview waits."""
    parts = rollouts.blue_green(namespace, NAME, replicas=2, abort_delay=2, scale_down_delay=2)
    _apply(api, namespace, *parts)
    api.set_image(namespace, NAME, "v2")
    api.wait("rollouts", namespace, NAME, states.is_paused)


def switched(api: Api, namespace: str) -> None:
    """Make a blue-green rollout that has switched for good."""
    blue_green(api, namespace)
    api.patch(
        "rollouts", namespace, NAME, {"status": {"pauseConditions": None}}, subresource="status"
    )
    api.wait("rollouts", namespace, NAME, states.is_promoted, timeout=60)


STATES: Final = (
    State("in flight", in_flight),
    State("basic", basic),
    State("stuck", stuck),
    State("held", held),
    State("aborted", aborted),
    State("complete", complete),
    State("blue-green", blue_green),
    State("switched", switched),
)


class Weather:
    """What goes wrong around a rollback."""

    CALM = "calm"
    BLIND = "blind controller"
    SEES_LATE = "controller sees again after 3 s"
    SLOW = "status 2 s late"
    CONFLICT = "409 to the first write"
    LOST_REPLY = "the first reply is lost"
    LOST_REQUEST = "the first request is lost"
    RESTART = "the program is started anew after its first write"

    ALL: Final = (CALM, CALM, SEES_LATE, SLOW, CONFLICT, LOST_REPLY, LOST_REQUEST, RESTART, BLIND)


@dataclass(slots=True)
class Outcome:
    """What came of one rollback."""

    state: str
    weather: str
    ending: Ending
    seconds: float
    lies: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)
    trouble: str = ""


async def one(bed: ControlPlane, folder: Path, state: State, weather: str) -> Outcome:
    """Roll back once from a state in a weather."""
    with Api(bed) as api, api.namespace("soak") as namespace, FaultProxy(bed) as proxy:
        await asyncio.to_thread(state.make, api, namespace)
        good = await asyncio.to_thread(_good, api, namespace)
        if weather in (Weather.BLIND, Weather.SEES_LATE):
            faults.blind(api, namespace, NAME)
        kubeconfig = str(proxy.kubeconfig(folder, namespace))
        outcome = await _rolled(api, namespace, proxy, kubeconfig, weather, good)
        outcome.state = state.name
        if outcome.ending is Ending.DONE:
            outcome.lies = await asyncio.to_thread(truth, api, namespace, good)
        return outcome


def _good(api: Api, namespace: str) -> str:
    """Return the hash of the version that a rollback must bring back: the first one."""
    sets = api.list("replicasets", namespace)
    first = min(sets, key=lambda rs: int(rs["metadata"]["annotations"][REVISION]))
    return str(first["metadata"]["labels"][HASH])


async def _rolled(
    api: Api, namespace: str, proxy: FaultProxy, kubeconfig: str, weather: str, good: str
) -> Outcome:
    if weather == Weather.SLOW:
        proxy.delay = 2.0
    flags = Flags(kubeconfig=kubeconfig, namespaces=(namespace,))
    begun = time.monotonic()
    run = await _follow(flags, None, api, namespace, proxy, weather, good)
    if weather == Weather.RESTART and run.ending is Ending.WAITING:
        run = await _follow(flags, run, api, namespace, proxy, Weather.CALM, good)
    seconds = time.monotonic() - begun
    sent = Counter((one.path, str(one.method)) for one in proxy.patches)
    limit = 1 + (weather in (Weather.CONFLICT, Weather.LOST_REQUEST, Weather.BLIND))
    doubles = [f"{path} × {count}" for (path, _), count in sent.items() if count > limit + 1]
    return Outcome("", weather, run.ending, seconds, doubles=doubles, trouble=run.trouble)


async def _follow(
    flags: Flags,
    before: Run | None,
    api: Api,
    namespace: str,
    proxy: FaultProxy,
    weather: str,
    good: str,
) -> Run:
    """Carry a rollback out as the command does; a program that was started anew plans anew."""
    async with followed(flags, NAME) as rollout:
        here = await rollout.first()
        preview = await preview_rollback(rollout.gate, here, rollout.now(), seen=frozenset({good}))
        if preview.refusal:
            raise AssertionError(preview.refusal)
        run = begin(preview, before.began if before else rollout.now())
        _arm(proxy, weather)
        end = time.monotonic() + _LIMIT_SECONDS
        async for scene in rollout.scenes():
            writes = len(proxy.patches)
            run = await advance(rollout.gate, run, scene, rollout.now())
            if weather == Weather.SEES_LATE and time.monotonic() - end + _LIMIT_SECONDS > 3:
                await asyncio.to_thread(faults.unblind, api, namespace, NAME)
                weather = Weather.CALM
            if weather == Weather.RESTART and len(proxy.patches) > writes:
                return run
            silent = run.ending is Ending.NO_EFFECT
            if silent or run.ending not in (Ending.WAITING, Ending.UNKNOWN):
                return run
            if time.monotonic() > end:
                return run
    return run


def _arm(proxy: FaultProxy, weather: str) -> None:
    match weather:
        case Weather.CONFLICT:
            proxy.answers.append(409)
        case Weather.LOST_REPLY:
            proxy.faults.append(Fault.DROP_REPLY)
        case Weather.LOST_REQUEST:
            proxy.faults.append(Fault.DROP_REQUEST)
        case _:
            pass


def truth(api: Api, namespace: str, good: str) -> list[str]:
    """Return what of a "done" is not true, read from the cluster at this moment."""
    found = []
    rollout = api.get("rollouts", namespace, NAME)
    status = rollout["status"]
    if status["stableRS"] != good:
        found.append(f"stableRS is {status['stableRS']}, not {good}")
    weights = status.get("canary", {}).get("weights")
    if weights and weights["canary"]["weight"]:
        found.append(f"the status sends {weights['canary']['weight']} % to the canary")
    prefix = "nginx.ingress.kubernetes.io"
    for ingress in api.list("ingresses", namespace):
        notes = ingress["metadata"].get("annotations") or {}
        if notes.get(f"{prefix}/canary") == "true" and notes.get(f"{prefix}/canary-weight") != "0":
            found.append(f"the Ingress sends {notes.get(f'{prefix}/canary-weight')} %")
    for service in api.list("services", namespace):
        name = service["metadata"]["name"]
        selected = service["spec"]["selector"].get(HASH)
        if name.endswith(("-stable", "-active")) and selected != good:
            found.append(f"{name} selects {selected}")
    ready = [
        pod
        for pod in api.list("pods", namespace)
        if pod["metadata"]["labels"].get(HASH) == good and states.is_ready(pod)
    ]
    if len(ready) < rollout["spec"]["replicas"]:
        found.append(f"{len(ready)} of {rollout['spec']['replicas']} stable pods are ready")
    return found


async def soak(bed: ControlPlane, folder: Path, count: int, seed: int) -> list[Outcome]:
    """Roll back `count` times, each state and weather in turn."""
    rng = random.Random(seed)  # noqa: S311 - a choice of tests
    outcomes = []
    for number in range(count):
        state = STATES[number % len(STATES)]
        weather = rng.choice(Weather.ALL)
        outcome = await one(bed, folder, state, weather)
        outcomes.append(outcome)
        click.echo(
            f"{number + 1:3} {outcome.state:11} {outcome.weather:45} {outcome.ending.name:10} "
            f"{outcome.seconds:6.1f}s {'; '.join([*outcome.lies, *outcome.doubles])} "
            f"{outcome.trouble}"
        )
    return outcomes


def report(outcomes: list[Outcome]) -> bool:
    """Print the figures; return whether all holds."""
    done = [one for one in outcomes if one.ending is Ending.DONE]
    lies = [one for one in done if one.lies]
    doubles = [one for one in outcomes if one.doubles]
    calm = [one.seconds for one in done if one.weather == Weather.CALM]
    click.echo(f"{len(outcomes)} rollbacks: {dict(Counter(one.ending.name for one in outcomes))}")
    click.echo(f"false done: {len(lies)}, double writes: {len(doubles)}")
    if calm:
        click.echo(f"median to the four checks, calm: {statistics.median(calm):.1f} s")
    return not lies and not doubles
