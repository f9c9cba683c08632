"""One rollout as the causes look at it: a scene, a moment, and what several of them ask."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.workload import Pod, ReplicaSet
from amas_tui.rules.abort import halted_step
from amas_tui.rules.analysis import newest
from amas_tui.rules.phase import is_observed, is_unpausing
from amas_tui.rules.weight import max_weight, new_share, weight_at
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Snapshot

SILENCE: Final = timedelta(seconds=10)
"""A healthy controller answers within a second; after this it is called silent."""


@dataclass(frozen=True, eq=False)
class Case:
    """What is known of one rollout at one moment.

    Attributes:
        now: The server's time.
    """

    scene: Scene
    now: datetime

    @property
    def rollout(self) -> Rollout:
        """The rollout."""
        return self.scene.rollout

    @cached_property
    def name(self) -> str:
        """The rollout as kubectl writes it."""
        return f"rollout/{self.rollout.key.name}"

    @cached_property
    def is_invalid(self) -> bool:
        """Whether the controller refuses the spec, and so acts on nothing."""
        return self.rollout.condition("InvalidSpec") is not None

    @cached_property
    def is_aborted(self) -> bool:
        """Whether the controller has taken in an abort."""
        return self.rollout.status.abort and self.rollout.status.aborted_at is not None

    @cached_property
    def is_unsettled(self) -> bool:
        """Whether the controller has yet to take something in: what its status says is past."""
        rollout = self.rollout
        unseen = rollout.status.abort and rollout.status.aborted_at is None
        return unseen or not is_observed(rollout) or is_unpausing(rollout)

    @cached_property
    def is_quiet(self) -> bool:
        """Whether the wanted version is the stable one and the controller calls it healthy."""
        return self.rollout.status.phase == "Healthy" and self.rollout.is_promoted

    @cached_property
    def wanted_hash(self) -> str:
        """The hash of the version whose pods matter: the stable one after an abort."""
        status = self.rollout.status
        return status.stable_rs if status.abort and status.stable_rs else status.current_pod_hash

    @cached_property
    def wanted(self) -> ReplicaSet | None:
        """The ReplicaSet of that version."""
        return self.scene.by_hash(self.wanted_hash)

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """Its pods, oldest first, also where the ReplicaSet itself is not known."""
        return self.scene.pods_with(self.wanted_hash)

    @cached_property
    def quiet_for(self) -> timedelta:
        """How long ago the rollout last changed."""
        return quiet_for(self.scene.snapshot, self.rollout, self.now)

    @cached_property
    def running(self) -> tuple[AnalysisRun, ...]:
        """The runs of the wanted version that still measure, the one of the step first."""
        own = (self.scene.active_run, self.scene.background_run, *self.scene.update_runs)
        live = [run for run in own if run is not None and not run.phase.is_final]
        return tuple({run.metadata.uid: run for run in live}.values())

    @cached_property
    def last_run(self) -> AnalysisRun | None:
        """The newest run of the wanted version."""
        return newest(self.scene.update_runs)

    @cached_property
    def halted_at(self) -> int | None:
        """The percentage at which an aborted update stood, `None` where that is not known."""
        if not self.is_aborted:
            return None
        step = halted_step(self.rollout, self.scene.update_runs, self.scene.stopped_at)
        if step is None:
            return None
        return 100 * weight_at(self.rollout, step) // max_weight(self.rollout)

    @cached_property
    def share(self) -> float | None:
        """The percentage of the traffic that the newest revision gets."""
        return new_share(self.rollout, self.scene.replica_sets or None)


def quiet_for(snapshot: Snapshot, rollout: Rollout, now: datetime) -> timedelta:
    """Return how long ago a rollout last changed, as the server dates it or as we saw it.

    A lifted pause leaves no trace in managedFields, so that one is dated by our own eyes alone.
    """
    touched = snapshot.touched.get(rollout.uid)
    seen = now - snapshot.clock_offset - touched if touched else timedelta(0)
    if rollout.status.controller_pause and not rollout.status.pause_conditions:
        return seen
    written = [entry.time for entry in rollout.metadata.managed_fields if entry.time is not None]
    return max(seen, now - max(written)) if written else seen
