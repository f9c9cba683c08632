"""Emergency rollbacks, many at once, from every state, in bad weather too.

A separate client reads Rollout, Ingress, Services and pods at the moment a rollback calls itself
done: no false "done", no double write, every ending named.
"""

import asyncio
import random
import shlex
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import click

from amas_tui.actions.checks import Result
from amas_tui.actions.progress import Ending
from amas_tui.cli.following import followed
from amas_tui.cli.options import Flags
from amas_tui.cli.rollback_command import is_whole
from amas_tui.errors import AmasError
from amas_tui.rollback_preview import RollbackPreview, preview_rollback
from amas_tui.rolling_back import (
    Run,
    advance,
    begin,
    progress,
)
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.proxy import FaultProxy
from tests.soak.places import BY_HAND, CAN_BE_GATED, NAME, STATES, Place
from tests.soak.truth import doubles, lies
from tests.soak.weather import SHARES, Around, Weather, restarted, slowed

_LIMIT_SECONDS: Final = 180.0
_UNDECIDED: Final = frozenset({Ending.WAITING, Ending.UNKNOWN})
_FIFTY: Final = 50
_THREADS: Final = 40


@dataclass(frozen=True, slots=True)
class Case:
    """One rollback to make."""

    number: int
    state: str
    weather: Weather
    is_gated: bool = False

    def __str__(self) -> str:
        return f"{self.number:3} {self.state + ('*' if self.is_gated else ''):14} {self.weather:50}"


@dataclass(slots=True)
class Outcome:
    """What came of one rollback."""

    case: Case
    ending: Ending
    seconds: float
    lies: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)
    writes: int = 0
    trouble: str = ""

    @property
    def is_expected(self) -> bool:
        """Return whether it ended as it may in its weather."""
        return self.ending in self.case.weather.endings(self.case.state)

    def __str__(self) -> str:
        mark = " " if self.is_expected else "!"
        wrong = "; ".join([*self.lies, *self.doubles])
        return f"{self.case}{mark}{self.ending.name:10} {self.seconds:6.1f}s {wrong} {self.trouble}"


def cases(count: int, seed: int) -> list[Case]:
    """Return `count` rollbacks: each weather by its share, each state in turn."""
    rng = random.Random(seed)  # noqa: S311 - a choice of tests
    weathers = [one for one, share in SHARES.items() for _ in range(share)]
    whole, rest = divmod(count, _FIFTY)
    weathers = weathers * whole + rng.sample(weathers, rest)
    states = list(STATES)
    found = []
    for number, weather in enumerate(weathers):
        while not weather.suits(states[0]):
            states.append(states.pop(0))
        state = states[0]
        states.append(states.pop(0))
        is_gated = state in CAN_BE_GATED and bool(number % 2)
        found.append(Case(number + 1, state, weather, is_gated))
    return found


class Attempt:
    """One rollback: its state, its proxy, its run. Use as `async with`: the state is made then.

    Attributes:
        at: Where it is made.
        good: Hash of the version to bring back.
        proxy: Before the API server, for the program alone.
        kubeconfig: Goes through the proxy.
    """

    at: Place
    proxy: FaultProxy
    kubeconfig: Path
    good: str

    def __init__(self, bed: ControlPlane, folder: Path, case: Case) -> None:
        self._bed = bed
        self._folder = folder / f"{case.number}"
        self._case = case
        self._stack = ExitStack()
        self._api = Api(bed)
        self._is_mended = False
        self._lies: list[str] = []

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._make)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._stack.close)

    def _make(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._stack.enter_context(self._api)
        namespace = self._stack.enter_context(self._api.namespace("soak"))
        self.at = Place(self._bed, self._api, namespace, self._case.is_gated)
        STATES[self._case.state](self.at)
        self.good = self.at.good()
        self.proxy = self._stack.enter_context(FaultProxy(self._bed))
        self.kubeconfig = self.proxy.kubeconfig(self._folder, namespace)
        self._around = Around(self._case.weather, self.at, self.proxy)
        self._around.before()

    async def roll_back(self, wrote: Callable[[], None] = lambda: None) -> Outcome:
        """Roll back as the command does; `wrote` is told of every look after the first write."""
        begun = time.monotonic()
        try:
            run = await self._follow(None, wrote)
            if self._around.anew and run.ending in _UNDECIDED:
                run = await self._follow(run, wrote)
        except AmasError as error:
            seconds = time.monotonic() - begun
            return Outcome(self._case, Ending.UNKNOWN, seconds, trouble=error.text)
        return Outcome(
            self._case,
            run.ending,
            run.took.total_seconds() or time.monotonic() - begun,
            self._lies,
            doubles(self.proxy.sent),
            sum(one.is_made for one in self.proxy.sent),
            progress(run).remark,
        )

    async def _look(self, run: Run) -> None:
        """Read the truth at the moment of "done"."""
        self._lies = await asyncio.to_thread(lies, self.at, self.good, datetime.now(UTC))
        self._lies += [
            f"{check.name} was {check.result}: {check.words}"
            for check in run.checks
            if check.result is not Result.PASSED and self._case.is_gated
        ]

    async def _follow(self, before: Run | None, wrote: Callable[[], None]) -> Run:
        """Carry a rollback out; a program that was started anew plans anew."""
        flags = Flags(kubeconfig=str(self.kubeconfig), namespaces=(self.at.namespace,))
        async with followed(flags, NAME) as rollout:
            here = await rollout.first(is_whole)
            seen = frozenset({self.good})
            preview = await preview_rollback(rollout.gate, here, rollout.now(), seen=seen)
            run = begin(preview, before.began if before else rollout.now())
            if preview.refusal:
                return replace(run, ending=Ending.REFUSED, trouble=preview.refusal)
            if before is None:
                self._around.confirmed()
            end = time.monotonic() + _LIMIT_SECONDS
            async with aclosing(rollout.scenes()) as scenes:
                async for scene in scenes:
                    run = await advance(rollout.gate, run, scene, rollout.now())
                    await self._goes_on(preview, wrote)
                    if run.ending is Ending.DONE:
                        await self._look(run)
                    over = run.ending not in _UNDECIDED or time.monotonic() > end
                    if over or (self._around.anew and before is None):
                        return run
        return run

    async def _goes_on(self, preview: RollbackPreview, wrote: Callable[[], None]) -> None:
        if self.proxy.sent:
            wrote()
            if self._case.state in BY_HAND and not self._is_mended:
                self._is_mended = True
                await asyncio.to_thread(self._mend, preview)
        await self._around.goes_on()

    def _mend(self, preview: RollbackPreview) -> None:
        """Do by hand what the preview said makes the missing object again."""
        for repair in preview.route.needs:
            _, *arguments = shlex.split(repair.command)
            own = ["--kubeconfig", str(self._bed.kubeconfig(namespace=self.at.namespace))]
            program = str(self._bed.binary("kubectl"))
            subprocess.run([program, *own, *arguments], check=True, capture_output=True)


def make_room() -> None:
    """Give this loop threads for all who wait for the bed at once."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))


async def _one(bed: ControlPlane, folder: Path, case: Case) -> Outcome:
    async with Attempt(bed, folder, case) as attempt:
        outcome = await attempt.roll_back()
    click.echo(str(outcome))
    return outcome


async def side_by_side(
    bed: ControlPlane, folder: Path, wanted: list[Case], lanes: int
) -> list[Outcome]:
    """Make rollbacks, `lanes` at a time, that do not touch each other."""
    free = asyncio.Semaphore(lanes)

    async def one(case: Case) -> Outcome:
        async with free:
            return await _one(bed, folder, case)

    return list(await asyncio.gather(*(one(case) for case in wanted)))


async def together(
    bed: ControlPlane, folder: Path, wanted: list[Case], weather: Weather
) -> list[Outcome]:
    """Make rollbacks all at once while the controller that they share is slowed or restarted."""
    controller = bed.processes["rollouts-controller"]
    first = asyncio.Event()
    async with AsyncExitStack() as stack:
        made = [Attempt(bed, folder, case) for case in wanted]
        attempts = await asyncio.gather(*(stack.enter_async_context(one) for one in made))
        broken = slowed(controller) if weather is Weather.SLOWED else restarted(controller, first)
        async with broken:
            outcomes = await asyncio.gather(*(one.roll_back(first.set) for one in attempts))
    for outcome in outcomes:
        click.echo(str(outcome))
    return list(outcomes)


async def soak(
    beds: Callable[[], ControlPlane],
    bed: ControlPlane,
    folder: Path,
    wanted: list[Case],
    lanes: int,
) -> list[Outcome]:
    """Roll back from every case; what breaks the controller has a bed of its own."""
    make_room()
    quiet = [case for case in wanted if not case.weather.breaks_the_bed]
    outcomes = await side_by_side(bed, folder, quiet, lanes)
    if len(quiet) == len(wanted):
        return outcomes
    with beds() as own:
        for weather in (Weather.SLOWED, Weather.RESTARTED):
            some = [case for case in wanted if case.weather is weather]
            for begin_at in range(0, len(some), lanes):
                part = some[begin_at : begin_at + lanes]
                outcomes += await together(own, folder, part, weather)
    return outcomes


def report(outcomes: list[Outcome]) -> bool:
    """Print the figures; return whether all holds."""
    false = [one for one in outcomes if one.lies]
    twice = [one for one in outcomes if one.doubles]
    odd = [one for one in outcomes if not one.is_expected]
    click.echo(f"{len(outcomes)} rollbacks: {_counted(one.ending.name for one in outcomes)}")
    for weather in Weather:
        own = [one for one in outcomes if one.case.weather is weather]
        if own:
            click.echo(f"  {weather:50} {_counted(one.ending.name for one in own)}")
    click.echo(f"false done: {len(false)}, double writes: {len(twice)}, other endings: {len(odd)}")
    for one in (*false, *twice, *odd):
        click.echo(f"  {one}")
    calm = [one for one in outcomes if one.case.weather is Weather.CALM and _is_done(one)]
    alone = [one for one in calm if one.case.state not in BY_HAND]
    for words, is_gated in (("not gated", False), ("metrics gated", True)):
        took = [one.seconds for one in alone if one.case.is_gated is is_gated]
        if took:
            click.echo(
                f"time to the four checks, calm, {words}: median {statistics.median(took):.1f} s,"
                f" longest {max(took):.1f} s, of {len(took)}"
            )
    return not false and not twice and not odd


def _is_done(outcome: Outcome) -> bool:
    return outcome.ending is Ending.DONE


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in Counter(words).most_common())
