from datetime import timedelta

from amas_tui.store.scene import Scene
from amas_tui.viewmodel.text import line_width, plain
from amas_tui.viewmodel.timeline.lines import rollback_words, timeline_lines
from amas_tui.viewmodel.timeline.moments import moments
from amas_tui.viewmodel.timeline.rollbacks import rollbacks
from tests import builders as b
from tests.builders import NEW, NOW, ago

CAUSE = 'Step-based analysis phase error/failed: Metric "success-rate" assessed Failed'


def halted() -> Scene:
    return b.scene(
        b.rollout(abort=True, aborted_at=ago(minutes=3)),
        b.replica_set(NEW),
        b.event("RolloutUpdated", "Rollout updated to revision 2", at=ago(minutes=8)),
        b.event(
            "RolloutAborted",
            f"Rollout aborted update to revision 2: {CAUSE}",
            kind="Warning",
            at=ago(minutes=3),
        ),
        b.event(
            "TrafficWeightUpdated",
            "Traffic weight updated from 50 to 0",
            at=ago(minutes=2, seconds=59),
        ),
    )


def test_an_automatic_rollback_tells_cause_exposure_and_how_long_it_took() -> None:
    (event,) = rollbacks(moments(halted()))
    assert (event.revision, event.cause, event.by) == ("2", CAUSE, "the controller")
    assert event.exposed == timedelta(minutes=5)
    assert event.took == timedelta(seconds=1)
    assert rollback_words(event) == (
        f"revision 2 taken back by the controller; {CAUSE}; after 5m of rollout; "
        "no traffic on it 1s later"
    )


def test_an_abort_by_hand_names_the_person_where_our_own_event_does() -> None:
    words = b.event("RolloutAborted", "Rollout aborted update to revision 2", at=ago(minutes=3))
    ours = b.event("Abort", "oncall@corp aborted", reporter="amas-tui", at=ago(minutes=3))
    (unknown,) = rollbacks(moments(b.scene(b.rollout(), words)))
    (known,) = rollbacks(moments(b.scene(b.rollout(), words, ours)))
    assert (unknown.cause, unknown.by) == ("", "a person, unknown")
    assert known.by == "oncall@corp aborted"


def test_what_was_not_seen_is_not_guessed() -> None:
    aborted = b.event("RolloutAborted", f"Rollout aborted update to revision 2: {CAUSE}")
    (event,) = rollbacks(moments(b.scene(b.rollout(), aborted)))
    assert (event.exposed, event.took) == (None, None)


def test_the_panel_ends_with_the_rollback_events_and_keeps_the_width() -> None:
    lines = timeline_lines(halted(), NOW, 60)
    shown = [plain(line) for line in lines]
    assert " 1 rollback event" in shown
    assert "x export" in shown[-1]
    assert all(line_width(line) <= 60 for line in lines)


def test_warnings_that_repeat_each_other_do_not_bury_the_story() -> None:
    same = [
        b.event("Unhealthy", "probe failed", kind="Warning", at=ago(seconds=90 - n))
        for n in range(30)
    ]
    here = b.scene(b.rollout(), *same, b.event("RolloutUpdated", "begun", at=ago(minutes=3)))
    shown = [plain(line) for line in timeline_lines(here, NOW, 80)]
    told = [text for text in shown if "probe failed" in text]
    assert len(told) == 1
    assert "×30" in told[0]


def test_without_a_rollback_there_is_no_such_heading() -> None:
    shown = [plain(line) for line in timeline_lines(b.scene(b.healthy()), NOW, 80)]
    assert not any("rollback event" in text for text in shown)


def test_a_promote_shortly_before_an_abort_did_not_take_anything_back() -> None:
    words = b.event("RolloutAborted", "Rollout aborted update to revision 2", at=ago(minutes=3))
    promote = b.event(
        "P", "promote by ann with amas-tui", reporter="amas-tui", at=ago(minutes=3, seconds=6)
    )
    abort = b.event("A", "abort by ben with amas-tui", reporter="amas-tui", at=ago(minutes=3))
    (event,) = rollbacks(moments(b.scene(b.rollout(), words, promote, abort)))
    assert event.by == "ben with amas-tui"
