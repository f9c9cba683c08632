"""One rollout followed live by a command: the newest scene, again when time alone has passed."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from amas_tui.acting import Gate
from amas_tui.actions.limits import limits_of
from amas_tui.audit import AuditFile
from amas_tui.cli.connect import access_options, resolved
from amas_tui.cli.options import Flags
from amas_tui.cli.pictures import Pictures
from amas_tui.domain.base import Key
from amas_tui.errors import AmasError, Exit, NotFoundError
from amas_tui.kube.kubeconfig import load_access
from amas_tui.session.metrics import MetricsOptions
from amas_tui.session.session import Session
from amas_tui.settings import Settings
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene, scene

KNOWN: tuple[Kind, ...] = (Kind.REPLICA_SETS, Kind.PODS, Kind.ANALYSIS_RUNS)
"""What a verb hangs on beside the rollout."""

LISTING_SECONDS = 10.0

_BRIEF_INTERVAL: Final = 2.0
"""Most seconds between two values of the metrics while a command waits for them."""


class NotListedError(AmasError):
    """The cluster did not tell in time what a verb hangs on."""

    exit_code = Exit.UNREACHABLE


@dataclass(frozen=True, slots=True)
class Followed:
    """One rollout, live. Made by `followed`, which ends what it starts.

    Attributes:
        gate: Where writes to it pass.
        session: The cluster that it is in.
        key: Where it lives.
        uid: What it is: another object of its name is not it.
        pictures: What is known of the cluster.
    """

    gate: Gate
    session: Session
    key: Key
    uid: str
    pictures: Pictures

    @property
    def settings(self) -> Settings:
        """Return what the user settled for its context."""
        return self.session.settings

    def now(self) -> datetime:
        """Return the server's time."""
        return datetime.now(UTC) + self.session.clock_offset

    async def scenes(self) -> AsyncGenerator[Scene | None, None]:
        """Yield what is known of the rollout, again and again; `None` once it is gone."""
        async with aclosing(self.pictures.ticking()) as pictures:
            async for snapshot in pictures:
                yield scene(snapshot, self.uid)

    async def present(self) -> AsyncGenerator[Scene, None]:
        """Yield it for as long as it is there, from when all that a verb hangs on is known.

        Raises:
            NotFoundError: It was deleted.
            NotListedError: The cluster did not tell in time.
        """
        await self.first()
        async with aclosing(self.scenes()) as scenes:
            async for here in scenes:
                yield self._there(here)

    async def first(self, is_enough: Callable[[Scene], bool] | None = None) -> Scene:
        """Return the scene once all that a verb hangs on was listed, or refused.

        Raises:
            NotFoundError: It was deleted.
            NotListedError: It did not come in time.
        """
        enough = is_enough or is_known
        last: Scene | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(LISTING_SECONDS), aclosing(self.scenes()) as scenes:
                async for here in scenes:
                    last = self._there(here)
                    if enough(last):
                        return last
        if last is not None:
            return last
        raise NotListedError(f"rollout {self.key.name} was not listed in time")

    def _there(self, here: Scene | None) -> Scene:
        if here is None:
            raise NotFoundError(f"{self.key.name} was deleted", status=404)
        return here


def is_known(here: Scene) -> bool:
    """Return whether each kind that a verb hangs on was listed, or may not be."""
    kinds = [*KNOWN]
    if any(step.experiment for step in here.rollout.steps):
        kinds.append(Kind.EXPERIMENTS)
    routing = here.rollout.canary.traffic_routing if here.rollout.canary else None
    if routing is not None and routing.nginx is not None:
        kinds.append(Kind.INGRESSES)
    return all(here.is_known(kind) or _is_refused(here, kind) for kind in kinds)


def _is_refused(here: Scene, kind: Kind) -> bool:
    stream = here.stream(kind)
    return stream is not None and stream.error is not None


@asynccontextmanager
async def followed(
    flags: Flags, name: str, *, is_long: bool = False, on_rollback: str | None = None
) -> AsyncGenerator[Followed, None]:
    """Open the cluster of a rollout and watch it with all that belongs to it.

    Args:
        flags: Which cluster and namespace.
        name: The rollout's.
        is_long: Whether for minutes: Prometheus is then asked no more often than is settled.
        on_rollback: Shell command for rollbacks, before what is settled.

    Raises:
        AmasError: There is no such rollout, or no way to it.
    """
    access = await asyncio.to_thread(load_access, access_options(flags))
    settings = resolved(flags, access.context, on_rollback=on_rollback).settings
    interval = settings.metrics_interval
    metrics = MetricsOptions(
        settings.prometheus_url, interval if is_long else min(interval, _BRIEF_INTERVAL)
    )
    session = Session(access, (access.namespace,), metrics=metrics, settings=settings)
    async with session:
        key = Key(access.namespace, name)
        rollout = await session.look(key)
        session.focus(rollout.uid)
        gate = Gate(session, limits_of(settings), AuditFile())
        async with Pictures(session) as pictures:
            yield Followed(gate, session, key, rollout.uid, pictures)
