"""The table of settings: what each is called, takes and means."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from amas_tui.rules.duration import go_duration
from amas_tui.settings import COLOURS, Settings

Parse = Callable[[Any], Any]
"""Makes a value of what the file or the environment says; `ValueError` says what it should be."""

ENVIRONMENT_PREFIX: Final = "AMAS_TUI_"


@dataclass(frozen=True, slots=True)
class Field:
    """One setting.

    Attributes:
        name: In the file; the environment's name and the attribute follow from it.
        help: What it does, for the README.
        flag: The flag that sets it; empty for none.
        in_environment: Whether a variable can set it.
        example: A value as the file would have it.
    """

    name: str
    parse: Parse
    help: str
    flag: str = ""
    in_environment: bool = True
    example: str = ""

    @property
    def attribute(self) -> str:
        """Return the attribute of `Settings`."""
        return self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        """Return the environment's name; empty where there is none."""
        return ENVIRONMENT_PREFIX + self.attribute.upper() if self.in_environment else ""

    @property
    def default(self) -> Any:
        """Return the value where nobody says one."""
        return getattr(Settings(), self.attribute)


def text(value: Any) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise ValueError("a text")  # noqa: TRY004 - the file is wrong, not the program
    return value


def _word(value: Any) -> str:
    word = text(value)
    if not word.isprintable() or len(word) > _MAX_MARK:
        raise ValueError(f"one word of up to {_MAX_MARK} characters")
    return word


_MAX_MARK: Final = 12


def url(value: Any) -> str:
    """Return the URL of an HTTP server, or nothing."""
    address = text(value)
    if address and (urlsplit(address).scheme not in ("http", "https") or "//" not in address):
        raise ValueError("a URL such as http://localhost:9090")
    return address


_SWITCH: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def switch(value: Any) -> bool:
    """Return true or false."""
    found = _SWITCH.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise ValueError("true or false")  # noqa: TRY004
    return found


def seconds(value: Any) -> float:
    """Return a length of time in seconds: a Go duration or a number."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    length = go_duration(value) if isinstance(value, str) else None
    if length is None or length.total_seconds() <= 0:
        raise ValueError('a length of time such as "30s"')
    return length.total_seconds()


def names(value: Any) -> tuple[str, ...]:
    """Return a list of names; in the environment they stand between commas."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError('a list of names such as ["shop", "pay"]')
    return tuple(value)


def _colour(value: Any) -> str:
    if value not in COLOURS:
        raise ValueError(f"one of {', '.join(COLOURS)}")
    return str(value)


FIELDS: Final[tuple[Field, ...]] = (
    Field(
        "prometheus-url",
        url,
        "Where Prometheus is asked, before what the AnalysisTemplates say",
        flag="--prometheus-url",
        example='"http://localhost:9090"',
    ),
    Field(
        "metrics-interval",
        seconds,
        "Time between two values of a live series",
        flag="--metrics-interval",
        example='"5s"',
    ),
    Field(
        "namespaces",
        names,
        "On the board where none are given",
        flag="--namespace",
        example='["shop", "pay"]',
    ),
    Field("read-only", switch, "No write is sent", flag="--read-only", example="true"),
    Field("protected", switch, "A write wants the rollout's name typed in full", example="true"),
    Field("mark", _word, "A word that marks the context on every screen", example='"PROD"'),
    Field("colour", _colour, f"Of the mark: {', '.join(COLOURS)}", example='"red"'),
    Field("ascii", switch, "Paint ASCII alone", flag="--ascii", example="true"),
    Field(
        "on-rollback",
        text,
        "Shell command for rollbacks and halts; gets the event as JSON on stdin",
        flag="--on-rollback",
        example='"notify-oncall"',
    ),
    Field("on-rollback-timeout", seconds, "How long that command may take", example='"10s"'),
)
"""The settings that are one value each. `queries`, `keys` and `manifests` are tables."""


def table_markdown() -> str:
    """Return the README's table of settings."""
    lines = ["| Setting | Example | Flag, environment | Does |", "| --- | --- | --- | --- |"]
    for field in FIELDS:
        ways = ", ".join(f"`{way}`" for way in (field.flag, field.variable) if way)
        lines.append(f"| `{field.name}` | `{field.example}` | {ways} | {field.help} |")
    return "\n".join(lines) + "\n"
