"""graph: a scalar computational graph; its values go forward, and its gradients come back and are added up."""

from __future__ import annotations

from tutor.viz.diagrams.blocks import Kind, Options, caption, number, product, total
from tutor.viz.diagrams.graph_boxes import boxes
from tutor.viz.diagrams.graph_model import Graph, State, read_graph, state_at
from tutor.viz.diagrams.graph_rails import rails
from tutor.viz.model import Picture


def _steps(options: Options) -> int:
    return read_graph(options).steps


def _draw(options: Options, width: int, step: int | None) -> Picture:
    graph = read_graph(options)
    at = graph.steps if step is None else step
    state = state_at(graph, at, new=bool(step))
    picture = boxes(graph, state, width) or rails(graph, state, width)
    words = [_words(graph, state_at(graph, place, new=True)) for place in range(graph.steps + 1)]
    words.append(_finished(graph))
    said = words[-1] if step is None else words[at]
    return (*picture, (), *caption(said, words, width, "bright" if step else "dim"))


def _words(graph: Graph, state: State) -> str:
    """What a step says."""
    last = graph.nodes[-1].name
    if state.new_edge is not None:
        return _backward(graph, state, graph.edges[state.new_edge].source)
    if state.new_node is None:
        return f"The values of {', '.join(node.name for node in graph.nodes if node.formula is None)} are given."
    node = graph.nodes[state.new_node]
    if state.seeded:
        return f"∂{last}/∂{last} = 1: here the way back begins."
    filled = f" = {node.filled}" if node.filled not in (node.expression, number(node.value)) else ""
    return f"{node.name} = {node.expression}{filled} = {number(node.value)}"


def _backward(graph: Graph, state: State, source: int) -> str:
    assert state.new_edge is not None
    last, edge, node = graph.nodes[-1].name, graph.edges[state.new_edge], graph.nodes[source]
    target = graph.nodes[edge.target]
    gradient = f"∂{last}/∂{node.name}"
    factors = f"{product((target.gradient, edge.slope))} = {number(edge.contribution)}"
    terms = [number(graph.edges[place].contribution) for place in state.arrived[source]]
    if len(node.leaving) == 1 and target.name == last:
        return f"{gradient} = {factors}: the slope of {target.name} = {target.expression}"
    if len(node.leaving) == 1:
        return f"{gradient} = ∂{last}/∂{target.name} · ∂{target.name}/∂{node.name} = {factors}"
    if len(terms) == 1:
        used = f"{node.name} is used {_times(len(node.leaving))}: more is to come."
        return f"{gradient} through {target.name}: {factors}. {used}"
    added = f"{total(terms)} = {number(sum(graph.edges[place].contribution for place in state.arrived[source]))}"
    return f"{gradient} through {target.name}: {factors}. Added: {added}"


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"


def _finished(graph: Graph) -> str:
    last = graph.nodes[-1].name
    shared = [node for node in graph.nodes if len(node.leaving) > 1]
    if not shared:
        found = [f"∂{last}/∂{node.name} = {number(node.gradient)}" for node in graph.nodes if node.formula is None]
        return f"{',  '.join(found)}. Each gradient is the one ahead, times the slope between."
    node = shared[0]
    terms = [number(graph.edges[place].contribution) for place in node.leaving]
    return (
        f"{node.name} is used {_times(len(node.leaving))}, so what comes back is added:"
        f" ∂{last}/∂{node.name} = {total(terms)} = {number(node.gradient)}"
    )


KIND = Kind(("lines", "values"), (), _draw, _steps)
