import pytest

from amas_tui.demo.analysis.durations import seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("5s", 5), ("1h2m3s", 3_723), ("1.5m", 90), ("250ms", 0.25), (".5s", 0.5),
     ("-2s", -2), ("+2s", 2), ("1µs", 1e-6)],
)  # fmt: skip
def test_go_durations_are_read_in_seconds(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", 'time: invalid duration ""'),
        ("soon", 'time: invalid duration "soon"'),
        ("5", 'time: missing unit in duration "5"'),
        ("5s3", 'time: missing unit in duration "5s3"'),
        ("5d", 'time: unknown unit "d" in duration "5d"'),
        ("-", 'time: invalid duration "-"'),
    ],
)
def test_what_is_none_is_refused_in_the_words_of_go(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}$"):
        seconds(text)
