from datetime import timedelta

import pytest

from amas_tui.rules.ranges import scrapes, shortened, window

GOOD = 'sum(rate(http_requests_total{status!~"5..",hash="old"}[2m]))'
RATIO = f"{GOOD} / sum(rate(http_requests_total[2m]))"


@pytest.mark.parametrize(
    ("query", "length"),
    [
        ("sum(x)", timedelta(0)),
        ("rate(x[30s])", timedelta(seconds=30)),
        ("rate(x[30s]) / rate(y[2m:10s])", timedelta(minutes=2)),
        ("avg_over_time(x[1d])", timedelta(days=1)),
        ("avg_over_time(x[1h30m])", timedelta(minutes=90)),
        ('x{path=~"[abc]"}', timedelta(0)),
    ],
)
def test_the_window_of_a_query_is_its_longest_range(query: str, length: timedelta) -> None:
    assert window(query) == length


@pytest.mark.parametrize(
    ("query", "short"),
    [
        pytest.param(GOOD, GOOD.replace("2m", "42s"), id="a rate"),
        pytest.param(RATIO, RATIO.replace("2m", "42s"), id="every rate"),
        pytest.param("rate(x[10s])", "rate(x[10s])", id="shorter already"),
        pytest.param(
            "quantile_over_time(0.9, x[5m])", "quantile_over_time(0.9, x[42s])", id="a parameter"
        ),
        pytest.param('rate({__name__="x"}[5m])', 'rate({__name__="x"}[42s])', id="no name"),
    ],
)
def test_a_shorter_look_back_asks_the_same(query: str, short: str) -> None:
    assert shortened(query, timedelta(seconds=42.9)) == short


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("sum(x)", id="no range"),
        pytest.param("increase(x[5m])", id="grows with the range"),
        pytest.param("rate(x[5m]) + increase(x[5m])", id="one of two grows"),
        pytest.param("sum_over_time(x[5m])", id="a sum"),
        pytest.param("max_over_time(rate(x[1m])[5m:])", id="a subquery"),
        pytest.param("rate(x[5m] offset 1h)", id="another moment"),
        pytest.param("rate(x[5m] @ 1609746000)", id="a fixed moment"),
        pytest.param("rate(x{path='[5m]'}[5m])", id="text that looks like a range"),
    ],
)
def test_what_would_be_another_question_is_not_shortened(query: str) -> None:
    assert shortened(query, timedelta(seconds=42)) is None


def test_the_samples_in_a_range_tell_how_often_it_is_scraped() -> None:
    wanted = 'max(count_over_time(http_requests_total{status!~"5..",hash="old"}[2m]))'
    assert scrapes(GOOD) == wanted
    assert scrapes("sum(x)") is None
