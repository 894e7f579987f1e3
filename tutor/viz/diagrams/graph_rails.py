"""A computational graph as a list with rails beside it, for graphs that boxes have no room for."""

from __future__ import annotations

from tutor.viz.diagrams.blocks import number, total
from tutor.viz.diagrams.graph_model import Graph, State
from tutor.viz.diagrams.sheet import HEAVY, LIGHT, Sheet
from tutor.viz.model import Picture, Role

STRIDE = 2  # cells from rail to rail
AIR = 3  # cells between two columns of the table
HEADS = ("", " value", " gradient", "slopes")


def rails(graph: Graph, state: State, width: int) -> Picture:
    """A line for each node; a node is a dot on its rail, which goes down to the last node that uses it."""
    columns = _columns(graph)
    sheet = Sheet()
    for edge in sorted(range(len(graph.edges)), key=lambda edge: state.brightness(graph, edge)):
        source, target = graph.edges[edge][:2]
        new, passed, carried = state.brightness(graph, edge)
        role: Role = "mark" if new else "curve2" if passed else "curve" if carried else "axis"
        corner = (columns[source], target + 1)
        points = [(columns[source], source + 1), corner, (columns[target], target + 1)]
        sheet.line(points[:2] if corner == points[2] else points, HEAVY if carried else LIGHT, role, dashed=passed)
    left = max(columns) + 2
    wide, with_sums = _widths(graph, width - left)
    for place in range(len(graph.nodes)):
        row = _row(graph, place, state, with_sums)
        new, there = state.is_new(graph, place), place in state.values
        sheet.text(columns[place], place + 1, "●" if there else "○", "mark" if new else "bright" if there else "dim")
        column = left
        for text, size, head in zip(row, wide, HEADS, strict=False):
            role = "mark" if new else "plain" if there else "dim"
            sheet.text(column, place + 1, text, "curve2" if head == HEADS[2] and not new else role)
            if not place:
                sheet.text(column, 0, head, "label")
            column += size + AIR
    return sheet.picture()


def _widths(graph: Graph, room: int) -> tuple[list[int], bool]:
    """The widths of as many columns as there is room for, and whether the gradients stand there with their sums."""
    for shown, with_sums in ((4, True), (3, True), (4, False), (3, False)):
        rows = [HEADS, *(_row(graph, place, None, with_sums) for place in range(len(graph.nodes)))]
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)][:shown]
        if sum(wide) + AIR * (shown - 1) <= room:
            break
    return wide, with_sums


def _columns(graph: Graph) -> list[int]:
    """A rail for each node: that of an input which ends here, else the first that is free."""
    last = [max((graph.edges[edge].target for edge in node.leaving), default=0) for node in graph.nodes]
    taken: dict[int, int] = {}  # by rail, the row until which it is
    columns: list[int] = []
    for place in range(len(graph.nodes)):
        inputs = [columns[edge.source] for edge in graph.edges if edge.target == place]
        free = [rail for rail in range(len(taken) + 1) if taken.get(rail, -1) <= place]
        column = min([rail for rail in free if rail * STRIDE in inputs] or free)
        taken[column] = last[place]
        columns.append(column * STRIDE)
    return columns


def _row(graph: Graph, place: int, state: State | None, with_sums: bool) -> tuple[str, str, str, str]:
    """The node, its value, its gradient, and the slopes of its line; without a state, all that will be there."""
    node = graph.nodes[place]
    text = f"{node.name} = {node.expression}" if node.formula else node.name
    value = number(node.value) if state is None or place in state.values else "?"
    gradient = node.gradient if state is None else state.gradient(graph, place)
    arrived = node.leaving if state is None else state.arrived[place]
    terms = [number(graph.edges[edge].contribution) for edge in arrived]
    more = " + …" if len(terms) < len(node.leaving) else ""
    known = "" if gradient is None else number(gradient)
    if len(node.leaving) > 1 and terms and with_sums:
        known = f"{total(terms)}{more}" if more else f"{total(terms)} = {known}"
    slopes = [
        f"{graph.nodes[edge.source].name}: {number(edge.slope)}"
        for at, edge in enumerate(graph.edges)
        if edge.target == place and (state is None or state.passed(graph, at))
    ]
    return text, _aligned(value), _aligned(known), "  ".join(slopes)


def _aligned(text: str) -> str:
    """A number with room for the sign that it lacks."""
    return text if text.startswith("-") else f" {text}"
