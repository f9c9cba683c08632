"""What the contract tests share: each runs against the demo and against the real thing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract import planes
from tests.contract.planes import Plane
from tests.controlplane import users
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane


@pytest.fixture(scope="session")
def demo_plane() -> Iterator[Plane]:
    """A demo in which nothing happens but what tests make happen."""
    with planes.demo() as running:
        yield running.plane()


@pytest.fixture(
    scope="session",
    params=[
        pytest.param("demo", id="demo"),
        pytest.param("real", id="real", marks=pytest.mark.controlplane),
    ],
)
def control_plane(request: pytest.FixtureRequest) -> Plane:
    """The demo, then the real control plane."""
    if request.param == "demo":
        found: Plane = request.getfixturevalue("demo_plane")
        return found
    return _real(request.getfixturevalue("bed"))


def _real(bed: ControlPlane) -> Plane:
    return Plane(
        name="real",
        url=bed.url,
        ca_file=Path(bed.ca_file),
        tokens={user: bed.token(user) for user in users.GROUPS},
        prometheus_url=bed.prometheus_url,
        forget=bed.compact,
    )


@pytest.fixture
def api(control_plane: Plane) -> Iterator[Api]:
    """The API server as an administrator sees it."""
    with Api(control_plane) as api:
        yield api


@pytest.fixture
def namespace(api: Api) -> Iterator[str]:
    """A namespace of this test's own."""
    with api.namespace("contract") as name:
        yield name
