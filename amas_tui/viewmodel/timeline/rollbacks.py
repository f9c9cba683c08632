"""Rollback events: each time that an update was taken back, why, and how long it took."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from amas_tui.viewmodel.timeline.moments import Moment, Sort


@dataclass(frozen=True, slots=True)
class RollbackEvent:
    """One time that an update was taken back.

    Attributes:
        revision: The one that was taken back, empty where nobody tells.
        cause: In the controller's words; empty when a person did it.
        exposed: How long the version had been rolled out by then, `None` where that is not known.
        took: From the decision until no traffic went to it, `None` where that was not seen.
    """

    at: datetime
    revision: str
    cause: str
    by: str
    exposed: timedelta | None = None
    took: timedelta | None = None


_ABORTED: Final = re.compile(r"Rollout aborted update to revision (\d+)(?:: (.*))?")
_RECENT: Final = timedelta(minutes=15)


def rollbacks(moments: Iterable[Moment]) -> tuple[RollbackEvent, ...]:
    """Return the rollback events among what happened, oldest first."""
    known = tuple(moments)
    return tuple(_event(moment, known) for moment in known if moment.sort is Sort.ROLLBACK)


def _event(moment: Moment, known: tuple[Moment, ...]) -> RollbackEvent:
    found = _ABORTED.search(moment.text)
    revision, cause = (found[1], found[2] or "") if found else ("", "")
    if found is None:
        by = "a person (undo to a version that needed no steps)"
    else:
        by = "the controller" if cause else _person(moment, known)
    began = _began(revision, moment.at, known)
    zero = _first(known, moment.at, lambda one: one.sort is Sort.WEIGHT and _is_zero(one.text))
    return RollbackEvent(
        at=moment.at,
        revision=revision,
        cause=cause,
        by=by,
        exposed=moment.at - began if began else None,
        took=zero - moment.at if zero else None,
    )


def _person(moment: Moment, known: tuple[Moment, ...]) -> str:
    """Return who aborted, as far as an Event of ours tells."""
    near = timedelta(seconds=10)
    own = [
        one
        for one in known
        if one.sort is Sort.ACTION
        and one.source == "event"
        and abs(one.at - moment.at) <= near
        and any(verb in one.text.lower() for verb in _TAKING_BACK)
    ]
    nearest = min(own, key=lambda one: abs(one.at - moment.at), default=None)
    return nearest.text.rpartition(" by ")[2] if nearest else "a person, unknown"


_TAKING_BACK: Final = ("abort", "undo", "rollback")


def _began(revision: str, at: datetime, known: tuple[Moment, ...]) -> datetime | None:
    facts = ("RolloutUpdated", revision)
    times = [one.at for one in known if one.fact == facts and one.at <= at]
    return max(times, default=None)


def _first(
    known: tuple[Moment, ...], at: datetime, holds: Callable[[Moment], bool]
) -> datetime | None:
    times = [one.at for one in known if at <= one.at <= at + _RECENT and holds(one)]
    return min(times, default=None)


def _is_zero(text: str) -> bool:
    return re.search(r"\bto 0(?: %)?$", text) is not None
