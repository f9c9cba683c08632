"""`rollback` and `verify`: the way back in an incident, and its four checks alone."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from amas_tui.acting import record
from amas_tui.actions.checks import Check, Result, are_settled, checks
from amas_tui.actions.progress import Ending
from amas_tui.actions.repair import NAMED, is_awaited
from amas_tui.actions.template import undo_sets
from amas_tui.actions.verb import Target
from amas_tui.cli.acts import CODES, How, confirm, print_result, say, say_lines
from amas_tui.cli.following import Followed, followed, is_known
from amas_tui.cli.options import Flags, connection_flags, rollout_name
from amas_tui.cli.verbs_command import how_flags
from amas_tui.errors import Exit, NotFoundError
from amas_tui.rollback_preview import RollbackPreview, preview_rollback
from amas_tui.rolling_back import (
    BUDGET,
    Run,
    advance,
    begin,
    progress,
)
from amas_tui.store.gauges import gauges
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.rollback_lines import check_line, rollback_lines
from amas_tui.viewmodel.rollout_view import API_VERSION
from amas_tui.viewmodel.text import plain

_WIDTH: Final = 100
_VERIFY_SECONDS: Final = 30.0


@click.command()
@click.argument("rollout")
@click.option("--to-revision", type=int, default=0, help="The revision; without it, the last good.")
@how_flags
@connection_flags
@click.pass_context
def rollback(
    context: click.Context, rollout: str, *, to_revision: int, flags: Flags, how: How
) -> None:
    """Get back to the last good version, and prove it by four checks within two minutes."""
    context.exit(asyncio.run(roll_back(flags, rollout_name(rollout), to_revision, how)))


async def roll_back(flags: Flags, name: str, to_revision: int, how: How) -> int:
    """Preview a rollback, confirm it, carry it out; return the exit code."""
    async with followed(flags, name) as rollout:
        here = await rollout.first(is_whole)
        chosen = _target(here, to_revision) if to_revision else None
        preview = await preview_rollback(rollout.gate, here, rollout.now(), chosen)
        _show(preview, name)
        if preview.refusal:
            denied = preview.first is not None and preview.first.is_denied
            return Exit.FORBIDDEN if denied else Exit.REFUSED
        if how.dry_run != "none":
            return Exit.OK
        by_name = replace(how, confirm=how.confirm or (name if how.yes else ""))
        confirm(name, "rollback", must_type=True, how=by_name)
        return await _run(rollout, preview, how)


def _show(preview: RollbackPreview, name: str) -> None:
    first = preview.first
    say(f"emergency rollback of {name}")
    say_lines(
        rollback_lines(
            preview.sentences,
            first.consequence if first else None,
            first.writes if first else (),
            preview.refusal,
            preview.hint,
            preview.by_hand,
            _WIDTH,
        )
    )


def is_whole(here: Scene) -> bool:
    """Return whether all that a rollback and its checks hang on was listed."""
    return is_known(here) and not any(is_awaited(here, kind) for kind in NAMED)


def _target(here: Scene, revision: int) -> Target:
    for rs in undo_sets(here):
        if rs.revision == revision:
            return Target(rs.revision, rs.hash, rs.metadata.name)
    raise NotFoundError(
        f"there is no revision {revision} of rollout {here.rollout.key.name} to go back to",
        status=404,
    )


async def _run(rollout: Followed, preview: RollbackPreview, how: How) -> int:
    run = begin(preview, rollout.now(), how.reason)
    limit = timedelta(seconds=how.timeout) if how.timeout else BUDGET + timedelta(seconds=10)
    told = ""
    async with aclosing(rollout.scenes()) as scenes:
        async for here in scenes:
            run = await advance(rollout.gate, run, here, rollout.now())
            told = _tell(run, rollout.now(), told)
            silent = run.ending is Ending.NO_EFFECT
            if silent or run.ending not in (Ending.WAITING, Ending.UNKNOWN):
                break
            if not how.wait and run.trail.moves:
                say("sent; not waited for")
                return Exit.OK
            if rollout.now() - run.began > limit:
                break
    took = rollout.now() - run.began
    await record(rollout.gate, "rollback", preview.scene, progress(run), took, how.reason)
    print_result(rollout, "rollback", progress(run), took, how.output)
    return CODES[run.ending]


def _tell(run: Run, now: datetime, told: str) -> str:
    """Tell the stage and the checks when they have changed."""
    marks = " · ".join(f"{_SIGN[check.result]} {check.name}: {check.words}" for check in run.checks)
    line = f"{run.move} · {marks}" + (f" · {run.remark}" if run.remark else "")
    if line != told:
        say(f"  {(now - run.began).total_seconds():5.1f}s  {line}")
    return line


_SIGN: Final = {
    Result.PASSED: "✔",
    Result.PENDING: "◌",
    Result.FAILED: "✖",
    Result.UNKNOWN: "?",
}


@click.command()
@click.argument("rollout")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Format on stdout.",
)
@connection_flags
@click.pass_context
def verify(context: click.Context, rollout: str, *, flags: Flags, output: str) -> None:
    """Check that the stable version has the traffic, its pods, its Service, and normal metrics."""
    context.exit(asyncio.run(verify_rollout(flags, rollout_name(rollout), output)))


async def verify_rollout(flags: Flags, name: str, output: str) -> int:
    """Print the four checks once they are settled, or after a while; return the exit code."""
    async with followed(flags, name) as rollout:
        await rollout.first(is_whole)
        found = await _settled(rollout)
    if output == "json":
        click.echo(json.dumps(_json(rollout, found), ensure_ascii=False))
    else:
        for check in found:
            click.echo(plain(check_line(check)).rstrip())
    return Exit.OK if are_settled(found) else Exit.NOT_OBSERVED


async def _settled(rollout: Followed) -> tuple[Check, ...]:
    """Return the checks when all are settled, or as they stand after a while."""
    end = datetime.now(UTC) + timedelta(seconds=_VERIFY_SECONDS)
    found: tuple[Check, ...] = ()
    async with aclosing(rollout.scenes()) as scenes:
        async for here in scenes:
            if here is None:
                break
            found = checks(here, here.rollout.status.stable_rs, None, rollout.now())
            has_metrics = here.rollout.uid in here.snapshot.slos or not gauges(here)
            if (are_settled(found) and has_metrics) or datetime.now(UTC) > end:
                break
    return found


def _json(rollout: Followed, found: tuple[Check, ...]) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "RolloutChecks",
        "namespace": rollout.key.namespace,
        "name": rollout.key.name,
        "passed": are_settled(found),
        "checks": [
            {"name": one.name, "result": one.result.name.lower(), "words": one.words}
            for one in found
        ],
    }
