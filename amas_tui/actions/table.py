"""The table of verbs: one rule each, and nothing else knows what a verb is made of."""

from collections.abc import Mapping
from typing import Final

from amas_tui.actions import abort, children, hold, promote, template
from amas_tui.actions.rule import Rule
from amas_tui.actions.verb import Verb

RULES: Final[Mapping[Verb, Rule]] = {
    Verb.PROMOTE: promote.PROMOTE,
    Verb.PROMOTE_FULL: promote.PROMOTE_FULL,
    Verb.ABORT: abort.ABORT,
    Verb.RETRY: abort.RETRY,
    Verb.PAUSE: hold.PAUSE,
    Verb.RESUME: hold.RESUME,
    Verb.RESTART: hold.RESTART,
    Verb.UNDO: template.UNDO,
    Verb.SET_IMAGE: template.SET_IMAGE,
    Verb.TERMINATE_RUN: children.TERMINATE_RUN,
    Verb.TERMINATE_EXPERIMENT: children.TERMINATE_EXPERIMENT,
    Verb.RETRY_EXPERIMENT: children.RETRY_EXPERIMENT,
}
