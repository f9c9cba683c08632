"""Bare AnalysisRuns come to the same on both control planes."""

import pytest

from tests.contract import runs
from tests.contract.planes import Plane
from tests.contract.runs import JUDGED, LIVES
from tests.contract.stage import PlaneStage
from tests.controlplane.api import Api


@pytest.fixture
def stage(api: Api, namespace: str, control_plane: Plane) -> PlaneStage:
    return PlaneStage(api, namespace, control_plane.prometheus_url)


def test_every_condition_is_judged_alike(stage: PlaneStage) -> None:
    for number, one in enumerate(JUDGED):
        asked = runs.metric(
            stage,
            one.query,
            successCondition=one.success,
            failureCondition=one.failure,
            consecutiveErrorLimit=0,
        )
        runs.begin(stage, f"run-{number}", asked)

    differences = [
        (one, difference)
        for number, one in enumerate(JUDGED)
        if (difference := runs.difference(one, runs.completed(stage, f"run-{number}")))
    ]

    assert not differences


def test_every_run_lives_alike(stage: PlaneStage) -> None:
    for name, life in LIVES.items():
        life.begin(stage, name)
    for name, life in LIVES.items():
        life.meddle(stage, name)

    failures: dict[str, str] = {}
    for name, life in LIVES.items():
        try:
            life.verify(stage, name)
        except AssertionError as error:
            failures[name] = str(error)

    assert not failures
