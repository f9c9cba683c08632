"""Measures what the gates ask over the time since a rollback's traffic came back, and no longer.

A `[2m]` rate takes two minutes to forget the version that was just taken back, and as long to
notice that the old one fails, too.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from amas_tui.errors import MetricsError
from amas_tui.prometheus.client import Answer, Prometheus
from amas_tui.rules.ranges import scrapes, shortened, window
from amas_tui.session.ways import Way
from amas_tui.store.slo import Anew, Asked, Gauge, Origin, Side

SCRAPES: Final = 4
"""How many scrapes a range must hold to give a value."""

LONGEST: Final = timedelta(seconds=75)
"""How long they may take, one each 15 s and a little more; else the whole range is judged."""


_NEVER: Final = float("inf")


def asked_anew(gauges: tuple[Gauge, ...]) -> tuple[Asked, ...]:
    """Return the queries of the gates that tell how the version in force does."""
    own = (one for one in gauges if one.origin in (Origin.TEMPLATE, Origin.RUN) and not one.problem)
    sides = (Side.STABLE, Side.ALL)
    found = ((one.address, one.query(side)) for one in own for side in sides if one.query(side))
    return tuple(dict.fromkeys(found))


async def measured(
    before: Mapping[Asked, Anew],
    wanted: tuple[Asked, ...],
    ways: Mapping[str, Way],
    since: datetime,
    now: datetime,
) -> dict[Asked, Anew]:
    """Return what each query gives over the time from `since` to `now`.

    What has no samples, or cannot be asked, is left out and tried again.
    """
    found: dict[Asked, Anew] = {}
    for asked in wanted:
        way = ways.get(asked[0])
        if way is None or way.prometheus is None:
            continue
        known = before.get(asked)
        try:
            own = known or await _begun(asked[1], way.prometheus, since)
            if own is not None:
                found[asked] = await _value(own, asked[1], way.prometheus, now)
        except MetricsError as error:
            if known is not None:
                found[asked] = known
            elif error.kind == "bad_query":
                # A server that does not know the question will not know it later.
                found[asked] = Anew(since.timestamp(), _NEVER)
    return found


async def _begun(query: str, prometheus: Prometheus, since: datetime) -> Anew | None:
    """Return when the query can first be answered anew, `None` where nothing tells it yet."""
    length, counting = window(query), scrapes(query)
    never = Anew(since.timestamp(), _NEVER)
    if counting is None or shortened(query, length) is None:
        return never
    answer = await prometheus.query(counting)
    samples = _newest(answer)
    if not samples or samples < 1:
        return None
    enough = length / samples * SCRAPES
    if enough > LONGEST or enough >= length:
        return never
    return Anew(since.timestamp(), (since + enough).timestamp())


async def _value(own: Anew, query: str, prometheus: Prometheus, now: datetime) -> Anew:
    """Return it with the newest value, once there can be one."""
    if now.timestamp() < own.due:
        return own
    short = shortened(query, timedelta(seconds=now.timestamp() - own.since))
    answer = await prometheus.query(short or query)
    points = answer.series[0].points if answer.series else ()
    return replace(own, series=own.series.after(points))


def _newest(answer: Answer) -> float | None:
    points = answer.series[0].points if answer.series else ()
    return points[-1][1] if points else None
