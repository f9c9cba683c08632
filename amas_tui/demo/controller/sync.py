"""One look of the controller at one Rollout: what it sees, and what it decides on the way.

Source: rollout/context.go, rollout/controller.go:newRolloutContext.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from amas_tui.demo.clock import rfc3339
from amas_tui.demo.controller.events import Recorder
from amas_tui.demo.controller.objects import hash_of, name_of, namespace_of, status_of
from amas_tui.demo.resources import REPLICA_SETS, ROLLOUTS
from amas_tui.demo.store import Json, Store


@dataclass(slots=True)
class Pauses:
    """What was decided about pausing and aborting. Source: rollout/pause.go:pauseContext."""

    added: list[str] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    are_cleared: bool = False
    is_abort_added: bool = False
    is_abort_removed: bool = False
    abort_message: str = ""

    def abort(self, message: str) -> None:
        """Abort the update; `message` is the cause."""
        self.is_abort_added = True
        self.abort_message = message

    def clear(self) -> None:
        """Lift every pause, and the abort."""
        self.are_cleared = True
        self.is_abort_removed = True


@dataclass(slots=True)
class Sync:
    """The objects of one Rollout at this moment.

    Attributes:
        store: Where they are.
        events: Who tells.
        wait: Look at the Rollout again in so many seconds.
        rollout: The Rollout as stored.
        template: The wanted pods' template, resolved.
        selector: The pods' selector, resolved.
        sets: The Rollout's ReplicaSets by name, as stored.
        new_name: The ReplicaSet of the wanted template, empty before there is one.
        stable_name: The stable one, empty before there is one.
        runs: The current AnalysisRuns by type, e.g. `Step`.
        other_runs: All others of this Rollout.
        status: The status that is being made.
        pauses: What was decided about pausing and aborting.
        is_new_within_delay: Whether the wanted version still waits out a scale-down delay.
        is_written: Whether the Rollout was changed, so that the rest is for the next look.
    """

    store: Store
    events: Recorder
    wait: Callable[[float], None]
    rollout: Json
    template: Json
    selector: Json
    sets: dict[str, Json]
    new_name: str = ""
    stable_name: str = ""
    runs: dict[str, Json] = field(default_factory=dict)
    other_runs: list[Json] = field(default_factory=list)
    status: Json = field(default_factory=dict)
    pauses: Pauses = field(default_factory=Pauses)
    is_new_within_delay: bool = False
    is_written: bool = False

    @property
    def name(self) -> str:
        """Return the Rollout's name."""
        return name_of(self.rollout)

    @property
    def namespace(self) -> str:
        """Return the Rollout's namespace."""
        return namespace_of(self.rollout)

    @property
    def now(self) -> str:
        """Return the time as the API writes it."""
        return rfc3339(self.store.clock.now)

    @property
    def before(self) -> Json:
        """Return the status that is stored."""
        return status_of(self.rollout)

    @property
    def all_sets(self) -> list[Json]:
        """Return all ReplicaSets."""
        return list(self.sets.values())

    @property
    def new_set(self) -> Json | None:
        """Return the ReplicaSet of the wanted template."""
        return self.sets.get(self.new_name)

    @property
    def stable_set(self) -> Json | None:
        """Return the stable ReplicaSet."""
        return self.sets.get(self.stable_name)

    @property
    def older_sets(self) -> list[Json]:
        """Return all but the newest."""
        return [each for each in self.all_sets if name_of(each) != self.new_name]

    @property
    def other_sets(self) -> list[Json]:
        """Return those that are neither newest nor stable."""
        return [each for each in self.older_sets if name_of(each) != self.stable_name]

    @property
    def is_aborted(self) -> bool:
        """Whether the update is aborted, or was decided to be."""
        if self.pauses.is_abort_removed:
            return False
        return self.pauses.is_abort_added or bool(self.before.get("abort"))

    def adopt(self, new_set: Json) -> None:
        """Take a ReplicaSet as that of the wanted template, and find the stable one again."""
        self.sets[name_of(new_set)] = new_set
        self.new_name = name_of(new_set)
        self.stable_name = stable_name(self.rollout, self.all_sets)

    def change_set(self, name: str, change: Callable[[Json], None]) -> Json:
        """Write a ReplicaSet and see it changed."""
        changed = self.store.update(REPLICA_SETS, self.namespace, name, change)
        self.sets[name] = changed
        return changed

    def change_rollout(self, change: Callable[[Json], None], *, subresource: str = "") -> bool:
        """Write the Rollout; return whether anything differed."""
        changed = self.store.update(
            ROLLOUTS, self.namespace, self.name, change, subresource=subresource
        )
        if changed is self.rollout:
            return False
        self.rollout = changed
        self.is_written = True
        return True


def stable_name(rollout: Json, sets: Iterable[Json]) -> str:
    """Return the name of the stable ReplicaSet. Source: canary.go:GetStableRS."""
    wanted = status_of(rollout).get("stableRS", "")
    return next((name_of(each) for each in sets if wanted and hash_of(each) == wanted), "")
