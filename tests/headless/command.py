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
    *arguments: str, kubeconfig: Path | None = None, env: Mapping[str, str] | None = None
) -> Ran:
    """Run amas-tui without a terminal, with a deadline."""
    own = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    own |= {"KUBECONFIG": str(kubeconfig)} if kubeconfig else {}
    return run([sys.executable, "-m", "amas_tui", *arguments], {**own, **(env or {})})


def run(command: list[str], env: Mapping[str, str] | None = None) -> Ran:
    """Run any command with a deadline."""
    done = subprocess.run(
        command,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
