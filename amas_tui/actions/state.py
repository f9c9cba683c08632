"""Facts of a rollout that several verbs hang on."""

from amas_tui.domain.rollout import Rollout
from amas_tui.rules.phase import is_observed, is_unpausing
from amas_tui.store.scene import Scene

INVALID = "InvalidSpec: the controller acts on nothing until the spec is repaired"


def is_first_deploy(scene: Scene) -> bool:
    """Return whether there is no stable version to go back to yet."""
    status = scene.rollout.status
    return not status.stable_rs or (scene.rollout.revision == 1 and scene.rollout.is_promoted)


def is_invalid(scene: Scene) -> bool:
    """Return whether the controller acts on nothing because of the spec."""
    return scene.rollout.condition("InvalidSpec") is not None


def unsettled(scene: Scene) -> str | None:
    """Return what the controller has yet to take in before a verb that depends on the step."""
    if not is_observed(scene.rollout):
        return "the controller has not seen the newest spec yet"
    if is_unpausing(scene.rollout):
        return "the controller is still taking in the last promote"
    return None


def is_routed(rollout: Rollout) -> bool:
    """Return whether a router splits the traffic of a canary."""
    return rollout.canary is not None and rollout.canary.traffic_routing is not None


def holder(rollout: Rollout) -> str:
    """Return who holds the pod template when it is not the Rollout, e.g. `Deployment checkout`."""
    reference = rollout.spec.workload_ref
    return f"{reference.kind} {reference.name}" if reference is not None else ""
