"""`lint` as a shell sees it."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.inside import amas

GUIDE = Path(__file__).parents[2] / "data" / "guide"


def test_each_fault_has_place_cause_consequence_and_fix() -> None:
    ran = amas("lint", str(GUIDE / "rollout.yaml"))
    assert ran.code == 1
    first = ran.out.splitlines()[3:6]
    assert first[0].endswith(
        "rollout.yaml:6: error: step 1 is setWeight and pause at once [one-kind]"
    )
    assert first[1].strip().startswith("InvalidSpec: the controller acts on nothing")
    assert first[2].strip() == "fix: Write 2 steps, each with its own dash"
    assert "its steps take 7m" in ran.err
    assert "6 errors" in ran.err


def test_json_holds_the_same() -> None:
    ran = amas("lint", str(GUIDE / "custom-template.yaml"), "-o", "json")
    report = json.loads(ran.out)
    assert (ran.code, report["apiVersion"], report["kind"]) == (1, "amas-tui/v1", "LintReport")
    assert [(one["rule"], one["line"]) for one in report["findings"]] == [
        ("runs-for-ever", 7),
        ("no-data", 9),
        ("canary-only", 13),
    ]
    assert all(one["source"] for one in report["findings"])


def test_stdin_and_folders_are_read(tmp_path: Path) -> None:
    text = (GUIDE / "custom-template.yaml").read_text()
    assert amas("lint", "-", stdin=text).out.startswith("-:7: warning")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.yml").write_text(text)
    (tmp_path / "notes.txt").write_text("no manifest")
    ran = amas("lint", str(tmp_path))
    assert ran.out.startswith(f"{tmp_path}/deep/a.yml:7")
    assert "notes.txt" not in ran.out


def test_what_passes_ends_with_0(tmp_path: Path) -> None:
    made = amas("manifests", "-n", "shop", "--name", "checkout", "--image", "x/checkout:v1").out
    ran = amas("lint", "-", stdin=made)
    assert (ran.code, ran.out) == (0, "")
    assert "checkout: its steps take 8m20s, plus pod starts" in ran.err
    assert "nothing found" in ran.err
    del tmp_path


@pytest.mark.parametrize(("severity", "code"), [("error", 0), ("warning", 1), ("note", 1)])
def test_what_counts_can_be_chosen(severity: str, code: int) -> None:
    file = str(GUIDE / "custom-template.yaml")
    assert amas("lint", file, "--fail-on", severity).code == code


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "lint wants files"),
        (("-", "--live", "checkout"), "lint wants files"),
        (("/nowhere/at.yaml",), "cannot read /nowhere/at.yaml: No such file"),
    ],
)
def test_wrong_usage_is_2(arguments: tuple[str, ...], words: str) -> None:
    ran = amas("lint", *arguments)
    assert (ran.code, words in ran.err) == (2, True)


def test_fifty_megabytes_end_at_the_limit(tmp_path: Path) -> None:
    big = tmp_path / "big.yaml"
    with big.open("wb") as file:
        file.write(b"a: 1\n")
        file.truncate(50 << 20)
    ran = amas("lint", str(big))
    assert ran.code == 1
    assert "big.yaml:2: error: the file is larger than manifests are" in ran.out
