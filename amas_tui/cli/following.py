"""One rollout followed live by a command: the newest scene, again when time alone has passed."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from amas_tui.acting import Gate
from amas_tui.actions.limits import limits_of
from amas_tui.audit import AuditFile
from amas_tui.cli.connect import access_options, resolved
from amas_tui.cli.options import Flags
from amas_tui.cli.pictures import ticking
from amas_tui.domain.base import Key
from amas_tui.errors import AmasError, Exit
from amas_tui.kube.kubeconfig import load_access
from amas_tui.session.metrics import MetricsOptions
from amas_tui.session.session import Session
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene, scene

KNOWN: tuple[Kind, ...] = (Kind.REPLICA_SETS, Kind.PODS, Kind.ANALYSIS_RUNS)
"""What a verb hangs on beside the rollout."""

LISTING_SECONDS = 10.0


class NotListedError(AmasError):
    """The cluster did not tell in time what a verb hangs on."""

    exit_code = Exit.UNREACHABLE


@dataclass(frozen=True, slots=True)
class Followed:
    """One rollout, live.

    Attributes:
        gate: Where writes to it pass.
        key: Where it lives.
        uid: What it is: another object of its name is not it.
    """

    gate: Gate
    session: Session
    key: Key
    uid: str

    async def scenes(self) -> AsyncGenerator[Scene | None, None]:
        """Yield what is known of the rollout, again and again; `None` once it is gone."""
        async with aclosing(ticking(self.session)) as pictures:
            async for snapshot in pictures:
                yield scene(snapshot, self.uid)

    async def first(self, is_enough: Callable[[Scene], bool] | None = None) -> Scene:
        """Return the scene once all that a verb hangs on was listed, or refused.

        Raises:
            NotListedError: It did not come in time.
        """
        enough = is_enough or is_known
        last: Scene | None = None
        try:
            async with asyncio.timeout(LISTING_SECONDS), aclosing(self.scenes()) as scenes:
                async for here in scenes:
                    if here is not None:
                        self.session.focus(self.uid)
                        last = here
                        if enough(here):
                            return here
        except TimeoutError:
            pass
        if last is not None:
            return last
        raise NotListedError(f"rollout {self.key.name} was not listed in time")

    def now(self) -> datetime:
        """Return the server's time."""
        return datetime.now(UTC) + self.session.clock_offset


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
async def followed(flags: Flags, name: str) -> AsyncGenerator[Followed, None]:
    """Follow one rollout of the namespace that the flags name.

    Raises:
        AmasError: There is no such rollout, or no way to it.
    """
    access = await asyncio.to_thread(load_access, access_options(flags))
    settings = resolved(flags, access.context).settings
    namespace = flags.namespaces[0] if flags.namespaces else access.namespace
    metrics = MetricsOptions(settings.prometheus_url, min(settings.metrics_interval, 2.0))
    session = Session(access, (namespace,), metrics=metrics, settings=replace(settings))
    async with session:
        key = Key(namespace, name)
        rollout = await session.look(key)
        gate = Gate(session, limits_of(settings), AuditFile())
        yield Followed(gate, session, key, rollout.uid)
