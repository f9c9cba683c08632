"""`doctor`: what must be so before a delivery can work."""

import asyncio
import json
import shutil
from typing import Any, Final

import click

from amas_tui.cli.connect import resolved
from amas_tui.cli.headless import Connection, one_namespace
from amas_tui.cli.options import Flags, connection_flags, rollout_name
from amas_tui.errors import Exit
from amas_tui.pipeline.doctor import Facts, examine, exit_code, role_for
from amas_tui.session.doctor import gather_facts
from amas_tui.store.checks import Check, Result
from amas_tui.viewmodel.doctor_lines import doctor_lines
from amas_tui.viewmodel.rollout_view import API_VERSION
from amas_tui.viewmodel.text import plain

_WIDEST: Final = 140


@click.command()
@click.argument("name", required=False, default="")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
@connection_flags
@click.pass_context
def doctor(context: click.Context, /, name: str, *, flags: Flags, output: str) -> None:
    """Check cluster, rights, controller, ingress, Prometheus, metrics, manifests and terminal.

    Sends nothing but GETs, and reviews of who you are and what you may. Ends with the code of the
    gravest failed check.
    """
    context.exit(asyncio.run(_doctor(flags, rollout_name(name), output)))


async def _doctor(flags: Flags, name: str, output: str) -> int:
    async with Connection(flags) as (access, transport):
        settings = resolved(flags, access.context).settings
        namespace = one_namespace(flags, access)
        facts = await gather_facts(transport, namespace, name, settings.prometheus_url)
    checks = examine(facts)
    if output == "json":
        click.echo(json.dumps(_as_json(facts, checks), indent=2, ensure_ascii=False))
    else:
        _print(facts, checks)
    return exit_code(checks)


def _as_json(facts: Facts, checks: tuple[Check, ...]) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "DoctorReport",
        "namespace": facts.namespace,
        "checks": [check.to_json() for check in checks],
        "role": role_for(facts),
        "exitCode": int(exit_code(checks)),
    }


def _print(facts: Facts, checks: tuple[Check, ...]) -> None:
    width = min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns)
    for line in doctor_lines(checks, width):
        click.echo(plain(line).rstrip())
    role = role_for(facts)
    if role is not None:
        import yaml  # noqa: PLC0415 - for what is missing alone

        click.echo("\n# This Role would grant what is missing; bind it to yourself.")
        click.echo(yaml.safe_dump(role, sort_keys=False), nl=False)
    counts = [(sum(one.result is kind for one in checks), kind) for kind in Result]
    said = ", ".join(f"{count} {kind}" for count, kind in counts if count)
    click.echo(said, err=True)
    if exit_code(checks) is Exit.OK:
        click.echo("nothing stands in the way", err=True)
