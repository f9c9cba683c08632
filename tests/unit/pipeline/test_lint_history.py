"""What a gate would have said of the past."""

from typing import Any

import pytest

from amas_tui.domain.analysis import Metric
from amas_tui.pipeline.lint.history import preview

GOOD = "result[0] >= 0.95"


def metric(**more: Any) -> Metric:
    fields: dict[str, Any] = {
        "name": "success-rate",
        "success_condition": GOOD,
        "count": 3,
        "failure_limit": 1,
    }
    return Metric(**fields | more)


def said(*values: float, **more: Any) -> Any:
    points = [(float(10 * n), value) for n, value in enumerate(values)]
    return preview("success-rate", metric(**more), 7, "abc", points)


def test_a_good_past_halts_nothing() -> None:
    found = said(0.99, 1.0, 0.98, 0.97)
    assert (found.values, found.halts, found.gates) == (4, 0, 2)
    assert found.sentence == (
        "success-rate at revision 7 (abc): 30s of history, 4 Successful; "
        "0 of 2 gates would have halted the update"
    )


def test_a_gate_halts_with_one_failure_more_than_is_borne() -> None:
    assert said(0.9, 0.99, 0.99).halts == 0
    assert said(0.9, 0.9, 0.99).halts == 1
    assert said(0.9, 0.9, 0.99, failure_limit=2).halts == 0


def test_both_conditions_leave_values_undecided() -> None:
    found = said(0.9, 0.99, float("nan"), failure_condition="result[0] < 0.5")
    assert dict(found.phases) == {"Inconclusive": 2, "Successful": 1}


@pytest.mark.parametrize(
    ("values", "more", "words"),
    [
        ((), {}, "no history"),
        ((1.0,), {"success_condition": "fancy(result)"}, "cannot be evaluated here"),
    ],
)
def test_why_there_is_nothing_is_told(
    values: tuple[float, ...], more: dict[str, Any], words: str
) -> None:
    found = said(*values, **more)
    assert words in found.sentence
    assert found.to_json()["problem"]


def test_a_history_shorter_than_a_gate_is_one_gate() -> None:
    assert said(0.9).gates == 1
