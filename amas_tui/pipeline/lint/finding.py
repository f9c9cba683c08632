"""A fault: where, what, what happens, and the fix."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from amas_tui.pipeline.lint.document import Bundle, Document, Path, dotted
from amas_tui.safe import safe


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """The controller refuses it, or it cannot do what it says."""
    WARNING = "warning"
    """It works, until the day that it is needed."""
    NOTE = "note"
    """Something could not be looked at."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule says.

    Attributes:
        path: Of the part that is wrong.
        what: What is wrong, with the value.
        happens: What comes of it.
        fix: The remedy, as an imperative.
    """

    path: Path
    what: str
    happens: str
    fix: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault in its place.

    Attributes:
        line: 0 for a live object.
        rule: The rule's name.
        source: Where upstream, or in which reference, that rule comes from.
    """

    file: str
    line: int
    rule: str
    severity: Severity
    path: str
    what: str
    happens: str
    fix: str
    source: str

    @property
    def place(self) -> str:
        """Return `FILE:LINE`, or object and path for a live one."""
        return f"{self.file}:{self.line}" if self.line else f"{self.file} {self.path}".rstrip()

    def to_json(self) -> dict[str, Any]:
        """Return it for `-o json`."""
        names = ("file", "line", "path", "severity", "rule", "what", "happens", "fix", "source")
        return {name: getattr(self, name) for name in names}


Check = Callable[[Document, Bundle], Iterator[Fault]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        kinds: What it looks at.
        source: The upstream file and function, or the document that states it.
    """

    name: str
    kinds: tuple[str, ...]
    source: str
    check: Check

    def findings(self, document: Document, bundle: Bundle) -> Iterator[Finding]:
        """Yield what is wrong with a document."""
        for fault in self.check(document, bundle):
            yield Finding(
                file=document.file,
                line=document.line(*fault.path),
                rule=self.name,
                severity=fault.severity,
                path=dotted(fault.path),
                what=safe(fault.what),
                happens=safe(fault.happens),
                fix=safe(fault.fix),
                source=self.source,
            )


_RULES: Final[list[Rule]] = []


def rule(name: str, *kinds: str, source: str) -> Callable[[Check], Check]:
    """Make a function a rule about objects of some kinds."""

    def register(check: Check) -> Check:
        _RULES.append(Rule(name, kinds, source, check))
        return check

    return register


def registered() -> tuple[Rule, ...]:
    """Return the rules of every module that has been imported."""
    return tuple(_RULES)


INVALID: Final = "InvalidSpec: the controller acts on nothing, abort included, until it is repaired"
PRUNED: Final = "the API server drops it without a word"
