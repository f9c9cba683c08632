"""What every test shares: the real control plane, and a word when there is none."""

import os

import pytest

from tests.controlplane.build import why_not

pytest_plugins = ["tests.controlplane.fixtures"]

_LEFT_OUT = pytest.StashKey[str]()


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test off this user's own configuration, state and data."""
    for name in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path_factory.getbasetemp() / name.lower()))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a control plane where there can be none, and say so; fail in CI."""
    real = [item for item in items if item.get_closest_marker("controlplane")]
    for item in items:
        # A real controller, or a whole program, is late now and then on a machine that is busy.
        # What needed a second try is listed in the summary: it is to be mended, not forgotten.
        if item.get_closest_marker("controlplane") or "terminal" in item.path.parts:
            item.add_marker(pytest.mark.flaky(reruns=1))
    if not real or os.environ.get("AMAS_TUI_BED"):
        return
    reason = why_not()
    if reason is None:
        return
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(f"the tests on the real control plane must run in CI: {reason}")
    config.hook.pytest_deselected(items=real)
    items[:] = [item for item in items if item not in real]
    config.stash[_LEFT_OUT] = f"left out {len(real)} tests on the real control plane: {reason}"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what was left out."""
    text = config.stash.get(_LEFT_OUT, "")
    if text:
        terminalreporter.write_line(text)
