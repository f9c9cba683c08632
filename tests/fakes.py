"""A cluster in memory behind `ports.Cluster`."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from amas_tui.actions.record import Note, Record
from amas_tui.actions.write import Operation, Write
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout
from amas_tui.errors import AmasError, InvalidError, NotFoundError
from amas_tui.ports import Identity, Right
from amas_tui.settings import Settings
from amas_tui.store.checks import Check
from amas_tui.store.kinds import Kind
from amas_tui.store.logs import LogChoice
from amas_tui.store.snapshot import Snapshot
from tests.builders import NAMESPACE, Json, read


class Sent(NamedTuple):
    """One write as it arrived."""

    write: Write
    dry_run: bool


class FakeCluster:
    """Holds objects as JSON, obeys guarded writes as the API server does, and notes everything.

    Attributes:
        objects: What there is, by kind and key; a test changes it to let a rollout move.
        refused: Why a right is missing, by subresource (`""` for the object itself).
        failures: Errors for the coming calls of `send`, in turn; `None` lets one through.
        broken: Raised by whatever asks the server, while it is set.
    """

    def __init__(self, *objects: Json, context: str = "test") -> None:
        self.objects: dict[tuple[Kind, Key], Json] = {}
        for raw in objects:
            self.put(raw)
        self.refused: dict[str, str] = {}
        self.failures: list[AmasError | None] = []
        self.broken: AmasError | None = None
        self.sent: list[Sent] = []
        self.rights: list[Right] = []
        self.notes: list[tuple[str, Note]] = []
        self.attended: tuple[str, ...] = ()
        self.focused: str | None = None
        self.measured_since: datetime | None = None
        self.logs: tuple[str | None, LogChoice] = (None, LogChoice())
        self.relisted = 0
        self.checks: tuple[Check, ...] = ()
        self.user = Identity("tester", is_confirmed=True)
        self.clock_offset = timedelta(0)
        self._context = context
        self._namespaces: tuple[str, ...] = ()
        self.settings = Settings()
        self._newest: Snapshot | None = None
        self._arrived = asyncio.Event()

    def put(self, raw: Json) -> None:
        """Let there be an object, of the kind its `kind` says."""
        kind = Kind(f"{raw['kind'].lower()}s")
        metadata = raw["metadata"]
        self.objects[kind, Key(metadata.get("namespace", ""), metadata["name"])] = raw

    def push(self, picture: Snapshot) -> None:
        """Show a picture; one that nobody has looked at yet is skipped."""
        self._newest = picture
        self._arrived.set()

    @property
    def writes(self) -> list[Write]:
        """Return the writes that were meant, without the dry-runs."""
        return [one.write for one in self.sent if not one.dry_run]

    @property
    def context(self) -> str:
        """Return the name of the context."""
        return self._context

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Return the chosen namespaces."""
        return self._namespaces

    async def pictures(self) -> AsyncGenerator[Snapshot, None]:
        """Yield what was pushed, the newest only."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            if self._newest is not None:
                yield self._newest

    def attend(self, uids: Sequence[str]) -> None:
        """Note who wants an explanation."""
        self.attended = tuple(uids)

    def focus(self, uid: str | None) -> None:
        """Note which rollout is open."""
        self.focused = uid

    def measure_since(self, since: datetime | None) -> None:
        """Note since when the open rollout is measured anew."""
        self.measured_since = since

    def follow_logs(self, uid: str | None, choice: LogChoice) -> None:
        """Note whose log is read."""
        self.logs = (uid, choice)

    def keep_recording(self, folder: Path) -> Path:
        """Write nothing and say where it would be."""
        return folder / "recording.jsonl.gz"

    @property
    def position(self) -> str:
        """Return no word."""
        return ""

    @property
    def home(self) -> str:
        """Return the namespace of the builders."""
        return NAMESPACE

    def choose(self, namespaces: tuple[str, ...]) -> None:
        """Note which namespaces are watched."""
        self._namespaces = namespaces

    async def examine(self) -> tuple[Check, ...]:
        """Return what the test has the doctor find."""
        self._check()
        return self.checks

    def relist(self) -> None:
        """Note that everything is wanted anew."""
        self.relisted += 1

    async def identity(self) -> Identity:
        """Return who we are."""
        self._check()
        return self.user

    async def may(self, right: Right) -> str | None:
        """Return why a right is missing, if it is."""
        self._check()
        self.rights.append(right)
        return self.refused.get(right.subresource)

    async def read(self, kind: Kind, key: Key) -> Mapping[str, Any]:
        """Return an object as it is."""
        self._check()
        return deepcopy(self._find(kind, key))

    async def look(self, key: Key) -> Rollout:
        """Return a Rollout as it is."""
        self._check()
        return read(Rollout, deepcopy(self._find(Kind.ROLLOUTS, key)))

    async def send(self, write: Write, *, dry_run: bool) -> Mapping[str, Any]:
        """Carry out a write as the API server does: all of it or, where a test fails, nothing."""
        self._check()
        self.sent.append(Sent(write, dry_run))
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        before = self._find(write.kind, write.key)
        after = deepcopy(before)
        for operation in write.operations:
            _apply(after, operation)
        # A subresource takes only its own part, the object everything but that.
        if write.subresource == "status":
            after["spec"] = deepcopy(before.get("spec", {}))
        elif write.kind not in _WITHOUT_STATUS:
            after["status"] = deepcopy(before.get("status", {}))
        _count_up(before, after)
        if not dry_run:
            self.objects[write.kind, write.key] = after
        return deepcopy(after)

    async def announce(self, rollout: Rollout, note: Note) -> None:
        """Note what is left on a rollout."""
        self._check()
        self.notes.append((rollout.uid, note))

    async def last_note(self, key: Key, uid: str) -> str:
        """Return the newest message that was left on a rollout."""
        self._check()
        del key
        return next((note.message for of, note in reversed(self.notes) if of == uid), "")

    def rollout(self, name: str, namespace: str = NAMESPACE) -> Json:
        """Return a Rollout's JSON, to be changed in place."""
        return self._find(Kind.ROLLOUTS, Key(namespace, name))

    def _check(self) -> None:
        if self.broken is not None:
            raise self.broken

    def _find(self, kind: Kind, key: Key) -> Json:
        try:
            return self.objects[kind, key]
        except KeyError:
            text = f"cannot get {kind}/{key.name} in {key.namespace}: 404 not found"
            raise NotFoundError(text, status=404) from None


def _count_up(before: Json, after: Json) -> None:
    if after != before:
        metadata = after["metadata"]
        metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)
        if after.get("spec") != before.get("spec"):
            metadata["generation"] += 1


def _apply(document: Json, operation: Operation) -> None:
    *way, end = operation.path.split("/")[1:]
    holder: Any = document
    for step in way:
        if isinstance(holder, list):
            holder = holder[int(step)]
        else:
            holder = holder.setdefault(step, {}) if operation.op == "add" else holder.get(step, {})
    last: Any = end
    if isinstance(holder, list):
        last = int(end)
        if last >= len(holder):
            raise _rejected()
    elif operation.op == "test":
        holder = {last: holder.get(last)}
    elif operation.op != "add" and last not in holder:
        raise _rejected()
    match operation.op:
        case "test":
            if holder[last] != operation.value:
                raise _rejected()
        case "remove":
            del holder[last]
        case "add" | "replace":
            holder[last] = deepcopy(operation.value)
        case _:
            raise ValueError(operation.op)


_WITHOUT_STATUS = frozenset({Kind.ANALYSIS_RUNS, Kind.EXPERIMENTS})
"""Kinds whose status is written with the object."""


class FakeLedger:
    """Notes lines in memory."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def write(self, record: Record) -> None:
        """Add a line."""
        self.records.append(record)

    def recent(self) -> tuple[Record, ...]:
        """Return every line."""
        return tuple(self.records)


def _rejected() -> InvalidError:
    text = "cannot patch: 422 the server rejected our request due to an error in our request"
    return InvalidError(text, status=422)
