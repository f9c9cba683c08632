"""A scenario is data that holds together at every speed."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from amas_tui.demo.scenarios import DEFAULT, SCENARIOS, plot
from amas_tui.demo.scenarios.pace import FASTEST, Pace
from amas_tui.demo.scenarios.plot import Life, NewImage, Plot
from amas_tui.rules.duration import go_duration

SPEEDS = (1.0, 7.0, 20.0, FASTEST)
PROMETHEUS = "http://prometheus:9090"

every_plot = pytest.mark.parametrize(
    "found",
    [
        pytest.param(plot(name, Pace(speed), PROMETHEUS, fleet=2), id=f"{name} at {speed:g}")
        for name in SCENARIOS
        for speed in SPEEDS
    ],
)


def steps(life: Life) -> list[dict[str, Any]]:
    canary = life.objects[-1]["spec"]["strategy"].get("canary", {})
    found: list[dict[str, Any]] = canary.get("steps", [])
    return found


def values(node: Any, key: str) -> Iterator[Any]:
    """Yield what stands below a key, wherever it is."""
    if isinstance(node, dict):
        yield from (value for name, value in node.items() if name == key)
        for value in node.values():
            yield from values(value, key)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from values(value, key)


@every_plot
def test_durations_are_whole_seconds_that_the_controller_counts(found: Plot) -> None:
    objects = [one for life in found.lives for one in life.objects]
    durations = [
        text
        for key in ("duration", "interval", "initialDelay")
        for text in values([*objects, *found.templates], key)
    ]
    lengths = [go_duration(text) for text in durations]
    assert None not in lengths, durations
    assert all(length >= timedelta(seconds=1) for length in lengths if length)


@every_plot
def test_what_is_referred_to_is_there(found: Plot) -> None:
    there = {
        (one["kind"], one["metadata"]["namespace"], one["metadata"]["name"])
        for one in (*found.templates, *(one for life in found.lives for one in life.objects))
    }
    for life in found.lives:
        rollout = life.objects[-1]
        wanted = [
            ("Service", name)
            for key in ("stableService", "canaryService", "activeService", "previewService")
            for name in values(rollout, key)
        ]
        wanted += [("Ingress", name) for name in values(rollout, "stableIngress")]
        wanted += [("AnalysisTemplate", name) for name in values(steps(life), "templateName")]
        assert {(kind, life.namespace, name) for kind, name in wanted} <= there


@every_plot
def test_a_rollout_is_given_only_versions_that_it_does_not_have(found: Plot) -> None:
    for life in found.lives:
        tags = [one.what.tag for one in life.happenings if isinstance(one.what, NewImage)]
        assert len({life.tag, *tags}) == 1 + len(tags)


def test_a_rates_range_holds_enough_scrapes_at_every_speed() -> None:
    for speed in SPEEDS:
        pace = Pace(speed)
        window = go_duration(pace.window(12))
        assert window is not None
        assert window.total_seconds() >= 4 * pace.scrape


def test_the_guides_canary_takes_eight_minutes_and_twenty_seconds() -> None:
    (life,) = plot("good-canary", Pace(1), PROMETHEUS).lives
    pauses = [go_duration(step["pause"]["duration"]) for step in steps(life) if "pause" in step]
    gates = [step for step in steps(life) if "analysis" in step]
    # Three measurements are two intervals apart.
    measured = 2 * timedelta(seconds=10) * len(gates)
    assert sum(filter(None, pauses), timedelta()) + measured == timedelta(minutes=8, seconds=20)


def test_the_default_shows_six_fates_within_a_minute() -> None:
    found = plot(DEFAULT, Pace(1), PROMETHEUS)
    assert len(found.lives) >= 6
    assert max(happening.at for happening in found.all_happenings) < 20


def test_a_fleet_is_as_large_as_asked_for() -> None:
    found = plot("waiting", Pace(1), PROMETHEUS, fleet=200)
    assert len({life.name for life in found.lives}) == 201


@pytest.mark.parametrize(
    ("speed", "seconds", "text"),
    [
        pytest.param(1, 60, "1m", id="a minute"),
        pytest.param(1, 90, "1m30s", id="a minute and a half"),
        pytest.param(4, 60, "15s", id="shortened"),
        pytest.param(60, 30, "1s", id="never less than a second"),
    ],
)
def test_a_duration_is_written_as_people_do(speed: float, seconds: float, text: str) -> None:
    assert Pace(speed).duration(seconds) == text
    assert re.fullmatch(r"(\d+m)?(\d+s)?", text)
