"""Runs the README's own commands as a newcomer would: `python -m tests.readme CLONE`.

A command is a fenced block behind a comment `<!-- run: NAME -->`. It is run in the clone with an
environment that holds nothing but a home, a path to Python and the system's programs. The demo is
run twice: without a terminal, where it ends by itself, and in one, where it is quit.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from shlex import quote

from tests.terminal.pty import Terminal

_BLOCK = re.compile(r"<!-- run: (?P<name>[a-z-]+) -->\n```sh\n(?P<command>.*?)```", re.DOTALL)
_ON_BOARD = ("amas-orchestrator", "checkout", "payments", "ledger")
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
        _say(f"$ {command}")
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


def watch(clone: Path, command: str) -> None:
    """Run the demo in a terminal until its rollouts are there, then quit it."""
    with tempfile.TemporaryDirectory() as home:
        _say(f"$ {command}  # in a terminal")
        around = {**environment(Path(home)), "TERM": "xterm-256color"}
        shell = ["bash", "-c", f"cd {quote(str(clone))} && {command}"]
        with Terminal(shell, around, size=(100, 30)) as terminal:
            shown = terminal.until(lambda text: all(name in text for name in _ON_BOARD), 300)
            terminal.press("q")
            assert terminal.wait(10) == 0, terminal.text
            assert terminal.left_over() == [], terminal.left_over()
    _say(shown)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a script that talks


def main() -> None:
    """Run every command of the clone's README."""
    clone = Path(sys.argv[1])
    found = commands((clone / "README.md").read_text(encoding="utf-8"))
    assert found, "the README has no commands"
    for name, command in found.items():
        run(clone, name, command)
        if name == "demo":
            watch(clone, command)


if __name__ == "__main__":
    main()
