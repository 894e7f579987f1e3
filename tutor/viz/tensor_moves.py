"""Moving in the cell diff: each function takes what is in sight and gives the next look at it."""

from __future__ import annotations

from dataclasses import replace

from tutor.viz.heat_strip import HeatStrip
from tutor.viz.tensor_cells import Quantity, TensorCells
from tutor.viz.tensor_fold import Fold, step
from tutor.viz.tensor_layout import Frame, Look


def first_look(cells: TensorCells) -> Look:
    """The cursor on the worst cell."""
    return Look(cursor=cells.worst or (0, 0, 0), quantity=cells.quantities[0])


def moved(frame: Frame, rows: int = 0, columns: int = 0) -> Look:
    """The cursor so many cells, or bins of the map, further; past the last column stands the next quantity."""
    if frame.strip is not None and frame.look.in_strip:
        return _moved_in_strip(frame, frame.strip, rows, columns)
    row, column = frame.cursor
    quantity, by = frame.look.quantity, columns
    if columns and len(frame.blocks) > 1:
        width = frame.error.shape[1]
        at = frame.blocks.index(quantity) * width + column + columns
        at = max(0, min(len(frame.blocks) * width - 1, at))
        quantity, by = frame.blocks[at // width], at % width - column
        column += by
    else:
        column = step(frame.columns, column, by)
    return replace(frame.look, cursor=frame.place(step(frame.rows, row, rows), column), quantity=quantity)


def _moved_in_strip(frame: Frame, strip: HeatStrip, rows: int, columns: int) -> Look:
    line, number = strip.bin_of(*frame.cursor)
    there = line + rows, number + columns
    found = strip.cell_of(frame.error, *there)
    # At the edge of the map the cursor stays where it is, not on another cell of the same bin.
    return frame.look if strip.bin_of(*found) == (line, number) else replace(frame.look, cursor=frame.place(*found))


def paged(frame: Frame, pages: int) -> Look:
    """A page of rows up or down."""
    return moved(frame, rows=pages * max(1, len(frame.shown_rows) - 1))


def ended(frame: Frame, *, last: bool, everything: bool = False) -> Look:
    """The first or last column of the row; of `everything` the first or last row too."""
    far = frame.error.size if last else -frame.error.size
    columns = [item for item in frame.columns if not isinstance(item, Fold)]
    rows = [item for item in frame.rows if not isinstance(item, Fold)]
    end = -1 if last else 0
    if len(columns) == 1 and not everything:
        return moved(frame, rows=far)
    return replace(frame.look, cursor=frame.place(rows[end] if everything else frame.cursor[0], columns[end]))


def to_wrong(frame: Frame, by: int) -> Look:
    """The next worst cell, or the one before; from a right cell the worst of all."""
    cells = frame.cells
    if not len(cells.order):
        return frame.look
    rank = cells.rank(frame.look.cursor)
    there = 0 if rank is None else (rank + by) % len(cells.order)
    return replace(frame.look, cursor=cells.place(int(cells.order[there])))


def next_quantity(frame: Frame) -> Look:
    """The quantity after the one under the cursor."""
    every = frame.cells.quantities
    return replace(frame.look, quantity=every[(every.index(frame.look.quantity) + 1) % len(every)])


def next_slice(frame: Frame, by: int) -> Look:
    """The matrix after this one, or before, in the order of memory."""
    slices = frame.cells.extent[0]
    here, row, column = frame.look.cursor
    return replace(frame.look, cursor=((here + by) % slices, row, column))


def hit(frame: Frame, x: int, y: int) -> Look:
    """What a click means: a cell, a bin of the map, the name of a quantity; anywhere else nothing."""
    above = frame.has_slices
    if frame.strip is not None and above <= y < above + frame.strip.height:
        found = frame.strip.cell_of(frame.error, *frame.strip.hit(x, y - above))
        return replace(frame.look, cursor=frame.place(*found))
    if y == frame.above and len(frame.blocks) == 1:
        return replace(frame.look, quantity=_named(frame, x) or frame.look.quantity)
    number = y - frame.head
    if not 0 <= number < len(frame.shown_rows):
        return frame.look
    row = frame.shown_rows[number]
    if isinstance(row, Fold):
        return replace(frame.look, cursor=frame.place(row.start, frame.cursor[1]))
    for column in frame.shown_columns:
        if column.x <= x < column.x + column.width:
            item = column.item.start if isinstance(column.item, Fold) else column.item
            return replace(frame.look, cursor=frame.place(row, item), quantity=column.quantity)
    return replace(frame.look, cursor=frame.place(row, frame.cursor[1]))


def _named(frame: Frame, x: int) -> Quantity | None:
    start = 2
    for quantity in frame.cells.quantities:
        if start <= x < start + len(quantity) + 4:
            return quantity
        start += len(quantity) + 4
    return None
