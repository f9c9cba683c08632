"""The audit file: one line of JSON for every write and every ending, added to and never changed.

It holds what was done to what, by whom and with what outcome; never a credential, and of a pod
template its images and a hash alone.
"""

import json
import logging
import os
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from amas_tui.actions.record import Record
from amas_tui.safe import safe

log = logging.getLogger(__name__)

RECENT: Final = 200
"""Lines that are shown of the file."""


def audit_path() -> Path:
    """Return where the audit file is: in `$XDG_STATE_HOME/amas-tui`."""
    from platformdirs import user_state_path  # noqa: PLC0415 - only where something is written

    return user_state_path("amas-tui") / "audit.jsonl"


class AuditFile:
    """The audit file behind `ports.Ledger`. What cannot be written is kept in memory and logged."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._own: list[Record] = []

    @property
    def path(self) -> Path:
        """Return where it is."""
        if self._path is None:
            self._path = audit_path()
        return self._path

    def write(self, record: Record) -> None:
        """Add a line; a full disk stops nobody from acting."""
        self._own.append(record)
        line = json.dumps(to_json(record), ensure_ascii=False, separators=(",", ":")) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
            descriptor = os.open(self.path, flags, 0o600)
            try:
                os.write(descriptor, line.encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            log.error("the audit file cannot be written: %s", error)  # noqa: TRY400

    def recent(self) -> tuple[Record, ...]:
        """Return the newest lines of the file, oldest first; without it, those of this run."""
        try:
            with self.path.open(encoding="utf-8", errors="replace") as lines:
                newest = deque(lines, RECENT)
        except OSError:
            return tuple(self._own[-RECENT:])
        return tuple(record for line in newest if (record := from_line(line)) is not None)


def to_json(record: Record) -> dict[str, Any]:
    """Return a record as the file holds it."""
    return {
        "time": record.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "who": record.who,
        "context": record.context,
        "object": record.object,
        "action": record.action,
        "outcome": record.outcome,
        "seconds": round(record.seconds, 3),
        **({"reason": record.reason} if record.reason else {}),
        **({"patch": list(record.patch)} if record.patch else {}),
    }


def from_line(line: str) -> Record | None:
    """Return the record of a line, `None` where it is cut short or of another make."""
    try:
        raw = json.loads(line)
        return _record(raw) if isinstance(raw, Mapping) else None
    except (ValueError, TypeError):
        return None


def _record(raw: Mapping[str, Any]) -> Record:
    def text(name: str) -> str:
        return safe(str(raw.get(name, "")))

    return Record(
        at=datetime.fromisoformat(str(raw.get("time"))).astimezone(UTC),
        who=text("who"),
        context=text("context"),
        object=text("object"),
        action=text("action"),
        outcome=text("outcome"),
        seconds=float(raw.get("seconds") or 0.0),
        reason=text("reason"),
    )
