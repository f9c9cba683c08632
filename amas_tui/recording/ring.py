"""The newest pictures with what made them, in bounded memory."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from amas_tui.store.detail import Clues, Detail
from amas_tui.store.slo import Slo
from amas_tui.store.snapshot import Fact, Snapshot

MAX_BATCHES: Final = 4_000
"""Pictures kept. Objects that did not change are shared with the live picture."""

_FORGOTTEN_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Batch:
    """What made one picture out of the one before.

    Attributes:
        at: When the picture was made, by our clock.
        details: Only those that changed, by the rollout's uid; so are `slos` and `clues`.
        offset: The server's clock minus ours.
        focus: The open rollout, `None` for none: the series of others are dropped.
    """

    at: datetime
    facts: tuple[Fact, ...] = ()
    details: Mapping[str, Detail] = field(default_factory=dict)
    slos: Mapping[str, Slo] = field(default_factory=dict)
    clues: Mapping[str, Clues] = field(default_factory=dict)
    offset: timedelta = timedelta(0)
    focus: str | None = None


def fold(snapshot: Snapshot, batch: Batch) -> Snapshot:
    """Return the picture after a batch."""
    after = snapshot.after(batch.facts)
    details = {**after.details, **batch.details}
    return replace(
        after,
        details={uid: one for uid, one in details.items() if uid in after.rollouts},
        slos=_of(batch.focus, {**after.slos, **batch.slos}),
        clues=_of(batch.focus, {**after.clues, **batch.clues}),
        clock_offset=batch.offset,
    )


def _of(uid: str | None, table: Mapping[str, Any]) -> Mapping[str, Any]:
    return {uid: table[uid]} if uid is not None and uid in table else {}


@dataclass(frozen=True, slots=True)
class Recording:
    """A picture, and what changed it since.

    Attributes:
        is_cut: Whether the end of the file was missing.
    """

    context: str
    home: str
    base: Snapshot
    began: datetime
    batches: tuple[Batch, ...]
    is_cut: bool = False

    @property
    def ended(self) -> datetime:
        """Return when the last picture was made."""
        return self.batches[-1].at if self.batches else self.began


class Ring:
    """Keeps the newest batches; what is forgotten is folded into the base picture."""

    def __init__(self, began: datetime, most: int = MAX_BATCHES) -> None:
        self._base = Snapshot()
        self._began = began
        self._batches: deque[Batch] = deque()
        self._most = most
        self._last = Snapshot()

    def add(self, at: datetime, facts: list[Fact], picture: Snapshot, focus: str | None) -> None:
        """Note what made `picture`, the newest one."""
        before = self._last
        self._last = picture
        self._batches.append(
            Batch(
                at=at,
                facts=tuple(facts),
                details=_changed(before.details, picture.details),
                slos=_changed(before.slos, picture.slos),
                clues=_changed(before.clues, picture.clues),
                offset=picture.clock_offset,
                focus=focus,
            )
        )
        if len(self._batches) > self._most:
            self._forget()

    def _forget(self) -> None:
        for _ in range(min(_FORGOTTEN_AT_ONCE, len(self._batches) - 1)):
            batch = self._batches.popleft()
            self._base, self._began = fold(self._base, batch), batch.at

    def recording(self, context: str, home: str) -> Recording:
        """Return what is kept."""
        return Recording(context, home, self._base, self._began, tuple(self._batches))


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in after.items() if before.get(key) is not value}
