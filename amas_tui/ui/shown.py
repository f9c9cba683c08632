"""What flows down to every screen: one picture with everything that dates and places it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from amas_tui.actions.verb import Verb
from amas_tui.keymap import Keymap
from amas_tui.store.scene import Scene, scene
from amas_tui.store.snapshot import Snapshot
from amas_tui.viewmodel.frame import Freshness, Place, overall
from amas_tui.viewmodel.text import Line


@dataclass(frozen=True, slots=True)
class ClusterView:
    """One cluster of the board.

    Attributes:
        now: The cluster's time, in the zone of the screen.
        snapshot: What is known, `None` before the first list.
    """

    place: Place
    fresh: Freshness
    now: datetime
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture.

    Attributes:
        snapshot: What is known, `None` before the first list.
        now: The cluster's time, in the zone of the screen.
        local: Our own time.
        outcome: Where the last write stands, in lines.
        denied: Verbs of the open rollout whose right is missing, with the missing rule.
        clusters: All clusters of the board; the other fields are of the one in front.
    """

    place: Place
    fresh: Freshness
    keymap: Keymap
    now: datetime
    local: datetime
    snapshot: Snapshot | None = None
    outcome: tuple[Line, ...] = ()
    ascii_only: bool = False
    denied: Mapping[Verb, str] = field(default_factory=dict)
    clusters: tuple[ClusterView, ...] = ()

    def scene(self, uid: str) -> Scene | None:
        """Return what is known of a rollout, of whichever cluster it is."""
        pictures = [view.snapshot for view in self.clusters] or [self.snapshot]
        scenes = (scene(picture, uid) for picture in pictures if picture is not None)
        return next((found for found in scenes if found is not None), None)


def together(clusters: tuple[ClusterView, ...]) -> ClusterView:
    """Return what a board of several clusters says on top; their rows say the rest."""
    first = clusters[0]
    marked = next((view.place for view in clusters if view.place.mark), first.place)
    place = replace(
        first.place,
        context=", ".join(view.place.context or "?" for view in clusters),
        mark=marked.mark,
        colour=marked.colour,
        is_read_only=all(view.place.is_read_only for view in clusters),
    )
    fresh = overall(view.fresh for view in clusters)
    snapshots = (view.snapshot for view in clusters if view.snapshot is not None)
    return replace(first, place=place, fresh=fresh, snapshot=next(snapshots, None))
