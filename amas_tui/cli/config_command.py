"""`config show`: every setting in force, and who decided it."""

import json
import os

import click

from amas_tui.cli.connect import access_options, resolved
from amas_tui.cli.options import Flags, connection_flags
from amas_tui.config.document import config_path
from amas_tui.config.resolve import Resolved
from amas_tui.kube.kubeconfig import read_kubeconfig
from amas_tui.viewmodel.get_text import table
from amas_tui.viewmodel.rollout_view import API_VERSION


@click.group()
def config() -> None:
    """Show the configuration."""


@config.command()
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
@connection_flags
def show(*, flags: Flags, output: str) -> None:
    """Print each value with its origin: flag, environment, context, file or default."""
    context = context_name(flags)
    found = resolved(flags, context)
    if output == "json":
        click.echo(json.dumps(_as_json(found, context), indent=2, ensure_ascii=False))
        return
    click.echo(f"# context {context or 'none'}; file {config_path(os.environ)}", err=True)
    rows = [("SETTING", "VALUE", "ORIGIN")]
    rows += [(one.name, one.shown, one.origin) for one in found.origins]
    click.echo("\n".join(table(rows)))


def context_name(flags: Flags) -> str:
    """Return the context that a command would use, without a word to the cluster."""
    if flags.context:
        return flags.context
    kubeconfig = read_kubeconfig(access_options(flags), os.environ)
    return kubeconfig.current_context if kubeconfig else ""


def _as_json(found: Resolved, context: str) -> dict[str, object]:
    return {
        "apiVersion": API_VERSION,
        "kind": "Settings",
        "context": context,
        "file": str(config_path(os.environ)),
        "settings": [
            {"name": one.name, "value": one.shown, "origin": one.origin} for one in found.origins
        ],
    }
