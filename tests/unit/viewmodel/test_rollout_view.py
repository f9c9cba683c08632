import json

import pytest

from amas_tui.viewmodel.rollout_view import rollout_view, to_json
from tests.builders import NEW, OLD, replica_set, rollout, scene, stable_set, weight
from tests.unit.viewmodel.scenes import SCENES


def test_the_json_is_the_documented_one() -> None:
    found = to_json(rollout_view(SCENES["waiting"]()))
    assert found["apiVersion"] == "amas-tui/v1"
    assert found["kind"] == "RolloutView"
    assert (found["step"], found["setWeight"], found["actualWeight"]) == (
        {"index": 1, "count": 4},
        20,
        20,
    )
    assert found["replicas"] == {
        "desired": 5,
        "current": 6,
        "updated": 1,
        "ready": 5,
        "available": 5,
    }
    assert found["images"][0] == {"image": "registry/checkout:v1.4.0", "tags": ["stable"]}
    newest, stable, _ = found["revisions"]
    assert newest["revision"] == 3
    assert newest["replicaSets"][0]["pods"] == [
        {"name": "checkout-new-a", "status": "Running", "ready": "1/1", "restarts": 0}
    ]
    assert stable["analysisRuns"][0]["counts"] == {
        "successful": 4,
        "failed": 1,
        "inconclusive": 0,
        "error": 0,
    }


@pytest.mark.parametrize("name", SCENES)
def test_every_scene_can_be_written_as_json(name: str) -> None:
    found = to_json(rollout_view(SCENES[name]()))
    assert json.loads(json.dumps(found)) == found


def test_blue_green_has_neither_step_nor_weight() -> None:
    found = to_json(rollout_view(SCENES["blue-green"]()))
    assert (found["step"], found["setWeight"], found["actualWeight"]) == (None, None, None)


def test_an_experiments_own_are_below_it() -> None:
    view = rollout_view(SCENES["experiment"]())
    (own,) = view.revisions[0].experiments
    assert [rs.name for rs in own.replica_sets] == ["checkout-exp-baseline", "checkout-exp-canary"]
    assert [run.name for run in own.analysis_runs] == ["checkout-exp-load"]
    assert [job.name for job in own.analysis_runs[0].jobs] == ["load-1"]
    assert all(rs.tags == () for rs in own.replica_sets)


def test_only_images_that_run_are_listed_with_all_their_roles() -> None:
    same = "registry/checkout:v2.0.0"
    here = scene(
        rollout(steps=[weight(5)], step=0),
        replica_set(NEW, images=(same,)),
        replica_set(OLD, images=(same,)),
        replica_set("gone", replicas=0, images=("old:v0",)),
    )
    (image,) = rollout_view(here).images
    assert (image.image, image.tags) == (same, ("canary", "stable"))


def test_revisions_come_newest_first_and_once() -> None:
    here = scene(
        rollout(), replica_set("a", revision=3), replica_set("b", revision=3), stable_set()
    )
    assert [revision.revision for revision in rollout_view(here).revisions] == [3, 1]
