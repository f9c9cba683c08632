"""The README says what the code does."""

import re
from pathlib import Path

import pytest

from amas_tui.config.document import parse_document
from amas_tui.config.resolve import resolve
from amas_tui.domain.base import Key
from amas_tui.errors import Exit
from amas_tui.pipeline.deployment import Outcome
from amas_tui.pipeline.lint.engine import lint_files
from amas_tui.store.checks import Check, Result
from amas_tui.viewmodel.alerts import Alert
from amas_tui.viewmodel.history import history_json
from tests import builders as b
from tests.builders import NOW
from tests.readme import commands
from tests.write_readme import generated

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "content"), generated().items())
def test_a_generated_table_is_the_one_in_code(name: str, content: str) -> None:
    between = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", README, re.DOTALL)
    assert between is not None
    assert between[1] == content


def test_its_configuration_is_read() -> None:
    text = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert text is not None
    found = resolve(parse_document(Path("config.toml"), text[1]), "prod-eu", {}).settings
    assert (found.mark, found.protected) == ("PROD", True)
    assert found.queries
    assert found.keys == {"relist": ("ctrl+r", "f5")}


def test_every_documented_exit_code_exists_and_the_other_way_round() -> None:
    table = README.partition("### Exit codes")[2].partition("###")[0]
    documented = {int(code) for code in re.findall(r"\| (\d+) ", table)}
    assert documented <= {int(code) for code in Exit}


def test_its_commands_are_single_lines() -> None:
    assert "test" in commands(README)
    assert all("\n" not in command for command in commands(README).values())


def test_its_pictures_exist_and_have_a_description() -> None:
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", README)
    assert pictures
    for description, path in pictures:
        assert description
        assert (Path(__file__).parents[2] / path).is_file(), path


def test_the_documented_json_is_what_the_code_gives() -> None:
    """Each row of the table names the fields of its kind, all of them."""
    rows = re.findall(r"\| `?([A-Z][A-Za-z]+)`? \| (.*?) \|\n", README.partition("### JSON")[2])
    documented = {kind: set(re.findall(r"[a-zA-Z]+", fields)) for kind, fields in rows}
    alert = Alert("halt", Key("shop", "checkout"), "c", 1, "v1", "x", NOW).to_json()
    outcome = Outcome("c", "n", "x", "i:v1", Exit.OK, "why", 1.0).to_json()
    finding = lint_files({"x.yaml": b"kind: Rollout"})[0].to_json()
    check = Check("x", Result.OK, "y").to_json()
    for kind, given in (
        ("RolloutAlert", alert),
        ("Deployment", outcome),
        ("LintReport", finding),
        ("DoctorReport", check),
        ("RolloutHistory", revisions_of_an_example()[0]),
    ):
        assert set(given) - {"apiVersion", "kind"} <= documented[kind], kind


def revisions_of_an_example() -> list[dict[str, object]]:
    here = b.scene(b.rollout(), b.replica_set(b.NEW, revision=2))
    found: list[dict[str, object]] = history_json(here)["revisions"]
    return found
