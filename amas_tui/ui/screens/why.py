"""Why: the cause in a sentence, its evidence, what else was found, and the keys that help."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from amas_tui.actions.gate import why_not
from amas_tui.keymap import Command, View
from amas_tui.store.scene import Scene
from amas_tui.ui.screens.dialog import Dialog
from amas_tui.ui.shown import Shown
from amas_tui.ui.widgets.line_view import LineView
from amas_tui.viewmodel.text import Line, Span, Tone, fit, merge
from amas_tui.viewmodel.why_panel import helping, why_lines


class WhyScreen(Dialog[str]):
    """Follows one rollout while it is read; a key that helps closes it and is carried out."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("w,enter", "give_up", show=False)]

    def __init__(self, shown: Shown, uid: str) -> None:
        super().__init__()
        self._shown = shown
        self._uid = uid

    def compose(self) -> ComposeResult:
        """Lay out title, lines and keys."""
        with Vertical(id="box"):
            yield LineView(id="title", classes="one-line")
            yield LineView(id="body")
            yield LineView(id="keys", classes="one-line")

    def follow(self, shown: Shown) -> None:
        """Take in a newer picture."""
        self._shown = shown
        # Before it is laid out and while the program ends there is nothing to paint on.
        if self.is_mounted and self.query(LineView):
            self.paint()

    @property
    def _scene(self) -> Scene | None:
        return self._shown.scene(self._uid)

    def paint(self) -> None:
        """Show the newest diagnosis."""
        here, room = self._scene, self.room
        if here is None:
            gone: Line = (Span("The rollout is gone.", Tone.WARN),)
            self.body.show((gone,))
            return
        title = fit((Span(f"Why: {here.rollout.key.name}", Tone.STRONG),), room)
        self.query_one("#title", LineView).show((title,))
        self.body.show(why_lines(here, self._shown.now, room))
        self.query_one("#keys", LineView).show((fit(self._keys(here), room),))

    def _keys(self, here: Scene) -> Line:
        keymap = self._shown.keymap
        spans: list[Span] = []
        for one in self._helping(here):
            spans += [Span(keymap.shown(one.id), Tone.KEY), Span(f" {_label(one)}   ")]
        return merge(
            (*spans, Span("↑↓", Tone.KEY), Span(" more   "), Span("Esc", Tone.KEY), Span(" close"))
        )

    def _helping(self, here: Scene) -> tuple[Command, ...]:
        """Return the commands that help now, those that are refused left out."""
        keymap = self._shown.keymap
        verbs, look = helping(here, self._shown.now)
        found = [keymap.for_verb(verb) for verb in verbs if why_not(verb, here) is None]
        found += [one for one in keymap.of(View.ROLLOUT) if one.id == look]
        return tuple(found)

    def on_key(self, event: events.Key) -> None:
        """Carry out the key of a verb or a panel: what is read here is what is decided on."""
        keymap = self._shown.keymap
        for one in keymap.of(View.ROLLOUT):
            is_meant = one.verb is not None or one.id.startswith(("panel-", "previous-logs"))
            if is_meant and event.key in keymap.keys(one.id):
                event.stop()
                self.dismiss(one.id)
                return


def _label(command: Command) -> str:
    return command.label or command.word
