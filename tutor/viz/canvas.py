"""The cells inside a chart's frame: curves, marks, bands and words drawn into them, then spans made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from tutor.viz import raster
from tutor.viz.curve import LARGEST
from tutor.viz.model import Line, Role, Span
from tutor.viz.scale import Scale

if TYPE_CHECKING:
    from tutor.viz.chart import ChartSpec

_ROLES: tuple[Role, ...] = get_args(Role)
_NUMBER = {role: number for number, role in enumerate(_ROLES)}
_SPACE = 0x20
LETTER_EVERY = 26  # cells between two signs of a curve


class Canvas(NamedTuple):
    """The cells inside the frame: code points and numbers of roles, both (height, width)."""

    signs: NDArray[np.uint32]
    roles: NDArray[np.uint8]


class Mark(NamedTuple):
    """A sign of one cell above the curve at x: something happened here."""

    x: float
    sign: str = "▾"
    rule: str = ""  # one cell that goes down from it wherever no curve is


def narrow(text: str) -> str:
    """The text with whatever is not one cell wide replaced, so that a length is a width."""
    return "".join(sign if sign.isprintable() and cell_len(sign) == 1 else "?" for sign in text)


def blank(height: int, width: int) -> Canvas:
    """An empty canvas."""
    size = height, width
    return Canvas(np.full(size, _SPACE, dtype="<u4"), np.zeros(size, dtype=np.uint8))


def column_of(value: float, x: Scale, width: int) -> int:
    """The cell over value, the nearest one when it lies outside."""
    place = (value - x.low) / (x.high - x.low) if abs(value) <= LARGEST else 1.0
    return int(np.clip(0.5 + (width - 1) * np.clip(place, 0, 1), 0, width - 1))


def draw_band(canvas: Canvas, spec: ChartSpec, x: Scale) -> None:
    """From where the run diverged to the right edge."""
    if spec.diverged_from is not None:
        start = column_of(spec.diverged_from, x, canvas.signs.shape[1])
        canvas.signs[:, start:] = ord("░")
        canvas.roles[:, start:] = _NUMBER["bad"]


def draw_dots(canvas: Canvas, dots: raster.Dots, role: Role) -> None:
    """A later curve gives a cell its role; the dots of an earlier one stay in it, those of a cloud do not."""
    lit = dots != 0
    of_a_curve = ((canvas.signs & 0xFF00) == 0x2800) & (canvas.roles != _NUMBER["cloud"])
    under = np.where(of_a_curve, canvas.signs & 0xFF, 0)
    np.copyto(canvas.signs, (under | dots | 0x2800).astype("<u4"), where=lit)
    canvas.roles[lit] = _NUMBER[role]


def draw_letters(canvas: Canvas, columns: raster.Columns, y: Scale, letter: str, role: Role, number: int) -> None:
    """The sign of a curve on it: where it ends, and every so often before, each curve's in columns of its own."""
    height = canvas.signs.shape[0]
    held = np.flatnonzero(~np.isnan(columns.low))
    if not held.size:
        return
    places = [held[-1], *(column for column in held if (column + 10 * number) % (2 * LETTER_EVERY) == 0)]
    for column in places:
        middle = (columns.low[column] + columns.high[column]) / 2
        row = round((1 - (middle - y.low) / (y.high - y.low)) * (height - 1))
        if 0 <= row < height:
            canvas.signs[row, column // 2] = ord(narrow(letter)[:1] or "?")
            canvas.roles[row, column // 2] = _NUMBER[role]


def draw_signs(canvas: Canvas, rows: Sequence[str], role: Role) -> None:
    """Rows of text, whose spaces are transparent."""
    signs = np.array([np.frombuffer(row.encode("utf-32-le"), dtype="<u4") for row in rows])
    np.copyto(canvas.signs, signs, where=signs != _SPACE)
    canvas.roles[signs != _SPACE] = _NUMBER[role]


def draw_marks(canvas: Canvas, marks: Sequence[Mark], x: Scale, log_x: bool) -> None:
    """The marks that lie within the range, in the top row, with what goes down from them."""
    for mark in marks:
        place = mark.x if not log_x else np.log10(mark.x) if mark.x > 0 else -np.inf
        if x.low <= place <= x.high:
            column = column_of(place, x, canvas.signs.shape[1])
            if mark.rule:
                free = canvas.signs[:, column] == _SPACE
                canvas.signs[free, column] = ord(narrow(mark.rule)[:1] or "┊")
                canvas.roles[free, column] = _NUMBER["mark"]
            canvas.signs[0, column] = ord(narrow(mark.sign)[:1] or "▾")
            canvas.roles[0, column] = _NUMBER["mark"]


def draw_words(canvas: Canvas, spec: ChartSpec, x: Scale, empty: bool) -> None:
    """What the picture alone does not say: the run diverged, or there is nothing to draw yet."""
    height, width = canvas.signs.shape
    if spec.diverged_from is not None:
        start = column_of(spec.diverged_from, x, width)
        if width - start >= len(" diverged ") + 2:
            _write(canvas, height // 2, start + (width - start - len(" diverged ")) // 2, " diverged ", "bad")
    elif empty:
        _write(canvas, height // 2, max(0, (width - len("no points yet")) // 2), "no points yet", "dim")


def _write(canvas: Canvas, row: int, column: int, text: str, role: Role) -> None:
    end = min(column + len(text), canvas.signs.shape[1])
    canvas.signs[row, column:end] = [ord(sign) for sign in text[: end - column]]
    canvas.roles[row, column:end] = _NUMBER[role]


def settle(canvas: Canvas) -> Canvas:
    """A space takes the role of what stands before it: fewer spans, fewer bytes to send."""
    column = np.where(canvas.signs != _SPACE, np.arange(canvas.signs.shape[1]), 0)
    return Canvas(canvas.signs, np.take_along_axis(canvas.roles, np.maximum.accumulate(column, axis=1), axis=1))


def spans(signs: NDArray[np.uint32], roles: NDArray[np.uint8]) -> Line:
    """One row of cells as spans."""
    text = signs.tobytes().decode("utf-32-le")
    starts = [0, *(np.flatnonzero(np.diff(roles)) + 1).tolist()]
    return tuple(
        Span(text[start:end], _ROLES[roles[start]]) for start, end in zip(starts, [*starts[1:], len(text)], strict=True)
    )
