"""What a verb will do in this very state, in words, before anything is sent."""

from amas_tui.actions.consequence import Consequence
from amas_tui.actions.table import RULES
from amas_tui.actions.verb import Choice, Verb
from amas_tui.store.scene import Scene


def consequence(verb: Verb, scene: Scene, choice: Choice | None = None) -> Consequence:
    """Return what the verb will do to the rollout as it is now."""
    return RULES[verb].consequence(scene, choice)
