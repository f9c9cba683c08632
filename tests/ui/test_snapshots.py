"""What every screen shows, at two sizes, of the demo at a fixed moment.

A new screen is one more line in `SCREENS`. After a wanted change look at the difference, then:
`AMAS_TUI_UPDATE_SCREENS=1 pytest tests/ui/test_snapshots.py`.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.ui.picture import cells, readable
from tests.ui.posing import Shown, posed

SIZES: Final = ((80, 24), (120, 40))
BEFORE: Final = 3.0


SCREENS: Final = {
    "board": Shown("need you"),
    "board-at-first": Shown("7 rollouts", at=BEFORE),
    "board-fleet": Shown("service-010", scenario="waiting", fleet=40, keys=("pagedown",)),
    "board-filtered": Shown("/pay", keys=("/", "p", "a", "y", "enter")),
    "help": Shown("Keys in the board view", keys=("?",)),
    "mid-canary": Shown("Pausing at", "amas-orchestrator"),
    "mid-canary-slo": Shown("success-rate", "amas-orchestrator", ("2",)),
    "mid-canary-tree": Shown("revision:3", "amas-orchestrator", ("3",)),
    "halted": Shown("Halted at 50 %", "checkout"),
    "halted-analysis": Shown("Failed", "checkout", ("4",)),
    "halted-slow": Shown("latency-p95", "search"),
    "inconclusive": Shown("Inconclusive", "billing"),
    "waiting": Shown("Waiting for you", "payments"),
    "image-pull": Shown("v0.10.0-nopull", "recommender"),
    "blue-green": Shown("preview v4.6.0 is up", "ledger"),
    "why-halted": Shown("Why", "checkout", ("w",)),
    "why-image-pull": Shown("Why", "recommender", ("w",)),
    "events": Shown("5 Events", "checkout", ("5",)),
    "timeline": Shown("7 Timeline", "checkout", ("7",)),
    "promote": Shown("PATCH", "payments", ("p",)),
    "promote-full": Shown("PATCH", "payments", ("P",)),
    "abort": Shown("PATCH", "payments", ("A",)),
    "undo-choose": Shown("go back to which revision?", "checkout", ("u",)),
    "undo": Shown("PATCH", "checkout", ("u", "enter")),
}


FOLDER: Final = Path(__file__).parents[1] / "data" / "screens"
UPDATES: Final = bool(os.environ.get("AMAS_TUI_UPDATE_SCREENS"))


def file_of(name: str, size: tuple[int, int]) -> Path:
    """Return where a screen is kept."""
    return FOLDER / f"{name}-{size[0]}x{size[1]}.txt"


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are those of one zone, wherever this runs."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.xdist_group("demo")
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCREENS)
async def test_every_screen_is_as_it_was_looked_at(name: str, size: tuple[int, int]) -> None:
    async with posed(SCREENS[name], size) as screen:
        picture = readable(cells(screen.app))
    kept = file_of(name, size)
    if UPDATES:
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(picture, encoding="utf-8")
    assert picture == kept.read_text(encoding="utf-8")


def test_no_screen_is_kept_that_is_not_shown_any_more() -> None:
    wanted = {file_of(name, size) for name in SCREENS for size in SIZES}
    assert set(FOLDER.iterdir()) == wanted
