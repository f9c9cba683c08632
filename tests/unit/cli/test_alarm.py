"""The user's own command for rollbacks."""

import json
from pathlib import Path

from amas_tui.cli.alarm import run_command
from amas_tui.domain.base import Key
from amas_tui.viewmodel.alerts import Alert
from tests.builders import NOW

ALERT = Alert("rollback", Key("shop", "checkout"), "prod", 7, "v1.5.0", "Halted at 50 %", NOW)


async def test_the_event_is_on_its_stdin(tmp_path: Path) -> None:
    target = tmp_path / "event"
    assert await run_command(f"cat > {target}", ALERT, 10) == ""
    assert json.loads(target.read_text()) == ALERT.to_json()


async def test_its_failure_is_told_with_its_words() -> None:
    said = await run_command("echo 'no  route' >&2; exit 7", ALERT, 10)
    assert said.startswith("the command for rollbacks ended with 7: no")


async def test_one_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    said = await run_command(f"sleep 600 & echo $! > {marker}; wait", ALERT, 0.5)
    assert "did not end within 0.5 s" in said
    assert not runs(int(marker.read_text()))


def runs(pid: int) -> bool:
    """Return whether a process runs; one that was killed may wait for its parent to look."""
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


async def test_one_that_is_not_there_is_told() -> None:
    assert "ended with 127" in await run_command("no-such-program-here", ALERT, 10)
