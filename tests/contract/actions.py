"""What one does to a rollout, as the product and kubectl do it, and what one waits for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from tests.contract.stage import Predicate, Stage, pass_by
from tests.controlplane import states
from tests.controlplane.kinds import Json
from tests.controlplane.manifests import image

NAME: Final = "web"


def deploy(stage: Stage, *manifests: Json, name: str = NAME) -> Json:
    """Apply and return the rollout when its first version is healthy."""
    stage.apply(*manifests)
    return stage.wait("rollouts", name, states.is_promoted)


def release(stage: Stage, tag: str, name: str = NAME) -> None:
    """Give the first container another tag."""
    spec = stage.get("rollouts", name)["spec"]["template"]["spec"]
    first, *others = spec["containers"]
    containers = [{**first, "image": image(name, tag)}, *others]
    stage.patch("rollouts", name, {"spec": {"template": {"spec": {"containers": containers}}}})


def set_status(stage: Stage, name: str = NAME, **fields: object) -> None:
    """Write fields of the status."""
    stage.patch("rollouts", name, {"status": dict(fields)}, subresource="status")


def set_spec(stage: Stage, name: str = NAME, **fields: object) -> None:
    """Write fields of the spec."""
    stage.patch("rollouts", name, {"spec": dict(fields)})


def lift_pause(stage: Stage, name: str = NAME) -> None:
    """Promote a paused rollout."""
    set_status(stage, name, pauseConditions=None)


def is_observed(rollout: Json) -> bool:
    """Whether the controller saw the newest spec."""
    seen = rollout.get("status", {}).get("observedGeneration")
    return bool(seen == str(rollout["metadata"]["generation"]))


def paused_at(index: int) -> Predicate:
    """Hold of a rollout that the controller has paused at a step."""
    return lambda rollout: states.at_step(rollout, index) and states.is_paused(rollout)


def wait(stage: Stage, predicate: Predicate, name: str = NAME) -> Json:
    """Return the rollout when the predicate holds."""
    return stage.wait("rollouts", name, predicate)


def status_is(**fields: object) -> Predicate:
    """Hold of a rollout whose status has these values; `None` for a field that is not there."""
    return lambda rollout: all(
        rollout.get("status", {}).get(key) == value for key, value in fields.items()
    )


def both(*predicates: Predicate) -> Predicate:
    """Hold where all hold."""
    return lambda rollout: all(predicate(rollout) for predicate in predicates)


def pod_hash(obj: Json) -> str:
    """Return the version in an object's labels."""
    value: str = obj["metadata"]["labels"]["rollouts-pod-template-hash"]
    return value


def revision(obj: Json) -> str:
    """Return the revision in an object's annotations, empty before there is one."""
    value: str = annotations(obj).get("rollout.argoproj.io/revision", "")
    return value


def is_revision(number: str) -> Predicate:
    """Hold of an object of a revision."""
    return lambda obj: revision(obj) == number


def annotations(obj: Json) -> Json:
    """Return an object's annotations."""
    return obj["metadata"].get("annotations") or {}


def selects(version: str) -> Predicate:
    """Hold of a Service that selects a version."""
    key = "rollouts-pod-template-hash"
    return lambda service: service["spec"].get("selector", {}).get(key, "") == version


def set_of(stage: Stage, version: str) -> Json:
    """Return the ReplicaSet of a version."""
    found = [each for each in stage.select("replicasets") if pod_hash(each) == version]
    assert len(found) == 1, version
    return found[0]


def condition(rollout: Json, type_: str) -> Json:
    """Return the condition of a type."""
    conditions = rollout["status"].get("conditions", [])
    found = [each for each in conditions if each["type"] == type_]
    assert len(found) == 1, (type_, conditions)
    only: Json = found[0]
    return only


def events_of(stage: Stage, name: str = NAME) -> list[tuple[str, str, str]]:
    """Return type, reason and message of the rollout's Events, in the order of their creation."""
    mine = [
        each
        for each in stage.select("events")
        if each["involvedObject"]["kind"] == "Rollout" and each["involvedObject"]["name"] == name
    ]
    mine.sort(key=lambda each: int(each["metadata"]["name"].rpartition(".")[2], 16))
    return [(each["type"], each["reason"], each["message"]) for each in mine]


def wait_for_event(stage: Stage, reason: str, name: str = NAME) -> Json:
    """Return the first Event of a reason about the rollout."""

    def is_it(event: Json) -> bool:
        about = event["involvedObject"]
        return event["reason"] == reason and (about["kind"], about["name"]) == ("Rollout", name)

    return stage.wait_any("events", is_it)


def next_second(stage: Stage) -> None:
    """Let the second end in which things were made."""
    began = stage.now().replace(microsecond=0)
    number = 0
    while stage.now() < began + timedelta(seconds=1):
        number += 1
        pass_by(stage, f"bystander-{number}")


Check = Callable[[Stage], None]
