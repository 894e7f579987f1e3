"""The cell diff as lines: the learner's tensor beside what it should be, drawn as `tensor_layout` arranges it.

Only cells in sight are formatted, so a large tensor costs no more than a small one.
"""

from __future__ import annotations

from tutor.viz.heat_strip import LEVELS, draw_strip, levels
from tutor.viz.model import Line, Picture, Role, Span
from tutor.viz.tensor_cells import number_text
from tutor.viz.tensor_fold import Fold
from tutor.viz.tensor_layout import MARKS, Column, Frame


def draw(frame: Frame) -> Picture:
    """The lines of a frame: slices, map, names, columns, rows; never wider than its width."""
    lines: list[Line] = []
    if frame.has_slices:
        lines.append(_slices(frame))
    if frame.strip is not None:
        rows = [item for item in frame.shown_rows if not isinstance(item, Fold)]
        columns = {column.item for column in frame.shown_columns if not isinstance(column.item, Fold)}
        strip = draw_strip(frame.strip, rows, columns, *frame.cursor, frame.look.in_strip)
        lines += [*strip, ()]
    lines.append(_names(frame))
    if frame.error.shape[1] > 1:
        lines.append(_numbers(frame))
    lines += [_fold_row(frame, row) if isinstance(row, Fold) else _row(frame, row) for row in frame.shown_rows]
    return tuple(lines)


def _slices(frame: Frame) -> Line:
    """Which matrix of how many, and how wrong each of them is."""
    cells, here = frame.cells, frame.look.cursor[0]
    quantity = frame.look.quantity if frame.look.quantity in cells.values else cells.quantities[0]
    index = cells.index(quantity, (here, 0, 0))
    name = f"[{', '.join(map(str, index[:-2]))}, :, :] " if index is not None and len(index) > 2 else ""
    spans = [Span(f"  {name}", "plain"), Span(f"{here + 1} of {cells.extent[0]}  ", "label")]
    worst = cells.error.max(axis=(1, 2))
    room = max(1, frame.width - sum(len(span.text) for span in spans) - 2)
    first = max(0, min(here - room // 2, len(worst) - room))
    for number, level in enumerate(levels(worst, cells.largest_error)[first : first + room], first):
        sign, role = LEVELS[level]
        spans += [Span("[", "mark"), Span(sign, role), Span("]", "mark")] if number == here else [Span(sign, role)]
    return tuple(spans)


def _names(frame: Frame) -> Line:
    """The quantities: above their blocks, or all of them with the shown one marked."""
    chosen = frame.look.quantity
    if len(frame.blocks) == 1 and len(frame.cells.quantities) > 1:
        spans = [Span("  ")]
        for quantity in frame.cells.quantities:
            here = quantity == chosen
            spans.append(Span(f"{'▸' if here else ' '}{quantity}   ", "accent" if here else "label"))
        return tuple(spans)
    spans, x = [], 0
    for quantity in frame.blocks:
        columns = [column for column in frame.shown_columns if column.quantity == quantity]
        if not columns:
            continue
        end = columns[-1].x + columns[-1].width
        left = len(columns) > 1
        start = columns[0].x + MARKS if left else end - len(quantity) - 1
        sign = "▸" if quantity == chosen else " "
        spans += [Span(" " * (start - x - left)), Span(f"{sign}{quantity}", "accent" if sign == "▸" else "label")]
        x = start - left + 1 + len(quantity)
    return tuple(spans)


def _numbers(frame: Frame) -> Line:
    """The numbers of the columns."""
    row = _Row()
    for column in frame.shown_columns:
        if isinstance(column.item, Fold):
            count = column.item.stop - column.item.start
            row.put(column.x, f"··{count}··".rjust(column.width), "bad" if column.item.wrong else "axis")
        else:
            here = column.item == frame.cursor[1] and column.quantity == frame.look.quantity
            row.put(column.x, f"{column.item}".rjust(column.width), "accent" if here else "label")
    return row.line()


def _fold_row(frame: Frame, folded: Fold) -> Line:
    words = f"··· {folded.stop - folded.start} rows, {folded.words} ···"
    return (Span(" " * frame.label + "  "), Span(words, "bad" if folded.wrong else "axis"))


def _row(frame: Frame, number: int) -> Line:
    here = number == frame.cursor[0]
    row = _Row()
    row.put(0, f"{'▸' if here else ' '} {frame.label_of(number)}", "accent" if here else "label")
    values = {quantity: frame.row_of(quantity, number) for quantity in frame.blocks}
    errors: list[float] = frame.error[number].tolist()
    worst = frame.worst[1] if frame.worst is not None and frame.worst[0] == number else None
    for column in frame.shown_columns:
        item = column.item
        if isinstance(item, Fold):
            wrong = any(errors[item.start : item.stop])
            row.put(column.x, ("··✗··" if wrong else "·····").rjust(column.width), "bad" if wrong else "axis")
        elif item < len(values[column.quantity]):  # else this array ends before
            marked = errors[item] and (column.quantity == frame.blocks[0] or len(errors) > 1)
            sign = "" if not marked else "▸✗" if item == worst else "✗"
            _put_cell(frame, row, column, values[column.quantity][item], bool(errors[item]), sign)
    return row.line()


def _put_cell(frame: Frame, row: _Row, column: Column, value: float, wrong: bool, sign: str) -> None:
    quantity = column.quantity
    text = number_text(value, frame.decimals, none=quantity == "numeric", zero=quantity == "difference")
    text = text.rjust(frame.number_width)
    role: Role = "plain" if not len(frame.cells.order) else "dim"
    if wrong and quantity in ("yours", "difference"):
        text, role = sign + text, "bad"
    elif wrong:
        role = "plain"
        row.put(column.x, sign.rjust(column.width - len(text)), "bad")
    end = column.x + column.width
    row.put(end - len(text), text, role)


class _Row:
    """A line put together from the left; neighbours of one role are one span."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.texts: list[str] = []
        self.role: Role = "plain"
        self.length = 0

    def put(self, x: int, text: str, role: Role) -> None:
        """Put text at a column, after what is there."""
        if x > self.length:
            text = " " * (x - self.length) + text
        if role != self.role:
            self._end()
            self.role = role
        self.texts.append(text)
        self.length += len(text)

    def _end(self) -> None:
        if self.texts:
            self.spans.append(Span("".join(self.texts), self.role))
            self.texts = []

    def line(self) -> Line:
        """The line."""
        self._end()
        return tuple(self.spans)
