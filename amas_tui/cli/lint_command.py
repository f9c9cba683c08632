"""`lint`: faults in manifests, before the controller or an incident finds them."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from amas_tui.cli.options import Flags, connection_flags
from amas_tui.errors import Exit, UsageError
from amas_tui.pipeline.lint.engine import lint_read, planned_times
from amas_tui.pipeline.lint.finding import Finding, Severity
from amas_tui.pipeline.lint.history import Preview
from amas_tui.pipeline.lint.reading import MAX_BYTES
from amas_tui.viewmodel.rollout_view import API_VERSION

_ORDER: Final = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--live", "live", metavar="NAME", help="A Rollout of the cluster and what it names.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
@click.option(
    "--fail-on",
    type=click.Choice([one.value for one in _ORDER]),
    default=Severity.WARNING.value,
    show_default=True,
    help="The least severity that ends with 1.",
)
@connection_flags
@click.pass_context
def lint(
    context: click.Context,
    /,
    files: tuple[Path, ...],
    *,
    flags: Flags,
    live: str | None,
    output: str,
    fail_on: str,
) -> None:
    """Find faults in FILE… (- is stdin, a folder all its YAML), or in a live Rollout.

    Each is named with file, line, what happens, and the fix. YAML blocks of Markdown are read too.
    Ends with 1 when there are any. With --live and --prometheus-url every gate is also held against
    the values that each revision really had.
    """
    if bool(files) == bool(live):
        raise UsageError("lint wants files, or --live NAME", hint="Give FILE…, or - for stdin")
    previews: tuple[Preview, ...] = ()
    if live:
        from amas_tui.cli.lint_live import lint_live  # noqa: PLC0415 - the network only here

        findings, previews = asyncio.run(lint_live(flags, live))
    else:
        findings, bundle = lint_read(dict(_contents(files)))
        for sentence in planned_times(bundle):
            click.echo(sentence, err=True)
    if output == "json":
        click.echo(json.dumps(_as_json(findings, previews), indent=2, ensure_ascii=False))
    else:
        _print(findings, previews)
    counted = _ORDER[: _ORDER.index(Severity(fail_on)) + 1]
    failed = any(one.severity in counted for one in findings)
    context.exit(Exit.UNEXPECTED if failed else Exit.OK)


def _contents(files: tuple[Path, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield each file's name and bytes, one more byte than is looked at.

    Raises:
        UsageError: One cannot be read.
    """
    for file in files:
        if str(file) == "-":
            yield "-", sys.stdin.buffer.read(MAX_BYTES + 1)
            continue
        for path in _paths(file):
            try:
                with path.open("rb") as opened:
                    yield str(path), opened.read(MAX_BYTES + 1)
            except OSError as error:
                raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _paths(file: Path) -> list[Path]:
    if not file.is_dir():
        return [file]
    return sorted(path for path in file.rglob("*") if path.suffix in (".yaml", ".yml"))


def _print(findings: tuple[Finding, ...], previews: tuple[Preview, ...]) -> None:
    for one in findings:
        click.echo(f"{one.place}: {one.severity}: {one.what} [{one.rule}]")
        click.echo(f"    {one.happens}")
        click.echo(f"    fix: {one.fix}")
    for preview in previews:
        click.echo(preview.sentence)
    if not findings:
        click.echo("nothing found", err=True)
        return
    counts = [(sum(one.severity is kind for one in findings), kind) for kind in _ORDER]
    said = ", ".join(f"{count} {kind}{'s' * (count != 1)}" for count, kind in counts if count)
    click.echo(said, err=True)


def _as_json(findings: tuple[Finding, ...], previews: tuple[Preview, ...]) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "LintReport",
        "findings": [one.to_json() for one in findings],
        "previews": [one.to_json() for one in previews],
    }
