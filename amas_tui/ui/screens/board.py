"""The board: one line per Rollout."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from amas_tui.actions.gate import why_not
from amas_tui.keymap import Command, View
from amas_tui.ui.messages import (
    ActionAsked,
    Attended,
    Opened,
    ReadingWanted,
    VerbAsked,
    WhyAsked,
)
from amas_tui.ui.screens.base import MainScreen, bindings
from amas_tui.ui.shown import Shown
from amas_tui.ui.stylesheets import stylesheets
from amas_tui.ui.widgets.line_view import LineView
from amas_tui.ui.widgets.prompt import Prompt
from amas_tui.viewmodel.board import (
    Board,
    BoardRow,
    Columns,
    Counts,
    Filter,
    RowId,
    board,
    columns,
    header_line,
    merged,
    row_line,
    stale_line,
)
from amas_tui.viewmodel.state import TELLS_ENOUGH, Standing
from amas_tui.viewmodel.text import Line, Span, Tone

_MOVES: Final = frozenset({"up", "down", "page-up", "page-down", "top", "bottom"})


@dataclass(frozen=True, slots=True)
class Stale:
    """The line above the rows of a cluster whose picture is old."""

    context: str
    words: str
    sentence: str


def _key(row: BoardRow | Stale) -> RowId:
    return row.id if isinstance(row, BoardRow) else RowId(row.context, "")


class BoardScreen(MainScreen):
    """Lists the rollouts, who needs a human first."""

    VIEW = View.BOARD
    BINDINGS: ClassVar[list[BindingType]] = bindings(View.BOARD)
    CSS_PATH = stylesheets("board")

    def __init__(self, shown: Shown) -> None:
        super().__init__(shown)
        self._board = Board()
        self._filter = Filter()
        self._boards: dict[str, Board] = {}
        self._rows_shown: tuple[BoardRow | Stale, ...] = ()
        self._has_strayed = False
        """Whether the row under the cursor went by itself, and the cursor stands on another."""
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
        listed = (v.snapshot is not None and v.snapshot.is_listed for v in self.shown.clusters)
        return self._board.counts if any(listed) else None

    def trail(self, shown: Shown) -> Iterable[str]:
        """Return the namespaces and the filter."""
        yield ", ".join(shown.place.namespaces) or "all namespaces"
        if self._filter.text:
            yield f"/{self._filter.text}"
        if self._filter.needs_human:
            yield "needs you"

    def show_body(self, shown: Shown) -> None:
        """Show the rows of a picture."""
        self._take(shown)
        width = self.size.width
        contexts = [view.place.context for view in shown.clusters]
        self._columns = columns(self._board.rows, width, contexts)
        self._names.show((header_line(self._columns),))
        if not self._board.rows:
            # Without a cursor, which would stay on what is shown while nothing else is known.
            stale = [self._line(index) for index in range(len(self._rows_shown))]
            self.body.show(stale or self._empty(shown))
        else:
            keys = [_key(row) for row in self._rows_shown]
            under = self.body.cursor_key
            self._has_strayed |= under is not None and under not in keys
            self.body.show_rows(len(keys), self._line, keys)
        self._attend()

    def _take(self, shown: Shown) -> None:
        """Take in a picture: one list of the clusters that are live, then each that is not."""
        live: list[Board] = []
        groups: list[BoardRow | Stale] = []
        for view in shown.clusters:
            context = view.place.context
            if view.snapshot is None:
                made = Board()
            else:
                before = self._boards.get(context)
                made = board(view.snapshot, context, view.now, self._filter, before)
            self._boards[context] = made
            if len(shown.clusters) > 1 and view.fresh.tone is Tone.BAD:
                groups += [Stale(context, view.fresh.words, view.fresh.sentence), *made.rows]
            else:
                live.append(made)
        self._board = merged([self._boards[view.place.context] for view in shown.clusters])
        self._rows_shown = (*merged(live).rows, *groups)

    def _line(self, index: int) -> Line:
        row = self._rows_shown[index]
        if isinstance(row, Stale):
            return stale_line(row.context, row.words, row.sentence, self.size.width)
        return row_line(row, self._columns) if self._columns is not None else ()

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
        visible = self._rows_shown[top : top + height]
        ill = [
            row
            for row in visible
            if isinstance(row, BoardRow) and row.state.standing is not Standing.HEALTHY
        ]
        # Not all may be explained; whose Rollout tells enough by itself comes last.
        ill.sort(key=lambda row: row.state.standing in TELLS_ENOUGH)
        uids = tuple(row.id.uid for row in ill)
        self.post_message(Attended(uids))

    @property
    def selected(self) -> str | None:
        """Return the uid of the rollout under the cursor."""
        key = self.body.cursor_key
        return key.uid if isinstance(key, RowId) and key.uid else None

    def to_copy(self) -> tuple[str, str] | None:
        """Return the name of the rollout under the cursor."""
        here = self.shown.scene(self.selected or "")
        return ("the name of the rollout", here.rollout.key.name) if here else None

    def is_possible(self, command: Command) -> bool:
        """Return whether a verb makes sense for the rollout under the cursor."""
        if command.verb is None and command.id not in ("open", "why", "yaml"):
            return True
        here = self.shown.scene(self.selected or "")
        if here is None or command.verb is None:
            return here is not None
        # Its ReplicaSets are watched only once it is open, so undo is judged there.
        return command.id == "undo" or why_not(command.verb, here) is None

    def carry_out(self, id_: str, argument: str) -> bool:
        """Carry out what concerns the board alone."""
        uid = self.selected
        if id_ in _MOVES:
            self._has_strayed = False
        match id_:
            case "open" if uid is not None:
                self.post_message(Opened(uid))
            case "why" if uid is not None:
                self.post_message(WhyAsked(uid))
            case "yaml" if uid is not None:
                self.post_message(ReadingWanted(id_, uid))
            case "needs-human":
                self._show(replace(self._filter, needs_human=not self._filter.needs_human))
            case "rollback" | "actions" if uid is not None:
                if not self._says_it_strayed():
                    self.ask(ActionAsked(id_, uid))
            case "open" | "why" | "yaml" | "rollback" | "actions":
                self._say_nothing_selected()
            case "filter" if argument:
                self._show(replace(self._filter, text=argument))
            case "filter":
                self.open_prompt("/", self._filter.text)
            case "back" | "leave" if self._filter != Filter():
                self._show(Filter())
            case "back":
                # Pressed once too often on the way back it must not end the program.
                self.notify("q quits.", timeout=2, markup=False)
            case _:
                return self._verb(id_, uid, argument) or super().carry_out(id_, argument)
        if id_ in ("up", "down"):
            self._attend()
        return True

    def _verb(self, id_: str, uid: str | None, argument: str) -> bool:
        command = next((one for one in self.shown.keymap.of(self.VIEW) if one.id == id_), None)
        if command is None or command.verb is None:
            return False
        if uid is None:
            self._say_nothing_selected()
        elif not self._says_it_strayed():
            self.ask(VerbAsked(command.verb, uid, argument))
        return True

    def _says_it_strayed(self) -> bool:
        """Say once that a key would act on another rollout than the one that was looked at."""
        strayed, self._has_strayed = self._has_strayed, False
        here = self.shown.scene(self.selected or "")
        if strayed and here is not None:
            text = f"What the cursor was on is gone; it is on {here.rollout.key.name} now."
            self.notify(f"{text} Press the key again.", severity="warning", markup=False)
        return strayed and here is not None

    def _say_nothing_selected(self) -> None:
        """Say that there is no rollout; of a cluster that is down the whole reason."""
        under = self.body.cursor_key
        for row in self._rows_shown:
            if isinstance(row, Stale) and _key(row) == under and row.sentence:
                self.notify(row.sentence, title=row.context, severity="error", markup=False)
                return
        self.notify("There is no rollout under the cursor.", severity="warning", markup=False)

    def _show(self, filter_: Filter) -> None:
        self._filter = filter_
        self.update(self.shown)
        # Whoever filters knows that the cursor moves.
        self._has_strayed = False

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
