"""A recording behind `ports.Cluster`: the same screens at another time, and no writes."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from amas_tui.actions.record import Note
from amas_tui.actions.write import Write
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout
from amas_tui.errors import AmasError, UsageError
from amas_tui.ports import Identity, Right
from amas_tui.recording.ring import Recording, fold
from amas_tui.rules.duration import go_duration
from amas_tui.rules.traffic import standing
from amas_tui.settings import Settings
from amas_tui.store.checks import Check
from amas_tui.store.kinds import Kind
from amas_tui.store.logs import LogChoice
from amas_tui.store.scene import scene
from amas_tui.store.snapshot import Snapshot

_CHECKPOINT: Final = 100
"""Every so many pictures one is kept, so that going back need not begin at the start."""

_LONGEST_WAIT: Final = 1.0
_REFUSED: Final = "this is a recording: nothing can be asked of the cluster or written to it"


class RecordingError(AmasError):
    """Something was asked that a recording cannot answer."""


class Replay:
    """Shows a recording in its own time."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._index = 0
        self._picture = recording.base
        self._checkpoints: dict[int, Snapshot] = {0: recording.base}
        self._is_paused = False
        self._anchor = (recording.began, time.monotonic())
        self._changed = asyncio.Event()
        self._namespaces: tuple[str, ...] = ()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return

    # ------------------------------------------------------------------ what is shown

    @property
    def context(self) -> str:
        """Return the context that was recorded."""
        return self._recording.context

    @property
    def home(self) -> str:
        """Return the namespace that a name without one was in."""
        return self._recording.home

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Return the namespaces on the board; what was recorded is all there is."""
        return self._namespaces

    @property
    def settings(self) -> Settings:
        """Return settings under which nothing is written."""
        return Settings(read_only=True, mark="REPLAY", colour="blue")

    @property
    def clock_offset(self) -> timedelta:
        """Return the server's clock minus the recorder's."""
        return self._picture.clock_offset

    @property
    def position(self) -> str:
        """Return where in the recording we are."""
        at = self.now().astimezone().strftime("%H:%M:%S")
        last = len(self._recording.batches)
        is_over = self._index == last and not self._is_paused
        state = "end" if is_over else "paused" if self._is_paused else "playing"
        cut = ", file cut off" if self._recording.is_cut else ""
        return f"{state} {at}, {self._index}/{last}{cut}"

    async def pictures(self) -> AsyncGenerator[Snapshot, None]:
        """Yield the picture of the moment that is shown, whenever it is another."""
        shown: Snapshot | None = None
        while True:
            self._changed.clear()
            self._go_on()
            if self._picture is not shown:
                shown = self._picture
                yield shown
            try:
                async with asyncio.timeout(self._until_next()):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _go_on(self) -> None:
        """Go to the last picture that was made by now."""
        if not self._is_paused:
            self._show(self._index_at(self.now(), self._index))

    def _index_at(self, moment: datetime, start: int = 0) -> int:
        index = start
        batches = self._recording.batches
        while index < len(batches) and batches[index].at <= moment:
            index += 1
        return index

    def _until_next(self) -> float | None:
        batches = self._recording.batches
        if self._is_paused or self._index >= len(batches):
            return None
        left = (batches[self._index].at - self.now()).total_seconds()
        return min(max(left, 0.0), _LONGEST_WAIT)

    def _show(self, index: int) -> None:
        """Fold the pictures up to `index` batches, from the nearest one that is kept."""
        if index == self._index:
            return
        start = self._index
        if index < start:
            start = max(at for at in self._checkpoints if at <= index)
            self._picture = self._checkpoints[start]
        for place in range(start, index):
            batch = self._recording.batches[place]
            self._picture = _compared(fold(self._picture, batch), batch.focus, batch.at)
            if (place + 1) % _CHECKPOINT == 0:
                self._checkpoints[place + 1] = self._picture
        self._index = index

    # ------------------------------------------------------------------ steering

    def now(self) -> datetime:
        """Return the moment that is shown, by the clock of the recording."""
        began, at = self._anchor
        if self._is_paused:
            return began
        passed = began + timedelta(seconds=time.monotonic() - at)
        return min(passed, max(self._recording.ended, began))

    def _move(self, moment: datetime, *, paused: bool) -> None:
        self._anchor = (moment, time.monotonic())
        self._is_paused = paused
        self._changed.set()

    def toggle(self) -> None:
        """Pause, or go on; at the end, begin anew."""
        moment = self.now()
        if not self._is_paused and self._index == len(self._recording.batches):
            self._show(0)
            moment = self._recording.began
            self._move(moment, paused=False)
            return
        self._move(moment, paused=not self._is_paused)

    def step(self, pictures: int) -> None:
        """Go so many pictures on, or back where negative, and pause there."""
        batches = self._recording.batches
        index = min(max(self._index + pictures, 0), len(batches))
        self._show(index)
        self._move(batches[index - 1].at if index else self._recording.began, paused=True)

    def seek(self, text: str) -> None:
        """Go to a moment: `14:07`, `14:07:21`, `40%`, `+30s` or `-2m`.

        Raises:
            UsageError: The text is none of these.
        """
        moment = self._moment(text.strip())
        moment = min(max(moment, self._recording.began), self._recording.ended)
        self._show(self._index_at(moment))
        self._move(moment, paused=self._is_paused)

    def _moment(self, text: str) -> datetime:
        began, ended = self._recording.began, self._recording.ended
        if found := re.fullmatch(r"(\d{1,3})\s*%", text):
            return began + (ended - began) * (min(int(found[1]), 100) / 100)
        if found := re.fullmatch(r"([+-])(\S+)", text):
            length = go_duration(found[2])
            if length is not None:
                return self.now() + (length if found[1] == "+" else -length)
        if found := re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", text):
            hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
            if hour < 24 and minute < 60 and second < 60:
                return _nearest(began, (hour, minute, second))
        raise UsageError(
            f"{text or 'nothing'} is no moment of this recording",
            hint="Write 14:07, 14:07:21, 40%, +30s or -2m",
        )

    # ------------------------------------------------------------------ what cannot be asked

    def choose(self, namespaces: tuple[str, ...]) -> None:
        """Ignore another choice: what was recorded is all there is."""
        del namespaces

    def focus(self, uid: str | None) -> None:
        """Ignore which rollout is open."""
        del uid

    def attend(self, uids: Sequence[str]) -> None:
        """Ignore what wants an explanation."""
        del uids

    def measure_since(self, since: datetime | None) -> None:
        """Ignore since when something is measured: nothing is."""
        del since

    def follow_logs(self, uid: str | None, choice: LogChoice) -> None:
        """Ignore whose log is wanted: logs are not recorded."""
        del uid, choice

    async def examine(self) -> tuple[Check, ...]:
        """Refuse: a recording has no cluster."""
        raise AmasError("a recording cannot be examined")

    def relist(self) -> None:
        """Ignore the wish: there is nothing to list."""

    def keep_recording(self, folder: Path) -> Path:
        """Refuse: it is kept already."""
        del folder
        raise RecordingError("this is a recording already")

    async def identity(self) -> Identity:
        """Return that nobody asks here."""
        return Identity("replay", is_confirmed=True)

    async def may(self, right: Right) -> str | None:
        """Return why there is no right."""
        del right
        return _REFUSED

    async def read(self, kind: Kind, key: Key) -> Mapping[str, Any]:
        """Refuse."""
        del kind, key
        raise RecordingError(_REFUSED)

    async def look(self, key: Key) -> Rollout:
        """Refuse."""
        del key
        raise RecordingError(_REFUSED)

    async def announce(self, rollout: Rollout, note: Note) -> None:
        """Leave nothing: there is nowhere to."""
        del rollout, note

    async def last_note(self, key: Key, uid: str) -> str:
        """Return no Event."""
        del key, uid
        return ""

    async def send(self, write: Write, *, dry_run: bool) -> Mapping[str, Any]:
        """Refuse."""
        del write, dry_run
        raise RecordingError(_REFUSED)


def _compared(picture: Snapshot, uid: str | None, at: datetime) -> Snapshot:
    """Return the picture with what the live session remembers of the open rollout's traffic."""
    here = scene(picture, uid) if uid is not None else None
    if here is None or uid is None:
        return picture
    since = standing(picture.differing.get(uid, {}), here.differences, at)
    return replace(picture, differing={uid: since})


def _nearest(began: datetime, clock: tuple[int, int, int]) -> datetime:
    """Return the moment of the recording with that time of day on this screen's clock."""
    hour, minute, second = clock
    day = began.astimezone()
    moment = day.replace(hour=hour, minute=minute, second=second, microsecond=0)
    return moment if moment >= day.replace(microsecond=0) else moment + timedelta(days=1)
