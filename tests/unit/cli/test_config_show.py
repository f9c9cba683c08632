"""`config show` as a shell sees it."""

import json
from pathlib import Path

import pytest

from tests.headless.command import Ran
from tests.unit.cli.inside import amas

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: prod-eu
contexts: [{name: prod-eu, context: {cluster: c}}, {name: dev, context: {cluster: c}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:9"}}]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    return tmp_path


def show(home: Path, text: str, *arguments: str, **environment: str) -> Ran:
    (home / "config.toml").write_text(text)
    env = {"AMAS_TUI_CONFIG_DIR": str(home), **environment}
    return amas("config", "show", *arguments, kubeconfig=home / "kubeconfig", env=env)


TEXT = '[contexts."prod-*"]\nmark = "PROD"\nread-only = true\n'


def test_each_value_has_its_origin(home: Path) -> None:
    ran = show(home, TEXT, "--read-only", AMAS_TUI_PROMETHEUS_URL="http://p:1")
    assert ran.code == 0
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in ran.out.splitlines()}
    assert rows["SETTING"] == ["VALUE", "ORIGIN"]
    assert rows["mark"] == ["PROD", f'{home}/config.toml:2 [contexts."prod-*"]']
    assert rows["read-only"] == ["true", "flag --read-only"]
    assert rows["prometheus-url"] == ["http://p:1", "environment AMAS_TUI_PROMETHEUS_URL"]
    assert rows["protected"] == ["false", "default"]


def test_the_context_chooses_the_section(home: Path) -> None:
    ran = show(home, TEXT, "--context", "dev", "-o", "json")
    found = json.loads(ran.out)
    assert (found["apiVersion"], found["kind"], found["context"]) == (
        "amas-tui/v1",
        "Settings",
        "dev",
    )
    values = {one["name"]: one["value"] for one in found["settings"]}
    assert values["read-only"] == "false"


def test_a_wrong_file_ends_every_command_with_2(home: Path) -> None:
    ran = show(home, "mark = 3\n")
    assert ran.code == 2
    assert f"{home}/config.toml:1: mark must be a text" in ran.err
    assert ran.out == ""
