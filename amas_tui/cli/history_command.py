"""`history`: revisions with images, when and result; one of them; the difference of two."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from amas_tui.actions.patches import undo_template
from amas_tui.cli.headless import Connection, one_namespace, read_scene
from amas_tui.cli.options import Flags, connection_flags, rollout_name
from amas_tui.cli.output import emit, output_option
from amas_tui.domain.base import Key
from amas_tui.errors import Exit, NotFoundError, UsageError
from amas_tui.kube import api
from amas_tui.kube.transport import Transport
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.history import history_json, history_text
from amas_tui.viewmodel.preview_lines import diff_lines, masked
from amas_tui.viewmodel.text import plain

_KINDS = frozenset({Kind.REPLICA_SETS, Kind.ANALYSIS_RUNS})


@click.command()
@click.argument("name")
@click.option("--revision", type=int, help="Show the pod template of one.")
@click.option("--diff", "between", metavar="A..B", help="Show what changed between two.")
@output_option("text", "wide", "json", "yaml")
@connection_flags
@click.pass_context
def history(
    context: click.Context,
    /,
    name: str,
    *,
    flags: Flags,
    revision: int | None,
    between: str | None,
    output: str,
) -> None:
    """Show the revisions of a rollout: images, when, and what came of each."""
    pair = _pair(between) if between else None
    context.exit(asyncio.run(_history(flags, rollout_name(name), revision, pair, output)))


def _pair(text: str) -> tuple[int, int]:
    first, dots, second = text.partition("..")
    if not dots or not first.isdecimal() or not second.isdecimal():
        raise UsageError(f"{text} does not name two revisions", hint="Write e.g. --diff 3..4")
    return int(first), int(second)


async def _history(
    flags: Flags, name: str, revision: int | None, pair: tuple[int, int] | None, output: str
) -> int:
    async with Connection(flags) as (access, transport):
        key = Key(one_namespace(flags, access), name)
        scene, missing = await read_scene(transport, key, _KINDS)
        for error in missing:
            click.echo(error.sentence, err=True)
        if pair is not None:
            before, after = [await _template(transport, scene, one) for one in pair]
            for line in diff_lines(before, after):
                click.echo(plain(line))
        elif revision is not None:
            template = masked(await _template(transport, scene, revision))
            emit(template, "json" if output == "json" else "yaml")
        elif output in ("json", "yaml"):
            emit(history_json(scene), output)
        else:
            now = datetime.now(UTC) + transport.clock_offset
            click.echo(history_text(scene, now, is_wide=output == "wide"), nl=False)
    return Exit.OK


async def _template(transport: Transport, scene: Scene, revision: int) -> Mapping[str, Any]:
    """Return the pod template of a revision, without what the controller put in.

    Raises:
        NotFoundError: The cluster does not hold it any more.
    """
    found = next((rs for rs in scene.replica_sets if rs.revision == revision), None)
    if found is None:
        held = ", ".join(str(rs.revision) for rs in scene.replica_sets) or "none"
        raise NotFoundError(
            f"there is no revision {revision}", status=404, hint=f"The cluster holds {held}"
        )
    key = Key(scene.rollout.key.namespace, found.metadata.name)
    return undo_template(await api.read(transport, Kind.REPLICA_SETS, key))
