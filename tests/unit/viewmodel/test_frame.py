from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.domain.watch import Applied, Lost
from amas_tui.errors import UnreachableError
from amas_tui.keymap import Keymap, View
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.snapshot import Fact, Snapshot
from amas_tui.viewmodel.board import Counts
from amas_tui.viewmodel.frame import Freshness, Place, footer, freshness, header, help_lines
from amas_tui.viewmodel.text import Tone, line_width, plain
from tests.builders import NOW, rollout, snapshot

ROLLOUTS = StreamId(Kind.ROLLOUTS)
ELSEWHERE = StreamId(Kind.ROLLOUTS, "else")
DOWN = Lost(UnreachableError("cannot watch rollouts: gone", hint="Check the VPN"))
LIVE = Freshness("live", Tone.GOOD)


def at(seconds: float) -> Snapshot:
    """Return a picture whose newest word is that old."""
    return snapshot(rollout(), at=NOW - timedelta(seconds=seconds))


def lost(seconds: float) -> Snapshot:
    return at(seconds).after([Fact(ROLLOUTS, DOWN, NOW)])


@pytest.mark.parametrize(
    ("picture", "words", "tone"),
    [
        pytest.param(at(0), "live", Tone.GOOD, id="now"),
        pytest.param(at(14.9), "live", Tone.GOOD, id="fresh"),
        pytest.param(at(15), "live 15s", Tone.GOOD, id="older"),
        pytest.param(at(19.9), "live 15s", Tone.GOOD, id="in steps of five"),
        pytest.param(at(75), "live 1m15s", Tone.GOOD, id="minutes"),
        pytest.param(at(-9), "live", Tone.GOOD, id="from the future"),
        pytest.param(lost(0), "STALE 0s", Tone.BAD, id="just lost"),
        pytest.param(lost(43), "STALE 40s", Tone.BAD, id="lost"),
        pytest.param(
            Snapshot().after([Fact(ROLLOUTS, DOWN, NOW)]),
            "no data",
            Tone.BAD,
            id="lost before the first list",
        ),
        pytest.param(Snapshot(), "connecting", Tone.DIM, id="no stream yet"),
        pytest.param(None, "connecting", Tone.DIM, id="no picture yet"),
    ],
)
def test_a_picture_carries_its_age(picture: Snapshot | None, words: str, tone: Tone) -> None:
    found = freshness(picture, NOW, None)
    assert (found.words, found.tone) == (words, tone)


def test_what_is_lost_is_said_in_full() -> None:
    assert freshness(lost(5), NOW, None).sentence == "cannot watch rollouts: gone. Check the VPN"
    assert freshness(at(5), NOW, None).sentence == ""


def test_without_a_connection_nothing_else_matters() -> None:
    found = freshness(at(0), NOW, UnreachableError("no route", hint="Check"))
    assert (found.words, found.tone, found.sentence) == (
        "no connection",
        Tone.BAD,
        "no route. Check",
    )


def test_the_worst_stream_of_the_board_speaks() -> None:
    good = at(0)
    broken = good.after([Fact(ELSEWHERE, DOWN, NOW)])
    assert freshness(broken, NOW, None).words == "STALE 0s"
    old = good.after([Fact(ELSEWHERE, Applied(rollout()), NOW - timedelta(minutes=2))])
    assert freshness(old, NOW, None).words == "live 2m"


def test_other_streams_do_not_speak_for_the_board() -> None:
    broken = at(0).after([Fact(StreamId(Kind.PODS), DOWN, NOW)])
    assert freshness(broken, NOW, None).words == "live"


PLACE = Place("prod-eu", user="oncall@corp", is_user_confirmed=True, mark="PROD")


@pytest.mark.parametrize(
    ("place", "trail", "counts", "text"),
    [
        pytest.param(
            PLACE,
            ["amas-prod"],
            Counts(12, 2, 4, 6),
            "  PROD  prod-eu › amas-prod oncall@corp  12 rollouts · 2 need you  live ",
            id="board",
        ),
        pytest.param(
            PLACE,
            [],
            Counts(1, 1),
            "  PROD  prod-eu oncall@corp  1 rollout · 1 needs you  live ",
            id="one",
        ),
        pytest.param(
            PLACE,
            ["shop", "checkout"],
            None,
            "  PROD  prod-eu › shop › checkout oncall@corp  live ",
            id="rollout",
        ),
        pytest.param(
            Place("prod-eu", user="guess"),
            [],
            None,
            " prod-eu guess?  live ",
            id="a user of the kubeconfig alone",
        ),
        pytest.param(Place(""), [], None, " no context live ", id="nothing known"),
        pytest.param(
            Place("a", is_read_only=True), [], None, " read-only  a live ", id="read-only"
        ),
        pytest.param(Place("a"), [], Counts(3), " a 3 rollouts  live ", id="nobody needs you"),
    ],
)
def test_the_top_says_where_who_how_many_and_how_fresh(
    place: Place, trail: list[str], counts: Counts | None, text: str
) -> None:
    line = header(place, trail, counts, LIVE, 100)
    assert line_width(line) == 100
    left, right = plain(line).rsplit("   ", 1)
    assert f"{left.rstrip()} {right.lstrip()}" == text


@pytest.mark.parametrize(
    ("place", "words"),
    [
        pytest.param(Place("prod-eu", is_read_only=True), "read-only", id="read-only"),
        pytest.param(Place("prod-eu", position="REPLAY 14:07"), "REPLAY 14:07", id="replay"),
    ],
)
def test_a_long_name_does_not_hide_that_nothing_can_be_written(place: Place, words: str) -> None:
    line = plain(header(place, ["shop", "x" * 80], None, LIVE, 80))
    assert words in line
    # A recording is never live, however new its picture is.
    assert line.endswith("live ") is not bool(place.position)


def test_where_there_is_no_room_the_place_matters_more_than_the_user() -> None:
    narrow = plain(header(PLACE, ["shop", "amas-orchestrator"], None, LIVE, 50))
    assert "oncall" not in narrow
    assert "amas-orchestrator" in narrow
    assert narrow.endswith("live ")


@given(st.integers(0, 160), st.lists(st.text("ab漢", max_size=30), max_size=3))
def test_the_top_fits_and_freshness_is_the_last_to_go(width: int, trail: list[str]) -> None:
    line = header(PLACE, trail, Counts(12, 2), LIVE, width)
    assert line_width(line) <= width
    if width >= 40:
        assert plain(line).endswith("live ")


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("width", [20, 80, 120])
def test_the_keys_fit_the_bottom(view: View, width: int) -> None:
    line = footer(Keymap(), view, lambda _: True, width)
    assert line_width(line) <= width
    if width >= 80:
        assert "…" not in plain(line)


def test_an_impossible_key_is_dim() -> None:
    line = footer(Keymap(), View.ROLLOUT, lambda command: command.id != "abort", 120)
    tones = {span.text.strip(): span.tone for span in line}
    assert tones["p"] is Tone.KEY
    assert any("A abort" in text and tone is Tone.DIM for text, tone in tones.items())


@pytest.mark.parametrize("view", View)
def test_help_names_every_command_of_a_view(view: View) -> None:
    keymap = Keymap()
    lines = [plain(line) for line in help_lines(keymap, view, 120)]
    listed = [one for one in keymap.of(view) if not one.of_series]
    assert len(lines) == len(listed)
    for line, command in zip(lines, listed, strict=True):
        assert command.help in line
        assert not command.word or f":{command.word}" in line


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("width", [40, 68, 80, 106])
def test_no_word_of_the_help_is_cut(view: View, width: int) -> None:
    keymap = Keymap()
    lines = help_lines(keymap, view, width)
    assert all(line_width(line) <= width for line in lines)
    told = " ".join(" ".join(plain(line).split()) for line in lines)
    for command in keymap.of(view):
        if not command.of_series:
            assert set(command.help.split()) <= set(told.split())
            assert not command.word or f":{command.word}" in told.split()


def test_help_says_which_number_is_which_namespace() -> None:
    told = "\n".join(plain(line) for line in help_lines(Keymap(), View.BOARD, 68, ("pay", "shop")))
    assert "1 pay, 2 shop" in told
