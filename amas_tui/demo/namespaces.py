"""Namespaces: those there are from the start, and how one ends."""

from typing import Final

from amas_tui.demo.clock import rfc3339
from amas_tui.demo.resources import NAMESPACES, RESOURCES
from amas_tui.demo.store import Json, Store

_FIRST: Final = ("default", "kube-system", "argo-rollouts", "monitoring")
"""Those that there are from the start."""


def create_first(store: Store) -> None:
    """Make the namespaces that every cluster with Argo Rollouts has."""
    for name in _FIRST:
        store.create(NAMESPACES, {"metadata": {"name": name}})


def terminate(store: Store, name: str, *, dry_run: bool = False) -> Json:
    """Let a namespace end and return it; soon it is gone, and all that is in it.

    Raises:
        StatusError: There is none (404).
    """
    now = rfc3339(store.clock.now)

    def mark(obj: Json) -> None:
        obj["metadata"]["deletionTimestamp"] = now

    def end(obj: Json) -> None:
        obj["status"] = {"phase": "Terminating"}

    marked = store.update(NAMESPACES, "", name, mark, dry_run=dry_run)
    if dry_run:
        return marked
    store.clock.call_later(0, lambda: _purge(store, name))
    return store.update(NAMESPACES, "", name, end, subresource="status")


def _purge(store: Store, name: str) -> None:
    for resource in RESOURCES:
        if resource.is_namespaced:
            for obj in store.select(resource, name):
                store.delete(resource, name, obj["metadata"]["name"])
    if store.find(NAMESPACES, "", name) is not None:
        store.delete(NAMESPACES, "", name)
