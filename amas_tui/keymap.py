"""Every command of the screens: one table for bindings, footer, help, `:` line, palette and README.

A single key never writes: the keys of verbs open a preview. Lower case looks or takes the smaller
step, upper case the bigger one. Nothing needs Alt, function keys, Ctrl-A or Ctrl-B (screen, tmux),
Ctrl-W (closes a browser's tab) or Ctrl-S and Ctrl-Q (flow control).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from unicodedata import name

from amas_tui.actions.verb import Verb
from amas_tui.errors import UsageError


class View(StrEnum):
    """A place where keys mean something."""

    BOARD = "board"
    ROLLOUT = "rollout"


ANYWHERE: Final = frozenset(View)
ON_BOARD: Final = frozenset({View.BOARD})
IN_ROLLOUT: Final = frozenset({View.ROLLOUT})


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a key or a `:word` does.

    Attributes:
        id: Names it in the configuration and in code.
        keys: As Textual names them; the first is shown.
        label: For the footer, one or two words; empty keeps it out.
        help: A sentence for `?`, the palette and the README.
        word: For the `:` line; empty keeps it out.
        argument: What the word takes, e.g. `NAMESPACE`.
        verb: What it asks of the rollout under the cursor.
        shown_in: The views whose footer has room for it.
        in_replay: Whether it exists in a replay alone; its keys then mean nothing else.
        of_series: Whether the command before it explains it too: lists of keys leave it out.
    """

    id: str
    keys: tuple[str, ...]
    views: frozenset[View]
    label: str
    help: str
    word: str = ""
    argument: str = ""
    verb: Verb | None = None
    shown_in: frozenset[View] = ANYWHERE
    in_replay: bool = False
    of_series: bool = False


FAVOURITES: Final = 9
"""Favourite namespaces that have a key of their own."""


def _favourite(number: int) -> Command:
    """Return the command that shows one favourite namespace alone."""
    first = "Show one favourite namespace alone: the first; 2 to 9 the others"
    return Command(
        f"favourite-{number}",
        (str(number),),
        ON_BOARD,
        "",
        first if number == 1 else f"Show the favourite namespace {number} alone",
        of_series=number > 1,
    )


COMMANDS: Final[tuple[Command, ...]] = (
    # First, so that in a replay their keys mean this.
    Command(
        "replay-pause",
        ("space",),
        ANYWHERE,
        "pause",
        "In a replay: pause, or go on",
        "pause-replay",
        in_replay=True,
    ),
    Command(
        "replay-back",
        ("left_square_bracket",),
        ANYWHERE,
        "back",
        "In a replay: one picture back",
        in_replay=True,
    ),
    Command(
        "replay-forward",
        ("right_square_bracket",),
        ANYWHERE,
        "on",
        "In a replay: one picture on",
        in_replay=True,
    ),
    Command(
        "replay-seek",
        ("S",),
        ANYWHERE,
        "seek",
        "In a replay: go to 14:07, 14:07:21, 40%, +30s or -2m",
        "seek",
        "TIME",
        in_replay=True,
    ),
    Command("open", ("enter",), ON_BOARD, "open", "Open the rollout under the cursor", "open"),
    Command(
        "promote",
        ("p",),
        ANYWHERE,
        "promote",
        "Promote one step: preview, then Enter acts",
        "promote",
        verb=Verb.PROMOTE,
    ),
    Command(
        "promote-full",
        ("P",),
        ANYWHERE,
        "full",
        "Promote fully, skipping steps and analyses: preview, then Enter acts",
        "full",
        verb=Verb.PROMOTE_FULL,
    ),
    Command(
        "abort",
        ("A",),
        ANYWHERE,
        "abort",
        "Abort: all traffic back to stable: preview, then Enter acts",
        "abort",
        verb=Verb.ABORT,
    ),
    Command(
        "undo",
        ("u",),
        ANYWHERE,
        "undo",
        "Undo: choose a revision, see the difference, then Enter acts",
        "undo",
        verb=Verb.UNDO,
    ),
    Command("why", ("w",), ANYWHERE, "why", "Say why: the cause, its evidence, what helps", "why"),
    Command(
        "rollback",
        ("exclamation_mark",),
        ANYWHERE,
        "",
        "Emergency rollback to the last good version: preview, then its typed name",
        "rollback",
    ),
    Command(
        "actions",
        ("a",),
        ANYWHERE,
        "all",
        "Every action, each with the reason where it is not possible now",
        "actions",
    ),
    Command(
        "hold",
        ("H",),
        ANYWHERE,
        "hold",
        "Hold where it is, or let a held rollout go on: preview, then Enter acts",
        "hold",
        verb=Verb.PAUSE,
        shown_in=IN_ROLLOUT,
    ),
    Command(
        "retry",
        ("t",),
        ANYWHERE,
        "retry",
        "Try an aborted version again from its first step: preview, then Enter acts",
        "retry",
        verb=Verb.RETRY,
        shown_in=IN_ROLLOUT,
    ),
    Command(
        "restart",
        ("r",),
        ANYWHERE,
        "",
        "Restart the pods, a few at a time: preview, then Enter acts",
        "restart",
        verb=Verb.RESTART,
    ),
    Command(
        "resume",
        (),
        ANYWHERE,
        "",
        "Let a held rollout go on: preview, then Enter acts",
        "resume",
        verb=Verb.RESUME,
    ),
    Command(
        "set-image",
        (),
        ANYWHERE,
        "",
        "Set images of containers: preview, then Enter acts",
        "image",
        "CONTAINER=IMAGE",
        verb=Verb.SET_IMAGE,
    ),
    Command(
        "terminate",
        (),
        ANYWHERE,
        "",
        "End a running analysis, which passes its gate: preview, then Enter acts",
        "terminate",
        verb=Verb.TERMINATE_RUN,
    ),
    Command(
        "end-experiment",
        (),
        ANYWHERE,
        "",
        "End a running experiment: preview, then Enter acts",
        "end-experiment",
        verb=Verb.TERMINATE_EXPERIMENT,
    ),
    Command(
        "repeat-experiment",
        (),
        ANYWHERE,
        "",
        "Run an experiment again: preview, then Enter acts",
        "repeat-experiment",
        verb=Verb.RETRY_EXPERIMENT,
    ),
    Command(
        "needs-human",
        ("f",),
        ON_BOARD,
        "needs-you",
        "Show only the rollouts that need a human, or all again",
        "needs-you",
    ),
    Command(
        "filter",
        ("slash",),
        ON_BOARD,
        "filter",
        "Filter: text or regex, !text for the others, -l label=value, -f letters in order",
        "filter",
        "TEXT",
    ),
    Command("all-namespaces", ("0",), ON_BOARD, "", "Show the rollouts of all namespaces", "all"),
    *map(_favourite, range(1, FAVOURITES + 1)),
    Command("namespace", (), ON_BOARD, "", "Show the rollouts of one namespace", "ns", "NAMESPACE"),
    Command(
        "panel-1", ("1",), IN_ROLLOUT, "", "Traffic: share of the new revision over time", "traffic"
    ),
    Command(
        "panel-2",
        ("2", "s"),
        IN_ROLLOUT,
        "",
        "SLO: the gates' metrics, canary beside stable",
        "slo",
    ),
    Command("panel-3", ("3",), IN_ROLLOUT, "", "Tree: revisions, ReplicaSets, pods, runs", "tree"),
    Command(
        "panel-4", ("4",), IN_ROLLOUT, "", "Analysis: every metric and measurement", "analysis"
    ),
    Command(
        "panel-5", ("5", "e"), IN_ROLLOUT, "", "Events of the rollout and all below it", "events"
    ),
    Command(
        "panel-6",
        ("6", "l"),
        IN_ROLLOUT,
        "",
        "Logs: the canary's; again for stable, both, ingress-nginx",
        "logs",
    ),
    Command(
        "previous-logs",
        ("L",),
        IN_ROLLOUT,
        "",
        "Logs of the run before, of containers that crashed; again for this one",
        "previous-logs",
    ),
    Command(
        "panel-7",
        ("7", "T"),
        IN_ROLLOUT,
        "",
        "Timeline: what happened when, by whom, and the rollback events",
        "timeline",
    ),
    Command(
        "export",
        ("x",),
        IN_ROLLOUT,
        "",
        "Export the timeline as Markdown and JSON for the postmortem",
        "export",
    ),
    Command(
        "record",
        (),
        ANYWHERE,
        "",
        "Keep a recording of what came in lately, for `amas-tui replay`",
        "rec",
    ),
    Command("next-panel", ("right_square_bracket", "tab"), IN_ROLLOUT, "", "Go to the next panel"),
    Command(
        "previous-panel",
        ("left_square_bracket", "shift+tab"),
        IN_ROLLOUT,
        "",
        "Go to the previous panel",
    ),
    Command(
        "maximise",
        ("m",),
        IN_ROLLOUT,
        "",
        "Give the whole screen to one panel, or tile again",
        "max",
    ),
    Command("yaml", ("y",), ANYWHERE, "", "Read the Rollout as YAML", "yaml"),
    Command(
        "compare",
        ("v",),
        IN_ROLLOUT,
        "",
        "Compare revisions: what the newest changed, or with N..M",
        "compare",
        "N..M",
    ),
    Command(
        "copy",
        ("c",),
        ANYWHERE,
        "",
        "Copy what the cursor is on: a query, a name; over SSH and tmux too",
        "copy",
    ),
    Command("down", ("down", "j"), ANYWHERE, "", "Move down"),
    Command("up", ("up", "k"), ANYWHERE, "", "Move up"),
    Command("page-down", ("pagedown", "ctrl+f"), ANYWHERE, "", "Move down a page"),
    Command("page-up", ("pageup",), ANYWHERE, "", "Move up a page"),
    Command("top", ("home", "g"), ANYWHERE, "", "Go to the top"),
    Command("bottom", ("end", "G"), ANYWHERE, "", "Go to the bottom"),
    Command("back", ("escape",), ANYWHERE, "", "Go back, or take the filter away"),
    Command("leave", ("q",), ANYWHERE, "", "Go back; at the board it quits"),
    Command(
        "command", ("colon",), ANYWHERE, "command", "Type a command by its word, with completion"
    ),
    Command("log", ("at",), ANYWHERE, "", "What was done, and how it ended", "log"),
    Command(
        "lock", ("Z",), ANYWHERE, "", "Lock: write nothing more until the program ends", "lock"
    ),
    Command("help", ("question_mark",), ANYWHERE, "help", "Show every key", "help"),
    Command("palette", ("ctrl+p",), ANYWHERE, "", "Search the commands"),
    Command(
        "doctor", (), ANYWHERE, "", "Check rights, controller, Prometheus, manifests …", "doctor"
    ),
    Command("relist", ("ctrl+r",), ANYWHERE, "", "List everything anew", "relist"),
    Command("repaint", ("ctrl+l",), ANYWHERE, "", "Paint the screen anew", "repaint"),
    Command(
        "cancel", ("ctrl+c",), ANYWHERE, "", "Cancel what runs; twice within two seconds quits"
    ),
    Command("quit", (), ANYWHERE, "", "Quit", "q"),
)

_SHOWN: Final = {
    "enter": "↵",
    "slash": "/",
    "exclamation_mark": "!",
    "at": "@",
    "colon": ":",
    "question_mark": "?",
    "escape": "Esc",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "up": "↑",
    "down": "↓",
    "tab": "Tab",
    "shift+tab": "Shift-Tab",
}


def key_name(key: str) -> str:
    """Return a key as people write it, e.g. `Ctrl-R` for `ctrl+r`."""
    if key in _SHOWN:
        return _SHOWN[key]
    if key.startswith("ctrl+"):
        return f"Ctrl-{key[5:].upper()}"
    return key


_NAMED: Final = frozenset(
    {*_SHOWN, "space", "backspace", "delete", "insert", *(f"f{n}" for n in range(1, 13))}
)


def key_named(text: str) -> str | None:
    """Return the key that people write as `text`, as Textual names it; `None` for no key.

    `/`, `Esc`, `PgDn`, `Ctrl-R` and Textual's own `slash`, `pagedown`, `ctrl+r` are all read.
    """
    shown = {name.lower(): key for key, name in _SHOWN.items()}
    lower = text.lower()
    if len(text) == 1:
        return shown.get(text) or _character_key(text)
    if lower in shown:
        return shown[lower]
    if lower in _NAMED:
        return lower
    modifier, _, letter = lower.replace("-", "+").partition("+")
    if modifier == "ctrl" and len(letter) == 1 and letter.isascii() and letter.isalpha():
        return f"ctrl+{letter}"
    return None


_CHARACTERS: Final = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Where Textual's name differs from Unicode's. Source: textual/keys.py."""


def _character_key(char: str) -> str | None:
    if char.isalnum() or not char.isprintable() or char.isspace():
        return char if char.isascii() and char.isalnum() else None
    named = name(char, "").lower().replace("-", "_").replace(" ", "_")
    return _CHARACTERS.get(named, named) or None


class Keymap:
    """The commands with the keys in force."""

    def __init__(
        self,
        remapped: Mapping[str, tuple[str, ...]] | None = None,
        *,
        is_replay: bool = False,
    ) -> None:
        """Take the table, with other keys for some commands.

        Raises:
            UsageError: A command is unknown, or a key would mean two things in one view.
        """
        self.is_replay = is_replay
        self.remapped = {id_: ",".join(keys) for id_, keys in (remapped or {}).items() if keys}
        """Other keys than the table's by the command's id, as Textual takes them."""
        self._keys = {command.id: command.keys for command in COMMANDS}
        for id_, keys in (remapped or {}).items():
            if id_ not in self._keys:
                known = ", ".join(sorted(self._keys))
                raise UsageError(f"keys: there is no command {id_}", hint=f"There are {known}")
            self._keys[id_] = keys
        if is_replay:
            self._yield_to_replay()
        if clash := next(self._clashes(), None):
            key, view, first, second = clash
            raise UsageError(
                f"keys: {key_name(key)} is both {first} and {second} in the {view} view",
                hint="Give one of them another key in the configuration",
            )

    def _yield_to_replay(self) -> None:
        """Take from the other commands the keys that steer a replay."""
        steering = {key for one in COMMANDS if one.in_replay for key in self._keys[one.id]}
        for one in COMMANDS:
            if not one.in_replay:
                self._keys[one.id] = tuple(k for k in self._keys[one.id] if k not in steering)

    def _clashes(self) -> Iterator[tuple[str, View, str, str]]:
        for view in View:
            taken: dict[str, str] = {}
            for command in self.of(view):
                for key in self._keys[command.id]:
                    if key in taken:
                        yield key, view, taken[key], command.id
                    taken[key] = command.id

    def of(self, view: View) -> tuple[Command, ...]:
        """Return the commands of a view, in the order of the table."""
        return tuple(
            command
            for command in COMMANDS
            if view in command.views and (self.is_replay or not command.in_replay)
        )

    def keys(self, id_: str) -> tuple[str, ...]:
        """Return the keys of a command as Textual names them."""
        return self._keys[id_]

    def shown(self, id_: str) -> str:
        """Return the first key of a command as people write it, empty without one."""
        keys = self._keys[id_]
        return key_name(keys[0]) if keys else ""

    def for_verb(self, verb: Verb) -> Command:
        """Return the command that asks for a verb."""
        return next(command for command in COMMANDS if command.verb is verb)

    def by_word(self, word: str, view: View) -> Command | None:
        """Return the command of a `:word` in a view, also by a prefix that only one has."""
        words = {command.word: command for command in self.of(view) if command.word}
        if word in words:
            return words[word]
        matching = [command for own, command in words.items() if own.startswith(word)]
        return matching[0] if len(matching) == 1 else None


def command(id_: str) -> Command:
    """Return the command of that id."""
    return next(one for one in COMMANDS if one.id == id_)


def table_markdown(keymap: Keymap) -> str:
    """Return the README's table of keys."""
    lines = ["| Key | Where | `:` | Does |", "| --- | --- | --- | --- |"]
    for one in COMMANDS:
        if one.of_series:
            continue
        keys = ", ".join(f"`{key_name(key)}`" for key in keymap.keys(one.id)) or "–"
        where = "everywhere" if one.views == ANYWHERE else ", ".join(sorted(one.views))
        word = f"`:{one.word}{' ' + one.argument if one.argument else ''}`" if one.word else ""
        lines.append(f"| {keys} | {where} | {word} | {one.help} |")
    return "\n".join(lines) + "\n"
