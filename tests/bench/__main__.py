"""The bench: `python -m tests.bench`."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench import measures, scenes
from tests.bench.figures import Figures
from tests.bench.install import REPOSITORY, install
from tests.bench.programs import OPEN, Programs
from tests.bench.scenes import NAME
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.build import why_not
from tests.controlplane.states import is_aborted

MEASURES: Final = ("start", "change", "idle", "abort", "charts", "fleet")
_AFTER_ABORT_SECONDS: Final = 30
_CHART_SECONDS: Final = 40
_SAMPLE_SECONDS: Final = 2


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measures need."""

    bed: ControlPlane
    api: Api
    programs: Programs
    figures: Figures
    repeat: int

    def quiet(self, wanted: frozenset[str]) -> None:
        """Measure starting, changes and idling with ten rollouts."""
        with self.api.namespace("bench") as namespace:
            scenes.quiet(self.api, namespace)
            board = self.programs.board(namespace, NAME)
            opened = self.programs.opened(namespace, NAME)
            everyone = [board, opened, self.programs.plugin(namespace, NAME)]
            if "start" in wanted:
                _say("start")
                measures.start(self.figures, everyone, self.repeat)
            if "change" in wanted:
                _say("change")
                repeat = max(1, self.repeat // 3)
                measures.change(self.figures, self.api, namespace, everyone, repeat=repeat)
            if "idle" in wanted:
                _say("idle")
                measures.idle(self.figures, everyone)

    def abort(self) -> None:
        """Measure the half minute after an abort."""
        _say("abort")
        with self.api.namespace("bench") as namespace, ExitStack() as stack:
            scenes.measured(self.bed, self.api, namespace)
            everyone = [
                self.programs.board(namespace, NAME),
                self.programs.opened(namespace, NAME),
                self.programs.plugin(namespace, NAME),
            ]
            terminals = [stack.enter_context(program.start()) for program in everyone]
            for program, terminal in zip(everyone, terminals, strict=True):
                terminal.see(program.shows(25))
            abort = {"status": {"abort": True}}
            self.api.patch("rollouts", namespace, NAME, abort, subresource="status")
            self.api.wait("rollouts", namespace, NAME, is_aborted)
            found = measures.per_second(terminals, _AFTER_ABORT_SECONDS)
            for program, rows in zip(everyone, found, strict=True):
                measures.summary(self.figures, "after an abort", program.name, rows)

    def charts(self) -> None:
        """Measure what a new sample costs in the panels of 80x24."""
        _say("charts")
        with self.api.namespace("bench") as namespace:
            scenes.measured(self.bed, self.api, namespace)
            every = f"--metrics-interval={_SAMPLE_SECONDS}s"
            program = self.programs.opened(namespace, NAME, every)
            for key, panel in (("1", "traffic"), ("2", "SLO")):
                with program.start((80, 24)) as terminal:
                    terminal.see(program.shows(25))
                    terminal.press(key)
                    terminal.see(lambda text: "canary" in text and "no data" not in text)
                    terminal.settled(0.3)
                    before = len(terminal.output)
                    terminal.collect(_CHART_SECONDS)
                    sent = len(terminal.output) - before
                samples = _CHART_SECONDS / _SAMPLE_SECONDS
                self.figures.add(f"bytes per sample, {panel} panel", OPEN, "B", [sent / samples])

    def fleet(self, count: int) -> None:
        """Measure a board of many rollouts."""
        _say(f"fleet of {count}")
        with scenes.fleet(self.api, count), self.api.namespace("bench") as namespace:
            scenes.quiet(self.api, namespace)
            board = self.programs.board(namespace, NAME, everywhere=True)
            plugin = self.programs.plugin(namespace, NAME)
            where = f", {count} rollouts"
            apart = Figures()
            measures.start(apart, [board, plugin], max(3, self.repeat // 2))
            for figure in apart.found:
                self.figures.add(
                    f"{figure.measure}{where}", figure.program, figure.unit, figure.values
                )
            measures.change(self.figures, self.api, namespace, [board, plugin], where=where)
            measures.idle(self.figures, [board, plugin], where=where)


def main() -> int:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", default=",".join(MEASURES), help="some of %(default)s")
    parser.add_argument("--repeat", type=int, default=7, help="of the quick measures")
    parser.add_argument("--fleet", type=int, default=0, metavar="N", help="with N rollouts")
    parser.add_argument("--json", action="store_true", help="every value instead of a table")
    parser.add_argument("--source", type=Path, default=REPOSITORY, help="another checkout")
    given = parser.parse_args()
    wanted = frozenset(given.only.split(","))
    if unknown := wanted - set(MEASURES):
        parser.error(f"there is no measure {', '.join(sorted(unknown))}")
    if reason := why_not():
        sys.stderr.write(f"bench: {reason}\n")
        return os.EX_UNAVAILABLE
    with tempfile.TemporaryDirectory(prefix="amas-tui-bench-") as name, _bed(Path(name)) as bed:
        home = Path(name) / "home"
        home.mkdir()
        _say("install")
        installed = install(Path(name) / "installed", given.source)
        with Api(bed) as api:
            programs = Programs(bed, installed, home)
            bench = Bench(bed, api, programs, Figures(), given.repeat)
            _measure(bench, wanted, given.fleet)
    figures = bench.figures
    sys.stdout.write(f"{figures.as_json() if given.json else figures.as_table()}\n")
    return 0


def _measure(bench: Bench, wanted: frozenset[str], fleet: int) -> None:
    if wanted & {"start", "change", "idle"}:
        bench.quiet(wanted)
    if "abort" in wanted:
        bench.abort()
    if "charts" in wanted:
        bench.charts()
    if "fleet" in wanted and fleet:
        bench.fleet(fleet)


@contextmanager
def _bed(folder: Path) -> Iterator[ControlPlane]:
    """Have a control plane: the one of `AMAS_TUI_BED`, else one of our own."""
    if running := os.environ.get("AMAS_TUI_BED"):
        yield ControlPlane.attach(Path(running))
        return
    with ControlPlane(folder / "bed") as bed:
        yield bed


def _say(what: str) -> None:
    sys.stderr.write(f"bench: {what}\n")


if __name__ == "__main__":
    sys.exit(main())
