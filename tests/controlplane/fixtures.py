"""Fixtures on a control plane that all tests of a session share.

A test module, or the topmost conftest, asks for them by
`pytest_plugins = ["tests.controlplane.fixtures"]`. With `AMAS_TUI_BED` set to a bed's folder that
one is used and left running.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.build import why_not


@pytest.fixture(scope="session")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A running control plane; the test is skipped where there can be none."""
    if running := os.environ.get("AMAS_TUI_BED"):
        yield ControlPlane.attach(Path(running))
        return
    if reason := why_not():
        pytest.skip(reason)
    with ControlPlane(tmp_path_factory.mktemp("controlplane")) as bed:
        yield bed


@pytest.fixture
def api(bed: ControlPlane) -> Iterator[Api]:
    """The API server as an administrator sees it."""
    with Api(bed) as api:
        yield api


@pytest.fixture
def namespace(api: Api) -> Iterator[str]:
    """A namespace of this test's own."""
    with api.namespace() as name:
        yield name
