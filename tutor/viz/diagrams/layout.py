"""A small directed graph in layers from left to right: Sugiyama's steps, for a dozen boxes.

Layers by longest path, crossings reduced by the order of neighbours, rows by pooled neighbours (isotonic regression),
edges along rows and columns. An edge that passes a layer does so in a row of its own.
(Sugiyama, Tagawa, Toda: Methods for visual understanding of hierarchical system structures, 1981.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise, permutations
from typing import NamedTuple

GAP = 1  # rows between two boxes
SWEEPS = 8
MOST_PERMUTED = 6  # lines of one channel whose order is tried out; more are kept in the order of their rows
OVERLAP, CROSSING = 1000, 1  # what a bad order costs

Node = tuple[int, int]  # a box and the layer that its line passes; (box, -1) is the box itself
Link = tuple[Node, Node, int | None]  # from a layer to the next, and the edge that ends there


class Edge(NamedTuple):
    """From a box to a box; two edges between the same two are two lines."""

    source: int
    target: int


class Wire(NamedTuple):
    """An edge from layer to layer: the rows that it runs in, the last one at its target."""

    first: int  # the layer of its source
    rows: tuple[int, ...]
    tracks: tuple[int | None, ...]  # where it changes its row in each channel, counted from 0; None where it does not


class Layout(NamedTuple):
    """Where everything stands: rows of the boxes' upper edges, layers, wires, and how many tracks a channel has."""

    layer: tuple[int, ...]
    top: tuple[int, ...]
    height: int
    wires: tuple[Wire, ...]
    tracks: tuple[int, ...]


def arrange(inner: Sequence[int], edges: Sequence[Edge]) -> Layout | None:
    """Boxes with so many inner rows, in topological order; None where two lines cannot be kept apart."""
    layer = _layers(len(inner), edges)
    net = _Net(tuple(inner), tuple(edges), layer)
    order = _ordered(net)
    tops = _rows(net, order)
    ports = _ports(net, order)
    channels = [_channel(net, order[place], tops, ports) for place in range(len(order) - 1)]
    if any(channel is None for channel in channels):
        return None
    lowest = min(tops.values())
    wires = tuple(_wire(net, place, tops, ports, channels, lowest) for place in range(len(edges)))
    every = range(len(inner))
    return Layout(
        layer,
        tuple(tops[box, -1] - lowest for box in every),
        max(tops[node] + net.height(node) for node in tops) - lowest,
        wires,
        tuple(len(channel or {}) for channel in channels),
    )


class _Net(NamedTuple):
    inner: tuple[int, ...]
    edges: tuple[Edge, ...]
    layer: tuple[int, ...]

    def height(self, node: Node) -> int:
        return self.inner[node[0]] + 2 if node[1] < 0 else 1

    def at(self, box: int, layer: int) -> Node:
        """The node that stands for a box in its own layer or a later one."""
        return (box, -1) if self.layer[box] == layer else (box, layer)

    def place(self, node: Node) -> int:
        """The layer of a node."""
        return self.layer[node[0]] if node[1] < 0 else node[1]

    def links(self) -> list[Link]:
        """From each layer to the next: node, node, and the edge that ends there; a shared stretch only once."""
        found: dict[Link, None] = {}
        for number, (source, target) in enumerate(self.edges):
            for here in range(self.layer[source], self.layer[target]):
                last = here + 1 == self.layer[target]
                ahead = (target, -1) if last else self.at(source, here + 1)
                found[self.at(source, here), ahead, number if last else None] = None
        return list(found)


def _layers(count: int, edges: Sequence[Edge]) -> tuple[int, ...]:
    """The longest way from an input; inputs move right, to the layer before the first that needs them."""
    layer = [0] * count
    for box in range(count):
        layer[box] = max((layer[source] + 1 for source, target in edges if target == box), default=0)
    for box in range(count):
        if not any(target == box for _, target in edges):
            layer[box] = min((layer[target] - 1 for source, target in edges if source == box), default=0)
    return tuple(layer)


def _ordered(net: _Net) -> list[list[Node]]:
    """The nodes of each layer from top to bottom, with few crossings."""
    links = net.links()
    nodes = dict.fromkeys([(box, -1) for box in range(len(net.inner))] + [node for link in links for node in link[:2]])
    layers: list[list[Node]] = [[] for _ in range(max(net.layer) + 1)]
    for node in sorted(nodes):
        layers[net.place(node)].append(node)
    best, fewest = [list(layer) for layer in layers], _crossings(links, layers, net)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for layer in layers if forward else layers[::-1]:
            rank = {node: place for other in layers for place, node in enumerate(other)}
            weights = {
                node: [rank[a] for a, b, _ in links if b == node]
                if forward
                else [rank[b] for a, b, _ in links if a == node]
                for node in layer
            }
            mean = {node: sum(held) / len(held) if held else float(rank[node]) for node, held in weights.items()}
            layer.sort(key=lambda node: (mean[node], rank[node]))
        crossings = _crossings(links, layers, net)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _crossings(links: Sequence[Link], layers: list[list[Node]], net: _Net) -> int:
    rank = {node: place for layer in layers for place, node in enumerate(layer)}
    ends = [(net.place(a), rank[a], rank[b]) for a, b, _ in links]
    return sum(
        one[0] == other[0] and (one[1] - other[1]) * (one[2] - other[2]) < 0
        for place, one in enumerate(ends)
        for other in ends[:place]
    )


def _ports(net: _Net, order: list[list[Node]]) -> dict[int, int]:
    """For each edge, which of its target's inner rows it enters, from the top by the order of where it comes from."""
    rank = {node: place for layer in order for place, node in enumerate(layer)}
    ports: dict[int, int] = {}
    for box in range(len(net.inner)):
        coming = [number for number, edge in enumerate(net.edges) if edge.target == box]
        coming.sort(key=lambda number: rank[net.at(net.edges[number].source, net.layer[box] - 1)])
        ports |= {number: place for place, number in enumerate(coming)}
    return ports


def _rows(net: _Net, order: list[list[Node]]) -> dict[Node, int]:
    """The upper row of each node, so that lines are straight where they can be."""
    ports, links = _ports(net, order), net.links()
    best: tuple[int, dict[Node, int]] | None = None
    for choose in (min, max, _mean):
        tops: dict[Node, int] = {}
        for layer in order:
            sizes = [net.height(node) + GAP for node in layer]
            tops |= {node: sum(sizes[:place]) for place, node in enumerate(layer)}
        for sweep in range(SWEEPS):
            for layer in order if sweep % 2 == 0 else order[::-1]:
                wanted = [_wanted(node, tops, links, ports, choose, ahead=sweep % 2 == 1) for node in layer]
                rows = _apart(wanted, [net.height(node) + GAP for node in layer])
                tops |= dict(zip(layer, rows, strict=True))
            cost = _bends(net, tops, links, ports)
            if best is None or cost < best[0]:
                best = cost, dict(tops)
    assert best is not None
    return best[1]


def _wanted(
    node: Node,
    tops: Mapping[Node, int],
    links: Sequence[Link],
    ports: Mapping[int, int],
    choose: Callable[[Sequence[int]], int],
    ahead: bool,
) -> int:
    """The row in which one of its lines, to the left or ahead, would be straight."""
    if ahead:
        rows = [tops[b] + _enter(number, ports) - _leave(a) for a, b, number in links if a == node]
    else:
        rows = [tops[a] + _leave(a) - _enter(number, ports) for a, b, number in links if b == node]
    return choose(rows) if rows else tops[node]


def _bends(net: _Net, tops: Mapping[Node, int], links: Sequence[Link], ports: Mapping[int, int]) -> int:
    """What a placing costs: its height, and the lines that change their row, most of all those that only pass."""
    height = max(tops[node] + net.height(node) for node in tops) - min(tops.values())
    bent = [number for a, b, number in links if tops[a] + _leave(a) != tops[b] + _enter(number, ports)]
    return height + sum(3 if number is None else 2 for number in bent)


def _leave(node: Node) -> int:
    """The row of a node, from its top, where its line leaves."""
    return 1 if node[1] < 0 else 0


def _enter(number: int | None, ports: Mapping[int, int]) -> int:
    return 0 if number is None else 1 + ports[number]


def _apart(wanted: Sequence[int], sizes: Sequence[int]) -> list[int]:
    """Rows as near to the wanted ones as they can be without overlap: pool what would overlap, take its mean."""
    before = [sum(sizes[:place]) for place in range(len(sizes))]
    pools: list[list[int]] = []
    for row, offset in zip(wanted, before, strict=True):
        pools.append([row - offset])
        while len(pools) > 1 and _mean(pools[-2]) > _mean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    free = [_mean(pool) for pool in pools for _ in pool]
    return [row + offset for row, offset in zip(free, before, strict=True)]


def _mean(pool: Sequence[int]) -> int:
    return sum(pool) // len(pool)


class _Run(NamedTuple):
    """The lines of one node through a channel: the row it leaves in, and those it is wanted in."""

    node: Node
    start: int
    ends: tuple[int, ...]

    def spans(self, row: int) -> bool:
        return min(self.start, *self.ends) < row < max(self.start, *self.ends)


def _channel(
    net: _Net, layer: Sequence[Node], tops: Mapping[Node, int], ports: Mapping[int, int]
) -> dict[Node, int] | None:
    """A track for each node of a layer whose line changes its row behind it; None where two lines would be one."""
    links = net.links()
    runs = []
    for node in layer:
        ends = tuple(tops[b] + _enter(number, ports) for a, b, number in links if a == node)
        start = tops[node] + _leave(node)
        if any(end != start for end in ends):
            runs.append(_Run(node, start, ends))
    orders = permutations(runs) if len(runs) <= MOST_PERMUTED else [tuple(runs)]
    best = min(orders, key=_cost)
    return None if _cost(best) >= OVERLAP else {run.node: track for track, run in enumerate(best)}


def _cost(order: Sequence[_Run]) -> int:
    """What an order of tracks, from left to right, costs in overlaps and crossings."""
    cost = 0
    for place, left in enumerate(order):
        for right in order[place + 1 :]:
            # The left one goes on to its ends behind its track, the right one comes to its track before.
            cost += OVERLAP * (right.start in left.ends)
            cost += CROSSING * (left.spans(right.start) + sum(right.spans(end) for end in left.ends))
    return cost


def _wire(
    net: _Net,
    number: int,
    tops: Mapping[Node, int],
    ports: Mapping[int, int],
    channels: Sequence[Mapping[Node, int] | None],
    lowest: int,
) -> Wire:
    source, target = net.edges[number]
    layers = range(net.layer[source], net.layer[target])
    nodes = [net.at(source, layer) for layer in layers]
    rows = [tops[node] + _leave(node) - lowest for node in nodes]
    rows.append(tops[target, -1] + 1 + ports[number] - lowest)
    tracks = tuple(
        (channels[layer] or {})[node] if row != behind else None
        for layer, node, (row, behind) in zip(layers, nodes, pairwise(rows), strict=True)
    )
    return Wire(net.layer[source], tuple(rows), tracks)
