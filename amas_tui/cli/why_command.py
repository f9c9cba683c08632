"""`why`: the cause of a rollout's standing with its evidence, for a pipe or a pager."""

import asyncio
import json
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import click

from amas_tui.cli.headless import Connection, one_namespace, read_scene
from amas_tui.cli.options import Flags, connection_flags
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout
from amas_tui.errors import AmasError, Exit
from amas_tui.kube import api
from amas_tui.kube.transport import Transport
from amas_tui.session.clues import find_clues
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.why_panel import why_json, why_text
from amas_tui.why.case import SILENCE, Case
from amas_tui.why.controller import awaited

_TOLD_BY: Final = frozenset(Kind) - {Kind.ROLLOUTS}
_LOOK_SECONDS: Final = 1.0
_READS: Final = 5
_PATIENCE: Final = 2
"""Silences that are waited for, of a rollout that keeps changing."""
_WIDEST: Final = 110


@click.command()
@click.argument("name")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Format on stdout.",
)
@connection_flags
@click.pass_context
def why(context: click.Context, name: str, *, flags: Flags, output: str) -> None:
    """Say why a rollout stands as it does: the cause, its evidence, and what helps."""
    context.exit(asyncio.run(_why(flags, name.rpartition("/")[2], output)))


async def _why(flags: Flags, name: str, output: str) -> int:
    async with Connection(flags) as (access, transport):
        answer, missing = await told(transport, Key(one_namespace(flags, access), name))
    for error in missing:
        click.echo(error.sentence, err=True)
    if output == "json":
        click.echo(json.dumps(why_json(*answer), indent=2, ensure_ascii=False))
    else:
        cells = min(_WIDEST, shutil.get_terminal_size().columns)
        click.echo(why_text(*answer, cells), nl=False)
    return Exit.OK


async def told(transport: Transport, key: Key) -> tuple[tuple[Scene, datetime], list[AmasError]]:
    """Return all that explains a rollout and the server's time, and why parts may be missing."""
    scene, missing = await _settled(transport, key)
    clues = await find_clues(transport, scene)
    snapshot = replace(scene.snapshot, clues={scene.rollout.uid: clues})
    return (Scene(scene.rollout, snapshot), _now(transport)), missing


async def _whole(transport: Transport, key: Key) -> tuple[Scene, list[AmasError]]:
    """Return a rollout and what belongs to it as of one moment: it did not change meanwhile."""
    for _ in range(_READS):
        scene, missing = await read_scene(transport, key, _TOLD_BY)
        again: Rollout = await api.get(transport, Kind.ROLLOUTS, key)
        if again.metadata.resource_version == scene.rollout.metadata.resource_version:
            break
    return scene, missing


async def _settled(transport: Transport, key: Key) -> tuple[Scene, list[AmasError]]:
    """Return the rollout once the controller has reacted to what is asked of it, or is silent.

    One look cannot tell a controller that is about to react from one that never will.
    """
    began = time.monotonic()
    seen: tuple[str, datetime] = ("", datetime.now(UTC))
    while True:
        scene, missing = await _whole(transport, key)
        version = scene.rollout.metadata.resource_version
        if version != seen[0]:
            seen = (version, datetime.now(UTC))
        snapshot = replace(
            scene.snapshot,
            touched={scene.rollout.uid: seen[1]},
            clock_offset=transport.clock_offset,
        )
        here = Scene(scene.rollout, snapshot)
        case = Case(here, _now(transport))
        is_late = time.monotonic() - began > _PATIENCE * SILENCE.total_seconds()
        if not awaited(case) or case.quiet_for > SILENCE or is_late:
            return here, missing
        await asyncio.sleep(_LOOK_SECONDS)


def _now(transport: Transport) -> datetime:
    return datetime.now(UTC).astimezone() + transport.clock_offset
