"""`python -m tests.screenshots`: a real run on a real control plane, written to `screenshots/`.

It takes about three minutes: the rollouts need their time to get where they are shown.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.controlplane import showcase
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.screenshots.svg import svg
from tests.terminal.program import REPOSITORY, command, environment
from tests.terminal.pty import Terminal

_SLOW_SECONDS: Final = 180.0


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture.

    Attributes:
        name: Of the file, without its ending.
        arguments: Of the program.
        size: Columns and lines.
        pose: Brings the program to what is to be seen.
    """

    name: str
    arguments: tuple[str, ...]
    size: tuple[int, int]
    pose: Callable[[Terminal], object]


def _board(terminal: Terminal) -> None:
    """Show what needs a human, the cursor at the top."""
    terminal.until(
        lambda text: "success-rate" in text and "ImagePull" in text and "75%" in text,
        _SLOW_SECONDS,
    )
    terminal.press("home")


def _canary(terminal: Terminal) -> None:
    terminal.until(lambda text: "Analysing at 75 %" in text, _SLOW_SECONDS)


SHOTS: Final = (
    Shot("board", (), (110, 20), _board),
    Shot("rollout", ("open", "amas-orchestrator"), (120, 40), _canary),
)


def main() -> None:
    """Make the pictures that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *(shot.name for shot in SHOTS)])
    wanted = parser.parse_args().names or [shot.name for shot in SHOTS]
    folder = REPOSITORY / "screenshots"
    folder.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        ControlPlane(Path(home) / "bed") as bed,
        Api(bed) as api,
    ):
        showcase.install(api, bed.prometheus_url)
        kubeconfig = bed.kubeconfig(namespace=showcase.NAMESPACE)
        for shot in SHOTS:
            if shot.name in wanted:
                arguments = (*shot.arguments, "--kubeconfig", str(kubeconfig))
                _take(shot, command(*arguments), Path(home), folder)


def _take(shot: Shot, words: list[str], home: Path, folder: Path) -> None:
    with Terminal(words, environment(home), size=shot.size) as terminal:
        shot.pose(terminal)
        terminal.settled()
        picture = svg(terminal.cells, "amas-tui")
    path = folder / f"{shot.name}.svg"
    path.write_text(picture)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
