"""What is kept of a write: a line of the audit file, and an Event on the rollout."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Note:
    """What is left on a rollout as a Kubernetes Event."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the audit file.

    Attributes:
        who: The user's name.
        object: What was written to, in words.
        patch: The operations; empty for a line that tells how it ended.
        seconds: How long it took.
        reason: Why, in the user's words.
    """

    at: datetime
    who: str
    context: str
    object: str
    action: str
    outcome: str
    seconds: float
    patch: tuple[Mapping[str, Any], ...] = ()
    reason: str = ""
