"""Completion, k9s and the kubectl plugin."""

import tomllib
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

import pytest
import yaml

from tests.unit.cli.inside import amas

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_completion(shell: str) -> None:
    ran = amas("completion", shell)
    assert ran.code == 0
    assert "_AMAS_TUI_COMPLETE" in ran.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("amas-tui hist", {"history"}),
        ("amas-tui bluegreen ", {"deploy", "rollback", "switch"}),
        ("amas-tui deploy --on-failure ", {"abort", "leave", "rollback"}),
    ],
)
def test_words_are_completed(words: str, expected: set[str]) -> None:
    parts = words.split(" ")
    env = {
        "_AMAS_TUI_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(parts) - 1),
    }
    with patch("sys.argv", ["amas-tui"]):
        ran = amas(env=env)
    assert {line.partition(",")[2] for line in ran.out.splitlines()} == expected


def test_k9s_opens_the_rollout_under_its_cursor() -> None:
    (one,) = yaml.safe_load(amas("plugin", "k9s").out)["plugins"].values()
    assert (one["command"], one["scopes"], one["override"]) == ("amas-tui", ["rollouts"], True)
    assert one["args"][:4] == ["open", "$NAME", "-n", "$NAMESPACE"]


def test_kubectl_finds_it_as_a_plugin() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert set(scripts) == {"amas-tui", "kubectl-amas"}
    for target in scripts.values():
        module, _, name = target.partition(":")
        assert callable(getattr(import_module(module), name))
