"""Every verb in every state for real, printed cell by cell."""

import asyncio
import time

import click

from tests.controlplane.bed import ControlPlane
from tests.controlplane.verb_states import STATES
from tests.verbs.run import Outcome, run
from tests.verbs.table import FILE, REFUSED, Table, different, load, save


def soak(bed: ControlPlane, states: tuple[str, ...], slots: int, *, is_written: bool) -> bool:
    """Carry every verb out in every state; return whether it is as the table says.

    Args:
        bed: Where.
        states: Which states; all of them where empty.
        slots: How many rollouts are worked on at once.
        is_written: Whether the table is made by what is found, rather than held against it.
    """
    expected = None if is_written else load()
    begun = time.monotonic()
    outcome = asyncio.run(run(bed, expected, dict.fromkeys(states or STATES, True), slots))
    is_well = _report(outcome, expected, time.monotonic() - begun)
    if is_written:
        kept = load() if FILE.exists() else {}
        save({c: entry for c, entry in kept.items() if c.state not in states} | outcome.found)
    return is_well


def _report(outcome: Outcome, expected: Table | None, seconds: float) -> bool:
    """Print every cell and the figures; return whether all is as it should be."""
    wrong = 0
    for cell, entry in outcome.found.items():
        took = outcome.seconds.get(cell)
        click.echo(f"{cell} | {entry}" + (f"  [{took:.1f} s]" if took is not None else ""))
        if expected is not None and expected[cell] != entry:
            wrong += 1
            click.echo(f"    EXPECTED {expected[cell]}")
        for lie in outcome.lies.get(cell, ()):
            wrong += 1
            click.echo(f"    NOT TRUE AT DONE: {lie}")
    ours = [cell for cell in outcome.found if cell.verb is not None and not cell.is_plugin]
    theirs = [cell for cell in outcome.found if cell.is_plugin]
    refused = sum(outcome.found[cell].ending == REFUSED for cell in ours)
    others = different(outcome.found)
    click.echo(
        f"{len(ours)} cells: {refused} refused, {len(ours) - refused} carried out; the plugin in "
        f"{len(theirs)}, differently in {len(others)}; wrong {wrong}; {seconds:.0f} s"
    )
    return not wrong
