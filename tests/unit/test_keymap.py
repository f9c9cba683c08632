from collections import Counter

import pytest

from amas_tui.actions.verb import Verb
from amas_tui.errors import UsageError
from amas_tui.keymap import (
    ANYWHERE,
    COMMANDS,
    Command,
    Keymap,
    View,
    command,
    key_name,
    table_markdown,
)


def test_every_command_has_an_id_of_its_own() -> None:
    assert max(Counter(one.id for one in COMMANDS).values()) == 1


@pytest.mark.parametrize("view", View)
def test_no_key_means_two_things_in_a_view(view: View) -> None:
    known = Keymap()
    keys = Counter(key for one in known.of(view) for key in known.keys(one.id))
    assert [key for key, count in keys.items() if count > 1] == []


@pytest.mark.parametrize("view", View)
def test_no_word_means_two_things_in_a_view(view: View) -> None:
    words = Counter(one.word for one in COMMANDS if view in one.views and one.word)
    assert [word for word, count in words.items() if count > 1] == []


@pytest.mark.parametrize("one", COMMANDS, ids=lambda one: one.id)
def test_a_command_can_be_reached_and_is_explained(one: Command) -> None:
    assert one.keys or one.word
    assert one.help[0].isupper()
    assert not one.help.endswith(".")
    assert one.views
    assert len(one.label.split()) <= 2


@pytest.mark.parametrize("view", View)
def test_in_a_replay_its_keys_mean_nothing_else(view: View) -> None:
    known = Keymap(is_replay=True)
    keys = Counter(key for one in known.of(view) for key in known.keys(one.id))
    assert [key for key, count in keys.items() if count > 1] == []
    assert known.keys("replay-forward") == ("right_square_bracket",)
    assert known.keys("next-panel") == ("tab",)
    assert not any(one.in_replay for one in Keymap().of(view))


def test_no_key_is_taken_that_screens_and_browsers_want_for_themselves() -> None:
    forbidden = {"ctrl+a", "ctrl+b", "ctrl+w", "ctrl+s", "ctrl+q", "ctrl+z"}
    keys = {key for one in COMMANDS for key in one.keys}
    assert not keys & forbidden
    assert not any(key.startswith(("alt+", "f1")) for key in keys)


@pytest.mark.parametrize("verb", Verb)
def test_every_verb_has_a_command_that_says_it_is_previewed(verb: Verb) -> None:
    found = Keymap().for_verb(verb)
    assert found.verb is verb
    assert found.views == ANYWHERE
    assert "then Enter acts" in found.help


def test_the_bigger_step_is_the_upper_case_key() -> None:
    keymap = Keymap()
    assert keymap.shown("promote") == "p"
    assert keymap.shown("promote-full") == "P"
    assert keymap.shown("abort") == "A"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("p", "p"),
        ("enter", "↵"),
        ("slash", "/"),
        ("ctrl+r", "Ctrl-R"),
        ("shift+tab", "Shift-Tab"),
        ("question_mark", "?"),
        ("right_square_bracket", "]"),
    ],
)
def test_keys_are_written_as_people_write_them(key: str, name: str) -> None:
    assert key_name(key) == name


def test_a_command_can_get_other_keys() -> None:
    keymap = Keymap({"promote": ("f5", "n"), "help": ()})
    assert keymap.keys("promote") == ("f5", "n")
    assert keymap.shown("help") == ""
    assert Keymap().keys("promote") == ("p",)


def test_a_clash_is_named_with_both_commands() -> None:
    with pytest.raises(UsageError) as caught:
        Keymap({"promote": ("A",)})
    assert caught.value.text == "keys: A is both promote and abort in the board view"


def test_the_same_key_may_mean_two_things_in_two_views() -> None:
    assert Keymap({"needs-human": ("m",)}).keys("maximise") == ("m",)


def test_a_key_twice_for_one_command_is_a_clash_too() -> None:
    with pytest.raises(UsageError):
        Keymap({"promote": ("n", "n")})


def test_an_unknown_command_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        Keymap({"explode": ("x",)})
    assert caught.value.text == "keys: there is no command explode"
    assert "promote" in caught.value.hint


@pytest.mark.parametrize(
    ("word", "view", "id_"),
    [
        ("promote", View.BOARD, "promote"),
        ("prom", View.BOARD, "promote"),
        ("ab", View.ROLLOUT, "abort"),
        ("q", View.BOARD, "quit"),
        ("ns", View.BOARD, "namespace"),
        ("ns", View.ROLLOUT, None),
        ("r", View.BOARD, None),
        ("xyz", View.BOARD, None),
        ("", View.BOARD, None),
    ],
)
def test_a_command_is_found_by_its_word_or_a_beginning_of_its_own(
    word: str, view: View, id_: str | None
) -> None:
    found = Keymap().by_word(word, view)
    assert (found.id if found else None) == id_


def test_a_command_is_found_by_its_id() -> None:
    assert command("abort").verb is Verb.ABORT


def test_the_readmes_table_holds_every_command_with_its_keys() -> None:
    table = table_markdown(Keymap({"promote": ("n",)}))
    assert len(table.splitlines()) == sum(not one.of_series for one in COMMANDS) + 2
    assert "| `n` | everywhere | `:promote` |" in table
    for one in COMMANDS:
        assert (one.help in table) is not one.of_series
