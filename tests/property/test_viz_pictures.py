"""Every picture keeps to its size, whatever it is given."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tutor.viz import Chart, ChartSpec, Mark, Picture, Series, diagram_names, draw_diagram, still
from tutor.viz.scale import Scale, fixed, growing, linear, logarithmic

finite = st.floats(-1e300, 1e300)
points = st.lists(st.tuples(st.floats(), st.floats()), max_size=40)
specs = st.builds(
    ChartSpec,
    width=st.integers(1, 130),
    height=st.integers(1, 40),
    x_label=st.sampled_from(["", "step", "sté\u0301p 步", "a very long label of the x axis " * 3]),
    y_label=st.sampled_from(["", "loss", "a very long label of the y axis " * 5]),
    log_y=st.booleans(),
    marks=st.lists(st.builds(Mark, st.floats(), st.sampled_from(["▾", "", "步", "·"])), max_size=3).map(tuple),
    diverged_from=st.none() | st.floats(),
    x_range=st.none() | st.tuples(finite, finite),
)


def widths(picture: Picture) -> list[int]:
    return [sum(cell_len(span.text) for span in line) for line in picture]


@settings(max_examples=150, deadline=None)
@given(st.lists(points, max_size=3), specs)
def test_a_chart_is_exactly_as_large_as_asked(data: list[list[tuple[float, float]]], spec: ChartSpec) -> None:
    arrays = [np.array(one, dtype=float).reshape(-1, 2).T for one in data]
    series = [Series(f"curve {n}", x, y) for n, (x, y) in enumerate(arrays)]
    for picture in (Chart().draw(series, spec), still(series, spec)):
        if spec.width >= 24 and spec.height >= 6:
            assert widths(picture) == [spec.width] * spec.height
        else:
            assert all(width <= spec.width for width in widths(picture)) and len(picture) <= spec.height


def check(scale: Scale, low: float, high: float) -> None:
    assert scale.low < scale.high and math.isfinite(scale.high - scale.low)
    assert 1 <= len(scale.ticks) <= 20
    assert len(set(scale.labels)) == len(scale.ticks)
    assert all(len(label) <= 14 for label in scale.labels)
    assert scale.holds(low, high)


@given(finite, finite, st.integers(2, 8))
def test_linear_scales_hold_the_data_and_tell_their_ticks_apart(one: float, other: float, count: int) -> None:
    low, high = sorted((one, other))
    for make in (linear, growing):
        check(make(low, high, count), low, high)
    if high - low > max(1e-6 * max(abs(low), abs(high)), 1e-290):
        assert fixed(low, high, count)[:2] == (low, high)


@given(st.floats(-300, 300), st.floats(-300, 300), st.integers(2, 8))
def test_log_scales_hold_the_data_and_tell_their_ticks_apart(one: float, other: float, count: int) -> None:
    low, high = sorted((one, other))
    check(logarithmic(low, high, count), low, high)


@settings(max_examples=60)
@given(st.integers(1, 120), st.lists(st.sampled_from(["x", "grad_z", "a1", "hidden"]), min_size=1, max_size=6))
def test_diagrams_keep_to_their_width(width: int, tensors: list[str]) -> None:
    options = {
        "flow": {
            "nodes": "|".join(f"{name}:(N, 4)" for name in tensors),
            "edges": "|".join(["relu"] * (len(tensors) - 1)),
        },
        "matmul": {"left": f"{tensors[0]} (N, in)", "right": f"{tensors[-1]} (in, out)", "result": "z (N, out)"},
    }
    assert set(options) <= set(diagram_names())
    for name, chosen in options.items():
        assert all(length <= max(width, 1) for length in widths(draw_diagram(name, chosen, width)))
