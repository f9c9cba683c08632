from datetime import timedelta

from amas_tui.store.logs import MAX_LINES, LogBook, LogChoice, LogLine, Voice
from amas_tui.viewmodel.logs_panel import log_lines, logs_lines
from amas_tui.viewmodel.text import Tone, line_width, plain
from tests.builders import NOW


def line(text: str = "started", *, seconds: float = 0, role: str = "canary") -> LogLine:
    at = NOW + timedelta(seconds=seconds)
    return LogLine(at, role, "checkout-7d4b9c6f8-abcde", "app", text)


def test_a_line_tells_time_role_pod_and_words() -> None:
    (shown,) = log_lines(line(), 80, NOW.tzinfo)
    assert plain(shown) == " 14:07:21 C abcde started"
    assert shown[0].tone is Tone.CANARY
    (stable,) = log_lines(line(role="stable"), 80, NOW.tzinfo)
    assert plain(stable)[10] == "S"


def test_a_long_line_wraps_within_the_width() -> None:
    shown = log_lines(line("word " * 30), 40, NOW.tzinfo)
    assert len(shown) > 2
    assert all(line_width(one) <= 40 for one in shown)


def test_the_last_line_of_the_panel_says_what_is_read_and_how_to_read_more() -> None:
    book = LogBook(LogChoice(Voice.BOTH, previous=True)).after([line()], sources=3)
    *_, title = logs_lines(book, 120)
    assert plain(title).startswith(" canary and stable pods, previous run  3 containers, 1 lines")
    assert "l others" in plain(title)


def test_without_pods_it_says_so() -> None:
    first, _ = logs_lines(LogBook(LogChoice(Voice.CANARY)), 80)
    assert plain(first) == " there are no canary pods"


def test_the_new_pods_of_a_blue_green_rollout_are_its_preview() -> None:
    first, _ = logs_lines(LogBook(LogChoice(Voice.CANARY)), 80, new="preview")
    assert plain(first) == " there are no preview pods"
    book = LogBook(LogChoice(Voice.BOTH)).after([line()], sources=1)
    one, title = logs_lines(book, 120, NOW.tzinfo, "preview")
    assert plain(one)[10] == "P"
    assert plain(title).startswith(" preview and stable pods")


def test_a_book_holds_lines_in_the_order_of_their_times() -> None:
    book = LogBook().after([line("b", seconds=2)], 1).after([line("a", seconds=1)], 1)
    assert [one.text for one in book.lines] == ["a", "b"]


def test_a_book_forgets_the_oldest_lines_and_counts_them() -> None:
    many = [line(str(n), seconds=n) for n in range(MAX_LINES + 7)]
    book = LogBook().after(many, 1)
    assert (len(book.lines), book.lines[0].text, book.forgotten) == (MAX_LINES, "7", 7)
    assert book.after([line("x", seconds=1e6)], 1).forgotten == 8
