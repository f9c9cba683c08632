"""The doctor's checks as lines, and the Role that is missing."""

from collections.abc import Iterable
from typing import Final

from amas_tui.store.checks import Check, Result
from amas_tui.viewmodel.text import Line, Span, Tone, wrap

_LOOK: Final = {
    Result.OK: ("✔", Tone.GOOD),
    Result.WARNING: ("!", Tone.WARN),
    Result.FAILED: ("✖", Tone.BAD),
    Result.UNKNOWN: ("?", Tone.DIM),
}
_LIMIT: Final = 6
_NAME: Final = 32


def doctor_lines(checks: Iterable[Check], width: int) -> tuple[Line, ...]:
    """Return each check with its evidence, and below it what to do."""
    lines: list[Line] = []
    for check in checks:
        sign, tone = _LOOK[check.result]
        head = Span(f"{sign} {check.name:<{_NAME}} ", tone)
        lines += wrap((head, Span(check.evidence)), width, limit=_LIMIT, indent=_NAME + 3)
        if check.remedy:
            remedy = (Span(" " * (_NAME + 3)), Span(f"→ {check.remedy}", Tone.STRONG))
            lines += wrap(remedy, width, limit=_LIMIT, indent=_NAME + 5)
    return tuple(lines)
