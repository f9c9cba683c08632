"""A rollout that is opened: its first frame says how it stands, and nothing jumps afterwards."""

from typing import Any

import pytest

from amas_tui.ui.screens.dialog import LinesScreen
from amas_tui.ui.screens.rollout import RolloutScreen
from amas_tui.viewmodel.text import Span
from tests.ui.posing import Shown, posed


@pytest.mark.parametrize(
    ("size", "width"),
    [pytest.param((80, 24), 80, id="small"), pytest.param((120, 40), 60, id="tiled")],
)
async def test_the_first_frame_has_the_sentence_the_steps_and_the_keys(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], width: int
) -> None:
    first: list[str] = []
    widths: list[int] = []
    begin = RolloutScreen._begin  # noqa: SLF001 - the moment of the first frame
    show_traffic = RolloutScreen._show_traffic  # noqa: SLF001

    def spy(self: RolloutScreen) -> None:
        first.append(shown.text())
        begin(self)

    def measured(self: RolloutScreen, panel: Any, *more: Any) -> None:
        widths.append(panel.size.width)
        show_traffic(self, panel, *more)

    monkeypatch.setattr(RolloutScreen, "_begin", spy)
    monkeypatch.setattr(RolloutScreen, "_show_traffic", measured)
    async with posed(Shown("need you"), size) as shown:
        await shown.press("enter")
        await shown.until("traffic to revision")
    for words in (
        "shop › checkout",
        "Halted at 50 %: success-rate 0.8 < 0.95",
        "5/8",
        "1 Traffic",
        "p promote",
    ):
        assert words in first[0]
    assert set(widths) == {width}


async def test_a_list_to_read_keeps_the_end_of_its_lines() -> None:
    async with posed(Shown("need you"), (80, 24)) as shown:
        shown.app.push_screen(LinesScreen("What was done", [(Span("abort " * 30 + "refused"),)]))
        await shown.until("refused")
        assert "Esc close" in shown.text()
