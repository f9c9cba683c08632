"""Fetches what explains the rollouts of the board that are not healthy.

The board watches Rollouts alone; a Rollout names the phase of its analysis, but no value, limit or
pod. For the few lines on the screen that need words, the newest version's runs and pods are listed
when the Rollout changes, at most every two seconds, and every five seconds while an analysis runs,
because a measurement does not touch the Rollout.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from amas_tui.domain.analysis import AnalysisPhase
from amas_tui.domain.base import HASH_LABEL
from amas_tui.domain.rollout import Rollout
from amas_tui.errors import AmasError, ForbiddenError
from amas_tui.kube.reflector import Source
from amas_tui.kube.resources import RESOURCES
from amas_tui.kube.transport import Transport
from amas_tui.store.detail import Detail
from amas_tui.store.kinds import Kind

MAX_ROLLOUTS: Final = 20
LEAST_SECONDS: Final = 2.0
RUNNING_SECONDS: Final = 5.0
_AT_ONCE: Final = 4


class Explainer:
    """Keeps the details of the attended rollouts fresh."""

    def __init__(self, transport: Transport, found: Callable[[Rollout, Detail], None]) -> None:
        self._transport = transport
        self._found = found
        self._wanted: dict[str, Rollout] = {}
        self._fetched: dict[str, tuple[str, float, bool]] = {}
        self._changed = asyncio.Event()

    def attend(self, rollouts: tuple[Rollout, ...]) -> None:
        """Say which rollouts, in their newest version, want an explanation."""
        wanted = {rollout.uid: rollout for rollout in rollouts[:MAX_ROLLOUTS]}
        if {u: _version(r) for u, r in wanted.items()} != {
            u: _version(r) for u, r in self._wanted.items()
        }:
            self._wanted = wanted
            self._changed.set()

    async def run(self) -> None:
        """Fetch until cancelled."""
        while True:
            wait = self._until_due()
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            due = [rollout for rollout in self._wanted.values() if self._is_due(rollout)]
            for start in range(0, len(due), _AT_ONCE):
                await asyncio.gather(*(self._fetch(r) for r in due[start : start + _AT_ONCE]))

    def _due_at(self, rollout: Rollout) -> float | None:
        """Return the monotonic time at which a rollout is next fetched, `None` for never."""
        if rollout.uid not in self._fetched:
            return 0.0
        version, at, is_running = self._fetched[rollout.uid]
        if version != _version(rollout):
            return at + LEAST_SECONDS
        return at + RUNNING_SECONDS if is_running else None

    def _is_due(self, rollout: Rollout) -> bool:
        due = self._due_at(rollout)
        return due is not None and time.monotonic() >= due

    def _until_due(self) -> float | None:
        times = [due for r in self._wanted.values() if (due := self._due_at(r)) is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    async def _fetch(self, rollout: Rollout) -> None:
        missing: list[str] = []
        runs = await self._list(Kind.ANALYSIS_RUNS, rollout, missing)
        pods = await self._list(Kind.PODS, rollout, missing)
        own_runs = [
            run
            for run in runs
            if any(owner.uid == rollout.uid for owner in run.metadata.owner_references)
        ]
        running = any(run.phase is AnalysisPhase.RUNNING for run in own_runs)
        self._fetched[rollout.uid] = (_version(rollout), time.monotonic(), running)
        detail = Detail(
            version=_version(rollout),
            at=datetime.now(UTC),
            runs=tuple(own_runs),
            pods=tuple(pods),
            missing=tuple(missing),
        )
        self._found(rollout, detail)

    async def _list(self, kind: Kind, rollout: Rollout, missing: list[str]) -> tuple[Any, ...]:
        pod_hash = rollout.status.current_pod_hash
        if not pod_hash:
            return ()
        source: Source[Any] = Source(
            self._transport,
            RESOURCES[kind],
            rollout.key.namespace,
            {"labelSelector": f"{HASH_LABEL}={pod_hash}"},
        )
        try:
            return (await source.list()).objects
        except ForbiddenError:
            missing.append(str(kind))
        except AmasError:
            # The board's own stream tells of a broken connection; this is only its footnote.
            missing.append(str(kind))
        return ()


def _version(rollout: Rollout) -> str:
    return rollout.metadata.resource_version
