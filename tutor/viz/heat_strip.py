"""The error of a whole matrix in a few lines of block characters: a map to move in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.viz.model import Line, Picture, Role, Span

# Sign and role of each level, right first. The signs alone tell five of them, so a picture without colour, or in
# greys, still has its hills: more ink is more error.
LEVELS: tuple[tuple[str, Role], ...] = (
    ("·", "axis"),
    ("░", "label"),
    ("░", "plain"),
    ("▒", "plain"),
    ("▒", "accent"),
    ("▓", "accent"),
    ("▓", "bad"),
    ("█", "bad"),
)
DECADES = 3.0  # between the lowest level of error and the highest
GUTTER = 2  # cells before a line, which say where the window and the cursor are

Array = npt.NDArray[np.float64]


class HeatStrip(NamedTuple):
    """The bins of a matrix; of a column they run along the line (`turned`)."""

    levels: npt.NDArray[np.intp]  # (lines, bins)
    rows: npt.NDArray[np.intp]  # the first row of each line, and the end
    columns: npt.NDArray[np.intp]
    turned: bool
    widened: int  # characters a bin

    @property
    def height(self) -> int:
        """Its lines, with the ruler above."""
        return len(self.levels) + 1

    def bin_of(self, row: int, column: int) -> tuple[int, int]:
        """The bin of a cell: line, and number in it."""
        if self.turned:
            row, column = column, row
        return (
            int(np.searchsorted(self.rows, row, side="right")) - 1,
            int(np.searchsorted(self.columns, column, side="right")) - 1,
        )

    def cell_of(self, error: Array, line: int, number: int) -> tuple[int, int]:
        """The worst cell of a bin, the first where all are right."""
        line = max(0, min(len(self.rows) - 2, line))
        number = max(0, min(len(self.columns) - 2, number))
        top, left = int(self.rows[line]), int(self.columns[number])
        inside = (error.T if self.turned else error)[top : self.rows[line + 1], left : self.columns[number + 1]]
        row, column = np.unravel_index(int(np.argmax(inside)), inside.shape)
        found = top + int(row), left + int(column)
        return found[::-1] if self.turned else found

    def hit(self, x: int, y: int) -> tuple[int, int]:
        """The bin under a place of the picture, or the nearest."""
        return y - 1, (x - GUTTER) // self.widened


def heat_strip(error: Array, width: int, lines: int, largest: float) -> HeatStrip:
    """Bin a matrix of errors into at most so many lines of at most `width` cells; `largest` is the top of the scale."""
    turned = error.shape[1] == 1
    matrix = error.T if turned else error
    room = max(1, width - GUTTER)
    rows, columns = _edges(matrix.shape[0], lines), _edges(matrix.shape[1], room)
    largest_in_bin = np.maximum.reduceat(np.maximum.reduceat(matrix, rows[:-1], axis=0), columns[:-1], axis=1)
    widened = 2 if 2 * (len(columns) - 1) <= room else 1
    return HeatStrip(levels(largest_in_bin, largest), rows, columns, turned, widened)


def _edges(count: int, bins: int) -> npt.NDArray[np.intp]:
    return np.linspace(0, count, min(count, bins) + 1).astype(np.intp)


def levels(error: Array, largest: float) -> npt.NDArray[np.intp]:
    """0 where right, then the logarithm of the error in steps down from the largest; the top where not finite."""
    top = len(LEVELS) - 1
    if not largest:
        return np.where(error > 0, top, 0)
    # 0 at the largest, -1 three decades below it.
    below = np.minimum((np.log10(np.where(error > 0, error, 1.0)) - np.log10(largest)) / DECADES, 0.0)
    return np.where(error > 0, np.clip(np.ceil(top * (1 + below)), 1, top), 0).astype(np.intp)


def draw_strip(
    strip: HeatStrip, shown_rows: Collection[int], shown_columns: Collection[int], row: int, column: int, active: bool
) -> Picture:
    """A ruler, then the bins; ruler and gutter mark what the table shows, and where the cursor is in it."""
    lines = _marks(strip.rows, shown_columns if strip.turned else shown_rows)
    numbers = _marks(strip.columns, shown_rows if strip.turned else shown_columns)
    cursor_line, cursor_number = strip.bin_of(row, column)
    window: Role = "mark" if active else "label"
    ruler = [Span(" " * GUTTER)]
    for number, marked in enumerate(numbers):
        here = number == cursor_number
        sign = ("▾" if here else "─" if marked else " ").ljust(strip.widened, "─" if marked else " ")
        ruler.append(Span(sign, "mark" if here else window))
    picture: list[Line] = [tuple(ruler)]
    for line, marked in enumerate(lines):
        here = line == cursor_line
        gutter = Span("▸ " if here else "│ " if marked else "  ", "mark" if here else window)
        picture.append((gutter, *_runs(strip.levels[line].tolist(), strip.widened)))
    return tuple(picture)


def _runs(found: list[int], widened: int) -> Iterator[Span]:
    """Neighbours of one level as one span: less to send."""
    for level, run in groupby(found):
        sign, role = LEVELS[level]
        yield Span(sign * (widened * len(list(run))), role)


def _marks(edges: npt.NDArray[np.intp], shown: Collection[int]) -> list[bool]:
    """Which bins hold something that the table shows."""
    marked = np.zeros(len(edges) - 1, dtype=bool)
    numbers = np.fromiter(shown, dtype=np.intp, count=len(shown))
    marked[np.searchsorted(edges, numbers, side="right") - 1] = True
    return [bool(mark) for mark in marked]
