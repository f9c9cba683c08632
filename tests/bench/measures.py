"""The measures: each runs the programs beside each other and gives figures."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from tests.bench.figures import Figures
from tests.bench.programs import Program
from tests.bench.scenes import FIRST_WEIGHT, WEIGHTS, set_weight
from tests.controlplane.api import Api
from tests.terminal import usage
from tests.terminal.pty import Terminal

PATCHES: Final = 20
IDLE_SECONDS: Final = 25.0
_SETTLE_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = (0.15, 0.35)
"""Between two changes: at random, so that no program's own rhythm meets ours."""

_START_SECONDS: Final = 60.0


def start(figures: Figures, programs: Sequence[Program], repeat: int) -> None:
    """Measure how long it takes until there is something, and until there is data.

    The programs take turns, so that a slow minute of the machine is everyone's.
    """
    first: dict[str, list[float]] = {program.name: [] for program in programs}
    data: dict[str, list[float]] = {program.name: [] for program in programs}
    for _ in range(repeat):
        for program in programs:
            with program.start() as terminal:
                seen = terminal.see(program.shows(FIRST_WEIGHT), _START_SECONDS)
                first[program.name].append(1000 * (terminal.first_byte() - terminal.started))
                data[program.name].append(1000 * (seen.at - terminal.started))
    for program in programs:
        figures.add("first byte", program.name, "ms", first[program.name])
    for program in programs:
        figures.add("first data", program.name, "ms", data[program.name])


@contextmanager
def running(programs: Sequence[Program]) -> Iterator[list[tuple[Program, Terminal]]]:
    """Have all programs show their data for the length of a `with`."""
    with ExitStack() as stack:
        pairs = [(program, stack.enter_context(program.start())) for program in programs]
        for program, terminal in pairs:
            terminal.see(program.shows(FIRST_WEIGHT), _START_SECONDS)
            terminal.collect(_SETTLE_SECONDS)
        yield pairs


def change(
    figures: Figures,
    api: Api,
    namespace: str,
    programs: Sequence[Program],
    *,
    repeat: int = 1,
    where: str = "",
) -> None:
    """Measure a change of one number: from the API server's answer to the screen, and its bytes.

    One program after the other: each gets the processors that it has in daily life.
    """
    rng = random.Random(1)  # noqa: S311 - a rhythm, not a secret
    latency: dict[str, list[float]] = {program.name: [] for program in programs}
    worst: dict[str, list[float]] = {program.name: [] for program in programs}
    size: dict[str, list[float]] = {program.name: [] for program in programs}
    for _ in range(repeat):
        for program in programs:
            with running([program]) as [(_, terminal)]:
                taken, bytes_ = _changes(api, namespace, program, terminal, rng)
            set_weight(api, namespace, FIRST_WEIGHT)
            latency[program.name] += taken
            worst[program.name].append(max(taken))
            size[program.name].append(bytes_)
    for measure, unit, values in (
        ("change to screen", "ms", latency),
        ("change to screen, worst", "ms", worst),
        ("bytes per change", "B", size),
    ):
        for program in programs:
            figures.add(f"{measure}{where}", program.name, unit, values[program.name])


def _changes(
    api: Api, namespace: str, program: Program, terminal: Terminal, rng: random.Random
) -> tuple[list[float], float]:
    """Return the milliseconds of each change and the bytes that one took on average."""
    taken: list[float] = []
    before = len(terminal.output)
    for turn in range(1, PATCHES + 1):
        weight = WEIGHTS[turn % len(WEIGHTS)]
        set_weight(api, namespace, weight)
        accepted = time.monotonic()
        seen = terminal.see(program.shows(weight))
        taken.append(max(0.0, 1000 * (seen.at - accepted)))
        terminal.collect(rng.uniform(*_PAUSE_SECONDS))
    return taken, (len(terminal.output) - before) / PATCHES


def idle(
    figures: Figures, programs: Sequence[Program], *, seconds: float = IDLE_SECONDS, where: str = ""
) -> None:
    """Measure bytes and processor time while nothing happens, and then the memory."""
    with running(programs) as pairs:
        before = [(terminal.cpu_seconds, len(terminal.output)) for _, terminal in pairs]
        pairs[0][1].collect(seconds)
        after = [(terminal.cpu_seconds, len(terminal.output)) for _, terminal in pairs]
        memory = [usage.memory(terminal.pid) for _, terminal in pairs]
    for (program, _), (_, old), (_, new) in zip(pairs, before, after, strict=True):
        figures.add(f"idle bytes{where}", program.name, "B/s", [(new - old) / seconds])
    for (program, _), (old_cpu, _), (new_cpu, _) in zip(pairs, before, after, strict=True):
        share = 100 * (new_cpu - old_cpu) / seconds
        figures.add(f"idle processor{where}", program.name, "%", [share])
    for (program, _), used in zip(pairs, memory, strict=True):
        figures.add(f"memory, RSS{where}", program.name, "MB", [used.rss])
        figures.add(f"memory, PSS{where}", program.name, "MB", [used.pss])


def per_second(terminals: Sequence[Terminal], seconds: int) -> list[list[tuple[float, float]]]:
    """Return bytes and percent of a processor of each terminal in each of the next seconds."""
    found: list[list[tuple[float, float]]] = [[] for _ in terminals]
    before = [(len(terminal.output), terminal.cpu_seconds) for terminal in terminals]
    for _ in range(seconds):
        terminals[0].collect(1.0)
        now = [(len(terminal.output), terminal.cpu_seconds) for terminal in terminals]
        for rows, (new, new_cpu), (old, old_cpu) in zip(found, now, before, strict=True):
            rows.append((float(new - old), 100 * (new_cpu - old_cpu)))
        before = now
    return found


def summary(
    figures: Figures, measure: str, program: str, rows: Sequence[tuple[float, float]]
) -> None:
    """Take in what `per_second` found of one program: the mean and the busiest second."""
    bytes_, cpu = [row[0] for row in rows], [row[1] for row in rows]
    figures.add(f"{measure}: bytes", program, "B/s", [sum(bytes_) / len(bytes_)])
    figures.add(f"{measure}: bytes, median second", program, "B/s", bytes_)
    figures.add(f"{measure}: bytes, busiest second", program, "B/s", [max(bytes_)])
    figures.add(f"{measure}: processor", program, "%", [sum(cpu) / len(cpu)])
