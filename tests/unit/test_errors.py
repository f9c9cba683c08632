import inspect

import pytest

from amas_tui import errors
from amas_tui.errors import BY_STATUS, AmasError, ApiError, Exit, InvalidError
from amas_tui.ports import Right

TREE = tuple(
    one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, AmasError)
)


@pytest.mark.parametrize("error", TREE, ids=lambda error: error.__name__)
def test_every_error_is_one_harmless_line_whatever_it_is_made_of(error: type[AmasError]) -> None:
    more = {"status": 418} if issubclass(error, ApiError) else {}
    made = error("cannot\nwatch \x1b[2J", hint="look\x9b", **more)
    assert made.text == "cannot watch \N{REPLACEMENT CHARACTER}[2J"
    assert str(made) == made.text
    assert made.sentence == f"{made.text}. look\N{REPLACEMENT CHARACTER}"
    assert made.exit_code in Exit


@pytest.mark.parametrize("error", TREE, ids=lambda error: error.__name__)
def test_every_error_stands_in_the_tree_of_the_docstring(error: type[AmasError]) -> None:
    assert errors.__doc__ is not None
    assert error.__name__ in errors.__doc__
    assert error.__doc__


def test_without_a_hint_the_sentence_is_the_text() -> None:
    assert AmasError("cannot watch").sentence == "cannot watch"


def test_exit_codes_are_told_apart() -> None:
    assert len({code.value for code in Exit}) == len(Exit)


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, 21), (403, 22), (404, 23), (429, 20), (503, 20), (409, 1), (410, 1), (422, 1)],
)
def test_a_status_has_its_error_and_exit_code(status: int, code: int) -> None:
    made = BY_STATUS[status]("x", status=status, reason="R\x1b", retry_after=1.0)
    assert (made.status, made.exit_code, made.retry_after) == (status, code, 1.0)
    assert made.reason == "R\N{REPLACEMENT CHARACTER}"


def test_a_failed_test_has_no_causes() -> None:
    assert InvalidError("x", status=422).causes == ()


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (
            Right("patch", "argoproj.io", "rollouts", "shop", "status"),
            "patch rollouts/status.argoproj.io in shop",
        ),
        (Right("list", "", "pods", ""), "list pods"),
        (Right("get", "", "pods", "shop", name="x"), "get pods in shop"),
        (Right("list", "apps", "replicasets", ""), "list replicasets.apps"),
    ],
    ids=["subresource", "core everywhere", "core", "group everywhere"],
)
def test_a_right_is_worded_as_a_rule_words_it(right: Right, words: str) -> None:
    assert str(right) == words
