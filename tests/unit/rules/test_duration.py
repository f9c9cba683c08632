import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.rules.duration import clock_duration, go_duration, human_duration, pause_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("30s", 30, id="seconds"),
        pytest.param("1m30s", 90, id="two units"),
        pytest.param("2h45m0.5s", 9900.5, id="three units"),
        pytest.param("1.5h", 5400, id="fraction"),
        pytest.param(".5m", 30, id="no whole part"),
        pytest.param("5.s", 5, id="no fraction"),
        pytest.param("100ms", 0.1, id="milliseconds"),
        pytest.param("10us", 1e-5, id="microseconds"),
        pytest.param("10µs", 1e-5, id="micro sign"),
        pytest.param("10μs", 1e-5, id="Greek mu"),
        pytest.param("-1m", -60, id="negative"),
        pytest.param("+1m", 60, id="plus"),
        pytest.param("0", 0, id="zero needs no unit"),
        pytest.param("1s1s", 2, id="a unit twice"),
    ],
)
def test_a_go_duration_is_read(text: str, seconds: float) -> None:
    assert go_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["", "1", "1d", "s", "1m ", " 1m", "1 m", "１m", "1m-1s", "--1s", "1e3s", ".s", "9999999999h"],
)
def test_what_go_does_not_read_is_no_duration(text: str) -> None:
    assert go_duration(text) is None


@given(st.integers(0, 10**9))
def test_a_duration_written_as_go_writes_it_reads_back(seconds: int) -> None:
    hours, rest = divmod(seconds, 3_600)
    text = f"{hours}h{rest // 60}m{rest % 60}s"
    assert go_duration(text) == timedelta(seconds=seconds)


@given(st.text(max_size=12) | st.text("0123456789hmsnuµ.+-", max_size=12))
def test_no_text_makes_a_duration_raise(text: str) -> None:
    go_duration(text)
    pause_duration(text)


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        pytest.param(None, None, id="for a human"),
        pytest.param(30, 30, id="seconds"),
        pytest.param("30", 30, id="seconds in a string"),
        pytest.param("+30", 30, id="with a sign"),
        pytest.param("1m", 60, id="a minute"),
        pytest.param("1.9s", 1, id="cut to whole seconds"),
        pytest.param("0", 0, id="none"),
        pytest.param("soon", None, id="unreadable"),
        pytest.param("", None, id="empty"),
        pytest.param("1d", None, id="Go knows no days"),
    ],
)
def test_a_pause_lasts_as_long_as_the_controller_makes_it(
    duration: int | str | None, seconds: int | None
) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert pause_duration(duration) == expected


_M, _H, _D = 60, 3_600, 86_400
_Y = 365 * _D


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-10, "<invalid>"),
        (-2, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (0.999, "0s"),
        (1, "1s"),
        (70, "70s"),
        (2 * _M - 0.001, "119s"),
        (2 * _M, "2m"),
        (2 * _M + 1, "2m1s"),
        (190, "3m10s"),
        (10 * _M - 0.001, "9m59s"),
        (10 * _M, "10m"),
        (10 * _M + 1, "10m"),
        (70 * _M, "70m"),
        (3 * _H - 0.001, "179m"),
        (3 * _H, "3h"),
        (3 * _H + _M, "3h1m"),
        (8 * _H - 0.001, "7h59m"),
        (8 * _H, "8h"),
        (8 * _H + 59 * _M, "8h"),
        (47 * _H, "47h"),
        (2 * _D - 0.001, "47h"),
        (2 * _D, "2d"),
        (2 * _D + _H, "2d1h"),
        (8 * _D - 0.001, "7d23h"),
        (8 * _D, "8d"),
        (8 * _D + 23 * _H, "8d"),
        (367 * _D, "367d"),
        (2 * _Y - 0.001, "729d"),
        (2 * _Y, "2y"),
        (2 * _Y + 23 * _H, "2y"),
        (2 * _Y + _D, "2y1d"),
        (8 * _Y - 0.001, "7y364d"),
        (8 * _Y, "8y"),
        (9 * _Y + 300 * _D, "9y"),
    ],
)
def test_an_age_has_kubernetes_words(seconds: float, words: str) -> None:
    assert human_duration(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0s"),
        (0, "0s"),
        (38, "38s"),
        (60, "1m"),
        (65, "1m5s"),
        (3_599, "59m59s"),
        (7_380, "2h3m"),
        (7_200, "2h"),
        (7_201, "2h"),
        (90_000, "1d1h"),
    ],
)
def test_a_countdown_has_at_most_two_units(seconds: int, words: str) -> None:
    assert clock_duration(timedelta(seconds=seconds)) == words


@given(st.integers(0, 10**9))
def test_a_countdown_below_an_hour_is_exact(seconds: int) -> None:
    words = clock_duration(timedelta(seconds=seconds))
    assert re.fullmatch(r"\d+[smhd](\d+[smh])?", words)
    if seconds < _H:
        assert go_duration(words) == timedelta(seconds=seconds)
