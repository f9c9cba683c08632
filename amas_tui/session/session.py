"""One live cluster: opens the streams a screen needs and folds what they bring into snapshots."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from amas_tui.actions.record import Note
from amas_tui.actions.write import Write
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.watch import Lost, Update
from amas_tui.errors import ForbiddenError
from amas_tui.kube import api
from amas_tui.kube.kubeconfig import Access
from amas_tui.kube.reflector import Source, reflect
from amas_tui.kube.resources import RESOURCES
from amas_tui.kube.transport import Transport
from amas_tui.ports import Identity, Right
from amas_tui.recording.ring import Ring
from amas_tui.rules.traffic import standing
from amas_tui.session.clues import ClueFinder
from amas_tui.session.explain import Explainer
from amas_tui.session.logs import LogFollower
from amas_tui.session.mailbox import Mailbox
from amas_tui.session.metrics import MetricsFollower, MetricsOptions
from amas_tui.session.streams import (
    COALESCED,
    Wanted,
    board_streams,
    cluster_streams,
    relevant,
    rollout_streams,
)
from amas_tui.settings import Settings
from amas_tui.store.checks import Check
from amas_tui.store.detail import Clues, Detail
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.logs import LogBook, LogChoice
from amas_tui.store.scene import Scene, scene
from amas_tui.store.slo import Slo
from amas_tui.store.snapshot import Fact, Snapshot

log = logging.getLogger(__name__)

FRAME_SECONDS: Final = 0.05
"""Least time between two pictures; the first after a pause is given at once."""

COALESCE_SECONDS: Final = 1.0
RIGHT_SECONDS: Final = 60.0


class Session:
    """One cluster behind `ports.Cluster`. Use as `async with`, so that no stream outlives it."""

    def __init__(
        self,
        access: Access,
        namespaces: tuple[str, ...] = (),
        *,
        label_selector: str = "",
        metrics: MetricsOptions | None = None,
        settings: Settings = Settings(),  # noqa: B008 - a frozen value
        is_whole: bool = False,
    ) -> None:
        """Prepare a session; `is_whole` watches what belongs to every rollout, not to one."""
        self._access = access
        self._settings = settings
        self._is_whole = is_whole
        self._label_selector = label_selector
        self._transport = Transport(access)
        self._namespaces = namespaces
        self._snapshot = Snapshot()
        self._mailbox: Mailbox[Fact] = Mailbox()
        self._ring = Ring(datetime.now(UTC))
        self._held: list[Fact] = []
        self._held_since = 0.0
        self._tasks: dict[Wanted, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._stack = AsyncExitStack()
        self._focus: str | None = None
        self._focused: tuple[Wanted, ...] = ()
        self._rng = random.Random()  # noqa: S311 - spreads load, guards nothing
        self._background: list[asyncio.Task[None]] = []
        self._rights: dict[Right, tuple[float, str | None]] = {}
        self._identity: Identity | None = None
        self._details: dict[str, Detail] = {}
        self._slos: dict[str, Slo] = {}
        self._logs: dict[str, LogBook] = {}
        self._log_follower = LogFollower(self._transport, self._look, self._logged)
        self._explainer = Explainer(self._transport, self._explained)
        self._clues: dict[str, Clues] = {}
        self._clue_finder = ClueFinder(self._transport, self._look, self._explained_more)
        self._metrics = MetricsFollower(
            metrics or MetricsOptions(),
            self._look,
            self._measured,
            transport=self._transport,
            read=self._read_rollout,
        )

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(_closing(self._transport))
        self._group = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._sync()
        self._background = [
            self._group.create_task(self._explainer.run(), name="explain"),
            self._group.create_task(self._clue_finder.run(), name="clues"),
            self._group.create_task(self._metrics.run(), name="metrics"),
            self._group.create_task(self._log_follower.run(), name="logs"),
        ]
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in (*self._tasks.values(), *self._background):
            task.cancel()
        await self._stack.aclose()

    @property
    def context(self) -> str:
        """Return the name of the kubeconfig's context."""
        return self._access.context

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Return the namespaces on the board; empty means all."""
        return self._namespaces

    @property
    def settings(self) -> Settings:
        """Return what the user settled for this context."""
        return self._settings

    @property
    def home(self) -> str:
        """Return the namespace that a name without one is in."""
        return self._access.namespace

    @property
    def clock_offset(self) -> timedelta:
        """Return the server's clock minus ours."""
        return self._transport.clock_offset

    def choose(self, namespaces: tuple[str, ...]) -> None:
        """Watch the rollouts of these namespaces, of all with an empty tuple."""
        self._namespaces = namespaces
        self._sync()

    def focus(self, uid: str | None) -> None:
        """Watch what belongs to one rollout too, or no more."""
        self._focus = uid
        self._metrics.follow(uid)
        self._clue_finder.follow(uid)
        self._slos = {one: slo for one, slo in self._slos.items() if one == uid}
        self._sync()

    def measure_since(self, since: datetime | None) -> None:
        """Measure the open rollout anew since a moment of the server's clock, or no more."""
        self._metrics.since = since

    def follow_logs(self, uid: str | None, choice: LogChoice) -> None:
        """Follow the log of a rollout's pods too, or no more; what was read is forgotten then."""
        self._logs = {}
        self._log_follower.follow(uid, choice)

    def keep_recording(self, folder: Path) -> Path:
        """Write what came in lately to a file in `folder`, and return its path.

        Raises:
            OSError: It cannot be written.
        """
        from amas_tui.recording.file import save  # noqa: PLC0415 - rare, and not before then

        return save(self._ring.recording(self.context, self.home), folder)

    @property
    def position(self) -> str:
        """Return nothing: this is live."""
        return ""

    def attend(self, uids: Sequence[str]) -> None:
        """Fetch what explains these rollouts, again whenever they change."""
        found = (self._snapshot.rollouts.get(uid) for uid in uids)
        self._explainer.attend(tuple(rollout for rollout in found if rollout is not None))

    async def examine(self) -> tuple[Check, ...]:
        """Return what a doctor finds in the home namespace: by reads and reviews alone."""
        # Everything that looks for faults: for this one command.
        from amas_tui.session.doctor import diagnose  # noqa: PLC0415

        return await diagnose(self._transport, self.home, "", self._settings.prometheus_url)

    def relist(self) -> None:
        """Forget every version and list anew; what is shown stays until the new list is here."""
        for wanted in list(self._tasks):
            self._tasks.pop(wanted).cancel()
        self._sync()

    async def identity(self) -> Identity:
        """Return who we are; asked once."""
        if self._identity is None:
            self._identity = await api.identity(self._transport)
        return self._identity

    async def may(self, right: Right) -> str | None:
        """Return `None` when the right is there, else why not; asked once a minute."""
        asked_at, answer = self._rights.get(right, (-RIGHT_SECONDS, None))
        if time.monotonic() - asked_at >= RIGHT_SECONDS:
            answer = await api.may(self._transport, right)
            self._rights[right] = (time.monotonic(), answer)
        return answer

    async def read(self, kind: Kind, key: Key) -> Mapping[str, Any]:
        """Return one object as JSON, as it is at this moment."""
        return await api.read(self._transport, kind, key)

    async def _read_rollout(self, key: Key) -> Mapping[str, Any]:
        return await self.read(Kind.ROLLOUTS, key)

    async def look(self, key: Key) -> Rollout:
        """Return a Rollout as it is at this moment."""
        rollout: Rollout = await api.get(self._transport, Kind.ROLLOUTS, key)
        return rollout

    async def send(self, write: Write, *, dry_run: bool) -> Mapping[str, Any]:
        """Send a write and return the object as the server answered it."""
        return await api.send(self._transport, write, dry_run=dry_run)

    async def announce(self, rollout: Rollout, note: Note) -> None:
        """Leave an Event on a rollout."""
        await api.announce(self._transport, rollout, note, datetime.now(UTC) + self.clock_offset)

    async def last_note(self, key: Key, uid: str) -> str:
        """Return the newest Event that this program left on a rollout, empty without one."""
        return await api.last_note(self._transport, key, uid)

    async def pictures(self) -> AsyncGenerator[Snapshot, None]:
        """Yield the newest snapshot whenever something changed, at most twenty a second.

        Who comes later is given what is known already: the next news may be a minute away.
        """
        if self._snapshot.streams:
            yield self._snapshot
        while True:
            await self._arrival()
            arrived = self._mailbox.take()
            facts = self._due(arrived)
            # What is held for later is no news; a wake without a fact is.
            if facts or not arrived:
                self._fold(facts)
                yield self._snapshot
            await asyncio.sleep(FRAME_SECONDS)

    async def _arrival(self) -> None:
        """Wait for the next fact, or for the moment when held ones are due."""
        if not self._held:
            await self._mailbox.wait()
            return
        left = self._held_since + COALESCE_SECONDS - time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, left)):
                await self._mailbox.wait()
        except TimeoutError:
            return

    def _due(self, facts: list[Fact]) -> list[Fact]:
        """Return the facts to fold now; those of flapping kinds are held for up to a second."""
        flapping = [fact for fact in facts if _is_flapping(fact)]
        now = time.monotonic()
        if flapping and not self._held:
            self._held_since = now
        self._held += flapping
        due = [fact for fact in facts if not _is_flapping(fact)]
        if self._held and now - self._held_since >= COALESCE_SECONDS:
            due, self._held = self._held + due, []
        return due

    def _fold(self, facts: list[Fact]) -> None:
        before = self._snapshot
        self._snapshot = replace(
            before.after(facts),
            details=dict(self._details),
            clues=dict(self._clues),
            slos=dict(self._slos),
            logs=dict(self._logs),
            clock_offset=self.clock_offset,
        )
        if self._focus is not None:
            self._refocus()
            self._compare(self._focus)
        self._ring.add(datetime.now(UTC), facts, self._snapshot, self._focus)
        for stream, update, _ in facts:
            if stream == StreamId(Kind.ROLLOUTS) and isinstance(update, Lost):
                self._narrow(update)

    def _compare(self, uid: str) -> None:
        """Remember since when the traffic of the open rollout differs from its status."""
        here = scene(self._snapshot, uid)
        if here is not None:
            before = self._snapshot.differing.get(uid, {})
            since = standing(before, here.differences, datetime.now(UTC))
            self._snapshot = replace(self._snapshot, differing={uid: since})

    def _narrow(self, lost: Lost) -> None:
        """Fall back to the one namespace we are at home in when all may not be listed."""
        if isinstance(lost.error, ForbiddenError) and not self._namespaces:
            log.info("may not list rollouts everywhere; staying in %s", self._access.namespace)
            self.choose((self._access.namespace,))

    def _refocus(self) -> None:
        """Follow the open rollout when its Services or strategy change."""
        rollout = self._snapshot.rollouts.get(self._focus or "")
        if rollout is not None and rollout_streams(rollout) != self._focused:
            self._sync()

    def _sync(self) -> None:
        """Start the streams that are wanted and end the others."""
        if self._group is None:
            return
        wanted = self._wanted()
        for gone in [stream for stream in self._tasks if stream not in wanted]:
            self._tasks.pop(gone).cancel()
            if gone.id not in {stream.id for stream in wanted}:
                self._mailbox.put(Fact(gone.id, None, datetime.now(UTC)))
        for stream in wanted:
            if stream not in self._tasks:
                self._tasks[stream] = self._group.create_task(
                    self._follow(stream), name=f"watch {stream.id}"
                )

    def _wanted(self) -> tuple[Wanted, ...]:
        board = tuple(
            replace(stream, label_selector=self._label_selector)
            for stream in board_streams(self._namespaces)
        )
        if self._is_whole:
            return (*board, *cluster_streams(self._namespaces))
        rollout = self._snapshot.rollouts.get(self._focus or "")
        self._focused = rollout_streams(rollout) if rollout else ()
        return (*board, *self._focused)

    async def _follow(self, wanted: Wanted) -> None:
        source: Source[Any] = Source(
            self._transport, RESOURCES[wanted.id.kind], wanted.id.namespace, wanted.selectors
        )
        updates = reflect(source, sleep=asyncio.sleep, clock=time.monotonic, rng=self._rng)
        async with aclosing(updates):
            async for update in updates:
                fact = Fact(wanted.id, relevant(update, wanted), datetime.now(UTC))
                self._mailbox.put(fact)

    def _explained(self, rollout: Rollout, detail: Detail) -> None:
        self._details[rollout.uid] = detail
        self._mailbox.wake()

    def _explained_more(self, uid: str, clues: Clues) -> None:
        self._clues = {uid: clues}
        self._mailbox.wake()

    def _look(self) -> Scene | None:
        return scene(self._snapshot, self._focus) if self._focus else None

    def _logged(self, uid: str, book: LogBook) -> None:
        self._logs = {uid: book}
        self._mailbox.wake()

    def _measured(self, uid: str, slo: Slo) -> None:
        if uid == self._focus:
            self._slos[uid] = slo
            self._mailbox.wake()


def _is_flapping(fact: Fact) -> bool:
    """Return whether a fact may wait: a change, not the first list, of a kind that flaps."""
    update: Update[Any] | None = fact.update
    return fact.stream.kind in COALESCED and type(update).__name__ in ("Applied", "Bookmark")


class _closing:  # noqa: N801 - a context manager, named as contextlib's
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def __aenter__(self) -> Transport:
        return self._transport

    async def __aexit__(self, *exc: object) -> None:
        await self._transport.aclose()
