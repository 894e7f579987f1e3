"""What the tutor draws itself: every formula and diagram must come out whole at the widths it is shown at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.cells import cell_len

from tutor.authoring.prose import inline_formulas
from tutor.mathtext import MathError, display, inline
from tutor.viz import Picture, as_text, diagram_steps, draw_diagram

MEASURE = 72  # columns of running text
DIAGRAM_WIDTHS = (56, 76, 112)  # in a window of 60, 80 and 120 columns


def formula_reasons(latex: str) -> Iterator[str]:
    """Why a display formula cannot be shown in the measure of the text."""
    try:
        lines = display(latex, MEASURE)
    except MathError as error:
        yield str(error)
        return
    if (width := max(map(cell_len, lines), default=0)) > MEASURE:
        yield f"the formula is {width} columns wide and cannot be broken: there are {MEASURE}"


def inline_reasons(*texts: str) -> Iterator[str]:
    """Why the `$formulas$` of pieces of Markdown cannot be shown in their lines."""
    for text in texts:
        for latex in inline_formulas(text) if "$" in text else ():
            try:
                line = inline(latex)
            except MathError as error:
                yield f"${latex}$: {error}"
                continue
            if (width := cell_len(line)) > MEASURE:
                yield f"${latex}$ is {width} columns wide: a formula in the text has {MEASURE}"


def diagram_reasons(name: str, options: Mapping[str, str]) -> Iterator[str]:
    """Why a diagram cannot be drawn at some width or at some of its steps."""
    try:
        stages = (None, *range(steps + 1)) if (steps := diagram_steps(name, options)) else (None,)
        for width in DIAGRAM_WIDTHS:
            for step in stages:
                picture = draw_diagram(name, options, width, step)
                if reason := _cut(picture, width):
                    yield reason + (f" at step {step}" if step is not None else "")
                    break
    except ValueError as error:
        yield str(error)


def _cut(picture: Picture, width: int) -> str:
    """Why the picture is not whole: it is wider than it may be, or a sentence stands in its place."""
    text = as_text(picture)
    widest = max(map(cell_len, text.split("\n")), default=0)
    if widest > width:
        return f"it is {widest} columns wide where there are {width}"
    if "This picture needs" in text:
        return f"in {width} columns it is not drawn: {' '.join(text.split())}"
    return "" if text.strip() else f"it is empty in {width} columns"
