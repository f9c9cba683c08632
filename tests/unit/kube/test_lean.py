import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from amas_tui.kube.lean import kubeconfig_reader, load_yaml

ROOT = Path(__file__).parents[3]


def run(code: str) -> str:
    """Run code in an interpreter of its own, where nothing was imported yet."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_lean_import_gives_what_the_plain_one_gives_and_leaves_no_trace() -> None:
    run(
        """
        import inspect, sys
        from amas_tui.kube.lean import kubeconfig_reader
        lean = kubeconfig_reader()
        left = [name for name in sys.modules if name.startswith("kubernetes_asyncio")]
        assert not left, left
        assert "aiohttp" not in sys.modules
        from kubernetes_asyncio.config import kube_config as plain
        from kubernetes_asyncio.client import ApiClient, CoreV1Api, V1Pod
        assert ApiClient.__module__ == "kubernetes_asyncio.client.api_client"
        for own, other in (
            (lean.merger, plain.KubeConfigMerger),
            (lean.loader, plain.KubeConfigLoader),
            (lean.exec_provider, plain.ExecProvider),
            (lean.error, plain.ConfigException),
        ):
            assert own is not other
            assert own.__name__ == other.__name__
            assert inspect.getsource(own) == inspect.getsource(other)
        assert kubeconfig_reader() is lean
        """
    )


def test_where_the_package_is_loaded_already_it_is_used(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("current-context: a\ncontexts: []\nclusters: []\nusers: []\n")
    run(
        f"""
        from kubernetes_asyncio.config import kube_config as plain
        from amas_tui.kube.lean import kubeconfig_reader
        assert kubeconfig_reader().merger is plain.KubeConfigMerger
        assert kubeconfig_reader().merger("{config}").config.value["current-context"] == "a"
        import yaml
        assert plain.yaml is not yaml, "the reader is swapped for this module alone"
        """
    )


def test_the_lean_import_loads_few_modules() -> None:
    loaded = run(
        """
        import sys
        import amas_tui.kube.lean as lean
        before = len(sys.modules)
        lean.kubeconfig_reader()
        print(len(sys.modules) - before)
        """
    )
    assert int(loaded) < 200, "the plain import takes more than a thousand, and half a second"


def test_the_lean_classes_read_and_merge_files(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text(f"contexts: [{{name: {name}, context: {{}}}}]\n")
    merger = kubeconfig_reader().merger(f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    contexts = [item.value["name"] for item in merger.config.value["contexts"]]
    assert contexts == ["a", "b"]


@pytest.mark.parametrize("text", ["", "---\n", "# nothing\n"])
def test_an_empty_document_is_an_empty_kubeconfig(text: str) -> None:
    assert load_yaml(text) == {}


@pytest.mark.parametrize("text", ["- a", "word", "7"])
def test_a_document_that_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a mapping"):
        load_yaml(text)


def test_yaml_cannot_run_code() -> None:
    with pytest.raises(Exception, match="could not determine a constructor"):
        load_yaml("a: !!python/object/apply:os.system ['true']")
