"""The table of what each verb does in each state: read and written as text, one cell a line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from amas_tui.actions.verb import Verb
from tests.controlplane.verb_states import STATES

FILE: Final = Path(__file__).parents[1] / "data" / "verbs.txt"
_HEAD: Final = """\
# What each verb does in each state on Argo Rollouts v1.10.1, read back by a client of its own.
# state | verb | refused | why
# state | verb | how it ended | what the rollout has come to
# A line without a verb is the state itself. A line "verb, plugin" is there where the plugin's own
# command comes to something else; where it is refused, where the plugin changes anything at all.
# Written by `python -m tests.soak table --write`.
"""


class Cell(NamedTuple):
    """One cell; without a verb, the state as it was made."""

    state: str
    verb: Verb | None = None
    is_plugin: bool = False

    @property
    def twin(self) -> "Cell":
        """Return the plugin's cell beside this one."""
        return Cell(self.state, self.verb, is_plugin=True)

    def __str__(self) -> str:
        verb = str(self.verb or "-")
        return f"{self.state} | {verb}{', plugin' if self.is_plugin else ''}"


class Entry(NamedTuple):
    """What happens in a cell.

    Attributes:
        ending: How our verb ended, or `refused`; of the plugin, empty unless its command failed.
        text: Why it is refused, else what the rollout has come to.
    """

    ending: str
    text: str

    def __str__(self) -> str:
        return f"{self.ending or '-'} | {self.text}"


REFUSED: Final = "refused"
Table = dict[Cell, Entry]

_NOBODY_ACTS: Final = "the plugin writes what nobody acts on, as a success"
_IS_OVER: Final = "the plugin marks what is over already as cut short"
DELIBERATE: Final[Mapping[tuple[str, Verb], str]] = {
    ("first-deploy", Verb.UNDO): "the plugin finds no revision only once it was asked",
    ("paused-by-spec", Verb.PROMOTE): "the plugin lifts the hold and skips the running analysis",
    ("inconclusive", Verb.TERMINATE_RUN): _IS_OVER,
    ("restarting", Verb.RESTART): "the plugin starts another restart before the first is through",
    ("invalid-spec", Verb.PROMOTE): f"{_NOBODY_ACTS}; the pause is lost",
    ("invalid-spec", Verb.PROMOTE_FULL): f"{_NOBODY_ACTS}, until a repair ships it without a gate",
    ("invalid-spec", Verb.PAUSE): _NOBODY_ACTS,
    ("invalid-spec", Verb.RESTART): _NOBODY_ACTS,
    ("experimented", Verb.TERMINATE_EXPERIMENT): _IS_OVER,
}
"""Where the plugin comes to something else than we do, and why; everywhere else to the same."""


def load(path: Path = FILE) -> Table:
    """Return the table, the plugin's cells filled in where no line says otherwise."""
    lines = (line for line in path.read_text().splitlines() if line and not line.startswith("#"))
    found: Table = {}
    for line in lines:
        state, verb, ending, text = line.split(" | ", 3)
        name = verb.removesuffix(", plugin")
        cell = Cell(state, None if name == "-" else Verb(name), verb.endswith(", plugin"))
        found[cell] = Entry(ending.removeprefix("-"), text)
    twins = {cell.twin for cell in found if cell.verb is not None} - found.keys()
    return found | {twin: same(found, twin) for twin in twins}


def same(table: Mapping[Cell, Entry], twin: Cell) -> Entry:
    """Return what the plugin comes to where it does the same as we do."""
    ours = table[Cell(twin.state, twin.verb)]
    return Entry("", table[Cell(twin.state)].text if ours.ending == REFUSED else ours.text)


def different(table: Mapping[Cell, Entry]) -> set[Cell]:
    """Return the cells in which the plugin comes to something else than we do."""
    return {cell for cell in table if cell.is_plugin and table[cell] != same(table, cell)}


def save(table: Table, path: Path = FILE) -> None:
    """Write the table in the order of states and verbs."""
    states = list(STATES)
    verbs = [None, *Verb]
    kept = different(table) | {cell for cell in table if not cell.is_plugin}
    order = sorted(kept, key=lambda c: (states.index(c.state), verbs.index(c.verb), c.is_plugin))
    path.write_text(_HEAD + "".join(f"{cell} | {table[cell]}\n" for cell in order))
