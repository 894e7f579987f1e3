"""Arrays and a size in, lines of a picture out; knows nothing of the rest of the house.

A picture names roles, not colours (model). For others: `Chart`, `ChartSpec`, `Curve`, `Mark`, `Series` and `still` draw
training, `SweepChart` errors of numeric derivatives; `draw_diagram` draws the pictures of the lessons, `diagram_steps`
says how many steps one has, `diagram_names` which there are; `as_text` is a picture on a plain terminal. The cell diff
is in `tensor_cells` (what is wrong), `tensor_layout` and `tensor_moves` (what is in sight), `tensor_diff` (the lines)
and `heat_strip` (the map).
NumPy loads with the first of the chart's names, plotext with the first frame of a chart.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tutor.viz.model import Line, Picture, Role, Span, as_text

if TYPE_CHECKING:
    from tutor.viz.chart import Chart, ChartSpec, Curve, Mark, Series, still
    from tutor.viz.diagrams import draw as draw_diagram
    from tutor.viz.diagrams import names as diagram_names
    from tutor.viz.diagrams import steps as diagram_steps
    from tutor.viz.sweep import SweepChart

__all__ = [
    "Chart",
    "ChartSpec",
    "Curve",
    "Line",
    "Mark",
    "Picture",
    "Role",
    "Series",
    "Span",
    "SweepChart",
    "as_text",
    "diagram_names",
    "diagram_steps",
    "draw_diagram",
    "still",
]

_LATER = {
    **{name: ("chart", name) for name in ("Chart", "ChartSpec", "Curve", "Mark", "Series", "still")},
    "draw_diagram": ("diagrams", "draw"),
    "diagram_names": ("diagrams", "names"),
    "diagram_steps": ("diagrams", "steps"),
    "SweepChart": ("sweep", "SweepChart"),
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LATER[name]
    return getattr(import_module(f"{__name__}.{module}"), attribute)
