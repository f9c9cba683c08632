from pathlib import Path

import pytest

from amas_tui.viewmodel.get_text import get_text, list_row, list_text, table
from amas_tui.viewmodel.rollout_view import rollout_view
from tests.builders import NOW, Json, healthy, pause, rollout, scene, weight
from tests.unit.viewmodel.scenes import SCENES

GOLDEN = Path(__file__).parent / "golden"
"""What `PrintRollout` of kubectl-argo-rollouts v1.10.1 itself printed for these scenes."""


@pytest.mark.parametrize("name", SCENES)
def test_get_prints_what_the_plugin_prints(name: str) -> None:
    view = rollout_view(SCENES[name]())
    assert get_text(view, NOW) == (GOLDEN / f"{name}.txt").read_text()


def test_every_golden_text_has_its_scene() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(SCENES)


def test_a_message_cannot_forge_lines_of_the_report() -> None:
    forged = rollout(phase="Degraded", message="x\nStatus:          ✔ Healthy")
    lines = get_text(rollout_view(scene(forged)), NOW).splitlines()
    assert sum(line.startswith("Status:") for line in lines) == 1


@pytest.mark.parametrize(
    ("fields", "row"),
    [
        pytest.param(
            {
                "steps": [weight(20), pause()],
                "step": 1,
                "ready": 4,
                "total": 6,
                "updated": 1,
                "available": 3,
            },
            ("checkout", "Canary", "Progressing", "1/2", "20", "4/6", "5", "1", "3"),
            id="canary",
        ),
        pytest.param(
            {"steps": [weight(20)], "step": None},
            ("checkout", "Canary", "Progressing", "-", "20", "5/5", "5", "5", "5"),
            id="no index",
        ),
        pytest.param(
            {},
            ("checkout", "Canary", "Progressing", "-", "100", "5/5", "5", "5", "5"),
            id="no steps",
        ),
        pytest.param(
            {"blue_green": {}, "replicas": None},
            ("checkout", "BlueGreen", "Progressing", "-", "-", "1/1", "1", "1", "1"),
            id="blue-green",
        ),
        pytest.param(
            {"spec": {"strategy": {}}},
            ("checkout", "unknown", "Progressing", "-", "-", "5/5", "5", "5", "5"),
            id="no strategy",
        ),
    ],
)
def test_a_row_of_list_is_the_plugins(fields: Json, row: tuple[str, ...]) -> None:
    assert list_row(rollout(**fields)) == row


def test_list_has_a_head_and_where_wanted_the_namespace() -> None:
    found = [rollout("a"), healthy("longer", namespace="else")]
    plain = list_text(found, with_namespace=False).splitlines()
    assert plain[0].split() == [
        "NAME",
        "STRATEGY",
        "STATUS",
        "STEP",
        "SET-WEIGHT",
        "READY",
        "DESIRED",
        "UP-TO-DATE",
        "AVAILABLE",
    ]
    assert [line.split()[0] for line in plain[1:]] == ["a", "longer"]
    named = list_text(found, with_namespace=True, headers=False).splitlines()
    assert [line.split()[:2] for line in named] == [["shop", "a"], ["else", "longer"]]
    assert list_text([], with_namespace=False, headers=False) == "\n"


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table([("a", "b", "c"), ("漢字", "", "x")]) == ["a     b  c", "漢字     x"]
    assert table([]) == []
