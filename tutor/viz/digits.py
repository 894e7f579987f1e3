"""Held-back images, each with what the network says of it; a wrong one is told by its sign."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutor.viz.model import Line, Picture, Span
from tutor.viz.pixels import GREYS, fitting, in_rows, length, padded, side_for, smaller, tile, within

Array = NDArray[Any]

LEAST_WIDTH = 8  # of a tile: what is said below it needs so much
GAP = (2, 1)


def digit_grid(
    images: Array, truth: Array, predicted: Array, probability: Array, width: int, height: int, *, signs: bool = False
) -> Picture:
    """Draw images (n, rows, columns) from 0 to 1, as many as there is room for, with prediction and truth below each.

    A right one says "3  98%", a wrong one "3✗8 61%": 3 was taken for 8. `signs` draws without half blocks.
    """
    side = side_for(images, width, height, signs=signs, below=1)
    if not side or width < LEAST_WIDTH:
        return ()
    tiles = []
    for levels, *said in zip(_levels(smaller(images, side)), truth, predicted, probability, strict=False):
        drawn = tile(levels, GREYS, signs=signs)
        wide = max(LEAST_WIDTH, length(drawn[0]))
        tiles.append([padded(line, wide) for line in (*drawn, _label(int(said[0]), int(said[1]), float(said[2])))])
    return within(in_rows(tiles, width, height, GAP), width, height)


def digits_shown(images: Array, width: int, height: int, *, signs: bool = False) -> int:
    """How many images `digit_grid` has room for."""
    side = side_for(images, width, height, signs=signs, below=1)
    if not side or width < LEAST_WIDTH:
        return 0
    rows, columns = smaller(images[:1], side).shape[1:]
    wide, high = (2 * columns, rows) if signs else (columns, -(-rows // 2))
    across, down = fitting(max(LEAST_WIDTH, wide), high + 1, width, height, GAP)
    return min(len(images), across * down)


def _label(truth: int, predicted: int, probability: float) -> Line:
    sure = f"{100 * probability:3.0f}%" if np.isfinite(probability) else "  ?%"
    if truth == predicted:
        return (Span(f"{truth}", "good"), Span(f"   {sure}", "axis"))
    return (Span(f"{truth}✗{predicted}", "bad"), Span(f" {sure}", "bad"))


def _levels(images: Array) -> NDArray[np.intp]:
    finite = np.isfinite(images)
    top = len(GREYS.roles) - 2
    return np.where(finite, np.rint(np.clip(np.where(finite, images, 0), 0, 1) * top).astype(np.intp), top + 1)
