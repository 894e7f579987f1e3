"""Diagrams of any options: they keep to their width and their height, step by step, and their gradients are right."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tutor.viz import Picture, as_text, diagram_steps, draw_diagram
from tutor.viz.diagrams import formulas
from tutor.viz.diagrams.graph_model import Graph, read_graph
from tutor.viz.diagrams.layout import Edge, arrange

Diagram = tuple[str, dict[str, str]]

widths = st.integers(56, 116)
numbers = st.floats(-9, 9).map(lambda value: round(value, 2))


FORMS = [
    "{0} * {1}",
    "{0} + {1}",
    "{0} - 2 * {1}",
    "tanh({0}) + {1}",
    "relu({0}) * {1}",
    "{0} / (2 + {1} ** 2)",
    "sigmoid({0} * {1})",
    "-{0} + {1} * 0.5",
    "({0} - {1}) ** 2",
    "exp(-({0} ** 2)) * {1}",
]


def joined(parts: list[str]) -> str:
    return "|".join(parts)


@st.composite
def graphs(draw: st.DrawFn) -> Diagram:
    """Lines that use every name that is there, each in the whitelisted grammar, with a finite value."""
    names = [f"x{number}" for number in range(draw(st.integers(1, 4)))]
    values = {name: draw(numbers) for name in names}
    lines = []
    idle = list(names)
    for number in range(draw(st.integers(1, 8))):
        first = idle.pop(0)
        second = draw(st.sampled_from(names)) if not idle else idle.pop(0)
        form = draw(st.sampled_from(FORMS))
        lines.append(f"v{number} = {form.format(first, second)}")
        names.append(f"v{number}")
        idle.append(f"v{number}")
    while len(idle) > 1:
        lines.append(f"w{len(lines)} = {idle.pop(0)} + {idle.pop(0)}")
        idle.append(f"w{len(lines) - 1}")
    options = {"lines": joined(lines), "values": joined([f"{name}={value}" for name, value in values.items()])}
    try:
        graph = read_graph(options)
    except ValueError as error:  # only one that explodes, or one that is too large
        assume("finite" not in str(error) and "can be drawn" not in str(error))
        raise
    assume(all(abs(node.value) < 1e3 for node in graph.nodes))
    return "graph", options


chains = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6).map(
    lambda pairs: (
        "chain",
        {
            "values": joined(["x0=1", *(f"x{place}={value}" for place, (value, _) in enumerate(pairs, 1))]),
            "ops": joined([f"f{place}" for place in range(len(pairs))]),
            "slopes": joined([f"{slope}" for _, slope in pairs]),
        },
    )
)
layer_sizes = st.lists(st.integers(1, 900), min_size=2, max_size=5)
costs = layer_sizes.map(lambda sizes: ("cost", {"sizes": joined([str(size) for size in sizes])}))


@st.composite
def paths(draw: st.DrawFn) -> Diagram:
    sizes = draw(st.lists(st.integers(1, 30), min_size=2, max_size=5))
    layer = draw(st.integers(1, len(sizes) - 1))
    weight = (layer, draw(st.integers(0, sizes[layer - 1] - 1)), draw(st.integers(0, sizes[layer] - 1)))
    options = {"sizes": joined(list(map(str, sizes))), "weight": ":".join(map(str, weight))}
    return "paths", options | {"samples": str(draw(st.integers(1, 3)))}


@st.composite
def heats(draw: st.DrawFn) -> Diagram:
    columns = draw(st.integers(1, 5))
    rows = draw(st.lists(st.lists(numbers, min_size=columns, max_size=columns), min_size=1, max_size=6))
    return "heat", {"values": ";".join(" ".join(map(str, row)) for row in rows), "title": "a", "rows": "row"}


slopes = st.tuples(
    st.floats(-3, 3), st.floats(0.1, 4), st.sampled_from(["x ** 2", "tanh(x)", "1 - x", "exp(x) * x"])
).map(
    lambda drawn: (
        "slope",
        {"expression": drawn[2], "at": f"{drawn[0]:.3f}", "low": f"{drawn[0] - drawn[1]}", "high": f"{drawn[0] + 1}"},
    )
)
stepped = st.one_of(chains, graphs(), costs, paths())
every = st.one_of(stepped, heats(), slopes)
steady = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def longest(picture: Picture) -> int:
    return max(sum(cell_len(span.text) for span in line) for line in picture)


@steady
@given(every, widths)
def test_no_line_is_wider_than_asked_and_every_sign_is_one_cell(diagram: Diagram, width: int) -> None:
    picture = draw_diagram(*diagram, width)
    assert longest(picture) <= width
    text = "".join(span.text for line in picture for span in line)
    assert all(cell_len(sign) == 1 for sign in text)


@steady
@given(stepped, widths)
def test_each_step_differs_and_all_are_equally_high(diagram: Diagram, width: int) -> None:
    last = diagram_steps(*diagram)
    pictures = [draw_diagram(*diagram, width, step) for step in range(last + 1)]
    assert all(longest(picture) <= width for picture in pictures)
    assert all(before != behind for before, behind in pairwise(pictures))
    assert len({len(picture) for picture in pictures}) == 1


@steady
@given(stepped)
def test_the_last_step_is_the_finished_picture_but_for_its_caption_and_what_is_new(diagram: Diagram) -> None:
    last = as_text(draw_diagram(*diagram, 100, diagram_steps(*diagram)))
    finished = as_text(draw_diagram(*diagram, 100))
    # What is new is drawn heavy, which is the one thing that has gone.
    light = str.maketrans("┏┓┗┛━┃╍╏┢┪┡┩", "┌┐└┘─│╌╎├┤├┤")
    above = [text.rstrip().rsplit("\n\n", 1)[0].translate(light) for text in (last, finished)]
    assert above[0] == above[1]


def recomputed(graph: Graph, changed: dict[str, float]) -> float:
    """The last value with some inputs changed, in plain Python."""
    known = {node.name: node.value for node in graph.nodes if node.formula is None} | changed
    functions = {"relu": lambda x: max(x, 0.0), "sigmoid": lambda x: (1 + math.tanh(x / 2)) / 2}
    functions |= {name: getattr(math, name) for name in ("tanh", "exp", "log")}
    for node in graph.nodes:
        if node.formula:
            known[node.name] = eval(node.expression, dict(functions), known)
    return known[graph.nodes[-1].name]


@settings(steady, max_examples=60)
@given(graphs())
def test_gradients_of_a_graph_are_those_of_differences(diagram: Diagram) -> None:
    graph = read_graph(diagram[1])
    step = 1e-5
    for node in graph.nodes:
        if node.formula is None:
            ahead, behind = (recomputed(graph, {node.name: node.value + sign * step}) for sign in (1, -1))
            here = recomputed(graph, {})
            one_sided = (ahead - here) / step, (here - behind) / step
            numeric = (ahead - behind) / (2 * step)
            if abs(one_sided[0] - one_sided[1]) < 1e-2 * max(1.0, abs(numeric)):  # no kink here
                assert math.isclose(node.gradient, numeric, rel_tol=1e-3, abs_tol=1e-3)


@given(
    st.floats(-5, 5),
    st.sampled_from(["tanh(x)", "relu(x)", "exp(x)", "log(x)", "sigmoid(x)", "x ** 3", "2 ** x", "x / 3", "-x"]),
)
def test_slopes_of_single_formulas(x: float, text: str) -> None:
    assume(abs(x) > 1e-3 and (x > 0 or not text.startswith("log")))
    formula, step = formulas.read(text), 1e-6
    ahead, behind = (formulas.value(formula, {"x": x + sign * step}) for sign in (1, -1))
    assert math.isclose(
        formulas.slopes(formula, {"x": x})[0], (ahead - behind) / (2 * step), rel_tol=1e-4, abs_tol=1e-6
    )


@st.composite
def dags(draw: st.DrawFn) -> tuple[list[int], list[Edge]]:
    """Boxes in topological order; every box but the last leads on."""
    count = draw(st.integers(2, 12))
    edges = [Edge(box, draw(st.integers(box + 1, count - 1))) for box in range(count - 1)]
    for _ in range(draw(st.integers(0, 5))):
        source = draw(st.integers(0, count - 2))
        edges.append(Edge(source, draw(st.integers(source + 1, count - 1))))
    coming = [sum(edge.target == box for edge in edges) for box in range(count)]
    return [max(2, ports) for ports in coming], edges


@settings(max_examples=60, deadline=None)
@given(dags())
def test_a_layout_keeps_boxes_and_lines_apart(dag: tuple[list[int], list[Edge]]) -> None:
    inner, edges = dag
    layout = arrange(inner, edges)
    if layout is None:
        return
    for source, target in edges:
        assert layout.layer[source] < layout.layer[target]
    for layer in set(layout.layer):
        boxes = sorted((layout.top[box], inner[box] + 2) for box in range(len(inner)) if layout.layer[box] == layer)
        assert all(top + height < behind for (top, height), (behind, _) in pairwise(boxes))
    assert all(top >= 0 and top + rows + 2 <= layout.height for top, rows in zip(layout.top, inner, strict=True))
    # Two lines that come from different boxes are never in one row of one channel, unless one ends before the other.
    entered = [(wire.first + len(wire.tracks), wire.rows[-1]) for wire in layout.wires]
    assert len(set(entered)) == len(entered)
    for wire, (source, target) in zip(layout.wires, edges, strict=True):
        assert wire.rows[0] == layout.top[source] + 1
        assert layout.top[target] < wire.rows[-1] <= layout.top[target] + inner[target]
        for layer, row in enumerate(wire.rows[1:-1], wire.first + 1):
            assert not any(
                layout.layer[box] == layer and layout.top[box] <= row < layout.top[box] + inner[box] + 2
                for box in range(len(inner))
            )


@given(st.text(max_size=40))
def test_what_is_no_formula_is_a_sentence(text: str) -> None:
    said = ""
    try:
        formula = formulas.read(text)
    except ValueError as error:
        said = str(error)
    if said:
        assert "is no formula of a diagram: it may have names, numbers" in said
    else:
        again = formulas.read(formula.text)
        assert (again.text, again.uses) == (formula.text, formula.uses)
        assert all(name.isidentifier() and name not in formulas.FUNCTIONS for name in formula.uses)
