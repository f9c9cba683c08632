"""The README says what the code does."""

import re
from pathlib import Path

from amas_tui.errors import Exit
from amas_tui.keymap import Keymap, table_markdown
from tests.readme import commands

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_table_of_keys_is_the_one_in_code() -> None:
    between = re.search(r"<!-- keys -->\n(.*?)<!-- /keys -->", README, re.DOTALL)
    assert between is not None
    assert between[1] == table_markdown(Keymap())


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
