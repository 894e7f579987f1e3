"""Curves to braille, 2 x 4 dots a cell, in plain NumPy; for a Curve the cost depends on the cells alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tutor.viz.curve import Array

Pattern = tuple[int, int]  # so many columns of dots are drawn of so many
SOLID, DOTTED = (1, 1), (1, 4)  # a dot in every other cell: between two of them an earlier curve is seen
DASHED = (4, 8)  # as much is left free as is drawn: where it lies on another curve, both are seen

Dots = NDArray[np.uint8]  # one braille pattern a cell, (height, width), row 0 on top
Span = tuple[float, float]

# Unicode numbers the dots of a cell 1 2 3 7 down its left side and 4 5 6 8 down its right.
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.uint8)
_BLANK, _BRAILLE = 0x20, 0x2800


class Columns(NamedTuple):
    """The lowest and the highest value in each column; NaN in both where a column holds nothing."""

    low: Array
    high: Array


def decimate(x: Array, y: Array, columns: int, x_range: Span | None = None, high: Array | None = None) -> Columns:
    """Lowest and highest value per column; with `high`, y holds the lowest value of each piece.

    x and y: (n,), finite, in any order. Column c is centred on x_range[0] + c / (columns - 1) of the span, as plotext
    places its dots; what lies outside x_range is left out. Without x_range the data's own.
    """
    low, top = np.full(columns, np.nan), np.full(columns, np.nan)
    if x.size == 0:
        return Columns(low, top)
    left, right = x_range or (float(x.min()), float(x.max()))
    with np.errstate(over="ignore"):  # infinitely far outside is outside
        place = (x - left) * ((columns - 1) / (right - left) if right > left else 0.0)
    highs = y if high is None else high
    inside = (place >= -0.5) & (place < columns - 0.5)
    if not inside.all():
        place, y, highs = place[inside], y[inside], highs[inside]
    if place.size:
        column = np.floor(place + 0.5).astype(np.intp)
        # Runs of one column first (fast, and x is nearly always sorted), then the few runs onto their columns.
        starts = np.flatnonzero(np.diff(column, prepend=-1))
        np.fmin.at(low, column[starts], np.minimum.reduceat(y, starts))
        np.fmax.at(top, column[starts], np.maximum.reduceat(highs, starts))
    return Columns(low, top)


def trace(columns: Columns, height: int, y_range: Span, pattern: Pattern = SOLID) -> Dots:
    """The curve through columns of dots (two a cell), as braille patterns (height, columns / 2).

    Empty columns between two that hold something are bridged by a straight line, and neighbouring columns touch, so a
    steep curve has no holes; what leaves y_range is cut at the edge. `pattern` leaves out some of the columns.
    """
    rows, width = 4 * height, columns.low.size
    held = np.flatnonzero(~np.isnan(columns.low))
    if held.size == 0:
        return np.zeros((height, width // 2), dtype=np.uint8)
    scale = (rows - 1) / (y_range[1] - y_range[0])
    with np.errstate(over="ignore"):  # cut far outside anyway, where a steep line still shows its slope
        low = np.clip((columns.low[held] - y_range[0]) * scale, -4 * rows, 5 * rows)
        high = np.clip((columns.high[held] - y_range[0]) * scale, -4 * rows, 5 * rows)
    full_low, full_high = _bridge(held, low, high)
    bottom, top = _touch(np.floor(full_low + 0.5), np.floor(full_high + 0.5))
    row = np.arange(rows)[::-1, None]
    lit = np.zeros((rows, width), dtype=bool)
    lit[:, held[0] : held[-1] + 1] = (row >= bottom) & (row <= top)
    drawn, of = pattern
    if drawn < of and held[0] != held[-1]:
        lit[:, np.arange(width) % of >= drawn] = False
    cells = lit.reshape(height, 4, width // 2, 2)
    packed: Dots = np.einsum("hrwc,rc->hw", cells, _BITS)
    return packed


def braille(xs: Array, ys: Array, width: int, height: int, x_range: Span, y_range: Span) -> tuple[str, ...]:
    """Rows of braille text, `height` of `width` cells, of one curve; NaN and inf are left out."""
    kept = np.isfinite(xs) & np.isfinite(ys)
    columns = decimate(xs[kept], ys[kept], 2 * width, x_range)
    return tuple(row.tobytes().decode("utf-32-le") for row in characters(trace(columns, height, y_range)))


def characters(dots: Dots) -> NDArray[np.uint32]:
    """The code points of braille patterns; an empty cell is a space."""
    return np.where(dots, dots + np.uint32(_BRAILLE), np.uint32(_BLANK)).astype("<u4")


def _bridge(held: NDArray[np.intp], low: Array, high: Array) -> Columns:
    """All columns from the first held to the last; the empty ones on a line between the ends of their neighbours."""
    if held.size == held[-1] - held[0] + 1:
        return Columns(low, high)
    column = np.arange(held[0], held[-1] + 1)
    before = np.searchsorted(held, column, side="right") - 1
    after = np.minimum(before + 1, held.size - 1)
    # From the near end of one interval to the near end of the other; overlapping ones are joined level.
    start = np.clip(low[after], low[before], high[before])
    end = np.clip(start, low[after], high[after])
    gap = np.maximum(held[after] - held[before], 1)
    line = start + (end - start) * (column - held[before]) / gap
    empty = column != held[before]
    return Columns(np.where(empty, line, low[before]), np.where(empty, line, high[before]))


def _touch(bottom: Array, top: Array) -> tuple[Array, Array]:
    """Lengthen neighbours towards each other, to the middle of the gap between them."""
    touching_bottom, touching_top = bottom.copy(), top.copy()
    rising, falling = bottom[1:] > top[:-1] + 1, top[1:] < bottom[:-1] - 1
    middle = np.floor((top[:-1] + bottom[1:]) / 2)
    np.maximum(touching_top[:-1], middle, out=touching_top[:-1], where=rising)
    np.minimum(touching_bottom[1:], middle + 1, out=touching_bottom[1:], where=rising)
    middle = np.floor((bottom[:-1] + top[1:]) / 2)
    np.minimum(touching_bottom[:-1], middle + 1, out=touching_bottom[:-1], where=falling)
    np.maximum(touching_top[1:], middle, out=touching_top[1:], where=falling)
    return touching_bottom, touching_top
