"""Where in the plane a network says which class, with the held-back points on it."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutor.viz.model import Picture, Role, Span
from tutor.viz.pixels import within

Array = NDArray[Any]

# Per class: what fills its region, what its points look like, and the role of both.
CLASSES: tuple[tuple[str, str, Role], ...] = (
    ("·", "o", "curve"),
    ("░", "+", "accent"),
    ("-", "x", "good"),
    ("▒", "◇", "curve2"),
)
UNSURE = 0.75  # a probability below it is the border: nothing fills it
WRONG = "✗"


def decision_regions(
    regions: Array,
    certainty: Array,
    bounds: Array,
    points: Array,
    truth: Array,
    predicted: Array,
    width: int,
    height: int,
) -> Picture:
    """Draw classes (rows, columns) over (left, right, bottom, top), and points (n, 2), the wrong ones as ✗."""
    if not regions.size or width < 1 or height < 1 or len(bounds) != 4:
        return ()
    rows = np.linspace(0, regions.shape[0] - 1, height).round().astype(int)
    columns = np.linspace(0, regions.shape[1] - 1, width).round().astype(int)
    found, sure = regions[np.ix_(rows, columns)], certainty[np.ix_(rows, columns)]
    cells: list[list[tuple[str, Role]]] = [
        [_ground(int(one), float(how)) for one, how in zip(*line, strict=True)]
        for line in zip(found, sure, strict=True)
    ]
    left, right, bottom, top = (float(bound) for bound in bounds)
    for (x, y), label, said in zip(points, truth, predicted, strict=False):
        if not (left <= x <= right and bottom <= y <= top) or left == right or bottom == top:
            continue
        column = round((float(x) - left) / (right - left) * (width - 1))
        row = round((top - float(y)) / (top - bottom) * (height - 1))
        wrong = int(label) != int(said)
        cells[row][column] = (WRONG, "bad") if wrong else (CLASSES[int(label) % len(CLASSES)][1], "plain")
    drawn = [
        tuple(Span("".join(sign for sign, _ in run), role) for role, run in groupby(line, key=lambda one: one[1]))
        for line in cells
    ]
    return within(drawn, width, height)


def _ground(label: int, certainty: float) -> tuple[str, Role]:
    fill, _, role = CLASSES[label % len(CLASSES)]
    return (fill, role) if certainty >= UNSURE else (" ", "axis")
