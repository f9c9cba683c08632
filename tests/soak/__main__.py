"""Runs a soak on a bed of its own, or on the one that `AMAS_TUI_BED` names."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import click

from tests.controlplane.bed import ControlPlane
from tests.soak.rollback import report, soak


@click.group()
def cli() -> None:
    """Run what is too long for the suite."""


@cli.command()
@click.option("--count", default=50, show_default=True)
@click.option("--seed", default=1, show_default=True)
def rollback(count: int, seed: int) -> None:
    """Roll back again and again from many states, in bad weather too."""
    with tempfile.TemporaryDirectory() as folder:
        if running := os.environ.get("AMAS_TUI_BED"):
            bed = ControlPlane.attach(Path(running))
            outcomes = asyncio.run(soak(bed, Path(folder), count, seed))
        else:
            with ControlPlane(Path(folder) / "bed") as bed:
                outcomes = asyncio.run(soak(bed, Path(folder), count, seed))
    sys.exit(0 if report(outcomes) else 1)


cli()
