"""Every command of the guide has a counterpart, and every counterpart a test."""

import re
from pathlib import Path

import click
import pytest
import yaml

from amas_tui.cli.main import cli
from amas_tui.pipeline.lint.engine import lint_files
from tests.guide_commands import ROWS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "tests/data/guide/commands.sh").read_text(encoding="utf-8")
PREPARING = (
    "kubectl create namespace",
    "kubectl apply -n argo-rollouts",
    "curl -LO",
    "chmod",
    "sudo mv",
    "brew install",
    "export ",
    "-n amas-prod",
    "orchestrator=",
    "curl http",
)
"""What installs the controller or goes on from the line before."""


def test_every_command_of_the_guide_is_in_the_table() -> None:
    known = sorted((theirs for theirs, _, _ in ROWS), key=len, reverse=True)
    for line in GUIDE.splitlines():
        command = line.strip()
        if not command or command.startswith(("#", *PREPARING)):
            continue
        assert any(_fits(row, command) for row in known), command


def _fits(row: str, command: str) -> bool:
    """Return whether a row is about a command: every word of it stands there, in order."""
    words = [re.escape(word) for word in row.split()]
    return re.match(r".*?".join(words), command) is not None


@pytest.mark.parametrize(("ours", "test"), [row[1:] for row in ROWS])
def test_each_counterpart_exists_and_has_a_test(ours: str, test: str) -> None:
    found: click.Command | None = cli
    context = click.Context(cli)
    for word in re.findall(r"^[a-z]+(?: [a-z]+)?", ours)[0].split():
        assert isinstance(found, click.Group)
        found = found.get_command(context, word)
    assert found is not None
    flags = {option for parameter in found.params for option in parameter.opts}
    assert set(re.findall(r"--[a-z-]+", ours)) <= flags
    file, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_the_pipelines_of_the_readme_call_what_there_is(kind: str) -> None:
    block = re.search(rf"<!-- ci: {kind} -->\n```yaml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    document = yaml.safe_load(block[1])
    job = document[0] if isinstance(document, list) else document["deploy"]
    script = job["run"] if "run" in job else "\n".join(job["script"])
    for line in script.replace("\\\n", " ").splitlines():
        program, command, *words = line.split()
        assert program == "amas-tui"
        found = cli.get_command(click.Context(cli), command)
        assert found is not None
        flags = {option for parameter in found.params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= flags, line
    assert lint_files({"ci.yaml": block[1].encode()}) == ()
