"""Commands whose modules are imported only when they are asked for."""

from importlib import import_module
from typing import Final

import click

LATER: Final = {
    "config": "amas_tui.cli.config_command:config",
    "demo": "amas_tui.cli.demo_command:demo",
    "replay": "amas_tui.cli.replay_command:replay",
    "export": "amas_tui.cli.export_command:export",
    "lint": "amas_tui.cli.lint_command:lint",
    "manifests": "amas_tui.cli.manifests_command:manifests",
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
