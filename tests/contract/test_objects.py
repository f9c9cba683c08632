"""Reading and writing single objects."""

import pytest

from tests.controlplane import rollouts
from tests.controlplane.api import Api, ApiError


def test_an_applied_rollout_reads_back_as_it_was_sent(api: Api, namespace: str) -> None:
    manifests = rollouts.canary(namespace, "web", [rollouts.set_weight(20)], nginx=True)
    api.apply(*manifests)
    found = api.get("rollouts", namespace, "web")
    assert found["spec"]["strategy"] == manifests[-1]["spec"]["strategy"]
    assert found["metadata"]["uid"]


def test_an_absent_object_is_not_found(api: Api, namespace: str) -> None:
    with pytest.raises(ApiError) as refused:
        api.get("rollouts", namespace, "none")
    assert (refused.value.status, refused.value.reason) == (404, "NotFound")
