"""The board: one line per Rollout."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from amas_tui.actions.gate import why_not
from amas_tui.keymap import Command, View
from amas_tui.store.scene import scene
from amas_tui.ui.messages import Attended, Opened, VerbAsked, WhyAsked
from amas_tui.ui.screens.base import MainScreen, bindings
from amas_tui.ui.shown import Shown
from amas_tui.ui.stylesheets import stylesheets
from amas_tui.ui.widgets.line_view import LineView
from amas_tui.ui.widgets.prompt import Prompt
from amas_tui.viewmodel.board import (
    Board,
    Columns,
    Counts,
    Filter,
    RowId,
    board,
    columns,
    header_line,
    row_line,
)
from amas_tui.viewmodel.state import Standing
from amas_tui.viewmodel.text import Line, Span, Tone


class BoardScreen(MainScreen):
    """Lists the rollouts, who needs a human first."""

    VIEW = View.BOARD
    BINDINGS: ClassVar[list[BindingType]] = bindings(View.BOARD)
    CSS_PATH = stylesheets("board")

    def __init__(self, shown: Shown) -> None:
        super().__init__(shown)
        self._board = Board()
        self._filter = Filter()
        self._columns: Columns | None = None
        self._names = LineView(id="columns", classes="one-line")
        self._rows = LineView(id="rows")

    def compose_body(self) -> ComposeResult:
        """Lay out the columns' names and the rows."""
        yield self._names
        yield self._rows

    @property
    def body(self) -> LineView:
        """Return the rows."""
        return self._rows

    def counts(self) -> Counts | None:
        """Return how many rollouts there are."""
        snapshot = self.shown.snapshot
        return self._board.counts if snapshot is not None and snapshot.is_listed else None

    def trail(self, shown: Shown) -> Iterable[str]:
        """Return the namespaces and the filter."""
        yield ", ".join(shown.place.namespaces) or "all namespaces"
        if self._filter.text:
            yield f"/{self._filter.text}"
        if self._filter.needs_human:
            yield "needs you"

    def show_body(self, shown: Shown) -> None:
        """Show the rows of a picture."""
        body = self.body
        width = self.size.width
        if shown.snapshot is None:
            self._names.show((header_line(columns((), width)),))
            body.show(self._empty(shown))
            return
        self._board = board(
            shown.snapshot, shown.place.context, shown.now, self._filter, self._board
        )
        rows = self._board.rows
        self._columns = columns(rows, width)
        self._names.show((header_line(self._columns),))
        if not rows:
            body.show(self._empty(shown))
        else:
            body.show_rows(len(rows), self._line, [row.id for row in rows])
        self._attend()

    def _line(self, index: int) -> Line:
        if self._columns is None:
            return ()
        return row_line(self._board.rows[index], self._columns)

    def _empty(self, shown: Shown) -> tuple[Line, ...]:
        if shown.fresh.sentence:
            return ()
        if shown.snapshot is None or shown.fresh.words in ("connecting", "listing"):
            return ((Span(f"   {shown.fresh.words} …", Tone.DIM),),)
        if self._board.counts.total:
            return ((Span("   no rollout passes the filter", Tone.DIM),),)
        where = ", ".join(shown.place.namespaces) or "any namespace"
        return ((Span(f"   there is no Rollout in {where}", Tone.DIM),),)

    def _attend(self) -> None:
        """Tell which lines on the screen want an explanation."""
        top, height = self.body.scroll_offset.y, self.body.size.height
        visible = self._board.rows[top : top + height]
        uids = tuple(row.id.uid for row in visible if row.state.standing is not Standing.HEALTHY)
        self.post_message(Attended(uids))

    @property
    def selected(self) -> str | None:
        """Return the uid of the rollout under the cursor."""
        key = self.body.cursor_key
        return key.uid if isinstance(key, RowId) else None

    def to_copy(self) -> tuple[str, str] | None:
        """Return the name of the rollout under the cursor."""
        rollouts = self.shown.snapshot.rollouts if self.shown.snapshot else {}
        found = rollouts.get(self.selected or "")
        return ("the name of the rollout", found.key.name) if found else None

    def is_possible(self, command: Command) -> bool:
        """Return whether a verb makes sense for the rollout under the cursor."""
        uid, snapshot = self.selected, self.shown.snapshot
        if command.verb is None and command.id not in ("open", "why"):
            return True
        if uid is None or snapshot is None:
            return False
        here = scene(snapshot, uid)
        if here is None or command.verb is None:
            return here is not None
        # Its ReplicaSets are watched only once it is open, so undo is judged there.
        return command.id == "undo" or why_not(command.verb, here) is None

    def carry_out(self, id_: str, argument: str) -> bool:
        """Carry out what concerns the board alone."""
        uid = self.selected
        match id_:
            case "open" if uid is not None:
                self.post_message(Opened(uid))
            case "why" if uid is not None:
                self.post_message(WhyAsked(uid))
            case "why":
                self._say_nothing_selected()
            case "needs-human":
                self._show(replace(self._filter, needs_human=not self._filter.needs_human))
            case "filter" if argument:
                self._show(replace(self._filter, text=argument))
            case "filter":
                self.open_prompt("/", self._filter.text)
            case "back" if self._filter != Filter():
                self._show(Filter())
            case _:
                return self._verb(id_, uid) or super().carry_out(id_, argument)
        if id_ in ("up", "down"):
            self._attend()
        return True

    def _verb(self, id_: str, uid: str | None) -> bool:
        command = next((one for one in self.shown.keymap.of(self.VIEW) if one.id == id_), None)
        if command is None or command.verb is None:
            return False
        if uid is None:
            self._say_nothing_selected()
        else:
            self.post_message(VerbAsked(command.verb, uid))
        return True

    def _say_nothing_selected(self) -> None:
        self.notify("There is no rollout under the cursor.", severity="warning", markup=False)

    def _show(self, filter_: Filter) -> None:
        self._filter = filter_
        self.update(self.shown)

    def on_prompt_typed(self, message: Prompt.Typed) -> None:
        """Filter while the user types."""
        message.stop()
        if message.sign == "/":
            self._show(replace(self._filter, text=message.text))

    def on_prompt_given_up(self, message: Prompt.GivenUp) -> None:
        """Esc in the filter's prompt takes the filter away."""
        if message.sign == "/":
            self._show(replace(self._filter, text=""))
        super().on_prompt_given_up(message)
