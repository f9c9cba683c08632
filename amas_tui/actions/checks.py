"""The four checks of a rollback: traffic on stable, canary pods gone, service healthy, metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from amas_tui.actions.progress import routed
from amas_tui.actions.repair import missing_ingresses, missing_services
from amas_tui.actions.state import is_routed
from amas_tui.domain.analysis import AnalysisPhase
from amas_tui.domain.traffic import SERVICE_NAME_LABEL
from amas_tui.domain.workload import SCALE_DOWN_DEADLINE, ReplicaSet
from amas_tui.rules.condition import judge
from amas_tui.rules.evaluate import Value
from amas_tui.rules.names import front_service
from amas_tui.rules.ranges import window
from amas_tui.store.gauges import gauges
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Anew, Gauge, Origin, Point, Side, Slo
from amas_tui.words import number

FIRST_VALUES: Final = timedelta(seconds=20)
"""How long after the traffic came back no value yet is no proof of no traffic."""

SAMPLES: Final = 3
"""So many values in a row inside the limits make a metric normal."""


class Result(StrEnum):
    """How a check stands."""

    PASSED = "passed"
    PENDING = "pending"
    FAILED = "failed"
    UNKNOWN = "not looked at"
    """It cannot be looked at; it holds nothing up, and it says so."""

    @property
    def is_settled(self) -> bool:
        """Return whether the rollback waits for it no more."""
        return self in (Result.PASSED, Result.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        words: What was found.
    """

    name: str
    result: Result
    words: str


def checks(scene: Scene, to: str, since: datetime | None, now: datetime) -> tuple[Check, ...]:
    """Return the four checks for the version with hash `to`.

    Args:
        scene: What is known.
        to: Hash of the version that should have the traffic.
        since: When the traffic came back to it; `None` where that was not seen, and the newest
            values are judged whatever their age.
        now: The server's time.
    """
    return (
        traffic_check(scene, to),
        pods_check(scene, to, now),
        service_check(scene, to),
        metrics_check(scene, since, now),
    )


def are_settled(found: tuple[Check, ...]) -> bool:
    """Return whether every check has passed, or cannot be looked at."""
    return all(check.result.is_settled for check in found)


def traffic_check(scene: Scene, to: str) -> Check:
    """Return whether all traffic goes to the version."""
    name = "traffic on stable"
    rollout = scene.rollout
    if lacks := _lacks(scene):
        return Check(name, Result.FAILED, lacks)
    if rollout.blue_green is not None:
        service = scene.stable_service
        selected = service.hash if service else rollout.status.blue_green.active_selector
        words = f"{rollout.blue_green.active_service} selects {selected or 'nothing'}"
        return Check(name, _passed(is_passed=selected == to), words)
    if is_routed(rollout):
        stages = routed(scene, to)
        missing = [stage.text for stage in stages if stage.is_reached is False]
        unread = [stage.text for stage in stages if stage.is_reached is None]
        words = ", ".join(stage.text for stage in stages)
        if missing:
            return Check(name, Result.PENDING, words)
        return Check(name, Result.PASSED, words if not unread else f"{words}")
    others = sum(rs.status.available_replicas for rs in _others(scene, to))
    return Check(name, _passed(is_passed=others == 0), f"{others} pods of other versions serve")


def _lacks(scene: Scene) -> str:
    """Return what the traffic goes through and is not there, empty where all of it is."""
    service = front_service(scene.rollout)
    services = [f"Service {name}" for name in missing_services(scene) if name == service]
    ingresses = [f"Ingress {name}" for name in missing_ingresses(scene)]
    lost = [*services, *ingresses]
    return f"{', '.join(lost)} is missing" if lost else ""


def _passed(*, is_passed: bool) -> Result:
    return Result.PASSED if is_passed else Result.PENDING


def _others(scene: Scene, to: str) -> tuple[ReplicaSet, ...]:
    return tuple(rs for rs in scene.replica_sets if rs.hash != to)


def pods_check(scene: Scene, to: str, now: datetime) -> Check:
    """Return whether the other versions' pods are gone, or kept on purpose."""
    name = "canary pods gone"
    if not scene.is_known(Kind.REPLICA_SETS):
        return Check(name, Result.UNKNOWN, "the ReplicaSets cannot be read")
    left = [rs for rs in _others(scene, to) if rs.status.replicas or rs.spec.replicas]
    if not left:
        return Check(name, Result.PASSED, "none is left")
    count = sum(rs.status.replicas for rs in left)
    until = [moment for rs in left if (moment := _deadline(rs)) is not None]
    if len(until) < len(left) or scene.rollout.spec.paused:
        return Check(name, Result.PENDING, f"{count} are left")
    first, last = (one(until).astimezone(now.tzinfo) for one in (min, max))
    if first <= now:
        return Check(name, Result.PENDING, f"{count} are left, due to go at {first:%H:%M:%S}")
    is_cut_off = traffic_check(scene, to).result is Result.PASSED
    words = "; they get no traffic" if is_cut_off else ""
    return Check(name, Result.PASSED, f"{count} kept on purpose until {last:%H:%M:%S}{words}")


def _deadline(replica_set: ReplicaSet) -> datetime | None:
    text = replica_set.metadata.annotations.get(SCALE_DOWN_DEADLINE, "")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def service_check(scene: Scene, to: str) -> Check:
    """Return whether the version has its pods, and its Service reaches them."""
    name = "service healthy"
    service = front_service(scene.rollout)
    if service in missing_services(scene):
        return Check(name, Result.FAILED, f"Service {service} is missing")
    own = scene.by_hash(to)
    if own is None:
        return Check(name, Result.UNKNOWN, "its ReplicaSet is not known")
    have, want = own.status.available_replicas, scene.rollout.desired
    words = f"stable {have} of {want} ready"
    reached = endpoints(scene)
    if reached is not None:
        words += f", {reached} endpoints"
    is_passed = have >= want and (reached is None or reached > 0 or want == 0)
    return Check(name, _passed(is_passed=is_passed), words)


def endpoints(scene: Scene) -> int | None:
    """Return how many ready endpoints the stable Service has, `None` where they are not read."""
    service = scene.stable_service
    if service is None or not scene.is_known(Kind.ENDPOINT_SLICES):
        return None
    slices = [
        one
        for one in scene.snapshot.endpoint_slices.values()
        if one.metadata.namespace == service.metadata.namespace
        and one.metadata.labels.get(SERVICE_NAME_LABEL) == service.metadata.name
    ]
    return sum(one.conditions.ready is not False for found in slices for one in found.endpoints)


# -------------------------------------------------------------------------- metrics


def metrics_check(scene: Scene, since: datetime | None, now: datetime) -> Check:
    """Return whether the gates' own queries are inside their limits for the stable version."""
    name = "metrics normal"
    slo = scene.snapshot.slos.get(scene.rollout.uid, Slo())
    asked = [one for one in slo.gauges if one.origin in (Origin.TEMPLATE, Origin.RUN)]
    judged = [one for one in asked if one.success or one.failure]
    is_early = since is not None and now - since < FIRST_VALUES
    if not judged:
        if is_early and not slo.problem and gauges(scene):
            return Check(name, Result.PENDING, "being asked")
        return Check(name, Result.UNKNOWN, slo.problem or "no gate asks a metric")
    found = [_judged(slo, gauge, since, now) for gauge in judged]
    for result in (Result.FAILED, Result.PENDING):
        words = [text for one, text in found if one is result]
        if words:
            return Check(name, result, "; ".join(words))
    words = [text for one, text in found if one is Result.PASSED]
    unknown = [text for one, text in found if one is Result.UNKNOWN]
    if not words:
        return Check(name, Result.UNKNOWN, "; ".join(unknown))
    return Check(name, Result.PASSED, "; ".join([*words, *unknown]))


def _judged(slo: Slo, gauge: Gauge, since: datetime | None, now: datetime) -> tuple[Result, str]:
    sides = dict(gauge.queries)
    side = Side.STABLE if Side.STABLE in sides else Side.ALL
    if side not in sides:
        return Result.UNKNOWN, f"{gauge.name} is asked for no stable version"
    if gauge.problem:
        return Result.UNKNOWN, f"{gauge.name}: {gauge.problem}"
    anew = slo.anew.get((gauge.address, sides[side]))
    if since is not None and anew is not None and anew.is_possible:
        return _anew(gauge, anew, now)
    start = since
    if since is not None and side is Side.ALL:
        # The query counts all versions together: what it measured before stays in its window.
        start = since + window(sides[side])
        if now < start:
            clear = start.astimezone(now.tzinfo)
            return Result.PENDING, f"{gauge.name}: its window is clear at {clear:%H:%M:%S}"
    series = slo.of(gauge, side)
    recent = [one for one in series.points if start is None or one[0] >= start.timestamp()]
    points = _apart(recent)
    if series.problem and not points:
        return Result.UNKNOWN, f"{gauge.name}: {series.problem}"
    is_early = since is not None and now - since < FIRST_VALUES
    return _verdict(gauge, points[-SAMPLES:], is_early=is_early)


def _anew(gauge: Gauge, anew: Anew, now: datetime) -> tuple[Result, str]:
    """Judge what was measured since the traffic came back alone."""
    due = datetime.fromtimestamp(anew.due, UTC)
    if now < due:
        local = due.astimezone(now.tzinfo)
        return Result.PENDING, f"{gauge.name}: measured anew, first value at {local:%H:%M:%S}"
    is_early = now - due < FIRST_VALUES
    return _verdict(gauge, _apart(anew.series.points)[-SAMPLES:], is_early=is_early)


_APART: Final = 0.9
"""Seconds between two values that count as two."""


def _apart(points: Sequence[Point]) -> list[Point]:
    """Return the newest point and those before it that are not of the same moment."""
    found: list[Point] = []
    for point in reversed(points):
        if not found or found[-1][0] - point[0] >= _APART:
            found.append(point)
    return found[::-1]


def _verdict(gauge: Gauge, points: list[Point], *, is_early: bool) -> tuple[Result, str]:
    measured = [value for _, value in points if value == value]
    if not measured:
        words = "no value yet" if is_early else "no traffic"
        return (Result.PENDING if is_early else Result.UNKNOWN), f"{gauge.name}: {words}"
    bad = [value for value in measured if not is_inside(gauge, value)]
    shown = f"{gauge.name} {number(measured[-1])}"
    if bad and not is_inside(gauge, measured[-1]):
        return Result.FAILED, f"{shown} is outside its limit"
    good = len(measured) - len(bad)
    if good < SAMPLES:
        return Result.PENDING, f"{shown}, {good} of {SAMPLES} values inside its limit"
    return Result.PASSED, f"{shown} is inside its limit"


def is_inside(gauge: Gauge, value: float) -> bool:
    """Return whether a value passes the gate's own conditions, or cannot be judged here."""
    result: Value = [value]
    verdict = judge(gauge.success, gauge.failure, result)
    return verdict.phase in (None, AnalysisPhase.SUCCESSFUL)
