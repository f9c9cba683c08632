"""One line to type in: a filter or a command."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input


class Prompt(Input):
    """An input at the bottom; Enter takes it, Esc gives it up."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", show=False)]

    @dataclass
    class Taken(Message):
        """Enter was pressed."""

        sign: str
        text: str

    @dataclass
    class GivenUp(Message):
        """Esc was pressed."""

        sign: str

    @dataclass
    class Typed(Message):
        """The text changed."""

        sign: str
        text: str

    def __init__(
        self, sign: str, text: str = "", words: Iterable[str] = (), classes: str | None = None
    ) -> None:
        """Open a prompt that begins with `sign`, e.g. `/` or `:`."""
        super().__init__(
            value=sign + text,
            suggester=SuggestFromList([sign + word for word in words]),
            select_on_focus=False,
            classes=classes,
        )
        # A blinking cursor would cost bytes for nothing.
        self.cursor_blink = False
        self.sign = sign
        self._before = self.value

    @property
    def typed(self) -> str:
        """Return what was typed after the sign."""
        return self.value.removeprefix(self.sign)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell what is typed; taking the sign away where nothing else stands gives up.

        In a dialog it does not: the keys that follow would be commands of the view behind it.
        """
        event.stop()
        before, self._before = self._before, self.value
        if self.value.startswith(self.sign):
            self.post_message(self.Typed(self.sign, self.typed))
        elif before == self.sign and not self.has_class("in-box"):
            self.post_message(self.GivenUp(self.sign))
        else:
            # Cleared as in a shell, by Ctrl-U or Ctrl-W: the line begins anew.
            self.value = self.sign + self.value.lstrip(self.sign)
            self.cursor_position = len(self.sign)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the text."""
        event.stop()
        self.post_message(self.Taken(self.sign, self.typed))

    def action_give_up(self) -> None:
        """Give up."""
        self.post_message(self.GivenUp(self.sign))
