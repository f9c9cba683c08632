"""Carries the verbs out: ours through the one gate, the plugin's on a twin in the same state."""

import asyncio
import subprocess
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from amas_tui.acting import Gate, Preview, carry_out, prepare, resolve
from amas_tui.actions.progress import Ending, Pending, Progress
from amas_tui.actions.proof import judge, patience
from amas_tui.actions.template import undo_sets
from amas_tui.actions.verb import Choice, Target, Verb
from amas_tui.cli.connect import access_options
from amas_tui.cli.following import Followed, is_known
from amas_tui.cli.options import Flags
from amas_tui.cli.pictures import Pictures
from amas_tui.domain.base import Key
from amas_tui.kube.kubeconfig import load_access
from amas_tui.session.session import Session
from amas_tui.store.scene import Scene
from tests.acting import doing
from tests.controlplane import verb_states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json
from tests.controlplane.verb_states import STATES, Place
from tests.controlplane.witness import Direct, Witness, witness
from tests.verbs.claims import untrue
from tests.verbs.facts import FLAPS, Facts, read
from tests.verbs.table import REFUSED, Cell, Entry, Table

PLUGIN: Final[dict[Verb, tuple[str, ...]]] = {
    Verb.PROMOTE: ("promote", "{name}"),
    Verb.PROMOTE_FULL: ("promote", "{name}", "--full"),
    Verb.ABORT: ("abort", "{name}"),
    Verb.RETRY: ("retry", "rollout", "{name}"),
    Verb.PAUSE: ("pause", "{name}"),
    Verb.RESTART: ("restart", "{name}"),
    Verb.UNDO: ("undo", "{name}"),
    Verb.SET_IMAGE: ("set", "image", "{name}", f"*={doing.IMAGE}"),
    Verb.TERMINATE_RUN: ("terminate", "analysisrun", "{child}"),
    Verb.TERMINATE_EXPERIMENT: ("terminate", "experiment", "{child}"),
    Verb.RETRY_EXPERIMENT: ("retry", "experiment", "{child}"),
}
"""The plugin's words for each verb that it has."""

_SHORT: Final = {verb: str(verb).replace(" --", "-").replace(" ", "-") for verb in Verb}
_SECOND: Final = 1.1
_POLL_SECONDS: Final = 0.2
_SETTLE_SECONDS: Final = 90.0
_STILL_SECONDS: Final = 5.0
_NO_PROOF_SECONDS: Final = 12.0
_PROOF_SECONDS: Final = 90.0
_AFTER: Final = timedelta(seconds=1)

T = TypeVar("T")


@dataclass(slots=True)
class Outcome:
    """What came of a table.

    Attributes:
        found: What happened in each cell, in the words of the table.
        lies: What was not true at the moment of a "done", by cell.
        seconds: How long a cell's verb took to its proof.
    """

    found: Table = field(default_factory=dict)
    lies: dict[Cell, list[str]] = field(default_factory=dict)
    seconds: dict[Cell, float] = field(default_factory=dict)


async def run(
    bed: ControlPlane, expected: Table | None, chosen: Mapping[str, bool], slots: int
) -> Outcome:
    """Carry every verb out in the chosen states.

    Args:
        bed: Where.
        expected: What should happen: each cell is waited for until it does. Without it, a cell has
            settled when nothing has moved for some seconds.
        chosen: The states, each with whether the plugin's commands are carried out beside ours.
        slots: How many rollouts are worked on at once.
    """
    with Api(bed) as api, api.namespace("verbs") as namespace:
        verb_states.prepare(api, namespace, bed.prometheus_url)
        flags = Flags(kubeconfig=str(bed.kubeconfig(namespace=namespace)))
        access = await asyncio.to_thread(load_access, access_options(flags))
        async with (
            witness(bed, namespace) as seen,
            Session(access, (namespace,), is_whole=True) as session,
            Pictures(session) as pictures,
        ):
            runner = _Runner(bed, api, namespace, seen, session, pictures, expected, slots)
            try:
                row = runner.state
                await asyncio.gather(*(row(name, beside) for name, beside in chosen.items()))
            finally:
                runner.close()
                # While they live, the controller would make anew what the namespace's end deletes.
                await asyncio.to_thread(api.delete_all, "rollouts", namespace)
        return runner.outcome


class _Runner:
    def __init__(
        self,
        bed: ControlPlane,
        api: Api,
        namespace: str,
        seen: Witness,
        session: Session,
        pictures: Pictures,
        expected: Table | None,
        slots: int,
    ) -> None:
        self._bed = bed
        self._api = api
        self._namespace = namespace
        self._witness = seen
        self._direct = Direct(api, namespace)
        self._session = session
        self._pictures = pictures
        self._gate = Gate(session)
        self._expected = expected
        self._slots = asyncio.Semaphore(slots)
        self._pool = ThreadPoolExecutor(slots + 2)
        self._kubeconfig = bed.kubeconfig(namespace=namespace)
        self.outcome = Outcome()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def state(self, state: str, is_beside: bool) -> None:  # noqa: FBT001
        """Fill the row of one state, with what the plugin does beside."""
        async with self._slots:
            name, base = await self._made(state, state)
            here = await self._seen(name)
            refused = {verb: await self._refusal(verb, here) for verb in Verb}
        self.outcome.found[Cell(state)] = Entry("", str(base))
        for verb in filter(refused.get, refused):
            self.outcome.found[Cell(state, verb)] = Entry(REFUSED, refused[verb])
        possible = [verb for verb in Verb if not refused[verb]]
        cells = [self._ours(state, verb) for verb in possible]
        if is_beside:
            cells += [self._theirs(state, verb) for verb in possible if verb in PLUGIN]
            named = (v for v in PLUGIN if v not in _CHILDREN or _has_child(v, here))
            cells.append(self._where_refused(state, name, [v for v in named if refused[v]]))
        await asyncio.gather(*cells)

    async def _thread(self, function: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, function, *arguments)

    async def _made(self, state: str, name: str) -> tuple[str, Facts]:
        """Make a rollout in a state, and wait until nothing moves."""
        place = Place(self._api, self._namespace, name, self._witness)
        await self._thread(STATES[state], place)
        facts = await self._settled(name, Cell(state))
        # A pod that was made within the second of a restart counts as made after it.
        await asyncio.sleep(_SECOND)
        return name, facts

    async def _settled(self, name: str, cell: Cell) -> Facts:
        """Return the facts once they are as expected, or do not move any more."""
        wanted = self._expected[cell].text if self._expected else None
        await self._caught_up(name)
        begun = since = time.monotonic()
        before = ""
        while True:
            facts = read(self._witness, name)
            now = time.monotonic()
            text = str(facts)
            if text != before or not facts.is_settled:
                before, since = text, now
            if facts.is_settled and text == wanted:
                return facts
            is_still = now - since > _STILL_SECONDS and wanted is None
            if is_still or now - begun > _SETTLE_SECONDS:
                return facts
            await asyncio.sleep(_POLL_SECONDS)

    async def _caught_up(self, name: str) -> Json:
        """Return the rollout as it is now, once the witness has seen as much."""
        now = await self._thread(self._api.get, "rollouts", self._namespace, name)
        version = int(now["metadata"]["resourceVersion"])

        def is_there(seen: Json) -> bool:
            return int(seen["metadata"]["resourceVersion"]) >= version

        await self._thread(
            partial(self._witness.wait, "rollouts", name, is_there, timeout=_SETTLE_SECONDS)
        )
        return now

    async def _seen(self, name: str) -> Scene:
        """Return the scene once our session shows what the API server does."""
        metadata = (await self._caught_up(name))["metadata"]
        version = int(metadata["resourceVersion"])
        async with asyncio.timeout(_SETTLE_SECONDS), self._scenes(metadata["uid"]) as scenes:
            async for here in scenes:
                if here is not None and _is_whole(here, version):
                    return here
        raise AssertionError(f"our session does not show {name}")

    def _scenes(self, uid: str) -> aclosing[AsyncGenerator[Scene | None, None]]:
        key = Key(self._namespace, "")
        return aclosing(Followed(self._gate, self._session, key, uid, self._pictures).scenes())

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._session.clock_offset

    async def _refusal(self, verb: Verb, here: Scene) -> str:
        return (await self._preview(verb, here)).refusal

    async def _preview(self, verb: Verb, here: Scene) -> Preview:
        return await prepare(self._gate, verb, here, self._now(), choice(verb, here))

    async def _ours(self, state: str, verb: Verb) -> None:
        cell = Cell(state, verb)
        async with self._slots:
            name, before = await self._made(state, f"{state}-{_SHORT[verb]}-ours")
            here = await self._seen(name)
            preview = await self._preview(verb, here)
            assert preview.is_possible, (cell, preview.refusal)
            pending = await carry_out(self._gate, preview, here, datetime.now(UTC))
            progress = await self._proof(cell, name, pending)
            self.outcome.seconds[cell] = (datetime.now(UTC) - pending.sent_at).total_seconds()
            if progress.ending is Ending.DONE:
                at_done = await self._thread(read, self._direct, name)
                self.outcome.lies[cell] = list(untrue(verb, before, at_done, preview.target))
            facts = await self._settled(name, cell)
            self.outcome.found[cell] = Entry(_ending(progress, name), str(facts))
            await self._let_go(name, facts)

    async def _proof(self, cell: Cell, name: str, pending: Pending) -> Progress:
        """Follow a write to its end; one that cannot come is judged as when its time is over."""
        wanted = self._expected[cell].ending if self._expected else ""
        is_long = wanted and wanted != Ending.INCOMPLETE
        limit = _PROOF_SECONDS if is_long else _NO_PROOF_SECONDS
        end = time.monotonic() + limit
        async with self._scenes(pending.before.uid) as scenes:
            async for here in scenes:
                now = datetime.now(UTC)
                pending = await resolve(self._gate, pending, now, here)
                progress = judge(pending, here, now)
                if progress.ending.is_final or _ending(progress, name) == wanted:
                    return progress
                if time.monotonic() > end:
                    since = pending.shown_at or pending.sent_at
                    return judge(pending, here, since + patience(pending) + _AFTER)
        raise AssertionError(f"the cluster shows nothing more of {name}")

    async def _theirs(self, state: str, verb: Verb) -> None:
        async with self._slots:
            name, _ = await self._made(state, f"{state}-{_SHORT[verb]}-plugin")
            await self._command(state, name, verb)

    async def _where_refused(self, state: str, name: str, verbs: list[Verb]) -> None:
        """Let the plugin do what we refuse; where that has an effect, go on with another twin."""
        number = 0
        for verb in verbs:
            async with self._slots:
                if not name:
                    number += 1
                    name, _ = await self._made(state, f"{state}-again{number}")
                await self._command(state, name, verb)
            found = self.outcome.found
            if found[Cell(state, verb).twin] != found[Cell(state)]:
                name = ""

    async def _command(self, state: str, name: str, verb: Verb) -> None:
        """Carry the plugin's command out and read what became of it."""
        cell = Cell(state, verb).twin
        child = self._child(name, verb) if verb in _CHILDREN else ""
        words = [word.format(name=name, child=child) for word in PLUGIN[verb]]
        program = str(self._bed.binary("kubectl-argo-rollouts"))
        command = [program, "--kubeconfig", str(self._kubeconfig), *words]
        done = await self._thread(_executed, command)
        failed = f"failed: {done.stderr.strip()}".replace(name, "NAME") if done.returncode else ""
        facts = await self._settled(name, cell)
        self.outcome.found[cell] = Entry(failed, str(facts))
        await self._let_go(name, facts)

    async def _let_go(self, name: str, facts: Facts) -> None:
        """Delete a rollout that would keep the controller busy for ever."""
        if FLAPS in facts.services.values():
            await self._thread(self._api.delete, "rollouts", self._namespace, name)

    def _child(self, name: str, verb: Verb) -> str:
        """Return the name of the run or experiment that a rollout owns."""
        for one in self._witness.all(_CHILDREN[verb]):
            owners = one["metadata"].get("ownerReferences", ())
            if any(owner["name"] == name for owner in owners):
                return str(one["metadata"]["name"])
        raise AssertionError(f"{name} owns none")


_CHILDREN: Final = {
    Verb.TERMINATE_RUN: "analysisruns",
    Verb.TERMINATE_EXPERIMENT: "experiments",
    Verb.RETRY_EXPERIMENT: "experiments",
}


def _has_child(verb: Verb, here: Scene) -> bool:
    return bool(here.runs if verb is Verb.TERMINATE_RUN else here.experiments)


def _executed(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def _ending(progress: Progress, name: str) -> str:
    remark = f" ({progress.remark})" if progress.remark else ""
    return f"{progress.ending}{remark}".replace(name, "NAME")


def _is_whole(here: Scene, version: int) -> bool:
    """Return whether a scene is as new as a version, with all that a verb hangs on."""
    rollout = here.rollout
    if int(rollout.metadata.resource_version) < version or not is_known(here):
        return False
    status = rollout.status
    run = status.canary.current_step_analysis_run_status
    if run is not None and here.run_named(run.name) is None:
        return False
    return here.current is not None and bool(here.stable) is bool(status.stable_rs)


def choice(verb: Verb, here: Scene) -> Choice | None:
    """Return what a verb is asked of, as the plugin picks it: the newest other revision."""
    if verb is not Verb.UNDO:
        return doing.choice(verb, here)
    found = next(iter(undo_sets(here)), None)
    return Target(found.revision, found.hash, found.metadata.name) if found else None
