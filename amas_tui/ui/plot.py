"""Charts drawn by plotext, given back as toned lines.

plotext keeps one global figure, so drawing is one synchronous call that clears it first. Its limit
to the detected terminal is lifted, or it would clip to 24 lines where there is no terminal.
"""

import math
import re
from itertools import pairwise
from typing import Final

import plotext

from amas_tui.viewmodel.chart import Chart, Curve
from amas_tui.viewmodel.text import EMPTY, Line, Span, Tone, fit, merge, to_ascii

_CODES: Final = {
    Tone.NORMAL: 7,
    Tone.DIM: 8,
    Tone.CANARY: 3,
    Tone.STABLE: 4,
    Tone.BAD: 1,
    Tone.WARN: 5,
    Tone.GOOD: 2,
    Tone.BUSY: 6,
}
"""plotext's colour numbers stand for tones here; they never reach the terminal."""

_TONES: Final = {code: tone for tone, code in _CODES.items()}
_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_MIN_WIDTH: Final = 24
_MIN_HEIGHT: Final = 4


def chart_lines(
    chart: Chart, width: int, height: int, *, ascii_only: bool = False
) -> tuple[Line, ...]:
    """Return a chart in exactly `height` lines of at most `width` cells, its title in the first.

    Where there is no room for a picture, only the title is given.
    """
    title = fit((Span(f" {chart.title}", Tone.STRONG),), width)
    if width < _MIN_WIDTH or height < _MIN_HEIGHT:
        return (title, *[EMPTY] * max(0, height - 1))[:height]
    if not chart.curves:
        words = Span("   nothing measured yet", Tone.DIM)
        return (title, (words,), *[EMPTY] * (height - 2))
    strip = (_strip(chart, width, ascii_only=ascii_only),) if chart.steps else ()
    room = height - 1 - len(strip)
    body = _draw(chart, width, room, ascii_only=ascii_only)
    lines = [_line(text, ascii_only=ascii_only) for text in body.splitlines()][:room]
    lines += [EMPTY] * (room - len(lines))
    return (title, *lines, *strip)


def _strip(chart: Chart, width: int, *, ascii_only: bool) -> Line:
    """Return the line under the axis: each step at its moment, held until the next one.

    A step that would stand on the one before it is left out: the next one tells more.
    """
    first, last = chart.x
    margin = _label_width(chart) + 1
    cells = width - margin
    places = [
        (min(cells, max(0, int((at - first) / (last - first) * cells))), words)
        for at, words in chart.steps
    ]
    row = [" "] * cells
    for (start, words), (end, _) in pairwise((*places, (cells, ""))):
        if words:
            row[start:end] = ("-" if ascii_only else "─") * (end - start)
    free = 0
    for start, words in places:
        if start >= free and start + len(words) <= cells:
            row[start : start + len(words)] = words
            free = start + len(words) + 1
    return (Span("%".rjust(margin - 1) + " ", Tone.DIM), Span("".join(row).rstrip(), Tone.DIM))


def _label_width(chart: Chart) -> int:
    """Return the cells that plotext gives the labels of the heights."""
    return max(4, *(len(label) for _, label in chart.y_ticks)) if chart.y_ticks else 0


def _draw(chart: Chart, width: int, height: int, *, ascii_only: bool) -> str:
    first, last = chart.x
    plotext.clear_figure()
    plotext.limit_size(False, False)  # noqa: FBT003 - plotext's signature
    plotext.plot_size(width, height)
    plotext.theme("clear")
    plotext.xlim(0.0, last - first)
    plotext.ylim(*chart.y)
    plotext.yticks([at for at, _ in chart.y_ticks], _even([label for _, label in chart.y_ticks]))
    # A label at the very edge would be cut in half by plotext, so it is not asked for.
    edge = (last - first) * 4 / width
    shown = [
        (at - first, label) for at, label in chart.x_ticks if first + edge <= at <= last - edge
    ]
    plotext.xticks([at for at, _ in shown], [label for _, label in shown])
    plotext.xaxes(True, False)  # noqa: FBT003
    plotext.yaxes(True, False)  # noqa: FBT003
    for limit in chart.limits:
        if math.isfinite(limit):
            _dashes(limit, last - first, width, ascii_only=ascii_only)
    for curve in chart.curves:
        _curve(curve, first, ascii_only=ascii_only)
    for mark in chart.marks:
        plotext.text(
            mark.text, x=mark.at - first, y=mark.value, color=_CODES[mark.tone], alignment="left"
        )
    drawn = plotext.build()
    return str(drawn)


def _even(labels: list[str]) -> list[str]:
    """Return labels of one width, so that the axis does not move with them."""
    widest = max((len(label) for label in labels), default=0)
    return [label.rjust(max(widest, 4)) for label in labels]


def _dashes(height: float, span: float, width: int, *, ascii_only: bool) -> None:
    xs = [span * cell / width for cell in range(width)]
    marker = "-" if ascii_only else "╌"
    plotext.scatter(xs, [height] * len(xs), marker=marker, color=_CODES[Tone.DIM])


def _curve(curve: Curve, first: float, *, ascii_only: bool) -> None:
    xs = [at - first for at, _ in curve.points]
    ys = [value for _, value in curve.points]
    solid, planned = ("*", ".") if ascii_only else ("braille", "·")
    marker = planned if curve.is_planned or curve.is_faint else solid
    plotext.plot(xs, ys, marker=marker, color=_CODES.get(curve.tone, 7))


def _line(text: str, *, ascii_only: bool) -> Line:
    """Return one of plotext's lines with its colour numbers read as tones."""
    spans: list[Span] = []
    tone, position = Tone.DIM, 0
    for match in _SGR.finditer(text):
        if match.start() > position:
            spans.append(Span(text[position : match.start()], tone))
        tone, position = _tone(match[1]), match.end()
    if position < len(text):
        spans.append(Span(text[position:], tone))
    if ascii_only:
        spans = [Span(to_ascii(span.text), span.tone) for span in spans]
    return _trimmed(merge(spans))


def _tone(codes: str) -> Tone:
    parts = codes.split(";")
    if parts[:2] == ["38", "5"] and len(parts) > 2 and parts[2].isdecimal():
        return _TONES.get(int(parts[2]), Tone.NORMAL)
    return Tone.DIM


def _trimmed(line: Line) -> Line:
    """Return a line without the blanks at its end, which need not be sent."""
    if not line:
        return line
    last = line[-1]
    stripped = last.text.rstrip(" ")
    return (*line[:-1], Span(stripped, last.tone)) if stripped else _trimmed(line[:-1])
