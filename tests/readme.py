"""Runs the README's own commands as a newcomer would: `python tests/readme.py CLONE`.

A command is a fenced block behind a comment `<!-- run: NAME -->`. It is run in the clone with an
environment that holds nothing but a home, a path to Python and the system's programs.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

_BLOCK = re.compile(r"<!-- run: (?P<name>[a-z-]+) -->\n```sh\n(?P<command>.*?)```", re.DOTALL)
_DEADLINE_SECONDS = 1_500


def commands(readme: str) -> dict[str, str]:
    """Return the README's commands by name."""
    return {match["name"]: match["command"].strip() for match in _BLOCK.finditer(readme)}


def environment(home: Path) -> dict[str, str]:
    """Return what a fresh account has."""
    python = Path(sys.base_prefix) / "bin"
    return {"HOME": str(home), "PATH": f"{python}:/usr/bin:/bin", "LANG": "C.UTF-8"}


def run(clone: Path, name: str, command: str) -> None:
    """Run one command in the clone; its failure ends the program."""
    assert "\n" not in command, f"{name} is not one copyable line"
    with tempfile.TemporaryDirectory() as home:
        print(f"$ {command}", flush=True)  # noqa: T201 - a script that talks
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=clone,
            env=environment(Path(home)),
            stdin=subprocess.DEVNULL,
            timeout=_DEADLINE_SECONDS,
            check=False,
        )
    if done.returncode:
        sys.exit(f"{name}: exit code {done.returncode}")


def main() -> None:
    """Run every command of the clone's README."""
    clone = Path(sys.argv[1])
    found = commands((clone / "README.md").read_text(encoding="utf-8"))
    assert found, "the README has no commands"
    for name, command in found.items():
        run(clone, name, command)


if __name__ == "__main__":
    main()
