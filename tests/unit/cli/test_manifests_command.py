"""`manifests` as a shell sees it."""

from pathlib import Path

import pytest
import yaml

from tests.headless.command import Ran
from tests.unit.cli.inside import amas

GUIDE = {
    "NAMESPACE": "amas-prod",
    "ROLLOUT_NAME": "amas-orchestrator",
    "IMAGE_TAG": "v1.2.3",
    "DOCKER_REGISTRY": "ghcr.io/over7-maker",
    "IMAGE_NAME": "amas-orchestrator",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "kubeconfig").write_text("apiVersion: v1\nkind: Config\ncurrent-context: dev\n")
    return tmp_path


def manifests(home: Path, *arguments: str, **environment: str) -> Ran:
    env = {"AMAS_TUI_CONFIG_DIR": str(home), **GUIDE, **environment}
    return amas("manifests", *arguments, kubeconfig=home / "kubeconfig", env=env)


def rollout(ran: Ran) -> dict[str, object]:
    documents = [doc for doc in yaml.safe_load_all(ran.out) if doc["kind"] == "Rollout"]
    spec: dict[str, object] = documents[0]["spec"]
    return spec


def test_the_guides_environment_is_enough(home: Path) -> None:
    ran = manifests(home)
    assert ran.code == 0
    assert "ghcr.io/over7-maker/amas-orchestrator:v1.2.3" in ran.out
    assert "8m20s" in ran.err


def test_the_guides_own_tag_is_refused(home: Path) -> None:
    ran = manifests(home, IMAGE_TAG="latest")
    assert (ran.code, ran.out) == (2, "")
    assert "latest is another image tomorrow" in ran.err


def test_a_flag_wins_over_the_environment_and_that_over_the_file(home: Path) -> None:
    (home / "config.toml").write_text(
        '[manifests]\nreplicas = 7\ntag = "v9"\nsteps = "20,100"\n'
        "[contexts.dev.manifests]\nreplicas = 8\n"
    )
    spec = rollout(manifests(home, "--steps", "30,100"))
    text = yaml.safe_dump(spec)
    assert spec["replicas"] == 8
    assert "setWeight: 30" in text
    assert "amas-orchestrator:v1.2.3" in text


def test_a_setting_that_is_no_flag_is_named(home: Path) -> None:
    (home / "config.toml").write_text("[manifests]\nreplica = 7\n")
    ran = manifests(home)
    assert ran.code == 2
    assert "there is no setting manifests.replica" in ran.err


def test_files_are_written_once(home: Path) -> None:
    ran = manifests(home, "--output-dir", str(home / "k8s"))
    files = [Path(line) for line in ran.out.splitlines()]
    assert {file.name for file in files} >= {
        "rollout.yaml",
        "analysis-templates.yaml",
        "network-policy.yaml",
    }
    assert all(list(yaml.safe_load_all(file.read_text())) for file in files)
    again = manifests(home, "--output-dir", str(home / "k8s"))
    assert again.code == 2
    assert "there already" in again.err
    assert manifests(home, "--output-dir", str(home / "k8s"), "--force").code == 0


def test_a_query_about_all_versions_is_remarked(home: Path) -> None:
    ran = manifests(home, "--template", "queue", "sum(q)", "result[0] < 9")
    assert ran.code == 0
    assert "the query of queue judges all versions together" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--success-rate", "95"), "between 0 and 1"),
        (("--success-rate", "many"), "is not a share"),
        (("--steps", "10,x"), "is not a list of steps"),
        (("--skip", "Deployment"), "'Deployment' is not one of"),
    ],
)
def test_a_wrong_flag_is_named(home: Path, arguments: tuple[str, ...], words: str) -> None:
    ran = manifests(home, *arguments)
    assert ran.code == 2
    assert words in ran.err


def test_percent_may_be_written(home: Path) -> None:
    assert "result[0] >= 0.97" in manifests(home, "--success-rate", "97%").out
