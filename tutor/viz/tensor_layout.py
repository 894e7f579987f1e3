"""Where the cells of a tensor stand: what is side by side, what is folded, and what is in sight at a size.

Small tensors show every quantity side by side, larger ones one of them at a time, folded around the worst cells, with
a map of the error above. Only cells in sight are formatted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tutor.viz.heat_strip import HeatStrip, heat_strip
from tutor.viz.tensor_cells import Array, Place, Quantity, TensorCells
from tutor.viz.tensor_fold import Fold, Item, fold, number_of

FEW, MANY = 4, 8  # decimals: of a matrix, and where there is room
MARKS = 3  # cells before a number: a gap, the worst cell's mark, the wrong one's
FOLDED = 8  # cells of a fold of columns
GAP = 2  # cells between two quantities
SMALL_STRIP, LARGE_STRIP = 4, 8  # lines of the map
STRIP_SHARE = 5  # the map takes at most one line of so many
# What stands side by side where not all of them have room.
SOME: tuple[tuple[Quantity, ...], ...] = (
    ("yours", "expected", "difference"),
    ("yours", "expected", "numeric"),
    ("yours", "expected"),
    ("expected", "numeric"),
    ("yours", "difference"),
)


@dataclass(frozen=True)
class Look:
    """What the learner looks at, and how."""

    cursor: Place = (0, 0, 0)
    quantity: Quantity = "yours"
    folded: bool = True
    as_list: bool = False  # one cell a line
    in_strip: bool = False  # the arrows move in the map
    top: int = 0  # the first item of the rows in sight
    left: int = 0


@dataclass(frozen=True)
class Column:
    """A column in sight."""

    x: int
    width: int
    quantity: Quantity
    item: Item


@dataclass(frozen=True, eq=False)
class Frame:
    """Cells arranged in a size: what is in sight, and where."""

    cells: TensorCells
    look: Look
    width: int
    height: int
    listed: bool  # one cell of the tensor a line
    blocks: tuple[Quantity, ...]  # side by side
    decimals: int
    label: int  # cells of a row's label
    rows: tuple[Item, ...]
    columns: tuple[Item, ...]  # of one block
    shown_rows: tuple[Item, ...] = ()
    shown_columns: tuple[Column, ...] = ()
    strip: HeatStrip | None = None

    @cached_property
    def error(self) -> Array:
        """The errors of the matrix that is shown."""
        return self.cells.error.reshape(-1, 1) if self.listed else self.cells.error[self.look.cursor[0]]

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column of the cursor in the matrix that is shown."""
        return (self.cells.flat(self.look.cursor), 0) if self.listed else self.look.cursor[1:]

    def place(self, row: int, column: int) -> Place:
        """The cell at a row and a column of the matrix that is shown."""
        return self.cells.place(row) if self.listed else (self.look.cursor[0], row, column)

    @cached_property
    def worst(self) -> tuple[int, int] | None:
        """Row and column of the worst cell, where it is in the matrix that is shown."""
        worst = self.cells.worst
        if worst is None:
            return None
        if self.listed:
            return self.cells.flat(worst), 0
        return worst[1:] if worst[0] == self.look.cursor[0] else None

    @cached_property
    def number_width(self) -> int:
        """Cells of a number."""
        return _number_width(self.cells, self.decimals)

    def row_of(self, quantity: Quantity, row: int) -> list[float]:
        """The values in a row of the matrix that is shown; shorter, or none, where this array ends before."""
        values = self.cells.values[quantity]
        if self.listed:
            return [float(values.flat[row])]
        here = self.look.cursor[0]
        found: list[float] = values[here, row].tolist() if here < values.shape[0] and row < values.shape[1] else []
        return found

    @property
    def head(self) -> int:
        """Lines above the first row."""
        return self.above + (1 if self.error.shape[1] == 1 else 2)

    @property
    def above(self) -> int:
        """Lines above the table: the slices, the map and the air below it."""
        return self.has_slices + (self.strip.height + 1 if self.strip else 0)

    @property
    def cursor_box(self) -> tuple[int, int, int] | None:
        """Where the cell under the cursor is drawn: x, y and width of its number; None where it is out of sight."""
        row, column = self.cursor
        if row not in self.shown_rows:
            return None
        y = self.head + self.shown_rows.index(row)
        for shown in self.shown_columns:
            if shown.item == column and shown.quantity == self.look.quantity:
                return shown.x + shown.width - self.number_width, y, self.number_width
        return None

    @property
    def has_slices(self) -> bool:
        """True where one matrix of several is shown."""
        return self.cells.extent[0] > 1 and not self.listed

    @property
    def shows_all(self) -> bool:
        """True where every cell is in sight, of one quantity at least."""
        shown = [column.item for column in self.shown_columns if column.quantity == self.shown_columns[0].quantity]
        folded = any(isinstance(item, Fold) for item in (*self.shown_rows, *shown))
        whole = len(self.shown_rows) == len(self.error) and len(shown) == self.error.shape[1]
        return whole and not folded and not self.has_slices

    @property
    def folded_words(self) -> str:
        """What the folds hold, in one line; "" where there is none."""
        folds = {"columns": self.columns, "rows": self.rows}
        parts = []
        for name, items in folds.items():
            found = [item for item in items if isinstance(item, Fold)]
            if found:
                lines, wrong = sum(item.stop - item.start for item in found), sum(item.wrong for item in found)
                parts.append(f"{lines} {name} folded, {Fold(0, lines, wrong).words}")
        return " · ".join(parts)

    def label_of(self, row: int) -> str:
        """How a row is called: its number, or the index of its one cell."""
        if not (self.listed or self.cells.is_vector):
            return str(row)
        ordered: tuple[Quantity, ...] = ("expected", "yours", "numeric")  # a shape too long has rows of its own
        found = (self.cells.index(name, self.place(row, 0)) for name in ordered if name in self.cells.values)
        index = next((index for index in found if index is not None), ())
        return f"[{', '.join(map(str, index))}]" if index else "()"


def arrange(cells: TensorCells, look: Look, width: int, height: int) -> Frame:
    """Find what is in sight at this size, scrolled so that the cursor is; with a map where not all of it is."""
    frame = _layout(cells, look, width, height, None)
    if frame.shows_all:
        return replace(frame, look=replace(frame.look, in_strip=False))
    lines = max(1, min(LARGE_STRIP, max(SMALL_STRIP, height // STRIP_SHARE), height - 8))
    strip = heat_strip(frame.error, width, lines, cells.largest_error)
    return _layout(cells, look, width, height, strip)


def _layout(cells: TensorCells, look: Look, width: int, height: int, strip: HeatStrip | None) -> Frame:
    listed, blocks, decimals = _blocks(cells, look, width, height)
    last = np.prod(cells.extent) - 1 if listed else cells.extent[1] - 1
    frame = Frame(cells, look, width, height, listed, blocks, decimals, 0, (), (), strip=strip)
    frame = replace(frame, label=len(frame.label_of(int(last))) + 3)
    row, column = frame.cursor
    rows_room = max(1, height - frame.head)
    one = _number_width(cells, decimals) + MARKS
    columns_room = max(1, (width - frame.label) // one) if len(blocks) == 1 else len(frame.error[0])
    lines = len(frame.error)
    rows = fold(frame.error, rows_room, row) if look.folded else tuple(range(lines))
    columns = fold(frame.error.T, columns_room, column) if look.folded else tuple(range(frame.error.shape[1]))
    top = _scrolled(look.top, number_of(rows, row), len(rows), rows_room)
    at = number_of(columns, column)
    room = _fitting(columns, at, look.left, width - frame.label, one) if len(blocks) == 1 else (0, len(columns))
    quantity = look.quantity if look.quantity in blocks else blocks[0]
    return replace(
        frame,
        look=replace(look, top=top, left=room[0], quantity=quantity),
        rows=rows,
        columns=columns,
        shown_rows=rows[top : top + rows_room],
        shown_columns=tuple(_columns(blocks, columns[slice(*room)], frame.label, one, width)),
    )


def _blocks(cells: TensorCells, look: Look, width: int, height: int) -> tuple[bool, tuple[Quantity, ...], int]:
    """Whether each cell has a line of its own, which quantities stand side by side, and with how many decimals."""
    slices, rows, columns = cells.extent
    every = cells.quantities
    chosen = look.quantity if look.quantity in every else every[0]

    def fits(blocks: tuple[Quantity, ...], columns: int, decimals: int, label: int) -> bool:
        one = _number_width(cells, decimals) + MARKS
        return label + len(blocks) * (max(columns * one, len("difference") + 2) + GAP) - GAP <= width

    few, many = (0, 0) if cells.whole else (FEW, MANY)
    listing, numbers = 5 + 4 * len(cells.shapes[every[0]]), len(str(rows - 1)) + 3
    can_list = cells.comparable or len(every) == 1
    small = slices * rows * columns <= height - 1
    if cells.is_vector or (can_list and (look.as_list or (small and not fits(every, columns, few, numbers)))):
        blocks = next((blocks for blocks in _beside(every, chosen) if fits(blocks, 1, few, listing)), (chosen,))
        return not cells.is_vector, blocks, many if fits(blocks, 1, many, listing) else few
    if slices == 1:
        beside = (blocks for blocks in _beside(every, chosen) if fits(blocks, columns, few, numbers))
        return False, next(beside, (chosen,)), few
    return False, (chosen,), few


def _beside(every: tuple[Quantity, ...], chosen: Quantity) -> Iterator[tuple[Quantity, ...]]:
    """Which quantities could stand side by side with the chosen one among them, the most telling choice first."""
    yield every
    for blocks in SOME:
        if chosen in blocks and set(blocks) < set(every):
            yield blocks


def _number_width(cells: TensorCells, decimals: int) -> int:
    """Cells of a number: its decimals, a sign, three digits and a point; the largest one where all are whole."""
    if decimals:
        return decimals + 5
    largest = max(float(np.max(np.abs(values), initial=0.0)) for values in cells.values.values())
    return min(16, len(f"-{largest:.0f}"))


def _scrolled(top: int, at: int, count: int, room: int) -> int:
    """The first item in sight, moved no further than the cursor asks for."""
    top = min(top, max(0, count - room))
    return max(0, min(at, max(top, at - room + 1)))


def _fitting(items: tuple[Item, ...], at: int, left: int, room: int, one: int) -> tuple[int, int]:
    """The items in sight, first and end, with the cursor's among them."""
    widths = [FOLDED if isinstance(item, Fold) else one for item in items]
    first = end = max(0, min(left, at))
    while True:
        used, end = 0, first
        while end < len(items) and used + widths[end] <= room:
            used, end = used + widths[end], end + 1
        if at < end or first >= at:
            break
        first += 1
    while first > 0 and end == len(items) and used + widths[first - 1] <= room:
        first, used = first - 1, used + widths[first - 1]
    return first, max(end, first + 1)


def _columns(
    blocks: tuple[Quantity, ...], items: tuple[Item, ...], label: int, one: int, width: int
) -> Iterator[Column]:
    x = label
    for quantity in blocks:
        # The name above a block of one narrow column must fit too.
        widths = [FOLDED if isinstance(item, Fold) else one for item in items]
        widths[0] += max(0, len(quantity) + 2 - sum(widths)) if len(blocks) > 1 else 0
        for item, cell_width in zip(items, widths, strict=True):
            if x + cell_width <= width:
                yield Column(x, cell_width, quantity, item)
            x += cell_width
        x += GAP
