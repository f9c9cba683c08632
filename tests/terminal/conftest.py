"""What the terminal tests share: a home of their own and the program in a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Protocol

import pytest

from tests.controlplane import rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.terminal.program import command, environment
from tests.terminal.pty import Terminal

WAITING: Final = "checkout"
"""The rollout of the fixture `waiting`."""


class Start(Protocol):
    """Starts the program in a terminal that is closed when the test ends."""

    def __call__(
        self,
        *arguments: str | Path,
        size: tuple[int, int] = (80, 24),
        program: Sequence[str] | None = None,
        variables: Mapping[str, str | None] | None = None,
    ) -> Terminal:
        """Return the terminal; `variables` are added to the environment, `None` leaves one out."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Starts the program with the arguments given."""
    with ExitStack() as stack:

        def run(
            *arguments: str | Path,
            size: tuple[int, int] = (80, 24),
            program: Sequence[str] | None = None,
            variables: Mapping[str, str | None] | None = None,
        ) -> Terminal:
            words = [*(program or command()), *map(str, arguments)]
            around = environment(home, **(variables or {}))
            return stack.enter_context(Terminal(words, around, size=size))

        yield run


@pytest.fixture
def kubeconfig(bed: ControlPlane, namespace: str) -> Path:
    """An administrator's, with the test's namespace as its context's."""
    return bed.kubeconfig(namespace=namespace)


@pytest.fixture
def waiting(api: Api, namespace: str) -> None:
    """A canary behind nginx that waits for a human at 20 %, later at 60 %."""
    steps = [rollouts.set_weight(20), rollouts.pause(), rollouts.set_weight(60), rollouts.pause()]
    api.apply(
        *rollouts.canary(
            namespace, WAITING, steps, nginx=True, replicas=2, abort_delay=1, scale_down_delay=1
        )
    )
    api.wait("rollouts", namespace, WAITING, states.is_healthy)
    api.set_image(namespace, WAITING, "v2.0.0")
    api.wait("rollouts", namespace, WAITING, states.is_paused)
