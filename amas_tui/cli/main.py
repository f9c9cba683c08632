"""The commands."""

import os
import sys
from collections.abc import Coroutine
from typing import Any

import click

from amas_tui import __version__
from amas_tui.cli.lazy import Commands
from amas_tui.cli.options import (
    Duration,
    Flags,
    compat_option,
    connection_flags,
    fleet_flags,
    rollout_name,
)
from amas_tui.cli.output import output_option
from amas_tui.errors import AmasError, Exit

_OUTPUT = output_option()
_SCREEN = (
    click.option("--ascii/--no-ascii", "ascii_flag", default=None, help="Paint ASCII alone."),
    click.option("-v", "verbosity", count=True, help="Log to a file; twice for every request."),
)


def _screen_flags(command: Any) -> Any:
    for option in reversed(_SCREEN):
        command = option(command)
    return command


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@_screen_flags
@fleet_flags
@click.version_option(__version__, prog_name="amas-tui")
@click.pass_context
def cli(context: click.Context, *, flags: Flags, ascii_flag: bool | None, verbosity: int) -> None:
    """Watch, understand and drive Argo Rollouts. Without a command: the board."""
    if context.invoked_subcommand is None:
        _screen(context, flags, None, ascii_flag, verbosity)
    else:
        context.obj = flags


def _screen(
    context: click.Context,
    flags: Flags,
    name: str | None,
    ascii_flag: bool | None,  # noqa: FBT001 - a flag of the command line
    verbosity: int,
) -> None:
    from amas_tui.cli.screen import run_screen  # noqa: PLC0415 - Textual only where it is shown

    context.exit(run_screen(flags, open_name=name, ascii_flag=ascii_flag, verbosity=verbosity))


@cli.command("open")
@click.argument("name")
@_screen_flags
@fleet_flags
@click.pass_context
def open_(
    context: click.Context, name: str, *, flags: Flags, ascii_flag: bool | None, verbosity: int
) -> None:
    """Open the screen of one rollout."""
    _screen(context, flags, rollout_name(name), ascii_flag, verbosity)


@cli.command("list")
@_OUTPUT
@connection_flags
@click.pass_context
def list_(context: click.Context, *, flags: Flags, output: str) -> None:
    """List rollouts."""
    from amas_tui.cli.headless import list_rollouts  # noqa: PLC0415 - the network only here

    _run(context, list_rollouts(flags, output))


@cli.command()
@click.argument("words", nargs=-1, required=True, metavar="[rollout|experiment] NAME")
@_OUTPUT
@connection_flags
@click.pass_context
def get(context: click.Context, words: tuple[str, ...], *, flags: Flags, output: str) -> None:
    """Show one rollout or experiment as `kubectl argo rollouts get` does."""
    from amas_tui.cli.headless import get_experiment, get_rollout  # noqa: PLC0415

    if words[0].partition("/")[0].partition(".")[0] in _EXPERIMENT_WORDS:
        name = words[0].partition("/")[2] if len(words) == 1 else words[1]
        _run(context, get_experiment(flags, name, output))
    _run(context, get_rollout(flags, _named(words), output))


_EXPERIMENT_WORDS = ("experiment", "experiments", "exp")


@cli.command()
@click.argument("name")
@click.option("-w", "--watch/--no-watch", default=False, help="Follow it until it is settled.")
@click.option("-t", "--timeout", type=Duration(), help="Give up watching after this.")
@compat_option
@_OUTPUT
@connection_flags
@click.pass_context
def status(
    context: click.Context,
    name: str,
    *,
    flags: Flags,
    output: str,
    watch: bool,
    timeout: float | None,
) -> None:
    """Show a rollout's status and end with its exit code."""
    from amas_tui.cli.headless import rollout_status  # noqa: PLC0415

    patience = timeout or None
    _run(context, rollout_status(flags, rollout_name(name), output, watch=watch, patience=patience))


def _named(words: tuple[str, ...]) -> str:
    """Return the name in `NAME`, `rollout NAME` or `rollout/NAME`."""
    if len(words) == 1:
        return rollout_name(words[0])
    kind, name, *rest = words
    if rest or kind not in ("rollout", "rollouts", "ro"):
        raise click.UsageError(f"get takes one rollout, not {' '.join(words)}")
    return rollout_name(name)


def _run(context: click.Context, work: Coroutine[Any, Any, int]) -> None:
    import asyncio  # noqa: PLC0415 - a screen shows its first sign without it

    context.exit(asyncio.run(work))


def main() -> None:
    """Run the program and exit with its code."""
    try:
        code = cli.main(prog_name="amas-tui", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except AmasError as error:
        click.echo(error.text, err=True)
        if error.hint:
            click.echo(f"  {error.hint}.", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read us has had enough; that is no failure. Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.OK)
    sys.exit(code or 0)
