"""Paints lines, and repaints only the cells that changed.

Textual's own table repaints everything for one changed cell. Here every line is compared with what
was painted, and only the runs of cells that differ are refreshed: a changed number costs some 20
bytes and the frame around it.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import zip_longest
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from amas_tui.viewmodel.text import Line, Tone, char_width, to_ascii

_MERGE: Final = 10
"""Cells between two changes that are cheaper to send than to skip."""


class LineView(ScrollView, can_focus=False):
    """Lines of toned text, with or without a cursor that follows an object, not a place."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"tone--{tone.value}" for tone in Tone),
        "line--cursor",
    }

    ascii_only: ClassVar[bool] = False
    """Set once at start: every glyph is painted as a letter of the same width."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._count = 0
        self._line_at: Callable[[int], Line] = _no_line
        self._keys: Sequence[Hashable] = ()
        self._painted: dict[int, Line] = {}
        self._row: int | None = None
        self._cursor_key: Hashable | None = None
        self._styles: dict[tuple[Tone, bool], Style] = {}
        self.lines_painted = 0
        """How many lines were made for the terminal so far; the bench reads it."""

    def show(self, lines: Sequence[Line]) -> None:
        """Show lines without a cursor."""
        self.show_rows(len(lines), lines.__getitem__, ())

    def show_tail(self, lines: Sequence[Line]) -> None:
        """Show lines that grow at their end; who stands there stays there."""
        at_end = self.scroll_offset.y >= self.max_scroll_y
        self.show(lines)
        if at_end:
            end = max(0, len(lines) - self.size.height)
            self.scroll_to(y=end, animate=False, force=True, immediate=True)

    def show_rows(
        self, count: int, line_at: Callable[[int], Line], keys: Sequence[Hashable]
    ) -> None:
        """Show rows that are made only when they are on the screen.

        Args:
            count: How many there are.
            line_at: Makes the line of a row.
            keys: What each row is about; the cursor stays on its key wherever that moves. Empty
                for rows without a cursor.
        """
        before = self._row
        self._line_at, self._keys = line_at, keys
        if count != self._count:
            self._count = count
            self._resize_virtually()
        self._row = self._follow(before)
        self._refresh_changes(before)
        if self._row != before:
            self._reveal()

    def _resize_virtually(self) -> None:
        """Take in a new number of rows. Only a widget as tall as its rows lays out anew for it."""
        self.set_reactive(LineView.virtual_size, Size(self.size.width, self._count))
        if self.styles.is_auto_height:
            self.refresh(layout=True)

    def _follow(self, before: int | None) -> int | None:
        """Return where the cursor's object is now; where it is gone, the row in its place."""
        if not self._keys:
            self._cursor_key = None
            return None
        place = min(before or 0, len(self._keys) - 1)
        if self._keys[place] != self._cursor_key and self._cursor_key in self._keys:
            place = self._keys.index(self._cursor_key)
        self._cursor_key = self._keys[place]
        return place

    def _refresh_changes(self, cursor_before: int | None) -> None:
        top, height = self.scroll_offset.y, self.size.height
        regions: list[Region] = []
        for y in range(top, top + height):
            old, new = self._painted.get(y), self._make(y)
            if old == new:
                continue
            self._painted[y] = new
            # Of a row that was never painted here nobody knows what stands on the terminal.
            runs = [(0, self.size.width)] if old is None else changed_cells(old, new)
            regions += [Region(x, y - top, width, 1) for x, width in runs]
        if cursor_before != self._row:
            width = self.size.width
            for row in {cursor_before, self._row}:
                if row is not None and top <= row < top + height:
                    regions.append(Region(0, row - top, width, 1))
        if regions:
            self.refresh(*regions)

    def _make(self, y: int) -> Line:
        return self._line_at(y) if 0 <= y < self._count else ()

    @property
    def row_keys(self) -> Sequence[Hashable]:
        """Return what each row is about, empty without a cursor."""
        return self._keys

    @property
    def cursor_key(self) -> Hashable | None:
        """Return what the cursor is on."""
        return self._cursor_key

    def move_to(self, key: Hashable) -> None:
        """Put the cursor on a key, if it is there."""
        if key in self._keys:
            self._move(self._keys.index(key))

    def move(self, rows: int) -> None:
        """Move the cursor, or scroll where there is none."""
        if self._row is None:
            self.scroll_to(y=self.scroll_offset.y + rows, animate=False)
        else:
            self._move(self._row + rows)

    def move_page(self, pages: int) -> None:
        """Move by whole screens."""
        self.move(pages * max(1, self.size.height - 1))

    def move_end(self, *, last: bool) -> None:
        """Move to the first or last row."""
        if self._row is None:
            self.scroll_to(y=self._count if last else 0, animate=False)
        else:
            self._move(self._count - 1 if last else 0)

    def _move(self, row: int) -> None:
        before = self._row
        self._row = max(0, min(row, self._count - 1)) if self._count else None
        self._cursor_key = None if self._row is None else self._keys[self._row]
        self._refresh_changes(before)
        self._reveal()

    def _reveal(self) -> None:
        if self._row is None or not self.size.height:
            return
        top, height = self.scroll_offset.y, self.size.height
        if self._row < top:
            self.scroll_to(y=self._row, animate=False, force=True, immediate=True)
        elif self._row >= top + height:
            self.scroll_to(y=self._row - height + 1, animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        """Take in a new size: everything is painted anew."""
        self.set_reactive(LineView.virtual_size, Size(self.size.width, self._count))
        self._painted.clear()
        self.refresh()
        self._reveal()

    def notify_style_update(self) -> None:
        """Forget resolved styles when the theme changes."""
        super().notify_style_update()
        self._styles.clear()

    def _style(self, tone: Tone, *, on_cursor: bool) -> Style:
        style = self._styles.get((tone, on_cursor))
        if style is None:
            style = self.get_component_rich_style(f"tone--{tone.value}")
            if on_cursor:
                style += Style(reverse=True)
            self._styles[tone, on_cursor] = style
        return style

    def render_line(self, y: int) -> Strip:
        """Return one line of the screen; `y` counts from the top of the widget."""
        row = y + self.scroll_offset.y
        line = self._make(row)
        self.lines_painted += 1
        self._painted[row] = line
        on_cursor = row == self._row
        segments = [
            Segment(
                to_ascii(span.text) if self.ascii_only else span.text,
                self._style(span.tone, on_cursor=on_cursor),
            )
            for span in line
        ]
        blank = self._style(Tone.NORMAL, on_cursor=on_cursor)
        left = self.scroll_offset.x
        return Strip(segments).crop_extend(left, left + self.size.width, blank)


def _no_line(row: int) -> Line:
    del row
    return ()


def _cells(line: Line) -> Iterator[tuple[str, Tone]]:
    """Yield what stands in each cell; the second cell of a wide character is empty."""
    for span in line:
        for char in span.text:
            yield char, span.tone
            for _ in range(char_width(char) - 1):
                yield "", span.tone


_BLANK: Final = (" ", Tone.NORMAL)


def changed_cells(old: Line, new: Line) -> list[tuple[int, int]]:
    """Return the runs `(first cell, cells)` in which two lines differ; close ones are joined.

    A run never begins in the middle of a wide character.
    """
    runs: list[tuple[int, int]] = []
    before, after = list(_cells(old)), list(_cells(new))
    for x, (was, is_) in enumerate(zip_longest(before, after, fillvalue=_BLANK)):
        if was == is_:
            continue
        start = x
        while start > 0 and _is_tail(before, start):
            start -= 1
        if runs and start - (runs[-1][0] + runs[-1][1]) <= _MERGE:
            runs[-1] = (runs[-1][0], x + 1 - runs[-1][0])
        else:
            runs.append((start, x + 1 - start))
    return [_whole(run, before, after) for run in runs]


def _is_tail(cells: list[tuple[str, Tone]], x: int) -> bool:
    return x < len(cells) and cells[x][0] == ""


def _whole(
    run: tuple[int, int], before: list[tuple[str, Tone]], after: list[tuple[str, Tone]]
) -> tuple[int, int]:
    """Widen a run to hold whole wide characters at both ends."""
    start, size = run
    while start > 0 and (_is_tail(before, start) or _is_tail(after, start)):
        start -= 1
        size += 1
    while _is_tail(before, start + size) or _is_tail(after, start + size):
        size += 1
    return start, size
