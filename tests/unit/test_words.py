import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.rules.condition import Limit
from amas_tui.words import (
    against,
    age,
    broken_limit,
    coarse,
    number,
    step_token,
    step_words,
)
from tests.builders import NOW, Json, ago, gate, pause, rollout, weight


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (3.0, "3"),
        (-2.0, "-2"),
        (1240.0, "1240"),
        (9999.0, "9999"),
        (10_000.0, "1.00e+04"),
        (123_456.7, "1.23e+05"),
        (0.812, "0.812"),
        (0.9504, "0.95"),
        (0.5, "0.5"),
        (0.0004, "4.00e-04"),
        (2.3456, "2.35"),
        (-0.25, "-0.25"),
        (math.nan, "NaN"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_a_number_is_short(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats())
def test_no_number_is_long(value: float) -> None:
    assert 0 < len(number(value)) <= 10


@pytest.mark.parametrize(
    ("value", "operator", "text"),
    [
        (0.812, ">=", "0.812 < 0.95"),
        (0.99, ">=", "0.99 >= 0.95"),
        (0.95, ">", "0.95 <= 0.95"),
        (2, "<=", "2 > 0.95"),
        (0.5, "<", "0.5 < 0.95"),
        (2, "==", "2 != 0.95"),
    ],
)
def test_a_value_stands_against_its_limit_as_it_really_is(
    value: float, operator: str, text: str
) -> None:
    assert against(value, Limit(operator, 0.95)) == text


def test_the_limit_to_show_is_the_first_that_is_broken() -> None:
    low, high = Limit(">=", 1.0), Limit("<=", 2.0)
    assert broken_limit(3.0, (low, high)) is high
    assert broken_limit(1.5, (low, high)) is low
    assert broken_limit(1.5, ()) is None


def test_an_age_is_in_kubernetes_words_and_never_negative() -> None:
    assert age(ago(minutes=14), NOW) == "14m"
    assert age(ago(minutes=-5), NOW) == "0s"
    assert age(None, NOW) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (-3, "0s"),
        (0.2, "1s"),
        (7, "7s"),
        (15, "15s"),
        (16, "20s"),
        (58, "1m"),
        (61, "1m10s"),
        (119, "2m"),
        (600, "10m"),
        (601, "11m"),
        (3_601, "1h1m"),
    ],
)
def test_a_countdown_changes_seldom_while_there_is_much_left(seconds: float, text: str) -> None:
    assert coarse(timedelta(seconds=seconds)) == text


@given(st.integers(0, 4_000))
def test_a_countdown_never_promises_less_than_is_left(seconds: int) -> None:
    texts = [coarse(timedelta(seconds=second)) for second in range(seconds, seconds + 120)]
    assert len(set(texts)) <= 120
    if seconds > 60:
        assert len(set(texts)) <= 13


@pytest.mark.parametrize(
    ("step", "token", "words"),
    [
        pytest.param(weight(25), "25", "weight 25", id="weight"),
        pytest.param(pause("1m"), "1m", "pause 1m", id="timed pause"),
        pytest.param(pause(), "‖", "pause for a human", id="pause"),
        pytest.param(gate("a", "b"), "α", "analysis a, b", id="analysis"),
        pytest.param({"analysis": {}}, "α", "analysis", id="analysis without a template"),
        pytest.param({"experiment": {}}, "Σ", "experiment", id="experiment"),
        pytest.param(
            {"setCanaryScale": {"replicas": 2}}, "⧉", "setCanaryScale{replicas: 2}", id="scale"
        ),
        pytest.param({"plugin": {"name": "x"}}, "plg", "plugin: x", id="plugin"),
        pytest.param({"setHeaderRoute": {"name": "x"}}, "hdr", "setHeaderRoute: x", id="header"),
        pytest.param({"setMirrorRoute": {"name": "x"}}, "mir", "setMirrorRoute: x", id="mirror"),
        pytest.param({**weight(5), **gate("x")}, "5+α", "weight 5 + analysis x", id="two kinds"),
        pytest.param({}, "?", "an empty step", id="none"),
    ],
)
def test_a_step_has_a_token_and_words(step: Json, token: str, words: str) -> None:
    (found,) = rollout(steps=[step]).steps
    assert (step_token(found), step_words(found)) == (token, words)
