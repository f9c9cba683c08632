import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.workload import Pod
from amas_tui.rules.analysis import metric_states
from amas_tui.store.detail import Detail
from amas_tui.store.snapshot import Snapshot
from amas_tui.viewmodel.board import (
    Board,
    BoardRow,
    Counts,
    Filter,
    RowId,
    board,
    columns,
    header_line,
    matcher,
    merged,
    row_line,
    share_bar,
    stale_line,
)
from amas_tui.viewmodel.state import NEEDS_HUMAN, Standing, State
from amas_tui.viewmodel.text import Tone, line_width, plain, width
from amas_tui.words import metric_words
from tests.builders import (
    NEW,
    NOW,
    Json,
    Thing,
    aborted,
    ago,
    analysis_run,
    condition,
    container,
    container_state,
    failed_run,
    gate,
    healthy,
    invalid,
    measurement,
    metric,
    pause,
    pod,
    result,
    rollout,
    snapshot,
    weight,
)
from tests.unit.strategies import HOSTILE

STEPS = (weight(20), pause(), gate("success-rate"), weight(50), pause("1m"), weight(75))
UPDATE: Json = {"steps": STEPS, "routed": True, "weights": (20, NEW)}
HALTED: Json = {
    **UPDATE,
    "step": 0,
    "abort": True,
    "aborted_at": ago(minutes=3),
    "conditions": [aborted("a metric failed")],
}


def known(*rollouts: Rollout, details: Sequence[Thing] = ()) -> Snapshot:
    """Return a picture in which the first rollout was explained with these runs and pods."""
    found = snapshot(*rollouts)
    if not details:
        return found
    runs = tuple(one for one in details if isinstance(one, AnalysisRun))
    pods = tuple(one for one in details if isinstance(one, Pod))
    detail = Detail("100", NOW, runs, pods)
    return Snapshot(
        rollouts=found.rollouts,
        streams=found.streams,
        touched=found.touched,
        details={rollouts[0].uid: detail},
    )


def row(fields: Json, *details: Thing) -> BoardRow:
    (found,) = board(known(rollout(**fields), details=details), "test", NOW).rows
    return found


@pytest.mark.parametrize(
    ("fields", "details", "word", "step", "now"),
    [
        pytest.param(
            HALTED,
            [failed_run(step=2)],
            "Halted 20%",
            "2/6",
            "success-rate 0.812 < 0.95",
            id="halted, explained",
        ),
        pytest.param(HALTED, [], "Halted", "?/6", "a metric failed", id="halted, not explained"),
        pytest.param(
            {**HALTED, "conditions": [aborted()]},
            [],
            "Aborted",
            "?/6",
            "by hand, 3m",
            id="by a person",
        ),
        pytest.param(
            {"conditions": [invalid("no such service")]},
            [],
            "InvalidSpec",
            "-",
            "no such service",
            id="invalid",
        ),
        pytest.param(
            {**UPDATE, "step": 1, "paused": "CanaryPauseStep", "paused_at": ago(minutes=14)},
            [],
            "Waiting",
            "1/6",
            "for you, 14m",
            id="waiting",
        ),
        pytest.param(
            {
                **UPDATE,
                "held": True,
                "step": 1,
                "conditions": [condition("Paused", since=ago(minutes=5))],
            },
            [],
            "Held",
            "1/6",
            "held by spec.paused, 5m",
            id="held",
        ),
        pytest.param(
            {**UPDATE, "step": 2, "paused": "InconclusiveAnalysisRun"},
            [
                analysis_run(
                    phase="Inconclusive",
                    step=2,
                    results=[
                        result(
                            phase="Inconclusive", measured=[measurement("Inconclusive", "[0.93]")]
                        )
                    ],
                )
            ],
            "Inconclusive",
            "2/6",
            "success-rate 0.93 < 0.95, 2m",
            id="inconclusive",
        ),
        pytest.param(
            {**UPDATE, "step": 4, "paused": "CanaryPauseStep", "paused_at": ago(seconds=22)},
            [],
            "Pausing",
            "4/6",
            "40s, then weight 75",
            id="timed pause",
        ),
        pytest.param(
            {**UPDATE, "step": 2},
            [
                analysis_run(
                    metrics=[metric(count=4, interval="10s")],
                    results=[result(count=2, measured=[measurement("Successful", "[0.31]")])],
                )
            ],
            "Analysing",
            "2/6",
            "success-rate 0.31, 2/4",
            id="analysing",
        ),
        pytest.param(
            {**UPDATE, "step": 2},
            [],
            "Analysing",
            "2/6",
            "analysis success-rate",
            id="analysing, not explained",
        ),
        pytest.param(
            {**UPDATE, "step": 0},
            [
                pod("a"),
                pod(
                    "b",
                    ready=False,
                    containers=[
                        container(ready=False, state=container_state(waiting="ImagePullBackOff"))
                    ],
                ),
            ],
            "Scaling",
            "0/6",
            "1/2 ready: ImagePullBackOff",
            id="scaling in trouble",
        ),
        pytest.param(
            {**UPDATE, "step": 0, "message": "more replicas need to be updated"},
            [],
            "Scaling",
            "0/6",
            "more replicas need to be updated",
            id="scaling, not explained",
        ),
        pytest.param(
            {"phase": "Degraded", "message": "ProgressDeadlineExceeded: slow"},
            [
                pod(
                    ready=False,
                    containers=[
                        container(ready=False, state=container_state(waiting="CrashLoopBackOff"))
                    ],
                )
            ],
            "Timed out",
            "-",
            "CrashLoopBackOff",
            id="timed out, explained",
        ),
    ],
)
def test_a_line_says_what_is_going_on(
    fields: Json, details: list[Thing], word: str, step: str, now: str
) -> None:
    found = row(fields, *details)
    assert (found.word, found.step, found.now) == (word, step, now)


def test_a_healthy_line_says_its_version_and_since_when() -> None:
    (found,) = board(known(healthy(steps=STEPS)), "test", NOW).rows
    assert (found.word, found.step, found.now) == ("Healthy", "6/6", "v2.0.0, 3d")
    assert found.share == 100.0


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        pytest.param([measurement("Failed", "[0.8]")], "success-rate 0.8 < 0.95", id="value"),
        pytest.param([measurement("Failed", "[NaN]")], "success-rate NaN < 0.95", id="NaN"),
        pytest.param([measurement("Error", "[]")], "success-rate gave no data", id="no data"),
        pytest.param([], "success-rate: why", id="no measurement"),
    ],
)
def test_a_metric_is_worded_with_its_limit(measured: list[Json], words: str) -> None:
    run = analysis_run(results=[result(measured=measured, message="why")])
    (state,) = metric_states(run)
    assert metric_words(state) == words


def test_a_metric_without_a_limit_shows_its_value_alone() -> None:
    run = analysis_run(
        metrics=[metric(success="result[0] * 2 > 1")],
        results=[result(measured=[measurement("Successful", "[0.7]")])],
    )
    (state,) = metric_states(run)
    assert metric_words(state) == "success-rate 0.7"


_ROLLOUTS = {
    "halted": HALTED,
    "waiting": {**UPDATE, "step": 1, "paused": "CanaryPauseStep"},
    "scaling": {**UPDATE, "step": 0},
    "analysing": {**UPDATE, "step": 2},
    "healthy": {"stable": NEW, "phase": "Healthy"},
}
_one = st.builds(
    lambda name, kind, namespace: rollout(
        name, namespace=namespace, uid=f"{namespace}/{name}", **_ROLLOUTS[kind]
    ),
    st.sampled_from("abcdef"),
    st.sampled_from(sorted(_ROLLOUTS)),
    st.sampled_from(["x", "y"]),
)


@given(st.lists(_one, max_size=8), st.randoms())
def test_who_needs_a_human_comes_first_whatever_the_order_of_arrival(
    rollouts: list[Rollout], rng: random.Random
) -> None:
    unique = list({one.uid: one for one in rollouts}.values())
    found = board(known(*unique), "test", NOW).rows
    rng.shuffle(unique)
    assert board(known(*unique), "test", NOW).rows == found
    ranks = [
        0 if one.needs_human else 2 if one.state.standing is Standing.HEALTHY else 1
        for one in found
    ]
    assert ranks == sorted(ranks)
    for rank in (1, 2):
        names = [
            (one.namespace, one.name) for one, own in zip(found, ranks, strict=True) if own == rank
        ]
        assert names == sorted(names)


def test_a_rollout_that_moves_keeps_its_place() -> None:
    def order(step: int) -> list[str]:
        found = known(
            rollout("a", **UPDATE, step=0),
            rollout("b", **UPDATE, step=step),
            rollout("c", **UPDATE, step=2),
        )
        return [one.name for one in board(found, "test", NOW).rows]

    assert order(0) == order(2) == order(3) == ["a", "b", "c"]


def test_lines_are_told_apart_by_context_and_uid() -> None:
    (found,) = board(known(rollout()), "prod", NOW).rows
    assert found.id == RowId("prod", "checkout-uid")


def test_the_counts_are_of_all_rollouts_whatever_is_shown() -> None:
    found = board(
        known(rollout("a", **HALTED), rollout("b", **UPDATE, step=0), healthy("c")),
        "test",
        NOW,
        Filter("zzz", needs_human=True),
    )
    assert found.rows == ()
    assert found.counts == Counts(total=3, needs_human=1, moving=1, healthy=1)


def test_only_those_who_need_a_human_can_be_shown() -> None:
    found = board(
        known(rollout("a", **HALTED), healthy("c")), "test", NOW, Filter(needs_human=True)
    )
    assert [one.name for one in found.rows] == ["a"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("", ["api", "checkout", "search"], id="all"),
        pytest.param("  ", ["api", "checkout", "search"], id="blanks"),
        pytest.param("check", ["checkout"], id="text"),
        pytest.param("CHECK", ["checkout"], id="capitals"),
        pytest.param("^shop/a", ["api"], id="pattern on namespace and name"),
        pytest.param("api|search", ["api", "search"], id="alternatives"),
        pytest.param("[", [], id="broken pattern is text"),
        pytest.param("!check", ["api", "search"], id="all others"),
        pytest.param("! check", ["api", "search"], id="blank after the sign"),
        pytest.param("-f ckt", ["checkout"], id="letters in order"),
        pytest.param("-fsrh", ["search"], id="letters without a blank"),
        pytest.param("-l tier=web", ["checkout"], id="label"),
        pytest.param("-l tier==web", ["checkout"], id="label, two signs"),
        pytest.param("-l tier!=web", ["api", "search"], id="another label"),
        pytest.param("-l tier", ["api", "checkout"], id="label of any value"),
        pytest.param("-l tier=web,team=a", ["checkout"], id="two labels"),
        pytest.param("-l tier=web,team=b", [], id="two labels that do not fit"),
        pytest.param("-l", ["api", "checkout", "search"], id="no label"),
    ],
)
def test_a_filter_is_read_as_k9s_reads_it(text: str, names: list[str]) -> None:
    rollouts = [
        rollout("api", labels={"tier": "back"}),
        rollout("checkout", labels={"tier": "web", "team": "a"}),
        rollout("search"),
    ]
    found = board(known(*rollouts), "test", NOW, Filter(text))
    assert [one.name for one in found.rows] == names


@given(st.text("!-lfabc(){}*+?\\^$|.= ", max_size=12))
def test_no_filter_raises(text: str) -> None:
    matcher(text)(rollout())


def _row(
    name: str = "checkout",
    namespace: str = "shop",
    standing: Standing = Standing.WAITING,
    word: str = "Waiting",
    now: str = "for you, 14m",
) -> BoardRow:
    return BoardRow(
        RowId("test", name), namespace, name, State(standing), word, "1/6", 20.0, now, Tone.NORMAL
    )


_rows = st.lists(
    st.builds(
        _row,
        st.text("abc-漢", min_size=1, max_size=60),
        st.sampled_from(["shop", "a" * 40]),
        st.sampled_from(Standing),
        st.sampled_from(["Waiting", "Halted 100%", "InvalidSpec"]),
        st.sampled_from(HOSTILE[5:9]) | st.text("abc 漢", max_size=80),
    ),
    min_size=1,
    max_size=5,
)


@given(_rows, st.integers(60, 220))
def test_every_line_is_exactly_as_wide_as_the_screen(rows: list[BoardRow], cells: int) -> None:
    widths = columns(rows, cells)
    assert widths.width == cells
    assert line_width(header_line(widths)) == cells
    assert all(line_width(row_line(one, widths)) == cells for one in rows)


@pytest.mark.parametrize("cells", [80, 100, 120])
def test_at_the_usual_widths_a_metric_stands_whole_beside_its_limit(cells: int) -> None:
    rows = [
        _row(
            "amas-orchestrator",
            standing=Standing.HALTED,
            word="Halted 50%",
            now="success-rate 0.812 < 0.95",
        )
    ]
    assert "success-rate 0.812 < 0.95" in plain(row_line(rows[0], columns(rows, cells)))


_LONG = "amas-orchestrator-worker-eu-central-1"


def test_at_80_columns_since_when_something_is_wrong_matters_more_than_a_bar() -> None:
    row = replace(_row(now="Service missing is missing"), lasted="37s", word="InvalidSpec")
    row = replace(row, name="blue-green-preview")
    line = plain(row_line(row, columns([row], 80)))
    assert line.rstrip().endswith("Service missing is missing, 37s")


@pytest.mark.parametrize("contexts", [(), ("prod-eu-central-1", "prod-us-east-1")])
@pytest.mark.parametrize("namespaces", [1, 2])
@pytest.mark.parametrize("word", ["Halted 50%", "Inconclusive"])
def test_at_80_columns_a_long_name_does_not_cut_what_is_wrong(
    contexts: tuple[str, ...], namespaces: int, word: str
) -> None:
    told = "success-rate 0.812 < 0.95"
    rows = [
        _row(_LONG, f"amas-production-{n}", Standing.HALTED, word, told) for n in range(namespaces)
    ]
    widths = columns(rows, 80, contexts)
    line = plain(row_line(rows[0], widths))
    if not (contexts and namespaces > 1 and word == "Inconclusive"):
        assert told in line
    assert "success-rate 0.812 <" in line
    assert f"{word} " in line
    assert "central-1"[-4:] in line
    assert width(line) == 80


def test_the_bar_makes_room_for_what_is_wrong_and_stays_where_nothing_is() -> None:
    told = "Prometheus does not answer, success-rate"
    wrong = [_row("catalog", standing=Standing.ANALYSING, word="Analysing", now=told)]
    assert told not in plain(row_line(wrong[0], columns(wrong, 80)))
    wrong = [replace(wrong[0], now_tone=Tone.BAD)]
    assert told in plain(row_line(wrong[0], columns(wrong, 80)))


def test_what_goes_wrong_on_its_way_stands_above_what_moves() -> None:
    here = known(
        rollout("z", **{**UPDATE, "step": 0}),
        rollout("a", **{**UPDATE, "step": 0}),
        details=[
            pod(
                "p",
                ready=False,
                containers=[
                    container(ready=False, state=container_state(waiting="ImagePullBackOff"))
                ],
            )
        ],
    )
    assert [row.name for row in board(here, "test", NOW).rows] == ["z", "a"]


def test_contexts_and_namespaces_that_differ_at_their_end_are_told_apart() -> None:
    contexts = ("prod-eu-central-1", "prod-eu-west-1")
    rows = [
        replace(_row(namespace=f"amas-production-{one}"), id=RowId(one, one)) for one in contexts
    ]
    widths = columns(rows, 80, contexts)
    first, second = (plain(row_line(row, widths))[:23] for row in rows)
    assert first[3:12] != second[3:12]
    assert first[13:] != second[13:]


def test_names_that_differ_at_their_end_are_told_apart_when_they_are_cut() -> None:
    rows = [
        _row(f"amas-orchestrator-worker-{end}", standing=Standing.HALTED, word="Inconclusive")
        for end in ("eu", "us")
    ]
    widths = columns(rows, 60)
    first, second = (plain(row_line(row, widths)) for row in rows)
    assert "…" in first
    assert first != second


def test_a_countdown_does_not_move_the_columns() -> None:
    rows = [_row(_LONG, "a", Standing.PAUSING, "Pausing", now="5s, then weight 25")]
    later = [_row(_LONG, "a", Standing.PAUSING, "Pausing", now="1m10s, then analysis " + "x" * 20)]
    assert columns(rows, 80) == columns(later, 80)


def test_since_when_it_is_so_stands_behind_the_cause_where_there_is_room() -> None:
    row = replace(_row(now="success-rate 0.812 < 0.95"), lasted="14m")
    assert plain(row_line(row, columns([row], 80))).rstrip().endswith("< 0.95, 14m")
    narrow = replace(columns([row], 80), now=26)
    assert plain(row_line(row, narrow)).rstrip().endswith("< 0.95")
    said = replace(row, now="by hand, 14m")
    assert plain(row_line(said, columns([said], 80))).count("14m") == 1


def test_a_halted_row_says_since_when() -> None:
    found = board(known(rollout("a", **HALTED)), "test", NOW)
    assert found.rows[0].lasted
    assert not board(known(healthy("a")), "test", NOW).rows[0].lasted


def test_the_namespace_stands_only_where_there_are_several() -> None:
    assert columns([_row()], 120).namespace == 0
    assert columns([_row(), _row("b", namespace="other")], 120).namespace == 5


def test_who_needs_a_human_is_marked() -> None:
    widths = columns([_row()], 80)
    assert plain(row_line(_row(), widths)).startswith("▌‖ checkout")
    quiet = _row(standing=Standing.HEALTHY)
    assert plain(row_line(quiet, widths)).startswith(" ✔ checkout")
    assert {one.standing in NEEDS_HUMAN for one in (_row().state, quiet.state)} == {True, False}


@pytest.mark.parametrize(
    ("share", "cells", "text"),
    [
        (0.0, 15, "░░░░░░░░░░   0%"),
        (0.4, 15, "▇░░░░░░░░░   0%"),
        (20.0, 15, "▇▇░░░░░░░░  20%"),
        (25.0, 15, "▇▇▇░░░░░░░  25%"),
        (100.0, 15, "▇▇▇▇▇▇▇▇▇▇ 100%"),
        (None, 15, "░░░░░░░░░░    ?"),
        (50.0, 5, " 50% "),
        (None, 5, "   ? "),
    ],
)
def test_the_share_is_a_bar_and_a_number(share: float | None, cells: int, text: str) -> None:
    assert "".join(span.text for span in share_bar(share, cells)) == text


@given(st.none() | st.floats(0, 100), st.sampled_from([5, 13, 15]))
def test_the_share_has_a_fixed_width(share: float | None, cells: int) -> None:
    assert sum(width(span.text) for span in share_bar(share, cells)) == cells


def _again(first: Board, found: Snapshot, seconds: float = 1) -> Board:
    return board(found, "test", NOW + timedelta(seconds=seconds), before=first)


def test_a_line_that_cannot_have_changed_is_not_made_again() -> None:
    found = known(healthy("a"), rollout("b", **HALTED))
    first = board(found, "test", NOW)
    assert all(new is old for new, old in zip(_again(first, found).rows, first.rows, strict=True))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda: known(healthy("a", version=101)), id="the rollout"),
        pytest.param(lambda: known(healthy("a"), details=[failed_run()]), id="its details"),
    ],
)
def test_a_line_is_made_again_when_what_it_shows_changes(change: Callable[[], Snapshot]) -> None:
    first = board(known(healthy("a")), "test", NOW)
    again = _again(first, change())
    assert again.made["a-uid"] is not first.made["a-uid"]


def test_ages_and_countdowns_go_on() -> None:
    quiet, paused = (
        healthy("a"),
        rollout(
            "b", **{**UPDATE, "step": 4, "paused": "CanaryPauseStep", "paused_at": ago(seconds=50)}
        ),
    )
    found = known(quiet, paused)
    first = board(found, "test", NOW)
    soon, late = _again(first, found, 3), _again(first, found, 600)
    assert [one.now for one in first.rows] != [one.now for one in soon.rows]
    assert late.made["a-uid"] is not first.made["a-uid"]


def test_silence_is_noticed_although_nothing_arrives() -> None:
    found = known(rollout(abort=True))
    first = board(found, "test", NOW)
    assert first.rows[0].state.standing is Standing.ABORTING
    assert _again(first, found, 11).rows[0].state.standing is Standing.SILENT


def test_boards_of_several_clusters_are_one_in_the_order_of_one() -> None:
    waiting = rollout(
        "zebra", uid="z", phase="Paused", steps=[pause()], step=0, paused="CanaryPauseStep"
    )
    first = board(snapshot(healthy("accounts", uid="a")), "prod-eu", NOW)
    second = board(snapshot(waiting), "prod-us", NOW)
    both = merged([first, second])
    assert [(row.id.context, row.name) for row in both.rows] == [
        ("prod-us", "zebra"),
        ("prod-eu", "accounts"),
    ]
    assert (both.counts.total, both.counts.needs_human, both.counts.healthy) == (2, 1, 1)


def test_the_context_has_a_column_only_where_there_are_several() -> None:
    rows = board(snapshot(healthy("accounts")), "prod-eu", NOW).rows
    assert columns(rows, 100, ["prod-eu"]).context == 0
    wide = columns(rows, 100, ["prod-eu", "prod-ap-1"])
    assert plain(header_line(wide)).split()[:2] == ["CONTEXT", "ROLLOUT"]
    assert line_width(row_line(rows[0], wide)) <= 100
    assert wide.width == 100


def test_the_line_of_a_stale_cluster_names_it_and_why() -> None:
    line = stale_line("prod-us", "STALE 40s", "cannot list rollouts: timeout. Check it", 60)
    assert plain(line) == " ✖ prod-us STALE 40s cannot list rollouts: timeout. Check it"


@pytest.mark.parametrize(
    ("since", "later", "is_kept"),
    [
        pytest.param(ago(minutes=5), 9, True, id="young, soon"),
        pytest.param(ago(minutes=5), 10, False, id="young, by the second"),
        pytest.param(ago(hours=2), 59, True, id="hours"),
        pytest.param(ago(hours=2), 60, False, id="hours, by the minute"),
        pytest.param(ago(days=3), 599, True, id="days"),
        pytest.param(ago(days=3), 600, False, id="days, by the ten minutes"),
    ],
)
def test_a_quiet_line_is_made_anew_only_as_often_as_its_age_can_change(
    since: datetime, later: int, *, is_kept: bool
) -> None:
    quiet = healthy(conditions=[condition("Completed", since=since)])
    first = board(snapshot(quiet), "c", NOW)
    second = board(snapshot(quiet), "c", NOW + timedelta(seconds=later), before=first)
    assert (second.rows[0] is first.rows[0]) is is_kept
