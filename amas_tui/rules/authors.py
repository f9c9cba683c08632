"""Who wrote the spec of a rollout, as far as its managedFields tell.

A field that another program writes later leaves its first writer's entry, so one look tells only
who wrote last; who wrote before is known from the versions that were seen.
Source: k8s.io/apimachinery/pkg/util/managedfields.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from amas_tui.domain.base import ManagedFields
from amas_tui.domain.rollout import Rollout

MAX_AUTHORS: Final = 8
_CONTROLLER: Final = "rollouts-controller"


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote one generation of the spec, and which version that made the wanted one."""

    generation: int
    manager: str
    at: datetime | None
    pod_hash: str


def spec_writer(rollout: Rollout) -> ManagedFields | None:
    """Return who else than the controller wrote the spec last, `None` where nobody is noted."""
    entries = [
        entry
        for entry in rollout.metadata.managed_fields
        if not entry.subresource and entry.time is not None and _CONTROLLER not in entry.manager
    ]
    return max(entries, key=_written_at, default=None)


def _written_at(entry: ManagedFields) -> float:
    return entry.time.timestamp() if entry.time else 0.0


def authors_after(before: tuple[Author, ...], rollout: Rollout) -> tuple[Author, ...]:
    """Return who made which version, the newest last, after one more look at a rollout.

    A generation is noted once the controller has said which version it is; one that leaves the
    version as it was (a scaling, a hold) is not.
    """
    status = rollout.status
    if status.observed_generation != str(rollout.metadata.generation):
        return before
    writer = spec_writer(rollout)
    if writer is None or not status.current_pod_hash:
        return before
    if before and before[-1].pod_hash == status.current_pod_hash:
        return before
    author = Author(
        rollout.metadata.generation, writer.manager, writer.time, status.current_pod_hash
    )
    return (*before, author)[-MAX_AUTHORS:]
