"""One rollout: a fixed head, and panels that tile where there is room."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from amas_tui.actions.gate import why_not
from amas_tui.keymap import Command, View
from amas_tui.store.forecast import forecasts
from amas_tui.store.kinds import Kind
from amas_tui.store.logs import LogBook, LogChoice, Voice
from amas_tui.store.scene import Scene, board_scene, scene
from amas_tui.ui.messages import (
    ActionAsked,
    ExportWanted,
    Left,
    LogsWanted,
    ReadingWanted,
    VerbAsked,
    WhyAsked,
)
from amas_tui.ui.plot import chart_lines
from amas_tui.ui.screens.base import MainScreen, bindings
from amas_tui.ui.shown import Shown
from amas_tui.ui.stylesheets import stylesheets
from amas_tui.ui.widgets.line_view import LineView
from amas_tui.viewmodel.analysis_panel import analysis_rows
from amas_tui.viewmodel.chart import Chart
from amas_tui.viewmodel.events_panel import events_lines
from amas_tui.viewmodel.gate_lines import next_gate_line, trouble_lines
from amas_tui.viewmodel.headline import headline, steps_line
from amas_tui.viewmodel.logs_panel import logs_lines
from amas_tui.viewmodel.pace import pace_line
from amas_tui.viewmodel.rollout_view import rollout_view
from amas_tui.viewmodel.slo_panel import (
    rollback_lines,
    short_slo_lines,
    slo_charts,
    slo_lines,
    slo_of,
    source_line,
    without_numbers,
)
from amas_tui.viewmodel.text import EMPTY, Line, Span, Tone, fit, merge, wrap
from amas_tui.viewmodel.timeline.lines import timeline_lines
from amas_tui.viewmodel.traffic import traffic_chart, truth_lines
from amas_tui.viewmodel.tree import tree_lines

PANELS: Final = ("Traffic", "SLO", "Tree", "Analysis", "Events", "Logs", "Timeline")
_LOGS: Final = 5
_LEFT: Final = 2
"""How many panels stand in the left column; the others share the right one."""
_ALWAYS_TILED: Final = 3
"""Panels that always have a tile; of the rest the one looked at last has the fourth."""
_TILED_WIDTH: Final = 120
_TILED_HEIGHT: Final = 36
_HEAD: Final = 3
_MIN_CHART: Final = 7
_MIN_SLO_CHART: Final = 10


class _Panel(LineView):
    """A panel whose lines are made for its size: a new size asks for new ones at once."""

    def on_resize(self) -> None:
        """Have the lines made again."""
        super().on_resize()
        screen = self.screen
        if isinstance(screen, RolloutScreen):
            self.call_after_refresh(screen.make_anew)


class RolloutScreen(MainScreen):
    """Shows one rollout by its uid; it stays on that object whatever is created under its name."""

    VIEW = View.ROLLOUT
    BINDINGS: ClassVar[list[BindingType]] = bindings(View.ROLLOUT)
    CSS_PATH = stylesheets("rollout")

    def __init__(self, shown: Shown, uid: str) -> None:
        super().__init__(shown)
        self.uid = uid
        self._panel = 0
        self._fourth = _ALWAYS_TILED
        self._log_choice = LogChoice()
        self._reads_log = False
        self._maximised = False
        self._gone: Scene | None = None
        self._pictures: dict[int, tuple[tuple[Chart, int, int, bool], tuple[Line, ...]]] = {}
        self._head_view = LineView(id="head")
        self._tabs_view = LineView(id="tabs", classes="one-line")
        self._outcome = LineView(id="outcome", classes="as-needed")
        self._panels = [_Panel(id=f"panel-{n}", classes="panel") for n in range(len(PANELS))]
        self._columns = (
            Vertical(*self._panels[:_LEFT], id="left", classes="column"),
            Vertical(*self._panels[_LEFT:], id="right", classes="column"),
        )

    def compose_body(self) -> ComposeResult:
        """Lay out head, outcome and panels; the first frame has the head and the room of each."""
        self._lay_out()
        self._show_head(self.shown, self.app.size.width)
        yield self._head_view
        yield self._tabs_view
        yield self._outcome
        yield Horizontal(*self._columns, id="panels")

    @property
    def body(self) -> LineView:
        """Return the panel in front."""
        return self._panels[self._panel]

    @property
    def is_tiled(self) -> bool:
        """Return whether all panels are on the screen."""
        # Before its first layout a screen has no size of its own.
        size = self.size if self.size.width else self.app.size
        wide = size.width >= _TILED_WIDTH and size.height >= _TILED_HEIGHT
        return wide and not self._maximised

    def trail(self, shown: Shown) -> Iterable[str]:
        """Return namespace and name."""
        here = self._scene(shown)
        return here.rollout.key if here else ()

    def banner(self, shown: Shown, width: int) -> tuple[Line, ...]:
        """Return what is wrong: the connection, else what of the rollout cannot be read."""
        if shown.fresh.sentence or shown.snapshot is None:
            return super().banner(shown, width)
        lost = {id_.kind: s.error for id_, s in shown.snapshot.lost() if s.error is not None}
        # Their panel says so itself, and nothing else hangs on them.
        lost.pop(Kind.EVENTS, None)
        if not lost:
            return ()
        kinds = ", ".join(str(kind) for kind in lost)
        sentence = next(iter(lost.values())).sentence
        text = sentence if len(lost) == 1 else f"not everything can be read ({kinds}): {sentence}"
        return wrap((Span(f" {text}", Tone.WARN),), width, limit=2, indent=1)

    def _scene(self, shown: Shown) -> Scene | None:
        found = scene(shown.snapshot, self.uid) if shown.snapshot else None
        if found is not None:
            self._gone = found
        return found or self._gone

    def is_possible(self, command: Command) -> bool:
        """Return whether a verb makes sense now."""
        if command.verb is None:
            return True
        here = scene(self.shown.snapshot, self.uid) if self.shown.snapshot else None
        return (
            here is not None
            and not self.shown.place.is_read_only
            and command.verb not in self.shown.denied
            and why_not(command.verb, here) is None
        )

    def show_body(self, shown: Shown) -> None:
        """Show the rollout in a picture."""
        self._lay_out()
        here = self._show_head(shown, self.size.width)
        self._outcome.show(shown.outcome)
        if here is None:
            return
        makers: tuple[Callable[[LineView, Scene, Shown], None], ...] = (
            self._show_traffic,
            self._show_slo,
            self._show_tree,
            self._show_analysis,
            self._show_events,
            self._show_logs,
            self._show_timeline,
        )
        for panel, make in zip(self._panels, makers, strict=True):
            if not panel.has_class("-hidden") and panel.size.width:
                make(panel, here, shown)

    def _show_head(self, shown: Shown, width: int) -> Scene | None:
        here = self._scene(shown)
        self._tabs_view.show((self._tabs(width),))
        if here is None:
            self._head_view.show(_waiting())
            return None
        is_gone = shown.snapshot is not None and self.uid not in shown.snapshot.rollouts
        self._head_view.show(self._head(here, shown, width, is_gone=is_gone))
        return here

    def make_anew(self) -> None:
        """Show the same picture for the sizes that the panels have now."""
        self.update(self.shown)

    def _lay_out(self) -> None:
        """Show all panels, or the one in front."""
        tiled = self.is_tiled
        if self.has_class("-tiled") != tiled:
            self.set_class(tiled, "-tiled")
        tiles = {*range(_ALWAYS_TILED), self._fourth} if tiled else {self._panel}
        for index, panel in enumerate(self._panels):
            _hide(panel, hidden=index not in tiles)
        in_front = 0 if self._panel < _LEFT else 1
        for index, column in enumerate(self._columns):
            _hide(column, hidden=not tiled and index != in_front)
        self._read_log()

    def _tabs(self, width: int) -> Line:
        spans: list[Span] = [Span(" ")]
        for index, name in enumerate(PANELS):
            front = index == self._panel
            spans.append(Span(f"{index + 1} ", Tone.KEY))
            spans.append(Span(name, Tone.STRONG if front else Tone.DIM))
            spans.append(Span("  "))
        return fit(merge(spans), width)

    def _head(self, here: Scene, shown: Shown, width: int, *, is_gone: bool) -> tuple[Line, ...]:
        if is_gone:
            gone = (
                f"{here.rollout.key.name} is gone: it was deleted. What is shown is its last state."
            )
            lines = wrap((Span(f" ✖ {gone}", Tone.BAD),), width, limit=2, indent=3)
        else:
            said = headline(_explained(here), shown.now)
            sign = Span(f" {said.state.glyph} ", said.state.tone)
            first = wrap((sign, Span(said.sentence, said.state.tone)), width, limit=2, indent=3)
            rest: list[Span] = [Span(f"   {said.following}")]
            for verb in said.verbs:
                command = shown.keymap.for_verb(verb)
                if why_not(verb, here) is None:
                    rest.append(Span("  "))
                    rest.append(Span(shown.keymap.shown(command.id), Tone.KEY))
                    rest.append(Span(f" {command.label}"))
            # What comes next has a line of its own, however long the sentence is: the keys that
            # help must not be cut off.
            lines = (*first, fit(merge(rest), width))
        padded = (*lines, EMPTY, EMPTY)[: max(_HEAD - 1, len(lines))]
        return (*padded, steps_line(here, shown.now, width))

    def _show_traffic(self, panel: LineView, here: Scene, shown: Shown) -> None:
        width, height = panel.size.width, panel.size.height
        lines = (pace_line(here, shown.now), *truth_lines(here, shown.now))
        truth = [part for line in lines if line for part in wrap(line, width, limit=2, indent=1)]
        room = height - len(truth) - _MIN_CHART
        numbers: tuple[Line, ...] = ()
        if not self.is_tiled and room > 1:
            numbers = (*short_slo_lines(slo_of(here), room - 1), *next_gate_line(here))
        room = height - len(truth) - len(numbers)
        chart = traffic_chart(here, _second(shown.now), max(2, width // 14))
        picture = self._drawn(0, chart, width, max(0, room), shown)
        panel.show((*picture, *(fit(line, width) for line in numbers), *truth))

    def _show_slo(self, panel: LineView, here: Scene, shown: Shown) -> None:
        width, height = panel.size.width, panel.size.height
        slo = slo_of(here)
        told = (
            *slo_lines(slo),
            *trouble_lines(here, forecasts(here)),
            *rollback_lines(here, shown.now),
        )
        numbers = [part for line in told for part in wrap(line, width, limit=2, indent=3)]
        source = fit(source_line(slo, shown.local), width)
        charts = slo_charts(here, slo, _second(shown.now), max(2, width // 14))
        if not charts:
            text = f" {without_numbers(here, slo)}"
            panel.show((*numbers, fit((Span(text, Tone.DIM),), width)))
            return
        fitting = max(1, (height - len(numbers) - 1) // _MIN_SLO_CHART)
        each = max(_MIN_SLO_CHART, (height - len(numbers) - 1) // min(fitting, len(charts)))
        lines: list[Line] = [*numbers, source]
        for place, chart in enumerate(charts, start=1):
            lines += self._drawn(place, chart, width, each, shown)
        panel.show(lines)

    def _drawn(
        self, place: int, chart: Chart, width: int, height: int, shown: Shown
    ) -> tuple[Line, ...]:
        """Return a chart's lines, drawn anew only when something in it has changed."""
        wanted = (chart, width, height, shown.ascii_only)
        before = self._pictures.get(place)
        if before is None or before[0] != wanted:
            lines = chart_lines(chart, width, height, ascii_only=shown.ascii_only)
            self._pictures[place] = before = (wanted, lines)
        return before[1]

    def _show_tree(self, panel: LineView, here: Scene, shown: Shown) -> None:
        rows = tree_lines(rollout_view(here), shown.now, panel.size.width)
        panel.show_rows(len(rows), lambda y: rows[y].line, [row.key for row in rows])

    def _show_analysis(self, panel: LineView, here: Scene, shown: Shown) -> None:
        rows = analysis_rows(here, shown.now)
        width = panel.size.width
        lines = [fit(row.line, width) for row in rows]
        panel.show_rows(len(rows), lines.__getitem__, [row.key for row in rows])

    def _show_events(self, panel: LineView, here: Scene, shown: Shown) -> None:
        panel.show(events_lines(here, shown.now, panel.size.width))

    def _show_logs(self, panel: LineView, here: Scene, shown: Shown) -> None:
        book = here.snapshot.logs.get(self.uid) or LogBook(self._log_choice)
        new = "preview" if here.rollout.blue_green is not None else "canary"
        panel.show_tail(logs_lines(book, panel.size.width, shown.local.tzinfo, new))

    def _show_timeline(self, panel: LineView, here: Scene, shown: Shown) -> None:
        zone = shown.local.tzinfo
        panel.show_tail(timeline_lines(here, shown.now, panel.size.width, zone))

    def _is_visible(self, panel: int) -> bool:
        return not self._panels[panel].has_class("-hidden")

    def _choose_log(self, choice: LogChoice) -> None:
        self._log_choice = choice
        self.post_message(LogsWanted(self.uid, choice))

    def _read_log(self) -> None:
        """Follow the log while its panel can be seen, and only then."""
        wanted = self._is_visible(_LOGS)
        if wanted != self._reads_log:
            self._reads_log = wanted
            self.post_message(LogsWanted(self.uid if wanted else None, self._log_choice))

    def to_copy(self) -> tuple[str, str] | None:
        """Return the query under the cursor, the object of the tree, else the rollout's name."""
        here = self._scene(self.shown)
        if here is None:
            return None
        key = self.body.cursor_key
        name = PANELS[self._panel]
        if name == "Analysis":
            rows = analysis_rows(here, self.shown.now)
            found = next((row.copy for row in rows if row.key == key), None)
            if found is not None:
                return found
        if name == "Tree" and isinstance(key, str) and key:
            return "the name", key.rpartition("/")[2]
        return "the name of the rollout", here.rollout.key.name

    def carry_out(self, id_: str, argument: str) -> bool:
        """Carry out what concerns this view alone."""
        command = next((one for one in self.shown.keymap.of(self.VIEW) if one.id == id_), None)
        if command is not None and command.verb is not None:
            self.ask(VerbAsked(command.verb, self.uid, argument))
            return True
        if id_ in ("rollback", "actions"):
            self.ask(ActionAsked(id_, self.uid))
            return True
        match id_:
            case "panel-6" if self._is_visible(_LOGS):
                self._choose_log(replace(self._log_choice, voice=_next_voice(self._log_choice)))
                self._front(_LOGS)
            case "previous-logs":
                self._front(_LOGS)
                self._choose_log(replace(self._log_choice, previous=not self._log_choice.previous))
            case _ if id_.startswith("panel-"):
                self._front(int(id_[-1]) - 1)
            case "export":
                self.post_message(ExportWanted(self.uid))
            case "why":
                self.post_message(WhyAsked(self.uid))
            case "yaml" | "compare":
                self.post_message(ReadingWanted(id_, self.uid, argument))
            case "next-panel":
                self._front((self._panel + 1) % len(PANELS))
            case "previous-panel":
                self._front((self._panel - 1) % len(PANELS))
            case "maximise":
                self._maximised = not self._maximised
                self._relay()
            case "back" | "leave" if self._maximised:
                self._maximised = False
                self._relay()
            case "back":
                self.post_message(Left())
            case "leave":
                self.post_message(Left(may_quit=True))
            case _:
                return super().carry_out(id_, argument)
        return True

    def _front(self, panel: int) -> None:
        self._panel = panel
        if panel >= _ALWAYS_TILED:
            self._fourth = panel
        self._relay()

    def _relay(self) -> None:
        """Lay out anew, then paint what that made room for."""
        self._lay_out()
        self.call_after_refresh(lambda: self.update(self.shown))


def _explained(here: Scene) -> Scene:
    """Return the scene to tell the state from: until its own runs are read, that of the board."""
    has_detail = here.rollout.uid in here.snapshot.details
    is_read = here.is_known(Kind.ANALYSIS_RUNS) or not has_detail
    return here if is_read else board_scene(here.snapshot, here.rollout)


def _next_voice(choice: LogChoice) -> Voice:
    voices = list(Voice)
    return voices[(voices.index(choice.voice) + 1) % len(voices)]


def _hide(widget: Widget, *, hidden: bool) -> None:
    """Show or hide a widget; a change costs a layout, so only a change is made."""
    if widget.has_class("-hidden") != hidden:
        widget.set_class(hidden, "-hidden")


def _second(now: datetime) -> datetime:
    """Return the whole second: a chart that moves more often costs more than it shows."""
    return now.replace(microsecond=0)


def _waiting() -> tuple[Line, ...]:
    return ((Span("   waiting for the rollout …", Tone.DIM),), EMPTY, EMPTY)
