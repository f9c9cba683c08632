from typing import Any

import pytest

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.watch import Lost
from amas_tui.errors import ForbiddenError
from amas_tui.rules.analysis import metric_states
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Fact
from amas_tui.viewmodel.analysis_panel import analysis_lines, analysis_rows, run_verdict
from amas_tui.viewmodel.analysis_words import margin
from amas_tui.viewmodel.text import Tone, plain
from tests.builders import (
    NEW,
    NOW,
    OLD,
    Json,
    Thing,
    ago,
    analysis_run,
    experiment,
    failed_run,
    gate,
    measurement,
    metric,
    result,
    rollout,
    scene,
    template,
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


def test_every_measurement_that_is_kept_is_shown_and_earlier_ones_counted() -> None:
    measured = [measurement("Successful", f"[0.9{n}]") for n in range(1, 4)]
    measured += [
        measurement("Failed", "[0.8]"),
        measurement("Error"),
        measurement("Inconclusive", "[]"),
    ]
    own = result(phase="Failed", measured=measured, count=9, error=1)
    shown = lines(analysis_run(phase="Failed", results=[own]))
    assert shown[2].strip() == ("… 4 earlier  ✔ 0.91  ✔ 0.92  ✔ 0.93  ✖ 0.8  ⚠ no value  ? []")


def test_the_newest_message_is_shown() -> None:
    measured = [measurement("Error", message="first"), measurement("Error", message="second"), GOOD]
    assert "     second" in lines(analysis_run(results=[result(measured=measured)]))
    assert "     first" not in lines(analysis_run(results=[result(measured=measured)]))


@pytest.mark.parametrize(
    ("newest", "fields", "words"),
    [
        pytest.param(
            measurement("Error", message="no such host"),
            {},
            "an error is asked again after 10 s, whatever the interval; 5 in a row halt",
            id="error",
        ),
        pytest.param(
            measurement("Error"),
            {"consecutiveErrorLimit": 1},
            "an error is asked again after 10 s, whatever the interval; 2 in a row halt",
            id="error, own limit",
        ),
        pytest.param(
            measurement("Inconclusive", "[0.92]"),
            {},
            "neither condition held: the rollout pauses for a human",
            id="inconclusive",
        ),
        pytest.param(
            measurement("Inconclusive", "[NaN]"),
            {},
            "neither condition held: NaN, there was no traffic: the rollout pauses for a human",
            id="inconclusive, no traffic",
        ),
        pytest.param(
            measurement("Inconclusive", "[]"),
            {},
            "neither condition held: the query gave no data: the rollout pauses for a human",
            id="inconclusive, no data",
        ),
        pytest.param(
            measurement("Failed", "[NaN]"),
            {},
            "NaN fails every comparison: there was no traffic in the query's window",
            id="no traffic fails",
        ),
        pytest.param(
            measurement("Successful", "NaN"),
            {},
            "NaN passed: there was no traffic in the query's window",
            id="no traffic passes",
        ),
    ],
)
def test_what_a_word_alone_does_not_say_is_explained(
    newest: Json, fields: Json, words: str
) -> None:
    run = analysis_run(metrics=[metric(**fields)], results=[result(measured=[newest])])
    assert f"     {words}" in lines(run)


def test_a_settled_error_and_a_plain_value_need_no_explanation() -> None:
    over = result(phase="Error", measured=[measurement("Error")])
    for own in (over, result(measured=[GOOD])):
        assert not [line for line in lines(analysis_run(results=[own])) if "again after" in line]


def test_the_query_is_shown_in_a_line_and_copied_to_the_letter() -> None:
    query = "sum(rate(x{hash='{{args.hash}}'}[1m]))\n  / 2"
    run = analysis_run(metrics=[metric(query=query)], args=[{"name": "hash", "value": NEW}])
    rows = analysis_rows(scene(rollout(), run), NOW)
    assert plain(rows[3].line).strip() == f"sum(rate(x{{hash='{NEW}'}}[1m])) / 2"
    assert rows[3].copy == (
        "the query of success-rate",
        f"sum(rate(x{{hash='{NEW}'}}[1m]))\n  / 2",
    )
    assert rows[0].copy == ("the name of the run", run.metadata.name)


def test_an_argument_from_a_secret_stays_masked_although_the_result_holds_it() -> None:
    secret = {"name": "token", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    own = result(measured=[GOOD], metadata={"ResolvedPrometheusQuery": "x{t='s3cret'}"})
    run = analysis_run(
        metrics=[metric(query="x{t='{{args.token}}'}")], args=[secret], results=[own]
    )
    shown = analysis_rows(scene(rollout(), run), NOW)
    text = " ".join(f"{plain(row.line)} {row.copy}" for row in shown)
    assert "s3cret" not in text
    assert "{{args.token}}" in text


def test_a_job_and_a_web_metric_show_what_they_have() -> None:
    job = result("load", measured=[measurement("Running", metadata={"job-name": "load-1"})])
    web = metric(
        "web",
        provider={"web": {"url": "https://u:p@api.test:8443/T0/s3cret?k=v", "jsonPath": "{$.ok}"}},
        success="result",
    )
    answered = result("web", measured=[measurement("Successful", "true")])
    shown = lines(
        analysis_run(metrics=[metric("load", provider={"job": {}}), web], results=[job, answered])
    )
    assert "     ◌ job load-1" in shown
    assert "     ✔ true" in shown
    assert "     GET api.test:8443 {$.ok}" in shown
    assert not [line for line in shown if "s3cret" in line or "u:p" in line]


def test_the_metrics_of_a_run_cut_short_are_not_passed_either() -> None:
    run = analysis_run(
        phase="Successful",
        terminate=True,
        message="Run Terminated",
        metrics=[metric(count=6, interval="10s")],
        results=[result(phase="Successful", count=2, successful=2)],
    )
    shown = lines(run)
    assert shown[0].startswith(" – cut short after 2 of 6")
    assert shown[1].strip().startswith("– success-rate")


def test_the_runs_of_an_experiment_are_shown_with_their_kind() -> None:
    name = f"checkout-{NEW}-2-0"
    run = analysis_run("of-exp", owner=f"{name}-uid", of="", type_="", phase="Failed")
    shown = lines(experiment(name), run)
    assert shown[0].startswith(" ✖ Failed  of an experiment  of-exp")


def test_the_next_gate_follows_the_runs_unless_it_is_measuring() -> None:
    steps = [weight(5), gate("t")]
    status = {"canary": {"currentStepAnalysisRunStatus": {"name": "run"}}}
    measuring = scene(
        rollout(steps=steps, step=1, status=status), analysis_run("run"), template("t")
    )
    waiting_ = scene(rollout(steps=steps, step=0), template("t"))
    assert not [row for row in analysis_rows(measuring, NOW) if row.key.startswith("next")]
    assert " next gate, step 2 of 2," in plain(
        next(row.line for row in analysis_rows(waiting_, NOW) if row.key == "next/0")
    )


def test_the_runs_own_message_is_shown() -> None:
    assert lines(failed_run(message="why"))[1] == "   why"


@pytest.mark.parametrize(
    ("fields", "counters", "words"),
    [
        pytest.param({}, {}, "1 more failure halts", id="none tolerated"),
        pytest.param({"failureLimit": 1}, {}, "2 more failures halt", id="one tolerated"),
        pytest.param({"failureLimit": 1}, {"failed": 1}, "1 more failure halts", id="one spent"),
        pytest.param({"failureLimit": -1}, {"failed": 9}, "failures do not halt", id="disabled"),
        pytest.param(
            {"failure": "result[0] < 0.9", "inconclusiveLimit": 2},
            {"inconclusive": 1},
            "1 more failure halts; 2 inconclusive pause",
            id="inconclusive",
        ),
        pytest.param(
            {"consecutiveSuccessLimit": 3},
            {"consecutiveSuccess": 1},
            "1 more failure halts; 1 of 3 good in a row pass",
            id="successes in a row",
        ),
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
            "1 more failure halts; 1 error in a row, 1 halt",
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
