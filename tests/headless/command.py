"""Runs the program as a shell would."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a command."""

    code: int
    out: str
    err: str


def amas(
    *arguments: str,
    kubeconfig: Path | None = None,
    env: Mapping[str, str] | None = None,
    seconds: float = 60,
) -> Ran:
    """Run amas-tui without a terminal, with a deadline."""
    own = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    own |= {"KUBECONFIG": str(kubeconfig)} if kubeconfig else {}
    words = [sys.executable, "-m", "amas_tui", *arguments]
    return run(words, {**own, **(env or {})}, seconds)


def run(command: list[str], env: Mapping[str, str] | None = None, seconds: float = 60) -> Ran:
    """Run any command with a deadline."""
    done = subprocess.run(
        command,
        env=env,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
