"""Leads troubles to where they should be, and notes when the API shows each and when the board."""

import asyncio
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from amas_tui.cli.connect import open_session
from amas_tui.cli.headless import Connection
from amas_tui.cli.options import Flags
from amas_tui.cli.why_command import told
from amas_tui.domain.base import Key
from amas_tui.session.explain import MAX_ROLLOUTS
from amas_tui.store.scene import board_scene
from amas_tui.store.snapshot import Snapshot
from amas_tui.viewmodel.board import board
from amas_tui.viewmodel.state import Standing
from amas_tui.viewmodel.why_panel import why_json
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json
from tests.why.seen import Seen
from tests.why.troubles import Place, Trouble

_AT_ONCE = 4
LOOK_SECONDS = 0.3
"""How often the witness looks; what it sees is that much late at most."""


@dataclass(slots=True)
class Record:
    """What became of one trouble; times are of the monotonic clock.

    Attributes:
        visible: When the witness saw the cause in the API.
        shown: When the board's last column said it.
        now: What that column said last.
        why: What `why -o json` said.
    """

    visible: float | None = None
    shown: float | None = None
    now: str = ""
    why: Json = field(default_factory=dict)

    @property
    def delay(self) -> float:
        """Return the seconds from the API to the board, never negative."""
        assert self.visible is not None
        assert self.shown is not None
        return max(0.0, self.shown - self.visible)


class Drama:
    """All troubles of one namespace on their way."""

    def __init__(
        self, bed: ControlPlane, api: Api, namespace: str, troubles: Sequence[Trouble]
    ) -> None:
        self._bed, self._api, self._namespace = bed, api, namespace
        self.troubles = tuple(troubles)
        self.records = {one.name: Record() for one in troubles}
        self._left = {one.name: list(one.stages) for one in troubles}

    def _place(self, trouble: Trouble) -> Place:
        return Place(self._api, self._namespace, trouble.name, self._bed.prometheus_url)

    def begin(self) -> None:
        """Apply everything."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda t: self._api.apply(*t.made(self._place(t))), self.troubles))

    def lead(self, deadline: float) -> None:
        """Carry out the stages until every cause is visible."""
        while time.monotonic() < deadline and not self.is_visible:
            seen = Seen.of(self._api, self._namespace)
            for one in self.troubles:
                self._step(one, seen)
            time.sleep(LOOK_SECONDS)

    def _step(self, trouble: Trouble, seen: Seen) -> None:
        record, left = self.records[trouble.name], self._left[trouble.name]
        if record.visible is not None:
            return
        if left:
            if left[0].when(seen, trouble.name):
                left.pop(0).do(self._place(trouble))
        elif trouble.visible(seen, trouble.name):
            record.visible = time.monotonic()

    @property
    def is_visible(self) -> bool:
        """Return whether the API shows every cause."""
        return all(record.visible is not None for record in self.records.values())

    @property
    def is_shown(self) -> bool:
        """Return whether the board says every cause."""
        return all(record.shown is not None for record in self.records.values())

    async def watch(self, kubeconfig: Path) -> None:
        """Read the board until it says every cause. Needs as many boards as rows ask for."""
        names = [one.name for one in self.troubles]
        chunks = [names[i : i + MAX_ROLLOUTS] for i in range(0, len(names), MAX_ROLLOUTS)]
        await asyncio.gather(*(self._read(kubeconfig, frozenset(own)) for own in chunks))

    async def _read(self, kubeconfig: Path, names: frozenset[str]) -> None:
        """Read the lines of some rollouts, as a screen that shows just them would."""
        flags = Flags(kubeconfig=str(kubeconfig), namespaces=(self._namespace,))
        own = {one.name: one for one in self.troubles if one.name in names}
        async with open_session(flags) as cluster:
            newest: list[Snapshot] = []

            async def follow() -> None:
                async for picture in cluster.pictures():
                    newest[:] = [picture]

            task = asyncio.create_task(follow())
            try:
                while not all(self.records[name].shown for name in names):
                    await asyncio.sleep(LOOK_SECONDS)
                    if newest:
                        cluster.attend(self._lines(newest[0], own))
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def _lines(self, picture: Snapshot, own: dict[str, Trouble]) -> tuple[str, ...]:
        """Take in a picture as a screen does; return who on it wants an explanation."""
        now = datetime.now(UTC) + picture.clock_offset
        mine = {uid: ro for uid, ro in picture.rollouts.items() if ro.key.name in own}
        rows = board(replace(picture, rollouts=mine), "test", now).rows
        for row in rows:
            trouble, record = own[row.name], self.records[row.name]
            record.now = row.now
            if trouble.needs_eyes:
                record.why = why_json(board_scene(picture, mine[row.id.uid]), now)
            has_begun = record.visible is not None or not self._left[row.name]
            if record.shown is None and has_begun and re.search(trouble.board, row.now):
                record.shown = time.monotonic()
        return tuple(row.id.uid for row in rows if row.state.standing is not Standing.HEALTHY)

    async def ask(self, kubeconfig: Path) -> None:
        """Ask `why -o json` of every rollout, as the command does."""
        flags = Flags(kubeconfig=str(kubeconfig), namespaces=(self._namespace,))
        async with Connection(flags) as (_, transport):
            gate = asyncio.Semaphore(_AT_ONCE)

            async def asked(one: Trouble) -> None:
                async with gate:
                    answer, _ = await told(transport, Key(self._namespace, one.name))
                self.records[one.name].why = why_json(*answer)

            await asyncio.gather(*(asked(one) for one in self.troubles if not one.needs_eyes))
