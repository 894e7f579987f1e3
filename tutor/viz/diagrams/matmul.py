"""matmul: three rectangles whose equal sides have equal length."""

from __future__ import annotations

from collections.abc import Mapping

from tutor.viz.diagrams.blocks import Block, Kind, Options, Tensor, beside, note, tensor
from tutor.viz.model import Line, Picture, Role, Span


def _draw(options: Options, width: int, _step: int | None) -> Picture:
    left, right, result = (_matrix(key, options[key]) for key in ("left", "right", "result"))
    if left.shape[1] != right.shape[0]:
        raise ValueError(
            f"{left.name} has {left.shape[1]} columns and {right.name} {right.shape[0]} rows: they do not multiply."
        )
    expected = left.shape[0], right.shape[1]
    if result.shape != expected:
        raise ValueError(f"{left.name} @ {right.name} has shape ({', '.join(expected)}), not {result.shape_text}.")
    sizes: dict[str, int] = {}
    for dimension, size in zip((left.shape[0], left.shape[1], right.shape[1]), (2, 4, 3), strict=True):
        sizes.setdefault(dimension, 1 if dimension == "1" else size)
    matrices = (left, right, result)
    # Cells of width for one unit: enough for each name inside its rectangle.
    unit = max(2, *(-(-(len(m.name) + 2) // sizes[m.shape[1]]) for m in matrices if m.shape[1] != "1"))
    height = max(sizes[m.shape[0]] for m in matrices) + 3
    shared = left.shape[1]
    rectangles = [_rectangle(m, sizes, unit, height, shared) for m in matrices]
    middle = 2 + (height - 4) // 2  # where the names stand
    row = [
        rectangles[0],
        _operator("@", height, middle),
        rectangles[1],
        _operator("=", height, middle),
        rectangles[2],
    ]
    return (*beside(row), *note(f"each entry of {result.name} sums over {shared}", width))


def _matrix(key: str, text: str) -> Tensor:
    matrix = tensor(text)
    if matrix is None or len(matrix.shape) != 2:
        raise ValueError(f"The option {key!r} of the diagram matmul reads name (rows, columns), not {text!r}.")
    return matrix


def _rectangle(matrix: Tensor, sizes: Mapping[str, int], unit: int, height: int, shared: str) -> Block:
    """The rows' name at the left, the columns' name above; the side that is summed over is drawn double."""
    rows, columns = matrix.shape
    tall, wide = sizes[rows], max(sizes[columns] * unit, len(matrix.name) + 2 if columns == "1" else 0)
    wide = max(wide, len(columns))
    above, side = _role(columns == shared), _role(rows == shared)
    flat, upright = ("═" if columns == shared else "─"), ("║" if rows == shared else "│")
    corners = {("─", "│"): "┌┐└┘", ("═", "│"): "╒╕╘╛", ("─", "║"): "╓╖╙╜", ("═", "║"): "╔╗╚╝"}[flat, upright]
    margin = " " * (len(rows) + 1)
    lines: list[Line] = [
        (Span(f"{margin} "), Span(columns.center(wide), above), Span(" ")),
        (Span(margin), Span(corners[0] + flat * wide + corners[1], "axis")),
    ]
    for row in range(tall):
        here = row == (tall - 1) // 2
        lines.append(
            (
                Span(f"{rows} " if here else margin, side),
                Span(upright, "axis"),
                Span((matrix.name if here else "").center(wide), "bright"),
                Span(upright, "axis"),
            )
        )
    lines.append((Span(margin), Span(corners[2] + flat * wide + corners[3], "axis")))
    total = len(margin) + wide + 2
    top = (height - len(lines)) // 2
    blank: Line = (Span(" " * total),)
    return Block(total, (*[blank] * top, *lines, *[blank] * (height - len(lines) - top)))


def _role(summed: bool) -> Role:
    return "mark" if summed else "label"


def _operator(sign: str, height: int, middle: int) -> Block:
    return Block(5, tuple((Span(f"  {sign}  " if row == middle else " " * 5),) for row in range(height)))


KIND = Kind(("left", "right", "result"), (), _draw)
