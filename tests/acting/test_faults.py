"""Every way in which a write can go wrong between us and the controller, on the real cluster.

The program speaks to the API server through a proxy that drops, delays, refuses and takes back; a
client of its own reads what is true.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amas_tui.acting import MovedError, prepare, resolve
from amas_tui.actions.progress import Ending
from amas_tui.actions.verb import Verb
from amas_tui.cli.following import followed
from amas_tui.cli.options import Flags
from amas_tui.errors import ApiError, ForbiddenError
from tests.acting.doing import sent, until
from tests.controlplane import faults, rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.proxy import Fault, FaultProxy
from tests.soak import together

pytestmark = [pytest.mark.controlplane, pytest.mark.xdist_group("faults")]

STEPS = [rollouts.set_weight(20), *[rollouts.pause() for _ in range(30)]]
NAMES = ("lost", "dropped", "refused", "hooked", "reverted", "looked")


@pytest.fixture(scope="module")
def shop(bed: ControlPlane) -> Iterator[str]:
    """A namespace with rollouts that wait at one of many pauses."""
    with Api(bed) as api, api.namespace("faults") as namespace:
        for name in NAMES:
            api.apply(*rollouts.canary(namespace, name, STEPS, replicas=1, requests_per_second=0))
        for name in NAMES:
            api.wait("rollouts", namespace, name, states.is_healthy, timeout=120)
        for name in NAMES:
            api.set_image(namespace, name, "v2")
        for name in NAMES:
            api.wait("rollouts", namespace, name, states.is_paused, timeout=60)
        yield namespace


@pytest.fixture
def proxy(bed: ControlPlane) -> Iterator[FaultProxy]:
    with FaultProxy(bed) as proxy:
        yield proxy


def flags(proxy: FaultProxy, folder: Path, shop: str) -> Flags:
    return Flags(kubeconfig=str(proxy.kubeconfig(folder, shop)), namespaces=(shop,))


def step(api: Api, shop: str, name: str) -> int:
    return int(api.get("rollouts", shop, name)["status"]["currentStepIndex"])


async def test_a_reply_that_is_lost_after_the_write_was_made_ends_as_done_once(
    api: Api, shop: str, proxy: FaultProxy, tmp_path: Path
) -> None:
    before = step(api, shop, "lost")
    async with followed(flags(proxy, tmp_path, shop), "lost") as rollout:
        proxy.faults.append(Fault.DROP_REPLY)
        pending = await sent(rollout)
        assert pending.has_arrived is None
        await until(rollout, pending, Ending.DONE)
    assert step(api, shop, "lost") == before + 1
    assert len(proxy.patches) == 1


async def test_a_request_that_never_arrived_ends_as_not_sent(
    api: Api, shop: str, proxy: FaultProxy, tmp_path: Path
) -> None:
    before = step(api, shop, "dropped")
    async with followed(flags(proxy, tmp_path, shop), "dropped") as rollout:
        proxy.faults.append(Fault.DROP_REQUEST)
        pending = await sent(rollout)
        await until(rollout, pending, Ending.NOT_ARRIVED)
    assert step(api, shop, "dropped") == before
    assert len(proxy.patches) == 1


async def test_a_connection_that_is_lost_is_unknown_and_resolved_when_it_returns(
    api: Api, shop: str, proxy: FaultProxy, tmp_path: Path
) -> None:
    async with followed(flags(proxy, tmp_path, shop), "lost") as rollout:
        before = step(api, shop, "lost")
        proxy.faults.append(Fault.DROP_REPLY)
        pending = await sent(rollout)
        proxy.is_down = True
        resolved = await resolve(rollout.gate, pending, datetime.now(UTC))
        assert resolved.has_arrived is None
        proxy.is_down = False
        await until(rollout, pending, Ending.DONE)
    assert step(api, shop, "lost") == before + 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        pytest.param(403, ForbiddenError, id="forbidden"),
        pytest.param(409, MovedError, id="conflict"),
        pytest.param(422, MovedError, id="failed test"),
        pytest.param(400, ApiError, id="bad request"),
    ],
)
async def test_a_refusal_writes_nothing_and_says_why(
    api: Api, shop: str, proxy: FaultProxy, tmp_path: Path, status: int, error: type[Exception]
) -> None:
    before = step(api, shop, "refused")
    async with followed(flags(proxy, tmp_path, shop), "refused") as rollout:
        proxy.answers.append(status)
        with pytest.raises(error):
            await sent(rollout)
    assert step(api, shop, "refused") == before
    assert len(proxy.patches) == 1


async def test_a_server_error_is_looked_into_and_ends_as_not_sent(
    api: Api, shop: str, proxy: FaultProxy, tmp_path: Path
) -> None:
    before = step(api, shop, "refused")
    async with followed(flags(proxy, tmp_path, shop), "refused") as rollout:
        proxy.answers.append(500)
        pending = await sent(rollout)
        progress = await until(rollout, pending, Ending.NOT_ARRIVED)
    assert "500" in progress.remark
    assert step(api, shop, "refused") == before


async def test_a_webhook_that_takes_the_write_back_is_named(
    api: Api, shop: str, proxy: FaultProxy, tmp_path: Path
) -> None:
    before = step(api, shop, "hooked")
    async with followed(flags(proxy, tmp_path, shop), "hooked") as rollout:
        proxy.faults.append(Fault.WEBHOOK)
        pending = await sent(rollout)
        progress = await until(rollout, pending, Ending.REVERTED)
    assert progress.remark == "an admission webhook took it back"
    assert step(api, shop, "hooked") == before


async def test_a_gitops_tool_that_writes_the_spec_back_is_told_from_silence(
    api: Api, shop: str, proxy: FaultProxy, tmp_path: Path
) -> None:
    async with followed(flags(proxy, tmp_path, shop), "reverted") as rollout:
        # The controller gets to see both writes at once, as with a tool that is quicker than it.
        faults.blind(api, shop, "reverted")
        pending = await sent(rollout, Verb.PAUSE)
        back = {"spec": {"paused": False}}
        api.patch("rollouts", shop, "reverted", back, fieldManager="argocd-controller")
        faults.unblind(api, shop, "reverted")
        progress = await until(rollout, pending, Ending.REVERTED, Ending.DONE)
    assert (progress.ending, progress.remark) == (
        Ending.REVERTED,
        "argocd-controller put spec.paused back",
    )


async def test_looking_and_previewing_write_nothing(
    shop: str, proxy: FaultProxy, tmp_path: Path
) -> None:
    async with followed(flags(proxy, tmp_path, shop), "looked") as rollout:
        here = await rollout.first()
        looked = {one.method for one in proxy.asked if "selfsubject" not in one.path}
        assert looked == {"GET"}
        for verb in (Verb.PROMOTE, Verb.PROMOTE_FULL, Verb.ABORT, Verb.PAUSE, Verb.RESTART):
            assert (await prepare(rollout.gate, verb, here, rollout.now())).is_possible
    others = [one for one in proxy.asked if one.method != "GET"]
    assert all("selfsubject" in one.path or "dryRun=All" in one.query for one in others)
    assert any("dryRun=All" in one.query for one in others)
    assert proxy.writes == []


async def test_two_who_press_promote_at_once_advance_one_step(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    await asyncio.to_thread(together.deploy, api, namespace, 10)
    for steps, told in await together.press_together(bed, api, namespace, 10):
        assert steps == 1
        assert "the rollout moved" in told or "any more" in told or "taking in" in told
