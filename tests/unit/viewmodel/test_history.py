"""Revisions with what came of each."""

from typing import Any

import pytest

from amas_tui.domain.rollout import Rollout
from amas_tui.viewmodel.history import history_json, history_text, revisions
from tests import builders as b
from tests.builders import NEW, NOW, OLD
from tests.unit.pipeline import test_until as states


def results(rollout: Rollout, *more: Any) -> dict[int, str]:
    scene = b.scene(rollout, b.replica_set(NEW, revision=2), b.stable_set(revision=1), *more)
    return {one.revision: one.result for one in revisions(scene)}


@pytest.mark.parametrize(
    ("rollout", "more", "revision", "result"),
    [
        (states.timed(), (), 2, "under way"),
        (states.timed(), (), 1, "stable"),
        (states.halted(""), (), 2, "aborted: by hand"),
        (states.healthy(), (), 1, "unproven"),
        (states.healthy(), (), 2, "stable"),
    ],
)
def test_each_revision_has_its_result(
    rollout: Rollout, more: tuple[Any, ...], revision: int, result: str
) -> None:
    assert results(rollout, *more)[revision] == result


def test_a_run_proves_or_condemns_a_revision() -> None:
    good = b.analysis_run(
        "good",
        of=OLD,
        revision=1,
        phase="Successful",
        results=[b.result(phase="Successful", successful=2, count=2)],
    )
    assert results(states.timed(), good)[1] == "passed its gates (1)"
    bad = b.failed_run()
    halted = results(states.halted(states.FAILED), bad)[2]
    assert halted.startswith("aborted: ")
    assert "0.812" in halted


def test_a_run_without_one_good_measurement_proves_nothing() -> None:
    empty = b.analysis_run("empty", of=OLD, revision=1, phase="Successful")
    assert results(states.timed(), empty)[1] == "stable"


def test_the_table_and_json_hold_the_same() -> None:
    scene = b.scene(states.timed(), b.replica_set(NEW, revision=2), b.stable_set(revision=1))
    text = history_text(scene, NOW, is_wide=True)
    document = history_json(scene)
    assert (document["kind"], document["name"]) == ("RolloutHistory", "checkout")
    assert [one["revision"] for one in document["revisions"]] == [2, 1]
    for one in document["revisions"]:
        assert one["replicaSet"] in text
        assert all(image in text for image in one["images"].values())
    assert text.splitlines()[0].split()[:3] == ["REVISION", "AGE", "ROLE"]
