"""Tells an alert: the terminal's bell and notification, and the user's own command."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress

import click

from amas_tui.safe import safe
from amas_tui.settings import Settings
from amas_tui.viewmodel.alerts import Alert, terminal_notice


async def tell(alert: Alert, settings: Settings) -> None:
    """Ring, notify, and run the command; what goes wrong with it is said on stderr."""
    if sys.stderr.isatty():
        click.echo(terminal_notice(alert), nl=False, err=True)
    if settings.on_rollback:
        problem = await run_command(settings.on_rollback, alert, settings.on_rollback_timeout)
        if problem:
            click.echo(problem, err=True)


async def run_command(command: str, alert: Alert, patience: float) -> str:
    """Run a shell command with the alert as JSON on its stdin.

    Args:
        command: For the shell.
        alert: What happened.
        patience: Seconds it may take; then it is ended with all its children.

    Returns:
        What went wrong, empty when nothing did.
    """
    process = await asyncio.create_subprocess_shell(
        command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    said = b""
    try:
        async with asyncio.timeout(patience):
            _, said = await process.communicate(json.dumps(alert.to_json()).encode())
    except TimeoutError:
        return f"the command for rollbacks did not end within {patience:g} s and was stopped"
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        words = safe(said.decode(errors="replace").strip())[-200:]
        return f"the command for rollbacks ended with {process.returncode}" + (
            f": {words}" if words else ""
        )
    return ""
