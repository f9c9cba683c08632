"""Which right a write needs, and which are missing."""

from collections.abc import Mapping
from typing import Final

from amas_tui.actions.patches import needs
from amas_tui.actions.verb import Verb
from amas_tui.actions.write import Write
from amas_tui.domain.rollout import Rollout
from amas_tui.ports import Cluster, Right
from amas_tui.store.kinds import Kind

_GROUPS: Final[Mapping[Kind, str]] = {
    Kind.ROLLOUTS: "argoproj.io",
    Kind.ANALYSIS_RUNS: "argoproj.io",
    Kind.EXPERIMENTS: "argoproj.io",
    Kind.DEPLOYMENTS: "apps",
    Kind.REPLICA_SETS: "apps",
}


def right_for(write: Write) -> Right:
    """Return the right that a write needs."""
    return right_to(write.kind, write.subresource, write.key.namespace)


def right_to(kind: Kind, subresource: str, namespace: str) -> Right:
    """Return the right to patch a kind or its subresource."""
    return Right("patch", _GROUPS.get(kind, ""), str(kind), namespace, subresource)


async def missing_right(cluster: Cluster, planned: tuple[Write, ...]) -> str:
    """Return what a person lacks of the rights that these writes need, empty for nothing."""
    for right in dict.fromkeys(right_for(write) for write in planned):
        reason = await cluster.may(right)
        if reason is not None:
            return f"you may not {right}: {reason}"
    return ""


async def denied(cluster: Cluster, rollout: Rollout) -> dict[Verb, str]:
    """Return the verbs whose right is missing, each with the rule that would grant it.

    Raises:
        AmasError: The cluster could not be asked.
    """
    found: dict[Verb, str] = {}
    for verb in Verb:
        for kind, subresource in needs(verb, rollout):
            right = right_to(kind, subresource, rollout.key.namespace)
            reason = await cluster.may(right)
            if reason is not None and verb not in found:
                found[verb] = f"you may not {right}: {reason}"
    return found
