"""Every verb on the real control plane in many states, beside what the plugin does there.

Each cell has a rollout of its own and a twin for the plugin: both commands are carried out for
real, and what becomes of the rollouts is read by a client of its own. All states, with the plugin
in each, are tried by `python -m tests.soak table`; the refusals, without a control plane, by
`tests/unit/actions/test_table.py`.
"""

import asyncio
from typing import Final

import pytest

from tests.controlplane.bed import ControlPlane
from tests.verbs.run import Outcome, run
from tests.verbs.table import load

pytestmark = [pytest.mark.controlplane, pytest.mark.xdist_group("table")]

TRIED: Final = {
    "invalid-spec": False,
    "mid-step": False,
    "paused-by-step": False,
    "paused-by-spec": True,
    "aborted": False,
    "blue-green-preview": True,
    "workload-ref": False,
    "experimenting": False,
}
"""Canaries with and without an Ingress, blue-green, a Deployment's template, an experiment; True
where the plugin's commands are carried out beside ours."""


@pytest.fixture(scope="module")
def outcome(bed: ControlPlane) -> Outcome:
    """What came of all cells, carried out side by side."""
    return asyncio.run(run(bed, load(), TRIED, slots=8))


@pytest.mark.parametrize("state", TRIED)
def test_each_verb_does_what_the_table_says(outcome: Outcome, state: str) -> None:
    table = load()
    found = {cell: entry for cell, entry in outcome.found.items() if cell.state == state}
    assert {cell: entry for cell, entry in table.items() if cell in found} == found
    assert found.keys() >= {cell for cell in table if cell.state == state and not cell.is_plugin}


@pytest.mark.parametrize("state", TRIED)
def test_a_verb_is_done_when_its_effect_is_there(outcome: Outcome, state: str) -> None:
    assert not {cell: lies for cell, lies in outcome.lies.items() if cell.state == state and lies}
