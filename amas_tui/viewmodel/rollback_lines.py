"""A rollback in lines: what it would do, how it stands, its four checks, its clock."""

from datetime import datetime, timedelta
from typing import Final

from amas_tui.actions.checks import Check, Result
from amas_tui.actions.consequence import Consequence
from amas_tui.actions.progress import Ending
from amas_tui.actions.write import Write
from amas_tui.rules.duration import clock_duration
from amas_tui.viewmodel.preview_lines import ENDING_SIGN, ENDING_TONE, write_lines
from amas_tui.viewmodel.text import Line, Span, Tone, merge, pad, wrap

_TONE: Final = {
    Result.PASSED: Tone.GOOD,
    Result.PENDING: Tone.BUSY,
    Result.FAILED: Tone.BAD,
    Result.UNKNOWN: Tone.DIM,
}
_SIGN: Final = {
    Result.PASSED: "✔",
    Result.PENDING: "◌",
    Result.FAILED: "✖",
    Result.UNKNOWN: "?",
}
_NAME_CELLS: Final = 18


def rollback_lines(
    sentences: tuple[str, ...],
    first: Consequence | None,
    writes: tuple[Write, ...],
    refusal: str,
    hint: str,
    by_hand: tuple[tuple[str, str], ...],
    width: int,
) -> tuple[Line, ...]:
    """Return what a rollback would do, or why it cannot be done, and what a hand does for it."""
    lines: list[Line] = []
    for number, sentence in enumerate(sentences):
        tone = Tone.STRONG if number == 0 else Tone.NORMAL
        lines += wrap((Span(sentence, tone),), width, limit=3, indent=2)
    if refusal:
        lines += wrap((Span(f"✖ cannot roll back: {refusal}", Tone.BAD),), width, limit=5, indent=2)
        if hint:
            lines += wrap((Span(f"  {hint}", Tone.DIM),), width, limit=3, indent=2)
    for words, command in by_hand:
        lines += wrap((Span(words, Tone.WARN),), width, limit=3, indent=2)
        lines += wrap((Span(f"  {command}", Tone.KEY),), width, limit=6, indent=4)
    if first is not None and not refusal:
        for what, before, after in first.numbers:
            lines.append((Span(f"{what}: "), Span(before), Span(" → "), Span(after, Tone.STRONG)))
        for warning in first.warnings:
            lines += wrap((Span(f"⚠ {warning}", Tone.WARN),), width, limit=3, indent=2)
    if not refusal:
        lines.append(())
        for write in writes:
            lines += write_lines(write, width)
    return tuple(lines)


def check_line(check: Check) -> Line:
    """Return one check: its sign, its name, what was found."""
    return merge(
        (
            Span(f" {_SIGN[check.result]} ", _TONE[check.result]),
            Span(pad(check.name, _NAME_CELLS), Tone.STRONG),
            Span(check.words, _TONE[check.result]),
        )
    )


def running_lines(
    ending: Ending,
    move: str,
    sent: tuple[str, ...],
    checks: tuple[Check, ...],
    trouble: str,
    clock: tuple[timedelta, timedelta],
    width: int,
) -> tuple[Line, ...]:
    """Return how a rollback stands.

    Args:
        ending: How it ended so far.
        move: What comes next, in words.
        sent: What was sent, in order.
        checks: The four checks.
        trouble: What went wrong last.
        clock: How long it has run, and how long it may.
        width: Cells.
    """
    ran, budget = clock
    left = max(timedelta(0), budget - ran)
    tone = ENDING_TONE[ending]
    words = str(ending) if ending is not Ending.WAITING else f"next: {move}"
    head = merge(
        (
            Span(f"{ENDING_SIGN[ending]} {words}", tone),
            Span(f"   {ran.total_seconds():.0f}s of {clock_duration(budget)}", Tone.DIM),
            Span("" if ending.is_final else f", {clock_duration(left)} left", Tone.DIM),
        )
    )
    lines: list[Line] = [head, ()]
    if sent:
        lines.append((Span(f"sent: {', '.join(sent)}", Tone.DIM),))
    for check in checks:
        lines += wrap(check_line(check), width, limit=2, indent=22)
    if trouble:
        lines += ((), *wrap((Span(f"⚠ {trouble}", Tone.WARN),), width, limit=4, indent=2))
    return tuple(lines)


def clock(began: datetime, ended: timedelta | None, now: datetime) -> timedelta:
    """Return how long a rollback has run, or ran."""
    return ended or now - began
