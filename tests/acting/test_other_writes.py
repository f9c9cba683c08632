"""Writes to other objects than a Rollout, on a network and between hands that lie.

The Deployment that holds a rollout's pod template, its analyses and its experiments: the right
ending for each of them. All are asked at once, each on a rollout of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from amas_tui.acting import MovedError
from amas_tui.actions.progress import Ending, Progress
from amas_tui.actions.verb import Verb
from amas_tui.cli.following import Followed, followed
from amas_tui.cli.options import Flags
from amas_tui.errors import ApiError, ForbiddenError
from amas_tui.store.kinds import Kind
from tests.acting.doing import ENDS, sent, until
from tests.controlplane import analysis, faults, rollouts, states, verb_states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json
from tests.controlplane.proxy import Fault, FaultProxy
from tests.controlplane.verb_states import Place

pytestmark = [pytest.mark.controlplane, pytest.mark.xdist_group("other writes")]

GITOPS: Final = "argocd-controller"


def experimented(at: Place) -> None:
    """Make a canary that waits after an experiment which came to its end."""
    at.deploy([rollouts.experiment("2s"), rollouts.pause()])
    at.update()
    at.wait(states.is_paused)


CASES: Final[dict[Verb, tuple[Kind, Callable[[Place], None]]]] = {
    Verb.SET_IMAGE: (Kind.DEPLOYMENTS, verb_states.workload_ref),
    Verb.UNDO: (Kind.DEPLOYMENTS, verb_states.workload_ref),
    Verb.TERMINATE_RUN: (Kind.ANALYSIS_RUNS, verb_states.analysing),
    Verb.TERMINATE_EXPERIMENT: (Kind.EXPERIMENTS, verb_states.experimenting),
    Verb.RETRY_EXPERIMENT: (Kind.EXPERIMENTS, experimented),
}
"""What each verb writes to, and the state that it is possible in."""


def name_of(verb: Verb) -> str:
    return verb.name.lower().replace("_", "-")


@pytest.fixture(scope="module")
def shop(bed: ControlPlane) -> Iterator[str]:
    """A namespace with a rollout for each verb, and some that another hand is on too."""
    slow = analysis.Timing(interval="5m", count=3, window="10s", delay="1h")
    made = {name_of(verb): make for verb, (_, make) in CASES.items()}
    made |= {hand.name: verb_states.workload_ref for hand in HANDS}
    made["template"] = verb_states.paused_by_step

    def make(namespace: str, name: str) -> None:
        with Api(bed) as api:
            made[name](Place(api, namespace, name))

    with Api(bed) as api, api.namespace("others") as namespace:
        api.apply(*analysis.analysis_templates(namespace, bed.prometheus_url, slow))
        with ThreadPoolExecutor(len(made)) as pool:
            for one in [pool.submit(make, namespace, name) for name in made]:
                one.result()
        yield namespace


Work = Callable[[Followed, FaultProxy, Verb], Awaitable[None]]


async def on_each(bed: ControlPlane, folder: Path, shop: str, work: Work) -> None:
    """Do something for each verb at once, each through a proxy of its own."""

    async def one(verb: Verb) -> None:
        own = folder / verb.name
        own.mkdir()
        with FaultProxy(bed) as proxy:
            flags = Flags(kubeconfig=str(proxy.kubeconfig(own, shop)), namespaces=(shop,))
            async with followed(flags, name_of(verb)) as rollout:
                await work(rollout, proxy, verb)
            (path,) = {one.path.split("/")[-2] for one in proxy.patches}
            assert path == CASES[verb][0]

    async with asyncio.TaskGroup() as group:
        for verb in CASES:
            group.create_task(one(verb), name=verb.name)


def target(api: Api, shop: str, verb: Verb) -> Json:
    """Return the object that a verb writes to."""
    plural = str(CASES[verb][0])
    if verb in (Verb.SET_IMAGE, Verb.UNDO):
        return api.get(plural, shop, name_of(verb))
    owned = [
        one
        for one in api.list(plural, shop)
        if one["metadata"]["ownerReferences"][0]["name"] == name_of(verb)
    ]
    (found,) = owned
    return found


def parts(found: Json) -> Json:
    """Return what a write could change of an object."""
    return {part: found[part] for part in ("spec", "status") if part in found}


REFUSALS: Final = {403: ForbiddenError, 409: MovedError, 422: MovedError, 400: ApiError}


async def test_a_refusal_writes_nothing_and_says_why(
    bed: ControlPlane, api: Api, shop: str, tmp_path: Path
) -> None:
    async def refused(rollout: Followed, proxy: FaultProxy, verb: Verb) -> None:
        for status, error in REFUSALS.items():
            proxy.answers.append(status)
            with pytest.raises(error):
                await sent(rollout, verb)

    before = {verb: target(api, shop, verb) for verb in CASES}
    await on_each(bed, tmp_path, shop, refused)
    for verb, found in before.items():
        assert target(api, shop, verb)["spec"] == found["spec"], verb


async def test_a_server_error_or_a_lost_request_ends_as_not_sent(
    bed: ControlPlane, api: Api, shop: str, tmp_path: Path
) -> None:
    async def failed(rollout: Followed, proxy: FaultProxy, verb: Verb) -> None:
        proxy.answers.append(500)
        first = await sent(rollout, verb)
        proxy.faults.append(Fault.DROP_REQUEST)
        second = await sent(rollout, verb)
        assert "500" in (await until(rollout, first, Ending.NOT_ARRIVED)).remark
        await until(rollout, second, Ending.NOT_ARRIVED)

    before = {verb: target(api, shop, verb) for verb in CASES}
    await on_each(bed, tmp_path, shop, failed)
    for verb, found in before.items():
        assert parts(target(api, shop, verb)) == parts(found), verb


async def test_a_webhook_that_takes_the_write_back_is_named(
    bed: ControlPlane, api: Api, shop: str, tmp_path: Path
) -> None:
    async def hooked(rollout: Followed, proxy: FaultProxy, verb: Verb) -> None:
        proxy.faults.append(Fault.WEBHOOK)
        progress = await until(rollout, await sent(rollout, verb), Ending.REVERTED)
        assert progress.remark == "an admission webhook took it back"

    before = {verb: target(api, shop, verb) for verb in CASES}
    await on_each(bed, tmp_path, shop, hooked)
    for verb, found in before.items():
        assert parts(target(api, shop, verb)) == parts(found), verb


# The last of the verbs' own rollouts: afterwards they are no more as they were made.
async def test_a_reply_that_is_lost_after_the_write_was_made_ends_as_done_once(
    bed: ControlPlane, shop: str, tmp_path: Path
) -> None:
    async def lost(rollout: Followed, proxy: FaultProxy, verb: Verb) -> None:
        proxy.faults.append(Fault.DROP_REPLY)
        pending = await sent(rollout, verb)
        assert pending.has_arrived is None
        await until(rollout, pending, Ending.DONE)
        assert len(proxy.patches) == 1

    await on_each(bed, tmp_path, shop, lost)


# ---------------------------------------------------------------------- another hand


@dataclass(frozen=True, slots=True)
class Hand:
    """A GitOps tool that puts a write back before the controller looks.

    Attributes:
        name: Of the rollout that it is on.
        verb: What it puts back.
        sees: Whether the controller gets to see both writes, at once, or none of them.
        told: What is told of it.
    """

    name: str
    verb: Verb
    sees: bool
    told: str


DEPLOYMENT: Final = "put the pod template of deployment"
HANDS: Final = (
    Hand("seen", Verb.SET_IMAGE, sees=True, told=f"{GITOPS} {DEPLOYMENT} seen back"),
    Hand("unseen", Verb.UNDO, sees=False, told=f"{GITOPS} {DEPLOYMENT} unseen back"),
    Hand("template", Verb.SET_IMAGE, sees=False, told=f"{GITOPS} put the pod template back"),
    Hand("hold", Verb.PAUSE, sees=False, told=f"{GITOPS} put spec.paused back"),
    # Who only takes a field away is not noted by the API server.
    Hand("restart", Verb.RESTART, sees=True, told="somebody put spec.restartAt back"),
)


async def test_what_another_hand_puts_back_is_told_with_whose_it_was(
    bed: ControlPlane, api: Api, shop: str
) -> None:
    flags = Flags(kubeconfig=str(bed.kubeconfig(namespace=shop)), namespaces=(shop,))
    for hand in HANDS:
        faults.blind(api, shop, hand.name)
    found = await asyncio.gather(*(_put_back(bed, flags, shop, hand) for hand in HANDS))
    told = [(progress.ending, progress.remark) for progress in found]
    assert told == [(Ending.REVERTED, hand.told) for hand in HANDS]


async def _put_back(bed: ControlPlane, flags: Flags, shop: str, hand: Hand) -> Progress:
    """Return how a write ends that a hand puts back."""
    with Api(bed) as api:
        async with followed(flags, hand.name) as rollout:
            pending = await sent(rollout, hand.verb)
            assert pending.write is not None
            assert pending.live is not None
            kind, spec = str(pending.write.kind), dict(pending.live["spec"])
            if hand.verb is Verb.PAUSE:
                spec["paused"] = False
            change = [{"op": "replace", "path": "/spec", "value": spec}]
            api.patch(kind, shop, hand.name, change, fieldManager=GITOPS)
            if hand.sees:
                faults.unblind(api, shop, hand.name)
            return await until(rollout, pending, *ENDS)
