"""Charts of training: plotext draws the frame when range or size changes, our raster draws the curves in between.

The only module that touches plotext. Its traps are kept here: one global figure (a lock, cleared before and after),
errors on inf and a search without end on a flat series (the data is cleaned, limits and ticks are always ours), a line
drawn dot by dot to a value far outside (cut), text in ANSI (removed; the roles are ours).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from msgspec import Struct
from rich.cells import set_cell_size

from tutor.viz import raster
from tutor.viz.canvas import (
    Canvas,
    Mark,
    blank,
    draw_band,
    draw_dots,
    draw_letters,
    draw_marks,
    draw_signs,
    draw_words,
    narrow,
    settle,
    spans,
)
from tutor.viz.curve import Array, Curve, Plottable, Ranges, Series, Stroke
from tutor.viz.model import Line, Picture, Role, Span
from tutor.viz.scale import Scale, fixed, growing, linear, logarithmic

__all__ = ["Changed", "Chart", "ChartSpec", "Curve", "Mark", "Series", "Still", "still"]

SMALLEST = (24, 6)  # cells; below, a sentence asks for room

_FIGURE = threading.Lock()  # around plotext's one global figure
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
# In the legend: no colour is needed to tell them.
_LEGEND: dict[Stroke, str] = {"solid": "━━", "dotted": "┅┅", "dashed": "╍╍", "cloud": "░░"}
_PATTERNS: dict[Stroke, raster.Pattern] = {"dotted": raster.DOTTED, "dashed": raster.DASHED}


class ChartSpec(Struct, frozen=True):
    """What a chart looks like, apart from its data; width and height in cells."""

    width: int
    height: int
    x_label: str = ""
    y_label: str = ""
    log_y: bool = False
    log_x: bool = False
    signs: tuple[str, ...] = ()  # in a still, the cell that each curve is drawn with; without them braille, then dots
    marks: tuple[Mark, ...] = ()
    diverged_from: float | None = None  # x of the first non-finite value: a band from there to the right edge
    x_range: tuple[float, float] | None = None  # such as (0, all steps); None: the data's own, with room ahead


class Changed(NamedTuple):
    """The cells of one line of a picture that are not what they were; stop is the first one after them."""

    line: int
    start: int
    stop: int


class _FrameKey(NamedTuple):
    width: int
    height: int
    x: Scale
    y: Scale
    x_label: str
    y_label: str
    legend: tuple[tuple[str, Role, str], ...]  # name, role and the sign that stands before it


class _Frame(NamedTuple):
    """What plotext drew around the canvas, and the canvas itself (blank when no points were given)."""

    above: tuple[Line, ...]
    margins: tuple[Line, ...]  # labels and axis, left of each row of the canvas
    canvas: tuple[str, ...]
    below: tuple[Line, ...]

    @property
    def width(self) -> int:
        """Of the canvas, in cells."""
        return len(self.canvas[0])


class Chart:
    """A chart drawn again and again while its data grows; keeps the frame, and every row that did not change."""

    def __init__(self) -> None:
        self._x: tuple[object, Scale] | None = None
        self._y: tuple[object, Scale] | None = None
        self._key: _FrameKey | None = None
        self._frame: _Frame | None = None
        self._canvas: Canvas | None = None
        self._picture: Picture = ()
        self.changed: tuple[Changed, ...] | None = None  # by the last draw, against the one before; None: all of it

    @property
    def margin(self) -> int:
        """The cells left of the curves in the last picture."""
        return sum(len(span.text) for span in self._frame.margins[0]) if self._frame is not None else 0

    def draw(self, series: Sequence[Plottable], spec: ChartSpec) -> Picture:
        """The picture now, spec.height lines of spec.width cells; a line that did not change is the same object."""
        if spec.width < SMALLEST[0] or spec.height < SMALLEST[1]:
            self.changed = None
            return _asks_for_room(spec)
        shown = [_shown(one.ranges(), spec) for one in series]
        x, y = self._scales(shown, spec)
        key = _key(series, spec, x, y)
        if self._frame is None or key != self._key:
            self._frame, self._key, self._canvas = _frame(key), key, None
        canvas = blank(len(self._frame.canvas), self._frame.width)
        draw_band(canvas, spec, x)
        self._draw_curves(canvas, series, shown, x, y)
        draw_marks(canvas, spec.marks, x, spec.log_x)
        draw_words(canvas, spec, x, empty=not any(pieces.x.size for pieces in shown))
        self._picture = self._changed(settle(canvas))
        return self._picture

    def _draw_curves(
        self, canvas: Canvas, series: Sequence[Plottable], shown: Sequence[Ranges], x: Scale, y: Scale
    ) -> None:
        height, width = canvas.signs.shape
        letters = []
        for number, (one, pieces) in enumerate(zip(series, shown, strict=True)):
            columns = raster.decimate(pieces.x, pieces.low, 2 * width, (x.low, x.high), pieces.high)
            pattern = _PATTERNS.get(_stroke(one, number), raster.SOLID)
            draw_dots(canvas, raster.trace(columns, height, (y.low, y.high), pattern), one.role)
            if one.sign:
                letters.append((columns, y, one.sign, one.role, number))
        for letter in letters:
            draw_letters(canvas, *letter)

    def _scales(self, shown: Sequence[Ranges], spec: ChartSpec) -> tuple[Scale, Scale]:
        """The scales of the last picture while they still serve: a frame that moves is costly and hard to read."""
        asked = (spec.width, spec.x_range)
        x = _x_scale(shown, spec)
        if self._x is not None and self._x[0] == asked and _serves(self._x[1], x, shown, "x"):
            x = self._x[1]
        self._x = asked, x
        asked_y = (spec.height, spec.log_y, spec.diverged_from is None)
        y = _y_scale(shown, spec)
        if self._y is not None and self._y[0] == asked_y and _serves(self._y[1], y, shown, "y"):
            y = self._y[1]
        self._y = asked_y, y
        return x, y

    def _changed(self, canvas: Canvas) -> Picture:
        """The picture with new lines only for the rows of the canvas that differ from the last one."""
        frame, last = self._frame, self._canvas
        assert frame is not None
        self._canvas, self.changed = canvas, None
        if last is None:
            return _picture(frame, canvas)
        differs = (canvas.signs != last.signs) | (canvas.roles != last.roles)
        rows = np.flatnonzero(differs.any(axis=1))
        self.changed = ()
        if rows.size == 0:
            return self._picture
        lines = list(self._picture)
        for row in rows:
            line = len(frame.above) + row
            lines[line] = frame.margins[row] + spans(canvas.signs[row], canvas.roles[row])
            cells = np.flatnonzero(differs[row])
            self.changed += (Changed(int(line), self.margin + int(cells[0]), self.margin + int(cells[-1]) + 1),)
        return tuple(lines)


class Still:
    """A picture by plotext alone, the curves too, about two points a column; its marks may move at no cost."""

    def __init__(self, series: Sequence[Plottable], spec: ChartSpec) -> None:
        self.spec = spec
        self._frame: _Frame | None = None
        if spec.width < SMALLEST[0] or spec.height < SMALLEST[1]:
            return
        shown = [_shown(one.ranges(), spec) for one in series]
        self._x, y = _x_scale(shown, spec, live=False), _y_scale(shown, spec)
        key = _key(series, spec, self._x, y)
        points = [_two_acolumn_of(pieces, spec.width, self._x, y) for pieces in shown]
        # A build for each series: plotext without colour does not tell whose a cell is.
        signs = spec.signs or ("braille", *"·" * len(series))
        built = [_frame(key, both, sign) for both, sign in zip(points, signs, strict=False)]
        self._frame = built[0] if built else _frame(key)
        self._canvas = blank(len(self._frame.canvas), self._frame.width)
        draw_band(self._canvas, spec, self._x)
        for one, drawn in zip(series, built, strict=True):
            draw_signs(self._canvas, drawn.canvas, one.role)
        draw_words(self._canvas, spec, self._x, empty=not any(pieces.x.size for pieces in shown))

    def picture(self, marks: Sequence[Mark] | None = None) -> Picture:
        """The picture with these marks, by default those of its spec."""
        if self._frame is None:
            return _asks_for_room(self.spec)
        canvas = Canvas(self._canvas.signs.copy(), self._canvas.roles.copy())
        draw_marks(canvas, self.spec.marks if marks is None else marks, self._x, self.spec.log_x)
        return _picture(self._frame, settle(canvas))


def still(series: Sequence[Plottable], spec: ChartSpec) -> Picture:
    """One picture by plotext alone, for --follow and exports."""
    return Still(series, spec).picture()


# Data and scales


def _shown(pieces: Ranges, spec: ChartSpec) -> Ranges:
    """The pieces inside x_range, in the coordinates of the axes; what has no logarithm is left out."""
    x, low, high = pieces
    if spec.x_range is not None:
        inside = (x >= spec.x_range[0]) & (x <= spec.x_range[1])
        if not inside.all():
            x, low, high = x[inside], low[inside], high[inside]
    if spec.log_x:
        kept = x > 0
        x, low, high = np.log10(x[kept]), low[kept], high[kept]
    if spec.log_y:
        if not (low > 0).all():
            kept = high > 0
            x, low, high = x[kept], low[kept], high[kept]
            low = np.where(low > 0, low, high)
        low, high = np.log10(low), np.log10(high)
    return Ranges(x, low, high)


def _x_scale(shown: Sequence[Ranges], spec: ChartSpec, live: bool = True) -> Scale:
    count = max(2, min(8, spec.width // 12))
    if spec.log_x:
        low, high = _extent(shown, "x") if spec.x_range is None else np.log10(spec.x_range)
        return logarithmic(float(low), float(high), count)
    if spec.x_range is not None:
        return fixed(min(spec.x_range), max(spec.x_range), count)
    low, high = _extent(shown, "x")
    return growing(low, high, count) if live else fixed(low, high, count)


def _y_scale(shown: Sequence[Ranges], spec: ChartSpec) -> Scale:
    count = max(2, min(6, spec.height // 4))
    if not any(pieces.x.size for pieces in shown):
        return Scale(0.0, 1.0)
    low, high = _extent(shown, "y")
    if spec.diverged_from is not None and not spec.log_y:
        # What ran away would flatten everything before it: room for the start and the usual height, no more.
        held = [pieces.high for pieces in shown if pieces.x.size]
        start = max(float(values[: 1 + values.size // 10].max()) for values in held)
        usual = max(float(np.median(values)) for values in held)
        high = min(high, max(start, 2 * usual))
    return (logarithmic if spec.log_y else linear)(low, high, count)


def _extent(shown: Sequence[Ranges], axis: Literal["x", "y"]) -> tuple[float, float]:
    held = [pieces for pieces in shown if pieces.x.size]
    if not held:
        return 0.0, 1.0
    if axis == "x":
        return min(float(p.x.min()) for p in held), max(float(p.x.max()) for p in held)
    return min(float(p.low.min()) for p in held), max(float(p.high.max()) for p in held)


def _serves(old: Scale, new: Scale, shown: Sequence[Ranges], axis: Literal["x", "y"]) -> bool:
    """Whether the old scale holds the data and does not waste more than half of its room."""
    if bool(old.ticks) != bool(new.ticks):
        return False
    covered = old.holds(*_extent(shown, axis)) or old.holds(new.low, new.high)
    return covered and new.high - new.low >= 0.5 * (old.high - old.low)


def _two_acolumn_of(pieces: Ranges, width: int, x: Scale, y: Scale) -> tuple[Array, Array]:
    # One height above and below the frame is far enough: plotext would draw every dot of the way to 1e30.
    least, most = 2 * y.low - y.high, 2 * y.high - y.low
    if pieces.x.size <= 2 * width and np.array_equal(pieces.low, pieces.high):
        return pieces.x, np.clip(pieces.low, least, most)
    columns = raster.decimate(pieces.x, pieces.low, width, (x.low, x.high), pieces.high)
    held = ~np.isnan(columns.low)
    both = np.column_stack((columns.low[held], columns.high[held])).ravel()
    return np.repeat(np.linspace(x.low, x.high, width)[held], 2), np.clip(both, least, most)


# The frame, by plotext


def _stroke(one: Plottable, number: int) -> Stroke:
    return one.stroke or ("solid" if number == 0 else "dotted")


def _key(series: Sequence[Plottable], spec: ChartSpec, x: Scale, y: Scale) -> _FrameKey:
    signs = spec.signs or tuple(_LEGEND[_stroke(one, number)] for number, one in enumerate(series))
    legend = tuple(
        (narrow(one.name), one.role, _LEGEND["solid"] if sign == "braille" else sign)
        for one, sign in zip(series, signs, strict=False)
        if one.name and (len(series) > 1 or one.name != spec.y_label)
    )
    return _FrameKey(spec.width, spec.height, x, y, narrow(spec.x_label), narrow(spec.y_label), legend)


def _frame(key: _FrameKey, points: tuple[Array, Array] | None = None, marker: str = "braille") -> _Frame:
    above = (_header(key),) if key.y_label or key.legend else ()
    lines = _plotext(key, key.height - len(above), points, marker)
    axis = max(row for row, line in enumerate(lines) if "└" in line)
    column = lines[axis].index("└")
    margins = tuple((Span(line[:column], "label"), Span(line[column], "axis")) for line in lines[:axis])
    canvas = tuple(line[column + 1 :] for line in lines[:axis])
    return _Frame(
        above,
        margins,
        canvas,
        ((Span(lines[axis], "axis"),), *((Span(line, "label"),) for line in lines[axis + 1 :])),
    )


def _plotext(key: _FrameKey, height: int, points: tuple[Array, Array] | None, marker: str) -> list[str]:
    """plotext's own lines, without colour, each of key.width cells."""
    import plotext  # 60 ms, and only a chart needs it

    # Outside the limits, so that it is dropped: plotext draws no frame around nothing.
    nothing = [key.x.low - (key.x.high - key.x.low)], [key.y.low]
    xs, ys = nothing if points is None or points[0].size == 0 else (points[0].tolist(), points[1].tolist())
    with _FIGURE:
        plotext.clear_figure()
        try:
            plotext.theme("clear")
            plotext.limit_size(False, False)
            plotext.plot_size(key.width, height)
            plotext.xaxes(True, False)
            plotext.yaxes(True, False)
            plotext.xlim(key.x.low, key.x.high)
            plotext.ylim(key.y.low, key.y.high)
            plotext.xticks(list(key.x.ticks), list(key.x.labels))
            plotext.yticks(list(key.y.ticks), list(key.y.labels))
            if key.x_label and height >= 8:
                plotext.xlabel(key.x_label[: key.width // 2])
            plotext.plot(xs, ys, marker=marker)
            text: str = plotext.build()
        finally:
            plotext.clear_figure()
    lines = _ANSI.sub("", text).split("\n")[:height]
    return [line.ljust(key.width)[: key.width] for line in lines]


def _header(key: _FrameKey) -> Line:
    """The y axis' name on the left, the legend on the right: plotext's own would lie on the start of the curve."""
    left = f" {key.y_label} " if key.y_label else ""
    entries = [(Span(sign, role), Span(f" {name}  ", "label")) for name, role, sign in key.legend]
    while entries and len(left) + sum(len(sign.text) + len(name.text) for sign, name in entries) > key.width:
        entries.pop()
    used = sum(len(sign.text) + len(name.text) for sign, name in entries)
    return (
        Span(left[: key.width - used].ljust(key.width - used), "label"),
        *(span for pair in entries for span in pair),
    )


def _asks_for_room(spec: ChartSpec) -> Picture:
    words = f"The chart needs {SMALLEST[0]} x {SMALLEST[1]} cells."
    return ((Span(set_cell_size(words, max(spec.width, 0)), "dim"),),)


def _picture(frame: _Frame, canvas: Canvas) -> Picture:
    rows = (margin + spans(*cells) for margin, *cells in zip(frame.margins, canvas.signs, canvas.roles, strict=True))
    return (*frame.above, *rows, *frame.below)
