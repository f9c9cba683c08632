"""`watch`: a rollout's story, an event a line, until it is where one waits for it to be."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any

import click

from amas_tui.cli.alarm import tell
from amas_tui.cli.following import followed
from amas_tui.cli.options import Duration, Flags, compat_option, connection_flags, rollout_name
from amas_tui.cli.output import output_option
from amas_tui.errors import Exit, TimedOutError
from amas_tui.pipeline.until import Until, reached, status_code, until
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.alerts import Alarm
from amas_tui.viewmodel.headline import headline
from amas_tui.viewmodel.rollout_view import API_VERSION
from amas_tui.viewmodel.story import Event, Story
from amas_tui.viewmodel.text import to_ascii


@click.command()
@click.argument("name")
@click.option(
    "--until",
    "goal",
    default="settled",
    show_default=True,
    help="settled, healthy, paused, degraded, aborted, weight=50, step=3.",
)
@click.option("-t", "--timeout", type=Duration(), help="Give up after this.")
@click.option("--on-rollback", help="Shell command for rollbacks and halts; JSON on its stdin.")
@output_option("text", "json")
@compat_option
@connection_flags
@click.pass_context
def watch(
    context: click.Context,
    /,
    name: str,
    *,
    flags: Flags,
    goal: str,
    timeout: float | None,
    on_rollback: str | None,
    output: str,
) -> None:
    """Follow a rollout until it is where you wait for it to be, an event a line.

    Ends with 0 when it got there, else with the code of the state that it settled in.
    """
    wanted = until(goal)
    work = _watch(flags, rollout_name(name), wanted, on_rollback, output)
    context.exit(asyncio.run(within(work, timeout, f"{name} was not {wanted} within")))


async def within(work: Coroutine[Any, Any, int], patience: float | None, words: str) -> int:
    """Return what some work gives, if it gives it in time.

    Raises:
        TimedOutError: It does not.
    """
    try:
        async with asyncio.timeout(patience or None):
            return await work
    except TimeoutError:
        raise TimedOutError(f"{words} {patience:g} s") from None


async def _watch(
    flags: Flags, name: str, wanted: Until, on_rollback: str | None, output: str
) -> int:
    async with followed(flags, name, is_long=True, on_rollback=on_rollback) as rollout:
        story, alarm, is_first = Story(), Alarm(), True
        async with aclosing(rollout.present()) as scenes:
            async for here in scenes:
                now = rollout.now()
                if is_first:
                    is_first = False
                    say(Event(now, rollout.key, headline(here, now).sentence), output)
                for event in story.after(here.snapshot, now):
                    say(event, output)
                for alert in alarm.after(here.snapshot, rollout.session.context, now):
                    await tell(alert, rollout.settings)
                if reached(wanted, here.rollout):
                    return _end(here, wanted)
                code = status_code(here.rollout, watched=True)
                if code not in (Exit.PROGRESSING, Exit.OK, Exit.PAUSED):
                    return code
    return Exit.UNEXPECTED


def _end(here: Scene, wanted: Until) -> int:
    """Return 0 for what was asked for; of a mere end its own code."""
    is_asked = wanted.goal.value != "settled"
    return Exit.OK if is_asked else status_code(here.rollout, watched=True)


def say(event: Event, output: str) -> None:
    """Print an event as a line of text, or as JSON."""
    if output == "json":
        value = {
            "apiVersion": API_VERSION,
            "kind": "RolloutEvent",
            "at": event.at.isoformat(timespec="milliseconds"),
            "namespace": event.key.namespace,
            "name": event.key.name,
            "text": event.text,
        }
        click.echo(json.dumps(value, ensure_ascii=False))
    else:
        line = f"{event.at.astimezone():%H:%M:%S}  {event.text}"
        encoding = (sys.stdout.encoding or "ascii").lower()
        click.echo(line if "utf" in encoding else to_ascii(line))
    sys.stdout.flush()
