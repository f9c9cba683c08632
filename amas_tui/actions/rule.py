"""What a verb is made of: pure functions, gathered in the table of `actions.table`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from amas_tui.actions.consequence import Consequence
from amas_tui.actions.progress import Pending, Progress
from amas_tui.actions.verb import Choice
from amas_tui.actions.write import Write
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout, RolloutStatus
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Workload:
    """The object that holds the pod template instead of the Rollout (`spec.workloadRef`)."""

    kind: Kind
    key: Key
    uid: str
    generation: int
    template: Mapping[str, Any]

    @property
    def template_path(self) -> str:
        """Return where the pod template is in it, as a JSON pointer."""
        return "/template" if self.kind is Kind.POD_TEMPLATES else "/spec/template"


@dataclass(frozen=True, slots=True)
class Material:
    """What a write is made of beside what the screen shows.

    Attributes:
        template: For `undo`, the pod template to go back to.
        workload: Who holds the template, `None` when it is the Rollout itself.
        now: The server's time, for `restart`.
        strategy: `spec.strategy` as JSON, for an undo that repairs it.
    """

    template: Mapping[str, Any] = field(default_factory=dict)
    workload: Workload | None = None
    now: datetime = _NEVER
    strategy: Mapping[str, Any] = field(default_factory=dict)


class RefusedError(Exception):
    """A choice that makes no write, e.g. an image for a container that there is not."""


Needs = tuple[tuple[Kind, str], ...]
"""Kinds and subresources that are patched."""

STATUS: Final[Needs] = ((Kind.ROLLOUTS, "status"),)
SPEC: Final[Needs] = ((Kind.ROLLOUTS, ""),)


@dataclass(frozen=True, slots=True)
class Rule:
    """Everything that is known of a verb.

    Attributes:
        why_not: Why it makes no sense now, `None` when it may be asked.
        consequence: What it will do to the rollout as it is now.
        writes: The writes in the order they are sent, guarded by what the rollout shows. Raises
            `RefusedError`.
        verdict: Where it stands by the newest picture, without regard to time.
        patience: How long the whole may take.
        needs: What must be patched.
        written: The status when nobody but us has touched it; by default as it was.
        reacted: Whether anybody but us touched it; by default, whether the status differs.
        is_taken_back: Whether what the controller saw tells that somebody put it back.
    """

    why_not: Callable[[Scene], str | None]
    consequence: Callable[[Scene, Choice | None], Consequence]
    writes: Callable[[Rollout, Choice | None, Material], tuple[Write, ...]]
    verdict: Callable[[Pending, Scene], Progress]
    patience: Callable[[Rollout], timedelta]
    needs: Callable[[Rollout], Needs]
    written: Callable[[Rollout], RolloutStatus] = lambda rollout: rollout.status
    reacted: Callable[[Pending, Scene], bool] | None = None
    is_taken_back: Callable[[Pending, Scene], bool] = lambda _pending, _scene: False
