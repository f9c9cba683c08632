"""Analyses and experiments that are ended or run again: proved by what their controller wrote."""

from datetime import timedelta

import pytest

from amas_tui.acting import Gate, carry_out, prepare, resolve
from amas_tui.actions.children import child_of
from amas_tui.actions.preview import consequence
from amas_tui.actions.progress import Ending, Pending
from amas_tui.actions.proof import judge
from amas_tui.actions.verb import Verb
from amas_tui.errors import UnreachableError
from tests.builders import NOW, Json, ago, experiment, raw_rollout, rollout, scene, stamp
from tests.fakes import FakeCluster


@pytest.mark.parametrize(
    ("phase", "version", "sent", "ending"),
    [
        pytest.param("Running", 102, "101", Ending.DONE, id="it runs"),
        pytest.param("Failed", 103, "101", Ending.DONE, id="it ran again and failed again"),
        pytest.param("Failed", 100, "101", Ending.WAITING, id="the old end"),
        pytest.param("", 101, "101", Ending.WAITING, id="our own write"),
        pytest.param("Failed", 100, "100", Ending.WAITING, id="no reply, and the old end"),
        pytest.param("Failed", 103, "100", Ending.DONE, id="no reply, and another end"),
        pytest.param("Failed", 103, "", Ending.WAITING, id="whether it arrived is not known"),
    ],
)
def test_an_experiment_runs_again_by_its_controllers_word_however_short_the_run(
    phase: str, version: int, sent: str, ending: Ending
) -> None:
    before = experiment(phase="Failed")
    steps: list[Json] = [{"experiment": {}}]
    own = rollout(steps=steps, step=0)
    pending = Pending(Verb.RETRY_EXPERIMENT, own, NOW, 1, sent, child_of(before))
    here = scene(own, experiment(phase=phase, version=version))
    assert judge(pending, here, NOW).ending is ending


@pytest.mark.parametrize(
    ("status", "arrived"),
    [
        pytest.param(
            {"phase": "Failed", "availableAt": stamp(ago(hours=1))}, False, id="as it was"
        ),
        pytest.param({"phase": "Failed", "availableAt": stamp(NOW)}, True, id="another run"),
        pytest.param({}, True, id="not begun yet"),
    ],
)
async def test_a_lost_reply_is_told_by_the_run_and_not_by_its_phase(
    *, status: Json, arrived: bool
) -> None:
    before = experiment(phase="Failed")
    steps: list[Json] = [{"experiment": {}}]
    raw: Json = {
        "kind": "Experiment",
        "metadata": {
            "name": before.metadata.name,
            "namespace": "shop",
            "uid": before.metadata.uid,
            "resourceVersion": "100",
            "generation": 1,
        },
        "spec": {},
        "status": {"phase": "Failed", "availableAt": stamp(ago(hours=1))},
    }
    own: Json = {"steps": steps, "step": 0}
    cluster = FakeCluster(raw_rollout(**own), raw)
    gate, here = Gate(cluster), scene(rollout(**own), before)
    preview = await prepare(gate, Verb.RETRY_EXPERIMENT, here, NOW, child_of(before))
    assert preview.is_possible, preview.refusal
    cluster.failures = [UnreachableError("cannot patch: the connection broke")]
    pending = await carry_out(gate, preview, here, NOW)
    raw["status"] = status
    found = await resolve(gate, pending, NOW + timedelta(seconds=4), here)
    assert found.has_arrived is arrived


@pytest.mark.parametrize(
    ("current", "warned"), [("", True), ("checkout-exp-1", True), ("checkout-exp", False)]
)
def test_an_experiment_that_was_let_go_is_run_again_with_a_warning(
    *, current: str, warned: bool
) -> None:
    ended = experiment(phase="Failed")
    status: Json = {"canary": {"currentExperiment": current}}
    here = scene(rollout(steps=[{"experiment": {}}], step=0, status=status), ended)
    warning = "the rollout has let go of it: the controller will end it at once"
    found = consequence(Verb.RETRY_EXPERIMENT, here, child_of(ended)).warnings
    assert found == ((warning,) if warned else ())
