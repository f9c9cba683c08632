"""Rollouts that the controller overlooks, in whatever state a test writes into them."""

from collections.abc import Mapping
from typing import Any, Final

from tests.controlplane.api import Api
from tests.controlplane.faults import INSTANCE_LABEL
from tests.controlplane.kinds import Json
from tests.controlplane.rollouts import pause, rollout, set_weight

HASH: Final = "7bf84f9696"
OLD_HASH: Final = "5d9c7c8f4b"
REPLICAS: Final = 5
STEPS: Final = (set_weight(20), pause(), set_weight(60), pause("10m"))


def manifest(namespace: str, name: str, tag: str = "v1.4.0") -> Json:
    """Return a canary that the controller overlooks."""
    made = rollout(namespace, name, {"canary": {"steps": list(STEPS)}}, tag, REPLICAS)
    made["metadata"]["labels"][INSTANCE_LABEL] = "nobody"
    return made


def healthy(**more: Any) -> Json:
    """Return the status of a rollout that is done; `more` replaces fields."""
    return {
        "phase": "Healthy",
        "observedGeneration": "1",
        "replicas": REPLICAS,
        "updatedReplicas": REPLICAS,
        "readyReplicas": REPLICAS,
        "availableReplicas": REPLICAS,
        "currentPodHash": HASH,
        "stableRS": HASH,
        "currentStepIndex": len(STEPS),
        "currentStepHash": "6d9f7b5c8d",
        "selector": "app=none",
        **more,
    }


def paused(**more: Any) -> Json:
    """Return the status of a rollout that waits for a human at its first pause."""
    return healthy(
        phase="Paused",
        message="CanaryPauseStep",
        controllerPause=True,
        pauseConditions=[{"reason": "CanaryPauseStep", "startTime": "2026-01-01T00:00:00Z"}],
        currentStepIndex=1,
        updatedReplicas=1,
        stableRS=OLD_HASH,
        **more,
    )


def plant(
    api: Api, namespace: str, name: str, status: Mapping[str, Any] | None = None, **more: Any
) -> None:
    """Create a rollout with this status, `healthy()` by default; `more` goes to `manifest`."""
    api.create(manifest(namespace, name, **more))
    set_status(api, namespace, name, dict(status or healthy()))


def set_status(api: Api, namespace: str, name: str, status: Json) -> None:
    """Merge fields into a rollout's status."""
    api.patch("rollouts", namespace, name, {"status": status}, subresource="status")
