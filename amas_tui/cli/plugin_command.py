"""What ties the program into other tools: shell completion, and k9s."""

import click
from click.shell_completion import get_completion_class

_NAME = "amas-tui"
_VARIABLE = "_AMAS_TUI_COMPLETE"

K9S = """\
# Into $XDG_CONFIG_HOME/k9s/plugins.yaml: Shift-O on a rollout opens it here.
plugins:
  amas-tui:
    shortCut: Shift-O
    override: true
    description: amas-tui
    scopes:
      - rollouts
    command: amas-tui
    background: false
    args:
      - open
      - $NAME
      - -n
      - $NAMESPACE
      - --context
      - $CONTEXT
"""


@click.command()
@click.argument("tool", type=click.Choice(["k9s"]))
def plugin(tool: str) -> None:  # noqa: ARG001 - there is one
    """Print the plugin file of another tool: k9s opens the rollout under its cursor."""
    click.echo(K9S, nl=False)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, /, shell: str) -> None:
    """Print the completion of a shell, e.g. for `eval "$(amas-tui completion bash)"`."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(found(context.find_root().command, {}, _NAME, _VARIABLE).source())
