"""The linter's errors are those of the real controller: one table, both verdicts."""

import json
from contextlib import suppress

import pytest

from tests import broken
from tests.controlplane.api import Api, ApiError
from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json
from tests.headless.command import amas

pytestmark = pytest.mark.controlplane


def is_judged(rollout: Json) -> bool:
    status = rollout.get("status", {})
    return bool(status.get("observedGeneration") == str(rollout["metadata"]["generation"]))


def is_accepted(api: Api, manifest: Json) -> bool:
    """Return whether the API server takes an object."""
    with suppress(ApiError):
        api.create(manifest)
        return True
    return False


def settled(api: Api, namespace: str, case: broken.Broken) -> str:
    found = api.wait("rollouts", namespace, case.id, is_judged, timeout=60)
    conditions = {one["type"] for one in found["status"].get("conditions", [])}
    return "invalid" if "InvalidSpec" in conditions else "valid"


def test_the_controller_and_the_linter_agree_on_every_fault(api: Api, namespace: str) -> None:
    api.apply(*broken.surroundings(namespace))
    accepted = {
        case.id
        for case in broken.CASES
        if (not case.template or is_accepted(api, broken.template(namespace, case)))
        and is_accepted(api, broken.rollout(namespace, case))
    }
    theirs = {
        case.id: settled(api, namespace, case) if case.id in accepted else "refused"
        for case in broken.CASES
    }
    ours = {
        case.id: "valid" if not case.rule or case.is_found_by_run else "invalid"
        for case in broken.CASES
    }
    assert {name: said for name, said in theirs.items() if said != ours[name]} == {
        # Kubernetes' own list is keyed by name: the API server sees this one first.
        "containers-twice": "refused"
    }


def test_what_only_a_run_refuses_ends_it_in_error(api: Api, namespace: str) -> None:
    cases = [case for case in broken.CASES if case.is_found_by_run]
    for case in cases:
        api.create(broken.run(namespace, case))
    for case in cases:
        api.wait(
            "analysisruns",
            namespace,
            case.id,
            lambda run: run.get("status", {}).get("phase") == "Error",
            timeout=60,
        )


def test_a_live_rollout_is_held_against_its_metrics(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    case = next(one for one in broken.CASES if one.id == "for-ever")
    api.create(broken.template(namespace, case))
    api.create(broken.rollout(namespace, case))
    kubeconfig = bed.kubeconfig(namespace=namespace)
    ran = amas(
        *("lint", "--live", case.id, "-o", "json", "--prometheus-url", bed.prometheus_url),
        kubeconfig=kubeconfig,
    )
    report = json.loads(ran.out)
    assert ran.code == 1, ran.err
    rules = {one["rule"] for one in report["findings"]}
    assert "runs-for-ever" in rules
    assert all(one["line"] == 0 for one in report["findings"])
