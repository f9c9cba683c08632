"""What the screens and commands ask of the world: the only door to the network."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from amas_tui.actions.record import Note, Record
from amas_tui.actions.write import Write
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout
from amas_tui.settings import Settings
from amas_tui.store.checks import Check
from amas_tui.store.kinds import Kind
from amas_tui.store.logs import LogChoice
from amas_tui.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are to the cluster.

    Attributes:
        name: The user's name.
        is_confirmed: Whether the API server said so; else it is the kubeconfig's word.
    """

    name: str
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Right:
    """One thing a user may or may not do, as an RBAC rule words it."""

    verb: str
    group: str
    resource: str
    namespace: str
    subresource: str = ""
    name: str = ""

    def __str__(self) -> str:
        resource = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        place = f" in {self.namespace}" if self.namespace else ""
        return (
            f"{self.verb} {resource}.{self.group}{place}"
            if self.group
            else (f"{self.verb} {resource}{place}")
        )


class Ledger(Protocol):
    """Where every write is noted."""

    def write(self, record: Record) -> None:
        """Add a line; a place that cannot be written stops nobody from acting."""
        ...

    def recent(self) -> tuple[Record, ...]:
        """Return the newest lines, oldest first."""
        ...


class Replayer(Protocol):
    """Steers a recording that is shown as if it were a cluster."""

    def now(self) -> datetime:
        """Return the moment that is shown, by the clock of the recording."""
        ...

    def toggle(self) -> None:
        """Pause, or go on."""
        ...

    def step(self, pictures: int) -> None:
        """Go so many pictures on, or back where negative, and pause there."""
        ...

    def seek(self, text: str) -> None:
        """Go to a moment: `14:07`, `14:07:21`, `40%`, `+30s` or `-2m`.

        Raises:
            UsageError: The text is none of these.
        """
        ...


class Cluster(Protocol):
    """One cluster, live."""

    @property
    def context(self) -> str:
        """Return the name of the kubeconfig's context."""
        ...

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Return the namespaces on the board; empty means all."""
        ...

    @property
    def settings(self) -> Settings:
        """Return what the user settled for this context."""
        ...

    @property
    def home(self) -> str:
        """Return the namespace that a name without one is in: given first, else the context's."""
        ...

    def pictures(self) -> AsyncGenerator[Snapshot, None]:
        """Yield the newest snapshot whenever something changed; old ones are skipped."""
        ...

    def attend(self, uids: Sequence[str]) -> None:
        """Say which rollouts on the screen want an explanation."""
        ...

    def focus(self, uid: str | None) -> None:
        """Say which rollout is open, so that its pods, runs and traffic are watched too."""
        ...

    def measure_since(self, since: datetime | None) -> None:
        """Say since when the open rollout is measured anew, by the server's clock; `None` ends it.

        What its gates' queries give over that time alone is then in `Slo.anew`.
        """
        ...

    def follow_logs(self, uid: str | None, choice: LogChoice) -> None:
        """Say whose log is read, so that it is followed too; nobody's with `None`."""
        ...

    def choose(self, namespaces: tuple[str, ...]) -> None:
        """Watch the rollouts of these namespaces, of all with an empty tuple."""
        ...

    def relist(self) -> None:
        """Forget every version and list anew."""
        ...

    async def examine(self) -> tuple[Check, ...]:
        """Return what a doctor finds: by reads and reviews alone."""
        ...

    def keep_recording(self, folder: Path) -> Path:
        """Write what came in lately to a file in `folder`, and return its path.

        Raises:
            OSError: It cannot be written.
            AmasError: There is nothing to keep.
        """
        ...

    @property
    def position(self) -> str:
        """Return where in a recording we are, for the header; empty for a live cluster."""
        ...

    async def identity(self) -> Identity:
        """Return who we are."""
        ...

    async def may(self, right: Right) -> str | None:
        """Return `None` when the right is there, else why not."""
        ...

    async def read(self, kind: Kind, key: Key) -> Mapping[str, Any]:
        """Return one object as JSON, as it is at this moment."""
        ...

    async def look(self, key: Key) -> Rollout:
        """Return a Rollout as it is at this moment."""
        ...

    async def send(self, write: Write, *, dry_run: bool) -> Mapping[str, Any]:
        """Send a write and return the object as the server answered it."""
        ...

    async def announce(self, rollout: Rollout, note: Note) -> None:
        """Leave an Event on a rollout."""
        ...

    async def last_note(self, key: Key, uid: str) -> str:
        """Return the newest Event that this program left on a rollout, empty without one."""
        ...

    @property
    def clock_offset(self) -> timedelta:
        """Return the server's clock minus ours."""
        ...
