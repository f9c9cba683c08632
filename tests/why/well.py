"""Rollouts that are healthy or on their way as they should be: no cause may be claimed of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from tests.controlplane import rollouts
from tests.controlplane.kinds import Json
from tests.why.seen import Seen
from tests.why.troubles import (
    Place,
    Stage,
    When,
    always,
    at_once,
    gated,
    healthy,
    image,
    paused,
    plain,
    routed,
    spec,
    status,
    template,
)

LONG: Final = [rollouts.set_weight(50), rollouts.pause("10m")]
SHORT: Final = [rollouts.set_weight(50), rollouts.pause("1s")]


@dataclass(frozen=True, slots=True)
class Well:
    """A rollout that nothing keeps.

    Attributes:
        reached: Whether it is where it should be.
        throughout: Whether nothing may be claimed on the way there either.
    """

    name: str
    made: Callable[[Place], list[Json]]
    reached: When
    stages: Sequence[Stage] = field(default=())
    throughout: bool = True


def _promoted(seen: Seen, name: str) -> bool:
    found = seen.status(name)
    return seen.is_healthy(name) and bool(found["stableRS"] == found["currentPodHash"])


def _version(tag: str) -> When:
    """Whether the version is the wanted one and all is done."""

    def when(seen: Seen, name: str) -> bool:
        pod = seen.rollout(name).get("spec", {}).get("template", {}).get("spec", {})
        containers = pod.get("containers", [{"image": ""}])
        return _promoted(seen, name) and containers[0]["image"].endswith(f":{tag}")

    return when


def _judging(seen: Seen, name: str) -> bool:
    return any(one.get("successful") for one in seen.results(name))


def _trying(seen: Seen, name: str) -> bool:
    return bool(seen.status(name).get("canary", {}).get("currentExperiment"))


def _retried(seen: Seen, name: str) -> bool:
    return paused(seen, name) and "abortedAt" not in seen.status(name)


def _aborted(seen: Seen, name: str) -> bool:
    return "abortedAt" in seen.status(name)


def _renewed(seen: Seen, name: str) -> bool:
    asked = seen.rollout(name)["spec"].get("restartAt")
    done = seen.status(name).get("restartedAt")
    return bool(asked and done == asked and seen.is_healthy(name))


def _restart(place: Place) -> None:
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    spec({"restartAt": moment})(place)


def _grown(seen: Seen, name: str) -> bool:
    return seen.is_healthy(name) and bool(seen.status(name).get("availableReplicas") == 4)


def _blue_green(**how: Any) -> Callable[[Place], list[Json]]:
    return lambda p: rollouts.blue_green(
        p.namespace, p.name, replicas=1, requests_per_second=0, **how
    )


def _workload(place: Place) -> list[Json]:
    return rollouts.workload_ref(
        place.namespace, place.name, SHORT, replicas=1, requests_per_second=0
    )


def _background(place: Place) -> list[Json]:
    analysis = {"templates": [{"templateName": place.name}]}
    made = plain(LONG, background=analysis)(place)
    endless = {"interval": "2s", "count": None}
    return [template(place, "vector(1)", metric=endless), *made]


NEXT: Final = at_once(image("v2"))

WELL: Final = (
    Well("basic", plain(), healthy),
    Well("nginx", routed(), healthy),
    Well("stepless", plain([]), healthy),
    Well("bluegreen", _blue_green(), healthy),
    Well("workloadref", _workload, healthy),
    Well("nobody", plain(replicas=0), healthy),
    Well("slowfirst", plain(tag="v1-slowstart"), healthy),
    Well("promoted", plain(SHORT), _version("v2"), NEXT),
    Well("promotednginx", routed(SHORT, scale_down_delay=600), _version("v2"), NEXT),
    Well("rolling", plain([]), _version("v2"), NEXT),
    Well(
        "switched",
        _blue_green(auto_promotion=True, scale_down_delay=600),
        _version("v2"),
        NEXT,
    ),
    Well("workloadnext", _workload, lambda seen, name: seen.is_healthy(name), ()),
    Well("undone", plain(LONG), _version("v1.0.0"), (*NEXT, Stage(paused, image("v1.0.0")))),
    Well("timed", plain(LONG), paused, NEXT),
    Well("timednginx", routed(LONG), paused, NEXT),
    Well(
        "timedswitch",
        _blue_green(auto_promotion=True, auto_promotion_seconds=600),
        paused,
        NEXT,
    ),
    Well("judged", gated("vector(1)", metric={"count": 99}), _judging, NEXT),
    Well("judgedbeside", _background, _judging, NEXT),
    Well(
        "dryrun",
        gated("vector(0.5)", step={"dryRun": [{"metricName": ".*"}]}),
        _version("v2"),
        NEXT,
    ),
    Well("slow", plain(SHORT), _version("v2-slowstart"), at_once(image("v2-slowstart"))),
    Well("experiment", plain([rollouts.experiment("10m")]), _trying, NEXT),
    Well(
        "full",
        plain(LONG),
        _version("v2"),
        (*NEXT, Stage(paused, status({"promoteFull": True}))),
    ),
    Well(
        "retried",
        plain(LONG),
        _retried,
        (
            *NEXT,
            Stage(paused, status({"abort": True})),
            Stage(_aborted, status({"abort": False})),
        ),
        throughout=False,
    ),
    Well("restarted", plain(), _renewed, at_once(_restart)),
    Well("scaled", plain(), _grown, at_once(spec({"replicas": 4}))),
    Well("minready", plain(SHORT, spec={"minReadySeconds": 2}), _version("v2"), NEXT),
    Well("rescaled", plain(replicas=3), healthy, (Stage(always, spec({"replicas": 2})),)),
)
