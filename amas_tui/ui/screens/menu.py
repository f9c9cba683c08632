"""The action menu: every verb, and where one is not possible now, why not."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from amas_tui.ui.screens.dialog import Dialog
from amas_tui.ui.widgets.line_view import LineView
from amas_tui.viewmodel.menu_lines import MenuKey
from amas_tui.viewmodel.text import Line, Span, Tone, fit


class MenuScreen(Dialog[MenuKey]):
    """Rows to choose an action from, by cursor or by its own key."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", show=False)]

    def __init__(self, name: str, rows: Sequence[tuple[MenuKey, str, Line]]) -> None:
        super().__init__()
        self._name_ = name
        self._rows = rows

    def compose(self) -> ComposeResult:
        """Lay out title, rows and keys."""
        with Vertical(id="box"):
            yield LineView(id="title", classes="one-line")
            yield LineView(id="body")
            yield LineView(id="keys", classes="one-line")

    def paint(self) -> None:
        """Show the actions."""
        room, rows = self.room, self._rows
        title = fit((Span(f"what to do with {self._name_}", Tone.STRONG),), room)
        self.query_one("#title", LineView).show((title,))
        self.body.styles.max_height = max(3, self.size.height * 9 // 10 - 4)
        self.body.show_rows(len(rows), lambda y: fit(rows[y][2], room), [row[0] for row in rows])
        keys = (
            Span("Enter", Tone.KEY),
            Span(" or its key: see what it does   "),
            Span("Esc", Tone.KEY),
            Span(" close"),
        )
        self.query_one("#keys", LineView).show((fit(keys, room),))

    def action_choose(self) -> None:
        """Take the action under the cursor."""
        key = self.body.cursor_key
        self.dismiss(next((row[0] for row in self._rows if row[0] == key), None))

    def on_key(self, event: events.Key) -> None:
        """Take the action whose own key is pressed."""
        found = next((row[0] for row in self._rows if row[1] and row[1] == event.character), None)
        if found is not None:
            event.stop()
            self.dismiss(found)
