from amas_tui.ui.plot import chart_lines
from amas_tui.viewmodel.chart import Chart, Curve
from amas_tui.viewmodel.text import Tone, plain

AXIS = (0.0, 75.0)


def strip(*steps: tuple[float, str], **how: bool) -> str:
    chart = Chart(
        "x",
        AXIS,
        (0.0, 1.0),
        (Curve(((0.0, 0.5), (70.0, 0.5)), Tone.CANARY),),
        y_ticks=((0.0, "0"), (1.0, "1")),
        steps=steps,
    )
    lines = chart_lines(chart, 80, 10, **how)
    assert len(lines) == 10
    return plain(lines[-1])


def test_each_step_stands_at_its_moment_and_holds_until_the_next() -> None:
    assert strip((0.0, "0"), (10.0, "25"), (20.0, "50"), (40.0, "")) == (
        "   % 0─────────25────────50──────────────────"
    )


def test_a_step_from_before_the_axis_begins_with_it() -> None:
    assert strip((-50.0, "5"), (10.0, "")) == "   % 5─────────"


def test_steps_too_near_to_each_other_are_left_out() -> None:
    assert strip((0.0, "100"), (1.0, "0"), (9.0, "")) == "   % 100──────"


def test_the_strip_stands_under_the_axis() -> None:
    chart = Chart("x", AXIS, (0.0, 1.0), (Curve(((0.0, 0.5),), Tone.CANARY),), ((0.0, "0.12345"),))
    bare = chart_lines(chart, 80, 9)
    with_steps = chart_lines(
        Chart(chart.title, chart.x, chart.y, chart.curves, chart.y_ticks, steps=((0.0, "7"),)),
        80,
        10,
    )
    label = next(text for line in bare if "0.12345" in (text := plain(line)))
    assert plain(with_steps[-1]).index("7") == label.index("0.12345") + len("0.12345┤")


def test_in_ascii_the_strip_is_ascii() -> None:
    assert strip((0.0, "0"), (10.0, ""), ascii_only=True) == "   % 0---------"
