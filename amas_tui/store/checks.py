"""What a doctor found: a check with its result, evidence and remedy."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from amas_tui.errors import Exit


class Result(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        evidence: What was seen.
        remedy: The next step, empty when there is nothing to do.
        code: What the command ends with when this is the first that failed.
    """

    name: str
    result: Result
    evidence: str
    remedy: str = ""
    code: Exit = Exit.UNEXPECTED

    def to_json(self) -> dict[str, Any]:
        """Return it for `-o json`."""
        return {
            "name": self.name,
            "result": self.result.value,
            "evidence": self.evidence,
            "remedy": self.remedy,
            "code": int(self.code),
        }
