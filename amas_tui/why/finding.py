"""What a cause is, and what it finds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final

from amas_tui.actions.verb import Verb
from amas_tui.why.case import Case


class Severity(IntEnum):
    """How much a finding asks of whoever reads it, the most urgent first."""

    TROUBLE = 0
    """Something is wrong and does not go away by itself."""
    HUMAN = 1
    """Nothing is wrong: somebody has to decide."""
    NOTICE = 2
    """Worth knowing before one acts."""
    COURSE = 3
    """It takes its time and goes on by itself: no cause for anything."""


class Chapter(StrEnum):
    """A troubleshooting chapter of the progressive delivery guide."""

    STUCK = "Rollout Stuck"
    ANALYSIS = "Analysis Failures"
    TRAFFIC = "Traffic Split Issues"
    ROLLBACK = "Rollback Issues"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact behind a finding.

    Attributes:
        thing: The object, as kubectl writes it: `pod/checkout-7d4b9c6f8-x2x9p`.
        where: The field, in the API's words.
        value: What stands there.
        since: When that began, `None` where the API does not tell.
    """

    thing: str
    where: str
    value: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one cause has to say of one rollout.

    Attributes:
        sentence: Subject, measured value, limit, without a full stop. It can stand alone, and it
            can follow a colon: `Halted at 20 %: success-rate 0.812 < 0.95, 1 of 4 failed`.
        short: The same in the few cells of the board's last column.
        following: What happens next, or what somebody has to do; a whole sentence.
        since: When it began, `None` where the API does not tell.
        verbs: The verbs that help, the most fitting first.
        look: The command that shows more of it; empty for none.
        run: What to type in a shell; empty for nothing.
        is_whole: Whether the sentence says how the rollout stands, so that nothing need precede it.
    """

    sentence: str
    short: str
    following: str = ""
    since: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    verbs: tuple[Verb, ...] = ()
    look: str = ""
    run: str = ""
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """A named reason why a rollout stands as it does.

    Attributes:
        id: Names it in JSON, in tests and in the catalogue.
        title: What it is, for the catalogue.
        remedy: What helps, for the catalogue.
        specificity: The more exactly it names what is wrong, the higher; the highest is said first.
        find: The finding, `None` where this is not the cause.
        source: Where the rule comes from.
        chapters: The guide's chapters that it answers.
    """

    id: str
    title: str
    remedy: str
    severity: Severity
    specificity: int
    find: Callable[[Case], Finding | None] = field(repr=False)
    source: str = ""
    chapters: tuple[Chapter, ...] = ()

    @property
    def is_headline(self) -> bool:
        """Return whether it says how the rollout stands, and not only what stands beside it."""
        is_aside = self.severity is Severity.COURSE and self.specificity < _ASIDE
        return self.severity is not Severity.NOTICE and not is_aside


_ASIDE: Final = 40


@dataclass(frozen=True, slots=True)
class Found:
    """A cause with what it found."""

    cause: Cause
    finding: Finding
