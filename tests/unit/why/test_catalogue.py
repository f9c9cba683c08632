"""The catalogue: every cause has a name, a remedy, a source and a chapter; every chapter causes."""

import pytest

from amas_tui.keymap import COMMANDS
from amas_tui.why.diagnosis import CAUSES, UNKNOWN
from amas_tui.why.finding import Cause, Chapter, Severity
from amas_tui.why.markdown import catalogue_markdown, chapters_markdown


@pytest.mark.parametrize("cause", [*CAUSES, UNKNOWN], ids=lambda one: one.id)
def test_a_cause_says_what_it_is_what_helps_and_where_it_comes_from(cause: Cause) -> None:
    assert cause.title
    assert cause.remedy
    assert cause.source
    assert cause.chapters
    assert cause.id == cause.id.lower().replace(" ", "-")


@pytest.mark.parametrize("chapter", Chapter)
def test_every_troubleshooting_chapter_is_answered_by_several_causes(chapter: Chapter) -> None:
    own = [one for one in CAUSES if chapter in one.chapters]
    assert len(own) >= 5
    assert any(one.severity is Severity.TROUBLE for one in own)


def test_the_catalogue_lists_every_cause_once() -> None:
    text = catalogue_markdown()
    for cause in (*CAUSES, UNKNOWN):
        assert text.count(f"| `{cause.id}` |") == 1


def test_the_chapters_name_only_causes_that_there_are() -> None:
    ids = {one.id for one in CAUSES}
    named = [word.strip("`") for word in chapters_markdown().split() if word.startswith("`")]
    assert {word.rstrip("`,") for word in named} <= ids


def test_what_helps_in_the_catalogue_has_a_key() -> None:
    keys = {key for one in COMMANDS for key in one.keys}
    named = {
        word[1:2]
        for cause in CAUSES
        for word in cause.remedy.split()
        if len(word) > 2 and word[0] == "(" and word[2] == ")"
    }
    assert named <= keys
