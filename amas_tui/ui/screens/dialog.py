"""Dialogs: a preview that must be confirmed, a choice of revisions, help."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from amas_tui.acting import Preview, differences
from amas_tui.actions.verb import Child, Choice, Images, Target
from amas_tui.store.scene import Scene
from amas_tui.ui.stylesheets import stylesheets
from amas_tui.ui.widgets.line_view import LineView
from amas_tui.ui.widgets.prompt import Prompt
from amas_tui.viewmodel.preview_lines import diff_lines, preview_lines
from amas_tui.viewmodel.text import Line, Span, Tone, fit, merge, wrap

Result = TypeVar("Result")


class Dialog(ModalScreen[Result], Generic[Result]):
    """A box of lines over the view."""

    CSS_PATH = stylesheets("dialog")
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Close", show=False),
        Binding("q", "leave", show=False),
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

    def show_body(self, lines: Sequence[Line], beside: int = 0) -> bool:
        """Show lines that leave `beside` lines of the box to others; return whether all fit."""
        most = max(3, self.size.height * 9 // 10 - 2 - beside)
        self.body.styles.max_height = most
        self.body.show(lines)
        return len(lines) <= most

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

    def action_leave(self) -> None:
        """Close without effect."""
        self.action_give_up()

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

    def compose(self) -> ComposeResult:
        """Lay out the lines, and the keys of the box below them."""
        with Vertical(id="box"):
            yield LineView(id="body")
            yield LineView(id="keys", classes="one-line")

    def paint(self) -> None:
        """Show the lines."""
        head: list[Line] = [(Span(self._title, Tone.STRONG),), ()]
        # A line that is cut would lose its end: how an action ended, what a check found.
        told = [part for line in self._lines for part in wrap(line, self.room, limit=4, indent=6)]
        fits = self.show_body([*head, *told], 1)
        more = () if fits else (Span("↑↓ PgDn", Tone.KEY), Span(" more   "))
        keys = merge((*more, Span("Esc", Tone.KEY), Span(" close")))
        self.query_one("#keys", LineView).show((fit(keys, self.room),))


class ConfirmScreen(Dialog[bool]):
    """What will be done; Enter does it, or the rollout's name where that is asked for."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "act", show=False)]

    def __init__(self, name: str, what: str, seen: Scene) -> None:
        super().__init__()
        self.name_ = name
        self.seen = seen
        self._what = what
        self._moved: tuple[str, ...] = ()

    @property
    @abstractmethod
    def is_possible(self) -> bool:
        """Return whether it can be confirmed."""

    @property
    @abstractmethod
    def must_type(self) -> bool:
        """Return whether the name is typed to confirm."""

    @abstractmethod
    def lines(self, room: int) -> list[Line]:
        """Return what will be done, for so many cells."""

    def compose(self) -> ComposeResult:
        """Lay out the lines, and a line to type in where the name is asked for."""
        with Vertical(id="box"):
            yield LineView(id="body")
            if self.must_type:
                yield LineView(id="ask", classes="one-line")
                yield Prompt(_SIGN, classes="in-box")
            yield LineView(id="keys", classes="one-line")

    def on_mount(self) -> None:
        """Let the name be typed at once."""
        super().on_mount()
        if self.must_type:
            self.set_focus(self.query_one(Prompt))

    def see(self, latest: Scene | None) -> None:
        """Take in a newer picture: what the user decides on may be gone."""
        moved = differences(self.seen.rollout, latest.rollout) if latest else _GONE
        if moved != self._moved:
            self._moved = moved
            self.paint()

    def paint(self) -> None:
        """Show it."""
        room = self.room
        lines = self.lines(room)
        if self._moved:
            text = f"⚠ it moved meanwhile: {', '.join(self._moved)}"
            lines += ((), *wrap((Span(text, Tone.WARN),), room, limit=3, indent=2))
        fits = self.show_body(lines, 3 if self.must_type else 1)
        if self.must_type:
            words = f"Type {self.name_} and press Enter to {self._what}"
            self.query_one("#ask", LineView).show((fit((Span(words, Tone.WARN),), room),))
        self.query_one("#keys", LineView).show((fit(self._keys(fits=fits), room),))

    def _keys(self, *, fits: bool) -> Line:
        scroll = () if fits else (Span("   ↑↓", Tone.KEY), Span(" more"))
        if not self.is_possible:
            return (Span("Esc", Tone.KEY), Span(" close"), *scroll)
        confirm = f" {self._what}   " if not self.must_type else " when it is typed   "
        return (
            Span("Enter", Tone.KEY),
            Span(confirm),
            Span("Esc", Tone.KEY),
            Span(" do nothing"),
            *scroll,
        )

    def action_leave(self) -> None:
        """Close, unless a name is typed: its letters may come before the line to type in."""
        if not self.must_type:
            super().action_leave()

    def action_act(self) -> None:
        """Confirm, or close where there is nothing to confirm."""
        if not self.must_type:
            self.dismiss(True if self.is_possible else None)

    def on_prompt_taken(self, message: Prompt.Taken) -> None:
        """Confirm with the right name alone."""
        message.stop()
        if message.text.strip() == self.name_:
            self.dismiss(result=True)
        else:
            self.notify(f"That is not {self.name_}.", severity="warning", markup=False)

    def on_prompt_typed(self, message: Prompt.Typed) -> None:
        """Nothing hangs on a half-typed name."""
        message.stop()

    def on_prompt_given_up(self, message: Prompt.GivenUp) -> None:
        """Close without effect."""
        message.stop()
        self.dismiss(None)


_GONE = ("the rollout is gone",)


class PreviewScreen(ConfirmScreen):
    """What a verb will do."""

    def __init__(self, preview: Preview, name: str) -> None:
        super().__init__(name, str(preview.verb), preview.scene)
        self.preview = preview

    @property
    def is_possible(self) -> bool:
        """Return whether it can be confirmed."""
        return self.preview.is_possible

    @property
    def must_type(self) -> bool:
        """Return whether the name is typed to confirm."""
        return self.preview.must_type and self.preview.is_possible

    def lines(self, room: int) -> list[Line]:
        """Return the preview."""
        preview = self.preview
        lines: list[Line] = [
            fit((Span(f"{preview.verb} {self.name_}", Tone.STRONG),), room),
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
        return lines


_SIGN = "› "


class ChoiceScreen(Dialog[Choice]):
    """What a verb can be asked of: revisions, analyses, experiments."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", show=False)]

    def __init__(self, title: str, rows: Sequence[tuple[Choice, Line]]) -> None:
        super().__init__()
        self._title = title
        self._rows = rows

    def compose(self) -> ComposeResult:
        """Lay out title, rows and keys."""
        with Vertical(id="box"):
            yield LineView(id="title", classes="one-line")
            yield LineView(id="body")
            yield LineView(id="keys", classes="one-line")

    def paint(self) -> None:
        """Show the rows."""
        room = self.room
        title = fit((Span(self._title, Tone.STRONG),), room)
        self.query_one("#title", LineView).show((title,))
        rows = self._rows
        self.body.styles.max_height = max(3, self.size.height * 9 // 10 - 4)
        self.body.show_rows(
            len(rows), lambda y: fit(rows[y][1], room), [choice for choice, _ in rows]
        )
        keys = (
            Span("Enter", Tone.KEY),
            Span(" see what it does   "),
            Span("Esc", Tone.KEY),
            Span(" close"),
        )
        self.query_one("#keys", LineView).show((keys,))

    def action_choose(self) -> None:
        """Take what is under the cursor."""
        key = self.body.cursor_key
        self.dismiss(key if isinstance(key, Target | Images | Child) else None)
