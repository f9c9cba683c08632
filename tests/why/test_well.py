"""Of a healthy or normally progressing rollout no cause is claimed, by the board or by `why`."""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amas_tui.cli.connect import open_session
from amas_tui.cli.headless import Connection
from amas_tui.cli.options import Flags
from amas_tui.cli.why_command import told
from amas_tui.domain.base import Key
from amas_tui.rules.phase import is_observed
from amas_tui.store.scene import board_scene
from amas_tui.store.snapshot import Snapshot
from amas_tui.why.diagnosis import diagnose
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.why.seen import Seen
from tests.why.troubles import Place
from tests.why.well import WELL, Well

pytestmark = [pytest.mark.controlplane, pytest.mark.xdist_group("well")]

_DEADLINE = 120.0
_LOOK_SECONDS = 0.3


@dataclass(slots=True)
class _Life:
    """What was claimed of each rollout, and when each was where it should be."""

    claimed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    reached: dict[str, float] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    pictures: int = 0

    @property
    def is_over(self) -> bool:
        return len(self.reached) == len(WELL)


def _lead(bed: ControlPlane, api: Api, namespace: str, life: _Life, end: float) -> None:
    """Lead every rollout to where it should be."""
    left = {one.name: list(one.stages) for one in WELL}
    while time.monotonic() < end and not life.is_over:
        seen = Seen.of(api, namespace, ("rollouts", "replicasets", "analysisruns"))
        for one in WELL:
            place = Place(api, namespace, one.name, bed.prometheus_url)
            if left[one.name] and left[one.name][0].when(seen, one.name):
                left[one.name].pop(0).do(place)
            elif not left[one.name] and one.reached(seen, one.name):
                life.reached.setdefault(one.name, time.monotonic())
        time.sleep(_LOOK_SECONDS)


def _claims(picture: Snapshot, life: _Life) -> None:
    """Note the causes that a picture claims; a controller that is late is called silent rightly."""
    now = datetime.now(UTC) + picture.clock_offset
    for rollout in picture.rollouts.values():
        cause = diagnose(board_scene(picture, rollout), now).cause
        if cause is not None and (cause.cause.id != "controller-silent" or is_observed(rollout)):
            life.claimed[rollout.key.name].add(f"{cause.cause.id}: {cause.finding.sentence}")
    life.pictures += 1


async def _watch(kubeconfig: Path, namespace: str, life: _Life) -> None:
    """Read every picture of a board that explains all its lines."""
    flags = Flags(kubeconfig=str(kubeconfig), namespaces=(namespace,))
    async with open_session(flags) as cluster:
        async for picture in cluster.pictures():
            await asyncio.to_thread(_claims, picture, life)
            cluster.attend([u for u, r in picture.rollouts.items() if r.status.phase != "Healthy"])


async def _ask(kubeconfig: Path, namespace: str, life: _Life) -> None:
    flags = Flags(kubeconfig=str(kubeconfig), namespaces=(namespace,))
    async with Connection(flags) as (_, transport):
        for one in WELL:
            (scene, now), _missing = await told(transport, Key(namespace, one.name))
            cause = diagnose(scene, now).cause
            life.why[one.name] = f"{cause.cause.id}: {cause.finding.sentence}" if cause else ""


@pytest.fixture(scope="module")
def life(bed: ControlPlane) -> Iterator[_Life]:
    """All of them at once, from their making until each is where it should be."""
    with Api(bed) as api, api.namespace("well") as namespace:
        life = _Life()
        kubeconfig = bed.kubeconfig(namespace=namespace)

        async def live() -> None:
            watching = asyncio.create_task(_watch(kubeconfig, namespace, life))
            await asyncio.to_thread(_begin, bed, api, namespace)
            end = time.monotonic() + _DEADLINE
            leader = threading.Thread(target=_lead, args=(bed, api, namespace, life, end))
            leader.start()
            await asyncio.to_thread(leader.join)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await _ask(kubeconfig, namespace, life)

        asyncio.run(live())
        yield life


def _begin(bed: ControlPlane, api: Api, namespace: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        places = [(one, Place(api, namespace, one.name, bed.prometheus_url)) for one in WELL]
        list(pool.map(lambda each: api.apply(*each[0].made(each[1])), places))


@pytest.mark.parametrize("well", WELL, ids=lambda one: one.name)
def test_no_cause_is_claimed(life: _Life, well: Well) -> None:
    assert well.name in life.reached, "it never got where it should be"
    assert life.why[well.name] == ""
    if well.throughout:
        assert life.claimed[well.name] == set()


def test_there_are_twenty_of_them_and_they_were_watched(life: _Life) -> None:
    assert len(WELL) >= 20
    assert life.pictures >= len(WELL)
