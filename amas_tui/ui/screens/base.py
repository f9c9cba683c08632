"""What the board and the rollout view share: keys, header, banner, footer, prompt."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Protocol, runtime_checkable

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from amas_tui.keymap import COMMANDS, Command, View, command
from amas_tui.ui.messages import ActionAsked, CommandIssued, VerbAsked
from amas_tui.ui.shown import Shown
from amas_tui.ui.widgets.line_view import LineView
from amas_tui.ui.widgets.prompt import Prompt
from amas_tui.viewmodel.board import Counts
from amas_tui.viewmodel.frame import footer, header
from amas_tui.viewmodel.text import Line, Span, Tone, wrap


def bindings(view: View) -> list[BindingType]:
    """Return the bindings of a view's commands; their ids let the configuration remap them."""
    return [
        Binding(
            # One without a key can still be given one, by its id.
            ",".join(one.keys) or f"no_key_for_{one.id}",
            f"command('{one.id}')",
            one.help,
            show=False,
            id=one.id,
            # Carried out at once, before the next key is read: a key that follows the one that
            # opens a prompt belongs to the prompt, however fast it came.
            priority=True,
        )
        for one in COMMANDS
        if view in one.views
    ]


@runtime_checkable
class Asking(Protocol):
    """An app that prepares questions to the user, which takes a moment."""

    @property
    def is_preparing(self) -> bool:
        """Return whether a dialog was asked for that is not there yet."""
        ...

    def expect_question(self) -> None:
        """Take note that a dialog is asked for."""
        ...

    def give_question_up(self) -> None:
        """Open no dialog after all."""
        ...


class MainScreen(Screen[None]):
    """A view with a body that keys move in."""

    VIEW: ClassVar[View]
    AUTO_FOCUS = None

    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self.shown = shown
        self._is_ready = False
        self._prompt: Prompt | None = None
        self._header = LineView(id="header", classes="one-line")
        self._banner = LineView(id="banner", classes="as-needed")
        self._footer = LineView(id="footer", classes="one-line")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether an action may run: while something is typed no key is a command.

        Neither is one that follows the key of a dialog which is on its way: it was meant for that,
        and a typed name must not promote.
        """
        if action != "command":
            return True
        if self._is_awaiting and parameters[0] != "back":
            return False
        keymap = self.shown.keymap
        one = command(str(parameters[0]))
        return self._prompt is None and (keymap.is_replay or not one.in_replay)

    def compose(self) -> ComposeResult:
        """Lay out header, banner, body and footer; the first frame has what frames them already."""
        self._show_frame(self.shown, self.app.size.width)
        yield self._header
        yield self._banner
        yield from self.compose_body()
        yield self._footer

    @abstractmethod
    def compose_body(self) -> ComposeResult:
        """Lay out the body."""

    @property
    @abstractmethod
    def body(self) -> LineView:
        """Return the widget that the keys move in."""

    @abstractmethod
    def show_body(self, shown: Shown) -> None:
        """Show a picture in the body."""

    @abstractmethod
    def trail(self, shown: Shown) -> Iterable[str]:
        """Return what is open, outermost first."""

    @abstractmethod
    def is_possible(self, command: Command) -> bool:
        """Return whether a command makes sense now, for the footer."""

    def counts(self) -> Counts | None:
        """Return the counts for the header, `None` for none."""
        return None

    def update(self, shown: Shown) -> None:
        """Show a picture. Equal lines are not painted again."""
        self.shown = shown
        if not self._is_ready or not self.size.width:
            return
        self.show_body(shown)
        self._show_frame(shown, self.size.width)

    def _show_frame(self, shown: Shown, width: int) -> None:
        top = header(shown.place, self.trail(shown), self.counts(), shown.fresh, width)
        self._header.show((top,))
        self._banner.show(self.banner(shown, width))
        keys = footer(shown.keymap, self.VIEW, self.is_possible, width)
        self._footer.show((keys,))

    def banner(self, shown: Shown, width: int) -> tuple[Line, ...]:
        """Return what is wrong in full, where something is: first of all the connection."""
        if not shown.fresh.sentence:
            return ()
        return wrap((Span(f" {shown.fresh.sentence}", Tone.BAD),), width, limit=3, indent=1)

    def on_mount(self) -> None:
        """Paint what is known already, once everything in it is there."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self._is_ready = True
        self.update(self.shown)

    def on_resize(self) -> None:
        """Paint for the new size."""
        self.call_after_refresh(lambda: self.update(self.shown))

    def on_screen_resume(self) -> None:
        """Paint what happened meanwhile."""
        self.update(self.shown)

    @property
    def _is_awaiting(self) -> bool:
        return isinstance(self.app, Asking) and self.app.is_preparing

    def ask(self, message: VerbAsked | ActionAsked) -> None:
        """Have the app ask the user about a verb."""
        if isinstance(self.app, Asking):
            self.app.expect_question()
        self.post_message(message)

    def action_command(self, id_: str) -> None:
        """Carry out a command of the table."""
        if self._is_awaiting and isinstance(self.app, Asking):
            self.app.give_question_up()
        elif not self.carry_out(id_, ""):
            self.post_message(CommandIssued(id_))

    def carry_out(self, id_: str, argument: str) -> bool:
        """Carry out what concerns this screen alone; return whether it was that."""
        match id_:
            case "down":
                self.body.move(1)
            case "up":
                self.body.move(-1)
            case "page-down":
                self.body.move_page(1)
            case "page-up":
                self.body.move_page(-1)
            case "top":
                self.body.move_end(last=False)
            case "bottom":
                self.body.move_end(last=True)
            case "copy":
                self._copy()
            case "replay-seek" if not argument:
                self.open_prompt(":", "seek ")
            case "command":
                words = [one.word for one in self.shown.keymap.of(self.VIEW) if one.word]
                self.open_prompt(":", words=words)
            case _:
                return False
        return True

    def to_copy(self) -> tuple[str, str] | None:
        """Return what the cursor is on, named and in full, `None` where there is nothing."""
        return None

    def _copy(self) -> None:
        from amas_tui.ui.clipboard import copy  # noqa: PLC0415 - after first paint

        found = self.to_copy()
        if found is None:
            self.notify("There is nothing to copy here.", severity="warning", markup=False)
        else:
            copy(self.app, *found)

    def open_prompt(self, sign: str, text: str = "", words: Iterable[str] = ()) -> None:
        """Open a line to type in, in place of the footer."""
        if self._prompt is not None:
            return
        self._prompt = Prompt(sign, text, words)
        self.mount(self._prompt)
        self.set_focus(self._prompt)

    def close_prompt(self) -> None:
        """Close the line to type in."""
        prompt, self._prompt = self._prompt, None
        if prompt is not None:
            prompt.remove()
        self.set_focus(None)

    def on_prompt_given_up(self, message: Prompt.GivenUp) -> None:
        """Close the prompt without effect."""
        message.stop()
        self.close_prompt()

    def on_prompt_taken(self, message: Prompt.Taken) -> None:
        """Carry out a typed command."""
        message.stop()
        self.close_prompt()
        if message.sign != ":" or not message.text.strip():
            return
        word, _, argument = message.text.strip().partition(" ")
        command = self.shown.keymap.by_word(word, self.VIEW)
        if command is None:
            self.notify(
                f"There is no :{word} here; ? shows every command.",
                severity="warning",
                markup=False,
            )
        elif not self.carry_out(command.id, argument.strip()):
            self.post_message(CommandIssued(command.id, argument.strip()))
