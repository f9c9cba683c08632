"""The action menu and the action log in lines."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from amas_tui.actions.gate import why_not
from amas_tui.actions.record import Record
from amas_tui.actions.rollback import plan
from amas_tui.actions.verb import Verb
from amas_tui.keymap import Keymap, command
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.text import Line, Span, Tone, merge, pad, wrap

_ORDER: Final = (
    Verb.PROMOTE,
    Verb.PROMOTE_FULL,
    Verb.ABORT,
    Verb.UNDO,
    Verb.PAUSE,
    Verb.RESUME,
    Verb.RETRY,
    Verb.RESTART,
    Verb.SET_IMAGE,
    Verb.TERMINATE_RUN,
    Verb.TERMINATE_EXPERIMENT,
    Verb.RETRY_EXPERIMENT,
)
MENU_KEYS: Final[Mapping[Verb, str]] = {
    Verb.RESUME: "R",
    Verb.SET_IMAGE: "i",
    Verb.TERMINATE_RUN: "x",
    Verb.TERMINATE_EXPERIMENT: "X",
    Verb.RETRY_EXPERIMENT: "T",
}
"""Keys inside the menu of verbs that have none outside."""

_SAYS: Final[Mapping[Verb, str]] = {
    Verb.PROMOTE: "one step on",
    Verb.PROMOTE_FULL: "all traffic to the new version, without steps and analyses",
    Verb.ABORT: "all traffic back to stable",
    Verb.UNDO: "another revision's template",
    Verb.PAUSE: "stay here until resumed",
    Verb.RESUME: "go on",
    Verb.RETRY: "the same version again from its first step",
    Verb.RESTART: "new pods of the same version",
    Verb.SET_IMAGE: "other images",
    Verb.TERMINATE_RUN: "end an analysis, which passes its gate",
    Verb.TERMINATE_EXPERIMENT: "end an experiment",
    Verb.RETRY_EXPERIMENT: "run an experiment again",
}

MenuKey = Verb | str
"""A verb, or the id of a command that is none."""


def menu_rows(
    scene: Scene, keymap: Keymap, denied: Mapping[Verb, str], forbidden: str | None
) -> tuple[tuple[MenuKey, str, Line], ...]:
    """Return every action with its key and, where it is not possible, why not.

    Args:
        scene: What is known.
        keymap: The keys in force.
        denied: Verbs whose right is missing, with the rule that is missing.
        forbidden: Why nothing may be written at all, `None` when it may.
    """
    rows: list[tuple[MenuKey, str, Line]] = []
    for verb in _ORDER:
        key = keymap.shown(keymap.for_verb(verb).id) or MENU_KEYS.get(verb, "")
        reason = forbidden or why_not(verb, scene) or denied.get(verb)
        rows.append((verb, key, _row(key, str(verb), _SAYS[verb], reason)))
    reason = forbidden or plan(scene).refusal or None
    says = "to the last good version, proved by four checks"
    key = keymap.shown(command("rollback").id)
    rows.insert(0, ("rollback", key, _row(key, "emergency rollback", says, reason)))
    return tuple(rows)


def _row(key: str, name: str, says: str, reason: str | None) -> Line:
    tone = Tone.DIM if reason else Tone.NORMAL
    return merge(
        (
            Span(f" {pad(key, 2)} ", Tone.DIM if reason else Tone.KEY),
            Span(pad(name, 22), Tone.DIM if reason else Tone.STRONG),
            Span(f"no: {reason}" if reason else says, tone),
        )
    )


def log_lines(records: tuple[Record, ...], zone: datetime) -> tuple[Line, ...]:
    """Return the action log, newest first: when, who, what, on what, and how it went."""
    if not records:
        return ((Span("nothing was done yet", Tone.DIM),),)
    return tuple(line for record in reversed(records) for line in _record(record, zone))


_LOG_CELLS: Final = 66
"""Room in a box on a terminal of 80 columns: how it ended must be read to its end."""


def _record(record: Record, zone: datetime) -> tuple[Line, ...]:
    at = record.at.astimezone(zone.tzinfo)
    tone = Tone.GOOD if record.outcome.startswith("done") else Tone.NORMAL
    because = f" ({record.reason})" if record.reason else ""
    spans = (
        Span(f"{at:%m-%d %H:%M:%S} ", Tone.DIM),
        Span(record.action, Tone.STRONG),
        Span(f" {record.object}: "),
        Span(record.outcome, tone),
        Span(f"  {record.who}@{record.context}{because}", Tone.DIM),
    )
    return wrap(spans, _LOG_CELLS, limit=4, indent=2)
