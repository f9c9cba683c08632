"""The configuration file: found, read, and where in it each thing stands."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from amas_tui.errors import UsageError
from amas_tui.safe import safe

DIRECTORY_VARIABLE: Final = "AMAS_TUI_CONFIG_DIR"
FILE_NAME: Final = "config.toml"
_MAX_BYTES: Final = 1 << 20

Step = str | int
"""A key, or the index in a list of tables."""


@dataclass(frozen=True, slots=True)
class Document:
    """A configuration file; an absent one is empty.

    Attributes:
        content: The whole file as tables.
        lines: The 1-based line of each key and table, by its path.
    """

    path: Path
    content: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[tuple[Step, ...], int] = field(default_factory=dict)

    def place(self, *path: Step) -> str:
        """Return `FILE:LINE` of what stands at a path, or of the nearest thing around it."""
        for length in range(len(path), 0, -1):
            line = self.lines.get(path[:length])
            if line is not None:
                return f"{self.path}:{line}"
        return str(self.path)


def config_path(environment: Mapping[str, str]) -> Path:
    """Return where the configuration is: `AMAS_TUI_CONFIG_DIR`, else `XDG_CONFIG_HOME`."""
    if own := environment.get(DIRECTORY_VARIABLE):
        return Path(own).expanduser() / FILE_NAME
    base = environment.get("XDG_CONFIG_HOME", "")
    # The standard says that a path which is not absolute is to be ignored.
    root = Path(base) if base.startswith("/") else Path(environment.get("HOME", "/")) / ".config"
    return root / "amas-tui" / FILE_NAME


def read_document(environment: Mapping[str, str] = os.environ) -> Document:
    """Return the user's configuration file.

    Raises:
        UsageError: It cannot be read, or is not TOML.
    """
    path = config_path(environment)
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return Document(path)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if len(raw) > _MAX_BYTES:
        raise UsageError(f"{path} is larger than a configuration can be ({_MAX_BYTES} bytes)")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line}: it is not UTF-8 text") from error
    return parse_document(path, text)


def parse_document(path: Path, text: str) -> Document:
    """Return the document in a text.

    Raises:
        UsageError: It is not TOML; the line is named.
    """
    import tomllib  # noqa: PLC0415 - the first frame of a user without a file does not wait for it

    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        words = safe(str(error))
        found = re.search(r"\(at line (\d+), column \d+\)", words)
        where = f"{path}:{found[1] if found else len(text.splitlines())}"
        reason = re.sub(r" \(at .*\)$", "", words)
        raise UsageError(f"{where}: it is not TOML: {reason}") from error
    return Document(path, content, dict(_lines(text)))


_HEADER = re.compile(r"\s*(\[\[?)([^\]]*)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+|\s*\.\s*)+?)\s*=""")
_TRIPLE = re.compile(r"\"\"\"|'''")


def _lines(text: str) -> Iterator[tuple[tuple[Step, ...], int]]:
    """Yield the path and line of every table and key; what stands in a long string is no key."""
    table: tuple[Step, ...] = ()
    counted: dict[tuple[str, ...], int] = {}
    in_text = False
    for number, line in enumerate(text.splitlines(), start=1):
        quotes = len(_TRIPLE.findall(line))
        if in_text:
            in_text = quotes % 2 == 0
            continue
        in_text = quotes % 2 == 1
        if header := _HEADER.match(line):
            names = _names(header[2])
            if header[1] == "[[" and names:
                index = counted.get(names, -1) + 1
                counted[names] = index
                yield names, number
                table = (*names, index)
            else:
                table = names
            yield table, number
        elif key := _KEY.match(line):
            yield (*table, *_names(key[1])), number


def _names(dotted: str) -> tuple[str, ...]:
    """Return the parts of a dotted key, as TOML reads it."""
    import tomllib  # noqa: PLC0415

    try:
        table: Any = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    names: list[str] = []
    while isinstance(table, dict) and table:
        name, table = next(iter(table.items()))
        names.append(name)
    return tuple(names)
