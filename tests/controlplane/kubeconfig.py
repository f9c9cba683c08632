"""Kubeconfig files for the bed."""

import base64
from pathlib import Path
from typing import Any

import yaml


def kubeconfig(
    url: str, ca: Path, *, name: str, user: str, namespace: str, credentials: dict[str, str]
) -> str:
    """Return a kubeconfig with one context called `name`.

    Args:
        url: The API server's address.
        ca: The certificate authority's file; it is put in inline, so TLS is verified.
        name: What the cluster and the context are called.
        user: What the user entry is called.
        namespace: The context's namespace.
        credentials: What the user entry holds.
    """
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"server": url, "certificate-authority-data": inline(ca)}}
        ],
        "users": [{"name": user, "user": credentials}],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": user, "namespace": namespace}}
        ],
        "current-context": name,
    }
    return yaml.safe_dump(config, sort_keys=False)


def inline(file: Path) -> str:
    """Return a file as kubeconfigs hold it."""
    return base64.b64encode(file.read_bytes()).decode()
