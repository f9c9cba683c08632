"""The README's Role is enough for every verb; a verb without its right says which is missing."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from amas_tui.acting import carry_out, denied, prepare
from amas_tui.actions.template import undo_sets
from amas_tui.actions.verb import Target, Verb
from amas_tui.cli.following import followed
from amas_tui.cli.options import Flags
from tests.controlplane import faults, rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane

pytestmark = [pytest.mark.controlplane, pytest.mark.xdist_group("rights")]

README = Path(__file__).parents[2] / "README.md"
STATUS = {Verb.PROMOTE, Verb.PROMOTE_FULL, Verb.ABORT, Verb.RETRY}
SPEC = {Verb.UNDO, Verb.SET_IMAGE, Verb.PAUSE, Verb.RESUME, Verb.RESTART}
CHILDREN = {Verb.TERMINATE_RUN, Verb.TERMINATE_EXPERIMENT, Verb.RETRY_EXPERIMENT}


def rules() -> list[dict[str, Any]]:
    """Return the rules of the Role that the README tells to give."""
    blocks = re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
    documents = [yaml.safe_load(block) for block in blocks]
    (role,) = [one for one in documents if isinstance(one, dict) and one.get("kind") == "Role"]
    found: list[dict[str, Any]] = role["rules"]
    return found


@pytest.fixture(scope="module")
def shop(bed: ControlPlane) -> Iterator[str]:
    """A namespace with one canary that waits."""
    with Api(bed) as api, api.namespace("rights") as namespace:
        steps = [rollouts.set_weight(20), rollouts.pause(), rollouts.pause()]
        api.apply(*rollouts.canary(namespace, "web", steps, replicas=1, requests_per_second=0))
        api.wait("rollouts", namespace, "web", states.is_healthy, timeout=60)
        api.set_image(namespace, "web", "v2")
        api.wait("rollouts", namespace, "web", states.is_paused)
        yield namespace


def oncall(bed: ControlPlane, shop: str) -> Flags:
    return Flags(kubeconfig=str(bed.kubeconfig("oncall", namespace=shop)), namespaces=(shop,))


@pytest.mark.parametrize(
    ("resources", "missing", "named"),
    [
        pytest.param(None, set(), "", id="all of it"),
        pytest.param(["rollouts/status"], STATUS, "patch rollouts/status.argoproj.io", id="status"),
        pytest.param(["rollouts"], SPEC, "patch rollouts.argoproj.io", id="spec"),
        pytest.param(
            ["analysisruns", "experiments"], CHILDREN, "patch analysisruns.argoproj.io", id="runs"
        ),
    ],
)
async def test_a_verb_is_denied_by_the_rule_that_is_missing_and_by_no_other(
    bed: ControlPlane,
    api: Api,
    shop: str,
    resources: list[str] | None,
    missing: set[Verb],
    named: str,
) -> None:
    given = [
        rule for rule in rules() if rule["resources"] != resources or "patch" not in rule["verbs"]
    ]
    faults.grant(api, shop, "oncall", *given)
    async with followed(oncall(bed, shop), "web") as rollout:
        here = await rollout.first()
        found = await denied(rollout.session, here.rollout)
    assert set(found) == missing
    assert not missing or any(named in reason for reason in found.values())


async def test_with_the_role_of_the_readme_a_person_acts_and_leaves_a_note(
    bed: ControlPlane, api: Api, shop: str
) -> None:
    faults.grant(api, shop, "oncall", *rules())
    async with followed(oncall(bed, shop), "web") as rollout:
        here = await rollout.first()
        preview = await prepare(rollout.gate, Verb.PROMOTE, here, rollout.now())
        assert preview.is_possible, preview.refusal
        assert (await carry_out(rollout.gate, preview, here, datetime.now(UTC))).has_arrived
        api.wait("rollouts", shop, "web", lambda ro: states.at_step(ro, 2) and states.is_paused(ro))
        moved = await rollout.first(lambda scene: scene.rollout.status.current_step_index == 2)
        stable = next(rs for rs in undo_sets(moved) if rs.revision == 1)
        back = Target(1, stable.hash, stable.metadata.name)
        preview = await prepare(rollout.gate, Verb.UNDO, moved, rollout.now(), back)
        assert preview.is_possible, preview.refusal
