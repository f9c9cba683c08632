"""What a verb will do, as a value, and the words that several verbs say it with."""

from dataclasses import dataclass

from amas_tui.domain.rollout import Rollout
from amas_tui.domain.workload import ReplicaSet
from amas_tui.rules.images import version
from amas_tui.rules.weight import new_share
from amas_tui.store.scene import Scene


@dataclass(frozen=True, slots=True)
class Consequence:
    """What will happen.

    Attributes:
        sentences: The consequence, most important first.
        numbers: `(what, before, after)`, e.g. `("traffic to revision 7", "50 %", "0 %")`.
        warnings: What may go wrong, each a sentence.
        is_grave: Whether it must be confirmed by the rollout's name rather than by Enter.
    """

    sentences: tuple[str, ...]
    numbers: tuple[tuple[str, str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    is_grave: bool = False


def revision_words(replica_set: ReplicaSet | None) -> str:
    """Return `v1.4.0 (revision 6)` for a sentence, or what is known of it."""
    if replica_set is None:
        return "an unknown revision"
    tag = version(replica_set.spec.template.spec.containers)
    return f"{tag} (revision {replica_set.revision})" if tag else f"revision {replica_set.revision}"


def share(rollout: Rollout) -> str:
    """Return the new version's share of the traffic in words."""
    found = new_share(rollout)
    return "?" if found is None else f"{found:.0f} %"


def traffic(scene: Scene, after: str) -> tuple[str, str, str]:
    """Return the number of the new version's traffic, before and after."""
    return (f"traffic to revision {scene.rollout.revision}", share(scene.rollout), after)


def ready_words(scene: Scene) -> str:
    """Return how many new pods are missing, as a warning."""
    return f"only {scene.ready(scene.current)} of {scene.rollout.desired} new pods are ready"


def repeated(rollout: Rollout) -> str:
    """Return the steps and analyses that an update from the start goes through."""
    count = len(rollout.steps)
    analyses = sum(step.analysis is not None for step in rollout.steps)
    return f"{count} steps and {analyses} analyses"
