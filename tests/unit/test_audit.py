import json
import stat
from pathlib import Path

import pytest

from amas_tui.actions.record import Record
from amas_tui.actions.write import Operation, Write
from amas_tui.audit import AuditFile, from_line, to_json
from amas_tui.store.kinds import Kind
from tests.builders import NOW, key

ONE = Record(
    at=NOW,
    who="oncall@corp",
    context="prod-eu",
    object="rollouts/checkout/status in shop",
    action="abort",
    outcome="sent",
    seconds=0.0421,
    patch=({"op": "add", "path": "/status/abort", "value": True},),
    reason="latency",
)


def test_lines_are_added_to_a_private_file_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "audit.jsonl"
    first, second = AuditFile(path), AuditFile(path)
    first.write(ONE)
    second.write(ONE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(path.read_text().splitlines()) == 2
    (read, _) = first.recent()
    assert (read.who, read.action, read.outcome, read.reason) == (
        "oncall@corp",
        "abort",
        "sent",
        "latency",
    )
    assert read.at == NOW


def test_a_line_says_all_that_is_asked_for() -> None:
    assert set(to_json(ONE)) == {
        "time",
        "who",
        "context",
        "object",
        "action",
        "outcome",
        "seconds",
        "reason",
        "patch",
    }


@pytest.mark.parametrize("line", ["", "{", "[]", '{"time": "x"}', '{"time": 1, "seconds": []}'])
def test_a_line_that_was_cut_short_is_left_out(line: str) -> None:
    assert from_line(line) is None


def test_a_place_that_cannot_be_written_stops_nobody_and_forgets_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ledger = AuditFile(tmp_path / "file" / "audit.jsonl")
    ledger.write(ONE)
    assert ledger.recent() == (ONE,)


def test_a_template_is_noted_by_its_images_and_a_hash_never_by_its_variables() -> None:
    secret = {"name": "PASSWORD", "value": "hush"}
    template = {"spec": {"containers": [{"image": "app:v2", "env": [secret]}]}}
    write = Write(Kind.ROLLOUTS, key(), (Operation("replace", "/spec/template", template),))
    (noted,) = write.noted()
    assert noted["value"]["images"] == ["app:v2"]
    assert "hush" not in json.dumps(noted)
