"""Which two revisions are compared."""

import pytest

from amas_tui.errors import UsageError
from amas_tui.ui.reading import pair
from tests import builders as b


def test_during_an_update_the_newest_is_compared_with_the_stable_version() -> None:
    here = b.scene(b.rollout(step=0, steps=[b.pause()]), b.stable_set(), b.replica_set())
    assert pair(here, "") == (1, 2)


def test_otherwise_with_the_one_before_it() -> None:
    rollout = b.rollout(stable=b.NEW)
    older = b.replica_set("6c54544bf9", revision=4)
    here = b.scene(rollout, older, b.replica_set(b.NEW, revision=7))
    assert pair(here, "") == (4, 7)


def test_two_that_are_named_are_compared() -> None:
    here = b.scene(b.rollout(), b.replica_set())
    assert pair(here, " 3..4 ") == (3, 4)


@pytest.mark.parametrize("text", ["3", "3..", "a..b", "..", "3...4"])
def test_what_names_no_two_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="does not name two revisions") as caught:
        pair(b.scene(b.rollout(), b.replica_set()), text)
    assert "3..4" in caught.value.hint


def test_a_first_revision_has_nothing_to_be_compared_with() -> None:
    here = b.scene(b.rollout(stable=b.NEW), b.replica_set(b.NEW, revision=1))
    with pytest.raises(UsageError, match="no other revision"):
        pair(here, "")
