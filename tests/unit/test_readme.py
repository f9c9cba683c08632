"""The README says what the code does."""

import re
from pathlib import Path

import pytest

from amas_tui.config.document import parse_document
from amas_tui.config.resolve import resolve
from amas_tui.errors import Exit
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
