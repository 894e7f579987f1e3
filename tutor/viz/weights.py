"""What the units of a first layer look for: their weights as images, lighter where they are positive."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutor.viz.model import Picture
from tutor.viz.pixels import SIGNED, fitting, in_rows, side_for, smaller, tile, within

Array = NDArray[Any]

LEVELS = 4  # on either side of zero
NEARLY_ALL = 99.0  # percent of the weights are inside the scale: one of them alone must not make all others grey


def weight_scale(weights: Array) -> float:
    """The weight that is drawn in the strongest colour; 0 where there is none."""
    finite = np.abs(weights[np.isfinite(weights)])
    return float(np.percentile(finite, NEARLY_ALL)) if finite.size else 0.0


def weight_grid(weights: Array, width: int, height: int, *, scale: float | None = None, signs: bool = False) -> Picture:
    """Draw units (n, rows, columns) as images, as many as there is room for, all in one scale.

    `signs` draws them without half blocks: a minus below zero, a shade above.
    """
    side = side_for(weights, width, height, signs=signs)
    if not side:
        return ()
    values = smaller(weights, side)
    levels = _levels(values, weight_scale(values) if scale is None else scale)
    return within(in_rows([tile(one, SIGNED, signs=signs) for one in levels], width, height), width, height)


def weights_shown(weights: Array, width: int, height: int, *, signs: bool = False) -> int:
    """How many units `weight_grid` has room for."""
    side = side_for(weights, width, height, signs=signs)
    if not side:
        return 0
    rows, columns = smaller(weights[:1], side).shape[1:]
    across, down = fitting(columns * 2 if signs else columns, rows if signs else -(-rows // 2), width, height)
    return min(len(weights), across * down)


def _levels(values: Array, scale: float) -> NDArray[np.intp]:
    finite = np.isfinite(values)
    share = np.divide(values, scale, out=np.zeros(values.shape), where=finite) if scale > 0 else np.zeros(values.shape)
    levels = np.rint(np.clip(share, -1, 1) * LEVELS).astype(np.intp) + LEVELS
    return np.where(finite, levels, 2 * LEVELS + 1)
