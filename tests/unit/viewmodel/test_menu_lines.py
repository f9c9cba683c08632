"""The action log: how each write ended, to the end of the sentence."""

from amas_tui.actions.record import Record
from amas_tui.viewmodel.menu_lines import log_lines
from amas_tui.viewmodel.text import line_width, plain
from tests.builders import NOW

WROTE = Record(
    at=NOW,
    who="oncall",
    context="prod",
    object="deployments/accounts in night",
    action="undo",
    outcome="sent, but written back: argocd-controller put the pod template of deployment back",
    seconds=21.0,
)


def test_how_a_write_ended_is_read_to_its_end_on_eighty_columns() -> None:
    lines = log_lines((WROTE,), NOW)
    assert all(line_width(line) <= 66 for line in lines)
    text = " ".join(plain(line).strip() for line in lines)
    assert WROTE.outcome in text
    assert "oncall@prod" in text


def test_the_newest_is_first_and_nothing_is_said_so() -> None:
    older = Record(
        at=NOW, who="", context="", object="a", action="abort", outcome="done", seconds=1
    )
    first, *_ = log_lines((older, WROTE), NOW)
    assert "undo" in plain(first)
    assert [plain(line) for line in log_lines((), NOW)] == ["nothing was done yet"]
