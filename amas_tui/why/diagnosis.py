"""All causes, and the diagnosis that they make: the most specific first, the others under it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from amas_tui.rules.phase import rollout_verdict
from amas_tui.rules.pods import is_ready
from amas_tui.rules.steps import step_index
from amas_tui.store.scene import Scene
from amas_tui.why import (
    aborts,
    controller,
    gates,
    gating,
    pods,
    refusals,
    specs,
    traffic,
    waits,
)
from amas_tui.why.case import Case
from amas_tui.why.finding import Cause, Chapter, Evidence, Finding, Found, Severity

LONG: Final = timedelta(minutes=2)
"""How long an update may stand still before it is said that nobody knows why."""


def _unknown(case: Case) -> Finding | None:
    """It does not move, and none of the causes explains it."""
    verdict = rollout_verdict(case.rollout)
    if case.is_quiet or case.quiet_for <= LONG or not case.rollout.status.phase:
        return None
    return Finding(
        sentence=f"unknown: {verdict.message or verdict.phase}",
        short=verdict.message or str(verdict.phase),
        following="Nothing that is known here explains it.",
        since=case.now - case.quiet_for,
        evidence=facts(case),
    )


UNKNOWN: Final = Cause(
    "unknown",
    "It stands still for minutes and nothing here explains it",
    "Read the facts below it, and the controller's log",
    Severity.NOTICE,
    0,
    _unknown,
    "utils/rollout/rolloututil.go",
    (Chapter.STUCK,),
)

CAUSES: Final[tuple[Cause, ...]] = tuple(
    sorted(
        chain(
            specs.CAUSES,
            controller.CAUSES,
            refusals.CAUSES,
            pods.CAUSES,
            gates.CAUSES,
            gating.CAUSES,
            traffic.CAUSES,
            aborts.CAUSES,
            waits.CAUSES,
        ),
        key=lambda cause: (cause.severity, -cause.specificity, cause.id),
    )
)
"""In the order in which they are said."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a rollout stands as it does.

    Attributes:
        found: The causes that were found, the one to be said first at the front.
        facts: What is known anyway.
    """

    found: tuple[Found, ...]
    facts: tuple[Evidence, ...] = ()

    @property
    def first(self) -> Found | None:
        """Return what is to be said first; what only takes its time counts too."""
        return self.found[0] if self.found else None

    @property
    def head(self) -> Found | None:
        """Return what a headline has to say, `None` where nothing keeps the rollout.

        What is merely worth knowing, and what only stands beside the update, is left to `w`.
        """
        return next((one for one in self.found if one.cause.is_headline), None)

    @property
    def cause(self) -> Found | None:
        """Return what keeps the rollout, `None` where it is well or on its way."""
        first = self.first
        return first if first is not None and first.cause.severity < Severity.NOTICE else None


def diagnose(scene: Scene, now: datetime) -> Diagnosis:
    """Return why a rollout stands as it does.

    Args:
        scene: What is known of it; what is not known gives no cause.
        now: The server's time.
    """
    case = Case(scene, now)
    found = [Found(one, finding) for one in CAUSES if (finding := one.find(case)) is not None]
    if not found and (finding := _unknown(case)) is not None:
        found = [Found(UNKNOWN, finding)]
    return Diagnosis(tuple(found), facts(case))


def facts(case: Case) -> tuple[Evidence, ...]:
    """Return what is known of a rollout whether or not it explains anything."""
    rollout = case.rollout
    verdict = rollout_verdict(rollout)
    known = [
        Evidence(case.name, "status.phase", _joined(str(verdict.phase), verdict.message)),
        Evidence(
            case.name,
            "generation, observed",
            f"{rollout.metadata.generation}, {rollout.status.observed_generation or 'never'}",
        ),
        Evidence(case.name, "last change", "seen", case.now - case.quiet_for),
    ]
    if rollout.steps:
        known.append(
            Evidence(case.name, "step", f"{step_index(rollout)} of {len(rollout.steps)} done")
        )
    if case.share is not None:
        known.append(Evidence(case.name, "traffic to the newest revision", f"{case.share:.0f} %"))
    if case.pods:
        ready = sum(map(is_ready, case.pods))
        known.append(Evidence(case.name, "pods ready", f"{ready} of {len(case.pods)}"))
    known += [
        Evidence(
            case.name,
            f"condition {one.type}",
            _joined(f"{one.status} {one.reason}", one.message),
            one.last_transition_time,
        )
        for one in rollout.status.conditions
    ]
    return tuple(known)


def _joined(head: str, tail: str) -> str:
    return f"{head}: {tail}" if tail else head
