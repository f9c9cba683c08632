"""Formats of stdout: text for people, JSON and YAML for programs, names for pipes."""

import json
from collections.abc import Callable
from typing import Any, Final

import click

FORMATS: Final = ("text", "wide", "json", "yaml", "name")


def output_option(*formats: str) -> Callable[[Any], Any]:
    """Return `-o`, with some of the formats."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(formats or FORMATS),
        default="text",
        help="Format on stdout.",
    )


def emit(value: dict[str, Any], output: str) -> None:
    """Print a value as JSON, or as the same in YAML."""
    if output == "yaml":
        import yaml  # noqa: PLC0415 - for this format alone

        click.echo(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), nl=False)
    else:
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))
