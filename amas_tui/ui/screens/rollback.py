"""The emergency rollback on the screen: its preview, and its checks against the clock."""

from datetime import datetime
from typing import ClassVar

from textual.binding import Binding, BindingType

from amas_tui.rollback_preview import RollbackPreview
from amas_tui.rolling_back import BUDGET, Run
from amas_tui.ui.screens.dialog import ConfirmScreen, Dialog
from amas_tui.viewmodel.preview_lines import diff_lines
from amas_tui.viewmodel.rollback_lines import rollback_lines, running_lines
from amas_tui.viewmodel.text import Line, Span, Tone, fit


class RollbackPreviewScreen(ConfirmScreen):
    """What a rollback will do; the rollout's name starts it."""

    def __init__(self, preview: RollbackPreview, name: str) -> None:
        super().__init__(name, "roll back", preview.scene)
        self._preview = preview

    @property
    def is_possible(self) -> bool:
        """Return whether it can be confirmed."""
        return not self._preview.refusal

    @property
    def must_type(self) -> bool:
        """Return that the name is typed: it is rare and moves all traffic."""
        return self.is_possible

    def lines(self, room: int) -> list[Line]:
        """Return the preview."""
        preview = self._preview
        first = preview.first
        return [
            fit((Span(f"emergency rollback of {self.name_}", Tone.STRONG),), room),
            (),
            *rollback_lines(
                preview.sentences,
                first.consequence if first else None,
                first.writes if first else (),
                preview.refusal,
                preview.hint,
                preview.by_hand,
                room,
            ),
            *(fit(line, room) for line in _difference(preview)),
        ]


class RollingScreen(Dialog[None]):
    """A rollback on its way. It goes on when the box is closed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "give_up", show=False)]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name_ = name
        self._run: Run | None = None
        self._now: datetime | None = None

    def show_run(self, run: Run, now: datetime) -> None:
        """Show how it stands."""
        self._run, self._now = run, now
        if self.is_mounted and self.size.width:
            self.paint()

    def paint(self) -> None:
        """Show how it stands."""
        run, now, room = self._run, self._now, self.room
        if run is None or now is None:
            return
        ran = run.took if run.ending.is_final else now - run.began
        goal = run.route.goal
        where = f" to revision {goal.target.revision}" if goal else ""
        lines: list[Line] = [
            fit((Span(f"rolling {self._name_} back{where}", Tone.STRONG),), room),
            (),
            *running_lines(
                run.ending,
                str(run.move),
                tuple(str(move) for move in run.trail.moves),
                run.checks,
                run.remark,
                (ran, BUDGET),
                room,
            ),
            (),
            (Span("Esc", Tone.KEY), Span(_close(run))),
        ]
        self.show_body(lines)


def _difference(preview: RollbackPreview) -> tuple[Line, ...]:
    """Return how the pod template changes, where it does."""
    first = preview.first
    if first is None or first.templates is None or preview.refusal:
        return ()
    return ((), *diff_lines(*first.templates))


def _close(run: Run) -> str:
    return " close" if run.ending.is_final else " close; it goes on"
