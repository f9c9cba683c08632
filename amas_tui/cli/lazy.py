"""Commands whose modules are imported only when they are asked for."""

import os
import sys
from importlib import import_module
from typing import Any, Final

import click

from amas_tui.cli.options import COMPAT
from amas_tui.errors import AmasError, Exit

LATER: Final = {
    "analysis": "amas_tui.cli.analysis_command:analysis",
    "bluegreen": "amas_tui.cli.bluegreen_command:bluegreen",
    "completion": "amas_tui.cli.plugin_command:completion",
    "config": "amas_tui.cli.config_command:config",
    "demo": "amas_tui.cli.demo_command:demo",
    "replay": "amas_tui.cli.replay_command:replay",
    "deploy": "amas_tui.cli.deploy_command:deploy",
    "doctor": "amas_tui.cli.doctor_command:doctor",
    "export": "amas_tui.cli.export_command:export",
    "history": "amas_tui.cli.history_command:history",
    "lint": "amas_tui.cli.lint_command:lint",
    "manifests": "amas_tui.cli.manifests_command:manifests",
    "plugin": "amas_tui.cli.plugin_command:plugin",
    "rollback": "amas_tui.cli.rollback_command:rollback",
    "verify": "amas_tui.cli.rollback_command:verify",
    "why": "amas_tui.cli.why_command:why",
    "abort": "amas_tui.cli.verbs_command:abort",
    "pause": "amas_tui.cli.verbs_command:pause",
    "promote": "amas_tui.cli.verbs_command:promote",
    "restart": "amas_tui.cli.verbs_command:restart",
    "resume": "amas_tui.cli.verbs_command:resume",
    "retry": "amas_tui.cli.verbs_command:retry",
    "set": "amas_tui.cli.verbs_command:set_",
    "terminate": "amas_tui.cli.verbs_command:terminate",
    "undo": "amas_tui.cli.verbs_command:undo",
    "watch": "amas_tui.cli.watch_command:watch",
}
"""Where each command is: `module:attribute`."""


class Commands(click.Group):
    """A group that also has the commands of `LATER`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command's name."""
        return sorted({*super().list_commands(ctx), *LATER})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now if it was not yet."""
        found = super().get_command(ctx, cmd_name)
        if found is not None or cmd_name not in LATER:
            return found
        module, _, attribute = LATER[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; with `--compat-exit` every code but 0 is 1.

        That its reader has had enough is no failure; Click would call it one.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(Exit.OK) from None
        except click.exceptions.Exit as end:
            if ctx.meta.get(COMPAT) and end.exit_code:
                raise click.exceptions.Exit(Exit.UNEXPECTED) from None
            raise
        except AmasError as error:
            if ctx.meta.get(COMPAT):
                error.exit_code = Exit.UNEXPECTED
            raise
