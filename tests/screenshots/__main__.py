"""`python -m tests.screenshots [--png FOLDER] [NAME …]`: writes `screenshots/`, in seconds."""

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Final

from tests.screenshots.svg import svg
from tests.terminal.program import REPOSITORY
from tests.ui.picture import cells
from tests.ui.posing import Shown, posed

FOLDER: Final = REPOSITORY / "screenshots"


SHOTS: Final = {
    "board": (Shown("Halted 50%", at=64), (110, 16)),
    "rollout": (Shown("Analysing at 75 %", "amas-orchestrator", at=416), (120, 40)),
    "halted": (Shown("Halted at 50 %", "checkout"), (110, 24)),
    "undo": (Shown("PATCH", "checkout", ("u", "enter")), (120, 26)),
    "small": (Shown("Pausing at 25 %", "amas-orchestrator"), (80, 24)),
}
"""Each with its size in columns and lines."""


async def take(shown: Shown, size: tuple[int, int]) -> str:
    """Return a picture as SVG."""
    async with posed(shown, size) as screen:
        return svg(cells(screen.app), "amas-tui")


def png(picture: str) -> bytes:
    """Return an SVG as PNG, with this machine's fonts."""
    import resvg_py  # noqa: PLC0415 - to look at it, not to make it

    return bytes(resvg_py.svg_to_bytes(svg_string=picture, font_family="DejaVu Sans Mono"))


def main() -> None:
    """Make the pictures that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *SHOTS])
    parser.add_argument("--png", type=Path, help="folder for PNGs of them")
    given = parser.parse_args()
    os.environ["TZ"] = "UTC"
    time.tzset()
    FOLDER.mkdir(exist_ok=True)
    for name in given.names or SHOTS:
        picture = asyncio.run(take(*SHOTS[name]))
        path = FOLDER / f"{name}.svg"
        path.write_text(picture)
        sys.stdout.write(f"{path}\n")
        if given.png:
            given.png.mkdir(parents=True, exist_ok=True)
            (given.png / f"{name}.png").write_bytes(png(picture))


if __name__ == "__main__":
    main()
