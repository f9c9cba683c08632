"""Kubeconfigs that are wrong in one way each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml

Json = dict[str, Any]


def edited(source: Path, target: Path, change: Callable[[Json], object]) -> Path:
    """Write a kubeconfig to `target` that is `source` with a change made in place."""
    config: Json = yaml.safe_load(source.read_text())
    change(config)
    target.write_text(yaml.safe_dump(config))
    return target


def with_user(user: Json) -> Callable[[Json], object]:
    """Return the change that gives the only user other credentials."""

    def change(config: Json) -> None:
        config["users"][0]["user"] = user

    return change


def with_server(url: str) -> Callable[[Json], object]:
    """Return the change that leads elsewhere."""

    def change(config: Json) -> None:
        config["clusters"][0]["cluster"]["server"] = url

    return change


def exec_helper(command: str, *arguments: str) -> Callable[[Json], object]:
    """Return the change that asks a program for credentials."""
    helper = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": command,
        "args": list(arguments),
        "interactiveMode": "Never",
    }
    return with_user({"exec": helper})


def without_authority(config: Json) -> None:
    """Take away who signed the server's certificate."""
    del config["clusters"][0]["cluster"]["certificate-authority-data"]


def without_current_context(config: Json) -> None:
    """Take away which context is the current one."""
    del config["current-context"]


BROKEN: Final = {
    "yaml": b"apiVersion: v1\nclusters: [a, {b\n",
    "list": b"- a\n- b\n",
    "binary": b"\x00\xff\xfe\x1b]0;owned\x07",
}
"""Files that are no kubeconfigs."""
