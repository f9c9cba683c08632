"""The states that a verb can meet, each made on a rollout of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.controlplane import analysis, rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.kinds import Json
from tests.controlplane.witness import Witness

STEPS: Final = [
    rollouts.set_weight(20),
    rollouts.pause(),
    rollouts.set_weight(60),
    rollouts.pause("10m"),
]
ROUTED: Final[Json] = {"nginx": True, "abort_delay": 1, "scale_down_delay": 1}
"""Traffic split by an Ingress, and pods that are not kept for long."""
_WAIT: Final = 120.0
# Nothing is measured while a test looks: a pod without a scrape would be inconclusive.
_SLOW: Final = analysis.Timing(interval="5m", count=3, window="10s", delay="1h")
_QUICK: Final = analysis.Timing(interval="1s", count=2, window="10s")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a state is made."""

    api: Api
    namespace: str
    name: str
    witness: Witness | None = None
    """Who watches the namespace already, so that nobody need watch each rollout."""

    def wait(self, predicate: Callable[[Json], object]) -> Json:
        """Wait for the rollout."""
        if self.witness is not None:
            return self.witness.wait("rollouts", self.name, predicate, timeout=_WAIT)
        return self.api.wait("rollouts", self.namespace, self.name, predicate, timeout=_WAIT)

    def wait_any(self, plural: str, predicate: Callable[[Json], object]) -> None:
        """Wait for an object of another kind."""
        if self.witness is not None:
            self.witness.wait_any(plural, predicate, timeout=_WAIT)
        else:
            self.api.wait_any(plural, self.namespace, predicate, timeout=_WAIT)

    def deploy(self, steps: list[Json] | None = None, **how: object) -> None:
        """Make the first version, ready."""
        more: Json = {"replicas": 1, "requests_per_second": 0, **how}
        self.api.apply(
            *rollouts.canary(self.namespace, self.name, STEPS if steps is None else steps, **more)
        )
        self.wait(states.is_healthy)

    def update(self, tag: str = "v2") -> None:
        """Deploy a second version."""
        self.api.set_image(self.namespace, self.name, tag)

    def patch(self, body: Json, subresource: str = "") -> None:
        """Write to the rollout."""
        self.api.patch("rollouts", self.namespace, self.name, body, subresource=subresource)


def healthy(at: Place) -> None:
    at.deploy(steps=[])
    at.update()
    at.wait(states.is_promoted)


def first_deploy(at: Place) -> None:
    parts = rollouts.canary(
        at.namespace, at.name, STEPS, replicas=1, tag="v1-unready", requests_per_second=0
    )
    at.api.apply(*parts)
    at.wait(lambda ro: ro.get("status", {}).get("currentPodHash"))


def mid_step(at: Place) -> None:
    at.deploy()
    at.update("v2-unready")
    at.wait(lambda ro: states.at_step(ro, 0) and ro["status"].get("updatedReplicas"))


def paused_by_step(at: Place) -> None:
    at.deploy(**ROUTED)
    at.update()
    at.wait(states.is_paused)


def paused_by_spec(at: Place) -> None:
    analysing(at, **ROUTED)
    at.patch({"spec": {"paused": True}})
    at.wait(_condition("Paused"))


def analysing(at: Place, **how: object) -> None:
    gate = rollouts.gate(analysis.analysis(at.name, at.namespace, "success-rate"))
    at.deploy([rollouts.set_weight(50), gate, rollouts.pause()], **how)
    at.update()
    at.wait(lambda ro: _run(ro).get("status") == "Running")


def inconclusive(at: Place) -> None:
    gate = rollouts.gate(analysis.analysis("nobody", "nowhere", "error-budget"))
    at.deploy([rollouts.set_weight(50), gate, rollouts.pause()])
    at.update()
    at.wait(states.is_paused)


def aborted(at: Place) -> None:
    paused_by_step(at)
    at.patch({"status": {"abort": True}}, "status")
    at.wait(states.is_aborted)


def timed_out(at: Place) -> None:
    at.deploy(spec={"progressDeadlineSeconds": 3})
    at.update("v2-unready")
    at.wait(lambda ro: ro["status"].get("phase") == "Degraded")


def after_undo(at: Place) -> None:
    healthy_steps = [rollouts.pause()]
    at.deploy(healthy_steps)
    at.update()
    at.wait(states.is_paused)
    at.patch({"status": {"promoteFull": True}}, "status")
    at.wait(states.is_promoted)
    at.update(rollouts.DEFAULT_TAG)
    at.wait(states.is_paused)


def promoting_fully(at: Place) -> None:
    at.deploy(**ROUTED)
    at.update("v2-unready")
    at.wait(lambda ro: states.at_step(ro, 0) and ro["status"].get("updatedReplicas"))
    at.patch({"status": {"promoteFull": True}}, "status")
    at.wait(lambda ro: ro["status"].get("promoteFull"))


def restarting(at: Place) -> None:
    healthy(at)
    at.patch({"spec": {"restartAt": "2099-01-01T00:00:00Z"}})
    at.wait(lambda ro: ro["status"].get("phase") == "Progressing")


def invalid_spec(at: Place) -> None:
    paused_by_step(at)
    at.patch({"spec": {"strategy": {"canary": {"canaryService": "missing"}}}})
    at.wait(_condition("InvalidSpec"))


def blue_green_preview(at: Place) -> None:
    at.api.apply(
        *rollouts.blue_green(
            at.namespace,
            at.name,
            replicas=1,
            requests_per_second=0,
            abort_delay=1,
            scale_down_delay=1,
        )
    )
    at.wait(states.is_healthy)
    at.update()
    at.wait(states.is_paused)


def blue_green_switched(at: Place) -> None:
    blue_green_preview(at)
    at.patch({"status": {"pauseConditions": None}}, "status")
    at.wait(states.is_promoted)


def blue_green_aborted(at: Place) -> None:
    blue_green_preview(at)
    at.patch({"status": {"abort": True}}, "status")
    at.wait(states.is_aborted)


def workload_ref(at: Place) -> None:
    parts = rollouts.workload_ref(at.namespace, at.name, STEPS, replicas=1, requests_per_second=0)
    at.api.apply(*parts)
    at.wait(states.is_healthy)
    at.api.set_image(at.namespace, at.name, "v2", plural="deployments")
    at.wait(states.is_paused)


def experimenting(at: Place) -> None:
    at.deploy([rollouts.experiment("10m"), rollouts.pause()])
    at.update()
    at.wait_any("experiments", lambda one: _phase(one) == "Running" and _owned(one, at.name))


def experimented(at: Place) -> None:
    at.deploy([rollouts.experiment("1s"), rollouts.pause()])
    at.update()
    at.wait(states.is_paused)


def _owned(one: Json, name: str) -> bool:
    return any(owner["name"] == name for owner in one["metadata"].get("ownerReferences", ()))


def _phase(one: Json) -> str:
    return str(one.get("status", {}).get("phase", ""))


def _condition(kind: str) -> Callable[[Json], bool]:
    def holds(rollout: Json) -> bool:
        conditions = rollout.get("status", {}).get("conditions", [])
        return any(one["type"] == kind and one["status"] == "True" for one in conditions)

    return holds


def _run(rollout: Json) -> Json:
    run: Json = rollout["status"].get("canary", {}).get("currentStepAnalysisRunStatus", {})
    return run


STATES: Final[dict[str, Callable[[Place], None]]] = {
    make.__name__.replace("_", "-"): make
    for make in (
        healthy,
        first_deploy,
        mid_step,
        paused_by_step,
        paused_by_spec,
        analysing,
        inconclusive,
        aborted,
        timed_out,
        after_undo,
        promoting_fully,
        restarting,
        invalid_spec,
        blue_green_preview,
        blue_green_switched,
        blue_green_aborted,
        workload_ref,
        experimenting,
        experimented,
    )
}
"""How each state is made; the rollout is called after it."""


def prepare(api: Api, namespace: str, prometheus_url: str) -> None:
    """Make what the states hang on: a gate that takes an hour, and one that never decides."""
    slow = analysis.analysis_templates(namespace, prometheus_url, _SLOW)
    quick = analysis.analysis_templates(namespace, prometheus_url, _QUICK)
    by_name = {one["metadata"]["name"]: one for one in slow}
    by_name |= {
        one["metadata"]["name"]: one for one in quick if "budget" in one["metadata"]["name"]
    }
    api.apply(*by_name.values())
