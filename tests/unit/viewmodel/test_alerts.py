"""What wakes somebody, once."""

import json

import pytest

from amas_tui.domain.rollout import Rollout
from amas_tui.store.snapshot import Snapshot
from amas_tui.viewmodel.alerts import Alarm, Alert, terminal_notice
from tests import builders as b
from tests.builders import NEW, NOW
from tests.unit.pipeline import test_until as states


def picture(rollout: Rollout) -> Snapshot:
    return b.scene(rollout, b.replica_set(NEW, revision=2), b.stable_set(revision=1)).snapshot


def alerts(*rollouts: Rollout) -> list[Alert]:
    alarm = Alarm()
    return [one for rollout in rollouts for one in alarm.after(picture(rollout), "prod", NOW)]


@pytest.mark.parametrize(
    ("rollout", "event"),
    [
        (states.halted(states.FAILED), "rollback"),
        (states.halted(""), "rollback"),
        (b.rollout(phase="Degraded", message="ProgressDeadlineExceeded: x"), "halt"),
        (b.rollout(phase="Paused", paused="InconclusiveAnalysisRun"), "halt"),
        (b.rollout(phase="Degraded", conditions=[b.invalid("x")]), "halt"),
    ],
)
def test_a_rollback_and_a_halt_are_told(rollout: Rollout, event: str) -> None:
    (one,) = alerts(states.scaling(), rollout)
    assert (one.event, one.key.name, one.context) == (event, "checkout", "prod")
    assert one.sentence
    told = json.loads(json.dumps(one.to_json()))
    assert (told["kind"], told["event"], told["version"]) == ("RolloutAlert", event, "v2.0.0")


@pytest.mark.parametrize("rollout", [states.timed(), states.waiting(), states.healthy()])
def test_what_goes_its_way_wakes_nobody(rollout: Rollout) -> None:
    assert alerts(states.scaling(), rollout) == []


def test_what_was_so_at_the_start_is_no_news() -> None:
    assert alerts(states.halted("")) == []


def test_an_abort_and_its_cause_a_moment_later_are_one_event() -> None:
    assert len(alerts(states.scaling(), states.halted(""), states.halted(states.FAILED))) == 1


def test_a_second_rollback_is_told_again() -> None:
    found = alerts(
        states.scaling(), states.halted(""), states.scaling(), states.halted(states.FAILED)
    )
    assert len(found) == 2


def test_a_notice_rings_and_holds_no_foreign_escape() -> None:
    (one,) = alerts(states.scaling(), states.halted(""))
    evil = Alert("halt", one.key, "c", 1, "v1", "bad\x1b]0;title\x07;end", NOW)
    notice = terminal_notice(evil)
    assert notice.startswith("\a\x1b]9;checkout: halt: bad]0;title;end\x1b\\")
    assert notice.endswith("\x1b]777;notify;checkout: halt;bad]0,title,end\x1b\\")
    assert notice.count("\x1b") == 4
    assert notice.count("\a") == 1
