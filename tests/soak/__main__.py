"""Runs a soak on a bed of its own, or on the one that `AMAS_TUI_BED` names."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tests.controlplane.bed import ControlPlane
from tests.soak import table as verb_table
from tests.soak import together
from tests.soak.rollback import cases, report, soak


@click.group()
def cli() -> None:
    """Run what is too long for the suite."""


@contextmanager
def a_bed() -> Iterator[tuple[ControlPlane, Path]]:
    """Give a control plane and a folder; one that is running already is left so."""
    with tempfile.TemporaryDirectory() as folder:
        # Nothing of a user's own is read or written, the audit file included.
        for name in ("CONFIG", "STATE", "DATA"):
            os.environ[f"XDG_{name}_HOME"] = f"{folder}/{name.lower()}"
        if running := os.environ.get("AMAS_TUI_BED"):
            yield ControlPlane.attach(Path(running)), Path(folder)
        else:
            with ControlPlane(Path(folder) / "bed") as bed:
                yield bed, Path(folder)


@cli.command()
@click.option("--count", default=50, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--lanes", default=5, show_default=True, help="How many go on at once.")
@click.option("--weather", default="", help="Only those whose weather has this word.")
@click.option("--state", default="", help="Only those from this state.")
def rollback(count: int, seed: int, lanes: int, weather: str, state: str) -> None:
    """Roll back again and again from many states, in bad weather too."""
    wanted = [
        case for case in cases(count, seed) if weather in case.weather and state in case.state
    ]
    with a_bed() as (bed, folder):

        def own() -> ControlPlane:
            return ControlPlane(folder / "own")

        outcomes = asyncio.run(soak(own, bed, folder, wanted, lanes))
    sys.exit(0 if report(outcomes) else 1)


@cli.command()
@click.option("--count", default=100, show_default=True)
def promote(count: int) -> None:
    """Let two programs press promote at once, again and again."""
    with a_bed() as (bed, _):
        is_well = asyncio.run(together.soak(bed, count))
    sys.exit(0 if is_well else 1)


@cli.command()
@click.option("--write", is_flag=True, help="Make the table by what is found.")
@click.option("--slots", default=12, show_default=True, help="Rollouts worked on at once.")
@click.argument("states", nargs=-1)
def table(states: tuple[str, ...], slots: int, *, write: bool) -> None:
    """Carry out every verb in every state beside the plugin."""
    with a_bed() as (bed, _):
        is_well = verb_table.soak(bed, states, slots, is_written=write)
    sys.exit(0 if is_well else 1)


cli()
