from typing import Any

import pytest

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.watch import Lost
from amas_tui.errors import ForbiddenError
from amas_tui.rules.analysis import metric_states
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Fact
from amas_tui.viewmodel.analysis_panel import analysis_lines, margin, run_verdict
from amas_tui.viewmodel.text import Tone, plain
from tests.builders import (
    NOW,
    OLD,
    Json,
    Thing,
    ago,
    analysis_run,
    failed_run,
    measurement,
    metric,
    result,
    rollout,
    scene,
    weight,
)

GOOD = measurement("Successful", "[0.99]")


def lines(*things: Thing, **fields: Any) -> list[str]:
    here = scene(rollout(steps=[weight(5)] * 14, **fields), *things)
    return [plain(line).rstrip() for line in analysis_lines(here, NOW)]


@pytest.mark.parametrize(
    ("run", "sign", "words", "tone"),
    [
        pytest.param(
            analysis_run(phase="Successful", results=[result(successful=3)]),
            "✔",
            "Successful",
            Tone.GOOD,
            id="passed",
        ),
        pytest.param(failed_run(), "✖", "Failed", Tone.BAD, id="failed"),
        pytest.param(analysis_run(phase="Error"), "⚠", "Error", Tone.BAD, id="error"),
        pytest.param(
            analysis_run(phase="Inconclusive"), "?", "Inconclusive", Tone.WARN, id="inconclusive"
        ),
        pytest.param(analysis_run(phase="Running"), "◌", "Running", Tone.BUSY, id="running"),
        pytest.param(analysis_run(phase="Pending"), "◷", "Pending", Tone.DIM, id="pending"),
        pytest.param(analysis_run(phase=""), " ", "not started", Tone.DIM, id="not started"),
        pytest.param(analysis_run(phase="Dreaming"), " ", "Dreaming", Tone.DIM, id="unknown"),
        pytest.param(
            analysis_run(
                phase="Successful",
                terminate=True,
                metrics=[metric(count=6, interval="10s")],
                results=[result(count=2, successful=2)],
            ),
            "–",
            "cut short after 2 of 6",
            Tone.DIM,
            id="cut short",
        ),
        pytest.param(
            analysis_run(
                phase="Successful",
                terminate=True,
                metrics=[metric(interval="10s")],
                results=[result(count=2)],
            ),
            "–",
            "cut short after 2",
            Tone.DIM,
            id="endless, cut short",
        ),
        pytest.param(
            analysis_run(phase="Successful"),
            "⚠",
            "Successful without one good measurement",
            Tone.WARN,
            id="without data",
        ),
        pytest.param(
            analysis_run(phase="Running", terminate=True),
            "◌",
            "Running",
            Tone.BUSY,
            id="being cut short",
        ),
    ],
)
def test_a_run_never_reads_better_than_it_was(
    run: AnalysisRun, sign: str, words: str, tone: Tone
) -> None:
    assert run_verdict(run) == (sign, words, tone)


def test_a_run_says_which_step_it_is_of_and_how_old() -> None:
    head = lines(failed_run(step=7, started=ago(minutes=3)))[0]
    assert head == " ✖ Failed  step 8 of 14  checkout-7d4b9c6f8-2-1  3m"


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        ("Background", "in the background"),
        ("PrePromotion", "before promotion"),
        ("PostPromotion", "after promotion"),
        ("Odd", "Odd"),
        ("", "analysis"),
    ],
)
def test_a_run_says_what_it_is_for(type_: str, words: str) -> None:
    assert f"  {words}  " in lines(analysis_run(type_=type_))[0]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        pytest.param(
            {"metrics": [metric(count=4, interval="10s")], "results": [result(count=2)]},
            "◌ success-rate  >= 0.95  2 of 4, every 10s",
            id="counted",
        ),
        pytest.param(
            {"metrics": [metric(interval="10s")], "results": [result(count=2)]},
            "◌ success-rate  >= 0.95  2 so far, every 10s",
            id="endless",
        ),
        pytest.param({}, "◷ success-rate  >= 0.95  0 of 1", id="not measured yet"),
        pytest.param(
            {"metrics": [metric("w", provider={"web": {}}, success="result.ok")]},
            "◷ w  web  0 of 1",
            id="another provider",
        ),
        pytest.param(
            {"metrics": [metric(success="", provider={"future": {}})]},
            "◷ success-rate  no condition  0 of 1",
            id="nothing known",
        ),
        pytest.param(
            {"dry_run": [".*"]},
            "◷ success-rate  >= 0.95  0 of 1  dry-run: has no say",
            id="dry-run",
        ),
    ],
)
def test_a_metric_says_limit_count_and_interval(fields: Json, line: str) -> None:
    assert lines(analysis_run(**fields))[1].strip() == line


def test_measurements_are_shown_newest_last_and_only_so_many() -> None:
    measured = [measurement("Successful", f"[0.9{n}]") for n in range(9)]
    measured += [
        measurement("Failed", "[0.8]"),
        measurement("Error"),
        measurement("Inconclusive", "[]"),
    ]
    shown = lines(analysis_run(phase="Failed", results=[result(phase="Failed", measured=measured)]))
    assert shown[2].strip() == "✔ 0.94  ✔ 0.95  ✔ 0.96  ✔ 0.97  ✔ 0.98  ✖ 0.8  ⚠ no value  ? []"


def test_the_newest_message_is_shown() -> None:
    measured = [measurement("Error", message="first"), measurement("Error", message="second"), GOOD]
    assert lines(analysis_run(results=[result(measured=measured)]))[-1].strip() == "second"


def test_the_runs_own_message_is_shown() -> None:
    assert lines(failed_run(message="why"))[1] == "   why"


@pytest.mark.parametrize(
    ("fields", "counters", "words"),
    [
        pytest.param({}, {}, "1 more failure halts", id="none tolerated"),
        pytest.param({"failureLimit": 1}, {}, "2 more failures halt", id="one tolerated"),
        pytest.param({"failureLimit": 1}, {"failed": 1}, "1 more failure halts", id="one spent"),
        pytest.param({"failureLimit": -1}, {"failed": 9}, "failures do not halt", id="disabled"),
        pytest.param({"failureLimit": "3"}, {"failed": 1}, "3 more failures halt", id="string"),
        pytest.param(
            {},
            {"consecutiveError": 2},
            "1 more failure halts; 2 errors in a row, 5 halt",
            id="errors",
        ),
        pytest.param(
            {"consecutiveErrorLimit": 0},
            {"consecutiveError": 1},
            "1 more failure halts; 1 errors in a row, 1 halt",
            id="errors, own limit",
        ),
    ],
)
def test_how_much_a_metric_may_still_fail(fields: Json, counters: Json, words: str) -> None:
    run = analysis_run(metrics=[metric(**fields)], results=[result(**counters)])
    (state,) = metric_states(run)
    assert margin(state) == words


def test_the_run_at_hand_comes_first_then_the_background_then_the_newest() -> None:
    status = {
        "canary": {
            "currentStepAnalysisRunStatus": {"name": "active"},
            "currentBackgroundAnalysisRunStatus": {"name": "back"},
        }
    }
    found = lines(
        analysis_run("new", born=ago(minutes=1)),
        analysis_run("old", born=ago(minutes=9)),
        analysis_run("back", born=ago(minutes=5)),
        analysis_run("active", born=ago(minutes=7)),
        analysis_run("other", of=OLD),
        status=status,
    )
    names = [
        name
        for line in found
        for name in ("active", "back", "new", "old", "other")
        if f"  {name}  " in line
    ]
    assert names == ["active", "back", "new", "old"]


def test_without_a_run_it_is_said() -> None:
    assert lines() == [" no analysis has run for this version"]


def test_runs_that_may_not_be_read_are_said() -> None:
    bare = scene(rollout(), unknown=[Kind.ANALYSIS_RUNS])
    assert plain(analysis_lines(bare, NOW)[0]) == " asking for analysis runs"
    lost = Lost(ForbiddenError("cannot list analysisruns: 403", status=403))
    denied = bare.snapshot.after([Fact(StreamId(Kind.ANALYSIS_RUNS, "shop"), lost, NOW)])
    (line,) = analysis_lines(Scene(bare.rollout, denied), NOW)
    assert (plain(line), line[0].tone) == (" cannot list analysisruns: 403", Tone.WARN)
