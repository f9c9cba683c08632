from amas_tui.demo.prometheus.labels import Match, Matcher, labels_of
from amas_tui.demo.prometheus.tsdb import Database

UP = labels_of({"__name__": "up", "pod": "a"})
OTHER = labels_of({"__name__": "up", "pod": "b", "empty": ""})
_SELECT_UP = [Matcher("__name__", Match.EQUAL, "up")]


def test_a_sample_speaks_for_five_minutes() -> None:
    database = Database(0)
    database.append(UP, 1_000, 1.0)
    (series,) = database.select(_SELECT_UP)

    assert series.at(999) is None
    assert series.at(1_000) == 1.0
    assert series.at(301_000) == 1.0
    assert series.at(301_001) is None


def test_a_series_that_ended_has_no_value_until_it_is_there_again() -> None:
    database = Database(0)
    database.append(UP, 1_000, 1.0)
    database.end(UP, 2_000)
    database.append(UP, 5_000, 2.0)
    (series,) = database.select(_SELECT_UP)

    assert [series.at(ms) for ms in (1_999, 2_000, 4_999, 5_000)] == [1.0, None, None, 2.0]


def test_a_sample_that_is_not_newer_is_left_out() -> None:
    database = Database(0)
    for ms, value in ((1_000, 1.0), (1_000, 2.0), (500, 3.0)):
        database.append(UP, ms, value)
    (series,) = database.select(_SELECT_UP)

    assert list(series.values) == [1.0]


def test_old_samples_are_forgotten_and_series_without_any_too() -> None:
    database = Database(0, retention_seconds=600)
    for second in range(2_000):
        database.append(UP, second * 1_000, float(second % 100))
    database.append(OTHER, 1_000, 1.0)

    database.forget(2_000_000)

    (series,) = database
    assert series.labels == UP
    assert 600 <= len(series.times) < 1_000
    assert series.lost(0, len(series.times) - 1) == 99.0 * 5


def test_a_label_that_is_empty_is_as_good_as_none() -> None:
    database = Database(0)
    database.append(OTHER, 1_000, 1.0)

    assert len(database.select([*_SELECT_UP, Matcher("empty", Match.EQUAL, "")])) == 1
    assert not database.select([*_SELECT_UP, Matcher("empty", Match.NOT_EQUAL, "")])
