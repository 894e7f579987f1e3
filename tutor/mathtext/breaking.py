"""A formula into a width: broken between its sentences, at its relations, at + and -, at last wherever it can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tutor.mathtext.box import Box, beside, paragraphs, placed, text
from tutor.mathtext.layout import joined, layout
from tutor.mathtext.one_line import flat
from tutor.mathtext.spacing import Placed, Style, spaced
from tutor.mathtext.tables import gap_before
from tutor.mathtext.tree import Aligned, Node, Row, Space

INDENT = 4  # of a relation under a left side too wide to stand before it
CLOSER = 4  # cells of a \qquad in a line that is full


def fitted(node: Node, width: int, style: Style) -> Box:
    """The box of a formula, in at most `width` cells where that is possible at all."""
    whole = layout(node, style)
    if whole.width <= width:
        return whole
    if isinstance(node, Aligned):
        return paragraphs(_derivation(node, width, style))
    return paragraphs(_row(node, width, style))


def _row(node: Node, width: int, style: Style) -> list[Box]:
    parts = spaced(node.items if isinstance(node, Row) else (node,), style)
    closer = [replace(part, gap=min(part.gap, CLOSER)) if part.wide else part for part in parts]
    if (made := joined(closer, style)).width <= width:
        return [made]
    return [line for sentence in _sentences(parts, width, style) for line in _sentence(sentence, width, style)]


def _derivation(node: Aligned, width: int, style: Style) -> list[Box]:
    """What stands left of the relations keeps its place, the right sides are broken; notes go under their line."""
    lefts = [layout(row[0], style) for row in node.rows]
    widest = max(left.width for left in lefts)
    gap = gap_before([row[1] for row in node.rows if len(row) > 1], style)
    room = width - widest - gap
    if room < width // 2:
        return [line for row in node.rows for line in _row(_one_row(row), width, style)]
    lines: list[Box] = []
    for left, row in zip(lefts, node.rows, strict=True):
        lead = beside((placed(left, widest, "right") if left.width else text(" " * widest), text(" " * gap)))
        lines += _hung(lead, _row(_one_row(row[1:]), room, style)) if len(row) > 1 else [lead]
    return lines


def _one_row(cells: Sequence[Node]) -> Row:
    """Cells in one row, a wide gap between two pairs of them."""
    items: list[Node] = []
    for number, cell in enumerate(cells):
        if number and (number % 2 == 0 or not _is_empty(cell)):
            items.append(Space("quad"))
        items += cell.items if isinstance(cell, Row) else (cell,)
    return Row(tuple(items))


def _is_empty(cell: Node) -> bool:
    return isinstance(cell, Row) and not cell.items


def _sentences(parts: Sequence[Placed], width: int, style: Style) -> list[list[Placed]]:
    """The row cut where its author left a wide gap, as few cuts as the width allows; an arrow begins its line."""
    pieces: list[list[Placed]] = [[]]
    for part in parts:
        if part.wide and [part.kind for part in pieces[-1]] != ["relation"]:
            pieces.append([])
        pieces[-1].append(part)
    return _filled(pieces, width, style)


def _sentence(parts: Sequence[Placed], width: int, style: Style) -> list[Box]:
    made = joined(parts, style, first_gap=False)
    if made.width <= width:
        return [made]
    segments = _cut(parts, "relation")
    if parts[0].kind == "relation":
        return [line for segment in segments for line in _right_side(segment, width, style)]
    if len(segments) < 2:
        return _terms(parts, width, style)
    left = joined(segments[0], style, first_gap=False)
    if left.width > width * 2 // 5:
        lines = _terms(segments[0], width, style)
        lead = text(" " * INDENT)
    else:
        lines = []
        lead = beside((left, text(" " * style.relation)))
    for segment in segments[1:]:
        right = _right_side(segment, width - lead.width, style)
        lines += _hung(lead if not lines else text(" " * lead.width), right)
    return lines


def _hung(lead: Box, lines: Sequence[Box]) -> list[Box]:
    """Lines of which the first stands beside something, the others under their own beginning."""
    margin = text(" " * lead.width)
    return [beside((margin if number else lead, line)) for number, line in enumerate(lines)]


def _right_side(parts: Sequence[Placed], room: int, style: Style) -> list[Box]:
    """A relation and what follows it; further lines stand under what follows it."""
    made = joined(parts, style, first_gap=False)
    if made.width <= room or len(parts) < 2:
        return [made]
    relation = joined(parts[:1], style, first_gap=False)
    lead = beside((relation, text(" " * style.relation)))
    return _hung(lead, _terms(parts[1:], room - lead.width, style))


def _terms(parts: Sequence[Placed], width: int, style: Style) -> list[Box]:
    """Terms filled into lines; a line after the first begins with its + or -."""
    lines = _filled(_cut(parts, "binary"), width, style)
    return [made for line in lines for made in _factors(line, width, style)]


def _factors(parts: Sequence[Placed], width: int, style: Style) -> list[Box]:
    """Factors and words filled into lines, wherever there is a gap; last of all the formula as text."""
    made = joined(parts, style, first_gap=False)
    if made.width <= width:
        return [made]
    pieces: list[list[Placed]] = []
    for part in parts:
        if pieces and not part.gap:
            pieces[-1].append(part)
        else:
            pieces.append([part])
    lines = [(joined(line, style, first_gap=False), line) for line in _filled(pieces, width, style)]
    return [box for made, line in lines for box in ([made] if made.width <= width else _as_text(line, width, style))]


def _as_text(parts: Sequence[Placed], width: int, style: Style) -> list[Box]:
    """The parts on one line of text, wrapped at its blanks."""
    line = flat(Row(tuple(part.node for part in parts)), style)
    lines: list[str] = []
    for word in line.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return [text(line) for line in lines]


def _cut(parts: Sequence[Placed], kind: str) -> list[list[Placed]]:
    """The parts cut before every one of this kind; the first piece is never empty."""
    pieces: list[list[Placed]] = [[]]
    for part in parts:
        if part.kind == kind and pieces[-1]:
            pieces.append([])
        pieces[-1].append(part)
    return pieces


def _filled(pieces: Sequence[list[Placed]], width: int, style: Style) -> list[list[Placed]]:
    """Pieces put into lines, each line as full as it can be."""
    lines: list[list[Placed]] = []
    for piece in pieces:
        if lines and joined([*lines[-1], *piece], style, first_gap=False).width <= width:
            lines[-1] = [*lines[-1], *piece]
        else:
            lines.append(piece)
    return lines
