"""What a demo tells where no terminal shows it: its story line by line, with a hand in it.

Somebody on call acts: promotes what waits, aborts what is stuck, undoes what was halted. Each
action goes the product's own way and is proved by the controller's answer.
"""

import asyncio
import sys
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import click

from amas_tui.acting import Gate, carry_out, prepare
from amas_tui.actions.gate import why_not
from amas_tui.actions.progress import Ending, Pending
from amas_tui.actions.proof import judge
from amas_tui.actions.template import undo_targets
from amas_tui.actions.verb import Target, Verb
from amas_tui.cli.connect import access_options
from amas_tui.cli.options import Flags
from amas_tui.cli.pictures import Pictures
from amas_tui.domain.base import Key
from amas_tui.errors import AmasError, Exit
from amas_tui.kube.kubeconfig import load_access
from amas_tui.ports import Cluster
from amas_tui.session.session import Session
from amas_tui.store.scene import Scene, scene
from amas_tui.store.snapshot import Snapshot
from amas_tui.viewmodel.headline import scene_state
from amas_tui.viewmodel.preview_lines import outcome_lines
from amas_tui.viewmodel.state import Standing
from amas_tui.viewmodel.story import Event, Story
from amas_tui.viewmodel.text import plain, to_ascii

_HESITATION: Final = timedelta(seconds=1)
"""How long somebody looks before acting."""

_QUIET: Final = timedelta(seconds=4)
"""How long all must be well for the story to be over."""

_NAME_CELLS: Final = 18
_PROOF_CELLS: Final = 2_000


@dataclass(slots=True)
class _Part:
    """How one rollout stands before whoever is on call.

    Attributes:
        since: When it got into its present state before our eyes.
        pending: The write that waits for its proof.
        acted: The states in which somebody acted already, each with its version.
    """

    standing: Standing
    since: datetime
    pending: Pending | None = None
    has_been_told: bool = False
    acted: list[tuple[Standing, str]] = field(default_factory=list)


async def tell(flags: Flags, patience: float) -> int:
    """Tell a cluster's story until all is well; return 0 only if every action was proved.

    Args:
        flags: Where the cluster is.
        patience: Seconds after which the story is broken off.
    """
    access = await asyncio.to_thread(load_access, access_options(flags))
    async with Session(access, is_whole=True) as cluster:
        try:
            async with asyncio.timeout(patience):
                return await _Teller(cluster).run()
        except TimeoutError:
            click.echo(f"the story did not end within {patience:g} s", err=True)
            return Exit.TIMEOUT


class _Teller:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._story = Story()
        self._parts: dict[str, _Part] = {}
        self._last = datetime.now(UTC)
        self._has_begun = False
        self._failures = 0

    async def run(self) -> int:
        """Tell until the end."""
        async with (
            Pictures(self._cluster) as pictures,
            aclosing(pictures.ticking()) as snapshots,
        ):
            async for snapshot in snapshots:
                now = datetime.now(UTC)
                for event in self._story.after(snapshot, now):
                    self._has_begun = True
                    self._say(event)
                for uid in snapshot.rollouts:
                    await self._attend(snapshot, uid, now)
                if self._is_over(now):
                    return Exit.UNEXPECTED if self._failures else Exit.OK
        return Exit.UNEXPECTED

    def _say(self, event: Event) -> None:
        self._last = event.at
        _print(event.at, event.key, event.text)

    def _is_over(self, now: datetime) -> bool:
        well = all(
            part.standing is Standing.HEALTHY and part.pending is None
            for part in self._parts.values()
        )
        return well and self._has_begun and now - self._last > _QUIET

    async def _attend(self, snapshot: Snapshot, uid: str, now: datetime) -> None:
        here = scene(snapshot, uid)
        if here is None:
            return
        standing = scene_state(here, now).standing
        part = self._parts.setdefault(uid, _Part(standing, now))
        if part.standing is not standing:
            part.standing, part.since = standing, now
        if part.pending is not None:
            self._judge(part, part.pending, here, now)
        elif now - part.since >= _HESITATION:
            await self._act(part, here, now)

    def _judge(self, part: _Part, pending: Pending, here: Scene, now: datetime) -> None:
        progress = judge(pending, here, now)
        if progress.ending is Ending.WAITING:
            return
        if progress.ending.is_final or not part.has_been_told:
            part.has_been_told = True
            took = f"{(now - pending.sent_at).total_seconds():.1f}s"
            lines = outcome_lines(pending.verb, progress, took, _PROOF_CELLS)
            self._say(Event(now, here.rollout.key, " ".join(plain(line).strip() for line in lines)))
        if progress.ending.is_final:
            self._failures += progress.ending is not Ending.DONE
            part.pending, part.since = None, now

    async def _act(self, part: _Part, here: Scene, now: datetime) -> None:
        step = (part.standing, f"{here.rollout.status.current_pod_hash}{here.rollout.revision}")
        verb = reaction(part.standing, is_first=step not in part.acted)
        if verb is None or why_not(verb, here):
            return
        part.acted.append(step)
        target = stable_target(here) if verb is Verb.UNDO else None
        try:
            preview = await prepare(Gate(self._cluster), verb, here, now, target)
            words = preview.refusal or preview.consequence.sentences[0]
            self._say(Event(now, here.rollout.key, f"> {verb}: {words}"))
            part.pending = await carry_out(Gate(self._cluster), preview, here, now)
            part.has_been_told = False
        except AmasError as error:
            # It may have moved on meanwhile: then the next picture shows what there is to do.
            self._say(Event(now, here.rollout.key, f"> {verb}: {error.sentence}"))


def reaction(standing: Standing, *, is_first: bool) -> Verb | None:
    """Return what somebody on call does about a state, `None` where waiting is right."""
    match standing:
        case Standing.WAITING:
            return Verb.PROMOTE if is_first else Verb.PROMOTE_FULL
        case Standing.INCONCLUSIVE | Standing.TIMED_OUT:
            return Verb.ABORT
        case Standing.HALTED | Standing.ABORTED:
            return Verb.UNDO
        case _:
            return None


def stable_target(here: Scene) -> Target | None:
    """Return the stable version as what to go back to, else the newest other one."""
    stable = here.stable
    if stable is None or stable.revision not in undo_targets(here):
        stable = next((rs for rs in here.replica_sets if rs.revision in undo_targets(here)), None)
    return Target(stable.revision, stable.hash, stable.metadata.name) if stable else None


def _print(at: datetime, key: Key, text: str) -> None:
    line = f"{at.astimezone():%H:%M:%S}  {key.name:<{_NAME_CELLS}} {text}"
    encoding = (sys.stdout.encoding or "ascii").lower()
    click.echo(line if "utf" in encoding else to_ascii(line))
