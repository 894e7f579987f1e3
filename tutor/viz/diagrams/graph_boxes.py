"""A computational graph as boxes in layers, with lines between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Literal, NamedTuple

from tutor.viz.diagrams import formulas
from tutor.viz.diagrams.blocks import note, number, total
from tutor.viz.diagrams.graph_model import Graph, GraphNode, State
from tutor.viz.diagrams.layout import Edge, Layout, Wire, arrange
from tutor.viz.diagrams.sheet import HEAVY, LIGHT, Point, Sheet
from tutor.viz.model import Picture, Role

# Rows: a higher picture would not be seen whole. A narrow terminal is a low one.
TALLEST, TALLEST_WIDE, WIDE = 18, 25, 100
STRETCH = 6  # cells that a channel grows at most where there is room


class _Style(NamedTuple):
    """How much is said in a box."""

    words: bool  # "value", "grad" instead of their signs
    title: Literal["whole", "dense", "operation"]  # the formula, without its blanks, its sign alone
    air: int  # cells between a box and its arrows


# Roomy first.
_STYLES = (
    _Style(True, "whole", 1),
    _Style(False, "whole", 1),
    _Style(False, "dense", 1),
    _Style(False, "dense", 0),
    _Style(False, "operation", 0),
)


class _Frame(NamedTuple):
    """Where the columns are: left edge and width of each layer's boxes."""

    style: _Style
    lefts: tuple[int, ...]
    widths: tuple[int, ...]
    whole: int


def boxes(graph: Graph, state: State, width: int) -> Picture | None:
    """The graph as boxes in as many words as there is room for; None where it does not fit."""
    coming = [sum(edge.target == place for edge in graph.edges) for place in range(len(graph.nodes))]
    inner = [max(3 if len(node.leaving) > 1 else 2, ports) for node, ports in zip(graph.nodes, coming, strict=True)]
    layout = arrange(inner, [Edge(edge.source, edge.target) for edge in graph.edges])
    if layout is None or layout.height > (TALLEST_WIDE if width >= WIDE else TALLEST):
        return None
    frames = (_frame(graph, layout, style, width) for style in _STYLES)
    frame = next((frame for frame in frames if frame.whole <= width), None)
    if frame is None:
        return None
    sheet = Sheet()
    for edge in sorted(range(len(graph.edges)), key=lambda edge: state.brightness(graph, edge)):
        _edge(sheet, graph, state, layout, frame, edge)
    for place in range(len(graph.nodes)):
        _box(sheet, graph, state, place, (frame, layout, inner[place]))
    forward, back = ("━▸", "◂╍") if frame.style.words else ("▸", "◂")
    last = graph.nodes[-1].name
    legend = f"{forward} value   {back} gradient of {last}   number on a line: its local slope"
    return (*sheet.picture(), *note(legend, width))


def _title(node: GraphNode, style: _Style) -> str:
    if node.formula is None:
        return node.name
    if style.title == "operation":
        return f"{node.name}: {formulas.operation(node.formula)}"
    text = node.formula.text
    return f"{node.name} = {text}" if style.title == "whole" else f"{node.name} = {text.replace(' ', '')}"


def _lines(graph: Graph, place: int, style: _Style, state: State | None) -> tuple[str, str, str, str]:
    """Two labels with their numbers, as far as they are there, and the sum below; without a state all of it."""
    node = graph.nodes[place]
    value = number(node.value) if state is None or place in state.values else "?"
    gradient = node.gradient if state is None else state.gradient(graph, place)
    arrived = node.leaving if state is None else state.arrived[place]
    terms = [number(graph.edges[edge].contribution) for edge in arrived]
    added = ""
    if len(node.leaving) > 1 and terms:
        added = total(terms) + (" + …" if len(terms) < len(node.leaving) else "")
    return value, "" if gradient is None else number(gradient), added, "value " if style.words else "▸ "


def _frame(graph: Graph, layout: Layout, style: _Style, width: int) -> _Frame:
    count = max(layout.layer) + 1
    widths = [0] * count
    for place, node in enumerate(graph.nodes):
        value, gradient, added, label = _lines(graph, place, style, None)
        more = len(added) + 2 if len(node.leaving) > 1 else 0  # room for " + …" in place of the last number
        inside = max(len(_title(node, style)), len(label) + max(len(value), len(gradient)), more)
        widths[layout.layer[place]] = max(widths[layout.layer[place]], inside + 4)
    channels = []
    for channel in range(count - 1):
        labels = [len(number(edge.slope)) for edge in graph.edges if layout.layer[edge.target] == channel + 1]
        # Air, ◂, the tracks, the label between blanks, a dash where there is air, ▸, air.
        channels.append(3 * style.air + 1 + layout.tracks[channel] + max(labels) + 2 + 1)
    room = (width - sum(widths) - sum(channels)) // max(1, count - 1)
    channels = [channel + max(0, min(STRETCH, room)) for channel in channels]
    lefts = (0, *accumulate(wide + channel for wide, channel in zip(widths, channels, strict=False)))
    return _Frame(style, lefts, tuple(widths), sum(widths) + sum(channels))


def _edge(sheet: Sheet, graph: Graph, state: State, layout: Layout, frame: _Frame, number_of: int) -> None:
    edge, wire = graph.edges[number_of], layout.wires[number_of]
    new, passed, carried = state.brightness(graph, number_of)
    role: Role = "mark" if new else "curve2" if passed else "curve" if carried else "axis"
    points = _points(wire, frame)
    sheet.line(points, HEAVY if carried else LIGHT, role, dashed=passed)
    (start, first), (end, last) = points[0], points[-1]
    sheet.text(end, last, "▸", role)
    if passed:
        sheet.text(start, first, "◂", role)
        label = f" {number(edge.slope)} "
        sheet.text(end - len(label) - frame.style.air, last, label, "mark" if new else "plain")


def _points(wire: Wire, frame: _Frame) -> Sequence[Point]:
    """The corners of an edge, from the cell behind its source to the one before its target."""
    layer = wire.first
    air = frame.style.air
    points = [(frame.lefts[layer] + frame.widths[layer] + air, wire.rows[0])]
    for place, track in enumerate(wire.tracks):
        if track is not None:
            column = frame.lefts[layer + place] + frame.widths[layer + place] + air + 1 + track
            points += [(column, wire.rows[place]), (column, wire.rows[place + 1])]
    points.append((frame.lefts[layer + len(wire.tracks)] - 1 - air, wire.rows[-1]))
    return points


def _box(sheet: Sheet, graph: Graph, state: State, place: int, at: tuple[_Frame, Layout, int]) -> None:
    frame, layout, inner = at
    layer, top, node = layout.layer[place], layout.top[place], graph.nodes[place]
    left, wide = frame.lefts[layer], frame.widths[layer]
    new = state.is_new(graph, place)
    value, gradient, added, label = _lines(graph, place, frame.style, state)
    sheet.box(left, top, wide, inner + 2, HEAVY if new else LIGHT, "mark" if new else "axis")
    there = place in state.values
    sheet.text(left + 1, top, f" {_title(node, frame.style)} ", "bright" if there else "dim")
    room = wide - 4 - len(label)
    new_value = new and not state.seeded
    sheet.text(left + 2, top + 1, label, "dim")
    sheet.text(left + 2 + len(label), top + 1, value.rjust(room), "mark" if new_value else "plain" if there else "dim")
    if gradient:
        role: Role = "mark" if new and state.seeded else "curve2"
        sheet.text(left + 2, top + 2, ("grad" if frame.style.words else "◂").ljust(len(label)), "dim")
        sheet.text(left + 2 + len(label), top + 2, gradient.rjust(room), role)
    sheet.text(left + 2, top + 3, added.rjust(wide - 4) if added else "", "mark" if new else "dim")
