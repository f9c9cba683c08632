from hypothesis import given

from amas_tui.demo.copies import copied
from tests.unit.strategies import json_values


@given(json_values)
def test_a_copy_is_equal_and_shares_nothing_that_can_change(value: object) -> None:
    copy = copied(value)
    assert copy == value
    assert _holders(copy).isdisjoint(_holders(value))


def _holders(value: object) -> set[int]:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = {id(value)} if isinstance(value, dict | list) else set()
    return own.union(*(_holders(item) for item in items))
