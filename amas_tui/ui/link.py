"""One cluster of the board: the way to it, and what is known of it."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amas_tui.errors import AmasError
from amas_tui.store.snapshot import Snapshot
from amas_tui.viewmodel.alerts import Alarm
from amas_tui.viewmodel.frame import Place

if TYPE_CHECKING:
    from amas_tui.ports import Cluster

Connect = Callable[[], Awaitable["AbstractAsyncContextManager[Cluster]"]]
"""Finds the way to the cluster. Called after the first frame, so that it may import and wait."""


@dataclass(slots=True, eq=False)
class Link:
    """A cluster, whether it can be reached or not.

    Attributes:
        cluster: The session, `None` while there is none.
        snapshot: The newest picture; it stays when the connection is lost.
        error: Why there is no session.
        alarm: Notices rollbacks and halts.
    """

    connect: Connect
    place: Place
    cluster: "Cluster | None" = None
    snapshot: Snapshot | None = None
    error: AmasError | None = None
    is_asking: bool = False
    alarm: Alarm = field(default_factory=Alarm)

    def has(self, uid: str) -> bool:
        """Return whether a rollout is of this cluster."""
        return self.snapshot is not None and uid in self.snapshot.rollouts
