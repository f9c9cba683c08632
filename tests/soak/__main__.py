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
from tests.soak import together
from tests.soak.rollback import report, soak


@click.group()
def cli() -> None:
    """Run what is too long for the suite."""


@contextmanager
def a_bed() -> Iterator[tuple[ControlPlane, Path]]:
    """Give a control plane and a folder; one that is running already is left so."""
    with tempfile.TemporaryDirectory() as folder:
        if running := os.environ.get("AMAS_TUI_BED"):
            yield ControlPlane.attach(Path(running)), Path(folder)
        else:
            with ControlPlane(Path(folder) / "bed") as bed:
                yield bed, Path(folder)


@cli.command()
@click.option("--count", default=50, show_default=True)
@click.option("--seed", default=1, show_default=True)
def rollback(count: int, seed: int) -> None:
    """Roll back again and again from many states, in bad weather too."""
    with a_bed() as (bed, folder):
        outcomes = asyncio.run(soak(bed, folder, count, seed))
    sys.exit(0 if report(outcomes) else 1)


@cli.command()
@click.option("--count", default=100, show_default=True)
def promote(count: int) -> None:
    """Let two programs press promote at once, again and again."""
    with a_bed() as (bed, _):
        is_well = asyncio.run(together.soak(bed, count))
    sys.exit(0 if is_well else 1)


cli()
