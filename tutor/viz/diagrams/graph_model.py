"""The graph of a diagram: its nodes and edges with values, slopes and gradients, and what is there at each step."""

from __future__ import annotations

import re
from typing import NamedTuple

from tutor.viz.diagrams import formulas
from tutor.viz.diagrams.blocks import Options, parts, real
from tutor.viz.diagrams.formulas import Formula

MOST_NODES = 16


class GraphEdge(NamedTuple):
    """One use of a node in a formula: its local slope, and what comes back along it."""

    source: int
    target: int
    slope: float
    contribution: float


class GraphNode(NamedTuple):
    """An input (without a formula) or what a line computes; `leaving` are its edges in the order they give back."""

    name: str
    formula: Formula | None
    filled: str  # the formula with numbers
    value: float
    gradient: float
    leaving: tuple[int, ...]

    @property
    def expression(self) -> str:
        """The text of the formula."""
        return self.formula.text if self.formula else ""


class Graph(NamedTuple):
    """Nodes in topological order, the last one is what is differentiated; edges in the order of the backward pass."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]

    @property
    def computed(self) -> tuple[int, ...]:
        """The nodes with a formula."""
        return tuple(place for place, node in enumerate(self.nodes) if node.formula)

    @property
    def steps(self) -> int:
        """A step for each value, one for the first gradient, one for each edge back."""
        return len(self.computed) + 1 + len(self.edges)


class State(NamedTuple):
    """What is there: values, gradients that have come along edges, and what is new."""

    values: frozenset[int]
    seeded: bool
    arrived: dict[int, tuple[int, ...]]  # for each node the edges whose contribution is there
    new_node: int | None = None
    new_edge: int | None = None

    def gradient(self, graph: Graph, place: int) -> float | None:
        """The sum of what has arrived at a node so far; None where nothing has."""
        if place == len(graph.nodes) - 1:
            return 1.0 if self.seeded else None
        arrived = self.arrived[place]
        return sum(graph.edges[edge].contribution for edge in arrived) if arrived else None

    def passed(self, graph: Graph, edge: int) -> bool:
        """Whether a gradient has come back along an edge."""
        return edge in self.arrived[graph.edges[edge].source]

    def brightness(self, graph: Graph, edge: int) -> tuple[bool, bool, bool]:
        """Whether an edge is new, gone back along, gone along: where lines share a stretch, the greatest is seen."""
        target = graph.edges[edge].target
        forward = self.new_edge is None and not self.seeded and target == self.new_node
        return forward or edge == self.new_edge, self.passed(graph, edge), target in self.values

    def is_new(self, graph: Graph, place: int) -> bool:
        """Whether something of a node is new."""
        return place == (self.new_node if self.new_edge is None else graph.edges[self.new_edge].source)


def state_at(graph: Graph, step: int, new: bool) -> State:
    """After so many steps: the inputs are given, then value by value, then gradient by gradient."""
    computed = graph.computed
    inputs = {place for place, node in enumerate(graph.nodes) if not node.formula}
    back = step - len(computed) - 1  # edges that have been gone back
    arrived = {place: tuple(edge for edge in node.leaving if edge < back) for place, node in enumerate(graph.nodes)}
    newest = computed[min(step, len(computed)) - 1] if 0 < step <= len(computed) + 1 else None
    return State(
        frozenset(inputs | set(computed[:step])),
        back >= 0,
        arrived,
        newest if new else None,
        back - 1 if new and back > 0 else None,
    )


def read_graph(options: Options) -> Graph:
    """The graph of the options `lines` and `values`; ValueError with a sentence where it is none."""
    values = dict(map(_given, parts(options["values"])))
    lines = [_line(text) for text in parts(options["lines"])]
    if not lines:
        raise ValueError('The diagram graph needs lines, for example lines="d = a * b|L = d ** 2".')
    _check(values, lines)
    numbers = dict(values)
    for name, formula in lines:
        numbers[name] = formulas.value(formula, numbers)
    names = _order(values, lines)
    if len(names) > MOST_NODES:
        raise ValueError(f"The diagram graph has {len(names)} nodes; {MOST_NODES} can be drawn.")
    place = {name: number for number, name in enumerate(names)}
    gradients = dict.fromkeys(names, 0.0)
    gradients[names[-1]] = 1.0
    edges: list[GraphEdge] = []
    for name, formula in reversed(lines):
        for used, slope in zip(formula.uses, formulas.slopes(formula, numbers), strict=True):
            edges.append(GraphEdge(place[used], place[name], slope, gradients[name] * slope))
            gradients[used] += edges[-1].contribution
    by_name = dict(lines)
    nodes = tuple(
        GraphNode(
            name,
            by_name.get(name),
            formulas.with_numbers(by_name[name], numbers) if name in by_name else "",
            numbers[name],
            gradients[name],
            tuple(number for number, edge in enumerate(edges) if edge.source == place[name]),
        )
        for name in names
    )
    return Graph(nodes, tuple(edges))


def _given(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise ValueError(f"A value of the diagram graph reads name=number, for example a=2, not {text!r}.")
    return name.strip(), real(value, f"{name.strip()} in the diagram graph")


def _line(text: str) -> tuple[str, Formula]:
    match = re.fullmatch(r"\s*([^=]+?)\s*=\s*(.+)", text)
    if match is None or not match[1].isidentifier():
        raise ValueError(f"A line of the diagram graph reads name = formula, for example d = a * b, not {text!r}.")
    return match[1], formulas.read(match[2])


def _check(values: dict[str, float], lines: list[tuple[str, Formula]]) -> None:
    known = set(values)
    for name, formula in lines:
        for used in formula.uses:
            if used not in known:
                raise ValueError(f"{name} = {formula.text} uses {used}, which has no value before that line.")
        if not formula.uses:
            raise ValueError(f"{name} = {formula.text} uses no name: give {name} as a value.")
        if name in known:
            raise ValueError(f"{name} has two values in the diagram graph: every name is written once.")
        known.add(name)
    last = lines[-1][0]
    idle = known - {last} - {used for _, formula in lines for used in formula.uses}
    if idle:
        raise ValueError(f"Nothing in the diagram graph uses {sorted(idle)[0]}, so no gradient comes back to it.")


def _order(values: dict[str, float], lines: list[tuple[str, Formula]]) -> list[str]:
    """Every name in the order of the lines, an input before the first line that uses it."""
    names: dict[str, None] = {}
    for name, formula in lines:
        names |= {used: None for used in formula.uses if used in values}
        names[name] = None
    return list(names)
