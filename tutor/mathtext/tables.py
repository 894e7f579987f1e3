"""Cells in rows and columns: matrices, cases, derivations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tutor.mathtext.box import EMPTY, Box, Side, beside, box, placed, text, touching
from tutor.mathtext.delimiters import fenced
from tutor.mathtext.spacing import Style, kind_of, visible
from tutor.mathtext.tree import Aligned, Matrix, Node, Row, Symbol

Lay = Callable[[Node, Style], Box]


def matrix(node: Matrix, style: Style, lay: Lay) -> Box:
    """A matrix between its delimiters, numbers to the right of their column; cases behind a brace."""
    cells = [[lay(cell, style.inside()) for cell in row] for row in node.rows]
    columns = max(map(len, node.rows))
    sides: list[Side] = ["left"] * columns
    if not node.cases:
        sides = [_side(node, column) for column in range(columns)]
    lines = [beside(line) for line in table(cells, sides, gap=3 if node.cases else 2)]
    if node.cases and len(lines) == 2 and all(line.height == 1 for line in lines):
        lines.insert(1, text(" " * lines[0].width))  # room for the brace's point
    inside = _under_each_other(lines)
    if node.cases:
        inside = beside((text(" "), inside)) if inside.width else inside
    crowded = any(cell.height > 1 for row in cells for cell in row)
    return fenced(node.left, inside, node.right, style, air_inside=crowded and not node.cases)


def _under_each_other(lines: Sequence[Box]) -> Box:
    """Rows one under the other; the baseline is the middle of them all."""
    written: list[str] = []
    for number, line in enumerate(lines):
        if number and touching(lines[number - 1], line):
            written.append("")
        written.extend(line.lines)
    return box(written, lines[0].baseline if len(lines) == 1 else (len(written) - 1) // 2)


_SIDES: dict[str, Side] = {"l": "left", "c": "centre", "r": "right"}


def _side(node: Matrix, column: int) -> Side:
    if column < len(node.columns):
        return _SIDES[node.columns[column]]
    cells = [row[column] for row in node.rows if column < len(row)]
    return "right" if all(_is_number(cell) for cell in cells) else "centre"


def _is_number(node: Node) -> bool:
    items = list(visible(node.items)) if isinstance(node, Row) else [node]
    return all(isinstance(item, Symbol) and (item.kind == "number" or item.sign in "−+…⋮") for item in items)


def table(cells: Sequence[Sequence[Box]], sides: Sequence[Side], gap: int) -> list[list[Box]]:
    """The boxes of each row, made as wide as their column, with the gaps between them."""
    widths = [max((row[at].width for row in cells if at < len(row)), default=0) for at in range(len(sides))]
    lines = []
    for row in cells:
        line: list[Box] = []
        for at, side in enumerate(sides):
            if at:
                line.append(text(" " * gap))
            cell = row[at] if at < len(row) else EMPTY
            line.append(placed(cell, widths[at], side) if cell.width else text(" " * widths[at]))
        lines.append(line)
    return lines


def aligned(node: Aligned, style: Style, lay: Lay) -> Box:
    """The lines of a derivation, aligned at their `&`."""
    lines = [beside(line) for line in aligned_lines(node, style, [[lay(c, style) for c in row] for row in node.rows])]
    return _under_each_other(lines)


def aligned_lines(node: Aligned, style: Style, cells: Sequence[Sequence[Box]]) -> list[list[Box]]:
    """The boxes of each line: columns right and left aligned in turn, a relation's space before it."""
    columns = max(map(len, cells))
    sides: list[Side] = ["left"] if columns == 1 else [("right", "left")[at % 2] for at in range(columns)]
    widths = [max((row[at].width for row in cells if at < len(row)), default=0) for at in range(columns)]
    lines = []
    for row in cells:
        line: list[Box] = []
        for at in range(columns):
            gap = 0
            if at and at % 2 == 0:
                gap = style.quad("quad")
            elif at:
                gap = gap_before([cells_of[at] for cells_of in node.rows if at < len(cells_of)], style)
            if gap and at:
                line.append(text(" " * gap))
            cell = row[at] if at < len(row) else EMPTY
            line.append(placed(cell, widths[at], sides[at]) if cell.width else text(" " * widths[at]))
        lines.append(line)
    return lines


def gap_before(cells: Sequence[Node], style: Style) -> int:
    """The space between a left side and the relation after the `&`."""
    kinds = {kind_of(first) for cell in cells for first in _first(cell)}
    if "relation" in kinds:
        return style.relation
    return style.binary if "binary" in kinds else 0


def _first(cell: Node) -> list[Node]:
    return list(visible(cell.items))[:1] if isinstance(cell, Row) else [cell]
