"""What flows down to every screen: one picture with everything that dates and places it."""

from dataclasses import dataclass
from datetime import datetime

from amas_tui.keymap import Keymap
from amas_tui.store.snapshot import Snapshot
from amas_tui.viewmodel.frame import Freshness, Place
from amas_tui.viewmodel.text import Line


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture.

    Attributes:
        snapshot: What is known, `None` before the first list.
        now: The cluster's time, in the zone of the screen.
        local: Our own time.
        outcome: Where the last write stands, in lines.
    """

    place: Place
    fresh: Freshness
    keymap: Keymap
    now: datetime
    local: datetime
    snapshot: Snapshot | None = None
    outcome: tuple[Line, ...] = ()
    ascii_only: bool = False
