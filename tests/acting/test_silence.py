"""A controller that does not react, or whom nobody hears: every verb, on the real control plane.

Everything is made and asked at once, so that all deadlines pass at the same time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from amas_tui.acting import Gate
from amas_tui.actions.progress import Ending, Pending
from amas_tui.actions.verb import Child, Verb
from amas_tui.cli.connect import access_options
from amas_tui.cli.following import Followed, followed
from amas_tui.cli.options import Flags
from amas_tui.cli.pictures import Pictures
from amas_tui.domain.base import Key
from amas_tui.kube.kubeconfig import load_access
from amas_tui.session.session import Session
from amas_tui.store.kinds import Kind
from tests.acting.doing import ENDS, judged, sent, until
from tests.controlplane import analysis, faults, rollouts, states, verb_states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.proxy import FaultProxy
from tests.controlplane.verb_states import Place

pytestmark = [pytest.mark.controlplane, pytest.mark.xdist_group("silence")]

_WAIT: Final = 120.0

# ------------------------------------------------------------------ states for verbs


def routed(at: Place) -> None:
    """Make a canary that waits at 20 %, which nginx sends it."""
    at.deploy(nginx=True)
    at.update()
    at.wait(states.is_paused)


def held_blue_green(at: Place) -> None:
    verb_states.blue_green_preview(at)
    at.patch({"spec": {"paused": True}})
    at.wait(states.is_paused)


def aborted_blue_green(at: Place) -> None:
    verb_states.blue_green_preview(at)
    at.patch({"status": {"abort": True}}, "status")
    at.wait(states.is_aborted)


def experimented(at: Place) -> None:
    """Make a canary that waits after an experiment which came to its end."""
    at.deploy([rollouts.experiment("2s"), rollouts.pause()])
    at.update()
    at.wait(states.is_paused)


@dataclass(frozen=True, slots=True)
class Case:
    """A verb, and the state of the rollout that it is asked of."""

    verb: Verb
    make: Callable[[Place], None]

    @property
    def name(self) -> str:
        """Return what the rollout is called."""
        words = f"{self.verb.name} {self.make.__name__}"
        return words.lower().replace("_", "-").replace(" ", "-")


CASES: Final = tuple(
    Case(verb, make)
    for make, verbs in {
        verb_states.paused_by_step: (
            Verb.PROMOTE,
            Verb.PROMOTE_FULL,
            Verb.ABORT,
            Verb.RESTART,
            Verb.PAUSE,
            Verb.UNDO,
            Verb.SET_IMAGE,
        ),
        routed: (Verb.PROMOTE_FULL, Verb.ABORT),
        verb_states.mid_step: (Verb.PROMOTE,),
        verb_states.aborted: (Verb.RETRY,),
        verb_states.paused_by_spec: (Verb.RESUME, Verb.PROMOTE),
        verb_states.analysing: (Verb.TERMINATE_RUN,),
        verb_states.experimenting: (Verb.TERMINATE_EXPERIMENT,),
        experimented: (Verb.RETRY_EXPERIMENT,),
        verb_states.blue_green_preview: (
            Verb.PROMOTE,
            Verb.PROMOTE_FULL,
            Verb.ABORT,
            Verb.RESTART,
            Verb.PAUSE,
            Verb.UNDO,
            Verb.SET_IMAGE,
        ),
        aborted_blue_green: (Verb.RETRY,),
        held_blue_green: (Verb.RESUME,),
        verb_states.workload_ref: (Verb.UNDO, Verb.SET_IMAGE, Verb.RESTART),
    }.items()
    for verb in verbs
)


def test_every_verb_is_asked() -> None:
    assert {case.verb for case in CASES} == set(Verb)


# -------------------------------------------------------------- a controller that is blind


CHILDREN: Final = ("analysisruns", "experiments")


def _owned(api: Api, namespace: str, plural: str, name: str) -> list[str]:
    return [
        one["metadata"]["name"]
        for one in api.list(plural, namespace)
        if any(owner["name"] == name for owner in one["metadata"].get("ownerReferences", ()))
    ]


def blind(api: Api, namespace: str, name: str) -> None:
    """Hide a rollout and its analyses and experiments from the controller."""
    faults.blind(api, namespace, name)
    for plural in CHILDREN:
        for child in _owned(api, namespace, plural, name):
            faults.blind(api, namespace, child, plural)


def unblind(api: Api, namespace: str, name: str) -> None:
    for plural in CHILDREN:
        for child in _owned(api, namespace, plural, name):
            faults.unblind(api, namespace, child, plural)
    faults.unblind(api, namespace, name)


@pytest.fixture
def shop(bed: ControlPlane, late: "Late") -> Iterator[str]:
    """A namespace with a rollout for each case, all of which the controller overlooks.

    Made for one test alone: afterwards nothing is as it was.
    """
    del late  # It has begun, and takes its time meanwhile.
    slow = analysis.Timing(interval="5m", count=3, window="10s", delay="1h")

    def make(namespace: str, case: Case) -> None:
        with Api(bed) as api:
            case.make(Place(api, namespace, case.name))
            blind(api, namespace, case.name)

    with Api(bed) as api, api.namespace("silence") as namespace:
        api.apply(*analysis.analysis_templates(namespace, bed.prometheus_url, slow))
        with ThreadPoolExecutor(len(CASES)) as pool:
            for made in [pool.submit(make, namespace, case) for case in CASES]:
                made.result()
        # What the controller had in hand while it was blinded, it still brought to its end.
        bed.let_finish()
        yield namespace


async def test_with_the_controller_blind_no_verb_is_done_before_it_sees_again(
    bed: ControlPlane, shop: str
) -> None:
    flags = Flags(kubeconfig=str(bed.kubeconfig(namespace=shop)), namespaces=(shop,))
    async with all_followed(flags, shop) as every, asyncio.TaskGroup() as group:
        for case in CASES:
            group.create_task(_asked(bed, every[case.name], case), name=case.name)


@asynccontextmanager
async def all_followed(flags: Flags, shop: str) -> AsyncIterator[dict[str, Followed]]:
    """Follow all rollouts through one session, and those with experiments each by its own."""
    session = Session(load_access(access_options(flags)), (shop,), is_whole=True)
    gate, every = Gate(session), {}
    async with session, Pictures(session) as pictures, AsyncExitStack() as stack:
        for case in CASES:
            if case.verb in (Verb.TERMINATE_EXPERIMENT, Verb.RETRY_EXPERIMENT):
                own = await stack.enter_async_context(followed(flags, case.name))
            else:
                key = Key(shop, case.name)
                uid = (await session.look(key)).uid
                own = Followed(gate, session, key, uid, pictures)
            every[case.name] = own
        yield every


async def _asked(bed: ControlPlane, rollout: Followed, case: Case) -> None:
    """Ask for a verb that nobody reacts to, and let the controller see it afterwards."""
    with Api(bed) as api:
        pending = await sent(rollout, case.verb)
        progress = await until(rollout, pending, *ENDS)
        assert progress.ending is Ending.NO_EFFECT, (case.name, progress)
        await asyncio.to_thread(_nobody_wrote, api, pending)
        await asyncio.to_thread(unblind, api, rollout.key.namespace, case.name)
        await until(rollout, pending, Ending.DONE)


def _nobody_wrote(api: Api, pending: Pending) -> None:
    """Hold that nobody but us has written: what was judged is what we wrote ourselves."""
    write, before = pending.write, pending.before
    assert write is not None
    rollout = api.get("rollouts", before.key.namespace, before.key.name)
    version = pending.version if write.kind is Kind.ROLLOUTS else before.metadata.resource_version
    assert rollout["metadata"]["resourceVersion"] == version, pending.verb
    if isinstance(pending.target, Child):
        child = api.get(str(write.kind), before.key.namespace, pending.target.name)
        assert child["metadata"]["resourceVersion"] == pending.version, pending.verb


# ------------------------------------------------------------------ a status that is late

Late = Future[dict[float, list[Ending]]]
DELAYS: Final = (0.0, 5.0, 30.0)


@pytest.fixture(scope="module")
def late(bed: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Late]:
    """How promotes end whose status comes late; they are under way while others are tested."""
    folder = tmp_path_factory.mktemp("late")
    with ThreadPoolExecutor(1) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder))
        yield pool.submit(lambda: asyncio.run(_all_late(bed, folder)))


async def _all_late(bed: ControlPlane, folder: Path) -> dict[float, list[Ending]]:
    with Api(bed) as api, api.namespace("late") as namespace:
        names = {delay: f"late-{delay:g}" for delay in DELAYS}
        steps = [rollouts.set_weight(20), rollouts.pause(), rollouts.pause()]
        for name in names.values():
            one = rollouts.canary(namespace, name, steps, replicas=1, requests_per_second=0)
            api.apply(*one)
        for name in names.values():
            api.wait("rollouts", namespace, name, states.is_healthy, timeout=_WAIT)
            api.set_image(namespace, name, "v2")
        for name in names.values():
            api.wait("rollouts", namespace, name, states.is_paused, timeout=_WAIT)
        found = await asyncio.gather(
            *(_promoted_late(bed, folder, namespace, *one) for one in names.items())
        )
        for name in names.values():
            assert states.at_step(api.get("rollouts", namespace, name), 2), name
    return dict(zip(DELAYS, found, strict=True))


async def _promoted_late(
    bed: ControlPlane, folder: Path, namespace: str, delay: float, name: str
) -> list[Ending]:
    """Return how a promote stood, each ending once and in order, until it was done."""
    own = folder / name
    own.mkdir()
    with FaultProxy(bed) as proxy:
        flags = Flags(kubeconfig=str(proxy.kubeconfig(own, namespace)), namespaces=(namespace,))
        async with followed(flags, name) as rollout, asyncio.timeout(_WAIT):
            await rollout.first()
            proxy.delay = delay
            pending = await sent(rollout)
            return await _endings(rollout, pending)


async def _endings(rollout: Followed, pending: Pending) -> list[Ending]:
    found: list[Ending] = []
    async with aclosing(judged(rollout, pending)) as stands:
        async for progress in stands:
            if progress.ending not in found:
                found.append(progress.ending)
            if progress.ending is Ending.DONE:
                break
    return found


def test_a_status_that_comes_late_ends_as_done_by_itself(late: Late) -> None:
    endings = late.result(timeout=3 * _WAIT)
    assert all(found[-1] is Ending.DONE for found in endings.values()), endings
    # The write itself does not come back either: that the controller is silent cannot be said.
    assert endings[30.0] == [Ending.WAITING, Ending.UNKNOWN, Ending.DONE]
