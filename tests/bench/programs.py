"""What is measured: the board, one rollout, and the plugin's own watch."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.controlplane.bed import ControlPlane
from tests.terminal.pty import Terminal

Shows = Callable[[str], bool]

BOARD: Final = "board"
OPEN: Final = "open"
PLUGIN: Final = "plugin"


@dataclass(frozen=True, slots=True)
class Program:
    """A program that shows one rollout's weight.

    Attributes:
        name: In the tables.
        command: With all its arguments.
        shows: Makes what tells whether a weight in percent is on the screen.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    shows: Callable[[int], Shows]

    def start(self, size: tuple[int, int] = (120, 40)) -> Terminal:
        """Start it."""
        return Terminal(self.command, self.environment, size=size)


@dataclass(frozen=True, slots=True)
class Programs:
    """Makes the programs for a namespace."""

    bed: ControlPlane
    installed: Path
    home: Path

    def board(self, namespace: str, name: str, *, everywhere: bool = False) -> Program:
        """Return the board of a namespace, or of all."""
        where = ["-A"] if everywhere else ["-n", namespace]
        return self._ours(BOARD, where, lambda weight: _row(name, weight))

    def opened(self, namespace: str, name: str, *more: str) -> Program:
        """Return the screen of one rollout."""
        return self._ours(OPEN, ["open", name, "-n", namespace, *more], _sentence)

    def plugin(self, namespace: str, name: str) -> Program:
        """Return `kubectl argo rollouts get rollout NAME -w`, without kubectl in between."""
        command = (self._plugin, "get", "rollout", name, "-w", "-n", namespace)
        return Program(PLUGIN, command, self._environment, _actual_weight)

    def plugin_list(self, name: str) -> Program:
        """Return `kubectl argo rollouts list rollouts -A -w`."""
        command = (self._plugin, "list", "rollouts", "-A", "-w")
        return Program(f"{PLUGIN} list", command, self._environment, lambda _: _names(name))

    def _ours(self, name: str, arguments: list[str], shows: Callable[[int], Shows]) -> Program:
        return Program(name, (str(self.installed), *arguments), self._environment, shows)

    @property
    def _plugin(self) -> str:
        return str(self.bed.binary("kubectl-argo-rollouts"))

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "KUBECONFIG": str(self.bed.kubeconfig()),
            "LANG": "C.UTF-8",
            "PATH": "/usr/bin:/bin",
            "TERM": "xterm-256color",
        }


def _row(name: str, weight: int) -> Shows:
    wanted = re.compile(rf"{re.escape(name)} .* {weight}%")
    return lambda text: wanted.search(text) is not None


def _sentence(weight: int) -> Shows:
    return lambda text: f"at {weight} %" in text


def _actual_weight(weight: int) -> Shows:
    wanted = re.compile(rf"ActualWeight: +{weight}\b")
    return lambda text: wanted.search(text) is not None


def _names(name: str) -> Shows:
    return lambda text: name in text
