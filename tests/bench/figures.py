"""Figures with their medians, ratios and budgets, as a table or as JSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from tests.bench.programs import BOARD, PLUGIN

BUDGETS: Final = {
    "first byte": 200.0,
    "first data": 770.0,
    "change to screen": 6.0,
    "change to screen, worst": 34.0,
    "bytes per change": 200.0,
    "idle bytes": 50.0,
    "memory, RSS": 91.0,
}
"""Of the board; what a plain prototype reached on this bed, on an idle machine."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured quantity of one program.

    Attributes:
        values: One per repetition, in `unit`.
    """

    measure: str
    program: str
    unit: str
    values: tuple[float, ...]

    @property
    def value(self) -> float:
        """Return the median."""
        return median(self.values)


@dataclass(slots=True)
class Figures:
    """All figures of a run."""

    found: list[Figure] = field(default_factory=list)

    def add(self, measure: str, program: str, unit: str, values: Iterable[float]) -> None:
        """Take in a quantity; without a value it is left out."""
        if kept := tuple(values):
            self.found.append(Figure(measure, program, unit, kept))

    @property
    def measures(self) -> list[str]:
        """Return the measures in their order."""
        return list(dict.fromkeys(figure.measure for figure in self.found))

    @property
    def programs(self) -> list[str]:
        """Return the programs in their order."""
        return list(dict.fromkeys(figure.program for figure in self.found))

    def get(self, measure: str, program: str) -> Figure | None:
        """Return a figure, `None` where that was not measured."""
        fitting = (f for f in self.found if (f.measure, f.program) == (measure, program))
        return next(fitting, None)

    def as_json(self) -> str:
        """Return the figures with every value."""
        items = [
            {
                "measure": figure.measure,
                "program": figure.program,
                "unit": figure.unit,
                "median": figure.value,
                "max": max(figure.values),
                "values": list(figure.values),
            }
            for figure in self.found
        ]
        return json.dumps(items, indent=2)

    def as_table(self) -> str:
        """Return one line per measure: each program's median, the ratio, the budget."""
        programs = self.programs
        rows = [["", *programs, f"{BOARD}/{PLUGIN}", "budget", ""]]
        rows += [self._row(measure, programs) for measure in self.measures]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return "\n".join(_line(row, widths) for row in rows)

    def _row(self, measure: str, programs: Sequence[str]) -> list[str]:
        found = [self.get(measure, program) for program in programs]
        unit = next(figure.unit for figure in found if figure is not None)
        cells = [_number(figure.value) if figure else "" for figure in found]
        ours, theirs = self.get(measure, BOARD), self.get(measure, PLUGIN)
        ratio = ""
        if ours is not None and theirs is not None and theirs.value:
            ratio = f"{ours.value / theirs.value:.2f}"
        budget = BUDGETS.get(measure)
        if budget is None or ours is None:
            return [f"{measure}, {unit}", *cells, ratio, "", ""]
        verdict = "PASS" if ours.value <= budget else "FAIL"
        return [f"{measure}, {unit}", *cells, ratio, _number(budget), verdict]


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *cells = row
    padded = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
    return f"{name.ljust(widths[0])}  {'  '.join(padded)}".rstrip()
