"""How the traffic of one rollout moved, as far as we saw it.

Only changes are kept: a weight that stands for an hour is one sample. What happened before the
first sample is not known, and a chart shows it as such.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from amas_tui.domain.rollout import Rollout
from amas_tui.rules.steps import step_index
from amas_tui.rules.weight import new_share, share_by_hash

MAX_SAMPLES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Sample:
    """What held from `at` until the next sample.

    Attributes:
        shares: Percentage of traffic per pod template hash; empty where it is not known.
        step: 0-based index of the step in execution.
    """

    at: datetime
    shares: tuple[tuple[str, float], ...]
    step: int
    is_aborted: bool
    revision: int
    pod_hash: str

    def share_of(self, pod_hash: str) -> float | None:
        """Return the percentage of one hash; 0 when others are known, `None` when none is."""
        return dict(self.shares).get(pod_hash, 0.0) if self.shares else None


@dataclass(frozen=True, slots=True)
class History:
    """The samples of one rollout, oldest first."""

    samples: tuple[Sample, ...] = ()

    def after(self, rollout: Rollout, at: datetime) -> "History":
        """Return the history with one more version of the rollout, itself if nothing moved."""
        sample = _sample(rollout, at)
        if self.samples and replace(self.samples[-1], at=at) == sample:
            return self
        return History((*self.samples, sample)[-MAX_SAMPLES:])

    @property
    def stopped_at(self) -> int | None:
        """Return the step at which the newest abort found the update, `None` where unseen."""
        for before, after in zip(self.samples[-2::-1], self.samples[:0:-1], strict=True):
            if after.is_aborted and not before.is_aborted:
                return before.step if before.pod_hash == after.pod_hash else None
        return None

    def since(self, start: datetime) -> tuple[Sample, ...]:
        """Return the sample that held at `start` and all later ones."""
        index = 0
        for position, sample in enumerate(self.samples):
            if sample.at <= start:
                index = position
        return self.samples[index:]


def _sample(rollout: Rollout, at: datetime) -> Sample:
    shares = share_by_hash(rollout)
    current = rollout.status.current_pod_hash
    if not shares and current:
        share = new_share(rollout)
        if share is not None:
            shares = {current: share}
            if rollout.status.stable_rs and rollout.status.stable_rs != current:
                shares[rollout.status.stable_rs] = 100.0 - share
    return Sample(
        at=at,
        shares=tuple(sorted(shares.items())),
        step=step_index(rollout),
        is_aborted=rollout.status.abort,
        revision=rollout.revision,
        pod_hash=current,
    )
