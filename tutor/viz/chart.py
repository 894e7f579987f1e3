"""Charts of training: plotext draws the frame when range or size changes, our raster draws the curves in between.

The only module that touches plotext. Its traps are kept here: one global figure (a lock, cleared before and after),
errors on inf and a search without end on a flat series (the data is cleaned, limits and ticks are always ours), a line
drawn dot by dot to a value far outside (cut), text in ANSI (removed; the roles are ours).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size

from tutor.viz import raster
from tutor.viz.curve import LARGEST, Array, Curve, Plottable, Ranges, Series
from tutor.viz.model import Line, Picture, Role, Span
from tutor.viz.scale import Scale, fixed, growing, linear, logarithmic

__all__ = ["Chart", "ChartSpec", "Curve", "Mark", "Series", "still"]

SMALLEST = (24, 6)  # cells; below, a sentence asks for room

_FIGURE = threading.Lock()  # around plotext's one global figure
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_ROLES: tuple[Role, ...] = get_args(Role)
_NUMBER = {role: number for number, role in enumerate(_ROLES)}
_SPACE = 0x20
_SOLID, _DOTTED = (
    "━━",
    "┅┅",
)  # in the legend; the second curve and later ones are dotted, so colour is not needed to tell them


class Mark(NamedTuple):
    """A sign of one cell above the curve at x: something happened here."""

    x: float
    sign: str = "▾"


class ChartSpec(Struct, frozen=True):
    """What a chart looks like, apart from its data; width and height in cells."""

    width: int
    height: int
    x_label: str = ""
    y_label: str = ""
    log_y: bool = False
    marks: tuple[Mark, ...] = ()
    diverged_from: float | None = None  # x of the first non-finite value: a band from there to the right edge
    x_range: tuple[float, float] | None = None  # such as (0, all steps); None: the data's own, with room ahead


class _FrameKey(NamedTuple):
    width: int
    height: int
    x: Scale
    y: Scale
    x_label: str
    y_label: str
    legend: tuple[tuple[str, Role], ...]


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


class _Canvas(NamedTuple):
    """The cells inside the frame: code points and numbers of roles, both (height, width)."""

    signs: NDArray[np.uint32]
    roles: NDArray[np.uint8]


class Chart:
    """A chart drawn again and again while its data grows; keeps the frame, and every row that did not change."""

    def __init__(self) -> None:
        self._x: tuple[object, Scale] | None = None
        self._y: tuple[object, Scale] | None = None
        self._key: _FrameKey | None = None
        self._frame: _Frame | None = None
        self._canvas: _Canvas | None = None
        self._picture: Picture = ()

    def draw(self, series: Sequence[Plottable], spec: ChartSpec) -> Picture:
        """The picture now, spec.height lines of spec.width cells; a line that did not change is the same object."""
        if spec.width < SMALLEST[0] or spec.height < SMALLEST[1]:
            return _asks_for_room(spec)
        shown = [_shown(one.ranges(), spec) for one in series]
        x, y = self._scales(shown, spec)
        key = _key(series, spec, x, y)
        if self._frame is None or key != self._key:
            self._frame, self._key, self._canvas = _frame(key), key, None
        canvas = _blank(self._frame)
        _draw_band(canvas, spec, x)
        for number, (one, pieces) in enumerate(zip(series, shown, strict=True)):
            columns = raster.decimate(pieces.x, pieces.low, 2 * self._frame.width, (x.low, x.high), pieces.high)
            dots = raster.trace(columns, canvas.signs.shape[0], (y.low, y.high), dotted=number > 0)
            _draw_dots(canvas, dots, one.role)
        _draw_marks(canvas, spec, x)
        _draw_words(canvas, spec, x, empty=not any(pieces.x.size for pieces in shown))
        self._picture = self._changed(_settle(canvas))
        return self._picture

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

    def _changed(self, canvas: _Canvas) -> Picture:
        """The picture with new lines only for the rows of the canvas that differ from the last one."""
        frame, last = self._frame, self._canvas
        assert frame is not None
        self._canvas = canvas
        if last is None:
            return _picture(frame, canvas)
        rows = np.flatnonzero(((canvas.signs != last.signs) | (canvas.roles != last.roles)).any(axis=1))
        if rows.size == 0:
            return self._picture
        lines = list(self._picture)
        for row in rows:
            lines[len(frame.above) + row] = frame.margins[row] + _spans(canvas.signs[row], canvas.roles[row])
        return tuple(lines)


def still(series: Sequence[Plottable], spec: ChartSpec) -> Picture:
    """One picture by plotext alone, for --follow and exports: the curves too, about two points a column."""
    if spec.width < SMALLEST[0] or spec.height < SMALLEST[1]:
        return _asks_for_room(spec)
    shown = [_shown(one.ranges(), spec) for one in series]
    x, y = _x_scale(shown, spec, live=False), _y_scale(shown, spec)
    key = _key(series, spec, x, y)
    points = [_two_a_column(pieces, spec.width, x, y) for pieces in shown]
    # A build for each series: plotext without colour does not tell whose a cell is.
    built = [_frame(key, both, "braille" if number == 0 else "·") for number, both in enumerate(points)]
    frame = built[0] if built else _frame(key)
    canvas = _blank(frame)
    _draw_band(canvas, spec, x)
    for one, drawn in zip(series, built, strict=True):
        _draw_signs(canvas, drawn.canvas, one.role)
    _draw_marks(canvas, spec, x)
    _draw_words(canvas, spec, x, empty=not any(pieces.x.size for pieces in shown))
    return _picture(frame, _settle(canvas))


# Data and scales


def _shown(pieces: Ranges, spec: ChartSpec) -> Ranges:
    """The pieces inside x_range, in the coordinates of the axes; what has no logarithm is left out."""
    x, low, high = pieces
    if spec.x_range is not None:
        inside = (x >= spec.x_range[0]) & (x <= spec.x_range[1])
        if not inside.all():
            x, low, high = x[inside], low[inside], high[inside]
    if spec.log_y:
        if not (low > 0).all():
            kept = high > 0
            x, low, high = x[kept], low[kept], high[kept]
            low = np.where(low > 0, low, high)
        low, high = np.log10(low), np.log10(high)
    return Ranges(x, low, high)


def _x_scale(shown: Sequence[Ranges], spec: ChartSpec, live: bool = True) -> Scale:
    count = max(2, min(8, spec.width // 12))
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


def _two_a_column(pieces: Ranges, width: int, x: Scale, y: Scale) -> tuple[Array, Array]:
    # One height above and below the frame is far enough: plotext would draw every dot of the way to 1e30.
    least, most = 2 * y.low - y.high, 2 * y.high - y.low
    if pieces.x.size <= 2 * width and np.array_equal(pieces.low, pieces.high):
        return pieces.x, np.clip(pieces.low, least, most)
    columns = raster.decimate(pieces.x, pieces.low, width, (x.low, x.high), pieces.high)
    held = ~np.isnan(columns.low)
    both = np.column_stack((columns.low[held], columns.high[held])).ravel()
    return np.repeat(np.linspace(x.low, x.high, width)[held], 2), np.clip(both, least, most)


# The frame, by plotext


def _key(series: Sequence[Plottable], spec: ChartSpec, x: Scale, y: Scale) -> _FrameKey:
    legend = tuple((_narrow(one.name), one.role) for one in series if len(series) > 1 or one.name != spec.y_label)
    return _FrameKey(spec.width, spec.height, x, y, _narrow(spec.x_label), _narrow(spec.y_label), legend)


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
    entries = [
        (Span(_SOLID if number == 0 else _DOTTED, role), Span(f" {name}  ", "label"))
        for number, (name, role) in enumerate(key.legend)
    ]
    while entries and len(left) + sum(2 + len(name.text) for _, name in entries) > key.width:
        entries.pop()
    used = sum(2 + len(name.text) for _, name in entries)
    return (
        Span(left[: key.width - used].ljust(key.width - used), "label"),
        *(span for pair in entries for span in pair),
    )


def _narrow(text: str) -> str:
    """The text with whatever is not one cell wide replaced, so that a length is a width."""
    return "".join(sign if sign.isprintable() and cell_len(sign) == 1 else "?" for sign in text)


def _asks_for_room(spec: ChartSpec) -> Picture:
    words = f"The chart needs {SMALLEST[0]} x {SMALLEST[1]} cells."
    return ((Span(set_cell_size(words, max(spec.width, 0)), "dim"),),)


# The canvas


def _blank(frame: _Frame) -> _Canvas:
    size = len(frame.canvas), frame.width
    return _Canvas(np.full(size, _SPACE, dtype="<u4"), np.zeros(size, dtype=np.uint8))


def _column(value: float, x: Scale, width: int) -> int:
    """The cell over value, the nearest one when it lies outside."""
    place = (value - x.low) / (x.high - x.low) if abs(value) <= LARGEST else 1.0
    return int(np.clip(0.5 + (width - 1) * np.clip(place, 0, 1), 0, width - 1))


def _draw_band(canvas: _Canvas, spec: ChartSpec, x: Scale) -> None:
    if spec.diverged_from is not None:
        start = _column(spec.diverged_from, x, canvas.signs.shape[1])
        canvas.signs[:, start:] = ord("░")
        canvas.roles[:, start:] = _NUMBER["bad"]


def _draw_dots(canvas: _Canvas, dots: raster.Dots, role: Role) -> None:
    """A later curve gives a cell its role; the dots of an earlier one stay in it."""
    lit = dots != 0
    under = np.where((canvas.signs & 0xFF00) == 0x2800, canvas.signs & 0xFF, 0)
    np.copyto(canvas.signs, (under | dots | 0x2800).astype("<u4"), where=lit)
    canvas.roles[lit] = _NUMBER[role]


def _draw_signs(canvas: _Canvas, rows: Sequence[str], role: Role) -> None:
    signs = np.array([np.frombuffer(row.encode("utf-32-le"), dtype="<u4") for row in rows])
    np.copyto(canvas.signs, signs, where=signs != _SPACE)
    canvas.roles[signs != _SPACE] = _NUMBER[role]


def _draw_marks(canvas: _Canvas, spec: ChartSpec, x: Scale) -> None:
    for mark in spec.marks:
        if x.low <= mark.x <= x.high:
            column = _column(mark.x, x, canvas.signs.shape[1])
            canvas.signs[0, column] = ord(_narrow(mark.sign)[:1] or "▾")
            canvas.roles[0, column] = _NUMBER["mark"]


def _draw_words(canvas: _Canvas, spec: ChartSpec, x: Scale, empty: bool) -> None:
    """What the picture alone does not say: the run diverged, or there is nothing to draw yet."""
    height, width = canvas.signs.shape
    if spec.diverged_from is not None:
        start = _column(spec.diverged_from, x, width)
        if width - start >= len(" diverged ") + 2:
            _write(canvas, height // 2, start + (width - start - len(" diverged ")) // 2, " diverged ", "bad")
    elif empty:
        _write(canvas, height // 2, max(0, (width - len("no points yet")) // 2), "no points yet", "dim")


def _write(canvas: _Canvas, row: int, column: int, text: str, role: Role) -> None:
    end = min(column + len(text), canvas.signs.shape[1])
    canvas.signs[row, column:end] = [ord(sign) for sign in text[: end - column]]
    canvas.roles[row, column:end] = _NUMBER[role]


def _settle(canvas: _Canvas) -> _Canvas:
    """A space takes the role of what stands before it: fewer spans, fewer bytes to send."""
    column = np.where(canvas.signs != _SPACE, np.arange(canvas.signs.shape[1]), 0)
    return _Canvas(canvas.signs, np.take_along_axis(canvas.roles, np.maximum.accumulate(column, axis=1), axis=1))


def _spans(signs: NDArray[np.uint32], roles: NDArray[np.uint8]) -> Line:
    text = signs.tobytes().decode("utf-32-le")
    starts = [0, *(np.flatnonzero(np.diff(roles)) + 1).tolist()]
    return tuple(
        Span(text[start:end], _ROLES[roles[start]]) for start, end in zip(starts, [*starts[1:], len(text)], strict=True)
    )


def _picture(frame: _Frame, canvas: _Canvas) -> Picture:
    rows = (margin + _spans(*cells) for margin, *cells in zip(frame.margins, canvas.signs, canvas.roles, strict=True))
    return (*frame.above, *rows, *frame.below)
