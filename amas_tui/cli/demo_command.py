"""The command `demo`."""

import asyncio
import os
import sys
from typing import Final

import click

from amas_tui.cli.demo import CONTEXT, DemoProcess

SCENARIOS: Final = (
    "tour",
    "good-canary",
    "bad-canary",
    "slow-canary",
    "waiting",
    "image-pull",
    "inconclusive",
    "blue-green",
    "silent-controller",
    "prometheus-away",
    "quiet",
)
"""The demo's own names."""

_STORY_SPEED: Final = 30.0
"""Brisk enough for a story that ends within a minute."""
_STORY_SECONDS: Final = 60.0
_STORY_SECONDS_AT_SPEED_ONE: Final = 900.0


@click.command("demo")
@click.option(
    "--speed",
    type=click.FloatRange(1, 60),
    help="How much faster than in the manifests.  [default: 1, without a terminal 30]",
)
@click.option(
    "--scenario",
    type=click.Choice(SCENARIOS),
    default=SCENARIOS[0],
    show_default=True,
    help="What is to be seen.",
)
@click.option("--fleet", type=click.IntRange(0, 2000), help="Quiet rollouts beside it.")
@click.option("--seed", type=int, help="Another seed gives other names.")
@click.pass_context
def demo(
    context: click.Context,
    *,
    speed: float | None,
    scenario: str,
    fleet: int | None,
    seed: int | None,
) -> None:
    """Try everything on a small cluster inside this program; without a terminal it tells a story.

    Argo Rollouts, Prometheus and their traffic are simulated in a process of their own, which ends
    with this one.
    """
    is_live = _is_terminal()
    speed = speed or (1.0 if is_live else _STORY_SPEED)
    given = {"speed": speed, "scenario": scenario, "fleet": fleet, "seed": seed}
    arguments = [
        f"--{name}={value:g}" if isinstance(value, float) else f"--{name}={value}"
        for name, value in given.items()
        if value is not None
    ]
    with DemoProcess(arguments) as process:
        if is_live:
            context.exit(_show(process))
        context.exit(_tell(process, speed))


def _is_terminal() -> bool:
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return all(stream.isatty() for stream in streams) and os.environ.get("TERM", "dumb") not in (
        "",
        "dumb",
    )


def _show(process: DemoProcess) -> int:
    from amas_tui.cli.options import Flags  # noqa: PLC0415
    from amas_tui.cli.screen import run_screen  # noqa: PLC0415 - Textual only where it is shown

    flags = Flags(context=CONTEXT)
    return run_screen(flags, open_name=None, ascii_flag=None, verbosity=0, locate=process.locate)


def _tell(process: DemoProcess, speed: float) -> int:
    from amas_tui.cli.story import tell  # noqa: PLC0415 - the network only where it is needed

    patience = max(_STORY_SECONDS, _STORY_SECONDS_AT_SPEED_ONE / speed)
    click.echo(f"A story at speed {speed:g}; in a terminal the screens show it live.", err=True)
    return asyncio.run(tell(process.locate(), patience))
