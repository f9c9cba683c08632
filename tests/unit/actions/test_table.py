"""The refusals of the table of states and verbs, without a control plane.

`tests/acting/test_table.py` holds the same table against the real one.
"""

from collections.abc import Callable
from typing import Final

import pytest

from amas_tui.actions.gate import why_not
from amas_tui.actions.progress import Ending
from amas_tui.actions.verb import Verb
from amas_tui.store.scene import Scene
from tests.builders import (
    OLD,
    Json,
    Thing,
    aborted,
    ago,
    analysis_run,
    condition,
    experiment,
    gate,
    healthy,
    invalid,
    pause,
    replica_set,
    rollout,
    scene,
    stable_set,
    weight,
)
from tests.controlplane.verb_states import STATES
from tests.verbs.table import DELIBERATE, REFUSED, Cell, Table, different, load

STEPS: Final = (weight(20), pause(), weight(60), pause("10m"))
EXPERIMENT: Final[Json] = {"experiment": {"duration": "10m", "templates": []}}
WAITING: Final[Json] = {"steps": STEPS, "step": 1, "paused": "CanaryPauseStep", "phase": "Paused"}
ABORTED: Final[Json] = {
    "step": 0,
    "abort": True,
    "aborted_at": ago(minutes=3),
    "phase": "Degraded",
    "conditions": [aborted()],
}


def update(*things: Thing, **fields: object) -> Scene:
    """Return an update of two versions."""
    given: Json = {"steps": STEPS, "step": 0, **fields}
    return scene(rollout(**given), replica_set(), stable_set(), *things)


def settled(*things: Thing, **fields: object) -> Scene:
    """Return a rollout whose newest version is the stable one."""
    given: Json = dict(fields)
    return scene(healthy(**given), replica_set(), *things)


SCENES: Final[dict[str, Callable[[], Scene]]] = {
    "healthy": lambda: settled(replica_set(OLD, revision=1, replicas=0)),
    "first-deploy": lambda: settled(steps=STEPS, phase="Progressing", revision=1, available=0),
    "mid-step": update,
    "paused-by-step": lambda: update(**WAITING, routed=True),
    "paused-by-spec": lambda: update(
        analysis_run(step=1),
        steps=(weight(50), gate("success-rate"), pause()),
        step=1,
        held=True,
        phase="Paused",
        conditions=[condition("Paused", reason="RolloutPaused")],
    ),
    "analysing": lambda: update(
        analysis_run(step=1), steps=(weight(50), gate("success-rate"), pause()), step=1
    ),
    "inconclusive": lambda: update(
        analysis_run(step=1, phase="Inconclusive"),
        steps=(weight(50), gate("error-budget"), pause()),
        step=1,
        paused="InconclusiveAnalysisRun",
        phase="Paused",
    ),
    "aborted": lambda: update(**ABORTED, routed=True),
    "timed-out": lambda: update(
        phase="Degraded",
        conditions=[condition("Progressing", "False", reason="ProgressDeadlineExceeded")],
    ),
    "after-undo": lambda: update(
        **{**WAITING, "steps": (pause(),), "step": 0, "revision": 3},
    ),
    "promoting-fully": lambda: update(routed=True, promote_full=True),
    "restarting": lambda: settled(
        replica_set(OLD, revision=1, replicas=0),
        phase="Progressing",
        spec={"restartAt": "2099-01-01T00:00:00Z"},
    ),
    "invalid-spec": lambda: update(
        **{**WAITING, "phase": "Degraded", "conditions": [invalid("missing")], "routed": True}
    ),
    "blue-green-preview": lambda: update(
        steps=(), step=None, blue_green={}, paused="BlueGreenPause", phase="Paused"
    ),
    "blue-green-switched": lambda: settled(replica_set(OLD, revision=1, replicas=0), blue_green={}),
    "blue-green-aborted": lambda: update(**{**ABORTED, "steps": (), "step": None}, blue_green={}),
    "workload-ref": lambda: update(
        **WAITING,
        spec={
            "template": {},
            "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"},
        },
    ),
    "experimenting": lambda: update(experiment(), steps=(EXPERIMENT, pause())),
    "experimented": lambda: update(
        experiment(phase="Successful"),
        steps=(EXPERIMENT, pause()),
        step=1,
        paused="CanaryPauseStep",
        phase="Paused",
    ),
}
"""The states of the table as their objects show them."""


@pytest.fixture(scope="module")
def table() -> Table:
    return load()


@pytest.mark.parametrize("state", SCENES)
def test_each_verb_is_refused_where_the_table_says(table: Table, state: str) -> None:
    here = SCENES[state]()
    found = {verb: why_not(verb, here) or "" for verb in Verb}
    cells = {verb: table[Cell(state, verb)] for verb in Verb}
    assert found == {
        verb: entry.text if entry.ending == REFUSED else "" for verb, entry in cells.items()
    }


def test_every_verb_stands_in_every_state_of_the_table(table: Table) -> None:
    ours = {(cell.state, cell.verb) for cell in table if not cell.is_plugin}
    assert ours == {(state, verb) for state in STATES for verb in (None, *Verb)}
    assert SCENES.keys() == STATES.keys()


def test_only_what_is_meant_differs_from_the_plugin(table: Table) -> None:
    assert {(cell.state, cell.verb) for cell in different(table)} == DELIBERATE.keys()


def test_what_is_possible_is_done_but_where_nobody_could_finish_it(table: Table) -> None:
    others = {
        (cell.state, cell.verb, entry.ending.partition(" (")[0])
        for cell, entry in table.items()
        if cell.verb and not cell.is_plugin and entry.ending not in (REFUSED, Ending.DONE)
    }
    unready = {"first-deploy", "mid-step", "timed-out", "promoting-fully"}
    assert others == {
        *((state, Verb.RESTART, Ending.INCOMPLETE) for state in unready),
        *((state, Verb.PROMOTE_FULL, Ending.INCOMPLETE) for state in ("mid-step", "timed-out")),
        *(
            ("invalid-spec", verb, Ending.NO_EFFECT)
            for verb in (Verb.ABORT, Verb.UNDO, Verb.SET_IMAGE)
        ),
    }
