"""The states that a rollback starts from, each made on a rollout in a namespace of its own."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from tests.controlplane import analysis, faults, rollouts, states
from tests.controlplane.api import Api, WaitTimeoutError
from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json

NAME: Final = "web"
REVISION: Final = "rollout.argoproj.io/revision"
HASH: Final = "rollouts-pod-template-hash"
_WAIT: Final = 120.0
_TOUCHES: Final = 10
_TIMING: Final = analysis.Timing(interval="1s", count=2, window="10s", delay="6s")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a state is made.

    Attributes:
        is_gated: Whether an analysis of real traffic is among the steps.
    """

    bed: ControlPlane
    api: Api
    namespace: str
    is_gated: bool = False

    def wait(self, predicate: Callable[[Json], object]) -> Json:
        """Wait for the rollout."""
        return self.api.wait("rollouts", self.namespace, NAME, predicate, timeout=_WAIT)

    def patch(self, body: Json, subresource: str = "") -> None:
        """Write to the rollout."""
        self.api.patch("rollouts", self.namespace, NAME, body, subresource=subresource)

    def apply(self, *parts: Json) -> None:
        """Make the first version, ready."""
        self.api.apply(*parts)
        self.wait(states.is_healthy)

    @property
    def traffic(self) -> float:
        """Requests per second: none where nothing measures them."""
        return 20 if self.is_gated else 0

    def templates(self) -> Json:
        """Make the gates' templates and return the analysis that names one."""
        self.api.apply(
            *analysis.analysis_templates(self.namespace, self.bed.prometheus_url, _TIMING)
        )
        return analysis.analysis(NAME, self.namespace, analysis.SUCCESS_RATE)

    def good(self) -> str:
        """Return the hash of the version that a rollback must bring back: the first one."""
        # A Deployment's own have no such revision.
        every = self.api.list("replicasets", self.namespace)
        sets = [rs for rs in every if REVISION in rs["metadata"]["annotations"]]
        first = min(sets, key=lambda rs: int(rs["metadata"]["annotations"][REVISION]))
        return str(first["metadata"]["labels"][HASH])


def _canary(at: Place, *, nginx: bool = True, tag: str = "v2", gated: bool | None = None) -> None:
    is_gated = at.is_gated if gated is None else gated
    gate = [rollouts.gate(at.templates())] if is_gated else []
    steps = [rollouts.set_weight(20), rollouts.pause(), *gate, rollouts.set_weight(60)]
    delays: Json = {"abort_delay": 2, "scale_down_delay": 2} if nginx else {}
    at.apply(
        *rollouts.canary(
            at.namespace,
            NAME,
            steps,
            nginx=nginx,
            replicas=2,
            requests_per_second=at.traffic,
            **delays,
        )
    )
    at.api.set_image(at.namespace, NAME, f"{tag}-bad" if at.is_gated else tag)


def in_flight(at: Place) -> None:
    """Make a canary that waits at 20 %."""
    _canary(at)
    at.wait(states.is_paused)


def basic(at: Place) -> None:
    """Make a canary without a router that waits."""
    _canary(at, nginx=False)
    at.wait(states.is_paused)


def stuck(at: Place) -> None:
    """Make a canary whose pods never become ready."""
    _canary(at, tag="v2-unready")
    at.wait(lambda ro: states.at_step(ro, 0) and ro["status"].get("updatedReplicas"))


def held(at: Place) -> None:
    """Make a canary that somebody holds."""
    in_flight(at)
    at.patch({"spec": {"paused": True}})
    at.wait(_holds("Paused"))


def aborted(at: Place) -> None:
    """Make a canary that was aborted."""
    in_flight(at)
    at.patch({"status": {"abort": True}}, "status")
    at.wait(states.is_aborted)


def complete(at: Place) -> None:
    """Make a canary whose newest version is the stable one."""
    in_flight(at)
    at.patch({"status": {"promoteFull": True}}, "status")
    at.wait(states.is_promoted)


def invalid(at: Place) -> None:
    """Make a canary whose gate names a template that is gone."""
    _canary(at, gated=True)
    at.wait(states.is_paused)
    faults.invalid_spec(at.api, at.namespace, analysis.SUCCESS_RATE)
    _refused(at)


def serviceless(at: Place) -> None:
    """Make a canary whose stable Service is gone."""
    in_flight(at)
    at.api.delete("services", at.namespace, f"{NAME}-stable")
    _refused(at)


def ingressless(at: Place) -> None:
    """Make a canary whose stable Ingress is gone."""
    in_flight(at)
    at.api.delete("ingresses", at.namespace, f"{NAME}-stable")
    _refused(at)


def blue_green(at: Place) -> None:
    """Make a blue-green rollout whose preview waits."""
    post = at.templates() if at.is_gated else None
    at.apply(
        *rollouts.blue_green(
            at.namespace,
            NAME,
            replicas=2,
            abort_delay=2,
            scale_down_delay=2,
            post=post,
            requests_per_second=at.traffic,
        )
    )
    at.api.set_image(at.namespace, NAME, "v2")
    at.wait(states.is_paused)


def activeless(at: Place) -> None:
    """Make a blue-green rollout whose active Service is gone while its preview waits."""
    blue_green(at)
    at.api.delete("services", at.namespace, f"{NAME}-active")
    _refused(at)


def workload(at: Place) -> None:
    """Make a canary that takes its pods' template from a Deployment, and waits."""
    steps = [rollouts.set_weight(20), rollouts.pause(), rollouts.set_weight(60)]
    at.apply(*rollouts.workload_ref(at.namespace, NAME, steps, replicas=2, requests_per_second=0))
    at.api.set_image(at.namespace, NAME, "v2", plural="deployments")
    at.wait(states.is_paused)


def switched(at: Place) -> None:
    """Make a blue-green rollout that has switched for good."""
    blue_green(at)
    at.patch({"status": {"pauseConditions": None}}, "status")
    at.wait(states.is_promoted)


def _refused(at: Place) -> None:
    """Touch the rollout until the controller refuses its spec: it may look before it has heard."""
    for number in range(_TOUCHES):
        at.patch({"metadata": {"annotations": {"touched": str(number)}}})
        with suppress(WaitTimeoutError):
            at.api.wait("rollouts", at.namespace, NAME, _holds("InvalidSpec"), timeout=4)
            return
    at.wait(_holds("InvalidSpec"))


def _holds(kind: str) -> Callable[[Json], bool]:
    def holds(rollout: Json) -> bool:
        conditions = rollout.get("status", {}).get("conditions", [])
        return any(one["type"] == kind and one["status"] == "True" for one in conditions)

    return holds


STATES: Final[dict[str, Callable[[Place], None]]] = {
    "in flight": in_flight,
    "complete": complete,
    "invalid spec": invalid,
    "basic": basic,
    "blue-green": blue_green,
    "held": held,
    "switched": switched,
    "stuck": stuck,
    "aborted": aborted,
    "no service": serviceless,
    "no ingress": ingressless,
    "no active": activeless,
    "workload": workload,
}
"""How each state is made."""

TWO_WRITES: Final = ("complete", "switched")
"""The states whose way back has a second write."""

BY_HAND: Final = ("no service", "no ingress", "no active")
"""The states that a hand must mend with the commands that are printed."""

CAN_BE_GATED: Final = ("in flight", "complete", "basic", "blue-green", "held", "switched")
