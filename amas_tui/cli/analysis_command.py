"""`analysis`: what the gates measured, against which limit."""

import asyncio
from datetime import UTC, datetime

import click

from amas_tui.cli.headless import Connection, one_namespace, read_scene
from amas_tui.cli.options import Flags, connection_flags, rollout_name
from amas_tui.cli.output import emit, output_option
from amas_tui.domain.base import Key
from amas_tui.errors import Exit
from amas_tui.store.kinds import Kind
from amas_tui.viewmodel.analysis_json import analysis_json
from amas_tui.viewmodel.analysis_panel import analysis_lines
from amas_tui.viewmodel.text import plain

_KINDS = frozenset({Kind.ANALYSIS_RUNS, Kind.REPLICA_SETS})


@click.command()
@click.argument("name")
@output_option("text", "json", "yaml", "name")
@connection_flags
@click.pass_context
def analysis(context: click.Context, /, name: str, *, flags: Flags, output: str) -> None:
    """Show every analysis of the newest version: conditions, limits, values, queries.

    In text those of the newest version; as JSON, YAML and names all that the cluster holds.
    """
    context.exit(asyncio.run(_analysis(flags, rollout_name(name), output)))


async def _analysis(flags: Flags, name: str, output: str) -> int:
    async with Connection(flags) as (access, transport):
        key = Key(one_namespace(flags, access), name)
        scene, missing = await read_scene(transport, key, _KINDS)
        now = datetime.now(UTC) + transport.clock_offset
    for error in missing:
        click.echo(error.sentence, err=True)
    match output:
        case "json" | "yaml":
            emit(analysis_json(scene), output)
        case "name":
            for run in scene.runs:
                click.echo(f"analysisrun.argoproj.io/{run.metadata.name}")
        case _:
            for line in analysis_lines(scene, now):
                click.echo(plain(line).rstrip())
    return Exit.OK
