"""Rollouts with all that belongs to them, as functions, so that a test can make them anew."""

from collections.abc import Callable
from typing import Final

from amas_tui.store.scene import Scene
from tests import builders as b
from tests.builders import NEW, OLD, ago, stamp

STEPS: Final = (b.weight(20), b.pause(), b.gate("success-rate"), b.weight(50))
OLDER: Final = "6f5e4d3c2"


def waiting() -> Scene:
    """A canary with nginx at a pause, its gate's run of the update before, an old ReplicaSet."""
    return b.scene(
        b.rollout(
            steps=STEPS,
            routed=True,
            weights=(20, NEW),
            step=1,
            paused="CanaryPauseStep",
            revision=3,
            phase="Paused",
            message="CanaryPauseStep",
            total=6,
            updated=1,
            born=ago(days=9),
            conditions=[b.condition("Completed", "False", since=ago(minutes=9))],
        ),
        b.replica_set(NEW, revision=3, replicas=1, born=ago(minutes=9)),
        b.stable_set(revision=2),
        b.replica_set(
            OLDER,
            revision=1,
            replicas=0,
            born=ago(days=9),
            annotations={"scale-down-deadline": "junk"},
        ),
        b.pod("checkout-new-a", born=ago(minutes=9)),
        *(
            b.pod(f"checkout-old-{n}", of=OLD, born=ago(days=3), owner=f"checkout-{OLD}-uid")
            for n in "ba"
        ),
        b.pod(
            "checkout-old-c",
            of=OLD,
            born=ago(hours=7, minutes=12),
            ready=False,
            containers=[
                b.container(
                    ready=False, restarts=7, state=b.container_state(waiting="CrashLoopBackOff")
                )
            ],
        ),
        b.analysis_run(
            f"checkout-{OLD}-2-2",
            of=OLD,
            revision=2,
            born=ago(days=3),
            phase="Successful",
            results=[b.result(successful=4, failed=1)],
        ),
    )


def halted() -> Scene:
    """An update that its gate halted: traffic is back, the canary's pods wait out their delay."""
    cause = (
        'Step-based analysis phase error/failed: Metric "success-rate" assessed Failed due to '
        "failed (1) > failureLimit (0)"
    )
    return b.scene(
        b.rollout(
            steps=STEPS,
            routed=True,
            weights=(0, NEW),
            step=0,
            abort=True,
            aborted_at=ago(seconds=6),
            phase="Degraded",
            message=f"RolloutAborted: {b.WORDS_OF_ABORT}: {cause}",
            total=6,
            conditions=[b.aborted(cause), b.condition("Completed", "False", since=ago(minutes=5))],
        ),
        b.replica_set(
            NEW,
            replicas=1,
            born=ago(minutes=5),
            annotations={"scale-down-deadline": str(stamp(ago(seconds=-24)))},
        ),
        b.stable_set(),
        b.failed_run(name=f"checkout-{NEW}-2-2", step=2, born=ago(minutes=2)),
    )


def blue_green() -> Scene:
    """A blue-green rollout whose preview is up and waits."""
    return b.scene(
        b.rollout(
            blue_green={"status": {"activeSelector": OLD, "previewSelector": NEW}},
            paused="BlueGreenPause",
            phase="Paused",
            message="BlueGreenPause",
            total=10,
        ),
        b.replica_set(NEW, born=ago(minutes=70)),
        b.stable_set(),
        b.replica_set(OLDER, revision=None, replicas=0, born=ago(days=800)),
    )


def experiment() -> Scene:
    """A canary at an experiment step with a run of its own that makes Jobs."""
    job = b.measurement(
        "Running", metadata={"job-name": "load-1"}, startedAt=stamp(ago(seconds=40))
    )
    uid = "checkout-exp-uid"
    return b.scene(
        b.rollout(steps=[{"experiment": {"duration": "10m"}}], step=0, routed=True, total=7),
        b.replica_set(NEW, replicas=0, born=ago(minutes=3)),
        b.stable_set(images=("registry/checkout:v1.4.0", "registry/mesh:v1")),
        b.experiment(born=ago(minutes=3)),
        b.replica_set(
            "exp-a",
            name="checkout-exp-baseline",
            owner=uid,
            replicas=1,
            revision=None,
            images=("registry/checkout:v1.4.0",),
            born=ago(minutes=3),
            annotations={"experiment.argoproj.io/template-name": "baseline"},
        ),
        b.replica_set(
            "exp-b",
            name="checkout-exp-canary",
            owner=uid,
            replicas=1,
            revision=None,
            available=0,
            born=ago(minutes=3),
            annotations={"experiment.argoproj.io/template-name": "canary"},
        ),
        b.pod(
            "checkout-exp-canary-x",
            owner="checkout-exp-canary-uid",
            phase="Pending",
            containers=[],
            ready=False,
            born=ago(seconds=12),
        ),
        b.analysis_run(
            "checkout-exp-load",
            owner=uid,
            of="",
            revision=None,
            born=ago(seconds=50),
            results=[b.result("load", measured=[job], error=2)],
        ),
    )


def ping_pong() -> Scene:
    """A canary without nginx whose two Services take turns."""
    routing = {
        "pingPong": {"pingService": "a", "pongService": "b"},
        "trafficRouting": {"istio": {"virtualService": {"name": "x"}}},
    }
    weights = {
        "canary": {"weight": 5, "podTemplateHash": NEW},
        "stable": {"weight": 95, "podTemplateHash": OLD},
    }
    return b.scene(
        b.rollout(
            steps=STEPS,
            step=0,
            canary=routing,
            status={"canary": {"stablePingPong": "pong", "weights": weights}},
        ),
        b.replica_set(NEW, conditions=[b.condition("ReplicaFailure")], available=0),
        b.stable_set(),
    )


def invalid() -> Scene:
    """A rollout whose spec the controller refuses; it has no pods yet."""
    message = 'The Rollout "checkout" is invalid: spec.strategy.canary: no such service'
    return b.scene(
        b.rollout(
            new="",
            stable="",
            revision=None,
            phase="Degraded",
            message=f"InvalidSpec: {message}",
            conditions=[b.invalid("x")],
            replicas=None,
            total=0,
            updated=0,
            ready=0,
            available=0,
        ),
    )


SCENES: Final[dict[str, Callable[[], Scene]]] = {
    "waiting": waiting,
    "halted": halted,
    "blue-green": blue_green,
    "experiment": experiment,
    "ping-pong": ping_pong,
    "invalid": invalid,
}
