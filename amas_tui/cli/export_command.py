"""`export`: the story of a rollout for the postmortem, from what the cluster still tells."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Final

import click

from amas_tui.cli.headless import Connection, one_namespace, read_scene
from amas_tui.cli.options import Flags, connection_flags
from amas_tui.domain.base import Key
from amas_tui.errors import Exit
from amas_tui.store.kinds import Kind
from amas_tui.viewmodel.timeline.export import to_json, to_markdown

_TOLD_BY: Final = frozenset(
    {
        Kind.REPLICA_SETS,
        Kind.PODS,
        Kind.ANALYSIS_RUNS,
        Kind.EXPERIMENTS,
        Kind.SERVICES,
        Kind.INGRESSES,
        Kind.EVENTS,
    }
)


@click.command()
@click.argument("name")
@click.option(
    "-o", "--output", type=click.Choice(["md", "json"]), default="md", help="Format on stdout."
)
@connection_flags
@click.pass_context
def export(context: click.Context, name: str, *, flags: Flags, output: str) -> None:
    """Print what happened to a rollout and its rollback events, for the postmortem."""
    context.exit(asyncio.run(_export(flags, name.rpartition("/")[2], output)))


async def _export(flags: Flags, name: str, output: str) -> int:
    async with Connection(flags) as (access, transport):
        key = Key(one_namespace(flags, access), name)
        scene, missing = await read_scene(transport, key, _TOLD_BY)
    for error in missing:
        click.echo(error.sentence, err=True)
    now = datetime.now(UTC) + transport.clock_offset
    if output == "json":
        document = to_json(scene, access.context, now)
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        click.echo(to_markdown(scene, access.context, now), nl=False)
    return Exit.OK
