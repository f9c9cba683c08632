"""Dialogs: a preview that must be confirmed, a choice of revisions, help."""

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from amas_tui.acting import Preview, differences
from amas_tui.actions.verb import Target
from amas_tui.store.scene import Scene
from amas_tui.ui.stylesheets import stylesheets
from amas_tui.ui.widgets.line_view import LineView
from amas_tui.viewmodel.preview_lines import diff_lines, preview_lines
from amas_tui.viewmodel.text import Line, Span, Tone, fit, wrap

Result = TypeVar("Result")


class Dialog(ModalScreen[Result], Generic[Result]):
    """A box of lines over the view."""

    CSS_PATH = stylesheets("dialog")
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "give_up", "Close", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home,g", "end(False)", show=False),
        Binding("end,G", "end(True)", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        with Vertical(id="box"):
            yield LineView(id="body")

    @property
    def body(self) -> LineView:
        """Return the lines."""
        return self.query_one("#body", LineView)

    @property
    def room(self) -> int:
        """Return the cells of a line inside the box."""
        return max(20, min(110, self.size.width * 9 // 10) - 4)

    def on_mount(self) -> None:
        """Show the lines once the size is known."""
        self.call_after_refresh(self.paint)

    def on_resize(self) -> None:
        """Show them for the new size."""
        self.call_after_refresh(self.paint)

    def paint(self) -> None:
        """Show the lines."""

    def action_give_up(self) -> None:
        """Close without effect."""
        self.dismiss(None)

    def action_move(self, rows: int) -> None:
        """Move the cursor or scroll."""
        self.body.move(rows)

    def action_page(self, pages: int) -> None:
        """Move by pages."""
        self.body.move_page(pages)

    def action_end(self, last: bool) -> None:  # noqa: FBT001 - an action's argument
        """Move to an end."""
        self.body.move_end(last=last)


class LinesScreen(Dialog[None]):
    """Lines to read."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,enter", "give_up", show=False)]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title = title
        self._lines = lines

    def paint(self) -> None:
        """Show the lines."""
        head: list[Line] = [(Span(self._title, Tone.STRONG),), ()]
        self.body.show([*head, *(fit(line, self.room) for line in self._lines)])


class PreviewScreen(Dialog[bool]):
    """What a verb will do; Enter does it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "act", show=False)]

    def __init__(self, preview: Preview, name: str) -> None:
        super().__init__()
        self.preview = preview
        self._name_ = name
        self._moved: tuple[str, ...] = ()

    def see(self, latest: Scene | None) -> None:
        """Take in a newer picture: what the user decides on may be gone."""
        seen = self.preview.scene.rollout
        moved = differences(seen, latest.rollout) if latest else ("the rollout is gone",)
        if moved != self._moved:
            self._moved = moved
            self.paint()

    def paint(self) -> None:
        """Show the preview."""
        preview, room = self.preview, self.room
        lines: list[Line] = [
            fit((Span(f"{preview.verb} {self._name_}", Tone.STRONG),), room),
            (),
            *preview_lines(
                preview.verb,
                preview.consequence,
                preview.writes,
                preview.refusal,
                preview.hint,
                room,
            ),
        ]
        if preview.templates is not None and not preview.refusal:
            lines.append(())
            lines += [fit(line, room) for line in diff_lines(*preview.templates)]
        lines.append(())
        if self._moved:
            text = f"⚠ it moved meanwhile: {', '.join(self._moved)}"
            lines += wrap((Span(text, Tone.WARN),), room, limit=3, indent=2)
        lines.append(self._keys())
        self.body.show(lines)

    def _keys(self) -> Line:
        if not self.preview.is_possible:
            return (Span("Esc", Tone.KEY), Span(" close"))
        return (
            Span("Enter", Tone.KEY),
            Span(f" {self.preview.verb}   "),
            Span("Esc", Tone.KEY),
            Span(" do nothing"),
        )

    def action_act(self) -> None:
        """Confirm, or close where there is nothing to confirm."""
        self.dismiss(True if self.preview.is_possible else None)


class RevisionScreen(Dialog[Target]):
    """The revisions to go back to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", show=False)]

    def __init__(self, name: str, rows: Sequence[tuple[Target, Line]]) -> None:
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
        """Show the revisions."""
        room = self.room
        title = fit((Span(f"undo {self._name_}: go back to which revision?", Tone.STRONG),), room)
        self.query_one("#title", LineView).show((title,))
        rows = self._rows
        self.body.show_rows(
            len(rows), lambda y: fit(rows[y][1], room), [target for target, _ in rows]
        )
        keys = (
            Span("Enter", Tone.KEY),
            Span(" see the difference   "),
            Span("Esc", Tone.KEY),
            Span(" close"),
        )
        self.query_one("#keys", LineView).show((keys,))

    def action_choose(self) -> None:
        """Take the revision under the cursor."""
        key = self.body.cursor_key
        self.dismiss(key if isinstance(key, Target) else None)
