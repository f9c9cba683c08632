"""What a user did, on its way up to the app."""

from dataclasses import dataclass

from textual.message import Message

from amas_tui.actions.verb import Verb
from amas_tui.store.logs import LogChoice


@dataclass
class CommandIssued(Message):
    """A key or a `:word` that a screen does not carry out by itself."""

    command: str
    argument: str = ""


@dataclass
class VerbAsked(Message):
    """Something is asked of a rollout."""

    verb: Verb
    uid: str
    argument: str = ""


@dataclass
class LogsWanted(Message):
    """Somebody reads a log, or nobody does any more (`uid` is `None`)."""

    uid: str | None
    choice: LogChoice


@dataclass
class ExportWanted(Message):
    """The story of a rollout is to be written to a file."""

    uid: str


@dataclass
class ReadingWanted(Message):
    """The YAML of a rollout (`yaml`) is wanted, or what changed between revisions (`compare`)."""

    command: str
    uid: str
    argument: str = ""


@dataclass
class ActionAsked(Message):
    """A rollback (`rollback`) or the menu of actions (`actions`) is asked for."""

    command: str
    uid: str


@dataclass
class Opened(Message):
    """A rollout is to be opened."""

    uid: str


@dataclass
class WhyAsked(Message):
    """Why a rollout stands as it does is to be said."""

    uid: str


@dataclass
class Left(Message):
    """A view is to be closed.

    Attributes:
        may_quit: Whether the program ends where no view is left to close.
    """

    may_quit: bool = False


@dataclass
class Attended(Message):
    """These rollouts are on the screen and want an explanation."""

    uids: tuple[str, ...]
