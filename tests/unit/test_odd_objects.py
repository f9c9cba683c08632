"""Whatever the objects of a cluster hold, every view of them is made, harmless and in its width."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from amas_tui.actions.gate import why_not
from amas_tui.actions.patches import writes
from amas_tui.actions.preview import consequence
from amas_tui.actions.progress import Pending
from amas_tui.actions.proof import judge
from amas_tui.actions.rule import RefusedError
from amas_tui.actions.verb import Child, Choice, Images, Target, Verb
from amas_tui.actions.write import Write
from amas_tui.domain.rollout import Rollout
from amas_tui.errors import AmasError
from amas_tui.kube.decode import decoder
from amas_tui.kube.resources import RESOURCES
from amas_tui.session.streams import rollout_streams
from amas_tui.store.forecast import forecasts
from amas_tui.store.gauges import gauges
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.analysis_panel import analysis_lines
from amas_tui.viewmodel.board import board, columns, header_line, row_line
from amas_tui.viewmodel.choices import target_rows
from amas_tui.viewmodel.gate_lines import gate_lines
from amas_tui.viewmodel.get_text import get_text, list_text
from amas_tui.viewmodel.headline import headline, steps_line
from amas_tui.viewmodel.preview_lines import outcome_lines, preview_lines
from amas_tui.viewmodel.rollout_view import rollout_view, to_json
from amas_tui.viewmodel.slo_panel import slo_charts, slo_lines, slo_of
from amas_tui.viewmodel.text import Line, line_width, plain
from amas_tui.viewmodel.traffic import traffic_chart, truth_lines
from amas_tui.viewmodel.tree import tree_lines
from tests.builders import NOW, Thing, snapshot
from tests.unit.strategies import raw_records
from tests.unit.test_safe import is_harmless

WIDTH = 80
TARGET = Target(1, "aaa", "x")
_others = sorted({one.type for one in RESOURCES.values()} - {Rollout}, key=lambda t: t.__name__)


def _decoded(type_: Any, raw: Any) -> Any:
    try:
        return decoder(type_).one(json.dumps(raw).encode())
    except AmasError:
        return None


def _records(type_: Any) -> SearchStrategy[Any]:
    return raw_records(type_).map(lambda raw: _decoded(type_, raw)).filter(bool)


_scenes: SearchStrategy[Scene] = st.builds(
    lambda rollout, others: Scene(rollout, snapshot(rollout, *others)),
    _records(Rollout),
    st.lists(st.sampled_from(_others).flatmap(_records), max_size=4),
)


def fitted(here: Scene) -> Iterator[Line]:
    """Yield the lines that are made for a width."""
    rows = board(here.snapshot, "test", NOW).rows
    widths = columns(rows, WIDTH)
    yield header_line(widths)
    yield from (row_line(row, widths) for row in rows)
    yield steps_line(here, NOW, WIDTH)
    for verb in Verb:
        progress = judge(Pending(verb, here.rollout, NOW, 1, "1", CHOICE.get(verb)), here, NOW)
        yield from outcome_lines(verb, progress, "1s", WIDTH)
        yield from preview_lines(verb, consequence(verb, here, CHOICE.get(verb)), (), "", "", WIDTH)


def others(here: Scene) -> Iterator[Line]:
    """Yield the lines that a screen cuts itself."""
    yield from (line.line for line in tree_lines(rollout_view(here), NOW, WIDTH))
    yield from analysis_lines(here, NOW)
    yield from slo_lines(slo_of(here))
    yield from (line for _, line in target_rows(here, NOW))
    yield from gate_lines(here, forecasts(here))
    yield from truth_lines(here, NOW)


@given(_scenes)
def test_no_object_makes_a_view_raise_or_carry_harm(here: Scene) -> None:
    for line in (*fitted(here), *others(here)):
        assert is_harmless(plain(line))
    found = headline(here, NOW)
    assert is_harmless(found.sentence + found.following)
    text = get_text(rollout_view(here), NOW) + list_text([here.rollout], with_namespace=True)
    assert is_harmless(text.replace("\n", ""))
    json.dumps(to_json(rollout_view(here)))


@given(_scenes)
def test_lines_made_for_a_width_fit_it(here: Scene) -> None:
    for line in fitted(here):
        assert line_width(line) <= WIDTH or plain(line).startswith("traffic to ")


def made(verb: Verb, rollout: Rollout) -> tuple[Write, ...]:
    """Return a verb's writes; none where the odd object gives no choice."""
    with suppress(RefusedError):
        return writes(verb, rollout, CHOICE.get(verb))
    return ()


CHOICE: dict[Verb, Choice] = {
    Verb.UNDO: TARGET,
    Verb.SET_IMAGE: Images((("*", "registry/checkout:v3"),)),
    Verb.TERMINATE_RUN: Child(Kind.ANALYSIS_RUNS, "run", "run-uid", "Running"),
    Verb.TERMINATE_EXPERIMENT: Child(Kind.EXPERIMENTS, "exp", "exp-uid", "Running"),
    Verb.RETRY_EXPERIMENT: Child(Kind.EXPERIMENTS, "exp", "exp-uid", "Failed"),
}


@given(_scenes)
def test_no_object_makes_a_chart_a_stream_or_a_verb_raise(here: Scene) -> None:
    for chart in (traffic_chart(here, NOW, 5), *slo_charts(here, slo_of(here), NOW, 5)):
        assert chart.x[0] < chart.x[1]
        assert chart.y[0] < chart.y[1]
    assert rollout_streams(here.rollout)
    gauges(here)
    for verb in Verb:
        assert is_harmless(why_not(verb, here) or "")
        for write in made(verb, here.rollout):
            json.loads(write.body)


@given(_scenes, st.lists(_records(Rollout), max_size=3))
def test_any_version_may_follow_any_other(here: Scene, versions: list[Thing]) -> None:
    picture = here.snapshot
    for version in versions:
        picture = snapshot(version, before=picture)
        assert list(picture.histories) == list(picture.rollouts)
