"""How tests start the program: its command line and an environment of its own."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]


def command(*arguments: str | Path) -> list[str]:
    """Return the command line of the program, as this checkout has it."""
    return [sys.executable, "-m", "amas_tui", *map(str, arguments)]


def script(path: Path, *arguments: str | Path) -> list[str]:
    """Return the command line of a Python script."""
    return [sys.executable, str(path), *map(str, arguments)]


def environment(home: Path, **more: str | None) -> dict[str, str]:
    """Return an environment in which nothing of the user's is found.

    Args:
        home: The home folder; no kubeconfig is in it.
        more: Variables to set, or to leave out with `None`.
    """
    given: dict[str, str | None] = {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TERM": "xterm-256color",
        "TZ": "UTC",
        **more,
    }
    return {name: value for name, value in given.items() if value is not None}


def joined(words: Sequence[str]) -> str:
    """Return words as one blank-separated text, for a failure's message."""
    return " ".join(words)
