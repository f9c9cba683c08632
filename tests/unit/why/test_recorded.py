"""Every trouble as it was recorded from a real control plane gives its cause again."""

import re
import time

import pytest

from amas_tui.viewmodel.text import line_width
from amas_tui.viewmodel.why_panel import why_json, why_lines
from amas_tui.why.diagnosis import CAUSES, diagnose
from tests.why import recorded
from tests.why.troubles import TROUBLES

_BY_NAME = {one.name: one for one in TROUBLES}


def test_there_is_a_recording_of_every_trouble() -> None:
    assert recorded.names() == sorted(_BY_NAME)


@pytest.mark.parametrize("name", [one.name for one in TROUBLES if not one.needs_eyes])
def test_a_recorded_trouble_gives_its_cause(name: str) -> None:
    trouble, (scene, now) = _BY_NAME[name], recorded.read(name)
    head = diagnose(scene, now).head
    assert head is not None
    assert head.cause.id == trouble.cause
    assert re.search(trouble.says, why_json(scene, now)["sentence"])
    found = {one.cause.id for one in diagnose(scene, now).found}
    assert set(trouble.also) <= found


@pytest.mark.parametrize("name", recorded.names())
@pytest.mark.parametrize("cells", [36, 68, 106])
def test_every_line_of_the_panel_fits(name: str, cells: int) -> None:
    scene, now = recorded.read(name)
    for line in why_lines(scene, now, cells):
        assert line_width(line) <= cells


def test_a_diagnosis_takes_milliseconds() -> None:
    scene, now = recorded.read("crash")
    began = time.process_time()
    for _ in range(20):
        diagnose(scene, now)
    assert (time.process_time() - began) / 20 < 0.02


def test_recordings_are_small() -> None:
    sizes = {name: (recorded.FOLDER / f"{name}.json").stat().st_size for name in recorded.names()}
    assert all(size <= recorded.MOST_BYTES for size in sizes.values()), sizes


def test_causes_have_names_of_their_own_in_the_order_in_which_they_are_said() -> None:
    ids = [one.id for one in CAUSES]
    assert len(set(ids)) == len(ids)
    ranks = [(one.severity, -one.specificity) for one in CAUSES]
    assert ranks == sorted(ranks)
