"""What each verb really does: carried out, proved, and read back by a client of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final

import pytest

from amas_tui.acting import carry_out, prepare
from amas_tui.actions.children import child_of, running_experiments, running_runs
from amas_tui.actions.progress import Ending, Progress
from amas_tui.actions.proof import judge
from amas_tui.actions.template import undo_sets
from amas_tui.actions.verb import Choice, Images, Target, Verb
from amas_tui.cli.following import followed, is_known
from amas_tui.cli.options import Flags
from amas_tui.store.scene import Scene
from tests.controlplane import analysis, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json
from tests.controlplane.verb_states import STATES, Place

pytestmark = [pytest.mark.controlplane, pytest.mark.xdist_group("effects")]

MADE: Final = (
    "analysing",
    "experimenting",
    "workload-ref",
    "aborted",
    "paused-by-spec",
    "blue-green-preview",
    "healthy",
)


@pytest.fixture(scope="module")
def shop(bed: ControlPlane) -> Iterator[str]:
    """A namespace with a rollout in each of these states, made at once."""
    slow = analysis.Timing(interval="5m", count=3, window="10s", delay="1h")

    def make(namespace: str, name: str) -> None:
        with Api(bed) as api:
            STATES[name](Place(api, namespace, name))

    with Api(bed) as api, api.namespace("effects") as namespace:
        api.apply(*analysis.analysis_templates(namespace, bed.prometheus_url, slow))
        with ThreadPoolExecutor(len(MADE)) as pool:
            for made in [pool.submit(make, namespace, name) for name in MADE]:
                made.result()
        yield namespace


def choice(verb: Verb, scene: Scene) -> Choice | None:
    match verb:
        case Verb.UNDO:
            first = min(undo_sets(scene), key=lambda rs: rs.revision)
            return Target(first.revision, first.hash, first.metadata.name)
        case Verb.SET_IMAGE:
            return Images((("*", "registry.test/new:v9"),))
        case Verb.TERMINATE_RUN:
            return child_of(running_runs(scene)[0])
        case Verb.TERMINATE_EXPERIMENT:
            return child_of(running_experiments(scene)[0])
        case _:
            return None


async def done(bed: ControlPlane, shop: str, name: str, verb: Verb) -> Progress:
    """Carry a verb out and follow it to its end."""
    flags = Flags(kubeconfig=str(bed.kubeconfig(namespace=shop)), namespaces=(shop,))
    enough: Callable[[Scene], bool] = is_known
    if verb is Verb.TERMINATE_RUN:
        enough = lambda here: is_known(here) and bool(running_runs(here))  # noqa: E731
    async with followed(flags, name) as rollout:
        here = await rollout.first(enough)
        preview = await prepare(rollout.gate, verb, here, rollout.now(), choice(verb, here))
        assert preview.is_possible, preview.refusal
        pending = await carry_out(rollout.gate, preview, here, datetime.now(UTC))
        async with aclosing(rollout.scenes()) as scenes:
            async for scene in scenes:
                progress = judge(pending, scene, datetime.now(UTC))
                if progress.ending is not Ending.WAITING:
                    return progress
    raise AssertionError("the cluster showed nothing more")


def image(holder: Json) -> str:
    return str(holder["spec"]["template"]["spec"]["containers"][0]["image"])


async def test_an_analysis_that_is_ended_passes_its_gate(
    bed: ControlPlane, api: Api, shop: str
) -> None:
    progress = await done(bed, shop, "analysing", Verb.TERMINATE_RUN)
    assert progress.ending is Ending.DONE, progress
    (run,) = api.list("analysisruns", shop)
    assert (run["spec"]["terminate"], run["status"]["phase"]) == (True, "Successful")
    api.wait("rollouts", shop, "analysing", lambda ro: states.at_step(ro, 2))


async def test_an_experiment_that_is_ended_gives_its_pods_up(
    bed: ControlPlane, api: Api, shop: str
) -> None:
    progress = await done(bed, shop, "experimenting", Verb.TERMINATE_EXPERIMENT)
    assert progress.ending is Ending.DONE, progress
    (one,) = api.list("experiments", shop)
    assert (one["spec"]["terminate"], one["status"]["phase"]) == (True, "Successful")


async def test_the_template_of_a_deployment_is_set_and_undone_there(
    bed: ControlPlane, api: Api, shop: str
) -> None:
    before = image(api.get("deployments", shop, "workload-ref"))
    assert (await done(bed, shop, "workload-ref", Verb.SET_IMAGE)).ending is Ending.DONE
    assert image(api.get("deployments", shop, "workload-ref")) == "registry.test/new:v9"
    assert (await done(bed, shop, "workload-ref", Verb.UNDO)).ending is Ending.DONE
    back = image(api.get("deployments", shop, "workload-ref"))
    assert back not in (before, "registry.test/new:v9")
    status = api.get("rollouts", shop, "workload-ref")["status"]
    assert status["currentPodHash"] == status["stableRS"]


async def test_an_aborted_version_is_tried_again(bed: ControlPlane, api: Api, shop: str) -> None:
    assert (await done(bed, shop, "aborted", Verb.RETRY)).ending is Ending.DONE
    status = api.get("rollouts", shop, "aborted")["status"]
    assert "abortedAt" not in status
    assert not status.get("abort")


async def test_a_hold_is_lifted_and_set_again(bed: ControlPlane, api: Api, shop: str) -> None:
    assert (await done(bed, shop, "paused-by-spec", Verb.RESUME)).ending is Ending.DONE
    api.wait("rollouts", shop, "paused-by-spec", lambda ro: states.at_step(ro, 1))
    assert (await done(bed, shop, "paused-by-spec", Verb.PAUSE)).ending is Ending.DONE
    assert api.get("rollouts", shop, "paused-by-spec")["spec"]["paused"] is True


async def test_blue_green_is_promoted_by_its_switch(bed: ControlPlane, api: Api, shop: str) -> None:
    assert (await done(bed, shop, "blue-green-preview", Verb.PROMOTE)).ending is Ending.DONE
    rollout = api.get("rollouts", shop, "blue-green-preview")
    service = api.get("services", shop, "blue-green-preview-active")
    wanted = rollout["status"]["currentPodHash"]
    assert service["spec"]["selector"]["rollouts-pod-template-hash"] == wanted


async def test_a_restart_is_done_when_no_older_pod_is_left(
    bed: ControlPlane, api: Api, shop: str
) -> None:
    before = {pod["metadata"]["uid"] for pod in api.list("pods", shop, labelSelector="app=healthy")}
    assert (await done(bed, shop, "healthy", Verb.RESTART)).ending is Ending.DONE
    rollout = api.get("rollouts", shop, "healthy")
    assert rollout["status"]["restartedAt"] == rollout["spec"]["restartAt"]
    left = [
        pod
        for pod in api.list("pods", shop, labelSelector="app=healthy")
        if pod["metadata"]["uid"] in before and "deletionTimestamp" not in pod["metadata"]
    ]
    assert left == []
