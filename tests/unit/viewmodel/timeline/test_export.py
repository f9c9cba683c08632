import json
import stat
from pathlib import Path

from amas_tui.ui.exports import write_story
from amas_tui.viewmodel.timeline.export import to_json, to_markdown
from tests import builders as b
from tests.builders import NOW
from tests.unit.viewmodel.timeline.test_rollbacks import CAUSE, halted


def test_json_holds_moments_and_rollback_events_with_times_in_utc() -> None:
    document = to_json(halted(), "prod-eu", NOW)
    assert (document["kind"], document["context"]) == ("RolloutTimeline", "prod-eu")
    assert document["at"] == "2026-03-04T14:07:21Z"
    (event,) = document["rollbackEvents"]
    assert (event["revision"], event["cause"], event["exposedSeconds"]) == ("2", CAUSE, 300.0)
    assert {moment["sort"] for moment in document["moments"]} >= {"update", "weight", "rollback"}
    assert json.loads(json.dumps(document)) == document


def test_markdown_lists_what_happened_and_when() -> None:
    text = to_markdown(halted(), "prod-eu", NOW)
    assert text.startswith("# checkout: timeline\n")
    assert "| 2026-03-04T14:04:22Z | Traffic weight updated from 50 to 0 | event |" in text
    assert "revision 2 taken back by the controller" in text


def test_foreign_text_stays_text_in_markdown() -> None:
    hostile = b.event("Failed", "| [x](http://evil) <b> `rm`", kind="Warning")
    text = to_markdown(b.scene(b.rollout(), hostile), "prod", NOW)
    assert r"\| \[x\](http://evil) \<b\> \`rm\`" in text


SECRET = "hunter2"  # noqa: S105 - the one that must not be seen


def test_no_query_and_no_argument_is_exported() -> None:
    run = b.analysis_run(
        metrics=[b.metric(query=f"rate(x{{token='{SECRET}'}}[1m])")],
        args=[{"name": "token", "value": SECRET}],
        phase="Failed",
        results=[
            b.result(
                phase="Failed",
                failed=1,
                measured=[
                    b.measurement("Failed", "[0]", metadata={"ResolvedPrometheusQuery": SECRET})
                ],
            )
        ],
    )
    scene = b.scene(b.rollout(), run)
    assert SECRET not in to_markdown(scene, "c", NOW)
    assert SECRET not in json.dumps(to_json(scene, "c", NOW))


def test_the_files_are_for_this_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    paths = write_story(halted(), "prod-eu", NOW, folder)
    assert [path.name for path in paths] == [
        "shop-checkout-20260304T140721.md",
        "shop-checkout-20260304T140721.json",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert json.loads(paths[1].read_text())["kind"] == "RolloutTimeline"
