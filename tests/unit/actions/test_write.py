from datetime import datetime, timedelta, timezone

from amas_tui.actions.write import Operation, Write, api_pauses, api_time
from amas_tui.actions.write import tests as guards
from amas_tui.domain.base import Key
from amas_tui.store.kinds import Kind
from tests.builders import NOW, ago, rollout


def test_a_write_is_compact_json_and_null_reaches_the_wire() -> None:
    write = Write(
        Kind.ROLLOUTS,
        Key("shop", "checkout"),
        (
            *guards([("/status/abort", None), ("/metadata/uid", "ü")]),
            Operation("remove", "/a"),
            Operation("add", "/b", value=None),
        ),
        "status",
    )
    assert write.body.decode() == (
        '[{"op":"test","path":"/status/abort","value":null},'
        '{"op":"test","path":"/metadata/uid","value":"ü"},'
        '{"op":"remove","path":"/a"},{"op":"add","path":"/b","value":null}]'
    )
    assert write.target == "rollouts/checkout/status in shop"
    assert [operation.op for operation in write.changes] == ["remove", "add"]


def test_a_write_to_the_object_itself_names_no_subresource() -> None:
    assert Write(Kind.ROLLOUTS, Key("shop", "a"), ()).target == "rollouts/a in shop"


def test_times_are_written_as_the_api_writes_them() -> None:
    east = timezone(timedelta(hours=2))
    assert api_time(datetime(2026, 3, 4, 16, 7, 21, 999_999, tzinfo=east)) == "2026-03-04T14:07:21Z"
    assert api_time(NOW) == "2026-03-04T14:07:21Z"


def test_pause_conditions_are_written_as_the_api_holds_them() -> None:
    one = rollout(paused=["CanaryPauseStep"], paused_at=ago(minutes=2))
    assert api_pauses(one.status.pause_conditions) == [
        {"reason": "CanaryPauseStep", "startTime": "2026-03-04T14:05:21Z"}
    ]
    timeless = rollout(status={"pauseConditions": [{"reason": "X"}]})
    assert api_pauses(timeless.status.pause_conditions) == [{"reason": "X"}]
    assert api_pauses(()) is None
