"""What a write passes, and what is known of it before it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from amas_tui.actions.consequence import Consequence
from amas_tui.actions.limits import Limits
from amas_tui.actions.verb import Choice, Verb
from amas_tui.actions.write import Write
from amas_tui.errors import AmasError
from amas_tui.ports import Cluster, Ledger
from amas_tui.store.scene import Scene

UNLIMITED: Final = Limits()

NO_CHANGE: Final = "the server accepts it, but nothing would change"
"""Why a write is refused that would leave everything as it is."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Where every write passes.

    Attributes:
        limits: What may be written at all.
        ledger: Where it is noted, `None` for nowhere.
    """

    cluster: Cluster
    limits: Limits = UNLIMITED
    ledger: Ledger | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """All that is known of a write before it is sent.

    Attributes:
        scene: What the user saw; the writes are guarded by it.
        refusal: Why it cannot be done, empty when it can.
        target: Revision, images, run or experiment.
        templates: For `undo`, the pod templates now and then, as JSON.
        lives: For each write, its object (as JSON) as it was.
        context: The context it was made in; it is sent in no other.
        must_type: Whether the rollout's name is typed to confirm.
        is_denied: Whether it is refused because a right is missing.
    """

    verb: Verb
    scene: Scene
    consequence: Consequence
    writes: tuple[Write, ...] = ()
    refusal: str = ""
    hint: str = ""
    target: Choice | None = None
    templates: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None
    lives: tuple[Mapping[str, Any], ...] = ()
    context: str = ""
    must_type: bool = False
    is_denied: bool = False

    @property
    def is_possible(self) -> bool:
        """Return whether it can be confirmed."""
        return not self.refusal and bool(self.writes)


class MovedError(AmasError):
    """The rollout is not what the user saw any more; nothing was written."""


class WriteRefusedError(AmasError):
    """It may not be written: read-only, locked, or the state says no."""
